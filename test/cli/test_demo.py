# SPDX-License-Identifier: Apache-2.0
"""``func-corr demo``: cases in, report, result.json and a table out; the main job itself runs under ``slow``."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.cli import demo
from func_corr_ros.cli.main import main
from func_corr_ros.evaluation.pipeline_settings import PipelineSettings
from func_corr_ros.geometry.se3 import make
from func_corr_ros.replay import dds_replay, demo_cases
from func_corr_ros.replay.demo_cases import DemoCase
from func_corr_ros.replay.rgbd_bag import write_bag
from func_corr_ros.segmentation.given_mask import GivenMaskSegmenter

pytest.importorskip("rosbags", reason="recordings need the extra [replay]")
CASE_KEYS = {"name", "function", "real", "segmenter", "method", "matches", "residual_m", "refused", "reason",
             "translation_error_m", "rotation_error_deg", "pictures"}

needs_ros = pytest.mark.skipif(dds_replay.why_no_ros() is not None, reason="no ROS 2, or the interfaces are not built")


@pytest.fixture
def painted_cases(tmp_path: Path, demonstration, target, color_model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cases in the painted world, the second without any depth."""
    moved = make(np.eye(3), np.array([0.24, -0.06, 0.0]))
    truth = {phase.name: moved @ phase.camera_from_tool for phase in demonstration.phases}
    cases = []
    for name, frame in (("painted", target.frame), ("blind", target.frame.without_depth())):
        frames = [replace(frame, stamp_ns=(number + 1) * 10**8) for number in range(2)]
        bag = write_bag(tmp_path / "recordings" / name, frames)
        cases.append(DemoCase(name, f"{name} board", False, demonstration, bag, truth, None))
    monkeypatch.setattr(demo_cases, "recorded_cases", lambda *_: tuple(cases))
    monkeypatch.setattr(PipelineSettings, "load_model", lambda self: color_model)
    monkeypatch.setattr(PipelineSettings, "make_segmenter", lambda self: GivenMaskSegmenter(target.mask))
    monkeypatch.setattr(signal, "signal", lambda *_: None)


@pytest.mark.usefixtures("painted_cases")
def test_report_result_and_table(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "demo"
    assert main(["demo", "--without-ros", "--short", "--out", str(out)]) == 0
    result = json.loads((out / "result.json").read_text())
    assert set(result) == {"cases", "timings_ms", "weights"} and result["weights"] == {"color": "c0" * 32}
    painted, blind = result["cases"]
    assert set(painted) == set(blind) == CASE_KEYS
    assert not painted["refused"] and painted["translation_error_m"] < 0.006 and painted["rotation_error_deg"] < 3.0
    assert blind["refused"] and "NoDepth" in blind["reason"] and blind["translation_error_m"] is None
    assert all((out / picture).is_file() for case in result["cases"] for picture in case["pictures"])
    assert all({"p50", "p95"} == set(values) for values in result["timings_ms"].values())
    page = (out / "report.html").read_text()
    assert "Without ROS 2: you asked for a run without ROS" in page and "blind board" in page
    details = json.loads((out / "details.json").read_text())
    assert [phase["name"] for phase in details["painted"]["phases"]] == ["grasp", "action"] and details["blind"]["phases"] == []
    assert json.loads((out / "provenance.json").read_text())["settings"]["model"] == "func-corr-s"
    told = capsys.readouterr().out
    assert "transferred" in told and "refused" in told and "mm and" in told and "correspondence" in told


@pytest.mark.usefixtures("painted_cases")
def test_one_case_may_be_chosen(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "demo"
    assert main(["demo", "--without-ros", "--case", "painted", "--out", str(out)]) == 0
    assert [case["name"] for case in json.loads((out / "result.json").read_text())["cases"]] == ["painted"]
    assert main(["demo", "--without-ros", "--case", "nonsense", "--out", str(out)]) == 2
    assert "there are: painted, blind" in capsys.readouterr().err


@pytest.mark.usefixtures("painted_cases")
def test_where_ros_is_missing_it_says_so_and_goes_on(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(dds_replay, "why_no_ros", lambda: "ROS 2 (rclpy) is not installed or not sourced")
    assert main(["demo", "--case", "painted", "--out", str(tmp_path / "demo")]) == 0
    assert "not installed or not sourced" in capsys.readouterr().out
    (case,) = json.loads((tmp_path / "demo" / "result.json").read_text())["cases"]
    assert "without ROS" in case["method"]


def test_real_frames_are_found_by_variable_or_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FUNC_CORR_DATA", raising=False)
    repository = tmp_path / "repository"
    assert demo.real_frames(repository) is None
    beside = tmp_path / "shared" / "data" / "rgbd"
    beside.mkdir(parents=True)
    assert demo.real_frames(repository) == beside
    monkeypatch.setenv("FUNC_CORR_DATA", str(tmp_path / "elsewhere"))
    assert demo.real_frames(repository) is None
    (tmp_path / "elsewhere" / "rgbd").mkdir(parents=True)
    assert demo.real_frames(repository) == tmp_path / "elsewhere" / "rgbd"


def children_of(pid: int) -> list[str]:
    """Returns the command lines of the living processes whose environment names ``pid`` as the demo's."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if f"FUNC_CORR_TEST={pid}".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return [command for command in found if "nodes.func_corr" in command or "replay_client" in command]


def demo_process(out: Path, *words: str) -> subprocess.Popen:
    environment = {**os.environ, "FUNC_CORR_TEST": str(os.getpid())}
    command = [sys.executable, "-m", "func_corr_ros.cli.main", "demo", "--short", "--out", str(out), *words]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.slow
@pytest.mark.ros
@needs_ros
def test_the_main_job_over_dds(tmp_path: Path) -> None:
    process = demo_process(tmp_path / "demo", "--case", "rendered_mug_to_mug")
    told, _ = process.communicate(timeout=550)
    assert process.returncode == 0, told
    (case,) = json.loads((tmp_path / "demo" / "result.json").read_text())["cases"]
    assert not case["refused"] and "ROS 2 over DDS" in case["method"]
    assert case["translation_error_m"] < 0.020 and case["rotation_error_deg"] < 15.0  # what the issue asks of plain DINOv2-S
    details = json.loads((tmp_path / "demo" / "details.json").read_text())["rendered_mug_to_mug"]
    assert details["missing_topics"] == [] and details["unknown_stamps"] == {} and details["received"]["points"] > 0
    assert children_of(os.getpid()) == []


@pytest.mark.slow
@pytest.mark.ros
@needs_ros
@pytest.mark.parametrize("request_to_end", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_broken_off_leaves_no_process(tmp_path: Path, request_to_end: int) -> None:
    process = demo_process(tmp_path / "demo", "--case", "rendered_mug_to_mug")
    deadline = time.monotonic() + 300.0
    while not children_of(os.getpid()) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.2)
    assert children_of(os.getpid()), "the nodes were never started"
    process.send_signal(request_to_end)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert children_of(os.getpid()) == []
