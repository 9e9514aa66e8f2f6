# SPDX-License-Identifier: Apache-2.0
"""Outcomes: poses where they belong, refusals with their reasons, and plain values that come back as they went."""
from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from func_corr_ros.evaluation.outcome import as_record, outcome_of, phase_from_record, phase_record
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.transfer.pipeline import Pipeline
from func_corr_ros.transfer.transfer import TransferredPhase


def test_the_poses_are_where_the_board_went(pipeline: Pipeline, target) -> None:
    outcome = outcome_of(pipeline.run(target.frame), pipeline.demonstration, target.frame)
    assert not outcome.refused and outcome.reason == ""
    # 120 px to the right and 30 px up, at 0.8 m and 400 px of focal length.
    moved = np.array([0.24, -0.06, 0.0])
    for before, after in zip(pipeline.demonstration.phases, outcome.phases, strict=True):
        error = after.camera_from_tool[:3, 3] - before.camera_from_tool[:3, 3] - moved
        assert np.linalg.norm(error) < 0.006, f"{before.name}: {error}"  # half a patch of the backbone is 6 mm here
    assert outcome.agreeing.sum() > 0.9 * len(outcome.agreeing)
    shift = outcome.uv_live - outcome.uv_reference
    np.testing.assert_allclose(np.median(shift, axis=0), [120.0, -30.0], atol=1.0)
    np.testing.assert_allclose(outcome.keypoints["outlet"], [235.0, 65.0], atol=3.0)


def test_a_refusal_keeps_its_reason(pipeline: Pipeline, target) -> None:
    frame = replace(target.frame, stamp_ns=2)
    outcome = outcome_of(pipeline.run(frame), pipeline.demonstration, frame)
    assert outcome.refused and outcome.code == 302 and "nothing stands on the table" in outcome.reason
    assert outcome.phases == () and outcome.mask is None and outcome.residual_m is None and len(outcome.uv_live) == 0


def test_a_record_is_plain_and_finite(pipeline: Pipeline, target) -> None:
    for stamp in (0, 2):
        frame = replace(target.frame, stamp_ns=stamp)
        record = as_record(outcome_of(pipeline.run(frame), pipeline.demonstration, frame), stamp)
        assert json.loads(json.dumps(record, allow_nan=False)) == record
        assert record["stamp_ns"] == stamp and record["refused"] == (stamp == 2)
        assert record["agreeing"] <= record["matches"] and bool(record["phases"]) != record["refused"]
        assert all(milliseconds >= 0.0 for milliseconds in record["timings_ms"].values())


def test_a_phase_comes_back_as_it_went() -> None:
    pose = make(about_axis(np.array([0.3, -1.0, 0.4]), 2.1), np.array([0.1, -0.2, 0.7]))
    back = phase_from_record(json.loads(json.dumps(phase_record(TransferredPhase("grasp", "gripper_tcp", pose)))))
    np.testing.assert_allclose(back.camera_from_tool, pose, atol=1e-12)
    assert (back.name, back.tool_link) == ("grasp", "gripper_tcp")
