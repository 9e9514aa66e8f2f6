# SPDX-License-Identifier: Apache-2.0
"""Every example runs, says what it should, and stays short enough to be read at a glance."""
from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import painted_world
import pytest

from func_corr_ros.transfer.demonstration_store import DemonstrationStore

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def color_backbone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model that is loaded by name sees colours instead."""
    monkeypatch.setattr("func_corr_ros.correspondence.model.load_backbone", lambda *_: painted_world.ColorBackbone())
    monkeypatch.setattr("func_corr_ros.correspondence.model.find_head", lambda *_: None)


def frame_folder(folder: Path, scene) -> Path:
    folder.mkdir()
    camera = scene.frame.camera
    cv2.imwrite(str(folder / "color.png"), scene.frame.color[..., ::-1])
    cv2.imwrite(str(folder / "depth.png"), np.rint(scene.frame.depth * 1e4).astype(np.uint16))
    cv2.imwrite(str(folder / "mask.png"), scene.mask.astype(np.uint8) * 255)
    text = {"K": camera.matrix.tolist(), "width": camera.width, "height": camera.height, "depth_scale_m_per_count": 1e-4}
    (folder / "frame.json").write_text(json.dumps(text))
    return folder


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short_and_says_how_it_is_called(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) < 40
    assert f"python examples/{path.name}" in text


def test_there_are_four() -> None:
    assert [path.stem for path in EXAMPLES] == ["call_from_a_planner", "match_two_images", "score_a_bag", "transfer_a_grasp"]


@pytest.mark.usefixtures("color_backbone")
def test_score_a_bag(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    pytest.importorskip("rosbags", reason="recordings need the extra [replay]")
    from func_corr_ros.replay.rgbd_bag import write_bag

    seen = painted_world.painted_scene(160, 50)
    frames = [replace(seen.frame, stamp_ns=number * 10**8) for number in range(2)]
    bag = write_bag(tmp_path / "bag", [*frames, replace(seen.frame.without_depth(), stamp_ns=3 * 10**8)])
    shown = DemonstrationStore(tmp_path).record(painted_world.painted_demonstration())
    mask = frame_folder(tmp_path / "frame", seen) / "mask.png"
    loaded(ROOT / "examples" / "score_a_bag.py").main(str(bag), str(shown), str(mask), str(tmp_path / "out"))
    told = capsys.readouterr().out
    assert "2 of 3 frames gave poses" in told and "NO_DEPTH" in told and "depth_valid: median 1.0 share" in told
    assert (tmp_path / "out" / "scores.json").is_file()


@pytest.mark.usefixtures("color_backbone")
def test_match_two_images(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    a, b = painted_world.painted_scene(40, 80), painted_world.painted_scene(160, 50)
    folders = frame_folder(tmp_path / "a", a), frame_folder(tmp_path / "b", b)
    words = [str(folder / name) for folder in folders for name in ("color.png", "mask.png")]
    loaded(ROOT / "examples" / "match_two_images.py").main(*words, str(tmp_path / "out"))
    told = capsys.readouterr().out
    assert "serves as pixel" in told and "come back" in told
    assert (tmp_path / "out" / "matches.png").is_file() and (tmp_path / "out" / "field.png").is_file()


@pytest.mark.usefixtures("color_backbone")
def test_transfer_a_grasp(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    demonstration = painted_world.painted_demonstration()
    shown = DemonstrationStore(tmp_path).record(demonstration)
    target = frame_folder(tmp_path / "frame", painted_world.painted_scene(160, 50))
    example = loaded(ROOT / "examples" / "transfer_a_grasp.py")
    assert example.main(str(shown), str(target)) == 0
    told = capsys.readouterr().out
    numbers = [float(word) for word in told.split("):\n")[1].replace("[", " ").replace("]", " ").split()[:16]]
    pose = np.array(numbers).reshape(4, 4)
    expected = demonstration.phases[0].camera_from_tool[:3, 3] + [0.24, -0.06, 0.0]
    np.testing.assert_allclose(pose[:3, 3], expected, atol=0.006)  # half a patch of the backbone is 6 mm here
    assert "camera_from_gripper_tcp" in told and "right with a probability of " in told


@pytest.mark.usefixtures("color_backbone")
def test_transfer_a_grasp_tells_a_refusal(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    shown = DemonstrationStore(tmp_path).record(painted_world.painted_demonstration())
    target = frame_folder(tmp_path / "frame", painted_world.painted_scene(160, 50))
    cv2.imwrite(str(target / "depth.png"), np.zeros((240, 320), dtype=np.uint16))
    assert loaded(ROOT / "examples" / "transfer_a_grasp.py").main(str(shown), str(target)) == 1
    assert "refused: " in capsys.readouterr().out


SERVER = """
import sys, rclpy
from func_corr_ros.msg import TransferPhase
from func_corr_ros.srv import ListDemonstrations, TransferDemonstration

def answer(request, response):
    if request.demonstration_id == "nothing":
        response.error_code, response.error_msg = 400, "no demonstration 'nothing'"
        return response
    phase = TransferPhase(name="grasp", tool_link="gripper_tcp")
    phase.pose.header.frame_id, phase.pose.pose.position.x = "camera", 0.125
    response.result.phases = [phase]
    return response

rclpy.init()
node = rclpy.create_node("transfer_node")
node.create_service(TransferDemonstration, "~/transfer_demonstration", answer)
node.create_service(ListDemonstrations, "~/list_demonstrations", lambda request, response: response)
print("serving", flush=True)
rclpy.spin(node)
"""


@pytest.mark.ros
def test_call_from_a_planner() -> None:
    pytest.importorskip("rclpy", reason="ROS 2 is not installed or not sourced")
    pytest.importorskip("func_corr_ros.srv", reason="the interfaces are not built")
    environment = {**os.environ, "ROS_DOMAIN_ID": "37", "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True, env=environment)
    guard = threading.Timer(60.0, server.kill)
    guard.start()
    try:
        assert server.stdout.readline() == "serving\n"
        told = {}
        for words in ((), ("nothing",)):
            command = [sys.executable, str(ROOT / "examples" / "call_from_a_planner.py"), *words]
            told[words] = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=50)
    finally:
        guard.cancel()
        server.kill()
        server.wait()
    assert told[()].returncode == 0, told[()].stderr
    assert "grasp: gripper_tcp to (0.125, 0.000, 0.000) m in camera" in told[()].stdout
    assert told[("nothing",)].returncode == 1 and "refused: no demonstration 'nothing'" in told[("nothing",)].stdout
