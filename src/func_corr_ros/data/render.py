# SPDX-License-Identifier: Apache-2.0
"""Pictures of placed objects by ray casting: exact depth and labels from one ray per pixel centre, colour from many."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64, UInt8

from func_corr_ros.data.lighting import Lighting, shade, tone_mapped
from func_corr_ros.data.materials import encoded
from func_corr_ros.data.ray_scene import Hits, PlacedObject, RayScene
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
    hits = pixel_hits(scene, camera, world_from_camera)
    owner = scene.object_of_face[hits.face]
    normals = scene.smooth_normals(hits.points, hits.face) @ world_from_camera[:3, :3].astype(np.float32)
    light, _ = gathered_light(scene, camera, world_from_camera, lighting or Lighting(), hits, supersampling, seed)
    shape = camera.height, camera.width
    return Rendering(
        color=displayed(tone_mapped(light, exposure)).reshape(*shape, 3),
        depth=spread(hits, hits.distance.astype(np.float32), np.nan, shape),  # the directions have z = 1 in the camera
        normals=spread(hits, normals, np.nan, shape),
        object_index=spread(hits, owner, -1, shape),
        part_index=spread(hits, scene.part_of_face[hits.face], -1, shape),
        face_index=spread(hits, hits.face - scene.first_face[owner], -1, shape),
    )


def pixel_hits(
    scene: RayScene, camera: PinholeCamera, world_from_camera: Float64[np.ndarray, "4 4"], du: float = 0.0, dv: float = 0.0
) -> Hits:
    """Returns where the rays through the pixels, row by row and (``du``, ``dv``) off their centres, meet the scene; their
    directions have z = 1 in the camera.
    """
    v, u = np.mgrid[0 : camera.height, 0 : camera.width]
    rays = camera.rays(np.stack([u + du, v + dv], axis=-1).reshape(-1, 2))
    return scene.hits(world_from_camera[:3, 3], rays @ world_from_camera[:3, :3].T)


def gathered_light(
    scene: RayScene, camera: PinholeCamera, world_from_camera: Float64[np.ndarray, "4 4"],
    lighting: Lighting, central: Hits, samples: int, seed: int,
) -> tuple[Float32[np.ndarray, "n 3"], Float32[np.ndarray, " n"]]:
    """Returns the linear light that reaches each pixel from the scene, and the share of its samples² rays that meet it. A single
    ray is the ``central`` one, whose hits are known.
    """
    rng = np.random.default_rng(seed)
    light = np.zeros((camera.height * camera.width, 3), dtype=np.float32)
    cover = np.zeros(len(light), dtype=np.float32)
    offsets = ((np.arange(samples) + 0.5) / max(samples, 1) - 0.5).tolist()
    for dv, du in product(offsets, offsets):
        hits = central if samples == 1 else pixel_hits(scene, camera, world_from_camera, du, dv)
        towards_eye = (world_from_camera[:3, 3] - hits.points).astype(np.float32)
        towards_eye /= np.linalg.norm(towards_eye, axis=1, keepdims=True)
        light[hits.ray] += np.minimum(shade(scene, hits.points, hits.face, towards_eye, lighting, rng), 4.0)
        cover[hits.ray] += 1.0
    return light / max(samples, 1) ** 2, cover / max(samples, 1) ** 2


def spread(hits: Hits, values: np.ndarray, elsewhere: int | float, shape: tuple[int, int]) -> np.ndarray:
    """Returns the image of ``shape`` that has ``values`` where the rays hit, and ``elsewhere`` everywhere else."""
    image = np.full((shape[0] * shape[1], *values.shape[1:]), elsewhere, dtype=values.dtype)
    image[hits.ray] = values
    return image.reshape(*shape, *values.shape[1:])


def displayed(light: Float32[np.ndarray, "*s 3"]) -> UInt8[np.ndarray, "*s 3"]:
    """Returns the picture of display light 0..1."""
    return np.round(encoded(light) * 255.0).astype(np.uint8)
