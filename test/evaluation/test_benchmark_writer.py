# SPDX-License-Identifier: Apache-2.0
"""A benchmark appears whole or not at all, goes on after a stop, and is never mixed from two settings."""
from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from evaluation.small_benchmark import HEAD, mask_of, write_small_benchmark

from func_corr_ros.errors import BadBenchmark
from func_corr_ros.evaluation.benchmark_writer import BenchmarkWriter


def hashes(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*") if path.is_file()}


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (hashes(write_small_benchmark(tmp_path / name)) for name in ("first", "second"))
    assert first == second and len(first) == 13


def test_the_manifest_names_every_file_and_what_made_it(tmp_path: Path) -> None:
    folder = write_small_benchmark(tmp_path / "small", views=2)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["sha256"] == {name: value for name, value in hashes(folder).items() if name != "manifest.json"}
    assert manifest["settings"] == {"views": 2} and "revision" in manifest
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small"], "nothing hidden is left"


def test_a_finished_benchmark_is_never_changed(tmp_path: Path) -> None:
    folder = write_small_benchmark(tmp_path / "small")
    with pytest.raises(BadBenchmark, match="exists; remove it"):
        BenchmarkWriter(folder, {})


def test_a_stopped_build_goes_on_but_not_with_other_settings(tmp_path: Path) -> None:
    out = tmp_path / "out"
    BenchmarkWriter(out, {"views": 2}).note("view-a", {"image": "images/a.png"})
    assert not out.exists()
    assert BenchmarkWriter(out, {"views": 2}).done("view-a") == {"image": "images/a.png"}
    assert BenchmarkWriter(out, {"views": 2}).done("view-b") is None
    assert BenchmarkWriter(out, {"views": 3}).done("view-a") is None


def test_what_no_entry_names_is_dropped(tmp_path: Path) -> None:
    writer = BenchmarkWriter(tmp_path / "out", {})
    writer.write_part("stray", "pour-with", mask_of("a"))
    view = writer.write_view("a", np.zeros((20, 30, 3), np.uint8), mask_of("a"), np.full((20, 30), 9.0, np.float32), np.eye(3),
                             np.eye(4), {})
    folder = writer.finish(HEAD, {"a": view}, [])
    assert not list((folder / "parts").iterdir()) and (folder / view["depth"]).is_file()
