# SPDX-License-Identifier: Apache-2.0
"""Handles that stand off a vessel's wall in the plane y = 0, on the side of -x."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.solids import Solid, sweep
from func_corr_ros.data.objects.wall import Wall
from func_corr_ros.geometry.frames import frame_from_axes

STYLES = ("round", "square", "ear")
# Exponent of the superellipse in the plane of the handle, and how much further its upper half reaches out.
_SHAPE = {"round": (1.0, 0.0), "square": (0.5, 0.0), "ear": (0.85, 0.28)}
_STATIONS = 56
_SECTION_POINTS = 28


@dataclass(frozen=True)
class Handle:
    """A handle's measures in metres: the height of its middle, its span along the wall, how far it stands off (to the middle
    of its bar), and the bar's ``width`` (across, along y) and ``thickness`` (in the plane).
    """

    style: str
    middle: float
    span: float
    reach: float
    width: float
    thickness: float

    def solid(self, wall: Wall) -> Solid:
        """Returns the bar, ending in the middle of the wall."""
        curve = self._curve(wall)
        along = np.linspace(-1.0, 1.0, len(curve))
        swell = 1.0 + 0.3 * np.abs(along) ** 6  # the bar widens where it meets the wall
        angle = 2.0 * np.pi * np.arange(_SECTION_POINTS) / _SECTION_POINTS
        rounded = np.stack([_power(np.cos(angle), 0.75), _power(np.sin(angle), 0.75)], axis=-1)
        section = rounded * np.array([self.thickness, self.width]) / 2.0
        bar = sweep(curve, swell[:, None, None] * section, np.array([0.0, 1.0, 0.0]), "handle")
        return bar - wall.filling(wall.thickness / 2.0, above_rim=wall.height)

    def object_from_gripper(self, wall: Wall) -> Float64[np.ndarray, "4 4"]:
        """Returns the grasp of the bar half-way up: approach towards the vessel (+x), closing across the bar (along -y), so
        that the gripper's x axis points up.
        """
        curve = self._curve(wall)
        grip = curve[np.abs(curve[:, 2] - self.middle).argmin()]
        return frame_from_axes(grip, np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]))

    def _curve(self, wall: Wall) -> Float64[np.ndarray, "k 3"]:
        """Returns the middle line of the bar, from inside the wall above to inside the wall below, at even steps."""
        exponent, skew = _SHAPE[self.style]
        phi = np.linspace(np.pi / 2.0, -np.pi / 2.0, 400)
        z = self.middle + self.span / 2.0 * _power(np.sin(phi), exponent)
        out = self.reach * _power(np.cos(phi), exponent) * (1.0 + skew * np.sin(phi))
        x = -(wall.radius(z, np.full_like(z, np.pi)) + out)
        line = np.stack([x, z], axis=-1)
        inward = np.array([wall.thickness + self.thickness, 0.0])
        line = np.concatenate([line[:1] + inward, line, line[-1:] + inward])
        length = np.insert(np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1)), 0, 0.0)
        even = np.linspace(0.0, length[-1], _STATIONS)
        x, z = (np.interp(even, length, line[:, axis]) for axis in (0, 1))
        return np.stack([x, np.zeros_like(x), z], axis=-1)


def _power(value: Float64[np.ndarray, "*s"], exponent: float) -> Float64[np.ndarray, "*s"]:
    return np.sign(value) * np.abs(value) ** exponent
