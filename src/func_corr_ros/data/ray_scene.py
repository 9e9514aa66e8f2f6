# SPDX-License-Identifier: Apache-2.0
"""Placed objects as one set of triangles that rays can be cast into."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int64

from func_corr_ros.data.materials import Material
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.errors import BadSettings
from func_corr_ros.geometry.se3 import inverse, transform_points
from func_corr_ros.optional import require

# Faces that meet at less than this angle are shaded as one smooth surface.
_CREASE_DEG = 32.0


@dataclass(frozen=True)
class PlacedObject:
    """An object at its place in the world, with a material for each of its parts ("" stands for every other part)."""

    object: FunctionalObject
    world_from_object: Float64[np.ndarray, "4 4"]
    materials: Mapping[str, Material]
    name: str = ""

    def __post_init__(self) -> None:
        missing = [part for part in self.object.part_names if part not in self.materials and "" not in self.materials]
        if missing:
            raise BadSettings(f"{self.name or self.object.category}: no material for {', '.join(missing)}; "
                              'give one for each part, or one under "" for the rest')

    def material_of(self, part: str) -> Material:
        """Returns the material of ``part``."""
        return self.materials[part] if part in self.materials else self.materials[""]


@dataclass(frozen=True)
class Hits:
    """Where rays from one eye meet a surface first, for the ``ray`` numbers that do: ``distance`` is how many times its
    direction a ray travels, ``points`` are where it ends, in the world. Float64, free of embree's rounding.
    """

    ray: Int64[np.ndarray, " n"]
    face: Int64[np.ndarray, " n"]
    distance: Float64[np.ndarray, " n"]
    points: Float64[np.ndarray, "n 3"]


class RayScene:
    """The triangles of several placed objects in world coordinates, in one embree acceleration structure."""

    def __init__(self, placed: Sequence[PlacedObject]) -> None:
        scenes = require("embreex.rtcore_scene")
        meshes = require("embreex.mesh_construction")
        self.placed = tuple(placed)
        corners, normals = [], []
        for item in placed:
            vertices = transform_points(item.world_from_object, item.object.vertices)
            corners.append(vertices[item.object.faces])
            normals.append(corner_normals(vertices, item.object.faces))
        self.triangles: Float64[np.ndarray, "f 3 3"] = np.concatenate(corners)
        self.normals: Float32[np.ndarray, "f 3 3"] = np.concatenate(normals)
        counts = [len(item.object.faces) for item in placed]
        self.object_of_face: Int64[np.ndarray, " f"] = np.repeat(np.arange(len(placed)), counts)
        self.part_of_face: Int64[np.ndarray, " f"] = np.concatenate([item.object.part_of_face for item in placed])
        self.first_face: Int64[np.ndarray, " k"] = np.cumsum([0, *counts[:-1]])
        a, b, c = self.triangles.transpose(1, 0, 2)
        self._face_normals = np.cross(b - a, c - a)
        square = np.maximum(np.einsum("nk,nk->n", self._face_normals, self._face_normals), 1e-300)[:, None, None]
        # Two vectors per face whose products with (point - a) are the point's second and third barycentric coordinate.
        self._barycentric = np.stack([np.cross(c - a, self._face_normals), np.cross(self._face_normals, b - a)], axis=1) / square
        self._embree = scenes.EmbreeScene()
        meshes.TriangleMesh(self._embree, self.triangles.astype(np.float32))

    def hits(self, eye: Float64[np.ndarray, " 3"], directions: Float64[np.ndarray, "n 3"]) -> Hits:
        """Returns where the rays from ``eye`` meet the scene."""
        face = self.first_hit(np.broadcast_to(eye, directions.shape), directions)
        ray = np.flatnonzero(face >= 0)
        face, directions = face[ray], directions[ray]
        distance = self.distance(eye, directions, face)
        return Hits(ray, face, distance, eye + distance[:, None] * directions)

    def first_hit(self, origins: Float[np.ndarray, "n 3"], directions: Float[np.ndarray, "n 3"]) -> Int64[np.ndarray, " n"]:
        """Returns the face each ray meets first, -1 where it meets none."""
        hits = self._embree.run(*(np.ascontiguousarray(item, dtype=np.float32) for item in (origins, directions)))
        return hits.astype(np.int64)

    def distance(
        self, origins: Float64[np.ndarray, "*#n 3"], directions: Float64[np.ndarray, "n 3"], faces: Int64[np.ndarray, " n"]
    ) -> Float64[np.ndarray, " n"]:
        """Returns how many times its direction each ray travels to the plane of its face: float64, free of embree's rounding."""
        normal = self._face_normals[faces]
        to_plane = np.einsum("nk,nk->n", self.triangles[faces, 0] - origins, normal)
        return to_plane / np.einsum("nk,nk->n", directions, normal)

    def smooth_normals(self, points: Float64[np.ndarray, "n 3"], faces: Int64[np.ndarray, " n"]) -> Float32[np.ndarray, "n 3"]:
        """Returns unit surface normals, interpolated between the corners of each face."""
        v, w = np.einsum("nk,nik->in", points - self.triangles[faces, 0], self._barycentric[faces])
        weights = np.stack([1.0 - v - w, v, w], axis=-1).astype(np.float32)
        normal = np.einsum("nk,nkd->nd", weights, self.normals[faces])
        return normal / np.linalg.norm(normal, axis=1, keepdims=True)

    def occluded(
        self, origins: Float32[np.ndarray, "n 3"], directions: Float32[np.ndarray, "n 3"], reach: Float32[np.ndarray, " n"]
    ) -> Bool[np.ndarray, " n"]:
        """Returns where something stands within ``reach`` times its direction of a ray's origin."""
        origins, directions = np.ascontiguousarray(origins), np.ascontiguousarray(directions)
        return self._embree.run(origins, directions, dists=np.ascontiguousarray(reach), query="OCCLUDED") != -1

    def albedo(self, points: Float64[np.ndarray, "n 3"], faces: Int64[np.ndarray, " n"]) -> Float32[np.ndarray, "n 5"]:
        """Returns linear reflectance (3), specular reflectance and roughness at surface points given in the world."""
        look = np.zeros((len(points), 5), dtype=np.float32)
        owner, part = self.object_of_face[faces], self.part_of_face[faces]
        for index, item in enumerate(self.placed):
            object_from_world = inverse(item.world_from_object)
            for part_index, name in enumerate(item.object.part_names):
                here = np.flatnonzero((owner == index) & (part == part_index))
                if len(here):
                    material = item.material_of(name)
                    look[here, :3] = material.albedo(transform_points(object_from_world, points[here]))
                    look[here, 3:] = material.specular, material.roughness
        return look


def corner_normals(vertices: Float64[np.ndarray, "v 3"], faces: Int64[np.ndarray, "f 3"]) -> Float32[np.ndarray, "f 3 3"]:
    """Returns a unit normal for each corner of each face: the area-weighted mean over the faces at that vertex which lean
    less than the crease angle from this one.
    """
    a, b, c = vertices[faces].transpose(1, 0, 2)
    area = np.cross(b - a, c - a)
    unit = area / np.maximum(np.linalg.norm(area, axis=1, keepdims=True), 1e-30)
    corner_vertex = faces.reshape(-1)
    order = np.argsort(corner_vertex, kind="stable")
    counts = np.bincount(corner_vertex, minlength=len(vertices))
    starts = np.cumsum(counts) - counts
    per_corner = counts[corner_vertex]  # every corner is paired with all corners at its vertex
    corner = np.repeat(np.arange(len(corner_vertex)), per_corner)
    rank = np.arange(len(corner)) - np.repeat(np.cumsum(per_corner) - per_corner, per_corner)
    other = order[starts[corner_vertex[corner]] + rank] // 3
    smooth = np.einsum("nk,nk->n", unit[corner // 3], unit[other]) > np.cos(np.radians(_CREASE_DEG))
    total = np.stack([np.bincount(corner[smooth], area[other[smooth], axis], len(corner_vertex)) for axis in range(3)], -1)
    total = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-30)
    return total.reshape(-1, 3, 3).astype(np.float32)
