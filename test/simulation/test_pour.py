# SPDX-License-Identifier: Apache-2.0
"""The judge of pouring: the truth lands, a pour 12 cm beside it does not."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.data.demo_scenes import demo_objects
from func_corr_ros.data.objects.household import Carton
from func_corr_ros.data.objects.vessels import Mug
from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.geometry.se3 import make
from func_corr_ros.simulation.filmed_pour import filmed_pour
from func_corr_ros.simulation.pour import (
    ARRIVED_DEG,
    ASIDE_M,
    GRAIN_RADIUS_M,
    GRAINS,
    HEIGHT_M,
    filling,
    judge_pour,
    outlet_pose,
    poured_pose,
    suite,
)

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


def test_a_vessel_comes_from_aside_and_is_there_before_grains_go() -> None:
    rim = 0.06
    far, there = poured_pose(0.0, rim), outlet_pose(0.0, rim)
    np.testing.assert_allclose(far[:3, 3] - there[:3, 3], ASIDE_M)
    late = poured_pose(1.6, rim)
    np.testing.assert_allclose(late[:3, 3], there[:3, 3])
    assert late[2, 0] < -np.sin(np.radians(ARRIVED_DEG)), "tilted beyond where it arrives"


@pytest.mark.slow
def test_a_transferred_pour_is_filmed_with_what_came_of_it(tmp_path: Path) -> None:
    mug = demo_objects()["mug"]
    camera = make(np.eye(3), np.array([0.1, 0.2, 0.9]))
    truth = camera @ mug.object_from_function("pour-with")
    film = filmed_pour(mug, truth, truth, tmp_path / "pour.gif")
    assert film.path.read_bytes().startswith(b"GIF8") and "100% of the grains" in film.words
    beside = truth @ make(np.eye(3), np.array([0.0, 0.12, 0.0]))
    assert "100% of the grains" not in filmed_pour(mug, beside, truth, tmp_path / "beside.gif").words
