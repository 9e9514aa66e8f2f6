# SPDX-License-Identifier: Apache-2.0
"""Light as a room has it: lamps with soft shadows, a bright ceiling with ambient occlusion, and gloss that mirrors both."""
from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, Float64, Int64

from func_corr_ros.data.ray_scene import RayScene

# Shadow rays begin this far off the surface, so that a surface does not shade itself.
_OFFSET_M = 2e-4
_AMBIENT_REACH_M = 0.4
_AMBIENT_RAYS = 3
_MIRROR_ROUGHNESS = 0.5
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


@dataclass(frozen=True)
class Lamp:
    """A round lamp at a world position: the irradiance it gives at one metre (linear RGB), its radius, shadow rays a sample."""

    position: tuple[float, float, float]
    power: tuple[float, float, float]
    radius: float
    rays: int


@dataclass(frozen=True)
class Lighting:
    """Lamps, and the ambient light from above (``sky``) and below (``ground``), linear RGB. ``up`` is where the sky is, and
    ``side`` the level direction in which the bright window is that gloss mirrors, unit vectors.
    """

    lamps: tuple[Lamp, ...] = (
        Lamp((-0.35, 0.9, 1.5), (3.6, 3.4, 3.0), 0.16, 2),
        Lamp((0.8, -1.1, 1.3), (1.0, 1.1, 1.35), 0.3, 1),
    )
    sky: tuple[float, float, float] = (0.62, 0.65, 0.7)
    ground: tuple[float, float, float] = (0.25, 0.2, 0.16)
    up: tuple[float, float, float] = (0.0, 0.0, 1.0)
    side: tuple[float, float, float] = (0.0, 1.0, 0.0)

    def moved(self, new_from_old: Float64[np.ndarray, "4 4"]) -> Lighting:
        """Returns the same light, given in another frame of the same scale."""
        def turned(direction: tuple[float, float, float]) -> tuple[float, float, float]:
            x, y, z = (new_from_old[:3, :3] @ direction).tolist()
            return x, y, z

        def shifted(lamp: Lamp) -> Lamp:
            x, y, z = (new_from_old[:3, :3] @ lamp.position + new_from_old[:3, 3]).tolist()
            return replace(lamp, position=(x, y, z))

        lamps = tuple(shifted(lamp) for lamp in self.lamps)
        return replace(self, lamps=lamps, up=turned(self.up), side=turned(self.side))


def studio(radius: float, rng: np.random.Generator | None = None) -> Lighting:
    """Returns lamps for one object of ``radius`` metres, in the studio's frame: origin in its middle, x away from the camera,
    y to the left and z up in the picture. ``rng`` draws where they stand, their strength and their tint; None means the usual.
    """
    low, high = np.array([-1.6, 0.5, 0.6, 0.75, -0.1]), np.array([-0.7, 1.3, 1.7, 1.25, 0.1])
    ahead, aside, height, strength, tint = (rng.uniform(low, high) if rng else 0.5 * (low + high)).tolist()
    mirrored = -1.0 if rng is not None and rng.random() < 0.5 else 1.0
    scale = 14.0 * radius  # what the positions and powers below are in units of
    power = strength * scale**2 * np.array([1.0 + tint, 1.0, 1.0 - tint])
    key = Lamp((ahead * scale, mirrored * aside * scale, height * scale), (*(3.0 * power).tolist(),), 0.14 * scale, 2)
    fill = Lamp((-1.0 * scale, -1.3 * mirrored * scale, 0.5 * scale), (*(1.0 * power[::-1]).tolist(),), 0.3 * scale, 1)
    return Lighting((key, fill), side=(0.0, mirrored, 0.0))


def shade(
    scene: RayScene, points: Float64[np.ndarray, "n 3"], faces: Int64[np.ndarray, " n"], towards_eye: Float32[np.ndarray, "n 3"],
    lighting: Lighting, rng: np.random.Generator,
) -> Float32[np.ndarray, "n 3"]:
    """Returns the linear light that leaves surface points towards the eye (unit vectors)."""
    look = scene.albedo(points, faces)
    albedo, specular, roughness = look[:, :3], look[:, 3], look[:, 4]
    normals = scene.smooth_normals(points, faces)
    normals = np.where((normals * towards_eye).sum(axis=1, keepdims=True) < 0.0, -normals, normals)
    start = points.astype(np.float32) + _OFFSET_M * normals
    light = albedo * _ambient(scene, start, normals, albedo, lighting, rng)
    for lamp in lighting.lamps:
        towards, irradiance = _lamp_light(scene, start, normals, lamp, rng)
        half = towards + towards_eye
        half /= np.linalg.norm(half, axis=1, keepdims=True)
        exponent = 2.0 / np.maximum(roughness, 0.05) ** 3
        highlight = specular * (exponent + 8.0) / 8.0 * np.maximum((half * normals).sum(axis=1), 0.0) ** exponent
        light += (albedo + np.minimum(highlight, 3.0)[:, None]) * irradiance
    glossy = np.flatnonzero((roughness < _MIRROR_ROUGHNESS) & (specular > 0.0))
    light[glossy] += _mirrored(scene, start[glossy], normals[glossy], towards_eye[glossy], look[glossy], lighting)
    return light


def _lamp_light(
    scene: RayScene, start: Float32[np.ndarray, "n 3"], normals: Float32[np.ndarray, "n 3"], lamp: Lamp, rng: np.random.Generator
) -> tuple[Float32[np.ndarray, "n 3"], Float32[np.ndarray, "n 3"]]:
    """Returns unit directions to the lamp's middle, and its irradiance with soft shadow."""
    middle = np.array(lamp.position, dtype=np.float32) - start
    distance = np.linalg.norm(middle, axis=1, keepdims=True)
    middle /= distance
    facing = np.maximum((middle * normals).sum(axis=1), 0.0)
    lit = np.flatnonzero(facing > 0.0)
    seen = np.zeros(len(start), dtype=np.float32)
    for _ in range(lamp.rays):
        on_lamp = _in_ball(len(lit), rng) * lamp.radius
        ray = middle[lit] * distance[lit] + on_lamp
        seen[lit] += ~scene.occluded(start[lit], ray, np.ones(len(lit), dtype=np.float32))
    strength = facing * seen / (lamp.rays * distance[:, 0] ** 2)
    return middle, strength[:, None] * np.array(lamp.power, dtype=np.float32)


def _ambient(
    scene: RayScene, start: Float32[np.ndarray, "n 3"], normals: Float32[np.ndarray, "n 3"], albedo: Float32[np.ndarray, "n 3"],
    lighting: Lighting, rng: np.random.Generator,
) -> Float32[np.ndarray, "n 3"]:
    """Returns ambient irradiance; what a neighbouring surface hides comes back from it, tinted (it is assumed alike)."""
    open_rays = np.zeros(len(start), dtype=np.float32)
    reach = np.full(len(start), _AMBIENT_REACH_M, dtype=np.float32)
    for _ in range(_AMBIENT_RAYS):
        ray = normals + _on_sphere(len(start), rng)  # cosine-distributed about the normal
        ray /= np.linalg.norm(ray, axis=1, keepdims=True) + 1e-6
        open_rays += ~scene.occluded(start, ray, reach)
    open_share = open_rays[:, None] / _AMBIENT_RAYS
    up = 0.5 + 0.5 * (normals @ np.array(lighting.up, dtype=np.float32))[:, None]
    sky, ground = np.array(lighting.sky, dtype=np.float32), np.array(lighting.ground, dtype=np.float32)
    return (sky * up + ground * (1.0 - up)) * (open_share + (1.0 - open_share) * 0.7 * albedo)


def _mirrored(
    scene: RayScene, start: Float32[np.ndarray, "n 3"], normals: Float32[np.ndarray, "n 3"],
    towards_eye: Float32[np.ndarray, "n 3"], look: Float32[np.ndarray, "n 5"], lighting: Lighting,
) -> Float32[np.ndarray, "n 3"]:
    """Returns the mirrored room (Schlick 1994): a ceiling with a window-like bright field, or a dim neighbour."""
    cosine = np.clip((normals * towards_eye).sum(axis=1, keepdims=True), 0.0, 1.0)
    ray = 2.0 * cosine * normals - towards_eye
    gloss = 1.0 - look[:, 4:] / _MIRROR_ROUGHNESS
    fresnel = look[:, 3:4] + (gloss - look[:, 3:4]).clip(0.0) * (1.0 - cosine) ** 5
    blocked = scene.occluded(start, ray, np.full(len(start), 10.0, dtype=np.float32))[:, None]
    sky = np.array(lighting.sky, dtype=np.float32)
    aside, up = (ray @ np.array([lighting.side, lighting.up], dtype=np.float32).T).T[..., None]
    window = np.clip(1.0 - np.abs(aside - 0.55) / 0.22, 0.0, 1.0) * np.clip(1.0 - np.abs(up - 0.5) / 0.35, 0.0, 1.0)
    room = sky * (0.35 + 0.65 * np.clip(up, 0.0, 1.0)) + 3.0 * np.minimum(3.0 * window, 1.0)
    return fresnel * gloss * np.where(blocked, 0.25 * look[:, :3] + 0.08, room)


def _on_sphere(count: int, rng: np.random.Generator) -> Float32[np.ndarray, "n 3"]:
    z = rng.random(count, dtype=np.float32) * 2.0 - 1.0
    angle = rng.random(count, dtype=np.float32) * np.float32(2.0 * np.pi)
    r = np.sqrt(np.maximum(1.0 - z * z, 0.0))
    return np.stack([r * np.cos(angle), r * np.sin(angle), z], axis=-1)


def _in_ball(count: int, rng: np.random.Generator) -> Float32[np.ndarray, "n 3"]:
    return _on_sphere(count, rng) * np.cbrt(rng.random((count, 1), dtype=np.float32))


def tone_mapped(light: Float32[np.ndarray, "*s 3"], exposure: float) -> Float32[np.ndarray, "*s 3"]:
    """Returns display light 0..1: straight up to half of full scale, then rolling off, hue kept by working on luminance."""
    light = light * np.float32(exposure)
    luminance = (light @ _LUMINANCE)[..., None]
    rolled = np.where(luminance < 0.5, luminance, 1.0 - 0.25 / np.maximum(luminance, 0.5))
    return np.clip(light * rolled / np.maximum(luminance, 1e-6), 0.0, 1.0)
