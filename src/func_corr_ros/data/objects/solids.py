# SPDX-License-Identifier: Apache-2.0
"""Closed solids whose faces keep the name of their part through every union and difference."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int, Int64

from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.optional import require

# Share of the volume below which a separate piece is no part of an object.
_CRUMB = 1e-6


@dataclass(frozen=True)
class Solid:
    """A manifold3d solid, with the part name of each original surface it was made from. ``a + b`` is the union, ``a - b``
    the difference, ``a & b`` what both share; a face cut by b keeps the part it had, a face made by the cut has b's.
    """

    manifold: Any
    part_of_id: Mapping[int, str]

    def __add__(self, other: Solid) -> Solid:
        return Solid(self.manifold + other.manifold, {**self.part_of_id, **other.part_of_id})

    def __sub__(self, other: Solid) -> Solid:
        return Solid(self.manifold - other.manifold, {**self.part_of_id, **other.part_of_id})

    def __and__(self, other: Solid) -> Solid:
        return Solid(self.manifold ^ other.manifold, {**self.part_of_id, **other.part_of_id})

    def moved(self, a_from_b: Float[np.ndarray, "4 4"]) -> Solid:
        """Returns the solid, given in b, where it is in a; the 4x4 may scale, but not mirror."""
        return Solid(self.manifold.transform(np.asarray(a_from_b, dtype=np.float64)[:3]), self.part_of_id)

    def painted(self, region: Solid, part: str) -> Solid:
        """Returns the same solid, of which all surface inside ``region`` is ``part``; faces are cut along the border."""
        inside = (self.manifold ^ region.manifold).as_original()
        names = {**self.part_of_id, **region.part_of_id, inside.original_id(): part}
        return Solid((self.manifold - region.manifold) + inside, names)

    @property
    def volume(self) -> float:
        """Cubic metres of material."""
        return float(self.manifold.volume())

    def mesh(
        self,
    ) -> tuple[Float64[np.ndarray, "v 3"], Int64[np.ndarray, "f 3"], Int64[np.ndarray, " f"], tuple[str, ...]]:
        """Returns vertices, faces, the part index of each face and the part names (those with faces, sorted)."""
        mesh = self._without_crumbs().to_mesh64()
        faces = np.asarray(mesh.tri_verts, dtype=np.int64)
        merged = np.arange(len(mesh.vert_properties))
        merged[mesh.merge_from_vert] = mesh.merge_to_vert
        bounds = np.asarray(mesh.run_index, dtype=np.int64) // 3
        runs = bounds[1:] - bounds[:-1]
        ids = np.repeat(np.asarray(mesh.run_original_id, dtype=np.int64), runs)
        names = tuple(sorted({self.part_of_id[int(i)] for i in np.unique(ids)}))
        part_of_face = np.array([names.index(self.part_of_id[int(i)]) for i in ids], dtype=np.int64)
        used, faces = np.unique(merged[faces], return_inverse=True)
        vertices = np.asarray(mesh.vert_properties, dtype=np.float64)[used, :3]
        return vertices, faces.reshape(-1, 3).astype(np.int64), part_of_face, names

    def _without_crumbs(self) -> Any:
        """Returns the manifold without the slivers that a boolean of nearly touching surfaces may leave beside it."""
        pieces = self.manifold.decompose()
        kept = [piece for piece in pieces if abs(piece.volume()) > _CRUMB * self.volume]  # a cavity counts as a negative one
        return self.manifold if len(kept) == len(pieces) else type(self.manifold).compose(kept)


def solid(vertices: Float[np.ndarray, "v 3"], faces: Int[np.ndarray, "f 3"], parts: np.ndarray) -> Solid:
    """Returns the solid bounded by a closed mesh with outward faces, the part name of each face in ``parts``.

    Raises DegenerateGeometry, with manifold3d's status, for a surface that is open, inverted or crosses itself in its topology.
    """
    manifold3d = require("manifold3d")
    names = sorted(set(parts.tolist()))
    index = np.array([names.index(name) for name in parts])
    order = np.argsort(index, kind="stable")
    first_id = manifold3d.Manifold.reserve_ids(len(names))
    mesh = manifold3d.Mesh64(
        vert_properties=np.ascontiguousarray(vertices, dtype=np.float64),
        tri_verts=np.ascontiguousarray(faces[order], dtype=np.uint64),
        run_index=3 * np.searchsorted(index[order], np.arange(len(names) + 1)).astype(np.uint64),
        run_original_id=np.arange(first_id, first_id + len(names), dtype=np.uint32),
    )
    manifold = manifold3d.Manifold(mesh)
    if manifold.status() != manifold3d.Error.NoError or manifold.volume() <= 0.0:
        raise DegenerateGeometry(f"{len(faces)} faces of {', '.join(names)} bound no solid: {manifold.status()}, "
                                 f"volume {manifold.volume():g} m3")
    return Solid(manifold, {first_id + i: name for i, name in enumerate(names)})


def loft(
    rings: Float[np.ndarray, "k n 3"],
    parts: np.ndarray,
    start: Float[np.ndarray, " 3"] | None = None,
    end: Float[np.ndarray, " 3"] | None = None,
) -> Solid:
    """Returns the solid whose skin runs through ``rings`` (each counter-clockwise seen from the end), closed by a fan to the
    ``start`` and ``end`` apex (by default the mean of the first and last ring).

    ``parts`` names the start cap, each band between two rings, and the end cap: (k + 1), or (k + 1, n) for each quad.
    """
    k, n, _ = rings.shape
    parts = np.broadcast_to(parts[:, None] if parts.ndim == 1 else parts, (k + 1, n))
    apexes = [rings[0].mean(axis=0) if start is None else start, rings[-1].mean(axis=0) if end is None else end]
    vertices = np.concatenate([rings.reshape(-1, 3), np.asarray(apexes)])
    here = np.arange(n)
    after = (here + 1) % n
    base = n * np.arange(k - 1)[:, None]
    lower = np.stack([base + here, base + after, base + n + after], axis=-1)
    upper = np.stack([base + here, base + n + after, base + n + here], axis=-1)
    first = np.stack([after, here, np.full(n, k * n)], axis=-1)
    last = np.stack([(k - 1) * n + here, (k - 1) * n + after, np.full(n, k * n + 1)], axis=-1)
    faces = np.concatenate([lower.reshape(-1, 3), upper.reshape(-1, 3), first, last])
    bands = parts[1:-1].reshape(-1)
    return solid(vertices, faces, np.concatenate([bands, bands, parts[0], parts[-1]]))


def revolve(profile: Float[np.ndarray, "k 2"], parts: Sequence[str], segments: int = 96) -> Solid:
    """Returns the solid of revolution about z of (radius, z) points, the first and last on the axis, with one part per step;
    the path has the outside on its right (from the bottom out, up the outside, in over the top).
    """
    if profile[0, 0] != 0.0 or profile[-1, 0] != 0.0:
        raise DegenerateGeometry(f"a profile begins and ends at radius 0; given {profile[0, 0]:g} and {profile[-1, 0]:g}")
    radii, heights = profile[1:-1, 0], profile[1:-1, 1]
    bottom, top = np.array([[0.0, 0.0, profile[0, 1]], [0.0, 0.0, profile[-1, 1]]])
    return loft(circles(radii, heights, segments), np.array(parts), bottom, top)


def circles(
    radii: Float[np.ndarray, " k"], heights: Float[np.ndarray, " k"], segments: int
) -> Float64[np.ndarray, "k n 3"]:
    """Returns horizontal circles about z, counter-clockwise from the x axis."""
    angles = 2.0 * np.pi * np.arange(segments) / segments
    x, y = radii[:, None] * np.cos(angles), radii[:, None] * np.sin(angles)
    return np.stack([x, y, np.broadcast_to(heights[:, None], x.shape)], axis=-1)


def sweep(
    curve: Float[np.ndarray, "k 3"], sections: Float[np.ndarray, "k n 2"], binormal: Float[np.ndarray, " 3"], part: str
) -> Solid:
    """Returns the tube along a ``curve`` that lies in the plane of unit normal ``binormal``; section coordinates are along
    the curve's own normal (binormal x tangent) and along the binormal, counter-clockwise.
    """
    tangents = np.gradient(curve, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    normals = np.cross(binormal, tangents)
    rings = curve[:, None] + sections[..., :1] * normals[:, None] + sections[..., 1:] * binormal
    return loft(rings, np.full(len(curve) + 1, part))


def extrude(outline: Float[np.ndarray, "n 2"], height: float, part: str, bottom: float = 0.0) -> Solid:
    """Returns the prism from z = ``bottom`` to ``bottom + height`` over any simple counter-clockwise ``outline``."""
    manifold3d = require("manifold3d")
    section = manifold3d.CrossSection([np.asarray(outline, dtype=np.float64)])
    if section.area() <= 0.0 or height <= 0.0:
        raise DegenerateGeometry(f"{part}: an outline of area {section.area():g} m2 and height {height:g} m bounds no solid; "
                                 "give a counter-clockwise outline without crossings and a positive height")
    made = section.extrude(height).translate((0.0, 0.0, bottom)).as_original()
    return Solid(made, {made.original_id(): part})


def hull(points: Float[np.ndarray, "n 3"], part: str) -> Solid:
    """Returns the convex hull of ``points``."""
    made = require("manifold3d").Manifold.hull_points(np.asarray(points, dtype=np.float64)).as_original()
    if made.volume() <= 0.0:
        raise DegenerateGeometry(f"{part}: the hull of {len(points)} points has no volume; they must not lie in a plane")
    return Solid(made, {made.original_id(): part})
