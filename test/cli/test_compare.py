# SPDX-License-Identifier: Apache-2.0
"""``func-corr compare``: the exit code is what a team's CI looks at."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
from replay.compared_runs import write_run

from func_corr_ros.cli.main import main


@pytest.fixture
def folders(tmp_path: Path) -> tuple[str, str]:
    good, bad = (write_run(tmp_path / name, shift) for name, shift in (("good", 0.001), ("bad", 0.004)))
    return str(good), str(bad)


def test_a_regression_is_exit_code_one_and_named(folders: tuple[str, str], capsys: pytest.CaptureFixture) -> None:
    good, bad = folders
    assert main(["compare", good, bad]) == 1
    assert "regression: pour-with pose_mm" in capsys.readouterr().out
    assert main(["compare", bad, good]) == 0
    assert main(["compare", good, good]) == 0
    told = capsys.readouterr().out
    assert "regression" not in told and "latency_ms" not in told


def test_a_tolerance_lets_it_pass_and_the_verdicts_are_written(
    folders: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["compare", *folders, "--tolerance", "pose_mm=5", "--json", str(tmp_path / "verdicts.json")]) == 0
    verdicts = json.loads((tmp_path / "verdicts.json").read_text())
    assert next(one for one in verdicts if one["figure"] == "pose_mm")["verdict"] == "worse"
    assert main(["compare", *folders, "--tolerance", "pose_mm=far"]) == 2
    assert "FIGURE=VALUE with a number" in capsys.readouterr().err
