# SPDX-License-Identifier: Apache-2.0
"""Two pictures of the painted board: matches join the same paint."""
from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from func_corr_ros.correspondence.model import FunctionalCorrespondence
from func_corr_ros.errors import NoMask, SizeMismatch
from func_corr_ros.evaluation.image_pair import match_images, returning, write_image_pair
from func_corr_ros.transfer.demonstration import Demonstration


def test_matches_follow_the_paint(color_model: FunctionalCorrespondence, demonstration: Demonstration, target) -> None:
    images, masks = (demonstration.frame.color, target.frame.color), (demonstration.mask, target.mask)
    found = match_images(color_model, images, masks, "pour-with")
    back = returning(found)
    shift = found.matches.uv_query[back] - found.matches.uv_target[back]
    assert back.mean() > 0.8 and not found.mirrored
    # A patch of the backbone is 6 px of this board; between patches features are interpolated.
    assert np.median(np.linalg.norm(shift - [120.0, -30.0], axis=1)) < 2.0


def test_a_pair_is_written_as_pictures_and_a_table(
    color_model: FunctionalCorrespondence, demonstration: Demonstration, target, tmp_path: Path
) -> None:
    images, masks = (demonstration.frame.color, target.frame.color), (demonstration.mask, target.mask)
    found = match_images(color_model, images, masks, "pour-with")
    count = write_image_pair(tmp_path, images, masks, found)
    assert count == returning(found).sum()
    rows = list(csv.DictReader((tmp_path / "matches.csv").open()))
    assert len(rows) == len(found.confidence)
    first = rows[0]
    np.testing.assert_allclose([float(first["u_b"]), float(first["v_b"])], found.matches.uv_query[0], atol=1e-3)
    np.testing.assert_allclose([float(first["u_a"]), float(first["v_a"])], found.matches.uv_target[0], atol=1e-3)
    for name in ("matches.png", "field.png"):
        assert cv2.imread(str(tmp_path / name)).shape[1] == 720 + 24 + 720


def test_masks_that_cannot_be_are_refused(color_model: FunctionalCorrespondence, demonstration: Demonstration, target) -> None:
    images = demonstration.frame.color, target.frame.color
    with pytest.raises(NoMask, match="mask B is empty"):
        match_images(color_model, images, (demonstration.mask, np.zeros_like(target.mask)), "pour-with")
    with pytest.raises(SizeMismatch, match="mask A"):
        match_images(color_model, images, (demonstration.mask[:-1], target.mask), "pour-with")
