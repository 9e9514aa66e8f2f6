# SPDX-License-Identifier: Apache-2.0
"""The look of a surface whose colours a file gives, as pictures over it or face by face: many even samples of them."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64, UInt8
from scipy.spatial import cKDTree

from func_corr_ros.data.materials import Color, Material, encoded, linear
from func_corr_ros.data.surface_samples import even_points
from func_corr_ros.geometry.se3 import transform_points
from func_corr_ros.optional import require

# On a mug, one in each square of 0.7 mm: two pixels where it fills a picture of 448 px.
SAMPLES = 100_000
GREY: Color = (0.6, 0.6, 0.6)


@dataclass(frozen=True, eq=False, kw_only=True)
class ColoredSurface(Material):
    """A material whose colour at a point is that of the nearest of its samples: ``points`` in the object's coordinates and
    their sRGB ``colors``. It stays right where a mesh is thinned or its seams are merged, as no picture over faces does.
    """

    points: Float32[np.ndarray, "n 3"]
    colors: UInt8[np.ndarray, "n 3"]

    def albedo(self, points: Float[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
        """Returns the linear reflectance at points given in the object's coordinates, metres."""
        return linear(self.colors[self._nearest.query(points)[1]].astype(np.float32) / 255.0)

    def moved(self, new_from_old: Float64[np.ndarray, "4 4"]) -> ColoredSurface:
        """Returns the look of the object moved by the similarity ``new_from_old``: each colour goes with its place."""
        return replace(self, points=transform_points(new_from_old, self.points.astype(np.float64)).astype(np.float32))

    @cached_property
    def _nearest(self) -> cKDTree:
        return cKDTree(self.points)


def look_of(meshes: Sequence[Any], object_from_file: Float64[np.ndarray, "4 4"], samples: int = SAMPLES) -> Material:
    """Returns the look of a surface of several ``meshes`` (trimesh's) in a file's coordinates, as the file colours it: one colour
    where all of it has that, grey where the file says none or names pictures that are not there.
    """
    areas = np.array([float(mesh.area) for mesh in meshes])
    shares = np.maximum(np.round(samples * areas / max(areas.sum(), 1e-30)), 1.0).astype(int)
    found = [_sampled(mesh, int(count)) for mesh, count in zip(meshes, shares, strict=True)]
    points = transform_points(object_from_file, np.concatenate([points for points, _ in found])).astype(np.float32)
    colors = np.concatenate([colors for _, colors in found])
    mean = encoded(linear(colors.astype(np.float32) / 255.0).mean(axis=0, dtype=np.float64).astype(np.float32))
    color: Color = (float(mean[0]), float(mean[1]), float(mean[2]))
    if not np.ptp(colors, axis=0).any():
        return Material(color)
    return ColoredSurface(color, points=points, colors=colors)


def _sampled(mesh: Any, count: int) -> tuple[Float64[np.ndarray, "n 3"], UInt8[np.ndarray, "n 3"]]:
    """Returns ``count`` points even over the mesh and their colours."""
    vertices, faces = np.asarray(mesh.vertices, dtype=np.float64), np.asarray(mesh.faces, dtype=np.int64)
    if not float(mesh.area) > 0.0:
        return vertices[:1], _grey(1)
    points, _, face = even_points(vertices, faces, count)
    weights = require("trimesh").triangles.points_to_barycentric(vertices[faces[face]], points)
    try:
        colors = _colors(mesh.visual, faces[face], face, weights)
    except (AttributeError, ValueError, IndexError, TypeError):  # a texture without its picture, or of a kind that is not read
        colors = None
    return points, _grey(count) if colors is None else colors


def _colors(
    visual: Any, corners: Int64[np.ndarray, "n 3"], face: Int64[np.ndarray, " n"], weights: Float64[np.ndarray, "n 3"]
) -> UInt8[np.ndarray, "n 3"] | None:
    """Returns the colours of points in ``face`` with barycentric ``weights`` of its ``corners``; None where there are none."""
    if visual.kind == "texture":
        picture = _picture(visual.material)
        if picture is not None and visual.uv is not None:
            uv = np.einsum("nk,nkd->nd", weights, np.asarray(visual.uv, dtype=np.float64)[corners])
            color = require("trimesh").visual.color.uv_to_color(uv, picture)[:, :3]
            factor = getattr(visual.material, "baseColorFactor", None)
            if factor is not None:  # linear, on what the picture shows
                shown = linear(color.astype(np.float32) / 255.0) * (np.asarray(factor, dtype=np.float32)[:3] / 255.0)
                color = np.round(encoded(shown) * 255.0).astype(np.uint8)
            return np.ascontiguousarray(color)
        visual = visual.to_color()
    if visual.kind == "vertex":
        return np.round(np.einsum("nk,nkd->nd", weights, visual.vertex_colors[corners][..., :3])).astype(np.uint8)
    return np.ascontiguousarray(visual.face_colors[face, :3]) if visual.kind == "face" else None


def _picture(material: Any) -> Any:
    """Returns the picture of a simple or physically based material; None where it has none."""
    for name in ("image", "baseColorTexture"):
        picture = getattr(material, name, None)
        if picture is not None:
            return picture
    return None


def _grey(count: int) -> UInt8[np.ndarray, "n 3"]:
    return np.broadcast_to(np.round(np.array(GREY) * 255.0).astype(np.uint8), (count, 3)).copy()
