# SPDX-License-Identifier: Apache-2.0
"""Replay without ROS: every frame has its record, a run that was broken off goes on, old results never pass for new ones."""
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.errors import BadRecording, BadSettings
from func_corr_ros.evaluation.outcome import phase_from_record
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.replay.bag_replay import recording_hashes, replay, spread, stage_percentiles, summarise
from func_corr_ros.replay.run_table import table_of
from func_corr_ros.transfer.pipeline import Pipeline

MADE_WITH = {"settings": {"model": "color"}, "sha256": {"bag": "00"}}


def frames_of(target, count: int = 4) -> Iterator[RgbdFrame]:
    for stamp in range(count):
        yield RgbdFrame(target.frame.color, target.frame.depth, target.frame.camera, stamp, "camera")


def test_every_frame_has_its_record(pipeline: Pipeline, target, tmp_path: Path) -> None:
    seen: list[int] = []
    summary = replay(frames_of(target), pipeline, tmp_path, MADE_WITH, on_frame=lambda record: seen.append(record["stamp_ns"]))
    records = [json.loads(line) for line in (tmp_path / "frames.jsonl").read_text().splitlines()]
    assert seen == [record["stamp_ns"] for record in records] == [0, 1, 2, 3]
    assert [record["refused"] for record in records] == [False, False, True, False]
    assert summary["frames"] == 4 and summary["accepted"] == 3 and summary["refused"] == {"NO_MASK": 1}
    assert summary["spread"]["action"]["count"] == 3 and summary["spread"]["action"]["position_max_m"] < 1e-9
    assert set(summary["timings_ms"]) == {"read", "segmentation", "correspondence", "lift", "transfer"}
    assert json.loads((tmp_path / "summary.json").read_text()) == summary
    assert json.loads((tmp_path / "provenance.json").read_text()) == MADE_WITH
    pose = phase_from_record(records[0]["phases"][0]).camera_from_tool
    np.testing.assert_allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-9)


def test_a_finished_replay_is_not_run_again(pipeline: Pipeline, target, tmp_path: Path) -> None:
    first = replay(frames_of(target), pipeline, tmp_path, MADE_WITH)
    calls = pipeline.segmenter.calls
    assert replay(frames_of(target), pipeline, tmp_path, MADE_WITH) == first
    assert pipeline.segmenter.calls == calls


def test_a_replay_that_was_broken_off_goes_on(pipeline: Pipeline, target, tmp_path: Path) -> None:
    def power_fails(record: dict) -> None:
        if record["stamp_ns"] == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(frames_of(target), pipeline, tmp_path, MADE_WITH, on_frame=power_fails)
    assert not (tmp_path / "frames.jsonl").exists() and not (tmp_path / "summary.json").exists()
    with (tmp_path / "frames.jsonl.partial").open("a") as file:
        file.write('{"stamp_ns": 2, "refu')  # the line that was being written
    summary = replay(frames_of(target), pipeline, tmp_path, MADE_WITH)
    assert summary["frames"] == 4 and pipeline.segmenter.calls == 4
    assert len((tmp_path / "frames.jsonl").read_text().splitlines()) == 4
    assert not (tmp_path / "frames.jsonl.partial").exists()


def test_other_frames_do_not_continue_it(pipeline: Pipeline, target, tmp_path: Path) -> None:
    def power_fails(_: dict) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(frames_of(target), pipeline, tmp_path, MADE_WITH, on_frame=power_fails)
    others = (frame for frame in frames_of(target) if frame.stamp_ns > 0)
    with pytest.raises(BadRecording, match="has changed"):
        replay(others, pipeline, tmp_path, MADE_WITH)


def test_two_at_once_do_not_mix_their_frames(pipeline: Pipeline, target, tmp_path: Path) -> None:
    def second(_: dict) -> None:
        with pytest.raises(BadSettings, match="another replay is writing to"):
            replay(frames_of(target), pipeline, tmp_path, MADE_WITH)

    assert replay(frames_of(target, 2), pipeline, tmp_path, MADE_WITH, on_frame=second)["frames"] == 2


def test_results_made_otherwise_are_refused(pipeline: Pipeline, target, tmp_path: Path) -> None:
    replay(frames_of(target, 1), pipeline, tmp_path, MADE_WITH)
    other = {**MADE_WITH, "settings": {"model": "another"}}
    with pytest.raises(BadSettings, match="differ in settings.*--overwrite"):
        replay(frames_of(target, 1), pipeline, tmp_path, other)
    summary = replay(frames_of(target, 2), pipeline, tmp_path, other, overwrite=True)
    assert summary["frames"] == 2 and json.loads((tmp_path / "provenance.json").read_text()) == other


def test_spread_of_known_poses() -> None:
    axis = np.array([0.0, 0.0, 1.0])
    placed = (0.0, 0.0), (0.1, 0.0), (-0.1, 0.03)
    poses = np.stack([make(about_axis(axis, turn), np.array([x, 0.0, 1.0])) for turn, x in placed])
    found = spread(poses)
    assert found["count"] == 3
    np.testing.assert_allclose([found["position_p50_m"], found["position_max_m"]], [0.0, 0.03], atol=1e-12)
    np.testing.assert_allclose([found["rotation_p50_deg"], found["rotation_max_deg"]], np.degrees([0.1, 0.1]), atol=1e-6)


def test_stage_percentiles_by_hand() -> None:
    timings = [{"segmentation": float(value)} for value in range(101)] + [{"transfer": 7.0}]
    assert stage_percentiles(timings) == {"segmentation": {"p50": 50.0, "p95": 95.0}, "transfer": {"p50": 7.0, "p95": 7.0}}


def test_no_frames_at_all_have_a_summary() -> None:
    assert summarise(table_of(iter([]))) == {"frames": 0, "accepted": 0, "refused": {}, "timings_ms": {}, "spread": {}}


def test_a_recording_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="missing or empty"):
        recording_hashes(tmp_path / "nothing")
    (tmp_path / "metadata.yaml").write_text("a")
    assert set(recording_hashes(tmp_path)) == {"metadata.yaml"}
