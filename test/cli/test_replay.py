# SPDX-License-Identifier: Apache-2.0
"""``func-corr replay``: a rosbag2 in, a line per frame and a summary out."""
from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from func_corr_ros.cli.main import main
from func_corr_ros.replay.rgbd_bag import write_bag
from func_corr_ros.transfer.demonstration_store import DemonstrationStore

pytest.importorskip("rosbags", reason="recordings need the extra [replay]")
pytestmark = pytest.mark.usefixtures("color_backbone")


@pytest.fixture
def words(tmp_path: Path, demonstration, target) -> list[str]:
    seen, blind = target.frame, target.frame.without_depth()
    frames = [replace(frame, stamp_ns=number * 10**8) for number, frame in enumerate((seen, blind, seen))]
    bag = write_bag(tmp_path / "bag", frames)
    cv2.imwrite(str(tmp_path / "mask.png"), target.mask.astype(np.uint8) * 255)
    folder = DemonstrationStore(tmp_path / "demonstrations").record(demonstration)
    asked = {"--demonstration": folder, "--mask": tmp_path / "mask.png", "--out": tmp_path / "out"}
    return ["replay", str(bag), *(str(word) for pair in asked.items() for word in pair)]


def test_frames_are_replayed_and_summed_up(words: list[str], tmp_path: Path, demonstration, capsys) -> None:
    assert main(words) == 0
    records = [json.loads(line) for line in (tmp_path / "out" / "frames.jsonl").read_text().splitlines()]
    assert [record["refused"] for record in records] == [False, True, False]
    assert [record["stamp_ns"] for record in records] == [0, 10**8, 2 * 10**8]
    action = next(phase for phase in records[0]["phases"] if phase["name"] == "action")
    moved = np.array(action["position"]) - demonstration.phases[1].camera_from_tool[:3, 3]
    np.testing.assert_allclose(moved, [0.24, -0.06, 0.0], atol=0.006)  # half a patch of the backbone is 6 mm here
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["accepted"] == 2 and summary["refused"] == {"NO_DEPTH": 1}
    assert summary["spread"]["action"]["position_max_m"] < 1e-6
    told = capsys.readouterr().out
    assert "3 frames: 2 accepted" in told and "NO_DEPTH" in told and "correspondence" in told


def test_other_settings_do_not_pass_for_these(words: list[str], capsys: pytest.CaptureFixture) -> None:
    assert main(words) == 0
    assert main([*words, "--set", "transfer.max_residual=0.05"]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert main([*words, "--set", "transfer.max_residual=0.05", "--overwrite"]) == 0


def test_nothing_accepted_is_exit_code_one(words: list[str]) -> None:
    assert main([*words, "--set", "transfer.align.min_points=10000"]) == 1


def test_a_recording_that_is_not_there_is_named(words: list[str], capsys: pytest.CaptureFixture) -> None:
    words[1] += "_elsewhere"
    assert main(words) == 2
    assert "bag_elsewhere does not exist" in capsys.readouterr().err


def test_scores_and_the_page_lie_beside_the_frames(words: list[str], tmp_path: Path, demonstration, capsys) -> None:
    shown = {item.name: [item.uv[0] + 120.0, item.uv[1] - 30.0] for item in demonstration.keypoints}
    truth = {"function": "pour-with", "frames": [{"stamp_ns": 0, "points": shown}]}
    (tmp_path / "truth.yaml").write_text(yaml.safe_dump(truth))
    asked = [*words, "--annotations", str(tmp_path / "truth.yaml"), "--function", "pour-with"]
    assert main(asked) == 0
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())
    # Half a patch of the backbone is 3 px here.
    assert scores["truth"]["keypoints"]["px"]["mean"] < 7.0 and scores["truth"]["keypoints"]["pck"]["0.1"]["mean"] == 1.0
    page = (tmp_path / "out" / "report.html").read_text()
    assert "first refusal of NO_DEPTH" in page and page.count('type="text/plain"') == 3
    before = (tmp_path / "out" / "scores.json").read_bytes()
    assert main(asked) == 0 and (tmp_path / "out" / "scores.json").read_bytes() == before


def test_topics_are_shown_before_anything_is_run(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main([*words, "--topics", "--every", "2"]) == 0
    told = capsys.readouterr().out
    assert "colour /camera/rgb/image_rect_color, depth /camera/depth_registered/image_rect" in told and "about 2 frames" in told
    assert not (tmp_path / "out").exists()
    assert main([*words, "--depth", "/nowhere"]) == 2
    assert "/nowhere" in capsys.readouterr().err


def test_forms_that_cannot_be_written_end_before_the_run(words: list[str], tmp_path: Path, monkeypatch, capsys) -> None:
    assert main([*words, "--write", "csv,mcapp"]) == 2
    assert "--write mcapp: no such form; valid: mcap, csv" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "rerun", None)
    assert main([*words, "--write", "rerun"]) == 2
    assert "pip install 'func_corr_ros[viz]'" in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_another_function_and_bad_annotations_end_before_the_run(words: list[str], tmp_path: Path, capsys) -> None:
    assert main([*words, "--function", "cut-with"]) == 2
    assert "demonstrates pour-with" in capsys.readouterr().err
    (tmp_path / "truth.yaml").write_text("frames: 3\n")
    assert main([*words, "--annotations", str(tmp_path / "truth.yaml")]) == 2
    assert "truth.yaml: 'function' and a list 'frames'" in capsys.readouterr().err and not (tmp_path / "out").exists()
