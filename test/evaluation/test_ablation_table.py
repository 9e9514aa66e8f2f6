# SPDX-License-Identifier: Apache-2.0
"""The ablation table averages directions and seeds pair by pair, keeps splits apart, and leaves out what a method has not."""
from __future__ import annotations

from pathlib import Path

import pytest

from func_corr_ros.evaluation.ablation_table import AblationRow, ablation_table

HEAD = "pair,way,split,normalised_distance,pck@23,pck@10,ap@23,region_iou\n"


def run(folder: Path, rows: list[str]) -> Path:
    folder.mkdir(parents=True)
    (folder / "scores.csv").write_text(HEAD + "\n".join(rows) + "\n")
    return folder


def test_seeds_and_directions_are_averaged_and_splits_kept_apart(tmp_path: Path) -> None:
    first = run(tmp_path / "a-0", ["p,ab,seen,.1,.8,.5,.6,.7", "p,ba,seen,.3,.6,.5,.6,.5", "q,ab,unseen,.5,.1,0,.2,"])
    second = run(tmp_path / "a-1", ["p,ab,seen,.1,.4,.5,.6,.7", "p,ba,seen,.3,.2,.5,.6,.5", "q,ab,unseen,.5,.3,0,.2,"])
    text = ablation_table([AblationRow("a", "a row", [first, second])])
    assert "#### all pairs" in text and "#### split seen" in text and "#### split unseen" in text
    whole, seen, unseen = (line for line in text.splitlines() if line.startswith("| a |"))
    assert "| 2 | 2 |" in whole and "0.350 [" in whole  # PCK@23: the mean of .5 and .2
    assert "0.500 [0.500, 0.500]" in seen and "0.600 [0.600, 0.600]" in seen and "0.200 [0.200, 0.200]" in seen
    assert unseen.rstrip().endswith("| – |")


def test_differences_are_of_the_same_pairs(tmp_path: Path) -> None:
    """Pairs differ by far more than rows do: only paired differences tell that one row is always .1 better."""
    ours = [f"{pair},ab,seen,.1,{value:.1f},{value:.1f},.6,.7" for pair, value in zip("pqrs", (.9, .1, .5, .3), strict=True)]
    other = [f"{pair},ab,seen,.1,{value:.1f},{value:.1f},.6,.7" for pair, value in zip("pqr", (.8, .0, .6), strict=True)]
    rows = [AblationRow("a", "", [run(tmp_path / "a", ours)]), AblationRow("b", "", [run(tmp_path / "b", other)])]
    line = next(line for line in ablation_table(rows, "a").splitlines() if line.startswith("| a − b |"))
    assert line.split(" | ")[1] == "3" and "+0.033 [-0.100, +0.100]" in line and "**" not in line
    rows[1] = AblationRow("b", "", [run(tmp_path / "c", other[:2])])
    line = next(line for line in ablation_table(rows, "a").splitlines() if line.startswith("| a − b |"))
    assert "**+0.100 [+0.100, +0.100]**" in line and "| +0.000 [+0.000, +0.000] |" in line
    assert "a − b" not in ablation_table(rows)


def test_a_run_that_was_not_scored_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="scores.csv"):
        ablation_table([AblationRow("a", "", [tmp_path])])
