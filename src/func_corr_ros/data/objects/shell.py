# SPDX-License-Identifier: Apache-2.0
"""Thin-walled vessels turned about z, open at a rim or closed at the top, and the curves that their outlines are drawn with."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64
from scipy.interpolate import BSpline
from scipy.spatial import cKDTree

from func_corr_ros.data.objects.solids import Solid, circles, loft, revolve
from func_corr_ros.errors import DegenerateGeometry

SEGMENTS = 72
# An inner point this much nearer to the outside than the wall is thick belongs to a fold of the offset (a foot ring, a tight
# corner), not to the cavity.
_FOLD = 0.99
_MITRE = 0.6  # cosine of the sharpest half turn that is mitred
_X, _Z = np.eye(3)[[0, 2]]


def unchanged(points: Float64[np.ndarray, "*s 3"]) -> Float64[np.ndarray, "*s 3"]:
    """Returns ``points``: the warp of a shell that stays round."""
    return points


@dataclass(frozen=True)
class Shell:
    """A wall of even ``thickness`` inside the ``outline``: (radius, height) points in metres from the middle of the base, out and
    up the outside to the rim, or to the axis again where the vessel is closed at the top. ``bands`` name its parts from below:
    (part, up to which height); the first has all of the underside. The cavity begins at the height ``floor``, or where the wall
    lets it. ``warp`` moves the points of the turned surface, outside and inside alike (facets, a lip), and keeps the axis.
    """

    outline: Float64[np.ndarray, "k 2"]
    bands: tuple[tuple[str, float], ...]
    thickness: float
    floor: float = 0.0
    warp: Callable[[np.ndarray], np.ndarray] = unchanged

    def __post_init__(self) -> None:
        if self.outline[0, 0] != 0.0:
            raise DegenerateGeometry(f"an outline begins on the axis; given radius {self.outline[0, 0]:g} m")

    @property
    def closed(self) -> bool:
        """Whether the outline ends on the axis: no rim, the cavity is inside."""
        return bool(self.outline[-1, 0] == 0.0)

    def solid(self) -> Solid:
        """Returns the wall with the parts of ``bands`` and "interior"; inside, the last band is the rim's too."""
        outside, inside = self._cut(), self._inside(self.thickness)
        parts = self._parts(outside)
        if self.closed:
            return self._turned(outside, parts) - self._turned(inside, ["interior"] * (len(inside) - 1))
        inside = inside[::-1]
        rim, from_height = self.bands[-1][0], self.bands[-2][1]
        within = [rim if z > from_height else "interior" for z in (inside[1:, 1] + inside[:-1, 1]) / 2.0]
        edge = self._edge()
        skin = np.concatenate([outside, edge[1:-1], inside])
        return self._turned(skin, [*parts, *[rim] * (len(edge) - 1), *within])

    def filling(self, inset: float, above: float = 0.0) -> Solid:
        """Returns what fills the vessel, ``inset`` metres inside the outside and up to ``above`` metres over the end of the
        wall: the cavity itself at inset = thickness and above = 0, what trims a handle's ends at half the thickness.
        """
        profile = self._inside(inset)
        if not self.closed:
            radius, height = profile[-1]
            lid = [[radius, height + above], [0.0, height + above]] if above > 0.0 else [[0.0, height]]
            profile = np.concatenate([profile, lid])
        return self._turned(profile, ["interior"] * (len(profile) - 1))

    def crest(self, angle: float) -> Float64[np.ndarray, " 3"]:
        """Returns the highest point of the rim at ``angle`` (radians from x)."""
        edge = self._edge()
        return self._point(edge[edge[:, 1].argmax()], angle)

    def in_wall(self, depth: float, angle: float) -> Float64[np.ndarray, " 3"]:
        """Returns the point in the middle of the wall ``depth`` metres below the end of the outline at ``angle``."""
        left = np.insert(np.cumsum(np.linalg.norm(np.diff(self.outline[::-1], axis=0), axis=1)), 0, 0.0)
        at = int(np.searchsorted(left, depth))
        middle = self.outline + self.thickness / 2.0 * _mitres(self.outline)
        return self._point(middle[::-1][at], angle)

    def radius(self, height: float) -> float:
        """Returns the largest outer radius at ``height``."""
        below, above = self.outline[:-1, 1], self.outline[1:, 1]
        crossing = (np.minimum(below, above) <= height) & (np.maximum(below, above) >= height) & (below != above)
        if not crossing.any():
            raise DegenerateGeometry(f"the outline reaches from {self.outline[:, 1].min():g} to {self.outline[:, 1].max():g} m; "
                                     f"there is nothing at {height:g} m")
        share = (height - below[crossing]) / (above - below)[crossing]
        return float((self.outline[:-1, 0][crossing] * (1.0 - share) + self.outline[1:, 0][crossing] * share).max())

    def _point(self, at: Float64[np.ndarray, " 2"], angle: float) -> Float64[np.ndarray, " 3"]:
        return self.warp(np.array([[[at[0] * np.cos(angle), at[0] * np.sin(angle), at[1]]]]))[0, 0]

    def _turned(self, profile: Float64[np.ndarray, "k 2"], parts: list[str]) -> Solid:
        rings = self.warp(circles(profile[1:-1, 0], profile[1:-1, 1], SEGMENTS))
        ends = np.stack([np.zeros(2), np.zeros(2), profile[[0, -1], 1]], axis=-1)
        return loft(rings, np.array(parts), ends[0], ends[1])

    def _cut(self) -> Float64[np.ndarray, "m 2"]:
        """Returns the outline with points where one band ends and the next begins."""
        points = [self.outline[:1]]
        for start, end in zip(self.outline[:-1], self.outline[1:], strict=True):
            low, high = sorted((start[1], end[1]))
            borders = np.array([z for _, z in self.bands if low + 1e-7 < z < high - 1e-7])
            shares = np.sort((borders - start[1]) / (end[1] - start[1])) if len(borders) else borders
            points += [start + shares[:, None] * (end - start), end[None]]
        return np.concatenate(points)

    def _parts(self, outline: Float64[np.ndarray, "m 2"]) -> list[str]:
        middles = (outline[1:, 1] + outline[:-1, 1]) / 2.0
        tops = np.array([z for _, z in self.bands[:-1]])
        bands = np.searchsorted(tops, middles)
        bands[: np.flatnonzero(outline[:, 1] <= outline[:, 1].min() + 1e-9)[-1]] = 0  # all below what it stands on
        return [self.bands[i][0] for i in bands]

    def _inside(self, inset: float) -> Float64[np.ndarray, "m 2"]:
        """Returns the outline of the cavity from the axis up: the offset of the outside without its folds."""
        inner = self.outline + inset * _mitres(self.outline)
        away, _ = cKDTree(_dense(self.outline, inset / 8.0)).query(inner)
        keep = (away > _FOLD * inset) & (inner[:, 0] > 2e-4) & (inner[:, 1] >= self.floor)
        if not self.closed:
            keep[-1] = True  # where the edge's arc ends
        inner, bottom = inner[keep], max(self.floor, float(self.outline[0, 1]) + inset)
        if inner[0, 1] - bottom > 1e-5:
            inner = np.concatenate([[[inner[0, 0], bottom]], inner])
        top = [[0.0, float(self.outline[-1, 1]) - inset]] if self.closed else []
        return _without_loops(np.concatenate([[[0.0, bottom]], inner, *([np.array(top)] if top else [])]))

    def _edge(self) -> Float64[np.ndarray, "9 2"]:
        """Returns the half circle over the rim, from the outside to the inside."""
        normal = _mitres(self.outline)[-1]
        tangent = np.array([normal[1], -normal[0]])
        angle = np.linspace(0.0, np.pi, 9)[:, None]
        half = self.thickness / 2.0
        return self.outline[-1] + half * normal - half * np.cos(angle) * normal + half * np.sin(angle) * tangent


def rounded(corners: Sequence[tuple[float, float]], radii: Sequence[float], step: float = 0.01) -> Float64[np.ndarray, "k 2"]:
    """Returns the polyline through ``corners`` with each inner one rounded by its radius (less where the sides are too short),
    and with points at most ``step`` apart.
    """
    points = np.array(corners)
    path = [points[:1]]
    for before, corner, after, radius in zip(points[:-2], points[1:-1], points[2:], radii, strict=True):
        sides = np.stack([before - corner, after - corner])
        lengths = np.linalg.norm(sides, axis=1)
        sides /= lengths[:, None]
        half = np.arccos(np.clip(sides[0] @ sides[1], -1.0, 1.0)) / 2.0
        cut = min(radius / np.tan(half), 0.48 * lengths.min())
        if cut < 1e-6 or np.pi / 2.0 - half < 1e-3:
            path.append(corner[None])
            continue
        center = corner + cut / np.cos(half) * np.sum(sides, axis=0) / np.linalg.norm(np.sum(sides, axis=0))
        start, end = (corner + cut * side - center for side in sides)
        turn = np.arctan2(start[0] * end[1] - start[1] * end[0], start @ end)
        angles = np.linspace(0.0, turn, max(3, int(abs(turn) / 0.16)))
        path.append(center + np.stack([np.cos(angles) * start[0] - np.sin(angles) * start[1],
                                       np.sin(angles) * start[0] + np.cos(angles) * start[1]], axis=-1))
    return _dense(np.concatenate([*path, points[-1:]]), step)


def spline(controls: Float[np.ndarray, "c d"] | Sequence[tuple[float, ...]], count: int) -> Float64[np.ndarray, "k d"]:
    """Returns ``count`` points of the clamped cubic B-spline of a control polygon (at least 4 points): it begins and ends in the
    polygon's ends, along its first and last side, and never leaves the polygon's hull.
    """
    polygon = np.asarray(controls, dtype=np.float64)
    knots = np.concatenate([np.zeros(3), np.linspace(0.0, 1.0, len(polygon) - 2), np.ones(3)])
    return BSpline(knots, polygon, 3)(np.linspace(0.0, 1.0, count))


def ring(radius: float, height: float, half_axes: tuple[float, float], part: str, around: Solid) -> Solid:
    """Returns a bead around a vessel: an elliptic edge with half-axes (outward, upward) about the circle of ``radius`` at
    ``height``, less what lies inside the solid ``around`` (the shell's filling).
    """
    turn = np.linspace(-np.pi / 2.0, np.pi / 2.0, 13)
    arc = np.array([radius, height]) + np.stack([np.cos(turn), np.sin(turn)], axis=-1) * np.array(half_axes)
    ends = np.array([[0.0, height - half_axes[1]]]), np.array([[0.0, height + half_axes[1]]])
    profile = np.concatenate([ends[0], arc, ends[1]])
    return revolve(profile, [part] * (len(profile) - 1), SEGMENTS) - around


def lip(reach: float, rise: float, half_angle: float, below: float, above: float) -> Callable[[np.ndarray], np.ndarray]:
    """Returns the warp that draws a rim out into a pouring lip at +x: ``reach`` outward and ``rise`` upward at the height
    ``above``, fading to nothing at the height ``below`` and at ``half_angle`` (radians) to both sides.
    """

    def warp(points: Float64[np.ndarray, "k n 3"]) -> Float64[np.ndarray, "k n 3"]:
        angle = np.arctan2(points[..., 1], points[..., 0])
        across = np.cos(np.pi / 2.0 * np.minimum(np.abs(angle) / half_angle, 1.0)) ** 2
        share = across * np.clip((points[..., 2] - below) / (above - below), 0.0, None) ** 1.8
        outward = np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=-1)
        return points + share[..., None] * (reach * outward + rise * _Z)

    return warp


def fluted(count: int, depth: float, below: float, above: float, sharp: float = 0.0) -> Callable[[np.ndarray], np.ndarray]:
    """Returns the warp that gives a round wall ``count`` flutes or, with ``sharp`` 1, flat facets: it takes away at most
    ``depth`` of the radius between the heights, fading over a tenth of the way at both ends.
    """

    def warp(points: Float64[np.ndarray, "k n 3"]) -> Float64[np.ndarray, "k n 3"]:
        phase = (np.arctan2(points[..., 1], points[..., 0]) * count / (2.0 * np.pi) + 0.5) % 1.0 - 0.5
        flat = 1.0 - np.cos(np.pi / count) / np.cos(2.0 * np.pi * phase / count)
        facet = flat / (1.0 - np.cos(np.pi / count))
        wave = 0.5 + 0.5 * np.cos(2.0 * np.pi * phase)
        t = np.clip((points[..., 2] - below) / (above - below), 0.0, 1.0)
        fade = np.clip(10.0 * np.minimum(t, 1.0 - t), 0.0, 1.0)
        share = depth * fade * (sharp * facet + (1.0 - sharp) * wave)
        return points * np.stack([1.0 - share, 1.0 - share, np.ones_like(share)], axis=-1)

    return warp


def _mitres(outline: Float64[np.ndarray, "k 2"]) -> Float64[np.ndarray, "k 2"]:
    """Returns the mitres to the left of the way: from each point to the outline offset by 1 into the wall."""
    steps = np.diff(outline, axis=0)
    steps = steps / np.linalg.norm(steps, axis=1, keepdims=True)
    along = np.concatenate([steps[:1], steps[1:] + steps[:-1], steps[-1:]])
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    half_turn = np.sum(along * np.concatenate([steps[:1], steps]), axis=1, keepdims=True)
    return np.stack([-along[:, 1], along[:, 0]], axis=-1) / np.maximum(half_turn, _MITRE)


def _without_loops(path: Float64[np.ndarray, "k 2"]) -> Float64[np.ndarray, "m 2"]:
    """Returns the polyline cut short at every point where it crosses itself."""
    i = 0
    while i < len(path) - 3:
        way, others = path[i + 1] - path[i], path[i + 3:] - path[i + 2:-1]
        gap = path[i + 2:-1] - path[i]
        with np.errstate(divide="ignore", invalid="ignore"):
            turn = way[0] * others[:, 1] - way[1] * others[:, 0]
            here = (gap[:, 0] * others[:, 1] - gap[:, 1] * others[:, 0]) / turn
            there = (gap[:, 0] * way[1] - gap[:, 1] * way[0]) / turn
        crossed = np.flatnonzero((here > 0.0) & (here < 1.0) & (there > 0.0) & (there < 1.0))
        if len(crossed):
            last = crossed[-1]
            path = np.concatenate([path[: i + 1], (path[i] + here[last] * way)[None], path[i + 3 + last:]])
        i += 1
    return path


def _dense(outline: Float64[np.ndarray, "k 2"], step: float) -> Float64[np.ndarray, "m 2"]:
    """Returns the polyline with points between its own, at most ``step`` apart."""
    counts = np.ceil(np.linalg.norm(np.diff(outline, axis=0), axis=1) / step).astype(int).clip(1)
    pieces = [a + np.arange(n)[:, None] / n * (b - a) for a, b, n in zip(outline[:-1], outline[1:], counts, strict=True)]
    return np.concatenate([*pieces, outline[-1:]])
