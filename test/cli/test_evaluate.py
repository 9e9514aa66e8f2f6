# SPDX-License-Identifier: Apache-2.0
"""``func-corr evaluate``: a table, files, and mistakes that are named."""
from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from evaluation.painted_benchmark import write_painted_benchmark

from func_corr_ros.cli import evaluate
from func_corr_ros.correspondence.baselines import METHODS
from func_corr_ros.errors import BadBenchmark, BadSettings


def call(folder: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    return evaluate.run(parser.parse_args(["--benchmark", str(folder / "b"), "--out", str(folder / "out"), *words]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_painted_benchmark(tmp_path / "b")
    return tmp_path


def test_scores_are_written_and_printed(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert call(folder, "--method", "chance", "--limit", "3", "--pixels", "all", "--mode", "strict") == 0
    scores = json.loads((folder / "out/scores.json").read_text())
    assert (scores["n_pairs"], scores["pixels"], scores["mode"]) == (3, 0, "strict")
    told = capsys.readouterr().out
    assert "chance on painted (mode strict)" in told and "pour-with" in told and "report.html" in told


@pytest.mark.parametrize(("words", "told"), [
    (["--method", "dinosaur"], "valid: func-corr-s, chance"),
    (["--method", "chance", "--mode", "lenient"], "mode is 'lenient'"),
    (["--method", "chance", "--limit", "-1"], "limit is -1"),
    (["--method", "chance", "--pixels", "many"], "--pixels many"),
    (["--method", "chance", "--pixels", "0"], "--pixels 0"),
    (["--method", "chance", "--threads", "-2"], "--threads -2"),
])
def test_mistakes_are_named(folder: Path, words: list[str], told: str) -> None:
    with pytest.raises(BadSettings, match=told):
        call(folder, *words)
    assert not (folder / "out").exists()


def test_a_folder_that_is_no_benchmark_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadBenchmark, match="benchmark.json"):
        call(tmp_path, "--method", "chance")


def test_several_methods_make_a_table(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert call(folder, "--method", "chance,chance", "--pixels", "50") == 0
    table = (folder / "out/table.md").read_text()
    assert table.count("| chance | 4 |") == 2 and table in capsys.readouterr().out
    assert (folder / "out/chance/report.html").exists()


def test_the_help_names_every_method() -> None:
    parser = argparse.ArgumentParser(formatter_class=lambda prog: argparse.HelpFormatter(prog, width=10_000))
    evaluate.add_arguments(parser)
    assert ", ".join(METHODS) in parser.format_help()
