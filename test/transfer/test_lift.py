# SPDX-License-Identifier: Apache-2.0
"""Pixels become points only where both cameras saw a surface."""

from __future__ import annotations

import numpy as np
import pytest

from func_corr_ros.errors import NoDepth
from func_corr_ros.transfer.lift import MIN_PAIRS, lift_matches


def _matches(count=20):
    rng = np.random.default_rng(1)
    uv = rng.uniform(20, 90, (count, 2)).astype(np.float32)
    return uv, rng.normal(size=(count, 3)), np.linspace(0.1, 1.0, count).astype(np.float32)


def test_reference_points_are_the_demonstrations_surface(demonstration):
    uv, live, confidence = _matches()
    lifted = lift_matches(demonstration.frame, uv, live, confidence)
    np.testing.assert_allclose(demonstration.frame.camera.project(lifted.reference)[0], uv, atol=1e-4)
    np.testing.assert_allclose(lifted.reference[:, 2], 1.0, atol=1e-6)
    np.testing.assert_array_equal(lifted.live, live)
    assert lifted.valid_ratio == 1.0


def test_pairs_without_depth_or_trust_are_left_out_and_counted(demonstration):
    uv, live, confidence = _matches()
    live[:5] = np.nan
    confidence[5:7] = 0.0
    confidence[7] = np.nan
    lifted = lift_matches(demonstration.frame, uv, live, confidence)
    assert len(lifted.weights) == 12
    assert lifted.valid_ratio == pytest.approx(12 / 17)


def test_too_little_depth_is_refused_with_the_counts(demonstration):
    uv, live, confidence = _matches()
    live[MIN_PAIRS - 1 :] = np.nan
    with pytest.raises(NoDepth, match=f"{MIN_PAIRS - 1} of 20"):
        lift_matches(demonstration.frame, uv, live, confidence)
