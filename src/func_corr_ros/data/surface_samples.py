# SPDX-License-Identifier: Apache-2.0
"""Even samples of the parts of an object that serve a function, and which of its working ends each of them belongs to."""
from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Float64, Int64
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from func_corr_ros.data.objects.functional_object import FunctionalObject, Symmetry
from func_corr_ros.geometry.se3 import about_axis

SAMPLES = 1024
OF_NO_END = -1
_CANDIDATES = 8
# A piece as near to two ends, to this share of their distance, is of neither: a card's long edges lie between its short ones.
_BETWEEN = 0.2
# Origins that a turn leaves as near to each other, in RMS distances of the samples from them, are one.
_ONE = 0.1


@dataclass(frozen=True)
class ServingSamples:
    """How an object serves a function: the functional frame, its symmetry (None: it has none), and samples of the serving parts,
    evenly spread however many of the first are taken, all in the object's frame. ``ends`` are the frame's origin, first, and its
    copies by the symmetry, where the parts fall apart into pieces about them: a ruler digs with either end, a mallet pounds with
    either face; a rim, in one piece, has no ends but the origin. ``of_end`` says which end a sample's piece lies at, OF_NO_END
    for a piece between them.
    """

    object_from_function: Float64[np.ndarray, "4 4"]
    symmetry: Symmetry | None
    points: Float64[np.ndarray, "n 3"]
    normals: Float64[np.ndarray, "n 3"]
    ends: Float64[np.ndarray, "k 3"]
    of_end: Int64[np.ndarray, " n"]

    def first(self, count: int) -> ServingSamples:
        """Returns the same with only the first ``count`` samples."""
        return replace(self, points=self.points[:count], normals=self.normals[:count], of_end=self.of_end[:count])


def surface_samples(
    thing: FunctionalObject, function: str, count: int = SAMPLES, seed: int = 0
) -> tuple[Float64[np.ndarray, "n 3"], Float64[np.ndarray, "n 3"], Int64[np.ndarray, " n"]]:
    """Returns ``count`` points spread evenly over the parts that serve ``function``, their outward normals and their faces.

    Of eight times as many points uniform over the area, each next one is the farthest from those taken before; the two sides
    of a thin sheet count as places apart. Scaling the object scales the samples. Raises UnknownFunction.
    """
    faces = np.flatnonzero(thing.serves(function))
    points, normals, chosen = even_points(thing.vertices, thing.faces[faces], _CANDIDATES * count, seed)
    a, b, c = thing.vertices[thing.faces[faces]].transpose(1, 0, 2)
    area = 0.5 * float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())
    kept = _farthest(np.hstack([points, 0.5 * math.sqrt(area / count) * normals]), count)
    return points[kept], normals[kept], faces[chosen[kept]]


def even_points(
    vertices: Float64[np.ndarray, "v 3"], faces: Int64[np.ndarray, "f 3"], count: int, seed: int = 0
) -> tuple[Float64[np.ndarray, "n 3"], Float64[np.ndarray, "n 3"], Int64[np.ndarray, " n"]]:
    """Returns ``count`` points, one in each equal share of the area, their unit normals and their faces."""
    a, b, c = vertices[faces].transpose(1, 0, 2)
    across = np.cross(b - a, c - a)
    area = np.linalg.norm(across, axis=1)
    rng = np.random.default_rng(seed)
    place = (np.arange(count) + rng.random(count)) / count
    chosen = np.minimum(np.searchsorted(np.cumsum(area) / area.sum(), place), len(faces) - 1)
    root, split = np.sqrt(rng.random(count))[:, None], rng.random(count)[:, None]
    points = (1.0 - root) * a[chosen] + root * (1.0 - split) * b[chosen] + root * split * c[chosen]
    return points, across[chosen] / area[chosen, None], chosen


def serving_samples(thing: FunctionalObject, function: str) -> ServingSamples:
    """Returns SAMPLES samples and their ends; the last few answers are kept. Raises UnknownFunction."""
    return _sampled(_Same(thing), function)


class _Same:
    """Stands for an object where a cache asks whether it is the same one: arrays have no equality of their own."""

    def __init__(self, thing: FunctionalObject) -> None:
        self.thing = thing

    def __hash__(self) -> int:
        return id(self.thing)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.thing is other.thing


@lru_cache(maxsize=128)
def _sampled(same: _Same, function: str) -> ServingSamples:
    points, normals, faces = surface_samples(same.thing, function)
    ends = _ends(same.thing, function)
    piece = _pieces(same.thing.faces[same.thing.serves(function)], len(same.thing.vertices))
    of_sample = piece[np.searchsorted(np.flatnonzero(same.thing.serves(function)), faces)]
    of_end = _nearest_end(points, of_sample, ends)
    if not (of_end == 0).any():
        ends, of_end = ends[:1], np.zeros(len(points), dtype=np.int64)
    frame, symmetry = same.thing.object_from_function(function), same.thing.symmetries.get(function)
    return ServingSamples(frame, symmetry, points, normals, ends, of_end)


def _ends(thing: FunctionalObject, function: str) -> Float64[np.ndarray, "k 3"]:
    origin, symmetry = thing.object_from_function(function)[:3, 3], thing.symmetries.get(function)
    if symmetry is None or symmetry.order < 2:  # ANY_ANGLE: a ring of origins, no ends
        return origin[None]
    turns = (about_axis(symmetry.direction, 2.0 * math.pi * k / symmetry.order) for k in range(symmetry.order))
    return np.stack([turn @ (origin - symmetry.point) + symmetry.point for turn in turns])


def _pieces(faces: Int64[np.ndarray, "m 3"], vertices: int) -> Int64[np.ndarray, " m"]:
    """Returns the number of the connected piece that each face belongs to."""
    count = len(faces)
    rows, columns = np.repeat(np.arange(count), 3), count + faces.ravel()
    graph = coo_array((np.ones(3 * count, dtype=bool), (rows, columns)), shape=(count + vertices, count + vertices))
    return connected_components(graph, directed=False)[1][:count].astype(np.int64)


def _nearest_end(
    points: Float64[np.ndarray, "n 3"], piece: Int64[np.ndarray, " n"], ends: Float64[np.ndarray, "k 3"]
) -> Int64[np.ndarray, " n"]:
    """Returns for each point the end that the middle of its piece is nearest to, OF_NO_END where there is no one."""
    names, number = np.unique(piece, return_inverse=True)
    size = np.sqrt(np.square(points - ends[0]).sum(axis=1).mean())
    if len(names) < 2 or len(ends) < 2 or np.linalg.norm(ends[1] - ends[0]) < _ONE * size:
        return np.full(len(points), OF_NO_END)
    middles = np.stack([points[number == k].mean(axis=0) for k in range(len(names))])
    distance = cdist(middles, ends)
    first, second = np.sort(distance, axis=1)[:, :2].T
    apart = np.linalg.norm(ends[1] - ends[0])
    return np.where(second - first > _BETWEEN * apart, distance.argmin(axis=1), OF_NO_END)[number]


def _farthest(places: Float64[np.ndarray, "n d"], count: int) -> Int64[np.ndarray, " k"]:
    """Returns ``count`` rows, each the farthest from those before it (Gonzalez 1985)."""
    kept = np.zeros(count, dtype=np.int64)
    nearest = np.full(len(places), np.inf)
    columns = np.ascontiguousarray(places.T)
    for index in range(1, count):
        off = columns - columns[:, kept[index - 1], None]
        np.minimum(nearest, np.einsum("dn,dn->n", off, off), out=nearest)
        kept[index] = nearest.argmax()
    return kept
