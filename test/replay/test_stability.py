# SPDX-License-Identifier: Apache-2.0
"""Jitter is what is left of noise once even motion is taken away; a flip is a turn that no object makes."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from func_corr_ros.evaluation.outcome import phase_record
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.replay.run_table import RunTable, table_of
from func_corr_ros.replay.stability import flips, jitters, mirror_changes, point_jitter, rotation_jitter
from func_corr_ros.transfer.transfer import TransferredPhase

Z = np.array([0.0, 0.0, 1.0])
PERIOD = 33_333_333


def record(number: int, pose: np.ndarray, **other: Any) -> dict[str, Any]:
    tool = pose if other.get("fixed_from_camera") is None else np.linalg.inv(other["fixed_from_camera"]) @ pose
    camera = other.pop("fixed_from_camera", None)
    phases = [phase_record(TransferredPhase("grasp", "tcp", tool))]
    return {"stamp_ns": number * PERIOD, "refused": False, "code": 0, "reason": "", "mirrored": False, "matches": 1,
            "agreeing": 1, "residual_m": 0.001, "keypoints": {}, "keypoints_m": {"rim": tool[:3, 3].tolist()},
            "phases": phases, "timings_ms": {}, "fixed_from_camera": None if camera is None else camera.tolist(), **other}


def refused(number: int) -> dict[str, Any]:
    return {**record(number, np.eye(4)), "refused": True, "code": 302, "reason": "nothing", "phases": [], "keypoints_m": {}}


def run(records: list[dict[str, Any]]) -> RunTable:
    return table_of(iter(records))


def even(count: int) -> Iterator[np.ndarray]:
    for number in range(count):
        yield make(about_axis(Z, 0.03 * number), np.array([0.01 * number, -0.02 * number, 0.8]))


def test_even_motion_has_no_jitter_and_the_ends_have_none() -> None:
    millimetres, degrees = jitters(run([record(i, pose) for i, pose in enumerate(even(6))]))
    assert set(millimetres) == {"keypoint rim", "phase grasp"} and set(degrees) == {"phase grasp"}
    for values in (*millimetres.values(), *degrees.values()):
        np.testing.assert_allclose(values[1:-1], 0.0, atol=1e-6)
        assert np.isnan(values[[0, -1]]).all()


def test_noise_gives_the_jitter_that_its_variance_says(rng: np.random.Generator) -> None:
    noise = rng.normal(0.0, 2.0, (20000, 3))
    jitter = point_jitter(noise, np.arange(20000) * PERIOD)
    assert abs(np.nanmean(jitter**2) / (4.5 * 4.0) - 1.0) < 0.03


def test_one_frame_off_by_a_known_step() -> None:
    poses = [np.eye(4) for _ in range(5)]
    poses[2] = make(about_axis(Z, np.radians(10.0)), np.array([0.003, 0.0, 0.0]))
    millimetres, degrees = jitters(run([record(i, pose) for i, pose in enumerate(poses)]))
    np.testing.assert_allclose(millimetres["phase grasp"][1:4], [1.5, 3.0, 1.5], atol=1e-9)
    np.testing.assert_allclose(degrees["phase grasp"][1:4], [5.0, 10.0, 5.0], atol=1e-6)


def test_refused_and_distant_frames_are_no_neighbours() -> None:
    records = [record(0, np.eye(4)), record(1, np.eye(4)), refused(2), *(record(i, np.eye(4)) for i in (3, 4, 5, 60, 61))]
    known = np.isfinite(jitters(run(records))[0]["phase grasp"])
    assert known.tolist() == [False, False, False, False, True, False, False, False]
    assert np.isnan(rotation_jitter(np.stack([np.eye(3)] * 2), np.arange(2))).all()


def test_a_moving_camera_is_no_jitter_where_tf_tells_of_it(rng: np.random.Generator) -> None:
    cameras = [make(about_axis(Z, float(rng.normal(0, 0.1))), rng.normal(0, 0.05, 3)) for _ in range(8)]
    still = make(about_axis(Z, 0.3), np.array([0.1, 0.2, 0.9]))
    told = jitters(run([record(i, still, fixed_from_camera=camera) for i, camera in enumerate(cameras)]))
    np.testing.assert_allclose(told[0]["phase grasp"][1:-1], 0.0, atol=1e-9)
    np.testing.assert_allclose(told[1]["phase grasp"][1:-1], 0.0, atol=1e-5)
    untold = jitters(run([record(i, np.linalg.inv(camera) @ still) for i, camera in enumerate(cameras)]))
    assert np.nanmax(untold[0]["phase grasp"]) > 5.0


def test_flips_are_half_turns_and_mirrorings_between_neighbours() -> None:
    turned = make(about_axis(Z, np.radians(120.0)), np.zeros(3))
    records = [record(0, np.eye(4)), record(1, turned), record(2, turned, mirrored=True), record(3, turned, mirrored=True),
               refused(4), record(5, np.eye(4)), record(60, turned)]
    assert np.nonzero(flips(run(records)))[0].tolist() == [1]
    assert np.nonzero(mirror_changes(run(records)))[0].tolist() == [2]
    for found in (flips, mirror_changes):
        assert found(run(records[:1])).tolist() == [False] and found(run([])).tolist() == []
