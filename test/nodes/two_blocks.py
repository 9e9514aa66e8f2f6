# SPDX-License-Identifier: Apache-2.0
"""A scene with a known answer: an L of two blocks on a table, every surface point in a colour of its own."""

from dataclasses import replace
from functools import cache

import numpy as np
from scipy.spatial.transform import Rotation

from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import inverse, look_at, make
from func_corr_ros.transfer.demonstration import Demonstration, Phase, keypoint_at

CAMERA = PinholeCamera(600.0, 600.0, 319.5, 239.5, 640, 480)
WORLD_FROM_CAMERA = look_at(np.array([0.0, -0.55, 0.45]), np.array([0.0, 0.0, 0.04]), np.array([0.0, 0.0, 1.0]))
CAMERA_FROM_WORLD = inverse(WORLD_FROM_CAMERA)
TABLE = 0.35  # half its side [m]
# Corners (low, high) of the blocks in the object's frame, which stands on z = 0 [m].
BLOCKS = (((-0.06, -0.03, 0.0), (0.06, 0.03, 0.05)), ((-0.06, -0.03, 0.05), (-0.02, 0.03, 0.12)))
LOW, HIGH = np.array([-0.06, -0.03, 0.0]), np.array([0.06, 0.03, 0.12])
DEMONSTRATED = make(np.eye(3), np.array([0.0, 0.0, 0.0]))
# Where the demonstrated tool was, in the object's frame: above the low block, tilted.
OBJECT_FROM_TOOL = make(Rotation.from_euler("xyz", [180, 20, 30], degrees=True).as_matrix(), np.array([0.03, 0.0, 0.11]))
KEYPOINT_IN_OBJECT = np.array([0.03, 0.0, 0.05])


def moved(x: float, y: float, yaw_deg: float) -> np.ndarray:
    """Returns world_from_object: somewhere else on the table, turned about the vertical."""
    return make(Rotation.from_euler("z", yaw_deg, degrees=True).as_matrix(), np.array([x, y, 0.0]))


def frame(world_from_object: np.ndarray, stamp_ns: int = 0) -> RgbdFrame:
    """Returns what the camera sees, with half a millimetre of depth noise (always the same)."""
    depth, color, _ = _rendered(world_from_object)
    depth = depth + np.random.default_rng(0).normal(0.0, 0.0005, len(depth))
    size = (CAMERA.height, CAMERA.width)
    picture = np.clip(np.rint(color), 0, 255).astype(np.uint8).reshape(*size, 3)
    return RgbdFrame(picture, depth.reshape(size).astype(np.float32), CAMERA, stamp_ns, "camera_color_optical_frame")


def frame_with(*poses: np.ndarray) -> RgbdFrame:
    """Returns what the camera sees of several objects, each at one of ``poses``."""
    seen = frame(poses[0])
    for pose in poses[1:]:
        other, there = frame(pose), mask(pose)
        nearer = there & ~(other.depth > seen.depth)
        color = np.where(nearer[..., None], other.color, seen.color)
        seen = replace(seen, color=color, depth=np.where(nearer, other.depth, seen.depth))
    return seen


def thinned(seen: RgbdFrame, step: int = 4) -> RgbdFrame:
    """Returns every ``step``-th pixel of a frame, and its camera."""
    camera = seen.camera
    fewer = (camera.width // step, camera.height // step)
    less = PinholeCamera(camera.fx / step, camera.fy / step, camera.cx / step, camera.cy / step, *fewer)
    return replace(seen, color=seen.color[::step, ::step].copy(), depth=seen.depth[::step, ::step].copy(), camera=less)


def _rendered(world_from_object: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Depth, colour, and whether it is the object's, of every pixel."""
    v, u = np.mgrid[0 : CAMERA.height, 0 : CAMERA.width]
    rays = CAMERA.rays(np.stack([u, v], axis=-1).reshape(-1, 2).astype(np.float64))
    depth, color = np.full(len(rays), np.nan), np.zeros((len(rays), 3))
    with np.errstate(divide="ignore", invalid="ignore"):
        table = -WORLD_FROM_CAMERA[2, 3] / (rays @ WORLD_FROM_CAMERA[2, :3])
    on_table = rays * table[:, None] @ WORLD_FROM_CAMERA[:2, :3].T + WORLD_FROM_CAMERA[:2, 3]
    seen = (table > 0) & (np.abs(on_table) < TABLE).all(axis=1)
    depth[seen] = table[seen]
    checks = np.floor(on_table / 0.03).sum(axis=1) % 2
    color[seen] = np.where(checks[:, None] > 0, 200.0, 225.0)[seen]
    on_object = np.zeros(len(rays), dtype=bool)
    object_from_camera = inverse(world_from_object) @ WORLD_FROM_CAMERA
    for low, high in BLOCKS:
        near, hit = _entry(rays @ object_from_camera[:3, :3].T, object_from_camera[:3, 3], np.array(low), np.array(high))
        hit &= ~(near >= depth)  # also where nothing was seen yet
        depth[hit] = near[hit]
        points = object_from_camera[:3, 3] + near[hit, None] * (rays[hit] @ object_from_camera[:3, :3].T)
        color[hit] = 20.0 + 215.0 * (points - LOW) / (HIGH - LOW)
        on_object |= hit
    return depth, color, on_object


def _entry(directions: np.ndarray, origin: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    with np.errstate(divide="ignore"):
        a, b = (low - origin) / directions, (high - origin) / directions
    first, last = np.minimum(a, b).max(axis=1), np.maximum(a, b).min(axis=1)
    return first, (first < last) & (first > 0)


def mask(world_from_object: np.ndarray) -> np.ndarray:
    """Returns where the object is in the picture."""
    return _rendered(world_from_object)[2].reshape(CAMERA.height, CAMERA.width)


@cache
def demonstration(id: str = "blocks") -> Demonstration:
    """Returns the demonstration at DEMONSTRATED: one keypoint, two phases."""
    seen = frame(DEMONSTRATED)
    uv = CAMERA.project((CAMERA_FROM_WORLD @ DEMONSTRATED @ np.array([*KEYPOINT_IN_OBJECT, 1.0]))[:3])[0]
    camera_from_tool = CAMERA_FROM_WORLD @ DEMONSTRATED @ OBJECT_FROM_TOOL
    pregrasp = camera_from_tool.copy()
    pregrasp[:3, 3] -= 0.1 * pregrasp[:3, 2]
    keypoint = keypoint_at(seen, "top", (float(uv[0]), float(uv[1])))
    phases = (Phase("pregrasp", "tool0", "top", pregrasp), Phase("action", "tool0", "top", camera_from_tool))
    up = CAMERA_FROM_WORLD[:3, 2]
    support = Plane.through(CAMERA_FROM_WORLD[:3, 3], up)
    return Demonstration(id, "pour-with", "blocks", seen, mask(DEMONSTRATED), (keypoint,), phases, support)


def truth(world_from_object: np.ndarray) -> np.ndarray:
    """Returns camera_from_tool of the action phase on the object at ``world_from_object``."""
    return CAMERA_FROM_WORLD @ world_from_object @ OBJECT_FROM_TOOL
