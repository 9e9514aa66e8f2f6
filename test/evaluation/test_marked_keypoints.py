# SPDX-License-Identifier: Apache-2.0
"""Marked objects are read as marked, PCK has its known answers, and plain DINOv2-S is as good on them as it was when measured."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.correspondence.model import FunctionalCorrespondence
from func_corr_ros.errors import BadImage
from func_corr_ros.evaluation.marked_keypoints import errors_by_side, keypoint_errors, load_marked_object, pck

ROOT = Path(__file__).resolve().parents[2]
MARKED = ROOT / "test" / "data" / "keypoints"
FRAMES = ROOT.parent / "shared" / "data" / "rgbd"
needs_frames = pytest.mark.skipif(not FRAMES.is_dir(), reason=f"no real frames in {FRAMES}")


@pytest.fixture(scope="module")
def objects():
    return {path.stem: load_marked_object(path, FRAMES) for path in sorted(MARKED.glob("*.yaml"))}


@pytest.fixture(scope="module")
def model():
    return FunctionalCorrespondence.from_pretrained("dinov2-small", device="cpu")


@pytest.fixture(scope="module")
def errors(objects, model):
    return errors_by_side(model, list(objects.values()), "pour-with")


@pytest.mark.parametrize(("share", "wanted"), [(0.05, 0.25), (0.1, 0.5), (0.2, 0.75), (1.0, 1.0)])
def test_pck_counts_errors_up_to_the_share(share, wanted):
    assert pck([0.0, 0.1, 0.15, 0.3], share) == wanted


@needs_frames
def test_marks_lie_on_their_objects(objects):
    """Every point is on the mask or within 4 px of it: rims and bases are on the outline, which the polygon cuts short."""
    assert len(objects) >= 6
    for item in objects.values():
        rows, columns = np.nonzero(item.mask)
        for name, (u, v) in item.points.items():
            assert np.hypot(columns - u, rows - v).min() <= 4.0, (item.name, name)
    assert not objects["red_mug"].mask[256, 275] and not objects["blue_mug"].mask[240, 390]  # seen through the handles


def test_a_picture_that_is_missing_is_named(tmp_path):
    with pytest.raises(BadImage, match=r"tabletop_red_mug/color\.png cannot be read"):
        load_marked_object(MARKED / "red_mug.yaml", tmp_path)


@needs_frames
def test_an_object_finds_its_own_keypoints(objects, model):
    """Half a patch, 1/26 of the object, is what bilinear features can tell apart."""
    for item in objects.values():
        (view,) = model.embed(item.image, [item.mask], "pour-with")
        found = keypoint_errors(model, item, view, item, view)
        assert max(found.values()) < 0.05, (item.name, found)


@needs_frames
def test_handles_on_one_side_are_matched_plainly(errors):
    """Measured 0.70 over 64 keypoints (docs/correspondence.md); one keypoint is 0.016, five less is a regression."""
    assert len(errors["same side"]) == 64
    assert pck(errors["same side"], 0.1) >= 0.62


@needs_frames
def test_handles_on_opposite_sides_need_the_mirror_image(errors):
    """Measured 0.79 with the mirrored reference and 0.28 without, over 68 keypoints."""
    assert len(errors["opposite"]) == len(errors["opposite, mirrored"]) == 68
    assert pck(errors["opposite, mirrored"], 0.1) >= 0.71
    assert pck(errors["opposite"], 0.1) < 0.45 * pck(errors["opposite, mirrored"], 0.1)


@needs_frames
def test_bowls_are_matched(errors):
    """Measured 0.72 over 18 keypoints."""
    assert len(errors["no handle"]) == 18
    assert pck(errors["no handle"], 0.1) >= 0.6
