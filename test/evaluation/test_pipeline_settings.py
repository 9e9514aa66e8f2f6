# SPDX-License-Identifier: Apache-2.0
"""The settings between a frame and a pose: every one is described, strict, and reaches its part."""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from func_corr_ros.errors import BadSettings, NoMask
from func_corr_ros.evaluation.pipeline_settings import PipelineSettings
from func_corr_ros.segmentation import SEGMENTERS
from func_corr_ros.segmentation.given_mask import GivenMaskSegmenter
from func_corr_ros.segmentation.tabletop import TabletopSegmenter
from func_corr_ros.settings import leaves, override


def test_every_setting_is_described() -> None:
    names = [info.name for info in leaves(PipelineSettings)]
    assert len(names) == len(set(names))
    assert all(info.description for info in leaves(PipelineSettings))
    assert {"model", "segmenter", "tabletop.max_distance_m", "correspondence.max_pixels", "transfer.max_residual"} <= set(names)


def test_every_segmenter_has_its_settings_here() -> None:
    assert all(hasattr(PipelineSettings(), name) for name in SEGMENTERS)


def test_settings_reach_their_part(tmp_path: Path, color_model, demonstration, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = override(PipelineSettings(), {"tabletop.max_distance_m": 1.5, "transfer.max_residual": 0.05})
    segmenter = settings.make_segmenter()
    assert isinstance(segmenter, TabletopSegmenter) and segmenter.settings.max_distance_m == 1.5
    monkeypatch.setattr(PipelineSettings, "load_model", lambda self: color_model)
    pipeline = settings.pipeline(demonstration)
    assert pipeline.settings.max_residual == 0.05 and pipeline.model is color_model
    mask = np.zeros((4, 4), dtype=np.uint8)
    mask[1:3, 1:3] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    given = override(settings, {"segmenter": "given_mask", "given_mask.path": str(tmp_path / "mask.png")})
    assert isinstance(given.make_segmenter(), GivenMaskSegmenter)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(BadSettings, match="tabletop, given_mask"):
        override(PipelineSettings(), {"segmenter": "magic"})
    with pytest.raises(NoMask, match="given_mask"):
        override(PipelineSettings(), {"segmenter": "given_mask"}).make_segmenter()
