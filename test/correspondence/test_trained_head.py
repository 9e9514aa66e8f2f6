# SPDX-License-Identifier: Apache-2.0
"""A head's file gives back what was saved; what is damaged, foreign or missing is refused with its reason."""
from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from correspondence.heads import CHANNELS, LAYERS, WORDS, small_head
from safetensors.torch import load_file, save_file

from func_corr_ros.correspondence.confidence import Calibration
from func_corr_ros.correspondence.trained_head import TrainedHead, find_head
from func_corr_ros.errors import BadSettings, BadWeights
from func_corr_ros.provenance import sha256_of_file


def descriptors(head: TrainedHead) -> torch.Tensor:
    features = torch.randn(1, LAYERS * CHANNELS, 4, 4, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        return head.network.grid(features, torch.ones(1, 1, 4, 4), head.functions["pour-with"][None])


@pytest.mark.parametrize("kind, settings", [("context", {"width": 24, "blocks": 1, "heads": 3}), ("paper", {"hidden": 16})])
def test_what_is_saved_comes_back(tmp_path: Path, kind: str, settings: dict[str, int]) -> None:
    sure = Calibration((0.25,) * 6, 0.5, (1.0,) * 3, 0.4)
    head = small_head(kind=kind, settings=settings, calibration=sure, made_with={"revision": "abc"})
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


@pytest.fixture
def saved(tmp_path: Path) -> TrainedHead:
    """A small head as a file gives it back: in float16's numbers, so that saving it again loses nothing."""
    return TrainedHead.load(small_head(made_with={"version": "1.2", "revision": "abc"}).save(tmp_path / "saved.safetensors"))


def same(one: TrainedHead, other: TrainedHead) -> bool:
    weights, others = one.network.state_dict(), other.network.state_dict()
    return (
        one.spec == other.spec and weights.keys() == others.keys() and one.functions.keys() == other.functions.keys()
        and all(torch.equal(value, others[name]) for name, value in weights.items())
        and all(torch.equal(value, other.functions[name]) for name, value in one.functions.items())
    )


def test_a_folder_comes_back_by_every_door(saved: TrainedHead, tmp_path: Path) -> None:
    folder = tmp_path / "pretrained"
    saved.save_pretrained(folder)
    assert {path.name for path in folder.iterdir()} == {"head.safetensors", "README.md"}
    for found in (TrainedHead.from_pretrained(folder), find_head(str(folder)), TrainedHead.load(folder / "head.safetensors")):
        assert found is not None and same(found, saved)
        assert found.sha256 == sha256_of_file(folder / "head.safetensors")


def test_the_card_is_the_authors_or_made_from_the_spec(saved: TrainedHead, tmp_path: Path) -> None:
    saved.save_pretrained(tmp_path / "first")
    card = (tmp_path / "first" / "README.md").read_text()
    for told in ("license: apache-2.0", "library_name: func_corr_ros", "`colour`", "cut-with, pour-with", "func_corr_ros 1.2",
                 "revision abc", "no: its confidences are scores"):
        assert told in card
    (tmp_path / "first" / "README.md").write_text("# mine\n")
    again = TrainedHead.from_pretrained(tmp_path / "first")
    assert again.card == "# mine\n" and saved.card == ""
    again.save_pretrained(tmp_path / "second")
    assert (tmp_path / "second" / "README.md").read_text() == "# mine\n"
    saved.save_pretrained(tmp_path / "second")
    assert (tmp_path / "second" / "README.md").read_text() == "# mine\n"


def test_another_models_folder_is_left_alone(saved: TrainedHead, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(BadSettings, match="another model lives there"):
        saved.save_pretrained(tmp_path)
    assert (tmp_path / "config.json").read_text() == "{}" and not (tmp_path / "head.safetensors").exists()


def test_pushing_uploads_the_head_and_its_card(saved: TrainedHead, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, dict]] = []

    class Hub:
        """What of huggingface_hub's HfApi is called; uploads land in a folder."""

        def __init__(self, token: str | None = None) -> None:
            asked.append(("HfApi", {"token": token}))

        def create_repo(self, **told) -> SimpleNamespace:
            asked.append(("create_repo", told))
            return SimpleNamespace(repo_id=told["repo_id"])

        def upload_folder(self, folder_path: Path, **told) -> str:
            asked.append(("upload_folder", told))
            shutil.copytree(folder_path, tmp_path / "uploaded")
            return "https://hub/commit"

    monkeypatch.setattr("huggingface_hub.hub_mixin.HfApi", Hub)
    assert saved.push_to_hub("owner/name", private=True, commit_message="first") == "https://hub/commit"
    assert [name for name, _ in asked] == ["HfApi", "create_repo", "upload_folder"]
    assert asked[1][1] == {"repo_id": "owner/name", "private": True, "exist_ok": True}
    assert asked[2][1]["repo_id"] == "owner/name" and asked[2][1]["commit_message"] == "first"
    assert {path.name for path in (tmp_path / "uploaded").iterdir()} == {"head.safetensors", "README.md"}
    assert same(TrainedHead.from_pretrained(tmp_path / "uploaded"), saved)


def test_repositories_are_fetched_only_when_asked(
    saved: TrainedHead, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository in the local cache is found without the network; others need download=True."""
    saved.save_pretrained(tmp_path / "there")
    cached: set[str] = set()
    asked: list[bool] = []

    def snapshot(repo_id: str, allow_patterns: list[str], local_files_only: bool) -> str:
        asked.append(local_files_only)
        assert allow_patterns == ["head.safetensors", "README.md"]
        if repo_id != "owner/name" or local_files_only and repo_id not in cached:
            raise FileNotFoundError(repo_id)
        cached.add(repo_id)
        return str(tmp_path / "there")

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    with pytest.raises(BadWeights, match="owner/name is no trained head.*download=True"):
        TrainedHead.from_pretrained("owner/name")
    with pytest.raises(BadWeights, match="owner/other is not in the local Hugging Face cache"):
        TrainedHead.from_pretrained("owner/other", download=True)
    assert asked == [True, False]
    assert same(TrainedHead.from_pretrained("owner/name", download=True), saved)
    assert same(TrainedHead.from_pretrained("owner/name"), saved)
    assert asked == [True, False, False, True]
