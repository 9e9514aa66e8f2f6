# SPDX-License-Identifier: Apache-2.0
"""Blades: lofts of ground sections along the x axis, lying about the plane z = 0, whose bands are spine, blade, edge and tip."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from func_corr_ros.data.objects.solids import Solid, loft
from func_corr_ros.geometry.frames import frame_from_axes

# Half the thickness that is left at a sharp edge, metres: keen to the eye, yet no sliver.
_KEEN = 0.00018
_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Blade:
    """A blade from its heel to its point: ``spine`` and ``edge`` are the y of its two borders over the stations ``x`` (the edge
    below the spine), ``thickness`` is the spine's. It is ground flat from ``grind`` (share of the width below the spine) down
    to the bevel, ``band`` wide, that is the part ``edge_part``; what lies beyond ``tip_from`` is ``tip_part``. ``back_part`` is
    the spine's name, ``flat_part`` that of the unground flats.
    """

    x: Float[np.ndarray, " k"]
    spine: Float[np.ndarray, " k"]
    edge: Float[np.ndarray, " k"]
    thickness: float
    band: float = 0.002
    grind: float = 0.3
    tip_from: float = np.inf
    back_part: str = "spine"
    flat_part: str = "blade"
    edge_part: str = "edge"
    tip_part: str = "tip"

    def solid(self) -> Solid:
        """Returns the blade; the spine's band reaches over both flats by 1.2 times the thickness, to be seen from the side."""
        width = self.spine - self.edge
        back = np.minimum(1.2 * self.thickness, 0.25 * width)
        bevel = np.minimum(self.band, 0.35 * width)
        ground = np.minimum(np.maximum(self.grind * width, back), width - bevel)
        columns = np.stack([self.spine, self.spine - back, self.spine - ground, self.edge + bevel, self.edge], axis=-1)
        # Towards the point the blade thins as it narrows.
        half = np.maximum(0.5 * self.thickness * np.minimum(1.0, (width / (0.3 * width.max())) ** 0.7), 2.0 * _KEEN)
        halves = np.stack([0.9 * half, half, half, np.maximum(0.35 * half, 1.2 * _KEEN), np.full_like(half, _KEEN)], axis=-1)
        bands = (self.back_part, self.flat_part, "blade", self.edge_part)
        return ground_loft(self.x, columns, halves, bands, (self.back_part, self.edge_part), self.tip_from,
                           self.tip_part)

    def at_edge(self, share: float = 0.5) -> Float64[np.ndarray, "4 4"]:
        """Returns the frame on the edge at ``share`` of the blade's length: x out of the edge, z up, so that y runs along it to
        the point.
        """
        here = self.x[0] + share * (self.x[-1] - self.x[0])
        step = 0.05 * (self.x[-1] - self.x[0])
        low, middle, high = np.interp([here - step, here, here + step], self.x, self.edge)
        along = np.array([2.0 * step, high - low, 0.0])
        return frame_from_axes(np.array([here, middle, 0.0]), _Z, np.cross(along, _Z))

    def at_tip(self) -> Float64[np.ndarray, "4 4"]:
        """Returns the frame at the point: x away from the handle, z up."""
        return frame_from_axes(np.array([self.x[-1], 0.5 * (self.spine[-1] + self.edge[-1]), 0.0]), _Z, _X)

    def on_flat(self, share: float, down: float) -> Float64[np.ndarray, "4 4"]:
        """Returns the frame on the upper flat, at ``share`` of the length and ``down`` of the way from the spine to the edge: x
        away from the handle, z up.
        """
        here = self.x[0] + share * (self.x[-1] - self.x[0])
        spine, edge = np.interp(here, self.x, self.spine), np.interp(here, self.x, self.edge)
        thin = 1.0 if down <= self.grind else 1.0 - 0.65 * (down - self.grind) / (1.0 - self.grind)
        return frame_from_axes(np.array([here, spine + down * (edge - spine), 0.5 * thin * self.thickness]), _Z, _X)


def ground_loft(
    x: Float[np.ndarray, " k"], columns: Float[np.ndarray, "k m"], halves: Float[np.ndarray, "k m"],
    bands: tuple[str, ...], borders: tuple[str, str], tip_from: float = np.inf, tip_part: str = "tip",
) -> Solid:
    """Returns the solid whose section at each station has half thickness ``halves`` at the y of ``columns`` (from +y to -y), the
    same above and below z = 0; ``bands`` names the m - 1 strips between columns, ``borders`` the narrow sides at +y and -y, and
    all beyond ``tip_from`` is ``tip_part``.
    """
    upper = np.stack([np.broadcast_to(x[:, None], columns.shape), columns, halves], axis=-1)
    rings = np.concatenate([upper, upper[:, ::-1] * np.array([1.0, 1.0, -1.0])], axis=1)
    parts = np.array([*bands, borders[1], *bands[::-1], borders[0]], dtype=object)
    named = np.broadcast_to(parts, (len(x) + 1, len(parts))).copy()
    named[0], named[-1] = "blade", "blade"
    if np.isfinite(tip_from):
        named[1:-1][x[:-1] >= tip_from] = tip_part
        named[-1] = tip_part
    return loft(rings, named)


def tapered(
    s: Float[np.ndarray, " k"], low: Float[np.ndarray, "k 2"], high: Float[np.ndarray, "k 2"], parts: list[str],
    roundness: float = 0.3, segments: int = 40,
) -> Solid:
    """Returns the solid along x whose section at each station ``s`` is the superellipse (``roundness`` 1 an ellipse, towards 0 a
    rectangle) between the (y, z) corners ``low`` and ``high``; ``parts`` names the start cap, each step and the end cap.
    """
    angle = 2.0 * np.pi * (np.arange(segments) + 0.5) / segments
    c, d = np.cos(angle), np.sin(angle)
    section = np.stack([np.sign(c) * np.abs(c) ** roundness, np.sign(d) * np.abs(d) ** roundness], axis=-1)
    across = 0.5 * (low + high)[:, None] + 0.5 * (high - low)[:, None] * section
    rings = np.concatenate([np.broadcast_to(s[:, None, None], (len(s), segments, 1)), across], axis=-1)
    return loft(rings, np.array(parts, dtype=object))


def stations(start: float, length: float, count: int = 120) -> Float64[np.ndarray, " k"]:
    """Returns stations from ``start`` over ``length``, denser towards the end where the outline bends round to the point."""
    return start + length * np.sin(0.5 * np.pi * np.linspace(0.0, 1.0, count))


def shares(x: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
    """Returns the stations as shares of the way from the first to the last."""
    return (x - x[0]) / (x[-1] - x[0])


def scallops(t: Float64[np.ndarray, " k"], count: int) -> Float64[np.ndarray, " k"]:
    """Returns 0..1 over shares ``t``: ``count`` round bites with sharp points between them, as on a bread knife."""
    return np.abs(np.sin(np.pi * count * t)) ** 0.7
