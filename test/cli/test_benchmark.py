# SPDX-License-Identifier: Apache-2.0
"""``func-corr benchmark``: what it passes on, what it prints, and how it refuses."""
from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from evaluation.small_benchmark import write_small_benchmark

from func_corr_ros.cli import benchmark
from func_corr_ros.errors import BadBenchmark
from func_corr_ros.evaluation import benchmark_build


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    benchmark.add_arguments(parser)
    return parser.parse_args(words)


def test_check_says_what_a_folder_has(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder = write_small_benchmark(tmp_path / "small")
    assert benchmark.run(parsed("check", str(folder))) == 0
    told = capsys.readouterr().out
    assert "small 1, 1 pairs of 2 views, 1 functions" in told and "within: 1; seen: 1" in told


def test_check_refuses_a_folder_that_has_changed(tmp_path: Path) -> None:
    folder = write_small_benchmark(tmp_path / "small")
    (folder / "masks" / "a.png").unlink()
    with pytest.raises(BadBenchmark, match="masks/a.png"):
        benchmark.run(parsed("check", str(folder)))


def test_build_passes_its_arguments_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def build(out: Path, *rest: object) -> Path:
        asked.append(rest)
        return write_small_benchmark(out)

    monkeypatch.setattr(benchmark_build, "build", build)
    words = ("--name", "functional-v1-tabletop", "--size", "mini", "--processes", "3", "--out", str(tmp_path / "out"))
    assert benchmark.run(parsed("build", *words)) == 0
    assert asked == [("functional-v1-tabletop", "mini", 3)] and (tmp_path / "out" / "pairs.json").is_file()


@pytest.mark.parametrize("words", [(), ("build",), ("build", "--size", "huge", "--out", "x"), ("check",)])
def test_words_that_make_no_command_are_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit):
        parsed(*words)
