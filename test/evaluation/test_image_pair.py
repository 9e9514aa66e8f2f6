# SPDX-License-Identifier: Apache-2.0
"""Two pictures of the painted board: matches join the same paint."""
from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from correspondence.heads import ColourBackbone, small_head
from evaluation.unequal_benchmark import POINTS, mask, picture

from func_corr_ros.correspondence.functional_region import functional_region
from func_corr_ros.correspondence.model import FunctionalCorrespondence
from func_corr_ros.errors import BadSettings, NoMask, SizeMismatch, TooFewPoints
from func_corr_ros.evaluation.image_pair import as_rows, match_images, read_points, returning, write_image_pair
from func_corr_ros.transfer.demonstration import Demonstration

SHIFT = [120.0, -30.0]  # from the demonstrated board to the other one [px]
TURNED = "func_corr_ros.correspondence.correspond._agreement"


@pytest.fixture
def boards(demonstration: Demonstration, target) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    return (demonstration.frame.color, target.frame.color), (demonstration.mask, target.mask)


@pytest.fixture
def headed() -> FunctionalCorrespondence:
    return FunctionalCorrespondence(ColourBackbone(), head=small_head())


def test_matches_follow_the_paint(color_model: FunctionalCorrespondence, boards) -> None:
    found = match_images(color_model, *boards, "pour-with")
    back = returning(found)
    assert back.mean() > 0.8 and not found.mirrored
    # A patch of the backbone is 6 px of this board; between patches features are interpolated.
    assert np.median(np.linalg.norm(found.uv_b[back] - found.uv_a[back] - SHIFT, axis=1)) < 2.0


def test_points_are_carried_one_by_one_and_in_order(color_model: FunctionalCorrespondence, boards) -> None:
    points = np.array([[60.0, 100.0], [100.5, 140.25], [60.0, 100.0], [80.0, 90.0]])
    found = match_images(color_model, *boards, "pour-with", points)
    np.testing.assert_array_equal(found.uv_a, points.astype(np.float32))
    np.testing.assert_array_equal(found.uv_b[0], found.uv_b[2])
    assert np.linalg.norm(found.uv_b - points - SHIFT, axis=1).max() < 3.0 and returning(found).all()
    order = np.array([3, 1, 0])
    again = match_images(color_model, *boards, "pour-with", points[order])
    np.testing.assert_allclose(again.uv_b, found.uv_b[order], atol=1e-4)


def test_a_plain_backbones_points_go_the_way_round_that_was_chosen(
    color_model: FunctionalCorrespondence, headed: FunctionalCorrespondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mirrored reference, that is; a trained head's go straight, as it answers a benchmark."""
    monkeypatch.setattr(TURNED, lambda model, reference, live, mirrored: float(mirrored))
    images, masks, points = (picture("a"), picture("b")), (mask("a"), mask("b")), np.array(POINTS["a"])
    for model, turned in ((color_model, True), (headed, False)):
        (a,) = model.embed(images[0], [masks[0]], "pour-with", mirrored=turned)
        (b,) = model.embed(images[1], [masks[1]], "pour-with")
        found = match_images(model, images, masks, "pour-with", points)
        np.testing.assert_array_equal(found.uv_b, model.match(a, b, points).uv_target)
        assert found.mirrored is turned and match_images(model, images, masks, "pour-with").mirrored


def test_a_pair_is_written_as_matches_parts_and_pictures(color_model: FunctionalCorrespondence, boards, tmp_path: Path) -> None:
    found = match_images(color_model, *boards, "pour-with")
    assert write_image_pair(tmp_path, *boards, found) == returning(found).sum()
    rows = json.loads((tmp_path / "matches.json").read_text())
    assert rows == as_rows(found) and len(rows) == len(found.uv_b) and list(rows[0]) == ["a", "b", "confidence", "accepted"]
    np.testing.assert_array_equal(np.array([row["b"] for row in rows], dtype=np.float32), found.uv_b)
    np.testing.assert_array_equal(np.array([row["a"] for row in rows], dtype=np.float32), found.uv_a)
    np.testing.assert_array_equal(np.float32([row["confidence"] for row in rows]), found.matches.confidence)
    for name in ("matches.png", "field.png"):
        assert cv2.imread(str(tmp_path / name)).shape[1] == 720 + 24 + 720
    for name, whole in zip(("part_a.png", "part_b.png"), boards[1], strict=True):
        np.testing.assert_array_equal(cv2.imread(str(tmp_path / name), cv2.IMREAD_UNCHANGED), whole.astype(np.uint8) * 255)


def test_points_leave_no_field_of_an_earlier_call(color_model: FunctionalCorrespondence, boards, tmp_path: Path) -> None:
    write_image_pair(tmp_path, *boards, match_images(color_model, *boards, "pour-with"))
    points = np.array([[60.0, 100.0], [2.0, 3.0]])  # the second lies beside the board
    write_image_pair(tmp_path, *boards, match_images(color_model, *boards, "pour-with", points))
    assert {path.name for path in tmp_path.iterdir()} == {"matches.json", "matches.png", "part_a.png", "part_b.png"}
    assert [row["a"] for row in json.loads((tmp_path / "matches.json").read_text())] == points.tolist()


def test_parts_are_those_that_the_head_sees(headed: FunctionalCorrespondence) -> None:
    images, masks = (picture("a"), picture("b")), (mask("a"), mask("b"))
    found = match_images(headed, images, masks, "pour-with")
    for image, whole, part in zip(images, masks, found.parts, strict=True):
        (one,) = headed.embed(image, [whole], "pour-with")
        np.testing.assert_array_equal(part.mask, functional_region(one, whole).mask)
        assert part.mask.any() and not (part.mask & ~whole).any()


def test_masks_that_cannot_be_are_refused(color_model: FunctionalCorrespondence, boards) -> None:
    images, masks = boards
    with pytest.raises(NoMask, match="mask B is empty"):
        match_images(color_model, images, (masks[0], np.zeros_like(masks[1])), "pour-with")
    with pytest.raises(SizeMismatch, match="mask A"):
        match_images(color_model, images, (masks[0][:-1], masks[1]), "pour-with")


@pytest.mark.parametrize(("point", "told"), [
    ([320.0, 10.0], r"1 of 2 points are not in A, the first is entry 1, \[320.0, 10.0\]; A is 320x240 px"),
    ([10.0, -0.6], "v from -0.5 to 239.5"),
    ([np.nan, 10.0], r"\[nan, 10.0\]"),
    ([np.inf, 10.0], "u from -0.5 to 319.5"),
])
def test_points_must_be_in_the_picture(color_model: FunctionalCorrespondence, boards, point: list[float], told: str) -> None:
    with pytest.raises(BadSettings, match=told):
        match_images(color_model, *boards, "pour-with", np.array([[319.5, -0.5], point]))
    with pytest.raises(TooFewPoints, match="at least one"):
        match_images(color_model, *boards, "pour-with", np.zeros((0, 2)))


def test_points_are_read_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "points.json").write_text("[[1, 2.5], [3e1, -0.25]]")
    np.testing.assert_array_equal(read_points(tmp_path / "points.json"), [[1.0, 2.5], [30.0, -0.25]])


@pytest.mark.parametrize(("text", "told"), [
    ("[[1, 2], [3]]", "entry 1 is"), ("[[1, 2, 3]]", "entry 0"), ("[[true, 1]]", "entry 0"), ('[["1", 2]]', "entry 0"),
    ("[[null, 1]]", "entry 0"), ("[1, 2]", "entry 0 is 1"), ('{"a": [1, 2]}', "hold a dict"), ("[[1, 2]", "cannot be read"),
])
def test_files_that_hold_no_points_are_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "points.json").write_text(text)
    with pytest.raises(BadSettings, match=f"{told}.*two numbers a point"):
        read_points(tmp_path / "points.json")


def test_a_number_too_large_is_nowhere(tmp_path: Path, color_model: FunctionalCorrespondence, boards) -> None:
    (tmp_path / "points.json").write_text(f"[[{'9' * 400}, 1]]")
    with pytest.raises(BadSettings, match=r"\[inf, 1.0\]"):
        match_images(color_model, *boards, "pour-with", read_points(tmp_path / "points.json"))
    with pytest.raises(BadSettings, match="no_such.json cannot be read"):
        read_points(tmp_path / "no_such.json")
