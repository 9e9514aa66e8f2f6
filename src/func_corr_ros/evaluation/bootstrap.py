# SPDX-License-Identifier: Apache-2.0
"""How far a mean over pairs, or another figure of them, would move with other pairs of the same kind: bootstrap intervals."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Float64

RESAMPLES = 1000
# Weights drawn at once, so that the memory does not grow with the number of samples.
_BLOCK = 1 << 21


def bootstrap_interval(
    values: Float[np.ndarray, "n k"], level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> Float64[np.ndarray, "2 k"]:
    """Returns the lower and upper end of the percentile interval of each column's mean; rows are drawn with replacement.

    NaN values are left out of their column's mean. One row gives an interval of no width, no row gives NaN. The same seed and
    values give the same interval.
    """
    if len(values) == 0:
        return np.full((2, values.shape[1]), np.nan)
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)

    def means(times: Float64[np.ndarray, "r n"]) -> Float64[np.ndarray, "r k"]:
        drawn = times @ known.astype(np.float64)
        return np.divide(times @ filled, drawn, out=np.full(drawn.shape, np.nan), where=drawn > 0.0)

    return resampled_interval(means, len(values), level=level, resamples=resamples, seed=seed)


def resampled_interval(
    figures: Callable[..., Float64[np.ndarray, "r k"]], *counts: int, level: float = 0.95, resamples: int = RESAMPLES,
    seed: int = 0,
) -> Float64[np.ndarray, "2 k"]:
    """Returns the lower and upper end of the percentile interval of any figures of a sample, or of several independent ones.

    ``figures`` is given how often each row was drawn, an array (r, count) for each of ``counts`` (at least 1 each), and returns
    k figures for each of the r draws; those that are NaN are left out. The same seed gives the same draws.
    """
    rng = np.random.default_rng(seed)
    step = max(_BLOCK // sum(counts), 1)
    blocks = []
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        blocks.append(figures(*(
            rng.multinomial(count, np.full(count, 1.0 / count), size=size).astype(np.float64) for count in counts
        )))
    drawn = np.concatenate(blocks)
    tail = 50.0 * (1.0 - level)
    ends, some = np.full((2, drawn.shape[1]), np.nan), np.isfinite(drawn).any(axis=0)
    ends[:, some] = np.nanpercentile(drawn[:, some], [tail, 100.0 - tail], axis=0)
    return ends
