# SPDX-License-Identifier: Apache-2.0
"""Validation scores: chance is bad, answers with the truth in them are perfect, and pairs are of what was asked for."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from training.pools import small_pool

from func_corr_ros.training.batches import BatchSettings, PairOfViews, ViewPool
from func_corr_ros.training.validation import drawn_pairs, errors_of, validate


@pytest.fixture(scope="module")
def pool(views: Path) -> ViewPool:
    return small_pool(views)


def drawn(pool: ViewPool, functions: list[str], count: int, categories: frozenset[str] = frozenset()) -> list[PairOfViews]:
    few = BatchSettings(itself=0.0, within=0.1, samples=64, pixels=48)
    return drawn_pairs(pool, functions, count, categories, settings=few)


def test_pairs_are_of_the_categories_that_are_asked_for(pool: ViewPool) -> None:
    pairs = drawn(pool, ["pour-with", "hang-onto"], 12, frozenset({"kettle"}))
    assert len(pairs) == 12
    for pair in pairs:
        assert "kettle" in {pool.objects[index].category for index, _ in pair.ends}
    again = drawn(pool, ["pour-with", "hang-onto"], 12, frozenset({"kettle"}))
    assert [pair.ends for pair in pairs] == [pair.ends for pair in again]


def test_errors_are_distances_of_the_best_place() -> None:
    places = np.array([[0.0, 0.0], [3.0, 4.0], [10.0, 0.0]], dtype=np.float32)
    found = errors_of(torch.eye(3)[[1, 2]], torch.eye(3), places, places[[0, 2]])
    assert found.tolist() == [5.0, 0.0]


def test_random_features_are_near_chance_and_the_ways_are_both_counted(pool: ViewPool) -> None:
    pairs = drawn(pool, ["pour-with"], 6)
    score = validate(
        pool, pairs, lambda features, coverage, function: features,
        lambda sampled: (torch.nn.functional.normalize(sampled, dim=-1), sampled[..., 0]),
    )
    assert 0.1 < score.distance < 0.7 and score.pck10 <= score.pck23 < 0.6 and 0.0 <= score.region <= 1.0
    assert score.overall == pytest.approx(score.pck23 + 0.5 * score.pck10 - score.distance)


def test_a_region_that_is_known_scores_one(pool: ViewPool) -> None:
    """Each view's logits are looked up in the truth: the part's pixels come first."""
    pair = drawn(pool, ["hang-onto"], 1)[0]
    asked: list[int] = []

    def finish(sampled: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits = torch.zeros(len(sampled))
        if len(sampled) == pair.pixels.shape[1]:
            logits = torch.from_numpy(pair.in_part[len(asked) % 2].astype(np.float32))
            asked.append(1)
        return torch.nn.functional.normalize(sampled, dim=-1), logits

    score = validate(pool, [pair], lambda features, coverage, function: features, finish)
    assert len(asked) == 2 and score.region == 1.0
