# SPDX-License-Identifier: Apache-2.0
"""Procedural materials: two colours, the pattern that mixes them over an object's own coordinates, and a gloss."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Float32, Float64

from func_corr_ros.errors import BadSettings

Color = tuple[float, float, float]
_LATTICE = 32
_SHIFTS = np.array([10, 5, 0], dtype=np.int32)  # x, y and z in the number of a lattice cell


@dataclass(frozen=True)
class Material:
    """A surface's look. Colours are sRGB, 0..1; ``pattern`` (one of PATTERNS) mixes ``accent`` into ``color``, ``scale`` is the
    pattern's size in metres; ``specular`` is the reflectance at normal incidence, ``roughness`` 0 (mirror) .. 1 (matt).
    """

    color: Color
    accent: Color = (1.0, 1.0, 1.0)
    pattern: str = "plain"
    scale: float = 0.02
    specular: float = 0.04
    roughness: float = 0.35
    seed: int = 0

    def __post_init__(self) -> None:
        if self.pattern not in PATTERNS:
            raise BadSettings(f"no pattern {self.pattern!r}; valid: {', '.join(sorted(PATTERNS))}")

    def albedo(self, points: Float[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
        """Returns the linear reflectance at points given in the object's coordinates, metres."""
        mix = PATTERNS[self.pattern](points.astype(np.float32), self)[:, None]
        color, accent = (linear(np.array(value, dtype=np.float32)) for value in (self.color, self.accent))
        return color + (accent - color) * mix

    def moved(self, new_from_old: Float64[np.ndarray, "4 4"]) -> Material:
        """Returns the look of the object where that is turned, shifted and made larger by the similarity ``new_from_old``; a
        pattern grows with it, and lies about the new axes as it did about the old ones.
        """
        return replace(self, scale=self.scale * scale_of(new_from_old))


def scale_of(similarity: Float64[np.ndarray, "4 4"]) -> float:
    """Returns how many times as large a similarity makes what it moves."""
    return float(np.cbrt(np.abs(np.linalg.det(similarity[:3, :3]))))


def linear(srgb: Float32[np.ndarray, "*s"]) -> Float32[np.ndarray, "*s"]:
    """Returns linear light of sRGB values 0..1 (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)


def encoded(light: Float32[np.ndarray, "*s"]) -> Float32[np.ndarray, "*s"]:
    """Returns sRGB values of linear light 0..1."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-8) ** (1 / 2.4) - 0.055).astype(np.float32)


def value_noise(points: Float32[np.ndarray, "n 3"], seed: int) -> Float32[np.ndarray, " n"]:
    """Returns smooth noise 0..1 with one random value per unit cell, repeating every 32 units."""
    table = _noise_table(seed)
    floor = np.floor(points)
    part = points - floor
    u, v, w = (part * part * (3.0 - 2.0 * part)).T
    low = floor.astype(np.int32) & (_LATTICE - 1)  # the lattice is a power of two
    (x0, y0, z0), (x1, y1, z1) = (low << _SHIFTS).T, (((low + 1) & (_LATTICE - 1)) << _SHIFTS).T
    near = _mix(_mix(table[x0 | y0 | z0], table[x1 | y0 | z0], u), _mix(table[x0 | y1 | z0], table[x1 | y1 | z0], u), v)
    far = _mix(_mix(table[x0 | y0 | z1], table[x1 | y0 | z1], u), _mix(table[x0 | y1 | z1], table[x1 | y1 | z1], u), v)
    return _mix(near, far, w)


@lru_cache(maxsize=64)
def _noise_table(seed: int) -> Float32[np.ndarray, " cells"]:
    return np.random.default_rng(seed).random(_LATTICE**3, dtype=np.float32)


def _mix(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    return a + (b - a) * t


def _step(value: np.ndarray, edge: float, softness: float) -> np.ndarray:
    return np.clip((value - edge) / softness + 0.5, 0.0, 1.0)


def _plain(points: Float32[np.ndarray, "n 3"], material: Material) -> Float32[np.ndarray, " n"]:
    return np.zeros(len(points), dtype=np.float32)


def _stripes(points: Float32[np.ndarray, "n 3"], material: Material) -> Float32[np.ndarray, " n"]:
    """Horizontal bands, narrow in wide."""
    wave = np.abs((points[:, 2] / material.scale) % 1.0 - 0.5)
    return 1.0 - _step(wave, 0.18, 0.03)


def _unrolled(points: Float32[np.ndarray, "n 3"], radius: float) -> tuple[np.ndarray, np.ndarray]:
    return np.arctan2(points[:, 1], points[:, 0]) * radius, points[:, 2]


def _dots(points: Float32[np.ndarray, "n 3"], material: Material) -> Float32[np.ndarray, " n"]:
    """Dots in staggered rows around z; a whole number of them, so that there is no seam."""
    count = max(3, round(2.0 * np.pi * 0.04 / material.scale))
    across, up = _unrolled(points, count / (2.0 * np.pi))
    row = np.floor(up / (0.8 * material.scale))
    across = (across + 0.5 * (row % 2)) % 1.0 - 0.5
    up = (up / (0.8 * material.scale) - row - 0.5) * 0.8
    return 1.0 - _step(np.hypot(across, up), 0.26, 0.05)


def _speckle(points: Float32[np.ndarray, "n 3"], material: Material) -> Float32[np.ndarray, " n"]:
    """Stoneware: fine dark specks and a slow change of tone."""
    fine = value_noise(points / (0.08 * material.scale), material.seed)
    slow = value_noise(points / (1.5 * material.scale), material.seed + 1)
    return np.clip(_step(fine, 0.8, 0.15) * 0.8 + 0.22 * slow, 0.0, 1.0)


def _emblem(points: Float32[np.ndarray, "n 3"], material: Material) -> Float32[np.ndarray, " n"]:
    """A round print on both sides (+y and -y) at height 2.4 x ``scale``: a ring with ticks like lettering, towers inside."""
    across, up = _unrolled(points, 0.04)
    half_turn = np.pi * 0.04
    across = ((across + half_turn) % half_turn - half_turn / 2.0) / material.scale
    up = up / material.scale - 2.4
    radius, angle = np.hypot(across, up), np.arctan2(up, across)
    letters = value_noise(np.stack([(angle / np.pi + 1.0) * 40.0, radius * 9.0, np.zeros_like(radius)], -1), material.seed)
    ring = _band(radius, 0.72, 0.95) * _step(letters, 0.45, 0.1)
    lines = np.maximum(_band(radius, 0.99, 1.04), _band(radius, 0.62, 0.66))
    heights = np.random.default_rng(material.seed).uniform(-0.25, 0.35, 12).astype(np.float32)
    column = np.clip(np.floor((across + 0.6) * 10.0), 0, 11).astype(np.int64)
    towers = (radius < 0.58) & (up < heights[column]) & ((across + 0.6) * 10.0 % 1.0 > 0.15)
    return np.maximum(np.maximum(ring, lines), towers.astype(np.float32)).astype(np.float32)


def _label(points: Float32[np.ndarray, "n 3"], material: Material) -> Float32[np.ndarray, " n"]:
    """A printed label: bars and blocks of several sizes."""
    cells = np.stack([points[:, 0] + points[:, 1], points[:, 1] - points[:, 0], points[:, 2] * 2.0], -1) / material.scale
    coarse = value_noise(np.floor(cells), material.seed)
    text = value_noise(np.floor(cells * np.array([6.0, 6.0, 8.0], dtype=np.float32)), material.seed + 1)
    return np.where(coarse > 0.62, 1.0, np.where(coarse < 0.35, _step(text, 0.55, 0.1) * 0.8, 0.0)).astype(np.float32)


def _band(value: np.ndarray, low: float, high: float) -> np.ndarray:
    return _step(value, low, 0.03) * (1.0 - _step(value, high, 0.03))


def _wood(points: Float32[np.ndarray, "n 3"], material: Material) -> Float32[np.ndarray, " n"]:
    """Boards along x (``scale`` wide): year rings that wander, fibres and pores."""
    x, y, z = points.T
    board = np.floor(y / material.scale)
    shift = (board * 7.31) % 5.0
    wander = value_noise(np.stack([x * 2.2 + shift * 3.0, y * 9.0, z + shift], -1), material.seed)
    rings = 0.5 + 0.5 * np.sin(2.0 * np.pi * (y * 26.0 + 3.2 * wander + shift))
    fibres = value_noise(np.stack([x * 14.0 + shift, y * 420.0, z * 50.0], -1), material.seed + 1)
    pores = value_noise(np.stack([x * 45.0, y * 900.0 + shift, z * 50.0], -1), material.seed + 2)
    tone = 0.35 * rings**2 + 0.3 * fibres + 0.25 * (wander + 0.2 * np.sin(board * 12.9)) + 0.4 * _step(pores, 0.78, 0.2)
    seam = 1.0 - _step(np.abs(y / material.scale - np.round(y / material.scale)) * material.scale, 0.0008, 0.0008)
    return np.clip(np.maximum(tone, 0.9 * seam), 0.0, 1.0).astype(np.float32)


def _grain(points: Float32[np.ndarray, "n 3"], material: Material) -> Float32[np.ndarray, " n"]:
    """One piece of wood, its fibres along x: year rings ``scale`` apart that wander, and pores."""
    x, y, z = (points / material.scale).T
    wander = value_noise(np.stack([0.07 * x, 0.4 * y, 0.4 * z], -1), material.seed)
    rings = 0.5 + 0.5 * np.sin(2.0 * np.pi * (0.7 * y + 0.55 * z + 2.5 * wander))
    fibres = value_noise(np.stack([0.35 * x, 7.0 * y, 7.0 * z], -1), material.seed + 1)
    return np.clip(0.55 * rings**2 + 0.3 * fibres + 0.15 * wander, 0.0, 1.0).astype(np.float32)


def _brushed(points: Float32[np.ndarray, "n 3"], material: Material) -> Float32[np.ndarray, " n"]:
    """Ground metal: fine scratches along x, ``scale`` long, over a slow change of tone."""
    x, y, z = (points / material.scale).T
    scratches = value_noise(np.stack([x, 40.0 * y, 40.0 * z], -1), material.seed)
    return 0.6 * scratches + 0.4 * value_noise(points / (2.0 * material.scale), material.seed + 1)


def _checks(points: Float32[np.ndarray, "n 3"], material: Material) -> Float32[np.ndarray, " n"]:
    """Crossing bands, as woven or painted: darker where two meet."""
    x, y, z = (points / material.scale).T
    bands = [1.0 - _step(np.abs(value % 1.0 - 0.5), 0.25, 0.04) for value in (x + y, z + 0.5 * (x - y))]
    return (0.5 * (bands[0] + bands[1])).astype(np.float32)


def _plaster(points: Float32[np.ndarray, "n 3"], material: Material) -> Float32[np.ndarray, " n"]:
    slow = value_noise(points / (8.0 * material.scale), material.seed)
    return 0.6 * slow + 0.4 * value_noise(points / (0.3 * material.scale), material.seed + 1)


def _tiles(points: Float32[np.ndarray, "n 3"], material: Material) -> Float32[np.ndarray, " n"]:
    cell = points[:, :2] / material.scale
    joint = np.minimum(*np.abs(cell - np.round(cell)).T) < 0.008
    tone = value_noise(np.insert(np.floor(cell), 2, 0.0, axis=1) * 1.7, material.seed) * 0.25
    return np.where(joint, 1.0, tone).astype(np.float32)


PATTERNS: dict[str, Callable[[Float32[np.ndarray, "n 3"], Material], Float32[np.ndarray, " n"]]] = {
    "brushed": _brushed,
    "checks": _checks,
    "dots": _dots,
    "emblem": _emblem,
    "grain": _grain,
    "label": _label,
    "plain": _plain,
    "plaster": _plaster,
    "speckle": _speckle,
    "stripes": _stripes,
    "tiles": _tiles,
    "wood": _wood,
}
