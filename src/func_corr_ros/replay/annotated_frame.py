# SPDX-License-Identifier: Apache-2.0
"""A frame that a person marks, and where marks of one frame lie on another if nothing but the camera moved."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float64

from func_corr_ros.evaluation.marked_keypoints import filled
from func_corr_ros.geometry.depth_image import sample_depth
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import inverse, transform_points

# A carried point whose frame sees something nearer than this before it is hidden there, and not suggested.
HIDDEN_M = 0.02
# A corner of an outline lies on the edge, where depth cameras see the background or nothing: its depth is the median of what lies
# inside the outline so near to it.
CORNER_PX = 6


@dataclass(frozen=True)
class AnnotatedFrame:
    """A frame that can be clicked on; ``fixed_from_camera`` is None where the camera's motion is not known."""

    frame: RgbdFrame
    fixed_from_camera: Float64[np.ndarray, "4 4"] | None = None

    def jpeg(self) -> bytes:
        """Returns the picture for a browser."""
        _, encoded = cv2.imencode(".jpg", self.frame.color[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
        return bytes(encoded.tobytes())


def carried(uv: Sequence[float], source: AnnotatedFrame, target: AnnotatedFrame) -> tuple[float, float] | None:
    """Returns where the surface point at ``uv`` of ``source`` is seen in ``target`` if only the camera moved: its depth, and the
    motion of the camera (none where that is not known). None where there is no depth, or it is out of sight or hidden.
    """
    point, valid = source.frame.points_at(np.array([uv], dtype=np.float32))
    if not valid[0]:
        return None
    point = _moved(point, source, target)
    seen, inside = target.frame.camera.project(point)
    if not inside[0]:
        return None
    depth, known = sample_depth(target.frame.depth, seen)
    if known[0] and depth[0] < point[0, 2] - HIDDEN_M:
        return None
    return float(seen[0, 0]), float(seen[0, 1])


def carried_outline(
    corners: Sequence[Sequence[float]], source: AnnotatedFrame, target: AnnotatedFrame
) -> list[tuple[float, float]] | None:
    """Returns the outline ``corners`` of ``source`` as seen in ``target`` if only the camera moved, cut at the picture's edge.

    None where nothing inside it has depth, or all of it is out of sight. What hides a part of it is not looked at.
    """
    height, width = source.frame.depth.shape
    inside = filled(tuple((float(u), float(v)) for u, v in corners), (), height, width)
    depth = np.where(inside, source.frame.depth, np.float32("nan"))
    if not np.isfinite(depth).any():
        return None
    uv = np.array(corners, dtype=np.float64)
    points = _moved(source.frame.camera.unproject(uv, np.array([_near(depth, corner) for corner in uv])), source, target)
    if (points[:, 2] <= 0.0).any():
        return None
    seen, visible = target.frame.camera.project(points)
    if not visible.any():
        return None
    height, width = target.frame.depth.shape
    return [(float(np.clip(u, 0, width - 1)), float(np.clip(v, 0, height - 1))) for u, v in seen]


def _near(depth: np.ndarray, corner: np.ndarray) -> float:
    u, v = (int(round(float(value))) for value in corner)
    near = depth[max(v - CORNER_PX, 0) : v + CORNER_PX + 1, max(u - CORNER_PX, 0) : u + CORNER_PX + 1]
    return float(np.nanmedian(near if np.isfinite(near).any() else depth))


def _moved(points: np.ndarray, source: AnnotatedFrame, target: AnnotatedFrame) -> np.ndarray:
    if source.fixed_from_camera is None or target.fixed_from_camera is None:
        return points
    return transform_points(inverse(target.fixed_from_camera) @ source.fixed_from_camera, points)
