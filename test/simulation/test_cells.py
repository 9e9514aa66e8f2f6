# SPDX-License-Identifier: Apache-2.0
"""A table of runs: every combination once, each in a folder of its own."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from func_corr_ros.simulation.cells import HEAD, Cell, cells, table, write_table


def result(success: float, given: int = 3) -> dict[str, Any]:
    spread = {"n": given, "median": 4.25 if given else float("nan"), "p90": 9.0}
    part = {"success_rate": success, "trials": 5}
    return {
        "trials": 10, "success_rate": success, "ci95": [0.1, 0.9],
        "by_relation": {"within": part, "across": {**part, "trials": 0}},
        "translation_error_mm": spread, "rotation_error_deg": spread, "wrong_and_confident_rate": 0.1, "refused_rate": 0.4,
        "seconds_per_trial": 2.0,
    }


def test_every_combination_has_a_folder_of_its_own() -> None:
    found = list(cells(["pour", "grasp"], ["oracle", "chance", "build/head.safetensors"], [0.0, 1.0], [0, 2]))
    assert len(found) == 24 == len({cell.folder(Path("out")) for cell in found})
    assert found[0] == Cell("pour", "oracle", 0.0, 0) and found[1].method == "chance", "rows to compare are neighbours"
    assert Cell("pour", "build/head.safetensors", 1.0, 2).folder(Path("out")) == Path("out/pour-head-noise1-clutter2")


def test_the_table_has_the_figures_and_a_dash_for_none(tmp_path: Path) -> None:
    cell = Cell("pour", "oracle", 1.0, 0)
    lines = table([(cell, result(0.5)), (cell, result(0.0, given=0))]).splitlines()
    assert len(lines) == 4 and all(line.count("|") == len(HEAD) + 1 for line in lines)
    assert "| 50 [10, 90] | 50 | - | 10 | 40 | 4.2 | 4.2 | 2.0 |" in lines[2]
    assert "| - | - | 2.0 |" in lines[3]
    assert write_table(tmp_path / "table.md", [(cell, result(0.5))]).read_text().startswith("| suite |")
