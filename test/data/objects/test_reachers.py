# SPDX-License-Identifier: Apache-2.0
"""Grabbers and chopsticks reach far along x and close along y."""
import numpy as np
import pytest
from data.objects.surfaces import points_of, surface_of

from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.data.objects.reachers import Chopsticks, Grabber

pytest.importorskip("manifold3d")
pytest.importorskip("trimesh")

GRABBERS = [(shape, shape.build()) for shape in (draw(Grabber, np.random.default_rng(seed)) for seed in range(5))]
STICKS = [(shape, shape.build()) for shape in (draw(Chopsticks, np.random.default_rng(seed)) for seed in range(6))]


@pytest.mark.parametrize(("shape", "thing"), GRABBERS)
def test_a_grabber_is_one_body_from_handle_to_hooks(shape: Grabber, thing: FunctionalObject) -> None:
    surface = surface_of(thing)
    assert surface.is_watertight and surface.body_count == 1
    middles = [points_of(thing, part)[:, 0].mean() for part in ("handle", "shaft", "head", "tongs", "grippers", "hooks")]
    assert middles == sorted(middles)
    assert shape.length < np.ptp(thing.vertices[:, 0]) < shape.length + shape.finger_length + 0.15


@pytest.mark.parametrize(("shape", "thing"), GRABBERS)
def test_a_grabber_closes_along_y_on_what_is_between_its_tips(shape: Grabber, thing: FunctionalObject) -> None:
    frame = thing.object_from_function("pick up-with")
    hooks = points_of(thing, "hooks") - frame[:3, 3]
    across = hooks @ frame[:3, 1]
    assert abs(hooks[:, 0]).max() < 0.03
    assert across[across > 0.0].min() - across[across < 0.0].max() == pytest.approx(shape.gap, abs=0.006)


@pytest.mark.parametrize(("shape", "thing"), GRABBERS)
def test_a_grabbers_hook_pulls_home_with_its_inner_side(shape: Grabber, thing: FunctionalObject) -> None:
    frame = thing.object_from_function("pull-with")
    assert frame[0, 0] < -0.99
    assert not surface_of(thing).contains([frame[:3, 3] + 0.002 * frame[:3, 0]])[0]
    assert surface_of(thing).contains([frame[:3, 3] - 0.4 * shape.finger_thickness * frame[:3, 0]])[0]


def test_a_loop_handle_has_a_hole_to_reach_through() -> None:
    pistol, loop = (surface_of(Grabber(handle_style=style).build()).euler_number for style in ("pistol", "loop"))
    assert pistol == 2 and loop <= 0


@pytest.mark.parametrize(("shape", "thing"), STICKS)
def test_sticks_are_two_bodies_unless_joined(shape: Chopsticks, thing: FunctionalObject) -> None:
    surface = surface_of(thing)
    assert surface.is_watertight and surface.body_count == (2 if shape.joint_style == "free" else 1)
    assert ("joint" in thing.part_names) == (shape.joint_style == "joined")
    assert np.ptp(points_of(thing, "tip")[:, 0]) == pytest.approx(shape.tip_length * shape.length, rel=0.05)


@pytest.mark.parametrize(("shape", "thing"), STICKS)
def test_sticks_work_with_the_end_of_a_tip_and_pick_up_between_both(shape: Chopsticks, thing: FunctionalObject) -> None:
    tips = points_of(thing, "tip")
    for function in ("dig-with", "mix-with", "pierce-with", "poke-with", "pry-with"):
        frame = thing.object_from_function(function)
        assert frame[0, 0] > 0.98 and frame[0, 3] == pytest.approx(tips[:, 0].max(), abs=5e-4)
    between = thing.object_from_function("pick up-with")[:3, 3]
    last = tips[tips[:, 0] > tips[:, 0].max() - 0.006]
    upper, lower = last[last[:, 1] > between[1]], last[last[:, 1] < between[1]]
    assert upper[:, 1].min() - lower[:, 1].max() == pytest.approx(shape.tip_gap, abs=2e-3)
    assert upper[:, 1].mean() + lower[:, 1].mean() == pytest.approx(2.0 * between[1], abs=1e-4)


def test_square_sticks_have_more_wood_than_round_ones() -> None:
    square, round_ = (surface_of(Chopsticks(section_style=style).build()).volume for style in ("square", "round"))
    assert 1.08 * round_ < square < 4.0 / np.pi * round_
