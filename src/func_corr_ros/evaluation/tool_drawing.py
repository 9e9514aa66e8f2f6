# SPDX-License-Identifier: Apache-2.0
"""Tools drawn into camera pictures from their poses: a parallel gripper, the frame of a pour, and plain axes."""
from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from func_corr_ros.evaluation.drawing import Color, Picture
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.se3 import transform_points

# Nearer than this to the camera nothing is drawn: the projection of such a point says nothing to a person.
NEAR_M = 0.02
GRIPPER: Color = (60, 200, 255)
PREGRASP: Color = (150, 150, 190)
POUR: Color = (255, 150, 40)
UP: Color = (255, 235, 120)
TRUTH: Color = (255, 255, 255)
AXES: tuple[Color, Color, Color] = ((255, 80, 80), (90, 220, 90), (90, 140, 255))


def project_segments(
    camera: PinholeCamera, camera_from_tool: Float64[np.ndarray, "4 4"], segments: Float[np.ndarray, "n 2 3"]
) -> Float64[np.ndarray, "m 2 2"]:
    """Returns the (u, v) ends of line segments given in the tool's frame, cut where they come nearer than NEAR_M."""
    ends = transform_points(camera_from_tool, segments.astype(np.float64))
    shown = ends[(ends[..., 2] > NEAR_M).any(axis=1)]
    a, b = shown[:, 0], shown[:, 1]
    cut = [_cut_to_near(p, q) for p, q in ((a, b), (b, a))]
    return camera.project(np.stack(cut, axis=1))[0]


def gripper_wire(opening: float = 0.08, finger: float = 0.05) -> Float64[np.ndarray, "4 2 3"]:
    """Returns the segments of a parallel gripper in its own frame: two fingers, the palm, and the stem behind it."""
    half, back = opening / 2.0, -finger
    return np.array([
        [[0.0, -half, 0.0], [0.0, -half, back]],
        [[0.0, half, 0.0], [0.0, half, back]],
        [[0.0, -half, back], [0.0, half, back]],
        [[0.0, 0.0, back], [0.0, 0.0, 2.0 * back]],
    ])


def pour_wire(length: float = 0.07) -> Float64[np.ndarray, "2 2 3"]:
    """Returns the segments of an outlet in its own frame: up (z, shorter) and outward (x)."""
    return np.array([[[0.0, 0.0, 0.0], [0.0, 0.0, 0.7 * length]], [[0.0, 0.0, 0.0], [length, 0.0, 0.0]]])


def draw_gripper(
    picture: Picture, camera: PinholeCamera, camera_from_tool: Float64[np.ndarray, "4 4"], name: str = "",
    color: Color = GRIPPER, opening: float = 0.08, finger: float = 0.05,
) -> None:
    """Draws a parallel gripper whose fingertips close on the tool's origin: z is the approach, y the closing direction.

    ``opening`` is the distance of the fingertips and ``finger`` their length, in metres.
    """
    drawn = project_segments(camera, camera_from_tool, gripper_wire(opening, finger))
    picture.lines(drawn, color, 5)
    if name and len(drawn):
        palm, end = drawn[-1]
        picture.label(0.5 * (palm + end), name, color, 1 if end[0] > palm[0] else -1)


def draw_pour(
    picture: Picture, camera: PinholeCamera, camera_from_outlet: Float64[np.ndarray, "4 4"], name: str = "pour",
    color: Color = POUR, length: float = 0.07, dashed: bool = False,
) -> None:
    """Draws an outlet: its point, an arrow where the liquid leaves (x axis, outward) and a shorter one upwards (z axis)."""
    for (_, tip), ink, text in zip(pour_wire(length), (color if dashed else UP, color), ("", name), strict=True):
        _arrow(picture, camera, camera_from_outlet, tip, ink, dashed, text)
    origin, _ = camera.project(camera_from_outlet[:3, 3])
    if np.isfinite(origin).all():
        picture.dot(origin, color, 5 if dashed else 8)


def draw_axes(
    picture: Picture, camera: PinholeCamera, camera_from_tool: Float64[np.ndarray, "4 4"], name: str = "", length: float = 0.05
) -> None:
    """Draws a frame's axes: x red, y green, z blue, each ``length`` metres."""
    for axis, color in enumerate(AXES):
        _arrow(picture, camera, camera_from_tool, length * np.eye(3)[axis], color, False, "")
    origin, _ = camera.project(camera_from_tool[:3, 3])
    if name and np.isfinite(origin).all():
        picture.label(origin, name)


def _arrow(
    picture: Picture, camera: PinholeCamera, camera_from_tool: Float64[np.ndarray, "4 4"], tip: Float64[np.ndarray, "3"],
    color: Color, dashed: bool, text: str,
) -> None:
    steps = np.linspace(0.0, 1.0, 10)
    dashes = np.stack([steps[:-1:2], steps[1::2]], axis=1)[..., None] * tip
    shaft = project_segments(camera, camera_from_tool, np.stack([np.zeros(3), tip])[None])
    if len(shaft) == 0:
        return
    drawn = project_segments(camera, camera_from_tool, dashes) if dashed else shaft
    picture.lines(np.concatenate([drawn, _barbs(shaft[0, 0], shaft[0, 1])]), color, 3 if dashed else 5)
    if text:
        picture.label(shaft[0, 1], text, color, 1 if shaft[0, 1, 0] > shaft[0, 0, 0] else -1)


def _barbs(tail: Float64[np.ndarray, "2"], tip: Float64[np.ndarray, "2"]) -> Float64[np.ndarray, "2 2 2"]:
    back = 0.28 * (tail - tip)
    side = 0.6 * np.array([-back[1], back[0]])
    return np.array([[tip + back + side, tip], [tip + back - side, tip]])


def _cut_to_near(p: Float64[np.ndarray, "n 3"], q: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3"]:
    """Returns ``p``, moved along the segment towards ``q`` onto the near plane where it lies before it."""
    depth = q[:, 2] - p[:, 2]
    share = np.where(p[:, 2] < NEAR_M, (NEAR_M - p[:, 2]) / np.where(depth == 0.0, 1.0, depth), 0.0)
    return p + share[:, None] * (q - p)
