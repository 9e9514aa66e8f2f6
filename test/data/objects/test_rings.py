# SPDX-License-Identifier: Apache-2.0
"""Carabiners and curtain rings are closed loops that carry on the inside."""
import numpy as np
import pytest
from data.objects.surfaces import points_of, surface_of

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, draw
from func_corr_ros.data.objects.rings import Carabiner, CurtainRing

pytest.importorskip("manifold3d")
pytest.importorskip("trimesh")

CARABINERS = [(shape, shape.build()) for shape in (draw(Carabiner, np.random.default_rng(seed)) for seed in range(6))]
RINGS = [(shape, shape.build()) for shape in (draw(CurtainRing, np.random.default_rng(seed)) for seed in range(6))]


@pytest.mark.parametrize(("shape", "thing"), CARABINERS + RINGS)
def test_closed_in_one_piece_around_a_hole(shape: Carabiner | CurtainRing, thing: FunctionalObject) -> None:
    surface = surface_of(thing)
    assert surface.is_watertight and surface.body_count == 1
    assert surface.euler_number <= 0  # one hole or more
    assert surface.contains([thing.object_from_function("hang-onto")[:3, 3]])[0]


@pytest.mark.parametrize(("shape", "thing"), CARABINERS)
def test_a_carabiner_is_entered_by_its_gate_and_loaded_in_its_bow(shape: Carabiner, thing: FunctionalObject) -> None:
    hang, pull = thing.object_from_function("hang-onto"), thing.object_from_function("pull-with")
    gate, spine = points_of(thing, "gate").mean(axis=0), points_of(thing, "spine").mean(axis=0)
    assert (gate - hang[:3, 3]) @ hang[:3, 0] > (spine - hang[:3, 3]) @ hang[:3, 0]
    assert points_of(thing, "bow")[:, 0].max() == pytest.approx(thing.vertices[:, 0].max(), abs=1e-9)
    assert np.linalg.norm(pull[:3, 3] - hang[:3, 3]) == pytest.approx(shape.radius)
    assert not surface_of(thing).contains([pull[:3, 3] + 1e-3 * pull[:3, 0]])[0]
    assert pull[0, 0] < -0.99 and abs(pull[2, 2]) > 0.99


@pytest.mark.parametrize(("shape", "thing"), CARABINERS)
def test_a_carabiner_measures_what_it_should(shape: Carabiner, thing: FunctionalObject) -> None:
    assert np.ptp(thing.vertices[:, 0]) == pytest.approx(shape.length + 2.0 * shape.radius, rel=0.01)


def test_a_wire_gate_is_two_wires_and_a_sleeve_is_thicker_than_the_bar() -> None:
    plain, screw, wire = (Carabiner(gate_style=style).build() for style in ("plain", "screw", "wire"))
    assert surface_of(wire).euler_number < surface_of(plain).euler_number
    assert np.ptp(points_of(screw, "gate")[:, 1]) > np.ptp(points_of(plain, "gate")[:, 1])


@pytest.mark.parametrize(("shape", "thing"), RINGS)
def test_a_ring_is_threaded_along_its_axis_and_hangs_below_it(shape: CurtainRing, thing: FunctionalObject) -> None:
    hang = thing.object_from_function("hang-onto")
    assert abs(hang[2, 0]) > 0.9 and hang[0, 2] > 0.9
    loop = points_of(thing, "loop")
    center = hang[:3, 3] - shape.ring_radius * hang[:3, 2]
    distance = np.linalg.norm(loop - center, axis=1)
    assert distance.max() < shape.ring_radius + 1.2 * shape.bar_radius * max(1.0, shape.flattening)
    others = [part for part in thing.part_names if part != "loop"]
    assert bool(others) == (shape.style != "plain")
    assert all(points_of(thing, part)[:, 0].max() < center[0] - 0.5 * shape.ring_radius for part in others)


def test_only_a_plain_ring_hangs_at_any_angle() -> None:
    orders = {style: CurtainRing(style=style).build().symmetries["hang-onto"].order for style in ("plain", "eyelet", "clip")}
    assert orders == {"plain": ANY_ANGLE, "eyelet": 2, "clip": 2}
