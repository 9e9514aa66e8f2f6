# SPDX-License-Identifier: Apache-2.0
"""Spouts that are tubes: out of a vessel at +x in the plane y = 0, with a bore from the cavity to the tip."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import PchipInterpolator

from func_corr_ros.data.objects.primitives import along, rod
from func_corr_ros.data.objects.shell import spline
from func_corr_ros.data.objects.solids import Solid, loft, revolve

_STATIONS, _SEGMENTS = 32, 28
# The section turns from square to the tube to the cut of the tip over this last share of the way.
_CUT_SHARE = 0.3
_MOST_STRETCH = 1.6
_Y = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True)
class Spout:
    """A tapering tube along the spline of ``controls``, (x, z) points in metres from within the cavity to the tip. ``radii`` are
    (share of the way, outer radius) with rising shares from 0 to 1; ``level`` is how far the tip's cut is turned from square to
    the tube (0) to level (1); the last ``mouth`` metres are the part "mouth" (0: all is "spout").
    """

    controls: tuple[tuple[float, float], ...]
    radii: tuple[tuple[float, float], ...]
    thickness: float
    level: float = 0.0
    mouth: float = 0.0

    def tube(self) -> Solid:
        """Returns the tube filled, with the parts "spout" and "mouth"; it begins inside the vessel."""
        return loft(self._rings(0.0), self._parts("spout"))

    def bore(self) -> Solid:
        """Returns what is to be taken out of the vessel with its tube, "interior" and "mouth": it reaches beyond the tip."""
        rings = self._rings(self.thickness)
        beyond = rings[-1:] + 2.0 * self.thickness * self._axes()[1][-1]
        parts = self._parts("interior")
        return loft(np.concatenate([rings, beyond]), np.concatenate([parts, parts[-1:]]))

    def lip(self) -> Float64[np.ndarray, " 3"]:
        """Returns the point of the tip's edge that is furthest out: what is poured leaves there."""
        edge = self._rings(self.thickness / 2.0)[-1]
        return edge[edge[:, 0].argmax()]

    def tip(self) -> Float64[np.ndarray, "4 4"]:
        """Returns the frame in the middle of the tip, z along the tube's axis."""
        curve = self._axes()[0]
        return along(curve[-1], curve[-1] + self._axes()[1][-1])

    def _axes(self) -> tuple[Float64[np.ndarray, "k 3"], Float64[np.ndarray, "k 3"], Float64[np.ndarray, " k"]]:
        """Returns the middle line, the normals of its sections and how far each is turned from square (radians)."""
        flat = spline(self.controls, _STATIONS)
        steps = np.gradient(flat, axis=0)
        heading = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
        share = np.linspace(0.0, 1.0, _STATIONS)
        turned = self.level * np.clip((share - 1.0) / _CUT_SHARE + 1.0, 0.0, 1.0) ** 2 * (np.pi / 2.0 - heading[-1])
        angle = heading + turned
        curve = np.stack([flat[:, 0], np.zeros(_STATIONS), flat[:, 1]], axis=-1)
        return curve, np.stack([np.cos(angle), np.zeros(_STATIONS), np.sin(angle)], axis=-1), turned

    def _rings(self, inset: float) -> Float64[np.ndarray, "k n 3"]:
        curve, normals, turned = self._axes()
        shares, radii = np.array(self.radii).T
        radius = (PchipInterpolator(shares, radii)(np.linspace(0.0, 1.0, _STATIONS)) - inset)[:, None, None]
        stretch = np.minimum(1.0 / np.cos(turned), _MOST_STRETCH)[:, None, None]
        angle = 2.0 * np.pi * np.arange(_SEGMENTS)[:, None] / _SEGMENTS
        upward = np.cross(normals, _Y)[:, None]
        return curve[:, None] + radius * (np.cos(angle) * _Y + stretch * np.sin(angle) * upward)

    def _parts(self, tube: str) -> np.ndarray:
        curve = self._axes()[0]
        left = np.linalg.norm(curve[1:] - curve[-1], axis=1)
        bands = np.where(left < self.mouth, "mouth", tube)
        return np.array([tube, *bands, "mouth" if self.mouth > 0.0 else "spout"])


def rose(tip: Float64[np.ndarray, "4 4"], neck: float, face: float, length: float, thickness: float) -> tuple[Solid, Solid]:
    """Returns a watering can's rose on the tip of its spout and what is to be taken out of it: a cone "rose" that opens from
    radius ``neck`` to ``face`` over ``length`` metres to a slightly domed face "mouth", perforated in rings around its middle.
    """
    back = -0.004  # it begins around the spout's end: faces that coincide would leave slivers
    front = length + thickness
    cone = [(0.0, back), (neck + 0.0006, back), (face, length), (face - thickness / 2.0, front), (0.0, front)]
    head = revolve(np.array(cone), ["rose", "rose", "mouth", "mouth"], 40)
    hollow = rod(np.array([0.0, 0.0, 1.5 * back]), np.array([0.0, 0.0, length]), (neck - thickness, face - thickness), "interior")
    hole = 0.055 * face + 0.0004
    for count in (6, 12, 18):
        turn = 2.0 * np.pi * np.arange(count) / count
        for x, y in 0.8 * face * (count // 6) / 3.0 * np.stack([np.cos(turn), np.sin(turn)], axis=-1):
            start, end = np.array([x, y, length - thickness]), np.array([x, y, length + 2.0 * thickness])
            hollow = hollow + rod(start, end, hole, "mouth", segments=8)
    return head.moved(tip), hollow.moved(tip)
