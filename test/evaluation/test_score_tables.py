# SPDX-License-Identifier: Apache-2.0
"""Tables are rectangular, name their groups, and say the figures they were given."""
from pathlib import Path

from evaluation.painted_benchmark import Perfect, Silent, Telling, write_painted_benchmark

from func_corr_ros.correspondence.baselines.chance import Chance
from func_corr_ros.evaluation.benchmark import Benchmark
from func_corr_ros.evaluation.evaluate import evaluate
from func_corr_ros.evaluation.score_tables import CONFIDENCE_HEADINGS, HEADINGS, comparison


def table(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


def test_one_row_per_group(tmp_path: Path) -> None:
    evaluate(Benchmark.open(write_painted_benchmark(tmp_path / "b")), Perfect(offset=1.0), tmp_path / "out")
    rows = table((tmp_path / "out/scores.md").read_text().split("## Confidence")[0])
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


def test_confidence_has_a_table_of_its_own_if_it_is_known(tmp_path: Path) -> None:
    benchmark = Benchmark.open(write_painted_benchmark(tmp_path / "b", negatives=True))
    evaluate(benchmark, Telling(confidence=0.75, exists_threshold=0.5), tmp_path / "out")
    rows = table((tmp_path / "out/scores.md").read_text().split("## Confidence")[1])
    assert rows[0][1:] == list(CONFIDENCE_HEADINGS) and {len(row) for row in rows} == {1 + len(CONFIDENCE_HEADINGS)}
    assert [row[0] for row in rows[2:]] == ["all", "split seen", "split unseen", "cut-with", "pour-with"]
    told = dict(zip(rows[0], rows[2], strict=True))
    assert told["ECE ↓"] == "0.250 [0.250, 0.250]" and told["Risk ↓"] == "–"
    assert told["AUROC ↑"] == told["Neg. refused ↑"] == "1.000 [1.000, 1.000]"
    assert told["Pairs refused ↓"] == "0.000 [0.000, 0.000]"
    assert rows[4][8] == "–", "no negative is of split unseen"
    evaluate(benchmark, Silent(), tmp_path / "silent")
    assert "Confidence" not in (tmp_path / "silent/scores.md").read_text()
