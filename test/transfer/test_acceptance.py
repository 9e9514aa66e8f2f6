# SPDX-License-Identifier: Apache-2.0
"""The gate opens on agreement, and on nothing else."""

from __future__ import annotations

import numpy as np

from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.transfer.acceptance import StabilityGate, StabilitySettings

X = np.array([1.0, 0.0, 0.0])


def _pose(shift=0.0, angle_deg=0.0):
    return make(about_axis(X, np.radians(angle_deg)), np.array([shift, 0.0, 1.0]))


def test_opens_after_enough_agreeing_poses():
    gate = StabilityGate(StabilitySettings(agreeing=3))
    assert [gate.accepts(_pose(shift)) for shift in (0.0, 0.004, 0.008, 0.009)] == [False, False, True, True]


def test_a_jump_closes_it_until_poses_agree_again():
    gate = StabilityGate(StabilitySettings(agreeing=2))
    assert [gate.accepts(_pose(shift)) for shift in (0.0, 0.0, 0.05, 0.05)] == [False, True, False, True]


def test_rotation_counts_too():
    gate = StabilityGate(StabilitySettings(agreeing=2))
    assert [gate.accepts(_pose(angle_deg=angle)) for angle in (0.0, 5.0, 7.0)] == [False, False, True]


def test_slow_drift_does_not_pass_as_agreement():
    gate = StabilityGate(StabilitySettings(agreeing=4))
    assert not any(gate.accepts(_pose(0.006 * step)) for step in range(10))


def test_reset_forgets():
    gate = StabilityGate(StabilitySettings(agreeing=2))
    gate.accepts(_pose())
    gate.reset()
    assert not gate.accepts(_pose())
    assert gate.count == 1


def test_one_estimate_is_enough_where_asked_for():
    assert StabilityGate(StabilitySettings(agreeing=1)).accepts(_pose())
