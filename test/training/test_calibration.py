# SPDX-License-Identifier: Apache-2.0
"""Calibrations give back the odds that made the evidence; thresholds keep their promise; heads are measured by their calls."""
from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from correspondence.heads import WORDS, ColourBackbone, head_spec
from training.pools import CHANNELS, small_pool

from func_corr_ros.correspondence.confidence import probability
from func_corr_ros.correspondence.model import CorrespondenceSettings, FunctionalCorrespondence
from func_corr_ros.correspondence.trained_head import TrainedHead, make_head
from func_corr_ros.training.calibration import Measured, accepted_from, calibrated, fit, keeping_from, logistic_fit, measured
from func_corr_ros.training.validation import VALIDATION, drawn_pairs

FEW = partial(drawn_pairs, settings=replace(VALIDATION, pixels=48))  # the small pool has not more
FUNCTIONS = ("hang-onto", "pound-with", "pour-with")


def untrained_head() -> TrainedHead:
    torch.manual_seed(0)
    spec = head_spec(layers=3, layer_channels=CHANNELS // 3)
    words = {name: torch.nn.functional.normalize(torch.randn(WORDS), dim=0) for name in FUNCTIONS}
    return TrainedHead(make_head(replace(spec, features=replace(spec.features, layers=(0, 1, 2)))), spec, words)


def test_the_weights_that_made_the_truth_are_found(rng: np.random.Generator) -> None:
    evidence = np.concatenate([np.ones((40_000, 1)), rng.normal(size=(40_000, 2))], axis=1)
    true = rng.random(40_000) < probability((0.5, 2.0, -1.0), evidence)
    np.testing.assert_allclose(logistic_fit(evidence, true, ridge=0.0), (0.5, 2.0, -1.0), atol=0.06)


def test_accepted_matches_are_as_reliable_as_asked(rng: np.random.Generator) -> None:
    confidence = rng.random(5000)
    right = rng.random(5000) < confidence
    threshold = accepted_from(confidence, right, 0.8)
    assert 0.8 <= right[confidence >= threshold].mean() < 0.81
    assert threshold == pytest.approx(0.6, abs=0.05)  # the mean of 0.6..1 is 0.8


def test_where_nothing_is_reliable_nothing_is_accepted() -> None:
    assert accepted_from(np.array([0.2, 0.9]), np.array([True, False]), 0.8) > 0.9


def test_as_many_true_ones_are_kept_as_asked(rng: np.random.Generator) -> None:
    assert keeping_from(np.array([0.9, 0.7, 0.6, 0.1]), np.array([True, True, False, False]), 1.0) == 0.7
    score, true = rng.random(1000), rng.random(1000) < 0.5
    threshold = keeping_from(score, true, 0.95)
    assert 0.95 <= (score[true] >= threshold).mean() < 0.955


def test_a_head_is_measured_both_ways_and_on_functions_that_objects_do_not_serve(views: Path) -> None:
    pool, head = small_pool(views), untrained_head()
    pairs = FEW(pool, FUNCTIONS, 4)
    model = FunctionalCorrespondence(ColourBackbone(), CorrespondenceSettings(), head)
    seen = measured(model, pool, pairs, FUNCTIONS)
    expected = sum(2 * min((pair.exact >= 0).sum(), 64) for pair in pairs)
    assert len(seen.matches) == len(seen.right) == expected and 0 < seen.right.mean() < 1
    assert seen.serving.sum() == 8 and len(seen.objects) == len(seen.serving) > 8
    again = measured(model, pool, pairs, FUNCTIONS)
    np.testing.assert_array_equal(seen.matches, again.matches)


def test_a_fitted_calibration_knows_how_often_matches_are_right(rng: np.random.Generator) -> None:
    evidence = np.concatenate([np.ones((3000, 1)), rng.normal(size=(3000, 5))], axis=1)
    right = rng.random(3000) < probability((0.3, 1.0, 0.0, 0.5, 0.0, 0.0), evidence)
    objects = np.concatenate([np.ones((600, 1)), rng.normal(size=(600, 2))], axis=1)
    serving = objects[:, 1] > 0
    fitted = fit(Measured(evidence, right, objects, serving))
    assert probability(fitted.match, evidence).mean() == pytest.approx(right.mean(), abs=0.01)
    kept = probability(fitted.serves, objects) >= fitted.accept_serving
    assert 0.95 <= kept[serving].mean() < 0.96 and not kept[~serving].any()


def test_a_head_is_calibrated(views: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("func_corr_ros.training.calibration.VALIDATION_CATEGORIES", frozenset({"kettle"}))
    monkeypatch.setattr("func_corr_ros.training.calibration.drawn_pairs", FEW)
    head = calibrated(untrained_head(), ColourBackbone(), small_pool(views), FUNCTIONS, pairs=3)
    assert head.spec.calibration is not None and len(head.spec.calibration.match) == 6
