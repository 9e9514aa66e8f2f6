# SPDX-License-Identifier: Apache-2.0
"""A click becomes a line of the YAML that scores are made with; a carried point is where geometry says; strangers are refused."""
from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from local_pages import asked, served

from func_corr_ros.errors import BadAnnotations
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import about_axis, inverse, make, transform_points
from func_corr_ros.replay.annotated_frame import AnnotatedFrame, carried, carried_outline
from func_corr_ros.replay.annotation_server import annotation_server
from func_corr_ros.replay.annotation_session import MOST_CORNERS, AnnotationSession
from func_corr_ros.replay.annotations import read_annotations

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CAMERA = PinholeCamera(100.0, 100.0, 39.5, 29.5, 80, 60)


def frame(stamp_ns: int, depth: float = 0.5) -> RgbdFrame:
    return RgbdFrame(np.full((60, 80, 3), 90, np.uint8), np.full((60, 80), depth, np.float32), CAMERA, stamp_ns, "camera")


def session(path: Path, pose_of: Any = lambda frame_id, stamp_ns: None, count: int = 3) -> AnnotationSession:
    return AnnotationSession([frame(number + 1) for number in range(count)], ["rim", "handle"], "pour-with", path, pose_of)


def test_a_point_follows_the_cameras_motion() -> None:
    moved = make(about_axis(np.array([0.0, 1.0, 0.0]), 0.05), np.array([0.02, -0.01, 0.0]))  # fixed_from_camera of the second
    a, b = AnnotatedFrame(frame(1), np.eye(4)), AnnotatedFrame(frame(2, 0.55), moved)
    uv = (45.0, 33.0)
    point = np.array([(uv[0] - 39.5) * 0.5 / 100.0, (uv[1] - 29.5) * 0.5 / 100.0, 0.5])
    x, y, z = transform_points(inverse(moved), point)
    assert carried(uv, a, b) == pytest.approx((100.0 * x / z + 39.5, 100.0 * y / z + 29.5), abs=1e-4)
    assert carried(uv, a, AnnotatedFrame(frame(2))) == pytest.approx(uv, abs=1e-4)  # no motion is known
    assert carried(uv, AnnotatedFrame(frame(1).without_depth()), b) is None
    assert carried(uv, a, AnnotatedFrame(frame(2, 0.4), moved)) is None, "something stands before it"
    assert carried(uv, a, AnnotatedFrame(frame(2), make(np.eye(3), np.array([1.0, 0.0, 0.0])))) is None, "out of sight"


def test_an_outline_follows_by_the_depth_of_what_is_inside_it() -> None:
    seen = frame(1)
    seen.depth[:] = 2.0  # the background, also where corners lie
    seen.depth[21:40, 31:50] = 0.5
    corners = [[30.0, 20.0], [50.0, 20.0], [50.0, 40.0], [30.0, 40.0]]
    here, moved = AnnotatedFrame(seen, np.eye(4)), make(np.eye(3), np.array([0.05, 0.0, 0.0]))
    there = carried_outline(corners, here, AnnotatedFrame(frame(2), moved))
    np.testing.assert_allclose(there, np.array(corners) - [10.0, 0.0], atol=1e-3)  # 0.05 m at 0.5 m by f = 100 px
    far = make(np.eye(3), np.array([0.2, 0.0, 0.0]))
    cut = carried_outline(corners, here, AnnotatedFrame(frame(2), far))
    np.testing.assert_allclose(cut, [[0, 20], [10, 20], [10, 40], [0, 40]], atol=1e-3)
    assert carried_outline(corners, AnnotatedFrame(seen.without_depth()), here) is None
    assert carried_outline(corners, here, AnnotatedFrame(frame(2), make(np.eye(3), np.array([1.0, 0.0, 0.0])))) is None
    assert carried_outline(corners, here, AnnotatedFrame(frame(2), make(np.eye(3), np.array([0.0, 0.0, 0.6])))) is None, "behind"


def test_outlines_are_saved_from_three_corners_on_and_suggested(tmp_path: Path) -> None:
    path, corners = tmp_path / "truth.yaml", [[10.0, 10.0], [30.0, 10.0], [30.0, 25.0], [10.0, 25.0]]
    one = session(path)
    one.draw(1, "part", corners[:2])
    assert one.state()[1]["regions"] == {"part": corners[:2]} and "part" not in path.read_text()
    assert one.state()[0]["suggested_regions"] == {}
    one.draw(1, "part", corners)
    one.draw(1, "outline", corners[:3])
    marked = read_annotations(path).frames[0]
    assert marked.part.mask(60, 80).sum() == pytest.approx(20 * 15, rel=0.15) and len(marked.outline.outline) == 3
    again = session(path).state()
    assert again[1]["regions"] == {"part": corners, "outline": corners[:3]}
    np.testing.assert_allclose(again[2]["suggested_regions"]["part"], corners, atol=1e-3)
    one.draw(1, "part", corners[:2])  # taken back to too few
    one.draw(1, "outline", [])
    assert read_annotations(path).frames[0].part is None and read_annotations(path).frames[0].outline is None
    for index, region, bad in ((3, "part", corners), (0, "handle", corners), (0, "part", [[1, 1], [2, 2], [90, 2]]),
                               (0, "part", [[1, 1]] * (MOST_CORNERS + 1))):
        with pytest.raises(BadAnnotations):
            one.draw(index, region, bad)


def test_clicks_are_saved_and_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "truth.yaml"
    first = session(path)
    first.click(1, "rim", [10.126, 20.0])
    first.click(1, "handle", [30.0, 31.0])
    first.click(1, "handle", None)
    written = read_annotations(path)
    assert [item.stamp_ns for item in written.frames] == [2] and set(written.frames[0].points) == {"rim"}
    np.testing.assert_allclose(written.frames[0].points["rim"], [10.13, 20.0])
    content = path.read_text().replace("points:", "part: kept.png\n  points:")
    path.write_text(content)
    again = session(path)
    again.click(0, "rim", [1.0, 2.0])
    assert [item.stamp_ns for item in read_annotations(path).frames] == [1, 2] and "kept.png" in path.read_text()
    state = again.state()
    assert state[1]["points"] == {"rim": [10.13, 20.0]} and state[1]["suggested"] == {}
    assert state[2]["suggested"]["rim"] == pytest.approx((10.13, 20.0), abs=1e-3), "the nearest frame that has it"
    with pytest.raises(BadAnnotations, match="about 'pour-with', the demonstration about 'cut-with'"):
        AnnotationSession([frame(1)], ["rim"], "cut-with", path, lambda frame_id, stamp_ns: None)


def test_clicks_beside_the_picture_are_refused(tmp_path: Path) -> None:
    one = session(tmp_path / "truth.yaml")
    for index, name, uv in ((7, "rim", [1, 1]), (0, "lid", [1, 1]), (0, "rim", [80.0, 1.0]), (0, "rim", [1.0, float("nan")])):
        with pytest.raises(BadAnnotations):
            one.click(index, name, uv)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with served(annotation_server(session(tmp_path / "truth.yaml"))) as url:
        yield url


def test_the_page_its_pictures_and_a_click(address: str, tmp_path: Path) -> None:
    status, page = asked(address + "/")
    assert status == 200 and b"Where pour-with happens" in page and b"http://" not in page and b"https://" not in page
    status, jpeg = asked(address + "/picture/2")
    assert status == 200 and cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (60, 80, 3)
    status, state = asked(address + "/state", json.dumps({"frame": 0, "name": "rim", "uv": [3.0, 4.0]}).encode())
    assert status == 200 and json.loads(state)[0]["points"] == {"rim": [3.0, 4.0]}
    assert read_annotations(tmp_path / "truth.yaml").frames[0].points["rim"].tolist() == [3.0, 4.0]
    assert json.loads(asked(address + "/state")[1]) == json.loads(state)
    outline = [[3.0, 4.0], [13.0, 4.0], [13.0, 14.0]]
    status, state = asked(address + "/state", json.dumps({"frame": 0, "region": "outline", "corners": outline}).encode())
    assert status == 200 and json.loads(state)[0]["regions"] == {"outline": outline}


def test_what_is_wrong_is_told_and_strangers_are_refused(address: str, tmp_path: Path) -> None:
    assert asked(address + "/picture/3")[0] == 404 and asked(address + "/../etc/passwd")[0] == 404
    for body in (b"[", b"{}", b'{"frame": 0, "name": "lid", "uv": [1, 2]}', b'{"frame": 0, "name": "rim", "uv": 3}', b"x" * 5000):
        assert asked(address + "/state", body)[0] == 400
    assert asked(address + "/state", Host="evil.example")[0] == 403
    for origin in ("http://evil.example", "http://evil.example:80", "null"):
        assert asked(address + "/state", b"{}", Origin=origin)[0] == 403, origin
    assert not (tmp_path / "truth.yaml").exists()


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 360])
def test_a_browser_clicks_keypoints_and_outlines(address: str, tmp_path: Path, width: int) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": width, "height": 900})
        troubles: list[str] = []
        tab.on("pageerror", lambda error: troubles.append(str(error)))
        tab.goto(address)
        tab.wait_for_function("document.getElementById('marks').hasAttribute('viewBox')")  # the picture has come
        box = tab.locator("#picture").bounding_box()
        scale = box["width"] / 80

        def click(u: float, v: float) -> None:
            tab.mouse.click(box["x"] + (u + 0.5) * scale, box["y"] + (v + 0.5) * scale)

        click(20, 20)
        tab.keyboard.press("4")  # after two keypoints and the whole object: the functional part
        for corner in ((10, 10), (30, 10), (30, 30), (12, 31)):  # faster than answers come
            click(*corner)
        tab.wait_for_function("document.querySelectorAll('#marks circle').length === 5")
        tab.keyboard.press("Delete")
        tab.wait_for_function("document.querySelectorAll('#marks circle').length === 4")
        tab.keyboard.press("ArrowRight")
        tab.wait_for_selector("#marks polygon[stroke-dasharray]", state="attached")
        tab.keyboard.press("a")
        tab.wait_for_function("document.getElementById('told').textContent.includes('1 of 2 keypoints, outlines: 1')")
        assert troubles == [] and tab.evaluate("document.documentElement.scrollWidth") <= width
        browser.close()
    first, second = read_annotations(tmp_path / "truth.yaml").frames
    for marked in (first, second):
        np.testing.assert_allclose(marked.points["rim"], [20, 20], atol=1.0)
        np.testing.assert_allclose(marked.part.outline, [[10, 10], [30, 10], [30, 30]], atol=1.0)
