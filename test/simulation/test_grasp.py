# SPDX-License-Identifier: Apache-2.0
"""The judge of grasping: a cube gripped in its middle is held, one missed is not."""
from __future__ import annotations

import numpy as np
import pytest

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.primitives import box
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.simulation.grasp import LIFT_M, judge_grasp, lowest, volume
from func_corr_ros.simulation.suite import load_suite

pytest.importorskip("mujoco", reason="the extra [sim] is not here")
pytest.importorskip("coacd", reason="the extra [sim] is not here")


@pytest.fixture(autouse=True)
def _kept_parts(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("FUNC_CORR_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def block() -> FunctionalObject:
    """A block of 10 x 3 x 4 cm on the floor."""
    return FunctionalObject("block", *box(np.array([-0.05, -0.015, 0.0]), np.array([0.05, 0.015, 0.04]), "body").mesh())


def from_above(x: float, height: float) -> np.ndarray:
    return frame_from_axes(np.array([x, 0.0, height]), np.array([0.0, 0.0, -1.0]), np.array([1.0, 0.0, 0.0]))


def test_what_is_gripped_in_its_middle_is_held() -> None:
    judgement = judge_grasp(block(), from_above(0.0, 0.02))
    assert judgement.success
    assert judgement.measures["risen_m"] == pytest.approx(LIFT_M, abs=0.02)
    assert judgement.measures["slipped_m"] < 0.005


@pytest.mark.parametrize(("x", "height"), [(0.12, 0.02), (0.0, 0.08)])
def test_what_is_missed_stays(x: float, height: float) -> None:
    judgement = judge_grasp(block(), from_above(x, height))
    assert not judgement.success
    assert judgement.measures["risen_m"] == pytest.approx(0.0, abs=0.005)


def test_the_lowest_point_is_that_of_the_turned_object() -> None:
    pose = frame_from_axes(np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    assert lowest(block(), pose) == pytest.approx(1.0 - 0.05)


def test_the_volume_is_that_of_the_solid() -> None:
    assert volume(block()) == pytest.approx(0.10 * 0.03 * 0.04)


def test_the_suite_carries_a_grasp_frame() -> None:
    suite = load_suite("grasp")
    assert suite.tool_link == "gripper" and suite.grasp == "handle"
    assert set(suite.categories) >= {"mug", "pitcher"}
