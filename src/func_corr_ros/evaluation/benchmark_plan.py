# SPDX-License-Identifier: Apache-2.0
"""Chooses the views and pairs of a benchmark, function by function, by geometry alone: colour comes after the choice."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, cycle
from pkgutil import resolve_name
from typing import Any

import numpy as np
from jaxtyping import Bool

from func_corr_ros.data.functional_truth import TruthPair, visible_pairs
from func_corr_ros.data.object_view import ObjectView
from func_corr_ros.data.objects import CATEGORIES, FUNCTIONS
from func_corr_ros.data.splits import UNSEEN_CATEGORIES, UNSEEN_FUNCTIONS, split_of
from func_corr_ros.errors import BadBenchmark
from func_corr_ros.evaluation.benchmark_views import BenchmarkSettings, PlannedView, SingleView, without_pictures
from func_corr_ros.evaluation.mesh_views import MeshViews

_SEEDS_PER_FUNCTION = 10_000
_HIDDEN_IN_A_ROW = 60


@dataclass(frozen=True)
class PlannedPair:
    """A pair of views that have enough truth in common."""

    id: str
    function: str
    a: PlannedView
    b: PlannedView
    truth: TruthPair

    def entry(self, files: Mapping[str, str]) -> dict[str, Any]:
        """Returns its entry of pairs.json, with the paths of its ``files``."""
        categories = [self.a.object_name, self.b.object_name]
        return {
            "id": self.id, "function": self.function, "a": self.a.id, "b": self.b.id,
            "within_category": categories[0] == categories[1], "split": split_of(self.function, *categories),
            "categories": categories, "upright": self.a.upright and self.b.upright, **files,
        }


def functions_of(category: str) -> tuple[str, ...]:
    """Returns the functions that ``category`` serves; raises BadBenchmark where it cannot be built."""
    try:
        return tuple(resolve_name(CATEGORIES[category])().build().function_parts)
    except Exception as error:
        raise BadBenchmark(f"category {category!r}: {type(error).__name__}: {error}; it is in CATEGORIES, so it is in the "
                           "benchmark") from error


class FunctionPlan:
    """The views and pairs of one function. The same function, categories, settings and kind of view give the same plan, wherever
    it is made.
    """

    def __init__(
        self, function: str, categories: Sequence[str], settings: BenchmarkSettings,
        kind: type[PlannedView] | MeshViews = SingleView,
    ) -> None:
        self.function, self.settings, self.kind = function, settings, kind
        self._number = list(FUNCTIONS).index(function)
        self._seed = kind.first_seed + self._number * _SEEDS_PER_FUNCTION
        self._rng = np.random.default_rng(self._seed)
        self._categories = self._order(categories)
        self.views: list[PlannedView] = []
        self.parts: dict[str, Bool[np.ndarray, "h w"]] = {}
        self._seen: list[ObjectView] = []
        self._used: list[int] = []
        self._tried: set[tuple[int, int]] = set()

    def _order(self, categories: Sequence[str]) -> Iterator[str]:
        """Yields categories round and round: every so often one that training never sees, where there are such."""
        if len(categories) < 2:
            raise BadBenchmark(f"{self.function} is served by {list(categories)} only; pairs of two categories need two")
        names = [str(name) for name in self._rng.permutation(sorted(categories))]
        unseen = [] if self.function in UNSEEN_FUNCTIONS else [name for name in names if name in UNSEEN_CATEGORIES]
        seen = [name for name in names if name not in unseen]
        turns = [bool(unseen) and (not seen or number == 1) for number in range(self.settings.every_unseen)]
        first, second = cycle(unseen), cycle(seen)
        return (next(first if turn else second) for turn in cycle(turns))

    def pairs(self) -> list[PlannedPair]:
        """Returns as many pairs as the settings ask for; raises BadBenchmark where no views can be found that make them."""
        while len(self.views) < self.settings.views:
            self._add_view(next(self._categories))
        made: list[PlannedPair] = []
        while len(made) < self.settings.pairs:
            within = (self._number * self.settings.pairs + len(made)) % self.settings.every_within == 0
            made.append(self._pair(f"{self.function.replace(' ', '-')}-{len(made):04d}", within))
        return made

    def _pair(self, pair_id: str, within: bool) -> PlannedPair:
        for _ in range(self.settings.views + 50):
            for i, j in self._candidates(within)[: self.settings.tries]:
                self._tried.add((i, j))
                i, j = (i, j) if self._rng.random() < 0.5 else (j, i)
                truth = visible_pairs(self._seen[i], self._seen[j], self.function)
                if len(truth.a) >= self.settings.least_points and truth.common >= self.settings.least_common:
                    self._used[i] += 1
                    self._used[j] += 1
                    return PlannedPair(pair_id, self.function, self.views[i], self.views[j], truth)
            rarest = self.views[int(np.argmin(self._used))].category
            self._add_view(rarest if within else next(self._categories))
        kinds = sorted({view.category for view in self.views})
        raise BadBenchmark(f"{self.function}: {len(self.views)} views of {kinds} make no further "
                           f"{'within' if within else 'cross'}-category pair of {self.settings.least_points} points and "
                           f"{self.settings.least_common:.0%} in common")

    def _candidates(self, within: bool) -> list[tuple[int, int]]:
        """Returns untried pairs of views, those first that are used least, else in random order."""
        free = [(i, j) for i, j in combinations(range(len(self.views)), 2)
                if (i, j) not in self._tried and (self.views[i].category == self.views[j].category) == within]
        used = np.array([self._used[i] + self._used[j] for i, j in free])
        return [free[k] for k in np.argsort(used + 0.5 * self._rng.random(len(free)))]

    def _add_view(self, category: str) -> None:
        """Draws views of new objects of ``category`` until one shows the parts that serve the function, of the next category
        where that may stay hidden.
        """
        for _ in range(_HIDDEN_IN_A_ROW):
            if any(self._shows(category) for _ in range(self.kind.draws)):
                return
            if self.kind.any_side:
                break
            category = next(self._categories)
        raise BadBenchmark(f"{self.function}: of {self.kind.draws} views of a {category} none shows "
                           f"{self.settings.least_part:g} px of its parts")

    def _shows(self, category: str) -> bool:
        """Draws one view and keeps it if it shows the serving parts; returns whether it does."""
        self._seed += 1
        view = self.kind.drawn(category, self._seed, self._rng)
        seen = view.seen(self.settings)
        if seen is None or self.function not in seen.thing.function_parts:
            return False
        part = seen.part_mask(self.function)
        if part.sum() < self.settings.least_part * part.size / 448**2:
            return False
        self.views.append(view)
        self.parts[view.id] = part
        self._seen.append(without_pictures(seen))
        self._used.append(0)
        return True
