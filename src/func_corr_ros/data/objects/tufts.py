# SPDX-License-Identifier: Apache-2.0
"""Where the tufts of a brush stand, the heads they stand in, and the frames of what they do."""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Float64

from func_corr_ros.data.objects.functional_object import FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import laid
from func_corr_ros.data.objects.pointed import Substances
from func_corr_ros.data.objects.solids import Solid, loft
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import make

_X, _Y, _Z = np.eye(3)


def lying_on_its_back(
    category: str, whole: Solid, ends: Float64[np.ndarray, " 3"], functions: tuple[str, ...], held: Float64[np.ndarray, " 3"],
    substances: Substances, order: int | None,
    also: Mapping[str, tuple[tuple[str, ...], Float64[np.ndarray, "4 4"], int | None]] | None = None,
) -> FunctionalObject:
    """Returns a brush whose bristles stand up along z, their middle at ``ends``, its grip at -x, grasped at ``held`` from above.

    ``functions`` are served by the bristles, which repeat after a turn of 360 deg / ``order`` about z (None: they do not);
    ``also`` adds functions with their parts, frame, and order about the frame's x axis.
    """
    axes = {"mix-with": (_X, _Z), "spread-with": (_X, -_Z)}  # x and z; all others act out of the bristles
    frames = {}
    for name in functions:
        x, z = axes.get(name, (_Z, _X))
        frames[name] = make(np.stack([x, np.cross(z, x), z], axis=-1), ends)
    serving: dict[str, tuple[str, ...]] = {name: ("bristles",) for name in functions}
    symmetries = {} if order is None else {name: Symmetry(order, ends, _Z) for name in functions}
    for name, (parts, frame, turns) in (also or {}).items():
        frames[name], serving[name] = frame, parts
        if turns is not None:
            symmetries[name] = Symmetry(turns, frame[:3, 3], frame[:3, 0])
    return laid(FunctionalObject(
        category, *whole.mesh(), function_parts=serving, functional_frames=frames,
        grasp_frames={"handle": frame_from_axes(held, -_Z, _X)}, symmetries=symmetries, substances=substances,
    ))


def skin(whole: Solid) -> Solid:
    """Returns ``whole`` without the hollows that tufts shut in between them."""
    return Solid(max(whole.manifold.decompose(), key=lambda piece: piece.volume()), whole.part_of_id)


def slab(half: Float[np.ndarray, " 2"], power: float, levels: list[tuple[float, float]], parts: list[str]) -> Solid:
    """Returns a flat body about the z axis: at each (inset, z) of ``levels``, from below, a superellipse with half-axes ``half``
    less the inset (``power`` 1 an ellipse, towards 0 a rectangle); ``parts`` names bottom, bands and top.
    """
    rings = [np.insert(superellipse(half - inset, power, 64), 2, z, axis=1) for inset, z in levels]
    return loft(np.array(rings), np.array(parts))


def superellipse(half: Float[np.ndarray, " 2"], power: float, count: int) -> Float64[np.ndarray, "n 2"]:
    """Returns ``count`` points of the outline with half-axes ``half``, counter-clockwise; ``power`` as in :func:`slab`."""
    angle = 2.0 * np.pi * (np.arange(count) + 0.5) / count
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([np.sign(c) * np.abs(c) ** power, np.sign(s) * np.abs(s) ** power], axis=-1) * half


def field(half: Float[np.ndarray, " 2"], power: float, step: float) -> Float64[np.ndarray, "n 2"]:
    """Returns where tufts stand: staggered rows ``step`` apart within a superellipse, symmetric about both axes."""
    rows = int(half[1] / (0.87 * step))
    points = []
    for row in range(-rows, rows + 1):
        count = int(half[0] / step)
        x = step * np.arange(-count, count + 1) if row % 2 == 0 else step * (np.arange(-count, count) + 0.5)
        points.append(np.stack([x, np.full(len(x), 0.87 * step * row)], axis=-1))
    grid = np.concatenate(points)
    inside = (np.abs(grid) / half) ** (2.0 / power)
    return grid[inside.sum(axis=1) <= 1.0]


def standing(
    roots: Float64[np.ndarray, "n 2"], low: float, high: float, splay: float, wander: float
) -> tuple[Float64[np.ndarray, "n 3"], Float64[np.ndarray, "n 3"]]:
    """Returns roots at z = ``low`` and tips at z = ``high``; the outermost tips lean out by ``splay``, all but the middle one
    wander by up to ``wander``.
    """
    lean = splay * roots / np.abs(roots).max()
    noise = wander * np.random.default_rng(0).uniform(-1.0, 1.0, (len(roots), 3))
    noise[np.linalg.norm(roots, axis=1).argmin()] = 0.0
    return np.insert(roots, 2, low, axis=1), np.insert(roots + lean, 2, high, axis=1) + noise
