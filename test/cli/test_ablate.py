# SPDX-License-Identifier: Apache-2.0
"""``func-corr ablate``: every row on every benchmark, a table after each row, and nothing made twice."""
from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from correspondence.heads import small_head
from evaluation.painted_benchmark import write_painted_benchmark

from func_corr_ros.cli import ablate
from func_corr_ros.correspondence.baselines.method import load_method
from func_corr_ros.errors import BadSettings
from func_corr_ros.training import ablation


def call(folder: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    ablate.add_arguments(parser)
    benchmarks = [str(folder / name) for name in ("b", "c")]
    return ablate.run(parser.parse_args(["--benchmark", *benchmarks, "--out", str(folder / "out"), "--limit", "2", *words]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b", "c"):
        write_painted_benchmark(tmp_path / name)
    head = json.loads((tmp_path / "c/benchmark.json").read_text())
    (tmp_path / "c/benchmark.json").write_text(json.dumps({**head, "name": "tables"}))
    return tmp_path


def test_rows_stand_in_a_table_of_each_benchmark_and_are_made_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[tuple[str, int]] = []

    def guessing(variant, seed, arguments):
        made.append((variant.name, seed))
        return load_method("chance")

    monkeypatch.setattr(ablate, "_method", guessing)
    words = ["--baselines", "chance", "--rows", "ours,paper,nearest", "--seeds", "2"]
    assert call(folder, *words) == 0
    assert made == [("ours", 0), ("ours", 1), ("paper", 0), ("paper", 1), ("nearest", 0)]
    table = (folder / "out/table.md").read_text()
    painted, tables = table.split("### tables")
    for text in (painted, tables):
        assert "| ours | ours, whole | 2 | 2 |" in text and "| nearest | ours, nearest descriptor | 1 | 2 |" in text
        assert "ours − chance" in text
    assert table in capsys.readouterr().out
    assert call(folder, *words) == 0 and len(made) == 5


def test_settings_of_every_row_are_checked(folder: Path) -> None:
    with pytest.raises(BadSettings, match="--set: unknown key 'views.object'; did you mean 'views.objects'"):
        call(folder, "--baselines", "", "--rows", "ours", "--set", "views.object=48")


def test_a_head_that_is_there_is_read_in_many_ways_and_nothing_is_trained(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    head = small_head().save(folder / "mine.safetensors")
    read: list[tuple[int, float]] = []

    def method(head, features, device):
        read.append((head.spec.crop.size, head.spec.decoding.plain))
        return load_method("chance")

    monkeypatch.setattr(ablation, "remembering", method)
    assert call(folder, "--baselines", "", "--read", str(head), "--rows", "size-448,no-plain") == 0
    assert read == [(224, 0.4), (224, 0.0), (448, 0.4)] and not (folder / "out/heads").exists()
    assert (folder / "out/scores/painted/mine-no-plain-0/scores.csv").is_file()
    assert f"| ours | {head}, as it is | 1 | 2 |" in capsys.readouterr().out
