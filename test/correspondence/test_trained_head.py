# SPDX-License-Identifier: Apache-2.0
"""A head's file gives back what was saved; what is damaged, foreign or missing is refused with its reason."""
from __future__ import annotations

from pathlib import Path

import pytest
import torch
from correspondence.heads import CHANNELS, LAYERS, WORDS, small_head
from safetensors.torch import load_file, save_file

from func_corr_ros.correspondence.trained_head import TrainedHead, find_head
from func_corr_ros.errors import BadWeights
from func_corr_ros.provenance import sha256_of_file


def descriptors(head: TrainedHead) -> torch.Tensor:
    features = torch.randn(1, LAYERS * CHANNELS, 4, 4, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        return head.network.grid(features, torch.ones(1, 1, 4, 4), head.functions["pour-with"][None])


@pytest.mark.parametrize("kind, settings", [("context", {"width": 24, "blocks": 1, "heads": 3}), ("paper", {"hidden": 16})])
def test_what_is_saved_comes_back(tmp_path: Path, kind: str, settings: dict[str, int]) -> None:
    head = small_head(kind=kind, settings=settings, calibration={"bias": 0.25}, made_with={"revision": "abc"})
    again = TrainedHead.load(head.save(tmp_path / "mine.safetensors"))
    assert again.spec == head.spec and again.functions.keys() == head.functions.keys()
    assert again.name == "mine" and again.sha256 == sha256_of_file(tmp_path / "mine.safetensors")
    torch.testing.assert_close(descriptors(again), descriptors(head), atol=2e-2, rtol=2e-2)  # float16 on disk
    assert not any(weight.requires_grad for weight in again.network.parameters())


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = small_head().save(tmp_path / "head.safetensors")
    whole = path.read_bytes()
    for damaged in (b"", whole[:200], whole[: len(whole) // 2], b"x" * 500):
        path.write_bytes(damaged)
        with pytest.raises(BadWeights, match="could not be read as safetensors"):
            TrainedHead.load(path)


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(BadWeights, match="no trained head of this package"):
        find_head(str(tmp_path / "other.safetensors"))


def test_a_file_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    from safetensors import safe_open

    path = small_head().save(tmp_path / "head.safetensors")
    with safe_open(path, framework="pt") as file:
        told = file.metadata()
    tensors = load_file(path)
    tensors.popitem()
    tensors.pop(next(name for name in tensors if name.startswith("head.")))
    save_file(tensors, path, told)
    with pytest.raises(BadWeights, match="does not hold together"):
        TrainedHead.load(path)


def test_heads_are_found_by_file_and_folder_only(tmp_path: Path) -> None:
    small_head().save(tmp_path / "head.safetensors")
    for place in (tmp_path, tmp_path / "head.safetensors"):
        found = find_head(str(place))
        assert found is not None and found.functions["cut-with"].shape == (WORDS,)
    assert find_head("dinov2-small") is None and find_head("owner/name") is None
    with pytest.raises(BadWeights, match="is no file"):
        find_head(str(tmp_path / "missing.safetensors"))
