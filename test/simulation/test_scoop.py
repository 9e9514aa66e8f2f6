# SPDX-License-Identifier: Apache-2.0
"""The judge of scooping: a mug that goes in lip first brings grains up, one that goes in by its base none."""
from __future__ import annotations

import math

import numpy as np
import pytest

from func_corr_ros.data.objects.vessels import Mug
from func_corr_ros.geometry.se3 import about_axis, inverse, make, transform_points
from func_corr_ros.simulation.scoop import CLEAR_M, PATH, SUCCESS_GRAINS, WALL_HEIGHT_M, judge_scoop, lip_pose
from func_corr_ros.simulation.suite import load_suite

pytest.importorskip("mujoco", reason="the extra [sim] is not here")
pytest.importorskip("coacd", reason="the extra [sim] is not here")


def test_the_lip_leads_into_the_bin_and_leaves_it_level() -> None:
    lip = np.zeros((1, 3))
    dive, end = lip_pose(PATH[1][0], lip), lip_pose(PATH[-1][0], lip)
    assert dive[2, 3] < 0.5 * WALL_HEIGHT_M < WALL_HEIGHT_M < end[2, 3]
    assert dive[2, 0] < -0.9, "x, the way the lip is pushed, points down"
    assert dive[0, 2] > 0.9, "z, out of the hollow, points ahead"
    assert end[2, 2] > 0.99
    np.testing.assert_allclose(lip_pose(PATH[-1][0] + 1.0, lip), end)


def test_nothing_of_the_tool_goes_through_the_floor() -> None:
    mug = Mug().build()
    corners = transform_points(inverse(mug.object_from_function("scoop-with")), mug.vertices)
    for t in np.linspace(0.0, PATH[-1][0], 40):
        assert transform_points(lip_pose(t, corners), corners)[:, 2].min() > CLEAR_M - 1e-9


def test_the_suite_carries_the_scooping_frame() -> None:
    suite, mug = load_suite("scoop"), Mug().build()
    np.testing.assert_allclose(suite.object_from_tool(mug), mug.object_from_function("scoop-with"))


@pytest.mark.slow
def test_a_mug_scoops_with_its_rim_and_not_with_its_base() -> None:
    mug = Mug().build()
    truth = load_suite("scoop").object_from_tool(mug)
    done = judge_scoop(mug, truth)
    assert done.success and done.measures["kept"] >= SUCCESS_GRAINS
    over = make(about_axis(np.eye(3)[0], math.pi), np.zeros(3))
    assert judge_scoop(mug, truth @ over).measures["kept"] == 0.0
