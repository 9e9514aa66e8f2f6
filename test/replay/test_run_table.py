# SPDX-License-Identifier: Apache-2.0
"""Columns hold what the lines said, NaN where they said nothing; half a run is not taken for one."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.errors import BadRecording
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.replay.frame_record import frame_record, from_runs, runs
from func_corr_ros.replay.run_table import read_run, records_of, table_of
from func_corr_ros.transfer.pipeline import Pipeline
from func_corr_ros.transfer.transfer import Transfer


def test_records_become_columns(pipeline: Pipeline, target) -> None:
    frames = [RgbdFrame(target.frame.color, target.frame.depth, target.frame.camera, stamp, "camera") for stamp in (1, 2, 3)]
    results = [pipeline.run(frame) for frame in frames]
    camera = np.diag([1.0, -1.0, -1.0, 1.0])
    records = [frame_record(result, pipeline.demonstration, frame, camera) for result, frame in zip(results, frames, strict=True)]
    table = table_of(iter(json.loads(json.dumps(records))))
    assert table.stamp_ns.tolist() == [1, 2, 3] and table.code.tolist() == [0, 302, 0] and len(table) == 3
    assert "nothing stands on the table" in table.reasons[302]
    came = results[0].outcome
    assert isinstance(came, Transfer)
    for name, point in came.keypoints.items():
        np.testing.assert_array_equal(table.keypoints_m[name][0], point)
        np.testing.assert_array_equal(table.keypoints[name][0], target.frame.camera.project(point)[0])
        assert np.isnan(table.keypoints[name][1]).all()
    np.testing.assert_allclose(table.phases["action"][2], came.phase("action").camera_from_tool, atol=1e-12)
    np.testing.assert_array_equal(table.fixed_from_camera[1], camera)
    assert table.figures["depth_valid"][0] == 1.0 and np.isnan(table.figures["depth_valid"][1])
    assert 0.9 < table.figures["cycle"][0] <= 1.0 and np.isnan(table.figures["exists"]).all()
    assert table.figures["score"][0] == came.score and np.isnan(table.figures["score"][1])
    found = results[0].correspondence
    assert found is not None and table.figures["confidence"][0] == pytest.approx(found.confidence.mean(), abs=1e-6)
    assert from_runs(records[0]["mask"]).tolist() == target.mask.tolist()


@pytest.mark.parametrize("fill", [0.0, 0.3, 0.7, 1.0])
def test_runs_give_the_mask_back(rng: np.random.Generator, fill: float) -> None:
    mask = rng.random((13, 17)) < fill
    np.testing.assert_array_equal(from_runs(json.loads(json.dumps(runs(mask)))), mask)


def test_half_a_run_is_refused_and_a_torn_line_ends_the_file(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="holds no replayed run; func-corr replay makes one"):
        read_run(tmp_path)
    (tmp_path / "frames.jsonl.partial").write_text('{"a": 1}\n{"a": 2}\n{"a"')
    with pytest.raises(BadRecording, match="broken off"):
        read_run(tmp_path)
    assert [record["a"] for record in records_of(tmp_path / "frames.jsonl.partial")] == [1, 2]
