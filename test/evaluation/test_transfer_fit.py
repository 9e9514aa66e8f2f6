# SPDX-License-Identifier: Apache-2.0
"""Constants that made the data are found again; what says nothing is worth nothing; a scene never judges itself."""
from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from func_corr_ros.evaluation.transfer_fit import (
    TurnCase,
    area_under_curve,
    believes_right,
    fit_trust,
    fit_turn,
    held_out_probabilities,
)
from func_corr_ros.transfer.trust import TrustModel
from func_corr_ros.transfer.turn import FOLDS, NEAR, TURNS, WEIGHTS, Witness

TRUE_WEIGHTS = dict(zip(WEIGHTS, (2.0, 0.0, 1.0, 3.0, 0.5, 1.5), strict=True))
TRUE_TRUST = TrustModel(-3.0, {"overlap": -1.2, "height_gap": -2.0, "own_gap": -4.0})
ROUND = TrustModel(-2.0, {"own_gap": -6.0, "explained": 5.0})


def _turn_case(rng: np.random.Generator) -> TurnCase:
    """Returns witnesses that say anything, and a true turn drawn from what they say by TRUE_WEIGHTS."""
    said = [Witness(6.28 * rng.uniform(), rng.uniform(), FOLDS.get(name, 1)) for name in WEIGHTS]
    beliefs = np.stack([witness.belief(1.0) for witness in said])
    density = np.exp(np.array(list(TRUE_WEIGHTS.values())) @ beliefs)
    true = rng.choice(TURNS, p=density / density.sum())
    return TurnCase(beliefs, np.cos(TURNS - true) >= np.cos(np.radians(1.0)))


def _evidence(rng: np.random.Generator, count: int, round_share: float = 0.0) -> tuple[list[dict[str, float]], np.ndarray]:
    """Returns evidence, of round objects too, and whether each transfer is right, drawn by TRUE_TRUST and ROUND."""
    measured = [
        {"own_gap": 0.5 * rng.random(), "explained": rng.uniform(0.3, 1.0)} if is_round else
        {"overlap": rng.normal(-3.0, 0.7), "height_gap": 0.5 * rng.random(), "own_gap": 0.5 * rng.random()}
        for is_round in rng.random(count) < round_share
    ]
    return measured, rng.random(count) < _true(measured)


def _true(measured: list[dict[str, float]]) -> np.ndarray:
    return np.array([(ROUND if "explained" in one else TRUE_TRUST).probability(one) for one in measured])


def test_the_weights_that_drew_the_turns_are_found_again() -> None:
    rng = np.random.default_rng(0)
    cases = [_turn_case(rng) for _ in range(1500)]
    found = fit_turn(cases, ridge=1e-6)
    for name, weight in TRUE_WEIGHTS.items():
        assert found[name] == pytest.approx(weight, abs=0.3), name
    assert np.mean([believes_right(case, found) for case in cases]) > 2.0 * np.mean([case.right.mean() for case in cases])


def test_cases_that_no_turn_carries_say_nothing_of_it() -> None:
    rng = np.random.default_rng(1)
    cases = [_turn_case(rng) for _ in range(50)]
    tilted = [TurnCase(case.beliefs, np.zeros(len(TURNS), dtype=bool)) for case in cases]
    assert fit_turn([*cases, *tilted]) == pytest.approx(fit_turn(cases))
    with pytest.raises(ValueError, match="in any of 50 cases"):
        fit_turn(tilted)


def test_a_ridge_keeps_weights_finite_where_every_witness_is_right() -> None:
    belief = Witness(1.0, 1.0).belief(1.0)
    sure = TurnCase(np.stack([belief] * len(WEIGHTS)), np.cos(TURNS - 1.0) > np.cos(NEAR))
    weak, strong = (fit_turn([sure], ridge) for ridge in (0.002, 0.1))
    assert all(0.0 < strong[name] < weak[name] < 50.0 for name in WEIGHTS)


def test_the_coefficients_that_drew_right_and_wrong_are_found_again() -> None:
    measured, right = _evidence(np.random.default_rng(2), 20000)
    found = fit_trust(measured, right, ridge=1e-6)
    for name, value in TRUE_TRUST.coefficients.items():
        assert found.coefficients[name] == pytest.approx(value, abs=0.4), name
    assert found.intercept == pytest.approx(TRUE_TRUST.intercept, abs=0.4)
    np.testing.assert_allclose([found.probability(one) for one in measured[:500]], _true(measured[:500]), atol=0.04)


def test_held_out_probabilities_mean_what_they_say() -> None:
    measured, right = _evidence(np.random.default_rng(3), 1500, round_share=0.4)
    told = held_out_probabilities(measured, right, [str(number) for number in range(1500)])
    for low, high in ((0.0, 0.3), (0.3, 0.7), (0.7, 1.0)):
        chosen = (told >= low) & (told < high)
        assert chosen.sum() > 100 and right[chosen].mean() == pytest.approx(told[chosen].mean(), abs=0.08)
    best = area_under_curve(_true(measured), right)
    assert best - 0.03 < area_under_curve(told, right) < best + 0.01


def test_evidence_of_nothing_tells_nothing_and_a_scene_never_judges_itself() -> None:
    rng = np.random.default_rng(4)
    names = tuple(f"noise_{number}" for number in range(40))
    scenes = [dict(zip(names, rng.normal(size=len(names)), strict=True)) for _ in range(30)]
    right = np.repeat(rng.permutation(30) < 15, 2)
    twice = [scene for scene in scenes for _ in range(2)]
    by_scene = held_out_probabilities(twice, right, [str(number // 2) for number in range(60)], repeats=2)
    by_row = held_out_probabilities(twice, right, [str(number) for number in range(60)], repeats=2)
    assert area_under_curve(by_scene, right) < 0.7 < 0.9 < area_under_curve(by_row, right), "rows know their twins"


def test_one_kind_alone_is_no_regression() -> None:
    measured, _ = _evidence(np.random.default_rng(5), 20)
    for kind in (np.ones(20, dtype=bool), np.zeros(20, dtype=bool)):
        with pytest.raises(ValueError, match="both kinds are needed"):
            fit_trust(measured, kind)
        assert np.isnan(area_under_curve(np.linspace(0.0, 1.0, 20), kind))


def test_evidence_of_two_kinds_is_not_fitted_as_one() -> None:
    measured, right = _evidence(np.random.default_rng(6), 40, round_share=0.5)
    with pytest.raises(ValueError, match="the same names"):
        fit_trust(measured, right)


def test_the_model_is_the_logistic_of_its_evidence() -> None:
    measured = {"overlap": -3.0, "height_gap": 0.1, "own_gap": 0.2}
    assert TRUE_TRUST.probability(measured) == pytest.approx(expit(-3.0 + 3.6 - 0.2 - 0.8))
    assert area_under_curve(np.array([0.1, 0.5, 0.5, 0.9]), np.array([False, False, True, True])) == pytest.approx(0.875)
