# SPDX-License-Identifier: Apache-2.0
"""``func-corr match``: from picture files to pictures and a table."""
from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from func_corr_ros.cli.main import main


@pytest.fixture
def files(tmp_path: Path, demonstration, target) -> list[str]:
    paths = []
    for name, color, mask in (("a", demonstration.frame.color, demonstration.mask), ("b", target.frame.color, target.mask)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), color[..., ::-1])
        cv2.imwrite(str(tmp_path / f"{name}_mask.png"), mask.astype(np.uint8) * 255)
        paths += [str(tmp_path / f"{name}.png"), str(tmp_path / f"{name}_mask.png")]
    a, mask_a, b, mask_b = paths
    return ["match", a, b, "--mask-a", mask_a, "--mask-b", mask_b, "--out", str(tmp_path / "out")]


@pytest.mark.usefixtures("color_backbone")
def test_matches_are_written_with_what_made_them(files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(files) == 0
    out = tmp_path / "out"
    rows = list(csv.DictReader((out / "matches.csv").open()))
    shift = [float(row["u_b"]) - float(row["u_a"]) for row in rows]
    assert abs(np.median(shift) - 120.0) < 2.0
    assert {"matches.png", "field.png", "matches.csv", "provenance.json"} == {path.name for path in out.iterdir()}
    made_with = json.loads((out / "provenance.json").read_text())
    assert made_with["sha256"]["color"] == "c0" * 32 and made_with["settings"]["model"] == "dinov2-small"
    assert len(made_with["sha256"]) == 5  # four files and the weights
    assert f"{len(rows)} matches" in capsys.readouterr().out


@pytest.mark.usefixtures("color_backbone")
@pytest.mark.parametrize(("words", "told"), [
    (["--set", "correspondence.max_pixel=100"], "correspondence.max_pixels"),
    (["--set", "nonsense"], "NAME=VALUE"),
    (["--config", "no_such.yaml"], "is no file"),
    (["--function", "Pour With"], "a lower-case name"),
])
def test_mistakes_are_one_line(files: list[str], words: list[str], told: str, capsys: pytest.CaptureFixture) -> None:
    assert main([*files, *words]) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1


def test_a_missing_picture_is_named(files: list[str], capsys: pytest.CaptureFixture) -> None:
    files[1] = files[1].replace("a.png", "c.png")
    assert main(files) == 2
    assert "c.png is missing" in capsys.readouterr().err


@pytest.mark.usefixtures("color_backbone")
def test_a_setting_has_its_effect(files: list[str], tmp_path: Path) -> None:
    assert main([*files, "--set", "correspondence.max_pixels=100"]) == 0
    assert len((tmp_path / "out" / "matches.csv").read_text().splitlines()) <= 101
