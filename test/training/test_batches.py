# SPDX-License-Identifier: Apache-2.0
"""Batches: the truth is the benchmark's, targets are distributions about it, and equal generators draw equal batches."""
from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from training.pools import small_pool

from func_corr_ros.errors import BadSettings
from func_corr_ros.training.batches import BatchSettings, ViewPool, drawn_batch

SETTINGS = BatchSettings(pairs=3, samples=64, pixels=32)


@pytest.fixture(scope="module")
def pool(views: Path) -> ViewPool:
    return small_pool(views, SETTINGS.samples)


def test_targets_are_distributions_about_the_true_partner(pool: ViewPool) -> None:
    pair = pool.drawn_pair(SETTINGS, np.random.default_rng(0), ["pour-with"])
    asked = pair.exact >= 0
    assert asked.sum() >= SETTINGS.least_common
    np.testing.assert_allclose(pair.partner.sum(axis=1), asked.astype(float), atol=1e-6)
    assert np.array_equal(pair.partner[asked].argmax(axis=1), pair.exact[asked])
    assert (pair.partner[:, ~pair.seen[1]] == 0.0).all()
    assert pair.seen[0][asked].all() and pair.seen[1][pair.exact[asked]].all()


def test_without_softness_targets_are_one_hot(pool: ViewPool) -> None:
    pair = pool.drawn_pair(replace(SETTINGS, softness=0.0), np.random.default_rng(0), ["pour-with"])
    assert set(np.unique(pair.partner)) == {0.0, 1.0}


def test_two_views_of_one_object_share_their_own_points(pool: ViewPool) -> None:
    pair = pool.drawn_pair(replace(SETTINGS, itself=1.0), np.random.default_rng(1), ["hang-onto"])
    assert pair.ends[0][0] == pair.ends[1][0]
    asked = np.flatnonzero(pair.exact >= 0)
    assert np.array_equal(pair.exact[asked], asked)


def test_equal_generators_draw_equal_batches(pool: ViewPool) -> None:
    functions = ["pour-with", "hang-onto", "pound-with"]
    batches = [drawn_batch(pool, SETTINGS, functions, 0, 3) for _ in range(2)]
    for name in ("features", "coverage", "uv", "seen", "partner", "partner_back", "pixels", "in_part", "wrong"):
        assert torch.equal(*(getattr(batch, name) for batch in batches)), name
    assert batches[0].functions == batches[1].functions
    assert batches[0].features.shape == (6, 6, 16, 16) and batches[0].coverage.shape == (6, 1, 16, 16)


def test_shares_of_a_batch_are_the_batch(pool: ViewPool) -> None:
    functions = ["pour-with", "hang-onto", "pound-with"]
    whole = drawn_batch(pool, SETTINGS, functions, 0, 3)
    first, second = (drawn_batch(pool, SETTINGS, functions, 0, 3, (rank, 2)) for rank in (0, 1))
    assert torch.equal(first.partner, whole.partner[[0, 2]]) and torch.equal(second.partner, whole.partner[[1]])
    assert torch.equal(second.features, whole.features[[1, 4]])


def test_wrong_functions_are_such_as_the_object_does_not_serve(pool: ViewPool) -> None:
    functions = ["pour-with", "pound-with"]
    for seed in range(4):
        batch = drawn_batch(pool, SETTINGS, functions, 0, seed)
        for index, wrong in zip(batch.wrong.tolist(), batch.wrong_functions, strict=True):
            assert wrong in functions and wrong != batch.functions[index]


def test_no_views_are_refused() -> None:
    with pytest.raises(BadSettings, match="no training views"):
        ViewPool([], [], 8)


def test_views_that_share_nothing_are_refused(pool: ViewPool) -> None:
    with pytest.raises(BadSettings, match="share 5000"):
        pool.drawn_pair(replace(SETTINGS, least_common=5000), np.random.default_rng(0), ["pour-with"])


def test_too_few_pixels_or_views_are_named(pool: ViewPool) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(BadSettings, match=r"64 pixels.*train.batch.pixels is 65"):
        pool.drawn_pair(replace(SETTINGS, pixels=65), rng, ["pour-with"])
    once = copy.copy(pool)
    of_views = ("eyes", "masks", "coverage", "pixels", "part_of_pixel")
    once.objects = [replace(one, **{name: getattr(one, name)[:1] for name in of_views}) for one in pool.objects]
    with pytest.raises(BadSettings, match="seen once"):
        once.drawn_pair(replace(SETTINGS, itself=1.0), rng, ["pour-with"])
