# SPDX-License-Identifier: Apache-2.0
"""Negatives are answered once from a to b, come back as written, go on after a kill, and never mix with others."""
import json
from pathlib import Path

import pytest
from evaluation.painted_benchmark import NEGATIVES, Perfect, Telling, write_painted_benchmark

from func_corr_ros import provenance
from func_corr_ros.errors import BadSettings
from func_corr_ros.evaluation.benchmark import Benchmark
from func_corr_ros.evaluation.evaluate import EvaluationSettings, evaluate
from func_corr_ros.evaluation.negative_predictions import predict_negatives, read_exists
from func_corr_ros.evaluation.predictions import path_of, predict


@pytest.fixture
def benchmark_(tmp_path: Path) -> Benchmark:
    return Benchmark.open(write_painted_benchmark(tmp_path / "benchmark", negatives=True))


def predicted(benchmark: Benchmark, method: Perfect, out: Path) -> dict[str, float]:
    predict(benchmark, method, out, benchmark.pairs)
    return dict(predict_negatives(benchmark, method, out, benchmark.negatives))


def test_each_is_asked_once_from_a_to_b(benchmark_: Benchmark, tmp_path: Path) -> None:
    method, out = Telling(), tmp_path / "out"
    first = predicted(benchmark_, method, out)
    assert first == pytest.approx({one[0]: 0.2 for one in NEGATIVES})
    asked = [one[1:] for one in NEGATIVES]
    assert [one for one in method.compared if one in asked] == asked
    again = Telling()
    assert predicted(benchmark_, again, out) == first and again.compared == []
    (out / "predictions/n1.npz").unlink()
    assert predicted(benchmark_, again, out) == first and again.compared == [asked[1]]


def test_the_method_is_not_told_the_parts(benchmark_: Benchmark, tmp_path: Path) -> None:
    told = []

    class Watching(Telling):
        def describe(self, subject):
            told.append(subject.part)
            return super().describe(subject)

    predict_negatives(benchmark_, Watching(), tmp_path / "out", benchmark_.negatives)
    assert told and all(part is None for part in told)


def test_an_answer_to_another_pair_is_none(benchmark_: Benchmark, tmp_path: Path) -> None:
    """The views are the same, so the predictions of pairs stay; of the negatives only what was asked stays."""
    out = tmp_path / "out"
    predicted(benchmark_, Telling(), out)
    path = benchmark_.folder / "negatives.json"
    entries = json.loads(path.read_text())
    entries[0]["b"] = "v2"
    path.write_text(json.dumps(entries))
    changed, method = Benchmark.open(benchmark_.folder), Telling()
    folder = out / "predictions"
    known = [read_exists(path_of(folder, pair), pair) for pair in changed.negatives]
    assert known[0] is None and known[1:] == pytest.approx([0.2, 0.2])
    assert predicted(changed, method, out)["n0"] == pytest.approx(0.8) and method.compared == [("cut-with", "v0", "v2")]


def test_negatives_of_two_codes_do_not_stand_side_by_side(benchmark_: Benchmark, tmp_path: Path) -> None:
    out = tmp_path / "out"
    predict(benchmark_, Telling(), out, benchmark_.pairs)
    predict_negatives(benchmark_, Telling(), out, benchmark_.negatives[:1])
    beside = out / "provenance.json"
    beside.write_text(json.dumps({**json.loads(beside.read_text()), "revision": "0" * 40}))
    assert len(predict_negatives(benchmark_, Telling(), out, benchmark_.negatives[:1])) == 1
    with pytest.raises(BadSettings, match="differ in revision"):
        predict_negatives(benchmark_, Telling(), out, benchmark_.negatives)


def test_a_commit_while_a_run_goes_on_changes_nothing(
    benchmark_: Benchmark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    revisions = iter("abcdefgh")
    monkeypatch.setattr(provenance, "code_revision", lambda: next(revisions))
    assert evaluate(benchmark_, Telling(), tmp_path / "out")["negatives"]["overall"]["n_negatives"] == 3
    assert json.loads((tmp_path / "out/provenance.json").read_text())["revision"] == "a"


def test_only_a_method_that_can_tell_and_is_not_told_is_asked(benchmark_: Benchmark, tmp_path: Path) -> None:
    assert evaluate(benchmark_, Telling(told="part"), tmp_path / "told")["negatives"] is None
    assert evaluate(benchmark_, Perfect(), tmp_path / "perfect")["negatives"] is None
    assert not list((tmp_path / "perfect/predictions").glob("n*.npz"))
    seen: list[str] = []
    settings = EvaluationSettings(limit=2)
    limited = evaluate(benchmark_, Telling(), tmp_path / "telling", settings, on_pair=lambda stage, pair: seen.append(stage))
    assert limited["negatives"]["overall"]["n_negatives"] == 2
    assert seen == ["predict"] * 2 + ["score"] * 2 + ["negatives"] * 2
    evaluate(benchmark_, Perfect(), tmp_path / "telling", overwrite=True)
    assert not list((tmp_path / "telling/predictions").glob("n*.npz"))
