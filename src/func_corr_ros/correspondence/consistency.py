# SPDX-License-Identifier: Apache-2.0
"""Do matches move together? The share of their confidence that one affine map of the picture explains."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64

# Rigid objects seen under moderately different angles: stronger anisotropy is a degenerate sample, not a view.
MAX_ANISOTROPY = 2.5
# A map that shrinks an object to a point explains every heap of matches that share one target: it is no view either.
MAX_ZOOM = 3.0
# Enough to hold three good matches with 99 % certainty where a quarter of them is good: log(0.01) / log(1 - 0.25^3).
HYPOTHESES = 300
# The share explained is a mean: more matches than this only cost time.
MAX_MATCHES = 800


def affine_consistency(
    uv_query: Float32[np.ndarray, "n 2"],
    uv_target: Float32[np.ndarray, "n 2"],
    confidence: Float32[np.ndarray, " n"],
    tolerance: float,
    *,
    scale: float = 1.0,
    mirrored: bool = False,
    seed: int = 0,
) -> float:
    """Returns the share (0..1) of the summed ``confidence`` that the best affine map query -> target explains.

    A match that is off by e pixels counts (1 - (e / tolerance)^2), none from ``tolerance`` target pixels on (MSAC, Torr
    2000). ``scale`` is the expected target size over the query's; maps that zoom MAX_ZOOM times more or less are left
    out. ``mirrored`` asks for a map that turns the picture over (determinant below zero), otherwise for one that does
    not. Returns 0 where fewer than three matches have confidence. The same input and ``seed`` give the same result.
    """
    rng = np.random.default_rng(seed)
    trusted = np.flatnonzero(np.nan_to_num(confidence) > 0)
    if len(trusted) < 3:
        return 0.0
    if len(trusted) > MAX_MATCHES:
        trusted = np.sort(rng.choice(trusted, MAX_MATCHES, replace=False))
    weight = confidence[trusted].astype(np.float64)
    weight /= weight.sum()
    query, target = uv_query[trusted].astype(np.float64), uv_target[trusted].astype(np.float64)
    samples = rng.choice(len(trusted), size=(HYPOTHESES, 3), p=weight)
    maps = _affine_maps(query[samples], target[samples], scale, mirrored)
    if len(maps) == 0:
        return 0.0
    homogeneous = np.concatenate([query, np.ones((len(query), 1))], axis=1)
    squared = ((homogeneous @ maps - target) ** 2).sum(axis=2)
    return float((np.clip(1.0 - squared / tolerance**2, 0.0, None) @ weight).max())


def _affine_maps(
    query: Float64[np.ndarray, "k 3 2"], target: Float64[np.ndarray, "k 3 2"], scale: float, mirrored: bool
) -> Float64[np.ndarray, "m 3 2"]:
    """Returns the maps (homogeneous query @ map = target) of the samples that determine a plausible one."""
    homogeneous = np.concatenate([query, np.ones((*query.shape[:2], 1))], axis=2)
    area = np.linalg.det(homogeneous)
    solvable = np.abs(area) > 1.0  # three matches on a line, or one drawn twice
    maps = np.linalg.solve(homogeneous[solvable], target[solvable])
    singular = np.linalg.svd(maps[:, :2], compute_uv=False)
    plausible = (singular[:, 0] <= MAX_ANISOTROPY * singular[:, 1]) & (singular[:, 0] <= MAX_ZOOM * scale)
    plausible &= singular[:, 1] >= scale / MAX_ZOOM
    return maps[plausible & ((np.linalg.det(maps[:, :2]) < 0) == mirrored)]
