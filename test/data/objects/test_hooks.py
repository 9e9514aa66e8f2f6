# SPDX-License-Identifier: Apache-2.0
"""Hooks and hangers carry on the inside of their curves, and know which way is up while they hang."""
import numpy as np
import pytest
from data.objects.surfaces import points_of, surface_of

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, draw
from func_corr_ros.data.objects.hooks import CoatHanger, Hook

pytest.importorskip("manifold3d")
pytest.importorskip("trimesh")

HOOKS = [(shape, shape.build()) for shape in (draw(Hook, np.random.default_rng(seed)) for seed in range(6))]
HANGERS = [(shape, shape.build()) for shape in (draw(CoatHanger, np.random.default_rng(seed)) for seed in range(6))]


@pytest.mark.parametrize(("shape", "thing"), HOOKS + HANGERS)
def test_closed_in_one_piece(shape: Hook | CoatHanger, thing: FunctionalObject) -> None:
    surface = surface_of(thing)
    assert surface.is_watertight and surface.body_count == 1 and surface.volume > 0.0


@pytest.mark.parametrize(("shape", "thing"), HOOKS + HANGERS)
def test_the_load_is_carried_inside_the_bar_and_pulls_on_its_inner_side(
    shape: Hook | CoatHanger, thing: FunctionalObject,
) -> None:
    hang, pull = thing.object_from_function("hang-onto"), thing.object_from_function("pull-with")
    surface = surface_of(thing)
    assert surface.contains([hang[:3, 3]])[0]
    inner = pull[:3, 0]
    assert not surface.contains([pull[:3, 3] + 1e-3 * inner])[0] and surface.contains([pull[:3, 3] - 1e-3 * inner])[0]
    assert abs(hang[:3, 2] @ inner) > 0.99 and abs(pull[:3, 2] @ hang[:3, 2]) < 0.1
    assert hang[:3, 2] @ inner == pytest.approx(1.0 if isinstance(shape, Hook) else -1.0, abs=0.01)


@pytest.mark.parametrize(("shape", "thing"), HOOKS)
def test_a_hook_opens_where_its_tip_is_and_ends_in_a_point(shape: Hook, thing: FunctionalObject) -> None:
    hang, pierce = thing.object_from_function("hang-onto"), thing.object_from_function("pierce-with")
    assert (pierce[:3, 3] - hang[:3, 3]) @ hang[:3, 0] > 0.1 * shape.curve_radius
    off = points_of(thing, "tip") - pierce[:3, 3]
    assert off.dot(pierce[:3, 0]).max() == pytest.approx(0.0, abs=1e-4)  # nothing further out than the point
    assert -off.dot(pierce[:3, 0]).min() == pytest.approx(shape.point, rel=0.05)
    near = off[off.dot(pierce[:3, 0]) > -1e-4]
    assert np.linalg.norm(near, axis=1).max() < 5e-4
    assert thing.symmetries["pierce-with"].order == ANY_ANGLE


def test_a_hook_is_held_as_its_style_says() -> None:
    tops = {style: set(Hook(style=style).build().part_names) - {"curve", "shank", "tip"} for style in ("eye", "S", "screw")}
    assert tops == {"eye": {"eye"}, "S": {"top"}, "screw": {"thread"}}
    assert surface_of(Hook(style="eye").build()).euler_number == 0
    assert surface_of(Hook(style="S").build()).euler_number == 2


@pytest.mark.parametrize(("shape", "thing"), HANGERS)
def test_a_hanger_hangs_level_with_two_equal_ends(shape: CoatHanger, thing: FunctionalObject) -> None:
    hang, poke = thing.object_from_function("hang-onto"), thing.object_from_function("poke-with")
    ends = points_of(thing, "ends")
    assert ends[:, 1].max() == pytest.approx(-ends[:, 1].min(), abs=2e-3)
    assert np.ptp(ends[:, 1]) == pytest.approx(shape.width, rel=0.05)
    assert poke[1, 0] > 0.99 and poke[1, 3] > ends[:, 1].max() - 2e-3
    assert hang[0, 2] > 0.99  # up while it hangs is towards the hook
    shoulders = points_of(thing, "shoulders")
    assert shoulders[:, 0].max() < hang[0, 3] - shape.neck


@pytest.mark.parametrize(("shape", "thing"), HANGERS)
def test_the_rail_goes_into_the_hook_from_the_side_that_is_open(shape: CoatHanger, thing: FunctionalObject) -> None:
    hang = thing.object_from_function("hang-onto")
    center = hang[:3, 3] - shape.hook_radius * hang[:3, 2]
    low = center - 0.45 * shape.hook_radius * hang[:3, 2]  # below the middle, where the tip has ended
    free, _, _ = surface_of(thing).ray.intersects_location([low], [hang[:3, 0]])
    closed, _, _ = surface_of(thing).ray.intersects_location([low], [-hang[:3, 0]])
    assert len(free) == 0 and len(closed) > 0


def test_a_wire_hanger_has_no_bar_of_its_own_and_the_others_have() -> None:
    parts = {style: CoatHanger(style=style).build().part_names for style in ("wood", "wire", "tube")}
    assert "bar" in parts["wood"] and "bar" in parts["tube"] and "bar" not in parts["wire"]
    assert all(surface_of(CoatHanger(style=style).build()).euler_number == 0 for style in ("wood", "wire"))
