# SPDX-License-Identifier: Apache-2.0
"""Pliers, tongs and tweezers are two equal arms, slightly open, that close along y between their tips."""
import numpy as np
import pytest
from data.objects.surfaces import points_of, surface_of

from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.data.objects.jaws import Pliers, Tongs, Tweezers

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")

_BUILT = [(shape, shape.build()) for shape in (
    draw(kind, np.random.default_rng(seed)) for kind in (Pliers, Tongs, Tweezers) for seed in range(5))]


@pytest.fixture(params=_BUILT, ids=lambda pair: pair[1].category)
def built(request: pytest.FixtureRequest) -> tuple[Pliers | Tongs | Tweezers, FunctionalObject]:
    return request.param


def tips_of(thing: FunctionalObject) -> np.ndarray:
    return points_of(thing, thing.function_parts["pick up-with"][0])


def test_one_body_that_lies_level(built: tuple[Pliers | Tongs | Tweezers, FunctionalObject]) -> None:
    surface = surface_of(built[1])
    assert surface.is_watertight and surface.body_count == 1 and surface.volume > 0.0
    turned = built[1].object_from_function("pick up-with")[:3, :3]
    assert np.diag(turned).min() > 0.95  # wide tips lift the front of tongs a little


def test_what_is_picked_up_fits_between_the_tips(built: tuple[Pliers | Tongs | Tweezers, FunctionalObject]) -> None:
    thing = built[1]
    frame = thing.object_from_function("pick up-with")
    tips = tips_of(thing) - frame[:3, 3]
    assert not surface_of(thing).contains([frame[:3, 3]])[0]
    near = tips[np.abs(tips[:, 0]) < 0.004]
    assert (near[:, 1] > 0.0).any() and (near[:, 1] < 0.0).any()
    assert near[near[:, 1] > 0.0, 1].min() == pytest.approx(-near[near[:, 1] < 0.0, 1].max(), abs=5e-4)
    gap = 2.0 * near[near[:, 1] > 0.0, 1].min()
    assert 0.002 < gap < 0.055


def test_the_second_arm_is_the_first_turned_over(built: tuple[Pliers | Tongs | Tweezers, FunctionalObject]) -> None:
    thing = built[1]
    axis = thing.symmetries["pick up-with"]
    assert axis.order == 2
    tips = tips_of(thing)
    off = tips - axis.point
    turned = axis.point + 2.0 * np.outer(off @ axis.direction, axis.direction) - off
    assert trimesh.proximity.closest_point(surface_of(thing), turned)[1].max() < 5e-5


def test_poking_is_with_the_end_of_one_tip(built: tuple[Pliers | Tongs | Tweezers, FunctionalObject]) -> None:
    thing = built[1]
    frame = thing.object_from_function("poke-with")
    assert frame[0, 0] > 0.95
    off = (tips_of(thing) - frame[:3, 3]) @ frame[:3, 0]
    assert off.max() < 0.0025 and off.min() < -0.003
    assert frame[1, 3] > thing.object_from_function("pick up-with")[1, 3]


def test_a_gripper_goes_around_both_arms(built: tuple[Pliers | Tongs | Tweezers, FunctionalObject]) -> None:
    thing = built[1]
    (grasp,) = thing.grasp_frames.values()
    hits, _, _ = surface_of(thing).ray.intersects_location([grasp[:3, 3] + s * 0.0425 * grasp[:3, 1] for s in (1, -1)],
                                                     [-s * grasp[:3, 1] for s in (1, -1)], multiple_hits=False)
    assert np.linalg.norm(hits[0] - hits[1]) <= 0.08
    assert abs((hits[0] + hits[1] - 2.0 * grasp[:3, 3]) @ grasp[:3, 1]) < 1e-3  # the same to both sides


def test_pliers_cross_at_the_pivot_so_that_jaws_turn_between_it_and_the_tips() -> None:
    for _, thing in [pair for pair in _BUILT if isinstance(pair[0], Pliers)]:
        pivot, handle, tip = (points_of(thing, part).mean(axis=0) for part in ("pivot", "handle", "tip"))
        torque = thing.object_from_function("apply torque-with")
        assert handle[0] < pivot[0] < torque[0, 3] < tip[0]
        assert torque[2, 2] > 0.999


def test_long_noses_are_longer_and_thinner() -> None:
    long, short = (Pliers(nose_style=style).build() for style in ("long nose", "combination"))
    assert np.ptp(long.vertices[:, 0]) > np.ptp(short.vertices[:, 0]) + 0.01
    assert np.ptp(points_of(long, "tip")[:, 2]) < 0.7 * np.ptp(points_of(short, "tip")[:, 2])


def test_tips_open_as_far_as_told() -> None:
    for gap in (0.02, 0.04):
        tips = points_of(Tongs(gap=gap, tip_style="spoon").build(), "tips")
        last = tips[tips[:, 0] > tips[:, 0].max() - 1e-4]
        assert np.ptp(last[:, 1]) == pytest.approx(gap + Tongs().arm_thickness, abs=2e-3)
    tips = points_of(Tweezers(gap=0.01, tip_style="flat").build(), "tips")
    last = tips[tips[:, 0] > tips[:, 0].max() - 8e-4]
    assert last[last[:, 1] > 0.0, 1].min() - last[last[:, 1] < 0.0, 1].max() == pytest.approx(0.01, abs=8e-4)


def test_styles_change_the_tips() -> None:
    counts = {style: len(points_of(Tongs(tip_style=style).build(), "tips")) for style in ("scalloped", "spoon", "prongs")}
    assert len(set(counts.values())) == 3
    pointed, flat = (points_of(Tweezers(tip_style=style).build(), "tips") for style in ("pointed", "flat"))
    assert np.ptp(pointed[:, 2]) < np.ptp(flat[:, 2])
