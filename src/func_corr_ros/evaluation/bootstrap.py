# SPDX-License-Identifier: Apache-2.0
"""How far a mean over pairs would move with other pairs of the same kind: bootstrap intervals."""
from __future__ import annotations

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
    count = len(values)
    if count == 0:
        return np.full((2, values.shape[1]), np.nan)
    rng = np.random.default_rng(seed)
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    means = []
    step = max(_BLOCK // count, 1)
    for start in range(0, resamples, step):
        times = rng.multinomial(count, np.full(count, 1.0 / count), size=min(step, resamples - start)).astype(np.float64)
        drawn = times @ known.astype(np.float64)
        means.append(np.divide(times @ filled, drawn, out=np.full(drawn.shape, np.nan), where=drawn > 0.0))
    tail = 50.0 * (1.0 - level)
    ends, some = np.full((2, values.shape[1]), np.nan), known.any(axis=0)
    ends[:, some] = np.nanpercentile(np.concatenate(means)[:, some], [tail, 100.0 - tail], axis=0)
    return ends
