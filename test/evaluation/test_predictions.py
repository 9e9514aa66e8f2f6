# SPDX-License-Identifier: Apache-2.0
"""Predictions are made once, come back as written, go on after a kill, and never mix with others."""
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from evaluation.painted_benchmark import BOARDS, Perfect, Silent, write_painted_benchmark
from evaluation.small_benchmark import write_small_benchmark

from func_corr_ros.correspondence.baselines.method import Subject
from func_corr_ros.errors import BadBenchmark, BadSettings
from func_corr_ros.evaluation.benchmark import Benchmark
from func_corr_ros.evaluation.predictions import Answers, path_of, predict, read_answers, write_answers


@pytest.fixture
def benchmark_(tmp_path: Path) -> Benchmark:
    return Benchmark.open(write_painted_benchmark(tmp_path / "benchmark"))


def some_answers(rng: np.random.Generator, parts: bool) -> Answers:
    points, uv_a, uv_b = (rng.normal(size=(n, 2)).astype(np.float32) for n in (3, 9, 9))
    score, flags = rng.random(9).astype(np.float32), rng.random(9) < 0.5
    exists = np.array(rng.random(), dtype=np.float32)
    return Answers(points, rng.random(3).astype(np.float32), uv_a, uv_b, score, flags if parts else None,
                   np.eye(4) > 0 if parts else None, np.array(parts), exists)


def test_answers_come_back_as_written(tmp_path: Path, rng: np.random.Generator) -> None:
    written = some_answers(rng, True), some_answers(rng, False)
    write_answers(tmp_path / "p.npz", *written)
    for one, other in zip(written, read_answers(tmp_path / "p.npz"), strict=True):
        for field in dataclasses.fields(Answers):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))
    assert [path.name for path in tmp_path.iterdir()] == ["p.npz"]


def test_the_same_answers_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("x", "y"):
        write_answers(tmp_path / name, *(some_answers(np.random.default_rng(5), True) for _ in range(2)))
    assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes()


def test_a_file_that_holds_no_answers_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", ab_points=np.zeros((1, 2), dtype=np.float32))
    with pytest.raises(BadBenchmark, match="ab_uv_a.*ba_exists missing"):
        read_answers(tmp_path / "p.npz")


def test_every_pair_is_predicted_both_ways(benchmark_: Benchmark, tmp_path: Path) -> None:
    folder = predict(benchmark_, Perfect(), tmp_path / "out", benchmark_.pairs)
    assert {path.name for path in folder.iterdir()} == {"p0.npz", "p1.npz", "p2.npz", "p3.npz"}
    for pair in benchmark_.pairs:
        forth, back = read_answers(path_of(folder, pair))
        np.testing.assert_allclose(forth.points, pair.truth().b, atol=1e-3)
        np.testing.assert_allclose(back.points, pair.truth().a, atol=1e-3)


def test_a_view_is_described_once_or_once_per_function(benchmark_: Benchmark, tmp_path: Path) -> None:
    plain, conditioned = Perfect(), Perfect(conditioned=True)
    predict(benchmark_, plain, tmp_path / "plain", benchmark_.pairs)
    predict(benchmark_, conditioned, tmp_path / "conditioned", benchmark_.pairs)
    assert sorted(view for view, _ in plain.described) == sorted(BOARDS)
    assert sorted(conditioned.described) == [
        ("v0", "cut-with"), ("v0", "pour-with"), ("v1", "cut-with"), ("v2", "cut-with"), ("v2", "pour-with"), ("v3", "pour-with")
    ]


def test_a_method_that_asks_in_words_is_told_the_names(tmp_path: Path) -> None:
    """The object's from the benchmark, its parts' from the taxonomy."""
    told: list[Subject] = []

    class Asking(Silent):
        def describe(self, subject: Subject) -> object:
            told.append(subject)
            return super().describe(subject)

    benchmark = Benchmark.open(write_small_benchmark(tmp_path / "small"))
    predict(benchmark, Asking(conditioned=True), tmp_path / "out", benchmark.pairs)
    assert [(subject.key, subject.object, subject.parts) for subject in told] == [("a", "mug", ("rim",)), ("b", "mug", ("rim",))]


def test_what_is_there_is_not_made_again(benchmark_: Benchmark, tmp_path: Path) -> None:
    """A run that was killed leaves whole files, and perhaps one that has no name yet."""
    folder = predict(benchmark_, Perfect(), tmp_path, benchmark_.pairs[:2])
    (folder / ".p2.npz.1234").write_bytes(b"torn")
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.npz")}
    method, seen = Perfect(), []
    predict(benchmark_, method, tmp_path, benchmark_.pairs, on_pair=seen.append)
    after = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.npz")}
    assert before.items() <= after.items() and len(after) == 4 and seen == list(benchmark_.pairs)
    assert {view for view, _ in method.described} == {"v2", "v3", "v0"}


def test_other_methods_settings_and_benchmarks_are_refused(benchmark_: Benchmark, tmp_path: Path) -> None:
    out = tmp_path / "out"
    folder = predict(benchmark_, Perfect(), out, benchmark_.pairs)
    for other in (Silent(), Perfect(offset=1.0), Perfect(conditioned=True)):
        with pytest.raises(BadSettings, match="differ in settings.*--overwrite"):
            predict(benchmark_, other, out, benchmark_.pairs)
    changed = Benchmark.open(write_painted_benchmark(tmp_path / "changed", notes="other"))
    with pytest.raises(BadSettings, match="differ in sha256"):
        predict(changed, Perfect(), out, changed.pairs)
    predict(benchmark_, Silent(), out, benchmark_.pairs[:1], overwrite=True)
    assert [path.name for path in folder.iterdir()] == ["p0.npz"], "what another method made must not be left among ours"


def test_newer_code_may_score_whole_predictions_but_not_complete_half_ones(benchmark_: Benchmark, tmp_path: Path) -> None:
    predict(benchmark_, Perfect(), tmp_path, benchmark_.pairs[:3])
    beside = tmp_path / "provenance.json"
    beside.write_text(json.dumps({**json.loads(beside.read_text()), "revision": "0" * 40}))
    method = Perfect()
    predict(benchmark_, method, tmp_path, benchmark_.pairs[:3])
    assert method.described == []
    with pytest.raises(BadSettings, match="differ in revision"):
        predict(benchmark_, method, tmp_path, benchmark_.pairs)


def test_an_id_that_leads_elsewhere_is_refused(benchmark_: Benchmark, tmp_path: Path) -> None:
    for name in ("../p0", "a/b", ".hidden"):
        with pytest.raises(BadBenchmark, match="plain file name"):
            path_of(tmp_path, dataclasses.replace(benchmark_.pairs[0], id=name))
