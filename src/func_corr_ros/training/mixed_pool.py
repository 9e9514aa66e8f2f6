# SPDX-License-Identifier: Apache-2.0
"""Pairs of objects whose labels are exact, and of such whose labels are pseudo-labels, by a share that moves with the steps."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy

import numpy as np

from func_corr_ros.training.batches import ViewPool


class MixedPool(ViewPool):
    """See ViewPool. A pair is of one kind: exact frames and guessed ones are not laid on each other."""

    def __init__(self, exact: ViewPool, pseudo: ViewPool, first: float, last: float, steps: int) -> None:
        """``first`` and ``last`` are the shares of exact pairs at the first and the last of ``steps``; it moves evenly."""
        self._join(exact, pseudo)
        self._of_pseudo = {
            function: {kind: [len(exact.objects) + index for index in some] for kind, some in kinds.items()}
            for function, kinds in pseudo.by_function.items()
        }
        self._of_exact = {function: dict(kinds) for function, kinds in exact.by_function.items()}
        self._ends, self._steps, self.share = (first, last), steps, first
        self.functions = sorted({*exact.functions, *pseudo.functions})

    def at(self, step: int) -> MixedPool:
        """Returns the pool with the share of ``step``."""
        now, (first, last) = copy(self), self._ends
        now.share = first + (last - first) * min(step / max(self._steps - 1, 1), 1.0)
        return now

    def _drawn_from(
        self, rng: np.random.Generator, functions: Sequence[str]
    ) -> tuple[Mapping[str, dict[str, list[int]]], Sequence[str]]:
        known = self._of_exact if rng.random() < self.share else self._of_pseudo
        return known, [function for function in functions if function in known]
