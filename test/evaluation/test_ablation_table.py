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


def test_a_run_that_was_not_scored_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="scores.csv"):
        ablation_table([AblationRow("a", "", [tmp_path])])
