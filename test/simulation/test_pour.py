# SPDX-License-Identifier: Apache-2.0
"""The judge of pouring: the truth lands, a pour 12 cm beside it does not."""
from __future__ import annotations

import numpy as np
import pytest

from func_corr_ros.data.objects.household import Carton
from func_corr_ros.data.objects.vessels import Mug
from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.geometry.se3 import make
from func_corr_ros.simulation.pour import GRAIN_RADIUS_M, GRAINS, HEIGHT_M, filling, judge_pour, outlet_pose, suite

pytest.importorskip("mujoco", reason="the extra [sim] is not here")
pytest.importorskip("coacd", reason="the extra [sim] is not here")


def test_grains_lie_inside_the_mug_and_apart() -> None:
    mug = Mug()
    points = filling(mug.build())
    assert points.shape == (GRAINS, 3)
    assert (np.linalg.norm(points[:, :2], axis=1) + GRAIN_RADIUS_M < mug.rim_radius).all()
    assert (points[:, 2] > mug.wall).all() and (points[:, 2] < mug.height).all()
    apart = np.linalg.norm(points[:, None] - points[None], axis=2) + np.eye(GRAINS)
    assert apart.min() >= 2.0 * GRAIN_RADIUS_M


def test_what_holds_no_grains_is_refused() -> None:
    with pytest.raises(DegenerateGeometry, match="carton"):
        filling(Carton().build())


def test_the_outlet_stays_where_it_is_while_the_vessel_turns() -> None:
    before, after = outlet_pose(0.0, 0.06), outlet_pose(1.2, 0.06)
    np.testing.assert_allclose(before[:3, 3], after[:3, 3])
    assert before[2, 3] == pytest.approx(0.06 + HEIGHT_M)
    assert after[2, 0] == pytest.approx(-np.sin(1.2))  # what pointed ahead points down


@pytest.mark.slow
def test_the_true_outlet_lands_and_one_beside_it_spills() -> None:
    mug = Mug().build()
    truth = suite().object_from_tool(mug)
    right = judge_pour(mug, truth)
    assert right.success and right.measures["landed"] >= 0.95
    assert sum(right.measures.values()) == pytest.approx(1.0)
    beside = judge_pour(mug, truth @ make(np.eye(3), np.array([0.0, 0.12, 0.0])))
    assert not beside.success and beside.measures["spilled"] > 0.5
