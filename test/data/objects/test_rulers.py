# SPDX-License-Identifier: Apache-2.0
"""Rulers and cards: edges along the sides, working ends at +x."""
import numpy as np
import pytest
from data.objects.surfaces import points_of

from func_corr_ros.data.objects.functional_object import draw
from func_corr_ros.data.objects.rulers import CreditCard, Ruler, rounded

pytest.importorskip("manifold3d")


@pytest.mark.parametrize("seed", range(4))
def test_a_ruler_cuts_at_its_side_and_pries_with_its_end(seed: int) -> None:
    shape = draw(Ruler, np.random.default_rng(seed))
    thing = shape.build()
    cut, pry = thing.object_from_function("cut-with"), thing.object_from_function("pry-with")
    assert np.allclose(cut[:3, 0], [0.0, -1.0, 0.0]) and np.allclose(cut[:3, 1], [1.0, 0.0, 0.0])
    assert cut[1, 3] == pytest.approx(-0.5 * shape.width) and pry[0, 3] == pytest.approx(0.5 * shape.length)
    assert np.abs(points_of(thing, "edge")[:, 1]).min() >= 0.5 * shape.width - shape.edge_band - 1e-9
    assert np.abs(points_of(thing, "end")[:, 0]).min() >= 0.5 * shape.length - shape.end_band - 1e-9


def test_the_marks_of_a_ruler_stand_five_millimetres_apart() -> None:
    marks = points_of(Ruler(length=0.2, style="flat", mark=0.0008).build(), "marks")
    starts = np.unique(marks[:, 0].round(6))[::2]
    assert len(starts) >= 30 and np.allclose(np.diff(starts), 0.005, atol=1e-6)


@pytest.mark.parametrize("style", ("embossed", "plain", "tag", "notched"))
def test_a_card_works_with_the_edge_at_its_far_end(style: str) -> None:
    shape = CreditCard(style=style)
    thing = shape.build()
    for function in ("cut-with", "scrape-with", "spread-with", "sweep-with"):
        frame = thing.object_from_function(function)
        assert np.allclose(frame[:3, 0], [1.0, 0.0, 0.0]) and frame[0, 3] == pytest.approx(0.5 * shape.length)
    press = thing.object_from_function("press-with")
    assert np.allclose(press[:3, 0], [0.0, 0.0, 1.0]) and press[2, 3] == pytest.approx(shape.thickness)
    corners = np.abs(points_of(thing, "corner")[:, :2])
    assert (corners > 0.5 * np.array([shape.length, shape.height]) - shape.corner - 0.0065).all()


@pytest.mark.parametrize(("style", "letters"), [("embossed", 16), ("plain", 1)])
def test_only_an_embossed_card_has_sixteen_digits(style: str, letters: int) -> None:
    raised = points_of(CreditCard(style=style).build(), "print")
    tops = raised[raised[:, 2] > raised[:, 2].max() - 1e-9]
    assert len(np.unique(tops[:, 0].round(6))) == 2 * letters  # each has a left and a right border


def test_a_rounded_rectangle_has_the_area_of_its_formula() -> None:
    outline = rounded(0.04, 0.03, 0.01, 0.5)
    x, y = outline[:, 0], outline[:, 1]
    area = 0.5 * float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))
    assert area == pytest.approx(0.08 * 0.06 - (4.0 - np.pi) * 0.01**2, rel=1e-3)
    assert (outline[:, 2] == 0.5).all() and len(outline) == len(rounded(0.4, 0.03, 0.001, 0.0))
