# SPDX-License-Identifier: Apache-2.0
"""The smallest box that stands on a plane and holds some points: all that a planner need know of an unmodelled object."""
from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, Float64

from func_corr_ros.errors import TooFewPoints
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.se3 import make

MIN_POINTS = 10
# One point among so many may be a flying pixel: the box holds all but this share at each end of each axis.
OUTLIERS = 0.01


@dataclass(frozen=True)
class UprightBox:
    """A box of ``size`` [m] around the origin of its own frame, whose z axis is the plane's normal and whose x axis is the longer
    horizontal side.
    """

    frame_from_box: Float64[np.ndarray, "4 4"]
    size: Float64[np.ndarray, "3"]

    @classmethod
    def around(cls, points: Float[np.ndarray, "n 3"], plane: Plane) -> UprightBox:
        """Returns the box of the smallest footprint that stands on ``plane`` and holds the finite ones of ``points``, all but the
        outermost hundredth along each axis. Raises TooFewPoints.
        """
        points = points[np.isfinite(points).all(axis=1)].astype(np.float64)
        if len(points) < MIN_POINTS:
            raise TooFewPoints(f"{len(points)} points have a depth; a box needs {MIN_POINTS}")
        across = _horizontal(plane)
        flat = points @ across.T
        _, _, turn_deg = cv2.minAreaRect(flat.astype(np.float32).reshape(-1, 1, 2))
        turn = np.radians(turn_deg)
        sides = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) @ across
        low, high = np.quantile(points @ sides.T, (OUTLIERS, 1.0 - OUTLIERS), axis=0)
        if high[1] - low[1] > high[0] - low[0]:  # a quarter turn keeps the frame right-handed
            sides = np.stack([sides[1], -sides[0]])
            low, high = np.array([low[1], -high[0]]), np.array([high[1], -low[0]])
        height = float(np.quantile(plane.signed_distance(points), 1.0 - OUTLIERS))
        middle = 0.5 * (low + high) @ sides + plane.normal * (0.5 * height - plane.offset)
        axes = np.stack([*sides, plane.normal], axis=1)
        return cls(make(axes, middle), np.array([*(high - low), height]))


def _horizontal(plane: Plane) -> Float64[np.ndarray, "2 3"]:
    """Returns two unit vectors along the plane that make a right-handed frame with its normal."""
    helper = np.eye(3)[int(np.argmin(np.abs(plane.normal)))]
    first = np.cross(helper, plane.normal)
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(plane.normal, first)])
