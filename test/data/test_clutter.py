# SPDX-License-Identifier: Apache-2.0
"""Cluttered tables hold what they were asked to, nothing in anything else, and what counts is seen."""
from dataclasses import replace

import numpy as np
import pytest

from func_corr_ros.data.clutter import cluttered, seen_shares
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.household import Can, Carton
from func_corr_ros.data.objects.vessels import Mug
from func_corr_ros.data.ray_scene import PlacedObject
from func_corr_ros.data.tabletop_scene import TABLE_SIZE_M, TabletopScene
from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.geometry.se3 import transform_points

trimesh = pytest.importorskip("trimesh")


@pytest.fixture(scope="module")
def things() -> list[FunctionalObject]:
    return [Can().build(), Carton().build(), Carton(height=0.05).build()]


@pytest.fixture(scope="module")
def scenes(things: list[FunctionalObject]) -> list[TabletopScene]:
    return [cluttered([Mug().build()], np.random.default_rng(seed), others=things) for seed in range(3)]


def outline(item: PlacedObject) -> np.ndarray:
    return transform_points(item.world_from_object, item.object.vertices)


def test_targets_and_others_are_there_by_name(scenes: list[TabletopScene]) -> None:
    for scene in scenes:
        assert [item.name for item in scene.objects] == ["target", "other0", "other1", "other2"]
        assert scene.objects[0].object.category == "mug"


def test_nothing_is_inside_anything_else(scenes: list[TabletopScene]) -> None:
    for scene in scenes:
        for item in scene.objects:
            hull = trimesh.convex.convex_hull(outline(item))
            for other in scene.objects:
                if other is not item:
                    assert not hull.contains(outline(other)).any()


def test_everything_stands_on_the_table(scenes: list[TabletopScene]) -> None:
    for scene in scenes:
        for item in scene.objects:
            vertices = outline(item)
            assert vertices[:, 2].min() == pytest.approx(0.0, abs=1e-9)
            assert (np.abs(vertices[:, :2]) <= np.array(TABLE_SIZE_M) / 2.0).all()


def test_the_target_is_seen_as_much_as_asked(scenes: list[TabletopScene], things: list[FunctionalObject]) -> None:
    for scene in scenes:
        assert seen_shares(scene, 1)[0] >= 0.4
        assert scene.view(supersampling=0).mask("target").sum() > 1500
    clear = cluttered([Mug().build()], np.random.default_rng(7), others=things, least_seen=0.98)
    assert seen_shares(clear, 1)[0] >= 0.98


def test_the_same_draw_gives_the_same_scene(scenes: list[TabletopScene], things: list[FunctionalObject]) -> None:
    again = cluttered([Mug().build()], np.random.default_rng(1), others=things)
    for a, b in zip(again.objects, scenes[1].objects, strict=True):
        np.testing.assert_array_equal(a.world_from_object, b.world_from_object)
        assert a.materials == b.materials
    np.testing.assert_array_equal(again.world_from_camera, scenes[1].world_from_camera)
    assert not np.array_equal(scenes[0].world_from_camera, scenes[1].world_from_camera)


def test_companions_are_drawn_where_none_are_given() -> None:
    scene = cluttered([Mug().build()], np.random.default_rng(3))
    assert 2 <= len(scene.objects) - 1 <= 6


def test_a_table_that_is_too_small_is_refused(things: list[FunctionalObject]) -> None:
    wide = replace(things[1], vertices=things[1].vertices * 30.0)
    with pytest.raises(DegenerateGeometry, match="can and 1 other objects found no place in 40 attempts"):
        cluttered([things[0]], np.random.default_rng(0), others=[wide])
