# SPDX-License-Identifier: Apache-2.0
"""Chance: any pixel of the other object. What every method must beat, and a check of the metrics themselves."""
from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from func_corr_ros.correspondence.baselines.dense import pixels_of
from func_corr_ros.correspondence.baselines.method import Discovery, MethodSettings, PointMatches, Subject
from func_corr_ros.correspondence.embedding import pixel_lattice


@dataclass(frozen=True)
class Outline:
    """All that chance knows of an object."""

    mask: Bool[np.ndarray, "h w"]
    key: str


class Chance:
    """Answers evenly over the other object; the same pair of views and ``seed`` give the same answers."""

    name = "chance"

    def __init__(self, settings: MethodSettings = MethodSettings()) -> None:
        self._settings = settings
        self.identity: Mapping[str, Any] = {
            "name": "chance", "seed": settings.seed, "max_pixels": settings.max_pixels, "conditioned": False
        }

    def describe(self, subject: Subject) -> Outline:
        """See :class:`Method`."""
        return Outline(subject.mask, subject.key)

    def transfer(self, a: Outline, b: Outline, points: Float32[np.ndarray, "n 2"]) -> PointMatches:
        """Returns a pixel of b for each point."""
        candidates, rng = pixels_of(b.mask), self._rng("transfer", a, b)
        uv = candidates[rng.integers(0, len(candidates), len(points))]
        return PointMatches(uv, rng.random(len(points), dtype=np.float32))

    def discover(self, a: Outline, b: Outline) -> Discovery:
        """Returns a pixel of b for each lattice pixel of a, in any order."""
        rng, candidates = self._rng("discover", a, b), pixels_of(b.mask)
        uv_a, _ = pixel_lattice(a.mask, self._settings.max_pixels or a.mask.size)
        uv_b = candidates[rng.integers(0, len(candidates), len(uv_a))]
        return Discovery(uv_a, uv_b, rng.random(len(uv_a), dtype=np.float32))

    def _rng(self, what: str, a: Outline, b: Outline) -> np.random.Generator:
        words = "\0".join((str(self._settings.seed), what, a.key, b.key))
        return np.random.default_rng(int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "little"))
