# SPDX-License-Identifier: Apache-2.0
"""What a remembered backbone saw is read from disk, the asked channels of it, and never mixed with that of another."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from correspondence.heads import ColourBackbone

from func_corr_ros.correspondence.remembered_backbone import RememberedBackbone
from func_corr_ros.errors import BadSettings


def test_each_picture_is_seen_once(tmp_path: Path, rng: np.random.Generator) -> None:
    images = rng.integers(0, 255, (2, 28, 42, 3), dtype=np.uint8)
    backbone = ColourBackbone()
    first = RememberedBackbone(backbone, tmp_path, {"layers": [0, 1]}).patch_features(images)
    torch.testing.assert_close(first, ColourBackbone().patch_features(images), atol=1e-3, rtol=0.0)
    again = RememberedBackbone(backbone, tmp_path, {"layers": [0, 1]}, channels=[4, 6]).patch_features(images[::-1])
    assert len(backbone.calls) == 2 and torch.equal(again, first.flip(0)[:, [4, 6]])


def test_pictures_of_equal_bytes_and_other_shape_are_others(tmp_path: Path) -> None:
    remembered = RememberedBackbone(ColourBackbone(), tmp_path, {})
    grey = np.full((1, 14, 28, 3), 99, dtype=np.uint8)
    shapes = [remembered.patch_features(some).shape for some in (grey, grey.reshape(1, 28, 14, 3))]
    assert shapes == [(1, 8, 1, 2), (1, 8, 2, 1)]


def test_features_of_other_settings_are_refused(tmp_path: Path) -> None:
    RememberedBackbone(ColourBackbone(), tmp_path, {"layers": [0]})
    with pytest.raises(BadSettings, match="filled with other settings"):
        RememberedBackbone(ColourBackbone(), tmp_path, {"layers": [1]})
