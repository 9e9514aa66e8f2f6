# SPDX-License-Identifier: Apache-2.0
"""Means, intervals and groups of the figures: known answers on a benchmark whose truth is known."""
import json
from pathlib import Path

import numpy as np
import pytest
from evaluation.painted_benchmark import BOARDS, PAIRS, SHARES, Perfect, Silent, write_painted_benchmark

from func_corr_ros.correspondence.baselines.chance import Chance
from func_corr_ros.correspondence.baselines.method import Method
from func_corr_ros.evaluation.benchmark import Benchmark
from func_corr_ros.evaluation.predictions import predict
from func_corr_ros.evaluation.scores import COLUMNS, DirectionScore, curves, score_predictions, summarise, summary


def scored(folder: Path, method: Method, mode: str = "compat", **kinds: bool) -> list[DirectionScore]:
    return scored_on(write_painted_benchmark(folder / "benchmark", **kinds), folder / "out", method, mode)


def scored_on(folder: Path, out: Path, method: Method, mode: str = "compat") -> list[DirectionScore]:
    benchmark = Benchmark.open(folder)
    return score_predictions(benchmark, predict(benchmark, method, out, benchmark.pairs), benchmark.pairs, mode)


@pytest.mark.parametrize("mode", ["compat", "strict"])
def test_a_perfect_method(tmp_path: Path, mode: str) -> None:
    whole = summary(scored(tmp_path, Perfect(region=True), mode))
    assert whole["normalised_distance"] == pytest.approx(0.0, abs=1e-6)
    assert whole["region_iou"] == 1.0
    assert whole["pck"] == {"23": 1.0, "15": 1.0, "10": 1.0, "5": 1.0}
    assert whole["best_f1"]["23"] > 0.99 and whole["ap"]["23"] > 0.99
    assert (whole["n_pairs"], whole["n_points"], whole["n_missing_points"]) == (4, 2 * 4 * len(SHARES), 0)
    assert whole["ci95"]["pck"]["5"] == [1.0, 1.0]
    assert whole["micro"]["normalised_distance"] == pytest.approx(0.0, abs=1e-6) and whole["micro"]["pck"]["5"] == 1.0


def test_an_offset_weighs_more_on_a_smaller_object(tmp_path: Path) -> None:
    """2 px to the right in every image is 2 · 224 / (1.2 side) px of its frame."""
    scores = scored(tmp_path, Perfect(offset=2.0))
    targets = [view for _, _, a, b in PAIRS for view in (b, a)]
    expected = [2.0 * 224.0 / (1.2 * BOARDS[view][2]) / 223.0 for view in targets]
    np.testing.assert_allclose([score.transfer.normalised_distance for score in scores], expected, rtol=1e-4)
    assert summary(scores)["normalised_distance"] == pytest.approx(np.mean(expected), rel=1e-4)


def test_silence(tmp_path: Path) -> None:
    whole = summary(scored(tmp_path, Silent()))
    assert whole["pck"]["23"] == whole["best_f1"]["23"] == whole["ap"]["23"] == 0.0
    assert whole["normalised_distance"] == pytest.approx(2.0**0.5)
    assert whole["n_missing_points"] == whole["n_points"] and whole["n_matches"] == 0 and whole["n_fallbacks"] == 8


def test_swapping_a_and_b_changes_nothing(tmp_path: Path) -> None:
    one = summarise(scored(tmp_path / "one", Perfect(offset=5.0)))
    other = summarise(scored(tmp_path / "other", Perfect(offset=5.0), swapped=True))
    for group in ("overall", "upright"):
        assert one[group]["normalised_distance"] == pytest.approx(other[group]["normalised_distance"])
        assert one[group]["micro"]["normalised_distance"] == pytest.approx(other[group]["micro"]["normalised_distance"])
        for kind in ("pck", "best_f1", "ap"):
            assert one[group][kind] == pytest.approx(other[group][kind])
        assert one[group]["ci95"]["pck"] == {t: pytest.approx(ends) for t, ends in other[group]["ci95"]["pck"].items()}
    assert one["by_function"].keys() == other["by_function"].keys()


def test_groups_are_means_of_their_pairs(tmp_path: Path) -> None:
    scores = scored(tmp_path, Chance())
    parts = summarise(scores)
    assert {name: part["n_pairs"] for name, part in parts["by_split"].items()} == {"seen": 3, "unseen": 1}
    assert {name: part["n_pairs"] for name, part in parts["by_category_relation"].items()} == {"within": 1, "across": 3}
    assert {name: part["n_pairs"] for name, part in parts["by_function"].items()} == {"cut-with": 2, "pour-with": 2}
    assert parts["upright"]["n_pairs"] == 2
    figures = {score.pair.id: [] for score in scores}
    for score in scores:
        figures[score.pair.id].append(score.transfer.normalised_distance)
    own = [np.mean(figures[name]) for name in ("p0", "p1")]
    assert parts["by_function"]["cut-with"]["normalised_distance"] == pytest.approx(np.mean(own))
    low, high = parts["overall"]["ci95"]["normalised_distance"]
    assert low <= parts["overall"]["normalised_distance"] <= high


def test_tools_and_vessels_stand_apart(tmp_path: Path) -> None:
    """Views whose objects the library does not have are in no kind."""
    folder = write_painted_benchmark(tmp_path / "benchmark")
    path = folder / "views.json"
    views = json.loads(path.read_text())
    for view, name in (("v0", "hammer"), ("v1", "saw"), ("v2", "mug")):
        views[view]["object"] = name
    path.write_text(json.dumps(views))
    parts = summarise(scored_on(folder, tmp_path / "out", Perfect()))["by_kind"]
    assert {name: part["n_pairs"] for name, part in parts.items()} == {"tools": 1, "mixed": 1}


def test_macro_weighs_pairs_micro_weighs_points(tmp_path: Path) -> None:
    folder = write_painted_benchmark(tmp_path / "benchmark")
    one = {name: np.array([point], dtype=np.float32) for name, point in (("a", (30.0, 40.0)), ("b", (84.0, 24.0)))}
    np.savez(folder / "truth/p0.npz", **one)
    scores = scored_on(folder, tmp_path / "out", Perfect(offset=4.0))
    whole, distances = summary(scores), [score.transfer.distance_px for score in scores]
    assert [len(distance) for distance in distances] == [1, 1] + 6 * [len(SHARES)]
    assert whole["normalised_distance"] == pytest.approx(np.mean([d.mean() for d in distances]) / 223.0)
    assert whole["micro"]["normalised_distance"] == pytest.approx(np.concatenate(distances).mean() / 223.0)


def test_of_permuted_truths_the_best_counts_in_both_directions(tmp_path: Path) -> None:
    """Truth in reversed order of b is wrong for the perfect method, until the benchmark says that it is as valid."""
    folder = write_painted_benchmark(tmp_path / "benchmark")
    turned = np.roll(np.arange(len(SHARES)), 7)
    truths = {path: dict(np.load(path)) for path in (folder / "truth").iterdir()}
    for path, truth in truths.items():
        np.savez(path, a=truth["a"], b=truth["b"][turned])
    wrong = scored_on(folder, tmp_path / "wrong", Perfect())
    for path, truth in truths.items():
        np.savez(path, a=truth["a"], b=truth["b"][turned], permutations=np.argsort(turned)[None])
    right = scored_on(folder, tmp_path / "right", Perfect())
    assert summary(wrong)["pck"]["23"] < 0.5 and summary(right)["pck"]["5"] == 1.0
    assert summary(wrong)["ap"]["5"] < 0.2 and summary(right)["ap"]["15"] > 0.9
    assert all(score.transfer.normalised_distance < 1e-6 for score in right)


def test_no_scores_have_no_figures_but_the_same_form() -> None:
    nothing = summary([])
    assert nothing["n_pairs"] == 0 and np.isnan(nothing["normalised_distance"]) and np.isnan(nothing["ap"]["23"])


def test_curves_and_columns(tmp_path: Path) -> None:
    scores = scored(tmp_path, Perfect())
    found = curves(scores)
    assert list(found) == ["23", "15", "10", "5"] and found["23"]["recall"][-1] == 1.0 and len(found["5"]["precision"]) == 100
    assert all(len(score.figures) == len(COLUMNS) == 15 for score in scores)
