# SPDX-License-Identifier: Apache-2.0
"""Frames in folders: what is written is read, and what cannot be is named."""
from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from func_corr_ros.errors import BadImage, BadRecording
from func_corr_ros.evaluation.frame_folder import read_frame, read_mask
from func_corr_ros.transfer.demonstration import Demonstration
from func_corr_ros.transfer.demonstration_store import DemonstrationStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    color = np.zeros((6, 8, 3), dtype=np.uint8)
    color[2, 3] = (255, 10, 20)
    counts = np.full((6, 8), 5000, dtype=np.uint16)
    counts[0, 0] = 0
    cv2.imwrite(str(tmp_path / "color.png"), color[..., ::-1])
    cv2.imwrite(str(tmp_path / "depth.png"), counts)
    text = {"K": [[9.0, 0, 3.5], [0, 9.0, 2.5], [0, 0, 1]], "width": 8, "height": 6, "depth_scale_m_per_count": 1e-4}
    (tmp_path / "frame.json").write_text(json.dumps(text))
    return tmp_path


def test_colour_is_rgb_and_depth_is_metres(folder: Path) -> None:
    frame = read_frame(folder)
    assert tuple(frame.color[2, 3]) == (255, 10, 20)
    assert np.isnan(frame.depth[0, 0]) and frame.depth[1, 1] == np.float32(0.5)
    assert (frame.camera.fx, frame.camera.cx, frame.camera.width) == (9.0, 3.5, 8)


@pytest.mark.parametrize("bright", [1, 200, 255])
def test_a_mask_is_what_is_bright(tmp_path: Path, bright: int) -> None:
    mask = np.zeros((6, 8), dtype=np.uint8)
    mask[1, 1], mask[2, 2] = bright, bright // 3
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    read = read_mask(tmp_path / "mask.png")
    assert read[1, 1] and read.sum() == 1
    with pytest.raises(BadImage, match="no_mask.png"):
        read_mask(tmp_path / "no_mask.png")


def test_a_demonstration_is_a_frame_too(tmp_path: Path, demonstration: Demonstration) -> None:
    frame = read_frame(DemonstrationStore(tmp_path).record(demonstration))
    np.testing.assert_array_equal(frame.color, demonstration.frame.color)


def test_what_is_missing_is_named(folder: Path) -> None:
    (folder / "color.png").unlink()
    with pytest.raises(BadImage, match="color.png"):
        read_frame(folder)
    (folder / "frame.json").write_text('{"K": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}')
    with pytest.raises(BadRecording, match="width"):
        read_frame(folder)
    (folder / "frame.json").unlink()
    with pytest.raises(BadRecording, match="a frame is a folder with"):
        read_frame(folder)


def test_depth_of_eight_bits_is_refused(folder: Path) -> None:
    cv2.imwrite(str(folder / "depth.png"), np.ones((6, 8), dtype=np.uint8))
    with pytest.raises(BadImage, match="16 bits"):
        read_frame(folder)
