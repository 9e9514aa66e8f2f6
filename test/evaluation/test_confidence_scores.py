# SPDX-License-Identifier: Apache-2.0
"""What is said of a method's confidence: known answers where the truth is known, and nothing where no confidence is known."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from evaluation.painted_benchmark import SHARES, Perfect, Silent, Telling, write_painted_benchmark

from func_corr_ros.correspondence.baselines.chance import Chance
from func_corr_ros.correspondence.baselines.method import Method
from func_corr_ros.evaluation.benchmark import Benchmark
from func_corr_ros.evaluation.confidence_scores import calibration, existence, existence_of
from func_corr_ros.evaluation.predictions import predict
from func_corr_ros.evaluation.scores import DirectionScore, score_predictions, summary


@pytest.fixture
def benchmark_(tmp_path: Path) -> Benchmark:
    return Benchmark.open(write_painted_benchmark(tmp_path / "benchmark", negatives=True))


def scored(benchmark: Benchmark, method: Method, out: Path) -> list[DirectionScore]:
    return score_predictions(benchmark, predict(benchmark, method, out, benchmark.pairs), benchmark.pairs, "compat")


def test_a_method_that_is_right_and_says_three_quarters(benchmark_: Benchmark, tmp_path: Path) -> None:
    method = Telling(confidence=0.75, confidence_threshold=0.5)
    found = calibration(scored(benchmark_, method, tmp_path), method.identity)
    assert (found["right_within_px"], found["threshold"]) == (23, 0.5)
    whole = found["overall"]
    assert (whole["n_pairs"], whole["n_points"], whole["n_unknown"]) == (4, 8 * len(SHARES), 0)
    expected = {"ece": 0.25, "brier": 0.0625, "aurc": 0.0, "mean_confidence": 0.75, "accuracy": 1.0, "coverage": 1.0, "risk": 0.0}
    assert {name: whole[name] for name in expected} == pytest.approx(expected)
    assert all(whole["ci95"][name] == pytest.approx([value, value]) for name, value in expected.items())
    (only,) = whole["bins"]
    assert (only["share"], only["mean_confidence"], only["accuracy"]) == pytest.approx((1.0, 0.75, 1.0))
    assert {name: part["n_pairs"] for name, part in found["by_split"].items()} == {"seen": 3, "unseen": 1}


def test_accuracy_is_the_headline_figure(benchmark_: Benchmark, tmp_path: Path) -> None:
    """Points count by their direction, as in PCK@23."""
    path = benchmark_.folder / "truth/p0.npz"
    np.savez(path, **{name: points[:7] for name, points in np.load(path).items()})
    scores = scored(Benchmark.open(benchmark_.folder), Chance(), tmp_path)
    whole = calibration(scores, {})["overall"]
    assert whole["accuracy"] == pytest.approx(summary(scores)["pck"]["23"])
    assert whole["risk_coverage"]["risk"][-1] == pytest.approx(1.0 - whole["accuracy"], abs=1e-5)
    assert sum(one["share"] for one in whole["bins"]) == pytest.approx(1.0) and len(whole["bins"]) == 15
    low, high = whole["ci95"]["brier"]
    assert low <= whole["brier"] <= high and np.isnan(whole["coverage"])


def test_points_of_unknown_confidence_are_left_out_and_counted(benchmark_: Benchmark, tmp_path: Path) -> None:
    scores = scored(benchmark_, Telling(), tmp_path)
    unknown = np.full(len(SHARES), np.nan, dtype=np.float32)
    half = scores[0].confidence.copy()
    half[::2] = np.nan
    some = [replace(scores[0], confidence=half), replace(scores[1], confidence=unknown), *scores[2:]]
    whole = calibration(some, {})["overall"]
    assert (whole["n_pairs"], whole["n_points"], whole["n_unknown"]) == (4, 6.5 * len(SHARES), 1.5 * len(SHARES))
    assert calibration([replace(score, confidence=unknown) for score in scores], {}) is None
    assert calibration(scored(benchmark_, Silent(), tmp_path / "silent"), {}) is None


def test_what_has_no_answer_is_wrong_however_sure(benchmark_: Benchmark, tmp_path: Path) -> None:
    class Boasting(Silent):
        def transfer(self, a, b, points):
            return replace(super().transfer(a, b, points), confidence=np.ones(len(points), dtype=np.float32))

    whole = calibration(scored(benchmark_, Boasting(), tmp_path), {})["overall"]
    assert whole["ece"] == whole["brier"] == whole["aurc"] == pytest.approx(1.0)


def test_pairs_and_negatives_told_apart(benchmark_: Benchmark, tmp_path: Path) -> None:
    method = Telling(exists_threshold=0.5)
    scores = scored(benchmark_, method, tmp_path)
    answered = {"n0": 0.2, "n1": 0.2, "n2": 0.9}
    found = existence(scores, benchmark_.negatives, answered, method.identity)
    assert found["threshold"] == 0.5 and set(found["by_split"]) == {"seen"}
    assert set(found["by_function"]) == {"cut-with", "pour-with"}
    whole = found["overall"]
    assert (whole["n_pairs"], whole["n_negatives"]) == (4, 3)
    assert whole["auroc"] == pytest.approx(2.0 / 3.0) == whole["refused_negatives"] and whole["refused_pairs"] == 0.0
    low, high = whole["ci95"]["auroc"]
    assert low < 2.0 / 3.0 < high
    assert [found["by_function"][name]["auroc"] for name in ("cut-with", "pour-with")] == [1.0, 0.0]


def test_without_a_threshold_nothing_is_refused_and_without_scores_nothing_is_said(
    benchmark_: Benchmark, tmp_path: Path
) -> None:
    scores = scored(benchmark_, Telling(), tmp_path)
    plain = existence(scores, benchmark_.negatives, {"n0": 0.1}, {})["overall"]
    assert plain["auroc"] == 1.0 and plain["n_negatives"] == 1
    assert np.isnan([plain["refused_negatives"], plain["refused_pairs"]]).all()
    assert existence(scores, benchmark_.negatives, {}, {}) is None
    assert existence(scores, (), {}, {}) is None
    assert existence(scored(benchmark_, Perfect(), tmp_path / "p"), benchmark_.negatives, {"n0": 0.1}, {}) is None


def test_a_pair_of_which_one_direction_is_known_counts_by_that(benchmark_: Benchmark, tmp_path: Path) -> None:
    forth, back = scored(benchmark_, Telling(), tmp_path)[:2]
    one = [replace(forth, exists=0.1), replace(back, exists=0.9)]
    assert existence_of(one, [0.5], 0.5)["auroc"] == existence_of(one, [0.5], 0.5)["refused_pairs"] == 0.5
    assert existence_of(one[:1], [0.5], 0.5)["refused_pairs"] == 1.0
