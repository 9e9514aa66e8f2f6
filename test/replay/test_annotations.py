# SPDX-License-Identifier: Apache-2.0
"""The documented YAML, read strictly, and the truth it stands for in a frame."""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from func_corr_ros.errors import BadAnnotations
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.replay.annotations import read_annotations, resolved

CAMERA = PinholeCamera(100.0, 100.0, 19.5, 14.5, 40, 30)
POSE = {"position": [0.0, 0.0, 0.5], "quaternion_xyzw": [0, 0, 0, 1]}


def frame(depth: float = 0.5) -> RgbdFrame:
    return RgbdFrame(np.zeros((30, 40, 3), np.uint8), np.full((30, 40), depth, np.float32), CAMERA, 7, "camera")


def written(path: Path, **item: object) -> Path:
    content = {"function": "pour-with", "frames": [{"stamp_ns": 7, **item}]}
    if "object" in item:
        content["object"] = content["frames"][0].pop("object")
    path.write_text(yaml.safe_dump(content))
    return path


def test_a_pixel_becomes_the_surface_point_behind_it(tmp_path: Path) -> None:
    annotations = read_annotations(written(tmp_path / "a.yaml", points={"rim": [29.5, 14.5]}))
    truth = resolved(annotations, annotations.frames[0], frame())
    np.testing.assert_allclose(truth.points["rim"], [29.5, 14.5])
    np.testing.assert_allclose(truth.points_m["rim"], [0.05, 0.0, 0.5], atol=1e-9)
    blind = resolved(annotations, annotations.frames[0], frame().without_depth())
    assert blind.points_m == {} and set(blind.points) == {"rim"}


def test_the_silhouette_keeps_the_background_out(tmp_path: Path) -> None:
    annotations = read_annotations(written(
        tmp_path / "a.yaml", points={"rim": [20.0, 15.0]}, outline=[[18, 10], [25, 10], [25, 20], [18, 20]],
        holes=[[[22, 12], [24, 12], [24, 18], [22, 18]]],
    ))
    truth = resolved(annotations, annotations.frames[0], frame())
    assert truth.mask is not None and truth.mask[15, 19] and not truth.mask[15, 23] and not truth.mask[5, 5]


def test_an_objects_pose_places_its_points_and_tools_and_what_is_written_comes_first(tmp_path: Path) -> None:
    turn = [0.0, 0.0, np.sin(np.pi / 4), np.cos(np.pi / 4)]  # a quarter turn about z: x goes to y
    body = {"points": {"rim": [0.1, 0.0, 0.0], "base": [0.0, 0.0, 0.1]},
            "phases": {"grasp": {"position": [0.1, 0, 0], "quaternion_xyzw": [0, 0, 0, 1]}}}
    annotations = read_annotations(written(
        tmp_path / "a.yaml", object=body, pose={"position": [0, 0, 0.5], "quaternion_xyzw": [float(v) for v in turn]},
        points={"base": [1.0, 2.0]},
    ))
    truth = resolved(annotations, annotations.frames[0], frame())
    np.testing.assert_allclose(truth.points_m["rim"], [0.0, 0.1, 0.5], atol=1e-12)
    np.testing.assert_allclose(truth.points["rim"], [19.5, 34.5], atol=1e-9)
    np.testing.assert_allclose(truth.points["base"], [1.0, 2.0])
    np.testing.assert_allclose(truth.phases["grasp"][:3, 3], [0.0, 0.1, 0.5], atol=1e-12)


def test_a_part_is_a_polygon_or_a_picture_of_the_frames_size(tmp_path: Path) -> None:
    mask = np.zeros((30, 40), np.uint8)
    mask[3:9, 5:11] = 255
    cv2.imwrite(str(tmp_path / "part.png"), mask)
    annotations = read_annotations(written(tmp_path / "a.yaml", part="part.png"))
    truth = resolved(annotations, annotations.frames[0], frame())
    np.testing.assert_array_equal(truth.part, mask > 0)
    cv2.imwrite(str(tmp_path / "part.png"), mask[:20])
    with pytest.raises(BadAnnotations, match="part.png is 40x20 px; the frame is 40x30 px"):
        resolved(annotations, annotations.frames[0], frame())
    polygon = read_annotations(written(tmp_path / "b.yaml", part={"outline": [[5, 3], [10, 3], [10, 8], [5, 8]]}))
    np.testing.assert_array_equal(resolved(polygon, polygon.frames[0], frame()).part, mask > 0)


@pytest.mark.parametrize(("content", "words"), [
    ("- 1\n", "is list; a mapping with function, object, frames is needed"),
    ("function: pour-with\nframes: []\n", "a list 'frames' with at least one frame"),
    ("function: pour-with\nframes: [{stamp_ns: 1}]\nframse: 2\n", "unknown key 'framse'; did you mean 'frames'"),
    ("function: pour-with\nframes: [{stamp: 1}]\n", "frame 0: unknown key 'stamp'; did you mean 'stamp_ns'"),
    ("function: pour-with\nframes: [{stamp_ns: 1.5}]\n", "stamp_ns is 1.5; the colour image's stamp as whole nanoseconds"),
    ("function: pour-with\nframes: [{stamp_ns: 1, points: {rim: [1]}}]\n", "frame of 1 ns: points: .* with 2 numbers each"),
    ("function: pour-with\nframes: [{stamp_ns: 1}, {stamp_ns: 1}]\n", "stamp 1 ns is annotated twice"),
    ("function: pour-with\nframes: [{stamp_ns: 1, pose: {position: [0, 0, 1], quaternion_xyzw: [0, 0, 0, 3]}}]\n", "of length 1"),
    ("function: pour-with\nframes: [{stamp_ns: 1, outline: [[1, 2]]}]\n", "1 corners; it must be outline"),
    ("function: [\n", "is no YAML"),
])
def test_mistakes_are_named(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "a.yaml").write_text(content)
    with pytest.raises(BadAnnotations, match=words):
        read_annotations(tmp_path / "a.yaml")
    with pytest.raises(BadAnnotations, match="elsewhere.yaml is no file"):
        read_annotations(tmp_path / "elsewhere.yaml")
