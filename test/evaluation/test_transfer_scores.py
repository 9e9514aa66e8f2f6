# SPDX-License-Identifier: Apache-2.0
"""Medians and rates with intervals of known width; a table counts what it says."""
from __future__ import annotations

import math

import numpy as np
import pytest

from func_corr_ros.evaluation.transfer_scores import TransferRow, median_interval, rate_interval, tables, turned


def row(number: int, refusal: str = "", wrong: bool = False, live: str = "mug") -> TransferRow:
    off = math.nan if refusal else 0.001 * number
    return TransferRow(f"pour-with-{number:03d}", "pour-with", "mug", live, "seen", 10.0 * number, "ours", "exact", refusal,
                       off, off * 1e3, 0.1, wrong, math.nan if refusal else 0.9)


def test_the_interval_of_a_median_is_made_of_order_statistics() -> None:
    values = np.arange(1.0, 101.0)
    middle, low, high = median_interval(np.random.default_rng(0).permutation(values))
    assert middle == 50.5 and (low, high) == (40.0, 61.0)  # ranks 40 and 61 of 100, as tables of the sign test have it
    assert median_interval(np.array([3.0])) == (3.0, 3.0, 3.0)
    assert all(math.isnan(value) for value in median_interval(np.zeros(0)))


def test_the_interval_covers_the_true_median() -> None:
    rng = np.random.default_rng(1)
    ends = [median_interval(rng.exponential(size=41)) for _ in range(300)]
    inside = np.mean([low <= math.log(2.0) <= high for _, low, high in ends])
    assert 0.93 <= inside <= 1.0


def test_a_rate_of_nothing_still_has_an_upper_end() -> None:
    rate, low, high = rate_interval(0, 100)
    assert rate == 0.0 and low == pytest.approx(0.0, abs=1e-9) and high == pytest.approx(0.037, abs=0.001)  # z^2 / (n + z^2)
    assert all(math.isnan(value) for value in rate_interval(0, 0))


def test_the_table_counts_right_refused_and_wrong() -> None:
    rows = [row(1), row(2), row(3, wrong=True), row(4, refusal="HighResidual", live="kettle")]
    text = tables(rows)
    assert "| pour-with | exact | 4 | 50 | 25 | 25 [5, 70] | 2 [1, 3] | 2 | 2 [1, 3] |" in text
    assert "| same category | exact | 3 | 67 | 0 | 33" in text and "| cross category | exact | 1 | 0 | 100 | 0" in text


def test_turns_are_told_apart() -> None:
    assert [turned(row(number)) for number in (1, 5, 10, 18)] == [
        "up to 45 deg", "up to 90 deg", "up to 135 deg", "up to 180 deg"
    ]
