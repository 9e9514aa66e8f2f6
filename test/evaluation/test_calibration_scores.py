# SPDX-License-Identifier: Apache-2.0
"""Laws and known answers of calibration, risk over coverage and AUROC, with ties, weights and nothing at all."""
from __future__ import annotations

import numpy as np
import pytest

from func_corr_ros.evaluation.calibration_scores import (
    BINS,
    FIGURES,
    LEVELS,
    Claims,
    auroc,
    comparisons,
    equal_mass_groups,
    risk_area,
)


def claims(confidence: np.ndarray, right: np.ndarray, threshold: float = np.nan, weight: np.ndarray | None = None) -> Claims:
    """Every point a unit of its own."""
    count = len(confidence)
    weight = np.ones(count) if weight is None else weight
    return Claims.of(np.asarray(confidence, dtype=np.float32), np.asarray(right, dtype=bool), np.arange(count), weight, threshold)


def figures(confidence: np.ndarray, right: np.ndarray, threshold: float = np.nan) -> dict[str, float]:
    found = claims(confidence, right, threshold).figures(np.ones((1, len(confidence))))[0]
    return dict(zip(FIGURES, found[: len(FIGURES)].tolist(), strict=True))


def area(positive: list[float], negative: list[float]) -> float:
    above = comparisons(np.array(positive, dtype=np.float64)[:, None], np.array(negative, dtype=np.float64))
    return float(auroc(above, np.ones((1, len(positive))), np.ones((1, len(negative))))[0])


def test_what_comes_true_as_often_as_it_says_is_calibrated(rng: np.random.Generator) -> None:
    confidence = rng.random(40_000)
    found = figures(confidence, rng.random(40_000) < confidence)
    assert found["ece"] < 0.012
    assert found["brier"] == pytest.approx(1.0 / 6.0, abs=0.004), "the mean of p (1 - p)"
    assert found["accuracy"] == pytest.approx(found["mean_confidence"], abs=0.01) == pytest.approx(0.5, abs=0.01)


def test_boasting_is_as_wrong_as_it_says_too_much(rng: np.random.Generator) -> None:
    confidence = rng.uniform(0.5, 0.9, 40_000)
    assert figures(confidence, rng.random(40_000) < confidence - 0.3)["ece"] == pytest.approx(0.3, abs=0.01)


def test_a_constant_confidence_is_one_bin_and_ranks_nothing() -> None:
    found = figures(np.full(10, 0.75), np.arange(10) < 4)
    assert found["ece"] == pytest.approx(0.35)
    assert found["brier"] == pytest.approx(0.4 * 0.0625 + 0.6 * 0.5625)
    assert found["aurc"] == pytest.approx(0.6), "however many are taken, as many are wrong"


def test_known_areas_under_risk() -> None:
    """A perfect ranking of a share e of wrong ones has e + (1 - e) ln(1 - e), the worst e - e ln e, in the limit of many."""
    right = np.arange(1000) >= 300
    assert figures(right * 0.5, right)["aurc"] == pytest.approx(0.3 + 0.7 * np.log(0.7))
    assert figures(0.5 - right * 0.5, right)["aurc"] == pytest.approx(0.3 - 0.3 * np.log(0.3))
    assert figures(np.linspace(0.0, 1.0, 1000), right)["aurc"] == pytest.approx(0.3 + 0.7 * np.log(0.7), abs=1e-3)


def test_the_area_is_that_of_the_definition(rng: np.random.Generator) -> None:
    """The mean over k of the share of wrong ones among the k most confident, up to half a point of coverage each."""
    confidence, right = rng.random(LEVELS * 8), rng.random(LEVELS * 8) < 0.6
    order = np.argsort(-confidence)
    expected = np.mean(np.cumsum(~right[order]) / np.arange(1, len(order) + 1))
    assert figures(confidence, right)["aurc"] == pytest.approx(expected, abs=2e-3)


def test_areas_do_not_mind_the_scale_of_the_score(rng: np.random.Generator) -> None:
    confidence, right = rng.random(300).astype(np.float32), rng.random(300) < 0.5
    assert figures(confidence, right)["aurc"] == pytest.approx(figures(confidence**3, right)["aurc"])
    positive, negative = rng.normal(1.0, 1.0, 40), rng.normal(0.0, 1.0, 30)
    assert area(positive, negative) == area(np.exp(positive), np.exp(negative))


def test_order_means_nothing_even_among_equal_values(rng: np.random.Generator) -> None:
    confidence, right = rng.integers(0, 5, 400) / 4.0, rng.random(400) < 0.5
    order = rng.permutation(400)
    one, other = figures(confidence, right), figures(confidence[order], right[order])
    assert one == pytest.approx(other, nan_ok=True)


def test_weights_are_repetitions(rng: np.random.Generator) -> None:
    confidence = rng.random(60).astype(np.float32)
    right, times = rng.random(60) < 0.5, rng.integers(1, 4, 60)
    repeated = claims(np.repeat(confidence, times), np.repeat(right, times), 0.4)
    weighted = claims(confidence, right, 0.4, times.astype(np.float64))
    drawn = Claims.of(confidence, right, np.arange(60), np.ones(60), 0.4).figures(times[None].astype(np.float64))
    whole = slice(0, len(FIGURES))
    expected = repeated.figures(np.ones((1, times.sum())))[0, whole]
    np.testing.assert_allclose(weighted.figures(np.ones((1, 60)))[0, whole], expected, rtol=1e-9)
    same = [i for i, name in enumerate(FIGURES) if name != "ece"]  # bins stay where they were in the sample
    np.testing.assert_allclose(drawn[0, same], expected[same], rtol=1e-9)


def test_risk_at_a_coverage_and_at_a_threshold() -> None:
    confidence, right = np.array([0.9, 0.8, 0.6, 0.2]), np.array([True, False, True, False])
    curve = claims(confidence, right).risk_at(np.array([0.25, 0.5, 0.75, 1.0]))
    np.testing.assert_allclose(curve, [0.0, 1.0 / 2.0, 1.0 / 3.0, 0.5])
    found = figures(confidence, right, threshold=0.6)
    assert (found["coverage"], found["risk"]) == pytest.approx((0.75, 1.0 / 3.0))
    nothing = figures(confidence, right, threshold=0.95)
    assert nothing["coverage"] == 0.0 and np.isnan(nothing["risk"])
    unstated = figures(confidence, right)
    assert np.isnan(unstated["coverage"]) and np.isnan(unstated["risk"])


def test_groups_have_equal_mass_and_keep_equal_values_together(rng: np.random.Generator) -> None:
    group = equal_mass_groups(rng.random(3000), np.ones(3000), BINS)
    assert set(np.bincount(group)) == {200}
    values, weight = np.append(rng.random(500), np.full(500, 2.0)), np.ones(1000)
    group = equal_mass_groups(values, weight, BINS)
    assert len(set(group[500:])) == 1 and group[:500].max() < group[500] and set(group) == set(range(group.max() + 1))
    np.testing.assert_array_equal(equal_mass_groups(np.array([0.3, 0.1, 0.3]), np.array([1.0, 1e-6, 1.0]), BINS), [1, 0, 1])


def test_one_class_and_nothing() -> None:
    confidence = np.array([0.2, 0.6, 0.7])
    right, wrong = figures(confidence, np.ones(3)), figures(confidence, np.zeros(3))
    assert right["aurc"] == 0.0 and wrong["aurc"] == pytest.approx(1.0)
    assert right["ece"] == pytest.approx(0.5) == wrong["ece"]
    assert all(np.isnan(value) for value in figures(np.zeros(0), np.zeros(0)).values())
    assert np.isnan(area([], [0.5])) and np.isnan(area([0.5], []))
    assert risk_area(np.zeros((2, 0)), np.zeros((2, 0))).tolist() == [0.0, 0.0]


def test_auroc_is_the_chance_to_rank_a_positive_higher() -> None:
    assert area([0.8, 0.9], [0.1, 0.2]) == 1.0 and area([0.1], [0.8, 0.9]) == 0.0
    assert area([0.5, 0.5], [0.5]) == 0.5
    assert area([0.2, 0.6], [0.4, 0.6]) == pytest.approx((0 + 0 + 1 + 0.5) / 4)


def test_auroc_of_noise_is_a_half_and_turns_with_the_sign(rng: np.random.Generator) -> None:
    positive, negative = rng.normal(size=800), rng.normal(size=700)
    assert area(positive, negative) == pytest.approx(0.5, abs=0.05)
    assert area(-positive, -negative) == pytest.approx(1.0 - area(positive, negative))


def test_directions_of_a_pair_count_half_and_unknown_ones_not() -> None:
    above = comparisons(np.array([[0.9, 0.1], [np.nan, 0.9], [np.nan, np.nan]]), np.array([0.5]))
    np.testing.assert_array_equal(above, [[0.5], [1.0], [np.nan]])
