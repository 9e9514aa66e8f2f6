# SPDX-License-Identifier: Apache-2.0
"""A trial as a moving picture: what the physics recorded, drawn by the package's own ray caster; no screen and no OpenGL."""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

from func_corr_ros.data.materials import Material
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.primitives import ball, box
from func_corr_ros.data.ray_scene import PlacedObject
from func_corr_ros.data.render import render
from func_corr_ros.errors import BadImage
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.se3 import look_at, make
from func_corr_ros.provenance import whole_file
from func_corr_ros.simulation.convex_parts import simplified
from func_corr_ros.simulation.judgement import Judgement
from func_corr_ros.simulation.physical_world import FRAME_S

CAMERA = PinholeCamera(420.0, 420.0, 159.5, 119.5, 320, 240)
EVERY = 2  # recorded moments per picture
_SMOOTHED_M = 4e-4
_GRAINS = Material((0.95, 0.62, 0.12), roughness=0.5)
_COLORS = {
    "receiver": Material((0.35, 0.5, 0.62), roughness=0.4), "vessel": Material((0.86, 0.82, 0.76), roughness=0.35),
    "object": Material((0.86, 0.82, 0.76), roughness=0.35), "tool": Material((0.86, 0.82, 0.76), roughness=0.35),
    "bin": Material((0.35, 0.5, 0.62), roughness=0.4), "peg": Material((0.3, 0.31, 0.33)),
    "hand": Material((0.2, 0.21, 0.23)), "left": Material((0.3, 0.31, 0.33)), "right": Material((0.3, 0.31, 0.33)),
}
_OTHER = Material((0.5, 0.42, 0.35))
_FLOOR = Material((0.7, 0.69, 0.66))


def write_film(path: Path, judgement: Judgement, every: int = EVERY) -> Path:
    """Writes what ``judgement`` recorded as an animated GIF in real time; raises BadImage where it cannot be encoded."""
    frames = film_frames(judgement, every)
    animation = cv2.Animation()
    animation.frames = [np.ascontiguousarray(frame[..., ::-1]) for frame in frames]
    animation.durations = [round(1e3 * FRAME_S * every)] * (len(frames) - 1) + [1500]
    done, encoded = cv2.imencodeanimation(".gif", animation)
    if not done:
        raise BadImage(f"{path} could not be encoded: this OpenCV writes no animated GIF; opencv-python-headless 5 does")
    with whole_file(path) as file:
        file.write(encoded.tobytes())
    return path


def film_frames(judgement: Judgement, every: int = EVERY) -> list[UInt8[np.ndarray, "h w 3"]]:
    """Returns the pictures of a film, and the last moment as its last one."""
    recording = judgement.recording
    shapes = {name: _lighter(thing) for name, thing in judgement.bodies.items()}
    grains = [name for name in recording.world_from_body if name.startswith("grain")]
    moments = [*range(0, len(recording.times) - 1, every), len(recording.times) - 1]
    eye, ground = _eye(judgement), make(np.eye(3), np.array([0.0, 0.0, judgement.floor_m]))
    pictures = []
    for moment in moments:
        placed = [PlacedObject(_floor(), ground, {"": _FLOOR}, "floor")]
        for name, shape in shapes.items():
            pose = recording.world_from_body[name][moment]
            placed.append(PlacedObject(shape, pose, {"": _COLORS.get(name, _OTHER)}, name))
        if grains:
            places = np.array([recording.world_from_body[name][moment, :3, 3] for name in grains])
            placed.append(PlacedObject(_heap(places, judgement.grain_radius), np.eye(4), {"": _GRAINS}, "grains"))
        pictures.append(render(placed, CAMERA, eye, supersampling=1).color)
    return pictures


def _lighter(thing: FunctionalObject) -> FunctionalObject:
    """Returns the shape with fewer faces and one part: small pictures show no more."""
    vertices, faces = simplified(thing, _SMOOTHED_M)
    return FunctionalObject(thing.category, vertices, faces, np.zeros(len(faces), dtype=np.int64), ("body",))


def _heap(places: Float64[np.ndarray, "n 3"], radius: float) -> FunctionalObject:
    """Returns balls around ``places`` as one object."""
    one = FunctionalObject("grain", *ball(np.zeros(3), radius, "body").mesh())
    vertices, faces = simplified(one, 0.12 * radius)
    count = len(places)
    everywhere = (places[:, None] + vertices[None]).reshape(-1, 3)
    joined = (faces[None] + len(vertices) * np.arange(count)[:, None, None]).reshape(-1, 3)
    return FunctionalObject("grains", everywhere, joined, np.zeros(len(joined), dtype=np.int64), ("body",))


def _floor() -> FunctionalObject:
    return FunctionalObject("floor", *box(np.array([-9.0, -9.0, -0.02]), np.array([9.0, 9.0, 0.0]), "body").mesh())


def _eye(judgement: Judgement) -> Float64[np.ndarray, "4 4"]:
    """Returns a camera that sees everything that is ever anywhere, from the side (along y) and a little above."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for name, thing in judgement.bodies.items():
        ends = np.array([thing.vertices.min(axis=0), thing.vertices.max(axis=0)])
        corners = np.stack(np.meshgrid(*ends.T), axis=-1).reshape(-1, 3)
        for pose in judgement.recording.world_from_body[name][:: max(EVERY, 1)]:
            moved = corners @ pose[:3, :3].T + pose[:3, 3]
            low, high = np.minimum(low, moved.min(axis=0)), np.maximum(high, moved.max(axis=0))
    middle, size = 0.5 * (low + high), float(np.linalg.norm((high - low)[[0, 2]]))
    away = make(np.eye(3), np.array([0.25, -1.0, 0.45]))[:3, 3]
    distance = 1.05 * size * CAMERA.fy / CAMERA.height
    return look_at(middle + distance * away / np.linalg.norm(away), middle, np.array([0.0, 0.0, 1.0]))


