# SPDX-License-Identifier: Apache-2.0
"""The report scores what is known, shows what is not, lists what was left out, and quotes names that would be markup."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from data.pseudo_label.test_pipeline import bricks, run

from func_corr_ros.data.pseudo_label.stage import Skipped
from func_corr_ros.evaluation.pseudo_report import label_scores, listed, write_pseudo_report

pytest.importorskip("embreex")


def quality_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "out" / "quality.json").read_text())


def test_a_report_of_a_run(tmp_path: Path) -> None:
    made = run(bricks(tmp_path / "in", 2), tmp_path / "out")
    scores = label_scores(made)
    assert {part for _, part in scores} == {"face", "side"} and len(scores) == 4
    assert all(0.0 <= one.iou <= 1.0 and 0.0 < one.ap <= 1.0 and one.calls <= 5 for one in scores.values())
    assert all(0.0 < one.pixel_ap <= 1.0 for one in scores.values())
    made = replace(made, skipped=(Skipped("<b>x</b>", "assets", "why"),), rejected={min(scores): "its views disagree"})
    page = write_pseudo_report(made, scores).read_text()
    assert page.count("<figure>") == 8 and "&lt;b&gt;x&lt;/b&gt;" in page and "<b>x" not in page and "<script" not in page
    assert "By the name of the part" in page and set(quality_of(tmp_path)["names of parts"]) == {"face", "side"}
    assert "its views disagree" in page and "http" not in page.replace("http-equiv", "")
    quality = quality_of(tmp_path)
    assert quality["means"]["all parts"]["count"] == 4 and quality["means"]["left out"]["count"] == 1
    assert "4 parts" in listed(list(scores.values()))
