# SPDX-License-Identifier: Apache-2.0
"""Matches that move together score one, heaps and noise do not, and a turned-over picture is told apart."""
from __future__ import annotations

import numpy as np
import pytest

from func_corr_ros.correspondence.consistency import affine_consistency

AFFINE = np.array([[0.9, 0.2], [-0.1, 1.1]])


def _query(count=1500, seed=0):
    return np.random.default_rng(seed).uniform(0, 100, (count, 2)).astype(np.float32)


def _score(target, *, mirrored=False, query=None, weights=None, seed=0):
    query = _query() if query is None else query
    weights = np.ones(len(query), dtype=np.float32) if weights is None else weights
    return affine_consistency(query, target.astype(np.float32), weights, 10.0, mirrored=mirrored, seed=seed)


def test_an_affine_motion_is_fully_consistent():
    assert _score(_query() @ AFFINE + 7.0) == pytest.approx(1.0, abs=1e-4)


def test_a_mirrored_motion_is_consistent_only_as_mirrored():
    target = _query() * [-1.0, 1.0] + [100.0, 0.0]
    assert _score(target, mirrored=True) == pytest.approx(1.0, abs=1e-4)
    assert _score(target, mirrored=False) < 0.4


def test_random_matches_are_hardly_consistent():
    assert _score(_query(seed=1)) < 0.15


def test_matches_that_fall_in_one_heap_are_no_motion():
    assert _score(np.full((1500, 2), 50.0) + 0.01 * _query(seed=2)) < 0.05


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_the_share_that_moves_together_is_what_is_returned(share):
    target = np.where((np.arange(1500) < share * 1500)[:, None], _query() @ AFFINE, _query(seed=3) + 400.0)
    assert _score(target) == pytest.approx(share, abs=0.05)


def test_confidence_is_the_weight():
    wrong = np.arange(1500) % 2 == 0
    target = np.where(wrong[:, None], _query(seed=4) + 400.0, _query() @ AFFINE)
    weights = np.where(wrong, 0.1, 0.9).astype(np.float32)
    assert _score(target, weights=weights) == pytest.approx(0.9, abs=0.03)


def test_order_does_not_matter_beyond_the_draw_and_the_seed_decides():
    target = _query() @ AFFINE + np.random.default_rng(5).normal(0, 4, (1500, 2))
    order = np.random.default_rng(6).permutation(1500)
    assert _score(target) == _score(target)
    assert _score(target[order], query=_query()[order]) == pytest.approx(_score(target), abs=0.05)


@pytest.mark.parametrize("weights", [np.zeros(1500, np.float32), np.full(1500, np.nan, np.float32)])
def test_without_confidence_there_is_no_consistency(weights):
    assert _score(_query(), weights=weights) == 0.0
