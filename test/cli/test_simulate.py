# SPDX-License-Identifier: Apache-2.0
"""``func-corr simulate``: what it refuses, before anything heavy is loaded."""
from __future__ import annotations

from pathlib import Path

import pytest

from func_corr_ros.cli.main import main


def test_an_unknown_suite_is_refused_with_those_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--suite", "juggle", "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "juggle" in said and "pour" in said and "grasp" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["--trials", "0"], ["--clutter", "9"], ["--noise", "-1"], ["--method", "telepathy"]])
def test_impossible_runs_are_refused(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--suite", "pour", "--out", str(tmp_path), *words]) == 2
    assert "valid" in (said := capsys.readouterr().err) or "at least" in said or "at most" in said
