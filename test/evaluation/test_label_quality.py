# SPDX-License-Identifier: Apache-2.0
"""Overlap and average precision by hand; means with intervals; functions apart."""

from dataclasses import replace

import numpy as np
import pytest

from func_corr_ros.evaluation.label_quality import (
    LabelScore,
    average_precision,
    by_function,
    by_part,
    difference_interval,
    mean_score,
    overlap,
)


def score(iou: float, functions: tuple[str, ...] = ("cut-with",), calls: int = 9) -> LabelScore:
    return LabelScore("a", "axe", "edge", functions, calls, iou, 0.5, float("nan"))


def test_overlap_by_hand() -> None:
    a, b = np.array([True, True, False, False]), np.array([True, False, True, False])
    assert overlap(a, b) == pytest.approx(1 / 3) and overlap(a, a) == 1.0
    assert np.isnan(overlap(np.zeros(3, bool), np.zeros(3, bool)))


def test_average_precision_by_hand_and_by_chance(rng: np.random.Generator) -> None:
    truth = np.array([True, False, True, False])
    assert average_precision(np.array([0.9, 0.8, 0.7, 0.1]), truth) == pytest.approx((1.0 + 2.0 / 3.0) / 2.0)
    assert average_precision(np.array([0.9, 0.1, 0.8, 0.2]), truth) == 1.0
    assert average_precision(np.ones(4), truth) == 0.5  # ties are one point of the curve
    assert np.isnan(average_precision(np.ones(2), np.zeros(2, bool)))
    random = rng.random(20000) < 0.2
    assert average_precision(rng.random(20000), random) == pytest.approx(0.2, abs=0.02)


def test_means_and_intervals() -> None:
    one = mean_score([score(0.2), score(0.6), score(float("nan"))])
    assert (one.count, one.calls, one.iou, one.ap) == (3, 9.0, pytest.approx(0.4), 0.5) and np.isnan(one.pixel_iou)
    assert 0.2 <= one.iou_interval[0] <= 0.4 <= one.iou_interval[1] <= 0.6
    assert np.isnan(mean_score([]).iou)
    mean, low, high = difference_interval([score(0.5)] * 9, [score(0.3)] * 9)
    assert mean == pytest.approx(0.2) and low == pytest.approx(0.2) == high


def test_functions_apart() -> None:
    found = by_function([score(0.1, ("pry-with", "cut-with")), score(0.2)])
    assert {name: [one.iou for one in some] for name, some in found.items()} == {"cut-with": [0.1, 0.2], "pry-with": [0.1]}


def test_parts_apart() -> None:
    found = by_part([replace(score(0.1), part="tip"), score(0.2), replace(score(0.3), object="saw")])
    assert {name: [one.iou for one in some] for name, some in found.items()} == {"edge": [0.2, 0.3], "tip": [0.1]}
