# SPDX-License-Identifier: Apache-2.0
"""The pinhole camera: pixels to rays and back. Resizes and crops of an image change its intrinsics here, and only here."""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Bool, Float, Float64

from func_corr_ros.errors import BadCamera

# No pinhole lens sees further off its axis than this; intrinsics that say so are mistaken (units, order, another image's size).
MAX_ANGLE_DEG = 80.0


@dataclass(frozen=True)
class PinholeCamera:
    """Intrinsics in pixels of a rectified image of ``width`` x ``height``; pixel centres are at integers.

    Camera coordinates are REP-103 optical: x right, y down, z forward, metres. Lens distortion is not modelled: images
    come rectified. The principal point may lie outside the image (it does after a crop), but no further than a pinhole
    camera can see. Raises BadCamera, naming the field, for intrinsics that no such camera has.
    """

    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int

    def __post_init__(self) -> None:
        for name in ("fx", "fy", "cx", "cy"):  # a np.float64 here would turn float32 points into float64
            object.__setattr__(self, name, float(getattr(self, name)))
        if not all(math.isfinite(value) for value in (self.fx, self.fy, self.cx, self.cy)):
            raise BadCamera(f"the intrinsics of {self} are not all finite; check the camera info")
        if self.fx <= 0.0 or self.fy <= 0.0:
            raise BadCamera(f"the focal lengths are fx={self.fx:g}, fy={self.fy:g} px; both must be above 0 "
                            "(a camera that is not calibrated publishes zeros)")
        if self.width < 1 or self.height < 1:
            raise BadCamera(f"the image size is {self.width}x{self.height} px; at least 1x1 is needed")
        self._check_principal_point("cx", self.cx, self.fx, self.width)
        self._check_principal_point("cy", self.cy, self.fy, self.height)

    def _check_principal_point(self, name: str, centre: float, focal: float, size: int) -> None:
        outside = max(-0.5 - centre, centre - (size - 0.5), 0.0)
        angle = math.degrees(math.atan(outside / focal))
        if angle > MAX_ANGLE_DEG:
            raise BadCamera(f"{name}={centre:g} px lies {outside:g} px outside an image of {size} px: the whole image would be "
                            f"more than {angle:.1f} deg off the optical axis, at most {MAX_ANGLE_DEG:g} deg is possible")

    @classmethod
    def from_matrix(cls, matrix: Float[np.ndarray, "3 3"], width: int, height: int) -> PinholeCamera:
        """Returns the camera of a 3x3 intrinsic matrix K; raises BadCamera for skew or a last row that is not (0, 0, 1)."""
        if not np.allclose(matrix[[0, 1, 2, 2, 2], [1, 0, 0, 1, 2]], [0.0, 0.0, 0.0, 0.0, 1.0]):
            raise BadCamera(f"K must be [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]; given {np.asarray(matrix).tolist()}")
        return cls(float(matrix[0, 0]), float(matrix[1, 1]), float(matrix[0, 2]), float(matrix[1, 2]), width, height)

    @property
    def matrix(self) -> Float64[np.ndarray, "3 3"]:
        """The intrinsic matrix K."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    def project(self, points: Float[Any, "*batch 3"]) -> tuple[Float[Any, "*batch 2"], Bool[Any, "*batch"]]:
        """Returns (u, v) of points in camera coordinates, and where they are in front of the camera and inside the image.

        ``uv`` is NaN for points that are not in front (z <= 0) or not finite; points in front but outside the image
        have their true ``uv``, with ``valid`` False.
        """
        xp = array_namespace(points)
        x, y, z = points[..., 0], points[..., 1], points[..., 2]
        front = (z > 0.0) & xp.isfinite(x) & xp.isfinite(y) & xp.isfinite(z)
        safe = xp.where(front, z, xp.ones_like(z))  # keeps the gradient of the other points finite
        u = x / safe * self.fx + self.cx
        v = y / safe * self.fy + self.cy
        inside = (u >= -0.5) & (u < self.width - 0.5) & (v >= -0.5) & (v < self.height - 0.5)
        nowhere = xp.full_like(z, float("nan"))
        uv = xp.stack([xp.where(front, u, nowhere), xp.where(front, v, nowhere)], axis=-1)
        return uv, front & inside

    def rays(self, uv: Float[Any, "*batch 2"]) -> Float[Any, "*batch 3"]:
        """Returns, for each pixel, the point of its viewing ray at z = 1 (not of unit length)."""
        xp = array_namespace(uv)
        x = (uv[..., 0] - self.cx) / self.fx
        y = (uv[..., 1] - self.cy) / self.fy
        return xp.stack([x, y, xp.ones_like(x)], axis=-1)

    def unproject(self, uv: Float[Any, "*batch 2"], depth: Float[Any, "*batch"]) -> Float[Any, "*batch 3"]:
        """Returns camera coordinates of pixels at ``depth`` metres along the optical axis; a NaN depth gives NaN points."""
        return self.rays(uv) * depth[..., None]

    def resized(self, width: int, height: int) -> PinholeCamera:
        """Returns the camera of this image resized to ``width`` x ``height``: u' = (u + 0.5) * width' / width - 0.5."""
        su, sv = width / self.width, height / self.height
        cx, cy = (self.cx + 0.5) * su - 0.5, (self.cy + 0.5) * sv - 0.5
        return PinholeCamera(self.fx * su, self.fy * sv, cx, cy, width, height)

    def cropped(self, u0: int | float, v0: int | float, width: int, height: int) -> PinholeCamera:
        """Returns the camera of the window whose first pixel centre is (u0, v0); the window may reach beyond the image."""
        return PinholeCamera(self.fx, self.fy, self.cx - u0, self.cy - v0, width, height)
