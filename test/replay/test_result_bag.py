# SPDX-License-Identifier: Apache-2.0
"""Results read back from the bag, the table and the video are those of the records."""
from __future__ import annotations

import csv
import json
import math
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np
import pytest
from painted_world import painted_pipeline, painted_target

from func_corr_ros.errors import BadImage, BadSettings, MissingOptional
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.replay.bag_reader import Recording, opened
from func_corr_ros.replay.bag_replay import replay
from func_corr_ros.replay.replay_results import rate_of, write_forms
from func_corr_ros.replay.result_bag import KEYPOINTS, RESULT, typestore
from func_corr_ros.replay.rgbd_bag import write_bag
from func_corr_ros.replay.run_files import write_video
from func_corr_ros.replay.run_table import read_run, records_of
from func_corr_ros.transfer.pipeline import Pipeline

pytest.importorskip("rosbags")


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Recording]:
    """Three frames, the second of which the segmenter refuses."""
    folder, seen = tmp_path_factory.mktemp("replayed"), painted_target().frame
    frames = [RgbdFrame(seen.color, seen.depth, seen.camera, stamp, "optical") for stamp in (1, 2, 3)]
    recording = Recording(write_bag(folder / "bag", frames))
    replay(recording, painted_pipeline(), folder / "out", {})
    return folder / "out", recording


@pytest.fixture
def run(once: tuple[Path, Recording], tmp_path: Path) -> tuple[Path, Recording]:
    """A run of one's own to write into, replayed once for all."""
    return Path(shutil.copytree(once[0], tmp_path / "out")), once[1]


def test_every_form_holds_what_the_records_hold(run, pipeline: Pipeline) -> None:
    out, recording = run
    made = write_forms(out, ["mcap", "csv", "video"], recording, pipeline.demonstration, None)
    assert [path.name for path in made] == ["results", "frames.csv", "overlay.mp4"] and all(path.exists() for path in made)
    records = list(records_of(out / "frames.jsonl"))
    with opened(made[0]) as reader:
        assert {name: info.msgcount for name, info in reader.topics.items()} == {
            "/func_corr/transfer": 3, "/func_corr/keypoints": 3, "/func_corr/grasp/pose": 2, "/func_corr/action/pose": 2,
            "/func_corr/overlay/compressed": 3,
        }
        for connection, stamp, data in reader.messages():
            message, record = reader.deserialize(data, connection.msgtype), records[stamp - 1]
            assert message.header.stamp.nanosec == stamp and message.header.frame_id == "optical"
            if connection.msgtype == RESULT:
                assert message.accepted == (not record["refused"]) and message.error_code == record["code"]
                assert [message.score, message.inlier_ratio] == pytest.approx(
                    [math.nan if record[name] is None else record[name] for name in ("score", "inlier_ratio")], nan_ok=True)
                assert message.error_msg == record["reason"] and len(message.phases) == len(record["phases"])
                for phase, ours in zip(message.phases, record["phases"], strict=True):
                    place = phase.pose.pose.position
                    assert [place.x, place.y, place.z] == ours["position"] and phase.tool_link == ours["tool_link"]
            if connection.msgtype == KEYPOINTS:
                for item in message.keypoints:
                    assert [item.u, item.v] == pytest.approx(record["keypoints"][item.name], rel=1e-6)
                    assert item.has_depth == (not record["refused"])
    rows = list(csv.DictReader(made[1].open()))
    assert [row["outcome"] for row in rows] == ["ACCEPTED", "NO_MASK", "ACCEPTED"] and rows[1]["grasp_x"] == ""
    assert float(rows[2]["grasp_z"]) == records[2]["phases"][0]["position"][2]
    assert float(rows[0]["outlet_u"]) == records[0]["keypoints"]["outlet"][0]
    video = cv2.VideoCapture(str(made[2]))
    assert int(video.get(cv2.CAP_PROP_FRAME_COUNT)) == 3 and int(video.get(cv2.CAP_PROP_FRAME_WIDTH)) == 640


def test_message_types_are_those_of_the_msg_files() -> None:
    types = typestore().types
    names = [item.name for item in fields(types[RESULT])]
    assert names[:3] == ["header", "function", "demonstration_id"] and {"accepted", "error_msg"} <= set(names)


def test_parquet_needs_its_package_and_then_holds_the_same(run, pipeline: Pipeline) -> None:
    out, recording = run
    try:
        (path,) = write_forms(out, ["parquet"], recording, pipeline.demonstration, None)
    except MissingOptional as error:
        assert "pip install 'func_corr_ros[tables]'" in str(error)
        return
    import pyarrow.parquet

    read = pyarrow.parquet.read_table(path)
    assert str(read.schema.field("keypoint_px").type) == "double", "also where this run has no such figure"
    table = read.to_pydict()
    assert table["stamp_ns"] == [1, 2, 3] and table["grasp_x"][1] is None


def test_rerun_needs_its_package_and_then_holds_every_frame(run, pipeline: Pipeline) -> None:
    out, recording = run
    try:
        (path,) = write_forms(out, ["rerun"], recording, pipeline.demonstration, None)
    except MissingOptional as error:
        assert "pip install 'func_corr_ros[viz]'" in str(error)
        return
    words = [sys.executable, "-m", "rerun", "rrd", "print", str(path)]
    told = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True).stdout
    rows = {}
    for count, entity in re.findall(r"with (\d+) rows .*? - /(\S+) - ", told):
        rows[entity] = rows.get(entity, 0) + int(count)
    assert rows["overlay"] == 3 and rows["figures/accepted"] == 3 and rows["camera/grasp"] == 3 and rows["figures/cycle"] == 2


def test_what_cannot_be_written_is_refused(run, pipeline: Pipeline, tmp_path: Path) -> None:
    out, recording = run
    with pytest.raises(BadSettings, match="--write gif: no such form; valid: mcap, csv, parquet, video, rerun"):
        write_forms(out, ["csv", "gif"], recording, pipeline.demonstration, None)
    assert not (out / "frames.csv").exists()
    with pytest.raises(BadImage, match="no picture"):
        write_video(tmp_path / "none.mp4", [], 10.0)
    assert list(tmp_path.glob("*none.mp4")) == []


def test_the_rate_is_that_of_the_stamps(run) -> None:
    out, _ = run
    records = [{**record, "stamp_ns": i * 33_333_333} for i, record in enumerate(records_of(out / "frames.jsonl"))]
    (out / "frames.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    assert rate_of(read_run(out)) == pytest.approx(30.0, rel=1e-6)
    assert np.isfinite(rate_of(read_run(out)))
