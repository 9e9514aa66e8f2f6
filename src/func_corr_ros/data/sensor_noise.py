# SPDX-License-Identifier: Apache-2.0
"""What an RGB-D sensor does to a perfect picture: stereo depth noise, quantisation, holes, and the colour camera's noise."""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.settings import setting


@dataclass(frozen=True)
class SensorNoiseSettings:
    """Faults of an active-stereo RGB-D camera; the defaults are near a RealSense D435's at 640x480."""

    baseline: float = setting(0.05, "stereo baseline", unit="m", at_least=0.01, at_most=1.0)
    disparity_sigma: float = setting(0.08, "disparity noise; depth noise is z^2 / (f baseline) times it", unit="px", at_least=0.0)
    correlation: float = setting(2.0, "size of the noise's patches (Gaussian sigma)", unit="px", at_least=0.0, at_most=20.0)
    quantum: float = setting(0.001, "step of the depth values", unit="m", at_least=0.0)
    grazing_deg: float = setting(78.0, "surfaces seen more from the side than this are lost", unit="deg", at_most=90.0)
    edge_width: float = setting(2.0, "width of the holes along depth steps", unit="px", at_least=0.0, at_most=20.0)
    edge_step: float = setting(0.02, "a depth step that makes such a hole", unit="m", at_least=0.001)
    blobs: float = setting(6.0, "mean number of random holes in a frame", at_least=0.0)
    blob_radius: float = setting(5.0, "mean radius of a random hole", unit="px", at_least=0.0)
    color_sigma: float = setting(2.5, "noise of the colour", unit="/255", at_least=0.0)
    color_blur: float = setting(0.6, "blur of the lens (Gaussian sigma)", unit="px", at_least=0.0)


def noisy_depth(
    depth: Float32[np.ndarray, "h w"], normals: Float32[np.ndarray, "h w 3"], camera: PinholeCamera,
    settings: SensorNoiseSettings, rng: np.random.Generator,
) -> Float32[np.ndarray, "h w"]:
    """Returns ``depth`` as the sensor would report it: NaN in holes, noise growing with the square of the distance (Khoshelham
    and Elberink 2012), then rounded to the quantum. ``normals`` are unit, in the optical frame.
    """
    spread = settings.disparity_sigma * depth**2 / np.float32(camera.fx * settings.baseline)
    noisy = depth + spread * _correlated(depth.shape, settings.correlation, rng)
    if settings.quantum > 0.0:
        noisy = np.round(noisy / np.float32(settings.quantum)) * np.float32(settings.quantum)
    holes = _grazing(normals, camera, settings.grazing_deg) | _edges(depth, settings, rng) | _blobs(depth.shape, settings, rng)
    return np.where(holes | ~(noisy > 0.0), np.float32(np.nan), noisy).astype(np.float32)


def noisy_color(
    color: UInt8[np.ndarray, "h w 3"], settings: SensorNoiseSettings, rng: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """Returns ``color`` blurred by the lens and with the noise of the sensor, most of it in the dark."""
    from scipy.ndimage import gaussian_filter

    blurred = gaussian_filter(color.astype(np.float32), (settings.color_blur, settings.color_blur, 0.0))
    darkness = 1.4 - 0.8 * blurred.mean(axis=2, keepdims=True) / 255.0
    noise = rng.standard_normal(color.shape, dtype=np.float32) * np.float32(settings.color_sigma) * darkness
    return np.clip(np.round(blurred + noise), 0.0, 255.0).astype(np.uint8)


def _correlated(shape: tuple[int, ...], size: float, rng: np.random.Generator) -> Float32[np.ndarray, "h w"]:
    """Returns noise of unit variance whose neighbours agree over ``size`` pixels."""
    from scipy.ndimage import gaussian_filter

    noise = rng.standard_normal(shape, dtype=np.float32)
    if size <= 0.0:
        return noise
    smooth = gaussian_filter(noise, size, mode="wrap")
    return smooth / smooth.std()


def _grazing(normals: Float32[np.ndarray, "h w 3"], camera: PinholeCamera, limit_deg: float) -> Bool[np.ndarray, "h w"]:
    v, u = np.mgrid[0 : camera.height, 0 : camera.width]
    rays = camera.rays(np.stack([u, v], axis=-1).astype(np.float32))
    cosine = np.abs((rays * normals).sum(axis=-1)) / np.linalg.norm(rays, axis=-1)
    return cosine < math.cos(math.radians(limit_deg))


def _edges(depth: Float32[np.ndarray, "h w"], settings: SensorNoiseSettings, rng: np.random.Generator) -> Bool[np.ndarray, "h w"]:
    """Returns ragged holes along depth steps."""
    from scipy.ndimage import distance_transform_edt

    filled = np.nan_to_num(depth, nan=100.0)
    step = np.zeros(depth.shape, dtype=bool)
    for axis in (0, 1):
        jump = np.abs(np.diff(filled, axis=axis)) > settings.edge_step
        near = [(0, 0), (0, 0)]
        near[axis] = (0, 1)
        step |= np.pad(jump, near) | np.roll(np.pad(jump, near), 1, axis=axis)
    if not step.any():
        return step
    ragged = settings.edge_width * (0.5 + 0.5 * _correlated(depth.shape, 3.0, rng))
    return distance_transform_edt(~step) < ragged


def _blobs(shape: tuple[int, int], settings: SensorNoiseSettings, rng: np.random.Generator) -> Bool[np.ndarray, "h w"]:
    v, u = np.mgrid[0 : shape[0], 0 : shape[1]]
    holes = np.zeros(shape, dtype=bool)
    wobble = _correlated(shape, 3.0, rng)
    for _ in range(rng.poisson(settings.blobs)):
        cu, cv, radius = rng.uniform(0, shape[1]), rng.uniform(0, shape[0]), rng.exponential(settings.blob_radius)
        holes |= np.hypot(u - cu, v - cv) < radius * (1.0 + 0.3 * wobble)
    return holes
