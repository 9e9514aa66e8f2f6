# SPDX-License-Identifier: Apache-2.0
"""Scores of a replayed bag against the same figures computed here, from nothing but the pipeline and the truth."""
from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from painted_world import painted_pipeline, painted_target

from func_corr_ros.errors import BadAnnotations
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import quaternion_xyzw
from func_corr_ros.replay.annotations import read_annotations
from func_corr_ros.replay.bag_reader import Recording, read_frames
from func_corr_ros.replay.bag_replay import replay
from func_corr_ros.replay.replay_scores import score_run, worst
from func_corr_ros.replay.rgbd_bag import write_bag
from func_corr_ros.transfer.pipeline import Pipeline
from func_corr_ros.transfer.transfer import Transfer

pytest.importorskip("rosbags")
# The painted board stands 120 px further right and 30 px higher than the demonstrated one, 0.8 m away (see painted_world).
MOVED_M = np.array([0.24, -0.06, 0.0])


def shaken(target, count: int = 6) -> list[RgbdFrame]:
    """Frames of the board with noise in colour and depth, new in each; frame 2 is the one the segmenter refuses."""
    frames = []
    for number in range(count):
        rng = np.random.default_rng([5, number])
        color = np.clip(target.frame.color + rng.normal(0, 3, target.frame.color.shape), 0, 255).astype(np.uint8)
        depth = (target.frame.depth + rng.normal(0, 0.002, target.frame.depth.shape)).astype(np.float32)
        frames.append(RgbdFrame(color, depth, target.frame.camera, number + 1, "camera"))
    return frames


def annotated(path: Path, demonstration, target, frames: list[RgbdFrame]) -> Path:
    """The truth on frames 0, 1 (refused) and 3: pixels on the first two, metres on the last, tools on all."""
    shown = {name: (u + 120.0, v - 30.0) for name, (u, v) in ((k.name, k.uv) for k in demonstration.keypoints)}
    phases = {
        phase.name: {"position": (phase.camera_from_tool[:3, 3] + MOVED_M).tolist(),
                     "quaternion_xyzw": quaternion_xyzw(phase.camera_from_tool[:3, :3]).tolist()}
        for phase in demonstration.phases
    }
    u0, v0 = target.corner
    outline = [[u0, v0], [u0 + 83, v0], [u0 + 83, v0 + 83], [u0, v0 + 83]]
    points_m = {item.name: (item.point + MOVED_M).tolist() for item in demonstration.keypoints}
    common = {"outline": outline, "phases": phases}
    content = {"function": "pour-with", "frames": [
        {"stamp_ns": frames[0].stamp_ns, "points": {**{k: list(v) for k, v in shown.items()}, "not_asked": [3.0, 4.0]}, **common},
        {"stamp_ns": frames[1].stamp_ns, "points": {k: list(v) for k, v in shown.items()}, **common},
        {"stamp_ns": frames[3].stamp_ns, "points_m": points_m, **common},
        {"stamp_ns": 99, "points": {}},
    ]}
    path.write_text(yaml.safe_dump(content))
    return path


def angle_deg(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip((np.trace(a.T @ b) - 1.0) / 2.0, -1.0, 1.0))))


def replayed(bag: Path, out: Path) -> Recording:
    recording = Recording(bag)
    replay(recording, painted_pipeline(), out, {"made": "here"}, account=lambda: recording.account.as_record())
    return recording


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recording, Path, Path]:
    folder = tmp_path_factory.mktemp("replayed")
    bag = write_bag(folder / "bag", shaken(painted_target()), depth_encoding="32FC1")
    return replayed(bag, folder / "out"), bag, folder / "out"


@pytest.fixture
def run(once: tuple[Recording, Path, Path], tmp_path: Path) -> tuple[Recording, Path, list[RgbdFrame]]:
    """A run of one's own to write scores into, replayed once for all."""
    recording, bag, out = once
    return recording, Path(shutil.copytree(out, tmp_path / "out")), list(read_frames(bag))


def test_scores_are_those_computed_independently(run, pipeline: Pipeline, demonstration, target, tmp_path: Path) -> None:
    recording, out, frames = run
    annotations = read_annotations(annotated(tmp_path / "truth.yaml", demonstration, target, frames))
    scores = score_run(out, recording, demonstration, annotations)
    px, mm, tool_mm, tool_deg = [], [], [], []
    for number in (0, 3):
        frame = frames[number]
        came = pipeline.run(frame).outcome
        assert isinstance(came, Transfer)
        for item in demonstration.keypoints:
            seen = came.keypoints[item.name]
            k = frame.camera
            uv = np.array([k.fx * seen[0] / seen[2] + k.cx, k.fy * seen[1] / seen[2] + k.cy])
            true_uv = np.array(item.uv) + [120.0, -30.0]
            px.append(np.hypot(*(uv - true_uv)))
            if number == 3:
                true = item.point + MOVED_M
            else:  # the depth camera's own surface: four pixels around a whole pixel are that pixel
                z = float(frame.depth[round(true_uv[1]), round(true_uv[0])])
                true = np.array([(true_uv[0] - k.cx) * z / k.fx, (true_uv[1] - k.cy) * z / k.fy, z])
            mm.append(1e3 * np.linalg.norm(seen - true))
        for phase in came.phases:
            shown = next(item for item in demonstration.phases if item.name == phase.name)
            tool_mm.append(1e3 * np.linalg.norm(phase.camera_from_tool[:3, 3] - shown.camera_from_tool[:3, 3] - MOVED_M))
            tool_deg.append(angle_deg(phase.camera_from_tool[:3, :3], shown.camera_from_tool[:3, :3]))
    truth = scores["truth"]
    assert truth["frames"] == 3 and truth["answered"] == 2 and scores["annotated_but_not_replayed"] == 1
    assert truth["keypoints"]["px"]["mean"] == pytest.approx(np.mean(px), abs=1e-6)
    assert truth["keypoints"]["px"]["median"] == pytest.approx(np.median(px), abs=1e-6)
    assert truth["keypoints"]["mm"]["mean"] == pytest.approx(np.mean(mm), abs=1e-6)
    for share in (0.05, 0.1, 0.2):  # the board is 84 px; the refused frame's two keypoints are wrong
        expected = np.sum(np.array(px) <= share * 84) / 6
        assert truth["keypoints"]["pck"][f"{share:g}"]["mean"] == pytest.approx(expected, abs=1e-6)
    grasp, action = truth["phases"]["grasp"], truth["phases"]["action"]
    assert (grasp["mm"]["mean"] + action["mm"]["mean"]) / 2 == pytest.approx(np.mean(tool_mm), abs=1e-6)
    assert (grasp["deg"]["mean"] + action["deg"]["mean"]) / 2 == pytest.approx(np.mean(tool_deg), abs=1e-5)
    assert scores["figures"]["pose_mm"]["mean"] == pytest.approx(np.mean(tool_mm), abs=1e-6)
    assert scores["figures"]["keypoint_px"]["n"] == 2 and scores["figures"]["pck"]["n"] == 3
    rows = json.loads((out / "truth.json").read_text())
    assert [row["answered"] for row in rows] == [True, False, True]


def test_the_same_run_twice_gives_the_same_bytes(run, once, demonstration, target, tmp_path: Path) -> None:
    recording, out, frames = run
    annotations = read_annotations(annotated(tmp_path / "truth.yaml", demonstration, target, frames))
    score_run(out, recording, demonstration, annotations)
    score_run(tmp_path / "again", replayed(once[1], tmp_path / "again"), demonstration, annotations)
    for name in ("scores.json", "truth.json", "reading.json"):
        assert (out / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name
    assert (out / "timings.json").exists()


def test_without_truth_there_is_coverage_jitter_and_refusals(run, demonstration) -> None:
    recording, out, _ = run
    scores = score_run(out, recording, demonstration)
    assert scores["truth"] is None and not (out / "truth.json").exists()
    assert scores["frames"] == 6 and scores["accepted"] == 5
    assert scores["refused"] == {"NO_MASK": {"count": 1, "first_frame": 1, "first_reason": "NoMask: nothing stands on the table"}}
    assert scores["figures"]["accepted"]["mean"] == pytest.approx(5 / 6)
    assert scores["jitter"]["mm"]["phase grasp"]["n"] == 2  # frames 2, 3, 4, 5 are neighbours: two have both
    assert scores["figures"]["depth_valid"]["mean"] == 1.0
    assert "latency_ms" not in scores["figures"] and scores["worst"]["accepted"][0] == 1


def test_annotations_that_do_not_fit_are_refused(run, demonstration, target, tmp_path: Path) -> None:
    recording, out, frames = run
    path = annotated(tmp_path / "truth.yaml", demonstration, target, frames)
    with pytest.raises(BadAnnotations, match="about 'pour-with', the run about 'cut-with'"):
        score_run(out, recording, replace(demonstration, function="cut-with"), read_annotations(path))
    path.write_text("function: pour-with\nframes: [{stamp_ns: 12345}]\n")
    with pytest.raises(BadAnnotations, match="none of its 1 stamps .*those go from 1 to 6 ns"):
        score_run(out, recording, demonstration, read_annotations(path))
    path.write_text(f"function: pour-with\nframes: [{{stamp_ns: {frames[0].stamp_ns}, points: {{elsewhere: [1, 2]}}}}]\n")
    with pytest.raises(BadAnnotations, match="its keypoints are outlet, handle, its phases grasp, action"):
        score_run(out, recording, demonstration, read_annotations(path))


def test_worst_frames_by_the_figures_own_direction() -> None:
    assert worst(np.array([1.0, np.nan, 3.0, 2.0]), "keypoint_px", 2) == [2, 3]
    assert worst(np.array([1.0, np.nan, 3.0, 2.0]), "pck", 2) == [0, 3]
    assert worst(np.array([1.0, 0.0, 1.0]), "accepted") == [1]
    assert worst(np.ones(4), "pck") == [] and worst(np.full(3, np.nan), "pck") == []
