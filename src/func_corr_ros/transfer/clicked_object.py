# SPDX-License-Identifier: Apache-2.0
"""What clicks on an RGB-D picture of an object say in space: places on it, the side they face, and directions from them."""
from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Float64

from func_corr_ros.errors import DegenerateGeometry, NoDepth, NoMask, TooFewPoints
from func_corr_ros.geometry.depth_image import back_project
from func_corr_ros.geometry.plane import Plane, fit_plane
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import unit
from func_corr_ros.geometry.upright_box import UprightBox
from func_corr_ros.transfer.demonstration import Keypoint, keypoint_at

# A surface's normal is that of its points so near to the place [m], at least so many, a plane but for this much [m].
PATCH_M, MIN_PATCH_POINTS, PATCH_TOLERANCE_M = 0.01, 12, 0.003
# A direction clicked in a plane that is seen at less than this is mostly the error of the hand: half a pixel is many degrees.
MIN_SLANT_DEG = 10.0
# Two clicks nearer to each other than this in space are one place and say no direction [m].
MIN_REACH_M = 0.008
# So near to a pixel, an object's edge counts as hit [px]: where a hand clicks, and what edges of masks are worth.
EDGE_PX = 3


@dataclass(frozen=True, eq=False)
class ClickedObject:
    """An object that is clicked on: its ``mask`` in ``frame``, and the plane that it stands on. All is in the camera's frame."""

    frame: RgbdFrame
    mask: Bool[np.ndarray, "h w"]
    support: Plane

    @property
    def up(self) -> Float64[np.ndarray, "3"]:
        """Unit vector off the support, on the camera's side."""
        return self.support.normal

    @cached_property
    def points(self) -> Float64[np.ndarray, "n 3"]:
        """The object's points that have a depth [m]."""
        return back_project(self.frame.depth, self.frame.camera, self.mask)[0]

    @cached_property
    def middle(self) -> Float64[np.ndarray, "3"]:
        """Middle of the smallest upright box around what is seen of the object [m]; raises TooFewPoints."""
        return UprightBox.around(self.points, self.support).frame_from_box[:3, 3]

    def place(self, name: str, uv: tuple[float, float]) -> Keypoint:
        """Returns the place called ``name`` that is seen at ``uv``.

        Raises NoMask where that is more than EDGE_PX beside the object, NoDepth where the camera measured none there.
        """
        u, v = round(uv[0]), round(uv[1])
        near = self.mask[max(v - EDGE_PX, 0) : v + EDGE_PX + 1, max(u - EDGE_PX, 0) : u + EDGE_PX + 1]
        if not near.any():
            raise NoMask(f"({u}, {v}) is beside the outlined object; click on the object, or choose another object first")
        try:
            return keypoint_at(self.frame, name, uv, self.mask)
        except NoDepth as error:
            raise NoDepth(f"the camera measured no depth of the object at ({u}, {v}); click a little further inside it, on a "
                          "surface that neither shines nor is black") from error

    def normal(self, point: Float64[np.ndarray, "3"]) -> Float64[np.ndarray, "3"]:
        """Returns the unit normal of the surface around ``point``, towards the camera; raises TooFewPoints where less than
        MIN_PATCH_POINTS of it have a depth.
        """
        patch = self.points[np.linalg.norm(self.points - point, axis=1) < PATCH_M]
        if len(patch) < MIN_PATCH_POINTS:
            raise TooFewPoints(f"only {len(patch)} points with depth lie within {PATCH_M * 1e3:.0f} mm of that place, "
                               f"{MIN_PATCH_POINTS} are needed to say which way its surface faces; choose another direction")
        return fit_plane(patch, threshold_m=PATCH_TOLERANCE_M)[0].normal

    def towards(
        self, place: Float64[np.ndarray, "3"], uv: tuple[float, float], normal: Float[np.ndarray, "3"]
    ) -> Float64[np.ndarray, "3"]:
        """Returns the unit vector from ``place`` to where pixel ``uv`` looks, in the plane through ``place`` that is square to
        ``normal``: no depth is needed there, so that one may click beside the object.

        Raises DegenerateGeometry for a click at the place itself, and where the plane is seen from its edge or not at all.
        """
        axis = unit(normal, "normal of the plane that is clicked in")
        ray = unit(self.frame.camera.rays(np.asarray(uv, dtype=np.float64)), "ray of the pixel")
        slant = math.degrees(math.asin(min(abs(float(ray @ axis)), 1.0)))
        reached = float(place @ axis) / float(ray @ axis) if slant >= MIN_SLANT_DEG else math.nan
        if not reached > 0.0:
            raise DegenerateGeometry("from here that direction is seen from its edge, so that a click does not say it; choose it "
                                     "in words, or turn with the arrow keys")
        way = reached * ray - place
        if np.linalg.norm(way) < MIN_REACH_M:
            raise DegenerateGeometry(f"both clicks are at one place ({np.linalg.norm(way) * 1e3:.0f} mm apart), which says no "
                                     f"direction; click at least {MIN_REACH_M * 1e3:.0f} mm away, beside the object if you like")
        return unit(way, "direction")

    def inwards(self, place: Float64[np.ndarray, "3"]) -> Float64[np.ndarray, "3"]:
        """Returns the level unit vector from ``place`` towards the object's middle; raises DegenerateGeometry where the place is
        above or below it, TooFewPoints where too little is seen of the object.
        """
        try:
            way = level(self.middle - place, self.up)
        except TooFewPoints as error:
            raise TooFewPoints("too little of the object has a depth to know its middle; click where the gripper comes from"
                               ) from error
        if np.linalg.norm(way) < MIN_REACH_M:
            raise DegenerateGeometry("that place is in the object's middle, seen from above, so that no side is nearer; click "
                                     "where the gripper comes from")
        return unit(way, "way to the middle")


def level(vector: Float[np.ndarray, "3"], up: Float64[np.ndarray, "3"]) -> Float64[np.ndarray, "3"]:
    """Returns the part of ``vector`` that is square to ``up``."""
    flat: Float64[np.ndarray, "3"] = vector - (vector @ up) * up
    return flat
