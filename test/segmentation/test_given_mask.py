# SPDX-License-Identifier: Apache-2.0
"""A mask that is known comes back as it is, with the plane beside it."""
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from segmentation.ray_cast import FLOOR, TABLE, Box, View, cast, eye, mug

from func_corr_ros.errors import BadImage, NoMask, SizeMismatch
from func_corr_ros.segmentation import make_segmenter
from func_corr_ros.segmentation.given_mask import GivenMaskSegmenter, GivenMaskSettings
from func_corr_ros.segmentation.segmenter import Prompts


@pytest.fixture(scope="module")
def view() -> View:
    box = Box("box", (40, 90, 200), center=(-0.15, 0.05, 0.05), size=(0.08, 0.06, 0.1))
    return cast([FLOOR, TABLE, box, *mug(0.0, 0.0)], eye(40))


@pytest.mark.parametrize("as_type", [bool, np.uint8, np.int64])
def test_a_mask_is_its_object_whatever_its_type(view: View, as_type: type) -> None:
    found = GivenMaskSegmenter(view.mask("mug").astype(as_type)).segment(view.frame)
    np.testing.assert_array_equal(found.labels == 1, view.mask("mug"))
    assert len(found.objects) == 1 and found.objects[0].score > 0.0


def test_the_support_is_seen_beside_the_mask(view: View) -> None:
    found = GivenMaskSegmenter(view.mask("mug")).segment(view.frame)
    assert np.degrees(np.arccos(min(1.0, float(found.support.normal @ view.table.normal)))) < 0.1
    assert abs(found.support.offset - view.table.offset) < 1e-3


def test_a_mask_needs_no_depth(view: View) -> None:
    found = GivenMaskSegmenter(view.mask("mug")).segment(view.frame.without_depth())
    assert found.support is None
    np.testing.assert_array_equal(found.labels > 0, view.mask("mug"))


def test_a_label_image_keeps_its_names(view: View) -> None:
    labels = view.mask("mug") * 40 + view.mask("box") * np.uint16(700)
    found = GivenMaskSegmenter(labels, label_image=True).segment(view.frame)
    assert {item.id for item in found.objects} == {40, 700}
    np.testing.assert_array_equal(found.mask(700), view.mask("box"))
    v, u = np.argwhere(view.mask("box")).mean(axis=0)
    click = Prompts(np.array([[u, v]]), np.array([1]), np.zeros((0, 4)))
    only = GivenMaskSegmenter(labels, label_image=True).segment(view.frame, click)
    assert [item.id for item in only.objects] == [700] and not (only.labels == 40).any()


def test_files(view: View, tmp_path: Path) -> None:
    mask = view.mask("mug")
    soft = np.where(mask, 255, 0).astype(np.uint8)
    soft[0, :50] = 90  # the faint halo of a resized mask
    for name, image in {"grey.png": soft, "colour.png": np.dstack([soft] * 3), "binary.png": mask.astype(np.uint8)}.items():
        cv2.imwrite(str(tmp_path / name), image)
        found = GivenMaskSegmenter.from_file(tmp_path / name).segment(view.frame)
        np.testing.assert_array_equal(found.labels == 1, mask)
    cv2.imwrite(str(tmp_path / "labels.png"), (mask * 3 + view.mask("box") * 300).astype(np.uint16))
    settings = GivenMaskSettings(path=str(tmp_path / "labels.png"), label_image=True)
    assert {item.id for item in make_segmenter("given_mask", settings).segment(view.frame).objects} == {3, 300}


def test_refusals(view: View, tmp_path: Path) -> None:
    with pytest.raises(NoMask, match="640x480 px has no pixel above 0"):
        GivenMaskSegmenter(np.zeros((480, 640), bool))
    with pytest.raises(BadImage, match=r"the mask is empty \(shape \(0, 4\)\)"):
        GivenMaskSegmenter(np.zeros((0, 4), bool))
    with pytest.raises(BadImage, match="from -2 to 1"):
        GivenMaskSegmenter(np.array([[1, -2]]))
    with pytest.raises(BadImage, match="to 70000; valid: 0 .no object. to 65535"):
        GivenMaskSegmenter(np.array([[1, 70000]]), label_image=True)
    with pytest.raises(SizeMismatch, match="the mask is 320x240 px, the frame 640x480 px"):
        GivenMaskSegmenter(np.ones((240, 320), bool)).segment(view.frame)
    with pytest.raises(NoMask, match="hit none of the 1 objects"):
        GivenMaskSegmenter(view.mask("mug")).segment(view.frame, Prompts(np.array([[3.0, 3.0]]), np.array([1]), np.zeros((0, 4))))
    with pytest.raises(NoMask, match="set given_mask.path"):
        make_segmenter("given_mask")
    with pytest.raises(BadImage, match=r"nowhere.png does not exist; a mask file is"):
        GivenMaskSegmenter.from_file(tmp_path / "nowhere.png")
    (tmp_path / "text.png").write_text("not an image")
    with pytest.raises(BadImage, match="is not an image that can be read"):
        GivenMaskSegmenter.from_file(tmp_path / "text.png")
    cv2.imwrite(str(tmp_path / "photo.png"), view.frame.color)
    with pytest.raises(BadImage, match=r"uint8 image of shape \(480, 640, 3\); a mask file has one channel"):
        GivenMaskSegmenter.from_file(tmp_path / "photo.png")


def test_the_given_array_may_change_afterwards(view: View) -> None:
    mask = view.mask("mug").copy()
    segmenter = GivenMaskSegmenter(mask)
    mask[:] = False
    assert segmenter.segment(replace(view.frame, stamp_ns=5)).labels.any()
