# SPDX-License-Identifier: Apache-2.0
"""From pictures to scores and pages: what is written, that it agrees, that it goes on, and known answers through all of it."""
import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from evaluation.painted_benchmark import Perfect, Silent, write_painted_benchmark
from painted_world import ColorBackbone

from func_corr_ros.correspondence.baselines.chance import Chance
from func_corr_ros.correspondence.baselines.dense import DenseMethod, Described
from func_corr_ros.correspondence.baselines.method import Subject
from func_corr_ros.correspondence.object_crop import crop_object
from func_corr_ros.errors import BadBenchmark, BadSettings
from func_corr_ros.evaluation.benchmark import Benchmark
from func_corr_ros.evaluation.evaluate import EvaluationSettings, chosen, evaluate
from func_corr_ros.evaluation.scores import COLUMNS


@pytest.fixture
def benchmark_(tmp_path: Path) -> Benchmark:
    return Benchmark.open(write_painted_benchmark(tmp_path / "benchmark"))


def colors(max_pixels: int = 500) -> DenseMethod:
    """A real dense method whose features are the boards' colours, unique to each place."""
    backbone = ColorBackbone()

    def describe(subject: Subject) -> Described:
        picture, window = crop_object(subject.image, subject.mask)
        return Described(backbone.patch_features(picture[None])[0], window, subject.mask)

    return DenseMethod("colors", {"conditioned": False}, describe, max_pixels)


def test_all_is_written_and_agrees(benchmark_: Benchmark, tmp_path: Path) -> None:
    out, seen = tmp_path / "out", []
    result = evaluate(benchmark_, Chance(), out, on_pair=lambda stage, pair: seen.append((stage, pair.id)))
    assert {path.name for path in out.iterdir()} == {
        "predictions", "provenance.json", "scores.json", "scores.csv", "scores.md", "report.html"
    }
    written = json.loads((out / "scores.json").read_text())
    assert written["method"] == "chance" and written["benchmark"] == "painted" and written["mode"] == "compat"
    assert written["n_pairs"] == 4 and written["pixels"] == 4096 and set(written["overall"]["pck"]) == {"23", "15", "10", "5"}
    assert {"overall", "by_split", "by_function", "by_category_relation", "upright", "units", "curves"} <= set(written)
    assert written["overall"]["ci95"]["ap"]["23"] == pytest.approx(result["overall"]["ci95"]["ap"]["23"])
    rows = list(csv.DictReader((out / "scores.csv").open()))
    assert [(row["pair"], row["way"]) for row in rows] == [(f"p{i}", way) for i in range(4) for way in ("ab", "ba")]
    for name in COLUMNS[:2]:
        value = written["overall"]["pck"]["23"] if name == "pck@23" else written["overall"]["normalised_distance"]
        assert np.mean([float(row[name]) for row in rows]) == pytest.approx(value, abs=1e-6)
    assert rows[0]["region_iou"] == "", "chance predicts no region"
    assert seen == [(stage, f"p{i}") for stage in ("predict", "score") for i in range(4)]


def test_features_that_know_the_place_score_well_and_chance_does_not(benchmark_: Benchmark, tmp_path: Path) -> None:
    good = evaluate(benchmark_, colors(), tmp_path / "colors")["overall"]
    chance = evaluate(benchmark_, Chance(), tmp_path / "chance")["overall"]
    assert good["normalised_distance"] < 0.06 and good["pck"]["23"] > 0.8 and good["ap"]["23"] > 0.5
    assert chance["normalised_distance"] > 0.25 and chance["pck"]["23"] < 0.25 and chance["ap"]["23"] < good["ap"]["23"]


def test_modes_differ_in_ap_and_share_predictions(benchmark_: Benchmark, tmp_path: Path) -> None:
    compat = evaluate(benchmark_, Chance(), tmp_path)
    files = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "predictions").iterdir()}
    strict = evaluate(benchmark_, Chance(), tmp_path, EvaluationSettings(mode="strict"))
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "predictions").iterdir()} == files
    assert strict["overall"]["pck"] == compat["overall"]["pck"] and strict["mode"] == "strict"
    assert strict["overall"]["ap"]["23"] != compat["overall"]["ap"]["23"]


def test_the_same_run_gives_the_same_files(benchmark_: Benchmark, tmp_path: Path) -> None:
    for name in ("x", "y"):
        evaluate(benchmark_, Chance(), tmp_path / name)
    for name in ("scores.json", "scores.csv", "scores.md", "report.html", "predictions/p1.npz"):
        assert (tmp_path / "x" / name).read_bytes() == (tmp_path / "y" / name).read_bytes(), name


def test_a_limit_keeps_what_comes_every_so_often_at_its_share(benchmark_: Benchmark) -> None:
    (first, *_) = benchmark_.pairs
    pairs = [
        replace(first, id=f"{function}-{place}", function=function, within_category=place % 8 == 0)
        for function in ("cut-with", "pour-with") for place in range(1000)
    ]
    some = chosen(pairs, 400)  # every fifth; every fourth and eighth of them is of one category, or none is
    assert some == chosen(pairs, 400) == sorted(some, key=pairs.index) and len({pair.id for pair in some}) == 400
    assert sum(pair.function == "cut-with" for pair in some) == 200
    for limit in (250, 400, 500):  # a share of 0.125, its standard deviation below 0.02
        assert abs(np.mean([pair.within_category for pair in chosen(pairs, limit)]) - 0.125) < 0.06


def test_a_limit_takes_pairs_from_everywhere(benchmark_: Benchmark, tmp_path: Path) -> None:
    assert [pair.function for pair in chosen(benchmark_.pairs, 2)] == ["cut-with", "pour-with"]
    assert chosen(benchmark_.pairs, 0) == chosen(benchmark_.pairs, 9) == list(benchmark_.pairs)
    method = Perfect()
    result = evaluate(benchmark_, method, tmp_path, EvaluationSettings(limit=2))
    assert result["n_pairs"] == 2 and result["n_pairs_of_benchmark"] == 4
    assert set(result["by_function"]) == {"cut-with", "pour-with"}
    whole = evaluate(benchmark_, method, tmp_path)
    assert whole["n_pairs"] == 4 and len(list((tmp_path / "predictions").iterdir())) == 4


def test_silence_can_be_reported(benchmark_: Benchmark, tmp_path: Path) -> None:
    result = evaluate(benchmark_, Silent(), tmp_path)
    assert result["overall"]["ap"] == {"23": 0.0, "15": 0.0, "10": 0.0, "5": 0.0}
    assert "320 of 320 queried points had no answer" in (tmp_path / "report.html").read_text()


def test_what_cannot_be_evaluated_is_refused(benchmark_: Benchmark, tmp_path: Path) -> None:
    evaluate(benchmark_, Perfect(), tmp_path / "out")
    with pytest.raises(BadSettings, match="made otherwise"):
        evaluate(benchmark_, Chance(), tmp_path / "out")
    (benchmark_.folder / "pairs.json").write_text("[]")
    with pytest.raises(BadBenchmark, match="pairs.json has no pairs"):
        evaluate(Benchmark.open(benchmark_.folder), Perfect(), tmp_path / "none")
