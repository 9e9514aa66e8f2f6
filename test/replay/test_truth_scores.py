# SPDX-License-Identifier: Apache-2.0
"""Known answers: nothing off is zero, a constant offset is that offset, what was refused is wrong, no truth is no figure."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from func_corr_ros.evaluation.outcome import phase_record
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import about_axis, make, quaternion_xyzw
from func_corr_ros.replay.annotations import read_annotations
from func_corr_ros.replay.frame_record import runs
from func_corr_ros.replay.truth_scores import longer_side, truth_rows, truth_summary
from func_corr_ros.transfer.transfer import TransferredPhase

CAMERA = PinholeCamera(100.0, 100.0, 19.5, 14.5, 40, 30)
FRAME = RgbdFrame(np.zeros((30, 40, 3), np.uint8), np.full((30, 40), 0.5, np.float32), CAMERA, 7, "camera")
POSE = make(about_axis(np.array([1.0, 2.0, 3.0]), 0.7), np.array([0.01, -0.02, 0.5]))
PART = np.zeros((30, 40), dtype=bool)
PART[5:10, 5:15] = True


def truth(tmp_path: Path) -> Any:
    """A keypoint in the middle of the picture, half a metre away, a tool, a part of 50 px, an object of 20 x 10 px."""
    pose = {"position": POSE[:3, 3].tolist(), "quaternion_xyzw": quaternion_xyzw(POSE[:3, :3]).tolist()}
    corners = [[5, 5], [14, 5], [14, 9], [5, 9]]
    (tmp_path / "truth.yaml").write_text(yaml.safe_dump({"function": "pour-with", "frames": [{
        "stamp_ns": 7, "points": {"rim": [19.5, 14.5], "unasked": [1.0, 1.0]}, "phases": {"grasp": pose},
        "part": {"outline": corners}, "outline": [[10, 10], [29, 10], [29, 19], [10, 19]],
    }]}))
    return read_annotations(tmp_path / "truth.yaml")


def record(offset_px: float = 0.0, offset_m: float = 0.0, turn: float = 0.0, refused: bool = False) -> dict[str, Any]:
    tool = POSE @ make(about_axis(np.array([0.0, 0.0, 1.0]), turn), np.zeros(3))
    tool[0, 3] += offset_m
    return {
        "refused": refused, "keypoints": {"rim": [19.5 + offset_px, 14.5]}, "keypoints_m": {"rim": [offset_m, 0.0, 0.5]},
        "phases": [] if refused else [phase_record(TransferredPhase("grasp", "tcp", tool))], "mask": None, "region": runs(PART),
    }


def figures(tmp_path: Path, *records: dict[str, Any]) -> dict[str, Any]:
    rows = [row for one in records for row in truth_rows(truth(tmp_path), [FRAME], {7: one}, ["rim", "spout"])]
    assert all(set(row["keypoints"]) == {"rim"} for row in rows), "a point that nobody asked for must not count"
    return truth_summary(rows)


def test_nothing_off_is_zero_and_one(tmp_path: Path) -> None:
    found = figures(tmp_path, record())
    assert found["keypoints"]["px"]["mean"] == pytest.approx(0.0, abs=1e-9)
    assert found["keypoints"]["mm"]["mean"] == pytest.approx(0.0, abs=1e-6)
    assert found["phases"]["grasp"]["mm"]["mean"] == pytest.approx(0.0, abs=1e-9)
    assert found["phases"]["grasp"]["deg"]["mean"] == pytest.approx(0.0, abs=1e-6)
    assert found["region_iou"]["mean"] == 1.0 and found["keypoints"]["pck"]["0.05"]["mean"] == 1.0


def test_a_constant_offset_is_that_offset_and_the_step_of_pck(tmp_path: Path) -> None:
    found = figures(tmp_path, record(1.5, 0.004, 0.1), record(1.5, 0.004, 0.1))
    assert found["keypoints"]["px"]["mean"] == pytest.approx(1.5)
    assert found["keypoints"]["share"]["mean"] == pytest.approx(1.5 / 20)
    assert found["keypoints"]["mm"]["median"] == pytest.approx(4.0, abs=1e-4)
    assert found["phases"]["grasp"]["mm"]["mean"] == pytest.approx(4.0)
    assert found["phases"]["grasp"]["deg"]["mean"] == pytest.approx(np.degrees(0.1))
    assert {share: part["mean"] for share, part in found["keypoints"]["pck"].items()} == {"0.05": 0.0, "0.1": 1.0, "0.2": 1.0}
    assert found["keypoints"]["px"]["ci95"] == pytest.approx([1.5, 1.5])


def test_what_was_refused_has_no_error_but_counts_as_wrong(tmp_path: Path) -> None:
    found = figures(tmp_path, record(1.0), record(refused=True))
    assert (found["frames"], found["answered"]) == (2, 1)
    assert found["keypoints"]["px"] == {"mean": 1.0, "median": 1.0, "n": 1, "ci95": [1.0, 1.0]}
    assert found["keypoints"]["pck"]["0.1"]["mean"] == 0.5 and found["phases"]["grasp"]["mm"]["n"] == 1
    assert found["region_iou"]["n"] == 2, "the part was predicted all the same"


def test_no_answer_at_all_gives_no_figure_and_no_crash(tmp_path: Path) -> None:
    found = figures(tmp_path, record(refused=True))
    assert found["keypoints"]["px"] == {"mean": None, "median": None, "n": 0, "ci95": [None, None]}
    assert found["keypoints"]["pck"]["0.2"]["mean"] == 0.0
    assert truth_summary([])["keypoints"]["pck"]["0.1"]["n"] == 0


def test_half_the_part_is_half_the_overlap(tmp_path: Path) -> None:
    half = PART.copy()
    half[:, 10:] = False
    assert figures(tmp_path, {**record(), "region": runs(half)})["region_iou"]["mean"] == 0.5
    assert figures(tmp_path, {**record(), "region": None})["region_iou"]["n"] == 0


def test_the_longer_side_is_that_of_the_box() -> None:
    assert longer_side(PART) == 10 and longer_side(PART.T) == 10
