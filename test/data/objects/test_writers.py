# SPDX-License-Identifier: Apache-2.0
"""Pencils, pens, markers and crayons write with a fine tip at +x and roll about the axis that it lies on."""
from functools import cache
from typing import Any

import numpy as np
import pytest

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, draw
from func_corr_ros.data.objects.writers import Crayon, Marker, Pen, Pencil

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")

DRAWN = [draw(kind, np.random.default_rng(seed)) for kind in (Pencil, Pen, Marker, Crayon) for seed in range(5)]


@cache
def built(shape: Any) -> FunctionalObject:
    return shape.build()


def points_of(thing: FunctionalObject, part: str) -> np.ndarray:
    """The part's corners as seen from the tip: x along the axis, 0 at the tip."""
    from_tip = np.linalg.inv(thing.object_from_function("write-with"))
    points = thing.vertices[np.unique(thing.faces[thing.part_of_face == thing.part_names.index(part)])]
    return points @ from_tip[:3, :3].T + from_tip[:3, 3]


def girth(points: np.ndarray) -> float:
    return float(np.linalg.norm(points[:, 1:], axis=1).max())


@pytest.mark.parametrize("shape", DRAWN, ids=lambda shape: type(shape).__name__)
def test_it_writes_with_the_foremost_point_of_a_tip_thinner_than_the_rest(shape: Any) -> None:
    thing = built(shape)
    tip = points_of(thing, "tip")
    assert tip[:, 0].max() == pytest.approx(0.0, abs=1e-9)
    body = points_of(thing, "body" if "body" in thing.part_names else "barrel")
    assert girth(tip) < girth(body) and body[:, 0].max() < tip[:, 0].max()
    near = tip[tip[:, 0] > -0.001]
    assert girth(near) < 0.7 * girth(body)


@pytest.mark.parametrize("shape", DRAWN, ids=lambda shape: type(shape).__name__)
def test_it_is_one_closed_piece(shape: Any) -> None:
    surface = trimesh.Trimesh(*[getattr(built(shape), name) for name in ("vertices", "faces")], process=False)
    assert surface.is_watertight and surface.body_count == 1


@pytest.mark.parametrize("end", ["eraser", "dip", "cut"])
def test_a_pencils_end_is_what_its_style_says(end: str) -> None:
    extra = {"eraser": {"eraser", "ferrule"}, "dip": {"cap"}, "cut": set()}[end]
    assert set(Pencil(end=end).build().part_names) == {"barrel", "cone", "tip"} | extra


def test_the_paint_of_a_cornered_pencil_ends_in_scallops() -> None:
    ends = {section: points_of(Pencil(section=section, end="cut").build(), "cone")[:, 0] for section in ("round", "hexagon")}
    fronts = {section: points_of(Pencil(section=section, end="cut").build(), "barrel") for section in ("round", "hexagon")}
    border = {section: points[np.isin(points[:, 0].round(7), ends[section].round(7))][:, 0] for section, points in fronts.items()}
    assert np.ptp(border["round"]) < 2e-4 and np.ptp(border["hexagon"]) > 1e-3


def test_a_sharp_pencils_lead_goes_on_as_the_wood_slopes() -> None:
    shape = Pencil(section="round")
    lead, wood = (points_of(shape.build(), part) for part in ("tip", "cone"))
    lead = lead[lead[:, 0] < -1e-6]  # without the blunt end
    border = np.linalg.norm(lead[:, 1:], axis=1).max()
    assert border == pytest.approx(shape.lead_ratio * shape.radius, rel=1e-3)
    slope = (girth(wood) - border) / (wood[:, 0].max() - wood[:, 0].min())
    assert slope == pytest.approx(shape.radius / shape.cone_length, rel=0.02)


@pytest.mark.parametrize("shape", [Pen(style="click"), Pen(style="stick"), Pen(style="fountain"), Marker()])
def test_it_rolls_to_the_side_about_its_axis(shape: Any) -> None:
    thing = built(shape)
    roll, write = (thing.object_from_function(name) for name in ("roll-onto", "write-with"))
    np.testing.assert_allclose(roll[:3, 2], write[:3, 0], atol=1e-9)
    assert np.linalg.norm(np.cross(write[:3, 3] - roll[:3, 3], roll[:3, 2])) < 1e-9
    assert abs(roll[2, 0]) < np.sin(np.radians(12.0)) and thing.symmetries["roll-onto"].order == ANY_ANGLE


def test_only_round_tips_are_free_about_their_axis() -> None:
    assert Pen(style="click").build().symmetries["write-with"].order == ANY_ANGLE
    assert Marker(tip_style="bullet").build().symmetries["write-with"].order == ANY_ANGLE
    assert "write-with" not in Pen(style="fountain").build().symmetries
    assert "write-with" not in Marker(tip_style="chisel").build().symmetries
    assert Crayon(style="triangle").build().symmetries["write-with"].order == 3


def test_a_fountain_pens_nib_is_hollow_below_and_wider_than_thick() -> None:
    nib = points_of(Pen(style="fountain").build(), "tip")
    assert np.ptp(nib[:, 1]) > np.ptp(nib[:, 2]) and nib[:, 2].max() > 0.001
    side, ridge = nib[np.abs(nib[:, 1]) > 0.8 * np.abs(nib[:, 1]).max()], nib[np.abs(nib[:, 1]) < 1e-4]
    assert ridge[:, 2].max() > side[:, 2].max() + 5e-4


def test_a_posted_cap_hides_the_back_and_paper_covers_a_crayon() -> None:
    capped, bare = Marker(cap_style="posted").build(), Marker(cap_style="off").build()
    assert "cap" in capped.part_names and "cap" not in bare.part_names
    assert points_of(capped, "cap")[:, 0].min() < points_of(bare, "body")[:, 0].min()
    crayon = Crayon(style="papered").build()
    assert girth(points_of(crayon, "wrapper")) > girth(points_of(crayon, "body")) - 1e-9
    assert "wrapper" not in Crayon(style="triangle").build().part_names
