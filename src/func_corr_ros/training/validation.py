# SPDX-License-Identifier: Apache-2.0
"""How well a head does on pairs that it does not learn from: label transfer on the cached features of training views."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from func_corr_ros.correspondence.embedding import pixel_lattice
from func_corr_ros.correspondence.patch_grid import sample_grid
from func_corr_ros.training.batches import BatchSettings, PairOfViews, ViewPool

# At most so many pixels of the other object, on a lattice, are candidates.
_CANDIDATES = 2500

# Pairs of two objects, most of them of two categories.
VALIDATION = BatchSettings(itself=0.0, within=0.1)


@dataclass(frozen=True)
class ValidationScore:
    """Means over pairs and directions: normalised distance, share within 23 and 10 px, mean average precision of the part."""

    distance: float
    pck23: float
    pck10: float
    region: float

    @property
    def overall(self) -> float:
        """What the best checkpoint is chosen by."""
        return self.pck23 + 0.5 * self.pck10 - self.distance


def drawn_pairs(
    pool: ViewPool, functions: Sequence[str], count: int, categories: frozenset[str] = frozenset(), *,
    settings: BatchSettings = VALIDATION, seed: int = 5,
) -> list[PairOfViews]:
    """Returns ``count`` pairs of two objects for ``functions``, evenly drawn, one or both of ``categories`` if any are given."""
    rng, pairs = np.random.default_rng(seed), list[PairOfViews]()
    while len(pairs) < count:
        pair = pool.drawn_pair(settings, rng, functions)
        if not categories or categories & {pool.objects[index].category for index, _ in pair.ends}:
            pairs.append(pair)
    return pairs


def validate(
    pool: ViewPool, pairs: Sequence[PairOfViews], grid_of: Callable[[Tensor, Tensor, str], Tensor],
    finish: Callable[[Tensor], tuple[Tensor, Tensor]], size: int = 224,
) -> ValidationScore:
    """Returns the score over ``pairs``, both ways; ``grid_of(features, coverage, function)`` gives both grids."""
    rows = []
    for pair in pairs:
        features, coverage = pool.features(pair.ends)
        with torch.inference_mode():
            grids = grid_of(features.float(), coverage, pair.function)
            rows += [_direction(pool, pair, grids, finish, side, size) for side in (0, 1)]
    distance, pck23, pck10, region = np.nanmean(np.array(rows), axis=0).tolist()
    return ValidationScore(distance, pck23, pck10, region)


def _direction(
    pool: ViewPool, pair: PairOfViews, grids: Tensor, finish: Callable[[Tensor], tuple[Tensor, Tensor]], side: int, size: int
) -> tuple[float, float, float, float]:
    asked = np.flatnonzero(pair.exact >= 0)
    partner = pair.exact[asked]
    at_own, at_other = (asked, partner) if side == 0 else (partner, asked)
    index, view = pair.ends[1 - side]
    places = pixel_lattice(pool.objects[index].mask(view), _CANDIDATES)[0]
    stride = size / grids.shape[3]

    def finished(grid: Tensor, uv: np.ndarray) -> tuple[Tensor, Tensor]:
        return finish(sample_grid(grid, torch.from_numpy(uv).to(grid.device), stride))

    descriptors, others = finished(grids[side], pair.uv[side][at_own])[0], finished(grids[1 - side], places)[0]
    off = errors_of(descriptors, others, places, pair.uv[1 - side][at_other])
    logits = finished(grids[side], pair.pixels[side])[1]
    return float(off.mean() / (size - 1)), float((off <= 23).mean()), float((off <= 10).mean()), _precision(
        logits.cpu().numpy(), pair.in_part[side])


def _precision(score: np.ndarray, true: np.ndarray) -> float:
    """Returns the average precision of ranking the true ones first, NaN where there is none."""
    if not true.any():
        return float("nan")
    hits = true[np.argsort(-score, kind="stable")]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def errors_of(
    descriptors: Tensor, other: Tensor, places: np.ndarray, truth: np.ndarray
) -> np.ndarray:
    """Returns how many pixels each descriptor's best place is off its true one."""
    best = (descriptors @ other.T).argmax(dim=1).cpu().numpy()
    return np.linalg.norm(places[best] - truth, axis=1)
