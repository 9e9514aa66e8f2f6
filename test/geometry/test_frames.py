# SPDX-License-Identifier: Apache-2.0
"""Frames from axes, and the one constant rotation of REP-103."""
import numpy as np
import pytest

from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.geometry.frames import BODY_FROM_OPTICAL, frame_from_axes


def test_optical_axes_in_the_body_frame() -> None:
    right, down, forward = BODY_FROM_OPTICAL.T
    np.testing.assert_array_equal(forward, [1.0, 0.0, 0.0])
    np.testing.assert_array_equal(right, [0.0, -1.0, 0.0])
    np.testing.assert_array_equal(down, [0.0, 0.0, -1.0])
    assert np.linalg.det(BODY_FROM_OPTICAL) == 1.0
    with pytest.raises(ValueError, match="read-only"):
        BODY_FROM_OPTICAL[0, 0] = 1.0


def test_known_axes_give_their_frame() -> None:
    frame = frame_from_axes(np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.0, 2.0]), np.array([5.0, 0.0, 7.0]))
    expected = np.eye(4)
    expected[:3, 3] = [1.0, 2.0, 3.0]
    np.testing.assert_allclose(frame, expected, atol=1e-15)


def test_any_axes_give_a_right_handed_frame_with_z_kept_and_x_near_its_hint(rng: np.random.Generator) -> None:
    origin, z, hint = rng.normal(size=(3, 3))
    frame = frame_from_axes(origin, z, hint)
    np.testing.assert_allclose(frame[:3, :3].T @ frame[:3, :3], np.eye(3), atol=1e-14)
    assert np.linalg.det(frame[:3, :3]) == pytest.approx(1.0)
    np.testing.assert_allclose(frame[:3, 2], z / np.linalg.norm(z), atol=1e-14)
    assert frame[:3, 1] @ hint == pytest.approx(0.0, abs=1e-14) and frame[:3, 0] @ hint > 0.0


@pytest.mark.parametrize("z, hint, words", [
    ([0.0, 0.0, 0.0], [1.0, 0.0, 0.0], "z axis .* has no direction"),
    ([0.0, 0.0, 1.0], [0.0, np.nan, 0.0], "x hint .* has no direction"),
    ([0.0, 1.0, 1.0], [0.0, -2.0, -2.0], "cosine -1.000000"),
])
def test_axes_without_direction_or_parallel_are_refused(z: list[float], hint: list[float], words: str) -> None:
    with pytest.raises(DegenerateGeometry, match=words):
        frame_from_axes(np.zeros(3), np.array(z), np.array(hint))
