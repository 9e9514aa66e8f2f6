# SPDX-License-Identifier: Apache-2.0
"""The table top on real camera frames, against the masks that come with them."""
from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from segmentation.ray_cast import iou

from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.segmentation.segmenter import Segmentation
from func_corr_ros.segmentation.tabletop import TabletopSegmenter

DATA = Path(os.environ.get("FUNC_CORR_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")) / "rgbd"
ABSENT = f"no real frames at {DATA}; set FUNC_CORR_DATA to the folder that holds rgbd/"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=ABSENT)

# name -> the least intersection over union with the mask that comes with the frame (measured value less 0.02). The masks
# of the white bowls lack the inside's bottom, a sixth of the bowl, which is found.
TABLETOP = {
    "blue_mug": 0.90, "cheezit": 0.94, "cylinder": 0.93, "green_bowl": 0.93, "mustard": 0.94, "pepper": 0.90, "red_mug": 0.91,
    "sugar": 0.93, "white_bowl": 0.79, "white_bowl_2": 0.785,
}


def frame_of(name: str) -> RgbdFrame:
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"no frame {folder}")
    about = json.loads((folder / "frame.json").read_text())
    counts = cv2.imread(str(folder / "depth.png"), cv2.IMREAD_UNCHANGED)
    depth = np.where(counts == about["depth_invalid"], np.nan, counts * about["depth_scale_m_per_count"]).astype(np.float32)
    color = cv2.cvtColor(cv2.imread(str(folder / "color.png")), cv2.COLOR_BGR2RGB)
    return RgbdFrame(color, depth, PinholeCamera.from_matrix(np.array(about["K"]), about["width"], about["height"]))


def mask_of(name: str) -> np.ndarray:
    return cv2.imread(str(DATA / name / "mask.png"), cv2.IMREAD_UNCHANGED) > 0


def inside(found: Segmentation, u: int, v: int) -> int:
    return int(found.labels[v, u])


@pytest.mark.parametrize("name", TABLETOP)
def test_the_object_on_the_table(name: str) -> None:
    found = TabletopSegmenter().segment(frame_of(f"tabletop_{name}"))
    assert len(found.objects) == 1
    overlap = iou(found.mask(1), mask_of(f"tabletop_{name}"))
    print(f"{name}: IoU {overlap:.3f}")
    assert overlap > TABLETOP[name]


def test_median_over_the_tabletop_frames() -> None:
    frames = [f"tabletop_{name}" for name in TABLETOP]
    overlaps = [iou(TabletopSegmenter().segment(frame_of(name)).mask(1), mask_of(name)) for name in frames]
    assert np.median(overlaps) >= 0.92  # measured 0.94


@pytest.mark.parametrize(("name", "handle", "loop"), [
    ("tabletop_blue_mug", [(392, 201), (405, 205), (413, 235), (400, 258)], (388, 230)),
    ("tabletop_red_mug", [(255, 236), (251, 262), (280, 294)], (272, 262)),
    ("kgn_1", [(525, 192), (536, 210), (528, 228)], (511, 220)),
    ("ycbv_4", [(436, 150), (441, 195), (421, 235)], (415, 190)),
])
def test_handles_are_kept_and_their_loops_are_open(name: str, handle: list[tuple[int, int]], loop: tuple[int, int]) -> None:
    found = TabletopSegmenter().segment(frame_of(name))
    owners = {inside(found, u, v) for u, v in handle}
    assert len(owners) == 1 and owners != {0}
    assert inside(found, *loop) == 0


def test_bucket_mug_bowl_and_ball_are_four() -> None:
    found = TabletopSegmenter().segment(frame_of("kgn_1"))
    owners = [inside(found, *at) for at in ((300, 270), (440, 210), (400, 105), (512, 125))]
    assert 0 not in owners and len(set(owners)) == 4


def test_cup_and_bowl_are_two() -> None:
    found = TabletopSegmenter().segment(frame_of("kgn_0"))
    cup, bowl, box = inside(found, 475, 200), inside(found, 340, 225), inside(found, 445, 140)
    assert len({cup, bowl, box, 0}) == 4


def test_the_pitcher_is_an_object_of_its_own_on_the_desk() -> None:
    found = TabletopSegmenter().segment(frame_of("ycbv_4"))
    pitcher, can, bottle = inside(found, 315, 200), inside(found, 275, 408), inside(found, 400, 370)
    assert len({pitcher, can, bottle, 0}) == 4
    assert pitcher == 1, "the best: largest, and nearest to the centre"
    assert inside(found, 248, 115) == pitcher, "its spout"
    # the desk is 0.71 m from the camera along its normal, the floor 1.4 m
    assert found.support.offset == pytest.approx(0.714, abs=0.01)
    assert not found.labels[:60, :200].any(), "nothing is found on the floor"
