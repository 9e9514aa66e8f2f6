# SPDX-License-Identifier: Apache-2.0
"""Pictures of placed objects by ray casting: exact depth and labels from one ray per pixel centre, colour from many."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64, UInt8

from func_corr_ros.data.lighting import Lighting, shade, tone_mapped
from func_corr_ros.data.materials import encoded
from func_corr_ros.data.ray_scene import PlacedObject, RayScene
from func_corr_ros.geometry.camera import PinholeCamera


@dataclass(frozen=True)
class Rendering:
    """What a camera sees. Index images are -1 where no ray meets a surface: ``object_index`` into the placed objects,
    ``part_index`` into that object's part names, ``face_index`` into its faces. ``depth`` is exact, NaN where nothing is;
    ``normals`` are unit, in the camera's optical frame, NaN where nothing is.
    """

    color: UInt8[np.ndarray, "h w 3"]
    depth: Float32[np.ndarray, "h w"]
    normals: Float32[np.ndarray, "h w 3"]
    object_index: Int64[np.ndarray, "h w"]
    part_index: Int64[np.ndarray, "h w"]
    face_index: Int64[np.ndarray, "h w"]

    def mask(self, index: int) -> Bool[np.ndarray, "h w"]:
        """Returns where the placed object number ``index`` is seen."""
        return self.object_index == index


def render(
    placed: Sequence[PlacedObject],
    camera: PinholeCamera,
    world_from_camera: Float64[np.ndarray, "4 4"],
    lighting: Lighting | None = None,
    *,
    supersampling: int = 2,
    exposure: float = 0.75,
    seed: int = 0,
) -> Rendering:
    """Returns the picture of ``placed`` objects; colour is the mean of supersampling² samples per pixel (0: colour stays black,
    geometry only). The same arguments give the same picture, bit by bit.
    """
    scene = RayScene(placed)
    origin, directions = _rays(camera, world_from_camera, 0.0, 0.0)
    face = scene.first_hit(origin, directions)
    seen = np.flatnonzero(face >= 0)
    depth = np.full(len(face), np.nan)
    depth[seen] = scene.distance(origin[seen], directions[seen], face[seen])  # the directions have z = 1 in the camera
    normals = np.full((len(face), 3), np.nan, dtype=np.float32)
    points = origin[seen] + depth[seen, None] * directions[seen]
    normals[seen] = scene.smooth_normals(points, face[seen]) @ world_from_camera[:3, :3].astype(np.float32)
    owner = np.where(face >= 0, scene.object_of_face[face], -1)
    size = camera.height, camera.width
    light = _light(scene, camera, world_from_camera, lighting or Lighting(), supersampling, seed)
    return Rendering(
        color=np.round(encoded(tone_mapped(light, exposure)) * 255.0).astype(np.uint8).reshape(*size, 3),
        depth=depth.astype(np.float32).reshape(size),
        normals=normals.reshape(*size, 3),
        object_index=owner.reshape(size),
        part_index=np.where(face >= 0, scene.part_of_face[face], -1).reshape(size),
        face_index=np.where(face >= 0, face - scene.first_face[owner], -1).reshape(size),
    )


def _light(
    scene: RayScene, camera: PinholeCamera, world_from_camera: Float64[np.ndarray, "4 4"],
    lighting: Lighting, samples: int, seed: int,
) -> Float32[np.ndarray, "n 3"]:
    rng = np.random.default_rng(seed)
    total = np.zeros((camera.height * camera.width, 3), dtype=np.float32)
    offsets = (np.arange(samples) + 0.5) / max(samples, 1) - 0.5
    for dv in offsets:
        for du in offsets:
            origin, directions = _rays(camera, world_from_camera, float(du), float(dv))
            face = scene.first_hit(origin, directions)
            seen = np.flatnonzero(face >= 0)
            origin, directions, face = origin[seen], directions[seen], face[seen]
            points = origin + scene.distance(origin, directions, face)[:, None] * directions
            towards_eye = -(directions / np.linalg.norm(directions, axis=1, keepdims=True)).astype(np.float32)
            total[seen] += np.minimum(shade(scene, points, face, towards_eye, lighting, rng), 4.0)
    return total / max(samples, 1) ** 2


def _rays(
    camera: PinholeCamera, world_from_camera: Float64[np.ndarray, "4 4"], du: float, dv: float
) -> tuple[Float64[np.ndarray, "n 3"], Float64[np.ndarray, "n 3"]]:
    """Returns origin and direction (z = 1 in the camera) of the ray through each pixel, (``du``, ``dv``) off its centre."""
    v, u = np.mgrid[0 : camera.height, 0 : camera.width]
    rays = camera.rays(np.stack([u + du, v + dv], axis=-1).reshape(-1, 2))
    directions = rays @ world_from_camera[:3, :3].T
    return np.broadcast_to(world_from_camera[:3, 3], directions.shape), directions
