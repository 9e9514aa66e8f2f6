# SPDX-License-Identifier: Apache-2.0
"""Backgrounds for pictures of one object: paper with a soft fall of light, or out-of-focus blotches of colour."""
from __future__ import annotations

import numpy as np
from jaxtyping import UInt8

from func_corr_ros.data.materials import value_noise
from func_corr_ros.geometry.camera import PinholeCamera


def paper(camera: PinholeCamera, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """Returns nearly neutral paper, light to middle grey, that darkens towards one side."""
    u, v = _plane(camera)
    angle, fall = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(0.0, 0.12)
    tone = rng.uniform(0.6, 0.97) + fall * (np.cos(angle) * u + np.sin(angle) * v) - fall
    return _picture(tone[..., None] * rng.uniform(0.97, 1.03, 3))


def blurred_room(camera: PinholeCamera, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """Returns large soft blotches of two or three colours, as a room far behind the object looks."""
    u, v = _plane(camera)
    places = np.stack([u, v, np.zeros_like(u)], axis=-1).reshape(-1, 3) + rng.uniform(0.0, 30.0, 3)
    picture = np.broadcast_to(rng.uniform(0.2, 0.9, 3), (len(places), 3)).copy()
    for scale in (1.2, 2.5):
        share = np.clip(2.0 * value_noise((scale * places).astype(np.float32), int(rng.integers(64)))[:, None] - 0.5, 0.0, 1.0)
        picture += share * (rng.uniform(0.1, 0.95, 3) - picture)
    return _picture(picture.reshape(*u.shape, 3))


def _plane(camera: PinholeCamera) -> tuple[np.ndarray, np.ndarray]:
    """Returns u and v of the pixels, -1..1 over the image."""
    v, u = np.meshgrid(np.linspace(-1.0, 1.0, camera.height), np.linspace(-1.0, 1.0, camera.width), indexing="ij")
    return u, v


def _picture(values: np.ndarray) -> UInt8[np.ndarray, "h w 3"]:
    return np.round(np.clip(values, 0.0, 1.0) * 255.0).astype(np.uint8)
