# SPDX-License-Identifier: Apache-2.0
"""Every true point is answered, in its place and both ways; what is written is what any JSON reader reads."""
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from evaluation.painted_benchmark import BOARDS, Known, Perfect, Silent, write_painted_benchmark
from evaluation.unequal_benchmark import POINTS, write_unequal_benchmark

from func_corr_ros.correspondence.baselines.chance import Chance
from func_corr_ros.correspondence.baselines.method import Discovery, PointMatches
from func_corr_ros.evaluation.benchmark import Benchmark
from func_corr_ros.evaluation.pair_matches import MatchedPair, match_pairs, plain_numbers, write_pair_matches


@pytest.fixture
def benchmark_(tmp_path: Path) -> Benchmark:
    return Benchmark.open(write_painted_benchmark(tmp_path / "benchmark"))


class Undiscovering(Perfect):
    """Knows every point that is asked for and must not be asked for more."""

    def discover(self, a: Known, b: Known) -> Discovery:
        pytest.fail("discovery costs what nobody asked for")


def read(path: Path) -> dict:
    """As strictly as other languages do: NaN is no JSON."""
    return json.loads(path.read_text(), parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_row_i_answers_point_i_both_ways(benchmark_: Benchmark, tmp_path: Path) -> None:
    method = Undiscovering()
    found = read(write_pair_matches(tmp_path / "deep" / "p.json", match_pairs(benchmark_, method, benchmark_.pairs)))
    assert list(found) == [pair.id for pair in benchmark_.pairs]
    for pair in benchmark_.pairs:
        assert set(found[pair.id]) == {"a_to_b", "b_to_a", "confidence_a_to_b", "confidence_b_to_a"}
        np.testing.assert_allclose(found[pair.id]["a_to_b"], pair.truth().b, atol=1e-3)
        np.testing.assert_allclose(found[pair.id]["b_to_a"], pair.truth().a, atol=1e-3)
        assert found[pair.id]["confidence_a_to_b"] == [1.0] * len(pair.truth().a)
    assert len(method.described) == len(BOARDS)  # each view once


def test_views_of_any_size_and_two_points_are_enough(tmp_path: Path) -> None:
    benchmark = Benchmark.open(write_unequal_benchmark(tmp_path / "benchmark"))
    found = read(write_pair_matches(tmp_path / "p.json", match_pairs(benchmark, Chance(), benchmark.pairs)))["p"]
    for way, view in (("a_to_b", "b"), ("b_to_a", "a")):
        assert len(found[way]) == len(found[f"confidence_{way}"]) == len(POINTS["a"])
        for u, v in found[way]:
            assert benchmark.views[view].mask[int(v), int(u)]


def test_no_answer_is_null(benchmark_: Benchmark, tmp_path: Path) -> None:
    found = read(write_pair_matches(tmp_path / "p.json", match_pairs(benchmark_, Silent(), benchmark_.pairs[:1])))
    count = len(benchmark_.pairs[0].truth().a)
    assert found["p0"]["a_to_b"] == [[None, None]] * count and found["p0"]["confidence_b_to_a"] == [None] * count


def test_half_an_answer_is_none_and_an_answer_may_be_unsure(tmp_path: Path) -> None:
    uv = np.array([[np.nan, 3.0], [np.inf, 1.0], [4.0, 5.0]], dtype=np.float32)
    answers = PointMatches(uv, np.array([0.5, 0.5, np.nan], dtype=np.float32))
    found = read(write_pair_matches(tmp_path / "p.json", [MatchedPair('a "b"\n', answers, answers)]))
    assert found['a "b"\n']["a_to_b"] == [[None, None], [None, None], [4.0, 5.0]]
    assert found['a "b"\n']["confidence_a_to_b"] == [None, None, None]


def test_nothing_is_written_when_a_pair_fails(benchmark_: Benchmark, tmp_path: Path) -> None:
    def broken_off() -> Iterator[MatchedPair]:
        yield from match_pairs(benchmark_, Perfect(), benchmark_.pairs[:2])
        raise KeyboardInterrupt

    (tmp_path / "p.json").write_text("of an earlier run")
    with pytest.raises(KeyboardInterrupt):
        write_pair_matches(tmp_path / "p.json", broken_off())
    assert (tmp_path / "p.json").read_text() == "of an earlier run"
    assert {path.name for path in tmp_path.iterdir()} == {"benchmark", "p.json"}


def test_numbers_are_short_and_exact(rng: np.random.Generator) -> None:
    assert plain_numbers(np.array([[12.34, 0.1], [np.nan, -0.5]], dtype=np.float32)) == [[12.34, 0.1], [None, -0.5]]
    values = (rng.normal(size=500) * 10.0 ** rng.integers(-30, 30, 500)).astype(np.float32)
    np.testing.assert_array_equal(np.array(plain_numbers(values)).astype(np.float32), values)
    assert plain_numbers(np.zeros((0, 2), dtype=np.float32)) == []
