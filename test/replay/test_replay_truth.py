# SPDX-License-Identifier: Apache-2.0
"""Replay figures on rendered tables with exact truth and on shaken real frames, against the same computed from scratch."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from func_corr_ros.evaluation.frame_folder import read_frame
from func_corr_ros.evaluation.outcome import phase_record
from func_corr_ros.evaluation.pipeline_settings import PipelineSettings
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.replay.annotations import read_annotations
from func_corr_ros.replay.bag_reader import ReadingSettings, Recording
from func_corr_ros.replay.bag_replay import replay
from func_corr_ros.replay.replay_scores import score_run
from func_corr_ros.replay.rgbd_bag import write_bag
from func_corr_ros.transfer.demonstration import Demonstration
from func_corr_ros.transfer.demonstration_store import read_demonstration
from func_corr_ros.transfer.pipeline import Pipeline
from func_corr_ros.transfer.transfer import Transfer, TransferredPhase

pytest.importorskip("rosbags")
pytestmark = pytest.mark.slow
REPOSITORY = Path(__file__).resolve().parents[2]
REAL = REPOSITORY.parent / "shared" / "data" / "rgbd" / "tabletop_blue_mug"


@pytest.fixture(scope="module")
def model():
    return PipelineSettings(device="cpu").load_model()


def scored(bag: Path, demonstration: Demonstration, model, truth: dict, folder: Path, every: int) -> tuple[dict, list]:
    """Returns the scores of a replay, and (frame, transfer) of the accepted frames from a second pass of the pipeline."""
    (folder / "truth.yaml").write_text(yaml.safe_dump(truth))
    recording = Recording(bag, ReadingSettings(every=every))
    settings = PipelineSettings()
    pipeline = Pipeline(settings.make_segmenter(), model, demonstration, settings.transfer)
    replay(recording, pipeline, folder / "out", {})
    scores = score_run(folder / "out", recording, demonstration, read_annotations(folder / "truth.yaml"))
    results = [(frame, pipeline.run(frame).outcome) for frame in recording]
    return scores, [(frame, came) for frame, came in results if isinstance(came, Transfer)]


def test_rendered_tables_with_exact_tool_poses(model, tmp_path: Path) -> None:
    from func_corr_ros.replay.demo_cases import recorded_cases

    case = recorded_cases(tmp_path / "recordings", REPOSITORY, None, print)[0]
    links = {phase.name: phase.tool_link for phase in case.demonstration.phases}
    phases = {
        name: {key: value for key, value in phase_record(TransferredPhase(name, links[name], pose)).items()
               if key in ("position", "quaternion_xyzw")}
        for name, pose in case.truth.items()
    }
    stamps = [frame.stamp_ns for frame in Recording(case.bag)]
    truth = {"function": case.demonstration.function, "frames": [{"stamp_ns": stamp, "phases": phases} for stamp in stamps]}
    scores, accepted = scored(case.bag, case.demonstration, model, truth, tmp_path, every=5)
    assert scores["frames"] == 2 and len(accepted) == scores["accepted"] >= 1
    for name, pose in case.truth.items():
        found = [came.phase(name).camera_from_tool for _, came in accepted]
        mm = [1e3 * np.sqrt(((tool[:3, 3] - pose[:3, 3]) ** 2).sum()) for tool in found]
        turns = [tool[:3, :3].T @ pose[:3, :3] for tool in found]
        # ||R - I|| = 2 sqrt(2) sin(angle / 2), for any rotation R
        deg = [np.degrees(2.0 * np.arcsin(np.linalg.norm(turn - np.eye(3)) / np.sqrt(8.0))) for turn in turns]
        assert scores["truth"]["phases"][name]["mm"]["mean"] == pytest.approx(np.mean(mm), abs=1e-6)
        assert scores["truth"]["phases"][name]["deg"]["mean"] == pytest.approx(np.mean(deg), abs=1e-6)
        assert np.mean(mm) < 25.0, "the truth must be of this scene, or the comparison says nothing"


@pytest.mark.skipif(not REAL.exists(), reason=f"no real frames in {REAL.parent}")
def test_shaken_real_frames_with_marked_keypoints(model, tmp_path: Path) -> None:
    """Shake is a shift of picture, depth and principal point by whole pixels, so the marks move along exactly."""
    still, marks = read_frame(REAL), yaml.safe_load((REPOSITORY / "test/data/keypoints/blue_mug.yaml").read_text())
    demonstration = read_demonstration(REPOSITORY / "test/data/demonstrations/red_mug_pour")
    frames, outlets, noted = [], {}, []
    for number, (du, dv) in enumerate([(0, 0), (5, -3)]):
        rng = np.random.default_rng(number)
        rows = np.clip(np.arange(still.camera.height) - dv, 0, still.camera.height - 1)
        columns = np.clip(np.arange(still.camera.width) - du, 0, still.camera.width - 1)
        color = np.clip(still.color[rows][:, columns] + rng.normal(0, 4, still.color.shape), 0, 255).astype(np.uint8)
        camera = replace(still.camera, cx=still.camera.cx + du, cy=still.camera.cy + dv)
        frames.append(RgbdFrame(color, still.depth[rows][:, columns], camera, (number + 1) * 10**8, "camera"))
        u, v = marks["points"]["rim_opposite"]
        outlets[frames[-1].stamp_ns] = np.array([u + du, v + dv], dtype=np.float64)
        outline = [[a + du, b + dv] for a, b in marks["outline"]]
        noted.append({"stamp_ns": frames[-1].stamp_ns, "outline": outline, "points": {"outlet": [u + du, v + dv]}})
    bag = write_bag(tmp_path / "bag", frames, depth_encoding="32FC1")
    truth = {"function": "pour-with", "frames": noted}
    scores, accepted = scored(bag, demonstration, model, truth, tmp_path, every=1)
    assert len(accepted) == scores["truth"]["answered"] >= 1
    px = []
    for frame, came in accepted:
        x, y, z = came.keypoints["outlet"]
        k = frame.camera
        px.append(np.hypot(k.fx * x / z + k.cx - outlets[frame.stamp_ns][0], k.fy * y / z + k.cy - outlets[frame.stamp_ns][1]))
    side = max(np.ptp(np.array(marks["outline"]), axis=0)) + 1
    assert scores["truth"]["keypoints"]["px"]["mean"] == pytest.approx(np.mean(px), abs=1e-6)
    assert scores["truth"]["keypoints"]["share"]["mean"] == pytest.approx(np.mean(px) / side, abs=1e-6)
    pck = sum(error <= 0.1 * side for error in px) / 2
    assert scores["truth"]["keypoints"]["pck"]["0.1"]["mean"] == pytest.approx(pck, abs=1e-6)
