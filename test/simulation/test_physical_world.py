# SPDX-License-Identifier: Apache-2.0
"""Bodies fall as Newton says, rest on what carries them, and follow the path they are given."""
from __future__ import annotations

import numpy as np
import pytest

from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.simulation.physical_world import PhysicalWorld, joined

pytest.importorskip("mujoco", reason="the extra [sim] is not here")

CUBE = (np.array([[x, y, z] for x in (-0.02, 0.02) for y in (-0.02, 0.02) for z in (-0.02, 0.02)]),)


def at(x: float, y: float, z: float) -> np.ndarray:
    return make(np.eye(3), np.array([x, y, z]))


def test_a_free_body_falls_half_g_t_squared() -> None:
    world = PhysicalWorld()
    world.add_free("cube", CUBE, at(0.0, 0.0, 5.0), 0.3)
    world.begin()
    world.run(0.5)
    assert world.pose("cube")[2, 3] == pytest.approx(5.0 - 0.5 * 9.81 * 0.25, abs=0.02)
    assert world.model.body("cube").mass[0] == pytest.approx(0.3, rel=1e-3)


def test_what_falls_comes_to_rest_on_the_floor() -> None:
    world = PhysicalWorld()
    world.add_floor()
    world.add_free("cube", CUBE, at(0.0, 0.0, 0.05), 0.3)
    grains = world.add_grains(np.array([[0.2, 0.0, 0.03]]), 0.004)
    world.begin()
    world.run(1.0)
    assert world.pose("cube")[2, 3] == pytest.approx(0.02, abs=5e-4)
    assert world.places(grains)[0, 2] == pytest.approx(0.004, abs=5e-4)


def test_a_carried_body_goes_where_it_is_put_and_is_recorded() -> None:
    world, turned = PhysicalWorld(), make(about_axis(np.array([0.0, 0.0, 1.0]), 0.7), np.array([0.1, 0.2, 0.3]))
    world.add_carried("cube", CUBE, at(0.0, 0.0, 1.0))
    world.begin()
    first = world.run(0.1)
    second = world.run(0.2, lambda _: world.carry("cube", turned))
    np.testing.assert_allclose(world.pose("cube"), turned, atol=1e-9)
    whole = joined([first, second])
    assert len(whole.times) == 3 and (np.diff(whole.times) > 0.0).all()
    np.testing.assert_allclose(whole.world_from_body["cube"][0], at(0.0, 0.0, 1.0), atol=1e-9)
