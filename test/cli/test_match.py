# SPDX-License-Identifier: Apache-2.0
"""``func-corr match``: from picture files to matches, part masks and pictures."""
from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from evaluation.unequal_benchmark import POINTS, write_unequal_benchmark

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


def rows_of(tmp_path: Path) -> list[dict]:
    return json.loads((tmp_path / "out" / "matches.json").read_text())


@pytest.mark.usefixtures("color_backbone")
def test_matches_are_written_with_what_made_them(files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(files) == 0
    rows = rows_of(tmp_path)
    assert all(0.0 <= row["confidence"] <= 1.0 for row in rows)
    shift = [row["b"][0] - row["a"][0] for row in rows]
    assert abs(np.median(shift) - 120.0) < 2.0
    written = {"matches.json", "part_a.png", "part_b.png", "matches.png", "field.png", "provenance.json"}
    assert written == {path.name for path in (tmp_path / "out").iterdir()}
    made_with = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert made_with["sha256"]["color"] == "c0" * 32 and made_with["settings"]["model"] == "func-corr-s"
    assert made_with["settings"]["function"] == "pour-with"
    assert len(made_with["sha256"]) == 5  # four files and the weights
    told = capsys.readouterr()
    assert f"{len(rows)} matches" in told.out and "mask" not in told.err


@pytest.mark.usefixtures("color_backbone")
def test_points_give_a_row_each_and_those_off_the_mask_are_said(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    points = [[100.5, 140.25], [60, 100], [3.0, 4.0], [60, 100]]
    (tmp_path / "points.json").write_text(json.dumps(points))
    assert main([*files, "--points", str(tmp_path / "points.json")]) == 0
    rows = rows_of(tmp_path)
    assert [row["a"] for row in rows] == points and rows[1] == rows[3]
    np.testing.assert_allclose([rows[i]["b"] for i in (0, 1)], np.add([points[0], points[1]], [120.0, -30.0]), atol=3.0)
    told = capsys.readouterr()
    assert "4 matches" in told.out and "field.png" not in told.out and "1 of 4 points lie off A's mask" in told.err
    assert len(json.loads((tmp_path / "out" / "provenance.json").read_text())["sha256"]) == 6


def test_a_head_carries_points_as_it_does_for_a_benchmark(tmp_path: Path, colour_head: Path) -> None:
    folder, out = write_unequal_benchmark(tmp_path / "b"), tmp_path / "out"
    words = ["match-pairs", "--benchmark", str(folder), "--method", str(colour_head), "--out", str(tmp_path / "predictions.json")]
    assert main(words) == 0
    asked = json.loads((tmp_path / "predictions.json").read_text())["p"]
    for a, b in (("a", "b"), ("b", "a")):
        pictures = [str(folder / f"{name}.png") for name in (a, b)]
        masks = ["--mask-a", str(folder / f"{a}_mask.png"), "--mask-b", str(folder / f"{b}_mask.png")]
        points = ["--points", str(folder / f"{a}.json"), "--out", str(out), "--model", str(colour_head)]
        assert main(["match", *pictures, *masks, *points]) == 0
        rows = rows_of(tmp_path)
        assert [row["a"] for row in rows] == POINTS[a]
        assert [row["b"] for row in rows] == asked[f"{a}_to_{b}"]
        assert [row["confidence"] for row in rows] == asked[f"confidence_{a}_to_{b}"]
        for name, view in (("part_a.png", a), ("part_b.png", b)):
            part = cv2.imread(str(out / name), cv2.IMREAD_UNCHANGED)
            whole = cv2.imread(str(folder / f"{view}_mask.png"), cv2.IMREAD_UNCHANGED)
            assert part.shape == whole.shape and set(np.unique(part)) == {0, 255} and (part <= whole).all()


def test_a_head_that_sees_no_part_says_so(files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture, colour_head: Path,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("func_corr_ros.correspondence.functional_region.PART", 1.0)
    assert main([*files, "--model", str(colour_head)]) == 0
    assert "no part of B was seen to serve the function: part_b.png is all of the object" in capsys.readouterr().out
    part, whole = (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (tmp_path / "out/part_b.png", tmp_path / "b_mask.png"))
    np.testing.assert_array_equal(part, whole)


def test_a_function_that_was_not_trained_is_refused_where_that_is_asked(
    files: list[str], capsys: pytest.CaptureFixture, colour_head: Path
) -> None:
    strictly = [*files, "--model", str(colour_head), "--strict-functions"]
    assert main([*strictly, "--function", "cut-with"]) == 0
    assert main([*strictly, "--function", "slice-with"]) == 2
    error = capsys.readouterr().err
    assert "was not trained on 'slice-with'" in error and "valid: cut-with, pour-with" in error and error.count("\n") == 1


@pytest.mark.usefixtures("color_backbone")
@pytest.mark.parametrize(("words", "told"), [
    (["--set", "correspondence.max_pixel=100"], "correspondence.max_pixels"),
    (["--set", "nonsense"], "NAME=VALUE"),
    (["--config", "no_such.yaml"], "is no file"),
    (["--function", "Pour With"], "a lower-case name"),
    (["--points", "no_such.json"], "no_such.json cannot be read"),
])
def test_mistakes_are_one_line(files: list[str], words: list[str], told: str, capsys: pytest.CaptureFixture) -> None:
    assert main([*files, *words]) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1


@pytest.mark.usefixtures("color_backbone")
@pytest.mark.parametrize(("text", "told"), [
    ("[]", "TooFewPoints: there is no point"), ("[[1, 2], [400, 2]]", "BadSettings: 1 of 2 points are not in A"),
    ("[[NaN, 1]]", "not in A"), ("[[1, 2, 3]]", "two numbers a point"),
])
def test_points_that_cannot_be_are_refused(
    files: list[str], tmp_path: Path, text: str, told: str, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "points.json").write_text(text)
    assert main([*files, "--points", str(tmp_path / "points.json")]) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1 and not (tmp_path / "out").exists()


def test_a_missing_picture_is_named(files: list[str], capsys: pytest.CaptureFixture) -> None:
    files[1] = files[1].replace("a.png", "c.png")
    assert main(files) == 2
    assert "c.png is missing" in capsys.readouterr().err


@pytest.mark.usefixtures("color_backbone")
def test_a_setting_has_its_effect(files: list[str], tmp_path: Path) -> None:
    assert main([*files, "--set", "correspondence.max_pixels=100"]) == 0
    assert len(rows_of(tmp_path)) <= 100
