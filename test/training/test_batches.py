# SPDX-License-Identifier: Apache-2.0
"""Batches: the truth is the benchmark's, targets are distributions about it, and equal generators draw equal batches."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from func_corr_ros.errors import BadSettings
from func_corr_ros.training.batches import BatchSettings, ViewPool, drawn_batch
from func_corr_ros.training.training_views import TrainingViewSettings, make_training_views

SETTINGS = BatchSettings(pairs=3, samples=64, pixels=32)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> ViewPool:
    folder = tmp_path_factory.mktemp("views")
    settings = TrainingViewSettings(objects=2, views=2, rendered=224, pixels=64)
    views = make_training_views(folder, settings, ("mug", "kettle", "cup", "hammer"), 1)
    features = []
    for number in range(len(views)):
        features.append(folder / f"{number}.npy")
        np.save(features[-1], np.random.default_rng(number).normal(size=(2, 6, 16, 16)).astype(np.float16))
    return ViewPool(views, features, SETTINGS.samples)


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
    batches = [drawn_batch(pool, SETTINGS, functions, np.random.default_rng([0, 3])) for _ in range(2)]
    for name in ("features", "coverage", "uv", "seen", "partner", "partner_back", "pixels", "in_part", "wrong"):
        assert torch.equal(*(getattr(batch, name) for batch in batches)), name
    assert batches[0].functions == batches[1].functions
    assert batches[0].features.shape == (6, 6, 16, 16) and batches[0].coverage.shape == (6, 1, 16, 16)


def test_wrong_functions_are_such_as_the_object_does_not_serve(pool: ViewPool) -> None:
    functions = ["pour-with", "pound-with"]
    for seed in range(4):
        batch = drawn_batch(pool, SETTINGS, functions, np.random.default_rng(seed))
        for index, wrong in zip(batch.wrong.tolist(), batch.wrong_functions, strict=True):
            assert wrong in functions and wrong != batch.functions[index]


def test_no_views_are_refused() -> None:
    with pytest.raises(BadSettings, match="no training views"):
        ViewPool([], [], 8)


def test_views_that_share_nothing_are_refused(pool: ViewPool) -> None:
    with pytest.raises(BadSettings, match="share 5000"):
        pool.drawn_pair(replace(SETTINGS, least_common=5000), np.random.default_rng(0), ["pour-with"])
