# SPDX-License-Identifier: Apache-2.0
"""What a gripper closes on keeps its way through the gripper, and a gripper does not come from below."""
from __future__ import annotations

import numpy as np
import pytest
from transfer.vessels import TABLE, Vessel, points_of

from func_corr_ros.geometry.se3 import about_axis
from func_corr_ros.transfer.align import AlignSettings
from func_corr_ros.transfer.bar import ALIKE, Bars, bar_at, bar_turn
from func_corr_ros.transfer.revolved import body_of

X, Y, UP = np.eye(3)


def _bar(vessel: Vessel) -> np.ndarray | None:
    points = points_of(vessel)
    return bar_at(points, vessel.grip, body_of(points, TABLE, AlignSettings()))


def test_a_handle_that_stands_and_one_that_lies_are_bars_along_themselves() -> None:
    assert abs(_bar(Vessel(turn=0.4)) @ UP) > 0.99
    assert abs(_bar(Vessel(turn=0.4, radius=0.08, lying=0.15)) @ [np.cos(0.4), np.sin(0.4), 0.0]) > 0.99


def test_a_plate_a_ball_and_a_few_points_are_no_bars() -> None:
    rng = np.random.default_rng(0)
    ball = rng.normal(size=(500, 3))
    ball = 0.02 * ball / np.linalg.norm(ball, axis=1)[:, None]
    plate = rng.uniform(-0.1, 0.1, (2000, 3)) * [1.0, 1.0, 0.0]
    few = np.linspace(-0.02, 0.02, 6)[:, None] * X
    for points in (ball, plate, few):
        assert bar_at(points, np.zeros(3)) is None
    assert bar_at(np.linspace(-0.02, 0.02, 40)[:, None] * X, np.zeros(3)) is not None


def test_the_turn_lays_one_bar_along_the_other_whatever_their_signs() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        a, b, approach = (v / np.linalg.norm(v) for v in rng.normal(size=(3, 3)))
        turn = bar_turn(Bars(a, b), approach, UP)
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-9)
        if abs(a @ b) > np.cos(ALIKE):
            np.testing.assert_array_equal(turn, np.eye(3))
        else:
            assert abs(turn @ a @ b) == pytest.approx(1.0)
        for signs in ((-1.0, 1.0), (1.0, -1.0)):
            np.testing.assert_allclose(bar_turn(Bars(signs[0] * a, signs[1] * b), approach, UP), turn, atol=1e-9)


@pytest.mark.parametrize("azimuth", [0.0, 1.0, -2.0])
def test_a_gripper_that_held_a_mug_comes_to_a_pans_handle_from_above(azimuth: float) -> None:
    outward = about_axis(UP, azimuth) @ X
    turn = bar_turn(Bars(UP, outward), -outward, UP)
    np.testing.assert_allclose(turn @ -outward, -UP, atol=1e-9)
    across = np.cross(UP, outward)
    np.testing.assert_allclose(turn @ across, across, atol=1e-9, err_msg="the fingers close as they did")
    back = bar_turn(Bars(outward, UP), -UP, UP)
    assert abs((back @ -UP) @ UP) < 1e-9, "and from the side to a mug's"


def test_without_a_support_the_shorter_way_is_taken() -> None:
    tilted = about_axis(Y, np.radians(70.0)) @ UP
    np.testing.assert_allclose(bar_turn(Bars(UP, tilted), -X, None) @ UP, tilted, atol=1e-9)
    np.testing.assert_allclose(bar_turn(Bars(UP, -tilted), -X, None) @ UP, tilted, atol=1e-9)
