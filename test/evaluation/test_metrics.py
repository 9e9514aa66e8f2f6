# SPDX-License-Identifier: Apache-2.0
"""Pose errors: known answers, symmetry, independence of the frame, refusals."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.evaluation.metrics import pose_error
from func_corr_ros.geometry import se3


def random_pose(rng: np.random.Generator) -> np.ndarray:
    return se3.make(se3.about_axis(rng.normal(size=3), float(rng.uniform(-3.0, 3.0))), rng.normal(size=3))


def test_a_perfect_estimate_has_no_error(rng: np.random.Generator) -> None:
    pose = random_pose(rng)
    error = pose_error(pose, pose)
    assert error.translation_m == 0.0 and error.rotation_deg == pytest.approx(0.0, abs=1e-6)  # acos near 1 in float64


def test_a_shift_is_metres_and_a_turn_is_degrees(rng: np.random.Generator) -> None:
    truth = random_pose(rng)
    shift = se3.make(np.eye(3), np.array([0.03, 0.0, 0.04]))
    turn = se3.make(se3.about_axis(np.array([1.0, 2.0, -1.0]), np.radians(25.0)), np.zeros(3))
    assert pose_error(truth @ shift, truth).translation_m == pytest.approx(0.05, rel=1e-12)
    assert pose_error(truth @ shift, truth).rotation_deg == pytest.approx(0.0, abs=1e-6)
    assert pose_error(truth @ turn, truth).rotation_deg == pytest.approx(25.0, rel=1e-12)
    assert pose_error(truth @ turn, truth).translation_m == pytest.approx(0.0, abs=1e-12)


def test_half_a_turn_is_180_degrees() -> None:
    assert pose_error(np.diag([-1.0, -1.0, 1.0, 1.0]), np.eye(4)).rotation_deg == pytest.approx(180.0, rel=1e-12)


@given(seed=st.integers(0, 1000))
def test_symmetric_and_the_same_in_every_frame(seed: int) -> None:
    rng = np.random.default_rng(seed)
    estimate, truth, other = (random_pose(rng) for _ in range(3))
    error, swapped, moved = pose_error(estimate, truth), pose_error(truth, estimate), pose_error(other @ estimate, other @ truth)
    for again in (swapped, moved):
        assert again.translation_m == pytest.approx(error.translation_m, rel=1e-9)
        assert again.rotation_deg == pytest.approx(error.rotation_deg, rel=1e-9)


def test_what_is_no_pose_is_refused() -> None:
    with pytest.raises(DegenerateGeometry, match="estimate is not finite"):
        pose_error(np.full((4, 4), np.nan), np.eye(4))
    with pytest.raises(DegenerateGeometry, match="truth is not a rigid pose"):
        pose_error(np.eye(4), np.diag([2.0, 2.0, 2.0, 1.0]))
    with pytest.raises(DegenerateGeometry, match="det R is -1"):
        pose_error(np.diag([1.0, 1.0, -1.0, 1.0]), np.eye(4))
