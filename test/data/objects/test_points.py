# SPDX-License-Identifier: Apache-2.0
"""Screwdrivers, awls, nails, skewers and stirrers run along x into a tip that is as thin, wide and round as its style says."""
from functools import cache
from typing import Any

import numpy as np
import pytest

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, draw
from func_corr_ros.data.objects.points import Awl, Nail, Screwdriver, Skewer, Stirrer

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")

KINDS = (Screwdriver, Awl, Nail, Skewer, Stirrer)
DRAWN = [draw(kind, np.random.default_rng(seed)) for kind in KINDS for seed in range(5)]


@cache
def built(shape: Any) -> FunctionalObject:
    return shape.build()


def points_of(thing: FunctionalObject, part: str) -> np.ndarray:
    """The part's corners as seen from the tip: x along the tool, 0 at the tip."""
    from_tip = np.linalg.inv(next(iter(thing.functional_frames.values())))
    points = thing.vertices[np.unique(thing.faces[thing.part_of_face == thing.part_names.index(part)])]
    return points @ from_tip[:3, :3].T + from_tip[:3, 3]


@pytest.mark.parametrize("shape", DRAWN, ids=lambda shape: type(shape).__name__)
def test_the_tip_is_the_front_of_the_tool_and_the_frame_stands_on_it(shape: Any) -> None:
    thing = built(shape)
    tip = points_of(thing, "tip")
    assert tip[:, 0].max() == pytest.approx(0.0, abs=1e-9)
    assert max(points_of(thing, part)[:, 0].max() for part in thing.part_names if part != "tip") < -1e-3
    assert np.abs(thing.object_from_function(next(iter(thing.function_parts)))[1, 3]) < 1e-3
    assert trimesh.Trimesh(thing.vertices, thing.faces, process=False).body_count == 1


@pytest.mark.parametrize("shape", DRAWN, ids=lambda shape: type(shape).__name__)
def test_it_lies_flat_along_the_table(shape: Any) -> None:
    thing = built(shape)
    out = next(iter(thing.functional_frames.values()))[:3, 0]
    assert np.degrees(np.arccos(out[0])) < 20.0
    assert np.ptp(thing.vertices[:, 0]) > 3.0 * np.ptp(thing.vertices[:, 2])


def test_a_slotted_tip_is_a_blade_along_y_and_a_cross_is_as_high_as_wide() -> None:
    for style, order in (("slotted", 2), ("cross", 4)):
        thing = Screwdriver(tip_style=style, edge=0.001, tip_ratio=1.4).build()
        end = points_of(thing, "tip")
        end = end[end[:, 0] > -1e-6]
        width, height = np.ptp(end[:, 1]), np.ptp(end[:, 2])
        assert width == pytest.approx(height) if order == 4 else height == pytest.approx(0.001, rel=0.05) and width > 5.0 * height
        assert {item.order for item in thing.symmetries.values()} == {order}


def test_points_are_sharp() -> None:
    for thing, limit in ((Awl().build(), 0.0005), (Nail().build(), 0.0005), (Skewer().build(), 0.0006)):
        end = points_of(thing, "tip")
        assert np.linalg.norm(end[end[:, 0] > -1e-6][:, 1:], axis=1).max() < limit, thing.category


def test_sides_give_the_symmetry() -> None:
    assert Awl(spike_style="square").build().symmetries["pierce-with"].order == 4
    assert Nail(shank_style="smooth").build().symmetries["pierce-with"].order == ANY_ANGLE
    assert Stirrer(style="star").build().symmetries["mix-with"].order == 6
    assert Stirrer(style="stick").build().symmetries["mix-with"].order == 2


@pytest.mark.parametrize("head", ["flat", "countersunk", "dome", "double"])
@pytest.mark.parametrize("shank", ["smooth", "ringed", "square"])
def test_a_nails_head_is_wider_than_its_shank(head: str, shank: str) -> None:
    shape = Nail(head_style=head, shank_style=shank)
    thing = built(shape)
    wide = {part: np.abs(points_of(thing, part)[:, 1:]).max() for part in ("head", "shank")}
    assert wide["head"] > 1.4 * wide["shank"]
    assert wide["shank"] == pytest.approx(0.5 * shape.length / shape.slenderness, rel=0.45)


def test_styles_change_the_shape() -> None:
    assert "handle" not in Skewer(style="plain").build().part_names and "handle" not in Stirrer(style="stick").build().part_names
    faces = [len(Skewer(style=style).build().faces) for style in ("plain", "paddle", "ring", "bead")]
    assert len(set(faces)) == 4
    ring = trimesh.Trimesh(*[getattr(Skewer(style="ring").build(), name) for name in ("vertices", "faces")], process=False)
    assert ring.euler_number == 0  # one hole
