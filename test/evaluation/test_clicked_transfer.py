# SPDX-License-Identifier: Apache-2.0
"""A demonstration made by clicks alone is carried to other objects: how far the tools are from the library's truth there."""
from __future__ import annotations

import json
import threading
from functools import partial
from http.server import HTTPServer
from pathlib import Path
from urllib.request import urlopen

import cv2
import numpy as np
import pytest

from func_corr_ros.cli.main import main
from func_corr_ros.data.demo_scenes import DemoScenes, demo_scenes
from func_corr_ros.data.sensor_noise import SensorNoiseSettings
from func_corr_ros.data.tabletop_scene import SceneView
from func_corr_ros.errors import FuncCorrError
from func_corr_ros.evaluation import click_server
from func_corr_ros.evaluation.click_session import ClickSession, Wanted
from func_corr_ros.geometry.se3 import from_quaternion_xyzw, rotation_angle, transform_points
from func_corr_ros.segmentation.tabletop import TabletopSegmenter
from func_corr_ros.transfer.demonstration_store import DemonstrationStore

# A parallel gripper that is turned by half about its approach grips the same.
HALF_TURN = np.diag([-1.0, -1.0, 1.0])
# Where the tool belongs by the library -> in which of its frames.
PLACES = {"grasp": "handle", "action": "outlet"}


def write_frame(view: SceneView, folder: Path) -> list[str]:
    folder.mkdir()
    counts = np.rint(np.nan_to_num(view.frame.depth, nan=0.0) / 1e-4)
    cv2.imwrite(str(folder / "color.png"), view.frame.color[..., ::-1])
    cv2.imwrite(str(folder / "depth.png"), np.where(counts < 2**16, counts, 0).astype(np.uint16))
    camera = view.frame.camera
    described = {"K": camera.matrix.tolist(), "width": camera.width, "height": camera.height, "depth_scale_m_per_count": 1e-4}
    (folder / "frame.json").write_text(json.dumps(described))
    files = {"--color": "color.png", "--depth": "depth.png", "--camera": "frame.json"}
    return [word for flag, name in files.items() for word in (flag, str(folder / name))]


def words_of(scenes: DemoScenes) -> list[dict]:
    """What a person says: clicks at the handle and at the rim across from it, and to where the mug pours."""
    view = scenes.demonstration
    beyond = transform_points(scenes.camera_from_keypoint(view, "outlet"), np.array([0.06, 0.0, 0.0]))
    pixels = scenes.keypoints(view)
    return [{"click": "grip", "uv": pixels["handle"]}, {"place": "grip", "choose": "approach", "word": "side"},
            {"click": "working", "uv": pixels["outlet"]},
            {"click": "towards", "uv": view.frame.camera.project(beyond)[0].tolist()}, {"keep": True}]


def clicking(said: list[dict], made: type, *arguments: object) -> HTTPServer:
    """A server that is told what is ``said`` over the wire once it serves, and ends."""
    server = made(*arguments)
    serve = partial(HTTPServer.serve_forever, server, poll_interval=0.02)

    def serve_forever() -> None:
        def person() -> None:
            for one in said:
                urlopen(f"http://127.0.0.1:{server.server_port}/state", json.dumps(one).encode(), timeout=60)
            server.shutdown()

        threading.Thread(target=person).start()
        serve()

    server.serve_forever = serve_forever  # type: ignore[method-assign]
    return server


def off(pose: np.ndarray, true: np.ndarray, place: str) -> tuple[float, float]:
    """How far a pose is from the true one [mm, degrees]."""
    alike = (np.eye(3), HALF_TURN) if place == "handle" else (np.eye(3),)
    angle = min(float(rotation_angle(pose[:3, :3] @ turn, true[:3, :3])) for turn in alike)
    return 1e3 * float(np.linalg.norm(pose[:3, 3] - true[:3, 3])), float(np.degrees(angle))


@pytest.mark.slow
def test_a_hand_that_is_two_pixels_off_makes_a_small_error(rng: np.random.Generator, tmp_path: Path) -> None:
    scenes = demo_scenes(noise=SensorNoiseSettings(), supersampling=1)
    view, wanted = scenes.demonstration, Wanted("shaky", "pour-with", "mug")
    session = ClickSession(view.frame, TabletopSegmenter().segment(view.frame), wanted, DemonstrationStore(tmp_path))
    session.choose("grip", "approach", "side")
    found, refused = [], 0
    for _ in range(40):
        try:
            for one in words_of(scenes):
                if "click" in one:
                    session.click(one["click"], np.add(one["uv"], rng.normal(scale=2.0, size=2)).tolist())
        except FuncCorrError:  # beside a handle's bar of ten pixels, which the page says at once
            refused += 1
            continue
        pairs = (("handle", session.pose("grip")), ("outlet", session.pose("working")))
        found.append([value for place, pose in pairs for value in off(pose, scenes.camera_from_keypoint(view, place), place)])
    median, worst = np.median(found, axis=0), np.quantile(found, 0.9, axis=0)
    print(f"grip mm, deg, pour mm, deg: median {median.round(1)}, 90th percentile {worst.round(1)}; refused {refused} of 40")
    assert refused <= 10 and (median < (12.0, 6.0, 5.0, 5.0)).all()


@pytest.mark.slow
def test_clicked_tools_arrive_where_the_library_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    scenes = demo_scenes(noise=SensorNoiseSettings(), supersampling=1)
    files = write_frame(scenes.demonstration, tmp_path / "shown")
    monkeypatch.setattr(click_server, "click_server", partial(clicking, words_of(scenes), click_server.click_server))
    assert main(["demonstration", "click", *files, "--function", "pour-with", "--object", "mug", "--id", "clicked_mug",
                 "--store", str(tmp_path / "store"), "--port", "0"]) == 0
    assert "recorded" in capsys.readouterr().out
    for target, view in scenes.targets.items():
        out = tmp_path / target
        words = ["--demonstration", str(tmp_path / "store" / "clicked_mug"), *write_frame(view, tmp_path / f"{target}_frame")]
        assert main(["transfer", *words, "--out", str(out)]) == 0, target
        found = {phase["name"]: phase for phase in json.loads((out / "transfer.json").read_text())["phases"]}
        for phase, place in PLACES.items():
            pose = from_quaternion_xyzw(*(np.array(found[phase][key]) for key in ("quaternion_xyzw", "position")))
            true = scenes.camera_from_keypoint(view, place)
            off_mm, off_deg = off(pose, true, place)
            print(f"{target} {phase}: {off_mm:.1f} mm, {off_deg:.1f} deg")
            assert off_mm < 20.0 and off_deg < 12.0, f"{target} {phase}: {off_mm:.1f} mm, {off_deg:.1f} deg"
