# SPDX-License-Identifier: Apache-2.0
"""Draws a benchmark's negative pairs from the views that its pairs are made of: nothing is rendered for them."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.negatives import PLAINLY_NOT
from func_corr_ros.data.objects import FUNCTIONS
from func_corr_ros.data.splits import FIRST_BENCHMARK_SEED, split_of


def negatives_of(function: str, serving: Sequence[str], categories: Mapping[str, str], count: int) -> list[dict[str, Any]]:
    """Returns up to ``count`` entries of negatives.json for ``function``: a is one of the views ``serving`` it in its pairs, b
    a view of a category that plainly does not (``data/negatives.py``). There are fewer where fewer views are to be had.

    ``categories`` has the category of every view. Those that are used least come first, on both sides, so that neither alone
    says that the pair is negative. The same arguments give the same pairs.
    """
    others = [view for view, category in categories.items() if category in PLAINLY_NOT[function]]
    rng = np.random.default_rng([FIRST_BENCHMARK_SEED, list(FUNCTIONS).index(function)])  # a stream that no view is drawn from
    chance = 0.5 * rng.random((len(serving), len(others)))
    kinds = [np.array([categories[view] for view in end]) for end in (serving, others)]
    used: list[Float64[np.ndarray, " n"]] = [np.zeros(len(end)) for end in (serving, others)]
    entries = []
    for number in range(min(count, chance.size)):
        cost = chance + used[0][:, None] + used[1]
        i, j = np.unravel_index(int(np.argmin(cost)), cost.shape)
        chance[i, j] = np.inf  # each pair once
        for end, chosen in enumerate((i, j)):
            used[end] += kinds[end] == kinds[end][chosen]
            used[end][chosen] += 1.0
        a, b = str(serving[i]), others[j]
        entries.append({
            "id": f"not-{function.replace(' ', '-')}-{number:04d}", "function": function, "a": a, "b": b,
            "split": split_of(function, categories[a], categories[b]), "categories": [categories[a], categories[b]],
        })
    return entries
