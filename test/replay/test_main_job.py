# SPDX-License-Identifier: Apache-2.0
"""The main job in the painted world: cases are run, scored against their truth, drawn and told."""
from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.evaluation.outcome import Outcome
from func_corr_ros.evaluation.pipeline_settings import PipelineSettings
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.replay import main_job
from func_corr_ros.replay.demo_cases import DemoCase
from func_corr_ros.replay.main_job import (
    Played,
    marked_distance,
    played_in_process,
    played_over_dds,
    pose_errors,
    report_case,
)
from func_corr_ros.replay.rgbd_bag import write_bag
from func_corr_ros.segmentation.given_mask import GivenMaskSegmenter
from func_corr_ros.transfer.demonstration import Demonstration
from func_corr_ros.transfer.transfer import TransferredPhase

pytest.importorskip("rosbags", reason="recordings need the extra [replay]")
MOVED = make(np.eye(3), np.array([0.24, -0.06, 0.0]))


@pytest.fixture
def case(tmp_path: Path, demonstration: Demonstration, target) -> DemoCase:
    frames = [replace(target.frame, stamp_ns=(number + 1) * 10**8) for number in range(3)]
    truth = {phase.name: MOVED @ phase.camera_from_tool for phase in demonstration.phases}
    bag = write_bag(tmp_path / "recordings" / "painted", frames)
    return DemoCase("painted", "another board", False, demonstration, bag, truth, (235.0, 65.0))


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def played(case: DemoCase, color_model, target, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Played:
    monkeypatch.setattr(PipelineSettings, "load_model", lambda self: color_model)
    monkeypatch.setattr(PipelineSettings, "make_segmenter", lambda self: GivenMaskSegmenter(target.mask))
    (item,) = played_in_process((case,), 2, said.append)
    return item


def test_the_pipeline_plays_a_case(played: Played, said: list[str]) -> None:
    assert not played.outcome.refused and played.details == {"frames": 2, "accepted": 2}
    assert "without ROS" in played.method and played.weights == {"color": "c0" * 32}
    assert set(played.timings_ms) == {"segmentation", "correspondence", "lift", "transfer"}
    assert all(0.0 < values["p50"] <= values["p95"] for values in played.timings_ms.values())
    assert any("another board" in words for words in said)


def test_a_case_is_scored_and_drawn(played: Played, tmp_path: Path) -> None:
    report = report_case(played, tmp_path)
    assert report.translation_error_m < 0.006 and report.rotation_error_deg < 3.0  # half a patch of the backbone is 6 mm here
    assert report.matches >= report.agreeing > 100 and not report.refused
    assert [pose.phase for pose in report.poses] == ["grasp", "action"]
    assert len(report.pictures) == 3 and all(picture.path.is_file() for picture in report.pictures)
    assert "px from where a person sees it" in report.notes


def outcome_at(pose: np.ndarray | None, mask: np.ndarray | None = None) -> Outcome:
    phases = () if pose is None else (TransferredPhase("action", "outlet", pose),)
    none = np.zeros((0, 2))
    return Outcome(none, none, np.zeros(0, dtype=bool), 1.0, mask, {}, phases, None, 0 if phases else 403, "" if phases else "no")


def test_errors_of_a_known_offset(case: DemoCase) -> None:
    offset = make(about_axis(np.array([0.0, 0.0, 1.0]), np.radians(30.0)), np.array([0.003, 0.0, 0.004]))
    metres, degrees = pose_errors(case, outcome_at(case.truth["action"] @ offset))
    np.testing.assert_allclose([metres, degrees], [0.005, 30.0], atol=1e-9)
    assert pose_errors(case, outcome_at(case.truth["action"])) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert pose_errors(case, outcome_at(None)) == (None, None)
    assert pose_errors(replace(case, truth={}), outcome_at(case.truth["action"])) == (None, None)


def test_distance_from_the_mark(case: DemoCase, target) -> None:
    pose = case.truth["action"].copy()
    pose[0, 3] += 0.02  # 10 px at 0.8 m and 400 px
    pixels, share = marked_distance(case, outcome_at(pose, target.mask), target.frame)
    np.testing.assert_allclose([pixels, share], [10.0, 10.0 / 84.0], atol=0.05)
    assert marked_distance(replace(case, marked=None), outcome_at(pose, target.mask), target.frame) is None
    assert marked_distance(case, outcome_at(None, target.mask), target.frame) is None


def test_dds_brings_outcomes_times_and_counts(case: DemoCase, tmp_path: Path, said: list[str], monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(main_job, "PLAYS", 1)
    outcome = outcome_at(case.truth["action"])
    answer = {
        "info": {"model": "dinov2-small", "sha256": "ab"}, "results": [{"latency_s": 0.2}, {"latency_s": 0.4}],
        "timings_ms": {"match": {"p50": 1.0, "p95": 2.0}}, "received": {"points": 2}, "missing_topics": [], "unknown_stamps": {},
        "frames_sent": 9, "accepted": 1,
    }
    monkeypatch.setattr(main_job, "running_nodes", lambda demonstrations, log: nullcontext("nodes"))
    monkeypatch.setattr(main_job, "play", lambda nodes, bag, name, out, **rest: asked.append((bag, name, out, rest)) or answer)
    monkeypatch.setattr(main_job, "outcome_of_topics", lambda *_: outcome)
    (item,) = played_over_dds((case,), tmp_path, 5, said.append)
    assert asked == [(case.bag, "painted_board", tmp_path / "cases" / "painted", {"results": 5, "rate": 10.0})]
    assert item.outcome is outcome and "ROS 2 over DDS" in item.method and item.weights == {"dinov2-small": "ab"}
    assert item.timings_ms["match"] == {"p50": 1.0, "p95": 2.0}
    assert item.timings_ms["image to result over DDS"]["p50"] == pytest.approx(300.0)
    assert item.details["received"] == {"points": 2} and item.details["frames_sent"] == 9


def test_a_pose_that_has_not_settled_is_played_on(case: DemoCase, tmp_path: Path, said: list[str], monkeypatch) -> None:
    asked: list[int] = []

    def answer(nodes: object, bag: Path, name: str, out: Path, *, results: int, rate: float) -> dict:
        asked.append(results)
        found = {"reason": "'action' has not settled", "latency_s": 0.1}
        return {"accepted": int(len(asked) == 2), "results": [found], "info": {"model": "m", "sha256": "ab"}, "timings_ms": {},
                "received": {}, "missing_topics": [], "unknown_stamps": {}, "frames_sent": 1}

    monkeypatch.setattr(main_job, "running_nodes", lambda demonstrations, log: nullcontext("nodes"))
    monkeypatch.setattr(main_job, "play", answer)
    monkeypatch.setattr(main_job, "outcome_of_topics", lambda *_: outcome_at(case.truth["action"]))
    (item,) = played_over_dds((case,), tmp_path, 5, said.append)
    assert asked == [5, 10] and item.details["accepted"] == 1
    assert any("has not settled" in words and "playing on" in words for words in said)
