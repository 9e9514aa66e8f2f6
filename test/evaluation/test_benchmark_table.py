# SPDX-License-Identifier: Apache-2.0
"""Several methods side by side: all groups, what was not run, and nothing made twice."""
from pathlib import Path

import pytest
from evaluation.painted_benchmark import Perfect, write_painted_benchmark

from func_corr_ros.correspondence.baselines.chance import Chance
from func_corr_ros.errors import BadSettings, BadWeights
from func_corr_ros.evaluation import benchmark_table
from func_corr_ros.evaluation.benchmark import Benchmark
from func_corr_ros.evaluation.benchmark_table import write_benchmark_table


@pytest.fixture
def benchmark_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Benchmark:
    def load(name, settings):
        if name == "absent":
            raise BadWeights("weights of absent are not here;\n fetch them")
        if name == "nonsense":
            raise BadSettings("no such method")
        return {"chance": Chance(settings), "perfect": Perfect()}[name]

    monkeypatch.setattr(benchmark_table, "load_method", load)
    return Benchmark.open(write_painted_benchmark(tmp_path / "benchmark"))


def test_methods_stand_side_by_side_in_every_group(benchmark_: Benchmark, tmp_path: Path) -> None:
    seen, names = [], ["chance", "absent", "perfect"]
    text = write_benchmark_table(benchmark_, names, tmp_path / "out", on_pair=lambda *at: seen.append(at[:2])).read_text()
    for group in ("all", "both upright", "split seen", "split unseen", "across category", "within category"):
        rows = text.split(f"## Pairs of: {group}\n")[1].split("##")[0].splitlines()
        assert [row.split("|")[1].strip() for row in rows if row.startswith("| ")] == ["Method", "chance", "perfect"]
    assert "Not run: absent (weights of absent are not here; fetch them)" in text
    for figure in ("PCK@23", "AP@23"):
        rows = text.split(f"## {figure} by function\n")[1].split("##")[0].splitlines()
        assert [row.split("|")[1].strip() for row in rows if row.startswith("| ")] == ["Function", "cut-with", "pour-with"]
        assert all(row.split("|")[4].strip() == "1.000" for row in rows if "-with" in row), "the perfect method's column"
    for group in ("all", "split seen", "split unseen"):
        rows = text.split(f"## Confidence: {group}\n")[1].split("##")[0].splitlines()
        assert [row.split("|")[1].strip() for row in rows if row.startswith("| ")] == ["Method", "chance", "perfect"]
    assert seen == [(name, stage) for name in ("chance", "perfect") for stage in ("predict", "score") for _ in range(4)]


def test_what_is_there_is_scored_not_made(benchmark_: Benchmark, tmp_path: Path) -> None:
    first = write_benchmark_table(benchmark_, ["chance"], tmp_path / "out").read_text()
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.npz")}
    assert write_benchmark_table(benchmark_, ["chance"], tmp_path / "out").read_text() == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.npz")} == files


def test_a_mistake_is_not_swallowed_and_nothing_is_a_table(benchmark_: Benchmark, tmp_path: Path) -> None:
    with pytest.raises(BadSettings):
        write_benchmark_table(benchmark_, ["chance", "nonsense"], tmp_path / "out")
    assert "Not run: absent" in write_benchmark_table(benchmark_, ["absent"], tmp_path / "none").read_text()
