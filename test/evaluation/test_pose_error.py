# SPDX-License-Identifier: Apache-2.0
"""Known offsets come out as they are; turns that a function leaves free cost nothing, others do."""
from __future__ import annotations

import numpy as np
import pytest

from func_corr_ros.data.objects import Bowl, Knife, Mug
from func_corr_ros.evaluation.pose_error import PoseError, free_turns, pose_error
from func_corr_ros.geometry.se3 import about_axis, make

NONE = np.eye(4)[None]
Z = np.array([0.0, 0.0, 1.0])


def test_a_known_offset_and_turn() -> None:
    true = make(about_axis(Z, 0.7), np.array([0.1, 0.2, 0.3]))
    found = true @ make(about_axis(np.array([1.0, 2.0, 3.0]), np.radians(12.0)), np.array([0.003, 0.0, 0.004]))
    error = pose_error(found, true, NONE, 0.1)
    assert error.distance == pytest.approx(0.005, abs=1e-12) and error.angle_deg == pytest.approx(12.0, abs=1e-6)
    exact = pose_error(true, true, NONE, 0.1)
    assert exact.distance == 0.0 and exact.angle_deg == pytest.approx(0.0, abs=1e-5) and not exact.wrong


@pytest.mark.parametrize(
    ("distance", "angle", "wrong"), [(0.019, 29.0, False), (0.021, 0.0, True), (0.0, 31.0, True), (np.nan, 0.0, True)]
)
def test_wrong_is_a_fifth_of_the_object_or_thirty_degrees(distance: float, angle: float, wrong: bool) -> None:
    assert PoseError(distance, angle, 0.1).wrong is wrong


def test_a_bowl_may_be_poured_from_any_side_a_knife_has_one_edge() -> None:
    bowl, knife = Bowl().build(), Knife().build()
    true = bowl.object_from_function("pour-with")
    turned = make(about_axis(Z, 2.0), np.zeros(3)) @ true
    turns = free_turns(bowl, bowl, "pour-with")
    size = float(np.ptp(bowl.vertices, axis=0).max())
    assert pose_error(turned, true, turns, size).angle_deg <= 1.0 + 1e-6
    assert pose_error(turned, true, turns, size).distance < 0.02 * size
    assert pose_error(turned, true, NONE, size).angle_deg == pytest.approx(np.degrees(2.0), abs=1e-6)
    tilted = make(about_axis(np.array([0.0, 1.0, 0.0]), 1.0), np.zeros(3)) @ true
    assert pose_error(tilted, true, turns, size).angle_deg > 50.0
    np.testing.assert_array_equal(free_turns(knife, knife, "cut-with"), NONE)


def test_who_shows_a_pour_with_a_bowl_says_nothing_of_sides() -> None:
    mug, bowl = Mug().build(), Bowl().build()
    assert len(free_turns(mug, mug, "pour-with")) == 1
    turns = free_turns(bowl, mug, "pour-with")
    assert len(turns) == 180
    np.testing.assert_allclose(turns[0], np.eye(4), atol=1e-12)
    np.testing.assert_allclose(turns[:, :3, 2], np.broadcast_to(Z, (180, 3)), atol=1e-9)
