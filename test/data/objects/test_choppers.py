# SPDX-License-Identifier: Apache-2.0
"""Axes, chisels and wedges: the edge is thin, and points where it is driven."""
import numpy as np
import pytest
from data.objects.surfaces import points_of

from func_corr_ros.data.objects.choppers import Axe, Chisel, Wedge
from func_corr_ros.data.objects.functional_object import draw

pytest.importorskip("manifold3d")


@pytest.mark.parametrize("style", ("felling", "bearded", "hatchet", "splitting"))
def test_an_axe_cuts_along_its_handle_and_pounds_the_other_way(style: str) -> None:
    thing = Axe(head_style=style).build()
    cut, blow = thing.object_from_function("cut-with"), thing.object_from_function("pound-with")
    assert cut[:3, 0] @ blow[:3, 0] < -0.95 and cut[0, 1] > 0.95 and blow[0, 2] > 0.95
    assert 0.1 < np.linalg.norm(cut[:3, 3] - blow[:3, 3]) < 0.21
    edge, head = points_of(thing, "edge"), points_of(thing, "head")
    assert np.ptp(edge @ cut[:3, 2]) < 0.5 * np.ptp(head @ cut[:3, 2])
    assert points_of(thing, "handle")[:, 0].min() == pytest.approx(thing.vertices[:, 0].min())


def test_a_beard_grows_towards_the_handle() -> None:
    lean = {style: points_of(Axe(head_style=style).build(), "edge")[:, 0].mean() for style in ("felling", "bearded")}
    assert lean["bearded"] < lean["felling"] - 0.01


@pytest.mark.parametrize("seed", range(5))
def test_a_chisel_is_driven_away_from_its_handle(seed: int) -> None:
    shape = draw(Chisel, np.random.default_rng(seed))
    thing = shape.build()
    for function in thing.functional_frames:
        frame = thing.object_from_function(function)
        assert frame[0, 0] > 0.9 and frame[0, 3] == pytest.approx(thing.vertices[:, 0].max(), abs=1e-3)
    edge, tip = points_of(thing, "edge"), points_of(thing, "tip")
    assert np.ptp(edge[:, 0]) < 0.004 < np.ptp(tip[:, 0])
    assert ("wedge-with" in thing.symmetries) == (shape.blade_style == "cold")


@pytest.mark.parametrize("style", ("plain", "ribbed", "splitting", "handled"))
def test_a_wedge_rises_from_its_edge_to_its_back(style: str) -> None:
    shape = Wedge(style=style)
    thing = shape.build()
    frame = thing.object_from_function("wedge-with")
    assert np.ptp(points_of(thing, "edge")[:, 2]) < 0.2 * np.ptp(points_of(thing, "back")[:, 2])
    assert frame[0, 0] > 0.9 and frame[0, 3] == pytest.approx(thing.vertices[:, 0].max(), abs=1e-3)
    assert ("wedge-with" in thing.symmetries) == (style == "splitting")
