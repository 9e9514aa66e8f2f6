# SPDX-License-Identifier: Apache-2.0
"""A click becomes a line of the YAML that scores are made with; a carried point is where geometry says; strangers are refused."""
from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from func_corr_ros.errors import BadAnnotations
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import about_axis, inverse, make, transform_points
from func_corr_ros.replay.annotation_server import annotation_server
from func_corr_ros.replay.annotation_session import AnnotatedFrame, AnnotationSession, carried
from func_corr_ros.replay.annotations import read_annotations

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
    with annotation_server(session(tmp_path / "truth.yaml")) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def asked(url: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_the_page_its_pictures_and_a_click(address: str, tmp_path: Path) -> None:
    status, page = asked(address + "/")
    assert status == 200 and b"Where pour-with happens" in page and b"http://" not in page and b"https://" not in page
    status, jpeg = asked(address + "/picture/2")
    assert status == 200 and cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (60, 80, 3)
    status, state = asked(address + "/state", json.dumps({"frame": 0, "name": "rim", "uv": [3.0, 4.0]}).encode())
    assert status == 200 and json.loads(state)[0]["points"] == {"rim": [3.0, 4.0]}
    assert read_annotations(tmp_path / "truth.yaml").frames[0].points["rim"].tolist() == [3.0, 4.0]
    assert json.loads(asked(address + "/state")[1]) == json.loads(state)


def test_what_is_wrong_is_told_and_strangers_are_refused(address: str, tmp_path: Path) -> None:
    assert asked(address + "/picture/3")[0] == 404 and asked(address + "/../etc/passwd")[0] == 404
    for body in (b"[", b"{}", b'{"frame": 0, "name": "lid", "uv": [1, 2]}', b'{"frame": 0, "name": "rim", "uv": 3}', b"x" * 5000):
        assert asked(address + "/state", body)[0] == 400
    assert asked(address + "/state", Host="evil.example")[0] == 403
    for origin in ("http://evil.example", "http://evil.example:80", "null"):
        assert asked(address + "/state", b"{}", Origin=origin)[0] == 403, origin
    assert not (tmp_path / "truth.yaml").exists()
