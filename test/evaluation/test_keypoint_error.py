# SPDX-License-Identifier: Apache-2.0
"""Errors on the surface: millimetres of a known plane, no mixing with what is behind, and silence where nothing is known."""
import dataclasses

import numpy as np
import pytest

from func_corr_ros.evaluation.benchmark import BenchmarkView
from func_corr_ros.evaluation.keypoint_error import keypoint_errors_mm

K = np.array([[400.0, 0.0, 79.5], [0.0, 400.0, 59.5], [0.0, 0.0, 1.0]])


def view(distance: float = 0.8, behind: float = 1.6) -> BenchmarkView:
    """A board 60 px wide at ``distance`` metres, before a wall."""
    mask = np.zeros((120, 160), dtype=bool)
    mask[30:90, 50:110] = True
    depth = np.where(mask, distance, behind).astype(np.float32)
    return BenchmarkView("v", np.zeros((120, 160, 3), dtype=np.uint8), mask, depth, K, None, {})


def test_10_px_on_a_board_are_10_px_of_its_distance() -> None:
    truth = np.array([[60.0, 40.0], [70.5, 55.25]])
    errors = keypoint_errors_mm(truth + [6.0, 8.0], truth, view())
    np.testing.assert_allclose(errors, 1e3 * 10.0 * 0.8 / 400.0, rtol=1e-5)
    np.testing.assert_allclose(keypoint_errors_mm(truth, truth, view()), 0.0)
    np.testing.assert_allclose(keypoint_errors_mm(truth + [6.0, 8.0], truth, view(1.6)), 2 * errors, rtol=1e-5)


def test_what_stands_behind_does_not_count() -> None:
    truth = np.array([[60.0, 40.0]])
    assert np.isnan(keypoint_errors_mm(np.array([[20.0, 40.0]]), truth, view()))
    at_the_edge = keypoint_errors_mm(np.array([[49.0, 40.0]]), truth, view())  # 1 px outside: the board's own depth is nearest
    assert at_the_edge[0] == pytest.approx(1e3 * 11.0 * 0.8 / 400.0, rel=1e-5)


def test_silence_and_missing_depth_are_not_known() -> None:
    truth = np.array([[60.0, 40.0]])
    assert np.isnan(keypoint_errors_mm(np.full((1, 2), np.nan), truth, view()))
    for lacking in (dataclasses.replace(view(), depth=None), dataclasses.replace(view(), K=None)):
        assert np.isnan(keypoint_errors_mm(truth, truth, lacking))
