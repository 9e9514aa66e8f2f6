# SPDX-License-Identifier: Apache-2.0
"""``func-corr export``: from a head's file and its backbone's folder to graphs."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
from correspondence.heads import small_head

from func_corr_ros import pretrained
from func_corr_ros.cli.main import main
from func_corr_ros.correspondence.backbone import BackboneSettings
from func_corr_ros.provenance import sha256_of_file


def test_a_heads_file_becomes_graphs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("onnxscript", reason="pip install 'func_corr_ros[export]'")
    transformers, backbone = pretrained.transformers(), tmp_path / "backbone"
    config = transformers.Dinov2Config(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=3, patch_size=14, image_size=70, mlp_ratio=2
    )
    transformers.Dinov2Model(config).save_pretrained(backbone, safe_serialization=True)
    head = small_head(
        backbone=str(backbone), backbone_sha256=sha256_of_file(backbone / "model.safetensors"), layers=2, layer_channels=24,
        features=BackboneSettings(layers=(0, 1), aggregate="concat"),
    ).save(tmp_path / "mine.safetensors")
    out = tmp_path / "out"
    assert main(["export", "--model", str(head), "--out", str(out), "--function", "pour-with", "cut-with"]) == 0
    told = json.loads((out / "export.json").read_text())
    assert told["head"] == "mine" and told["functions"]["names"] == ["cut-with", "pour-with"]
    assert told["sha256"]["mine"] == sha256_of_file(head)
    shown = capsys.readouterr().out
    assert f"{out}/embed.onnx differs from torch: plain by" in shown and "2 functions" in shown


def test_what_is_no_head_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for model, told in (("dinov2-small", "without a trained head"), (str(tmp_path / "no.safetensors"), "is no file")):
        assert main(["export", "--model", model, "--out", str(tmp_path / "out")]) == 2
        error = capsys.readouterr().err
        assert told in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()
