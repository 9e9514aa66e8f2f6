# SPDX-License-Identifier: Apache-2.0
"""Grips of hand tools along the x axis, and how a tool made with one is put down."""
from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import PchipInterpolator

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.primitives import rod
from func_corr_ros.data.objects.resting import put_down
from func_corr_ros.data.objects.solids import Solid, loft
from func_corr_ros.geometry.frames import frame_from_axes

STYLES = ("straight", "scales", "contoured", "round", "ringed", "faceted")
# Along the grip from butt (0) to front (1): where, width, thickness, and how far the middle lies to +y, all over the grip's own.
_PROFILE = {
    "straight": ([0.0, 0.5, 1.0], [0.96, 1.0, 0.9], [1.0, 1.0, 0.9], [0.0, 0.0, 0.0]),
    "scales": ([0.0, 0.3, 0.7, 1.0], [1.0, 0.9, 0.98, 0.84], [1.0, 1.0, 1.0, 0.9], [-0.06, 0.03, 0.0, 0.06]),
    "contoured": ([0.0, 0.1, 0.34, 0.62, 0.88, 1.0], [0.8, 1.0, 0.74, 0.92, 0.68, 0.86], [0.85, 0.95, 0.86, 1.0, 0.8, 0.8],
                  [-0.3, -0.2, 0.02, -0.04, 0.08, 0.05]),
    "round": ([0.0, 0.16, 0.5, 0.86, 1.0], [0.82, 1.0, 0.94, 0.68, 0.74], [0.82, 1.0, 0.94, 0.68, 0.74], [0.0] * 5),
    "ringed": ([0.0, 0.1, 0.9, 1.0], [1.0, 0.96, 0.9, 0.98], [1.0, 0.96, 0.9, 0.98], [0.0] * 4),
    "faceted": ([0.0, 0.1, 1.0], [0.95, 1.0, 0.76], [0.95, 1.0, 0.76], [0.0] * 3),
}
# Exponent of the superellipse that is the section: 1 an ellipse, towards 0 a rectangle ("faceted" is an octagon).
_SECTION = {"straight": 0.6, "scales": 0.42, "contoured": 0.85, "round": 1.0, "ringed": 0.9}
_RINGS, _RING_DEPTH = 9, 0.11
_SECTION_POINTS = 32
_STATIONS = 72
_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Grip:
    """A tool's handle from its butt at x = -``length`` to its front at x = 0 about the x axis: ``width`` along y, ``thickness``
    along z, metres; its middle line bends towards -y by ``bend`` at the butt. STYLES: "straight" a bar with soft edges, "scales"
    two riveted slabs, "contoured" with a palm swell, finger hollow and hooked butt, "round" turned (give width = thickness),
    "ringed" a rubber sleeve with grooves, "faceted" an octagon that widens to the butt.
    """

    style: str
    length: float
    width: float
    thickness: float
    bend: float = 0.0

    def solid(self, part: str = "handle") -> Solid:
        """Returns the grip with rounded ends, all of it ``part``."""
        # A quarter circle of stations rounds each end, over half of the thickness; the caps are small flats.
        rounding = min(0.4 * self.thickness, 0.2 * self.length)
        turn = np.linspace(0.3, np.pi / 2.0, 9)[:-1]
        near = rounding * (1.0 - np.cos(turn))
        middle = np.linspace(rounding, self.length - rounding, _STATIONS)
        along = np.concatenate([near, middle, (self.length - near)[::-1]])
        ends = np.concatenate([np.sin(turn), np.ones(_STATIONS), np.sin(turn)[::-1]])
        width, thickness, offset = self._sizes(along / self.length)
        # The ends lose as much of the wide side as of the thin one, so that a flat grip has round corners, no point.
        half_y = width / 2.0 - (1.0 - ends) * np.minimum(rounding, 0.35 * width)
        half_z = thickness / 2.0 - (1.0 - ends) * np.minimum(rounding, 0.35 * thickness)
        y, z = self._section()
        rings = np.stack([np.broadcast_to((along - self.length)[:, None], (len(along), len(y))),
                          offset[:, None] + half_y[:, None] * y, half_z[:, None] * z], axis=-1)
        body = loft(rings, np.full(len(along) + 1, part))
        return body + self._rivets(part) if self.style == "scales" else body

    def middle(self, x: float) -> Float64[np.ndarray, " 3"]:
        """Returns the point of the grip's middle line at ``x`` (-length to 0)."""
        return np.array([x, float(self._sizes(np.array([1.0 + x / self.length]))[2][0]), 0.0])

    def object_from_gripper(self, at: float = 0.5) -> Float64[np.ndarray, "4 4"]:
        """Returns the grasp from above (z down), closing across the width, at the share ``at`` of the length before the butt."""
        return frame_from_axes(self.middle((at - 1.0) * self.length), -_Z, _X)

    def _sizes(
        self, t: Float64[np.ndarray, " k"]
    ) -> tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, " k"], Float64[np.ndarray, " k"]]:
        """Returns width, thickness and the middle's y at shares ``t`` of the length from the butt."""
        knots, wide, thick, off = _PROFILE[self.style]
        groove = np.zeros_like(t)
        if self.style == "ringed":
            groove = _RING_DEPTH * (0.5 - 0.5 * np.cos(2.0 * np.pi * _RINGS * np.clip((t - 0.15) / 0.7, 0.0, 1.0)))
        width = self.width * (PchipInterpolator(knots, wide)(t) - groove)
        thickness = self.thickness * (PchipInterpolator(knots, thick)(t) - groove)
        return width, thickness, self.width * PchipInterpolator(knots, off)(t) - self.bend * (1.0 - t) ** 2

    def _section(self) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
        """Returns the outline within -1..1 in (y, z), counter-clockwise seen from +x."""
        angle = 2.0 * np.pi * (np.arange(_SECTION_POINTS) + 0.5) / _SECTION_POINTS
        c, s = np.cos(angle), np.sin(angle)
        if self.style == "faceted":
            octagon = 1.0 / np.cos((angle + np.pi / 8.0) % (np.pi / 4.0) - np.pi / 8.0)
            return c * octagon, s * octagon
        power = _SECTION[self.style]
        return np.sign(c) * np.abs(c) ** power, np.sign(s) * np.abs(s) ** power

    def _rivets(self, part: str) -> Solid:
        radius = min(0.16 * self.width, 0.004)
        rivets = []
        for share in (0.18, 0.5, 0.82):
            middle = self.middle((share - 1.0) * self.length)
            half = float(self._sizes(np.array([share]))[1][0]) / 2.0 + 0.0004
            rivets.append(rod(middle - half * _Z, middle + half * _Z, radius, part, segments=20))
        return rivets[0] + rivets[1] + rivets[2]


def laid(thing: FunctionalObject) -> FunctionalObject:
    """Returns ``thing`` with all its frames as it lies on z = 0 (``put_down``), its middle above the origin."""
    low, high = thing.vertices.min(axis=0), thing.vertices.max(axis=0)
    shift = -0.5 * (low + high) * (_X + _Y)
    return put_down(replace(
        thing,
        vertices=thing.vertices + shift,
        functional_frames={name: _shifted(frame, shift) for name, frame in thing.functional_frames.items()},
        grasp_frames={name: _shifted(frame, shift) for name, frame in thing.grasp_frames.items()},
        symmetries={name: replace(item, point=item.point + shift) for name, item in thing.symmetries.items()},
    ))


def _shifted(frame: Float64[np.ndarray, "4 4"], shift: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, "4 4"]:
    moved = frame.copy()
    moved[:3, 3] += shift
    return moved
