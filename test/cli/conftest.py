# SPDX-License-Identifier: Apache-2.0
"""The command line is tested in the painted world."""
from __future__ import annotations

from pathlib import Path

import painted_world
import pytest
from correspondence.heads import ColourBackbone, small_head

demonstration, target, color_model = painted_world.demonstration, painted_world.target, painted_world.color_model


@pytest.fixture
def color_backbone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model that is loaded by name sees colours instead."""
    monkeypatch.setattr("func_corr_ros.correspondence.model.load_backbone", lambda *_: painted_world.ColorBackbone())
    monkeypatch.setattr("func_corr_ros.correspondence.model.find_head", lambda *_: None)


@pytest.fixture
def colour_head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a small head, whose backbone sees colours."""
    monkeypatch.setattr("func_corr_ros.correspondence.model.load_backbone", lambda *_: ColourBackbone())
    return small_head().save(tmp_path / "head.safetensors")
