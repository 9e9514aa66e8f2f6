# SPDX-License-Identifier: Apache-2.0
"""Flat parts with soft edges, cut from outlines in the plane z = 0, and closed loops of bar."""
from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Float64

from func_corr_ros.data.objects.solids import Solid, solid
from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.optional import require

_ARC_POINTS = 64  # per full circle
_EDGE_STEPS = 4  # of each quarter circle of a rounded edge
_SMOOTH = 0.92  # cosine of the angle below which two edges belong to one arc


def disc(center: tuple[float, float], radius: float) -> Any:
    """Returns a round outline (a manifold3d CrossSection: ``+`` joins, ``-`` cuts, ``^`` keeps what both share)."""
    return require("manifold3d").CrossSection.circle(radius, _ARC_POINTS).translate(center)


def polygon(points: Float[np.ndarray, "n 2"]) -> Any:
    """Returns the outline through ``points``, counter-clockwise."""
    return require("manifold3d").CrossSection([np.asarray(points, dtype=np.float64)])


def stroke(line: Float[np.ndarray, "k 2"], half_widths: float | Float[np.ndarray, " k"]) -> Any:
    """Returns the outline of a pen drawn along ``line``, with a half width at each point and round ends."""
    halves = np.broadcast_to(np.asarray(half_widths, dtype=np.float64), (len(line),))
    tangents = np.gradient(np.asarray(line, dtype=np.float64), axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    sides = halves[:, None] * np.stack([-tangents[:, 1], tangents[:, 0]], axis=-1)
    ends = disc((float(line[0, 0]), float(line[0, 1])), float(halves[0])) + disc(
        (float(line[-1, 0]), float(line[-1, 1])), float(halves[-1]))
    return ends + polygon(np.concatenate([line - sides, (line + sides)[::-1]]))


def softened(section: Any, radius: float) -> Any:
    """Returns the outline with its corners rounded, inner and outer ones, with ``radius``."""
    join = require("manifold3d").JoinType.Round
    for delta in (-radius, 2.0 * radius, -radius):
        section = section.offset(delta, join, 2.0, _ARC_POINTS)
    return section


def plate(section: Any, thickness: float, part: str, rounding: float) -> Solid:
    """Returns the plate over an outline, with holes or without, from z = -thickness / 2 to thickness / 2, its edges rounded
    with radius ``rounding`` (at most half the
    thickness). Raises DegenerateGeometry where the outline leaves nothing to round.
    """
    manifold3d = require("manifold3d")
    join = manifold3d.JoinType.Round
    # Outer corners must be rounder than the edge, else the rings of the edge would cross each other there.
    opened = section.offset(-1.6 * rounding, join, 2.0, _ARC_POINTS).offset(1.6 * rounding, join, 2.0, _ARC_POINTS)
    rings = [np.asarray(ring) for ring in opened.simplify(5e-6).to_polygons()]
    if not rings:
        raise DegenerateGeometry(f"{part}: an outline of area {section.area():g} m2 is narrower than the rounding of its edge, "
                                 f"{1e3 * rounding:g} mm; give a wider outline or a smaller rounding")
    turn = np.linspace(-np.pi / 2.0, 0.0, _EDGE_STEPS + 1)
    inset = rounding * (1.0 - np.cos(turn))
    height = rounding * (1.0 + np.sin(turn)) - thickness / 2.0
    inset, height = np.concatenate([inset, inset[::-1]]), np.concatenate([height, -height[::-1]])
    levels = np.concatenate([_stack(ring, inset, height) for ring in rings], axis=1)
    return _between(levels, [len(ring) for ring in rings], part)


def loop(curve: Float[np.ndarray, "k 3"], half_axes: float | Float[np.ndarray, "k 2"], part: str, segments: int = 24) -> Solid:
    """Returns the closed bar along ``curve`` in the plane z = 0, counter-clockwise, last point not repeated; its section is an
    ellipse with half-axes in the plane and along z.
    """
    axes = np.broadcast_to(np.asarray(half_axes, dtype=np.float64), (len(curve), 2))
    tangents = np.roll(curve, -1, axis=0) - np.roll(curve, 1, axis=0)
    tangents = tangents / np.linalg.norm(tangents, axis=1, keepdims=True)
    outward = np.cross(tangents, np.array([0.0, 0.0, 1.0]))
    angle = 2.0 * np.pi * np.arange(segments) / segments
    rings = (curve[:, None] + axes[:, None, :1] * np.cos(angle)[:, None] * outward[:, None]
             - axes[:, None, 1:] * np.sin(angle)[:, None] * np.array([0.0, 0.0, 1.0]))
    here = np.arange(len(curve) * segments).reshape(len(curve), segments)
    faces = _quads(here, np.roll(here, -1, axis=1), np.roll(here, -1, axis=0), np.roll(np.roll(here, -1, axis=0), -1, axis=1))
    return solid(rings.reshape(-1, 3), faces, np.full(len(faces), part))


def _stack(
    ring: Float64[np.ndarray, "n 2"], inset: Float64[np.ndarray, " m"], height: Float64[np.ndarray, " m"]
) -> Float64[np.ndarray, "m n 3"]:
    """Returns ``ring`` at each height, drawn in by ``inset`` along the bisector of its edges' normals."""
    edges = np.roll(ring, -1, axis=0) - ring
    lengths = np.linalg.norm(edges, axis=1, keepdims=True)
    after = np.stack([edges[:, 1], -edges[:, 0]], axis=-1) / lengths
    before = np.roll(after, 1, axis=0)
    # On an arc that is cut unevenly the normal of the arc leans towards the shorter edge; at a corner it halves the angle.
    smooth = (after * before).sum(axis=1, keepdims=True) > _SMOOTH
    normal = np.where(smooth, after * np.roll(lengths, 1, axis=0) + before * lengths, after + before)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    # The mitre, of which a sharp inner corner gets no more than twice the inset.
    bisector = normal / np.maximum((normal * after).sum(axis=1, keepdims=True), 0.5)
    drawn = ring - inset[:, None, None] * bisector
    return np.concatenate([drawn, np.broadcast_to(height[:, None, None], (*drawn.shape[:2], 1))], axis=-1)


def _between(levels: Float64[np.ndarray, "m n 3"], sizes: list[int], part: str) -> Solid:
    """Returns what lies between the first and the last of ``levels``, each the same closed rings of ``sizes`` points."""
    m, n, _ = levels.shape
    starts = np.insert(np.cumsum(sizes), 0, 0)
    after = np.concatenate([np.roll(np.arange(a, b), -1) for a, b in zip(starts[:-1], starts[1:], strict=True)])
    base = n * np.arange(m - 1)[:, None]
    sides = _quads(base + np.arange(n), base + after, base + n + np.arange(n), base + n + after)
    outline = [levels[0, a:b, :2] for a, b in zip(starts[:-1], starts[1:], strict=True)]
    cap = np.asarray(require("manifold3d").triangulate(outline), dtype=np.int64)
    faces = np.concatenate([sides, cap[:, ::-1], cap + n * (m - 1)])
    return solid(levels.reshape(-1, 3), faces, np.full(len(faces), part))


def _quads(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Returns two triangles each of the quads a b d c."""
    return np.concatenate([np.stack([a, b, d], axis=-1).reshape(-1, 3), np.stack([a, d, c], axis=-1).reshape(-1, 3)])
