# SPDX-License-Identifier: Apache-2.0
"""Simple closed solids that objects are put together from: boxes, rods, balls, round bars along curves, bristles."""
from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from func_corr_ros.data.objects.solids import Solid, hull, loft, revolve
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import make
from func_corr_ros.optional import require


def box(low: Float[np.ndarray, " 3"], high: Float[np.ndarray, " 3"], part: str, rounding: float = 0.0) -> Solid:
    """Returns the box between two corners, its edges and corners rounded with radius ``rounding``."""
    low, high = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    if rounding <= 0.0:
        return hull(_corners(low, high), part)
    corner = rounding * _sphere(8)
    return hull((_corners(low + rounding, high - rounding)[:, None] + corner).reshape(-1, 3), part)


def ball(center: Float[np.ndarray, " 3"], radius: float | Float[np.ndarray, " 3"], part: str) -> Solid:
    """Returns a ball, or an ellipsoid with three half-axes."""
    return hull(np.asarray(center, dtype=np.float64) + np.asarray(radius) * _sphere(16), part)


def rod(
    start: Float[np.ndarray, " 3"], end: Float[np.ndarray, " 3"], radii: float | tuple[float, float], part: str,
    segments: int = 40,
) -> Solid:
    """Returns the round rod or cone with flat ends from ``start`` to ``end``, with one radius or one for each end."""
    first, last = (radii, radii) if isinstance(radii, float) else radii
    length = float(np.linalg.norm(np.subtract(end, start)))
    profile = np.array([[0.0, 0.0], [first, 0.0], [last, length], [0.0, length]])
    profile = profile if last > 0.0 else np.delete(profile, 2, axis=0)
    return revolve(profile, [part] * (len(profile) - 1), segments).moved(along(start, end))


def along(start: Float[np.ndarray, " 3"], end: Float[np.ndarray, " 3"]) -> Float64[np.ndarray, "4 4"]:
    """Returns the frame at ``start`` whose z axis points to ``end`` (x as near to the parent's x, else its z, as it can be)."""
    axis = np.subtract(end, start).astype(np.float64)
    upright = abs(axis[0]) > 0.9 * np.linalg.norm(axis)
    return frame_from_axes(np.asarray(start, dtype=np.float64), axis, np.array([0.0, 0.0, 1.0] if upright else [1.0, 0.0, 0.0]))


def turned(profile: Float[np.ndarray, "k 2"], parts: list[str], axis: Float64[np.ndarray, "4 4"], segments: int = 64) -> Solid:
    """Returns ``revolve(profile, parts)`` about the z axis of the frame ``axis`` (see :func:`along`)."""
    return revolve(profile, parts, segments).moved(axis)


def bar(
    curve: Float[np.ndarray, "k 3"], half_axes: float | Float[np.ndarray, " 2"] | Float[np.ndarray, "k 2"], part: str, *,
    up: tuple[float, float, float] = (0.0, 0.0, 1.0), segments: int = 24, roundness: float = 1.0,
) -> Solid:
    """Returns the bar along any ``curve``, closed by flat ends. Its section is a superellipse with half-axes (across, upward), or
    one radius, the same all along or its own at each point; ``roundness`` 1 an ellipse and towards 0 a rectangle; "upward" is
    carried along the curve without twist, beginning as near to ``up`` as it can be.
    """
    curve = np.asarray(curve, dtype=np.float64)
    axes = np.broadcast_to(np.asarray(half_axes, dtype=np.float64), (len(curve), 2))
    tangents = np.gradient(curve, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    upward = np.empty_like(curve)
    hint = np.asarray(up, dtype=np.float64)
    if abs(hint @ tangents[0]) > 0.99 * np.linalg.norm(hint):
        hint = np.roll(hint, 1)
    for i, tangent in enumerate(tangents):
        hint = hint - (hint @ tangent) * tangent
        upward[i] = hint = hint / np.linalg.norm(hint)
    across = np.cross(upward, tangents)
    angle = 2.0 * np.pi * (np.arange(segments) + 0.5) / segments
    section = np.stack([np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** roundness,
                        np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** roundness], axis=-1)
    scaled = section * axes[:, None]
    rings = curve[:, None] + scaled[..., :1] * across[:, None] + scaled[..., 1:] * upward[:, None]
    return loft(rings, np.full(len(curve) + 1, part))


def union(solids: list[Solid]) -> Solid:
    """Returns all of them as one."""
    whole = solids[0]
    for solid in solids[1:]:
        whole = whole + solid
    return whole


def bristles(
    roots: Float[np.ndarray, "n 3"], tips: Float[np.ndarray, "n 3"], radius: float, part: str, segments: int = 6
) -> Solid:
    """Returns tufts from ``roots`` to ``tips``, each a slightly tapering rod; tufts that touch grow together."""
    manifold3d = require("manifold3d")
    tufts = [rod(root, tip, (radius, 0.8 * radius), part, segments) for root, tip in zip(roots, tips, strict=True)]
    whole = manifold3d.Manifold.batch_boolean([tuft.manifold for tuft in tufts], manifold3d.OpType.Add)
    return Solid(whole, {key: value for tuft in tufts for key, value in tuft.part_of_id.items()})


def shifted(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Float64[np.ndarray, "4 4"]:
    """Returns the 4x4 of a translation, metres."""
    return make(np.eye(3), np.array([x, y, z]))


def _corners(low: Float64[np.ndarray, " 3"], high: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, "8 3"]:
    return np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])


def _sphere(rings: int) -> Float64[np.ndarray, "n 3"]:
    polar, turn = np.meshgrid(np.pi * np.arange(rings + 1) / rings, np.pi * np.arange(2 * rings) / rings, indexing="ij")
    return np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)], axis=-1).reshape(-1, 3)
