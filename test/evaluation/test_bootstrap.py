# SPDX-License-Identifier: Apache-2.0
"""Bootstrap intervals: the textbook width, coverage, determinism, and inputs without spread."""
import numpy as np
import pytest

from func_corr_ros.evaluation import bootstrap
from func_corr_ros.evaluation.bootstrap import bootstrap_interval, resampled_interval


def test_has_the_width_of_the_standard_error(rng: np.random.Generator) -> None:
    values = rng.normal(3.0, 2.0, (400, 1))
    low, high = bootstrap_interval(values)[:, 0]
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20.0, rel=0.08)


def test_covers_the_truth_as_often_as_it_says(rng: np.random.Generator) -> None:
    covered = sum(
        low < 0.3 < high for low, high in (bootstrap_interval((rng.random((100, 1)) < 0.3) * 1.0)[:, 0] for _ in range(200))
    )
    assert 180 <= covered <= 198  # 190 expected, 3.1 standard deviations of a count


def test_the_same_values_give_the_same_interval_whatever_the_blocks(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = rng.random((50, 3))
    whole = bootstrap_interval(values)
    np.testing.assert_array_equal(bootstrap_interval(values), whole)
    monkeypatch.setattr(bootstrap, "_BLOCK", 50 * 7)
    np.testing.assert_allclose(bootstrap_interval(values), whole, rtol=1e-12)


def test_without_spread_there_is_no_width(rng: np.random.Generator) -> None:
    np.testing.assert_allclose(bootstrap_interval(np.full((20, 2), 0.4)), 0.4)
    np.testing.assert_allclose(bootstrap_interval(np.array([[0.7, 0.1]])), [[0.7, 0.1], [0.7, 0.1]])
    assert np.isnan(bootstrap_interval(np.zeros((0, 2)))).all()


def test_figures_of_two_samples_are_drawn_apart(rng: np.random.Generator) -> None:
    """The difference of two means varies as both do."""
    one, other = rng.normal(2.0, 1.0, 200), rng.normal(1.0, 3.0, 300)

    def differences(times: np.ndarray, others: np.ndarray) -> np.ndarray:
        return (times @ one / 200.0 - others @ other / 300.0)[:, None]

    low, high = resampled_interval(differences, 200, 300)[:, 0]
    assert low < one.mean() - other.mean() < high
    spread = np.hypot(one.std() / np.sqrt(200.0), other.std() / np.sqrt(300.0))
    assert high - low == pytest.approx(2 * 1.96 * spread, rel=0.08)


def test_unknown_values_are_left_out(rng: np.random.Generator) -> None:
    known = rng.random((60, 1))
    padded = np.concatenate([np.concatenate([known, np.full((60, 1), np.nan)]), np.full((120, 1), np.nan)], axis=1)
    interval = bootstrap_interval(padded)
    assert interval[0, 0] < known.mean() < interval[1, 0] and np.isnan(interval[:, 1]).all()
