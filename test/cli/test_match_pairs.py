# SPDX-License-Identifier: Apache-2.0
"""``func-corr match-pairs``: one file of answers, what made it, and mistakes that are named."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
from evaluation.painted_benchmark import SHARES, write_painted_benchmark
from evaluation.unequal_benchmark import write_unequal_benchmark

from func_corr_ros.cli.main import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_painted_benchmark(tmp_path / "b")
    return tmp_path


def call(folder: Path, *words: str) -> int:
    return main(["match-pairs", "--benchmark", str(folder / "b"), "--out", str(folder / "predictions.json"), *words])


def test_every_pair_is_answered_both_ways(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert call(folder, "--method", "chance") == 0
    found = json.loads((folder / "predictions.json").read_text())
    assert list(found) == ["p0", "p1", "p2", "p3"]
    assert all(len(values) == len(SHARES) for pair in found.values() for values in pair.values())
    made_with = json.loads((folder / "predictions.provenance.json").read_text())
    assert made_with["settings"]["method"] == "chance" and set(made_with["sha256"]) == {"benchmark"}
    told = capsys.readouterr()
    assert "4 pairs of painted, both ways, answered by chance" in told.out and "chance" in told.err  # the bar


def test_a_limit_spreads_over_the_benchmark(folder: Path) -> None:
    assert call(folder, "--method", "chance", "--limit", "2") == 0
    first, second = json.loads((folder / "predictions.json").read_text())
    assert first in ("p0", "p1") and second in ("p2", "p3")  # one of each function


def test_a_head_is_named_by_its_file(tmp_path: Path, colour_head: Path) -> None:
    write_unequal_benchmark(tmp_path / "b")
    assert call(tmp_path, "--method", str(colour_head), "--device", "cpu") == 0
    found = json.loads((tmp_path / "predictions.json").read_text())["p"]
    assert len(found["a_to_b"]) == len(found["b_to_a"]) == 2
    for u, v in found["a_to_b"]:
        assert 10 <= u <= 53 and 70 <= v <= 159  # within the box of b's object
    assert json.loads((tmp_path / "predictions.provenance.json").read_text())["settings"]["method"] == "head"


@pytest.mark.parametrize(("words", "told"), [
    (["--method", "dinosaur"], "BadSettings: method is 'dinosaur'; valid: func-corr-s, chance"),
    (["--method", "chance", "--limit", "-1"], "limit is -1"),
    (["--method", "no_such.safetensors"], "or the file of a trained head"),
    (["--method", "dino-224", "--device", "abacus"], "device is 'abacus'"),
    (["--method", "chance", "--out", "."], "--out . is a folder; a file is written, such as predictions.json"),
    (["--method", "chance", "--benchmark", "no_such"], "BadBenchmark: no_such/benchmark.json cannot be read"),
])
def test_mistakes_are_one_line(folder: Path, words: list[str], told: str, capsys: pytest.CaptureFixture) -> None:
    assert call(folder, *words) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1
    assert not (folder / "predictions.json").exists()


def test_a_benchmark_without_pairs_is_refused(folder: Path, capsys: pytest.CaptureFixture) -> None:
    (folder / "b/pairs.json").write_text("[]")
    assert call(folder, "--method", "chance") == 2
    assert "there is nothing to answer" in capsys.readouterr().err


def test_a_pair_that_does_not_hold_together_leaves_no_file(folder: Path, capsys: pytest.CaptureFixture) -> None:
    (folder / "b/truth/p2.npz").write_text("no arrays")
    assert call(folder, "--method", "chance") == 2
    assert "p2.npz cannot be read" in capsys.readouterr().err
    assert not list(folder.glob("*predictions*"))
