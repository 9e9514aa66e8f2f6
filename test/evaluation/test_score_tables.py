# SPDX-License-Identifier: Apache-2.0
"""Tables are rectangular, name their groups, and say the figures they were given."""
from pathlib import Path

from evaluation.painted_benchmark import Perfect, write_painted_benchmark

from func_corr_ros.correspondence.baselines.chance import Chance
from func_corr_ros.evaluation.benchmark import Benchmark
from func_corr_ros.evaluation.evaluate import evaluate
from func_corr_ros.evaluation.score_tables import HEADINGS, comparison


def table(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


def test_one_row_per_group(tmp_path: Path) -> None:
    evaluate(Benchmark.open(write_painted_benchmark(tmp_path / "b")), Perfect(offset=1.0), tmp_path / "out")
    rows = table((tmp_path / "out/scores.md").read_text())
    assert {len(row) for row in rows} == {2 + len(HEADINGS)}
    assert [row[0] for row in rows[2:]] == [
        "all", "both upright", "split seen", "split unseen", "across category", "within category", "cut-with", "pour-with"
    ]
    assert rows[2][1] == "4" and rows[2][3] == "1.000 [1.000, 1.000]"


def test_one_row_per_method(tmp_path: Path) -> None:
    benchmark = Benchmark.open(write_painted_benchmark(tmp_path / "b"))
    results = [evaluate(benchmark, method, tmp_path / method.name) for method in (Chance(), Perfect())]
    rows = table(comparison([(result["method"], result["overall"]) for result in results]))
    assert [row[0] for row in rows[2:]] == ["chance", "perfect"]
    assert rows[3][3].startswith("1.000 [") and float(rows[2][3][:5]) < 0.5
