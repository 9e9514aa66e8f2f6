# SPDX-License-Identifier: Apache-2.0
"""Features come from the blocks asked for, at any size and precision, from wheels and folders but never from the network."""
from __future__ import annotations

import json
import socket

import numpy as np
import pytest
import torch

from func_corr_ros.correspondence.backbone import IMAGENET_MEAN, IMAGENET_STD, BackboneSettings, load_backbone
from func_corr_ros.errors import BadImage, BadSettings, BadWeights
from func_corr_ros.provenance import sha256_of_file


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, size=(2, 42, 56, 3), dtype=np.uint8)


def _load(folder, dtype="fp32", **settings):
    return load_backbone(str(folder), "cpu", dtype, BackboneSettings(**settings))


def _hidden_states(backbone, images):
    pixels = (torch.from_numpy(images).float() / 255 - torch.tensor(IMAGENET_MEAN)) / torch.tensor(IMAGENET_STD)
    with torch.no_grad():
        return backbone.model(pixels.permute(0, 3, 1, 2), output_hidden_states=True)


def _grid(tokens):
    return tokens[:, 1:].transpose(1, 2).reshape(2, -1, 3, 4)


def test_the_last_block_with_norm_is_transformers_last_hidden_state(tiny_folder, images):
    backbone = _load(tiny_folder, layers=(-1,))
    assert torch.allclose(backbone.patch_features(images), _grid(_hidden_states(backbone, images).last_hidden_state), atol=1e-5)


@pytest.mark.parametrize("layers", [(1,), (-3,), (0, 2), (2, 0)])
@pytest.mark.parametrize("aggregate", ["mean", "concat"])
@pytest.mark.parametrize("final_norm", [True, False])
def test_blocks_are_aggregated_as_asked(tiny_folder, images, layers, aggregate, final_norm):
    backbone = _load(tiny_folder, layers=layers, aggregate=aggregate, final_norm=final_norm)
    blocks = _hidden_states(backbone, images).hidden_states[1:]
    chosen = [backbone.model.layernorm(blocks[layer]) if final_norm else blocks[layer] for layer in layers]
    wanted = torch.cat(chosen, dim=-1) if aggregate == "concat" else torch.stack(chosen).mean(dim=0)
    features = backbone.patch_features(images)
    assert features.shape[1] == backbone.channels
    assert torch.allclose(features, _grid(wanted), atol=1e-5)


def test_grid_rows_are_image_rows(dinov2_small):
    """A red patch in row 1, column 6 of a grey picture changes that cell most: rows and columns are not swapped."""
    picture = np.full((1, 112, 140, 3), 128, dtype=np.uint8)
    marked = picture.copy()
    marked[:, 14:28, 84:98] = (220, 20, 20)
    change = (dinov2_small.patch_features(marked) - dinov2_small.patch_features(picture)).norm(dim=1)[0]
    assert change.shape == (8, 10)
    assert divmod(int(change.argmax()), 10) == (1, 6)


@pytest.mark.parametrize("side", [14, 70, 84, 126])
def test_any_multiple_of_the_patch_is_accepted(tiny_folder, side):
    """70 px is the size the tiny model's position embeddings are made for; the others interpolate them."""
    features = _load(tiny_folder).patch_features(np.zeros((1, side, 14, 3), dtype=np.uint8))
    assert features.shape == (1, 24, side // 14, 1) and features.isfinite().all()


@pytest.mark.parametrize("shape", [(1, 43, 56), (1, 42, 57), (1, 0, 56), (0, 42, 56)])
def test_other_sizes_are_refused_with_the_size(tiny_folder, shape):
    with pytest.raises(BadImage, match=f"{shape[0]} pictures of {shape[2]}x{shape[1]} px.*multiples of 14"):
        _load(tiny_folder).patch_features(np.zeros((*shape, 3), dtype=np.uint8))


def test_a_batch_is_its_pictures_one_by_one(dinov2_small, rng):
    images = rng.integers(0, 256, size=(3, 56, 56, 3), dtype=np.uint8)
    batch = dinov2_small.patch_features(images)
    alone = torch.cat([dinov2_small.patch_features(images[i : i + 1]) for i in range(3)])
    assert torch.allclose(batch, alone, atol=1e-3)  # other matrix shapes sum in another order; values reach 30


@pytest.mark.parametrize("dtype", ["fp16", "bf16"])
def test_half_precision_points_the_same_way(tiny_folder, images, dtype):
    full, half = (_load(tiny_folder, kind).patch_features(images) for kind in ("fp32", dtype))
    assert half.dtype == torch.float32
    # bf16 keeps 8 bits: directions agree to a degree or so after four blocks
    assert torch.nn.functional.cosine_similarity(full, half, dim=1).min() > 0.999


def test_features_carry_no_gradient_and_weights_are_frozen(tiny_folder, images):
    backbone = _load(tiny_folder)
    assert not backbone.patch_features(images).requires_grad
    assert not any(parameter.requires_grad for parameter in backbone.parameters())
    assert not backbone.training and not backbone.model.training


def test_a_folder_is_read_whole_and_its_hash_reported(tiny_folder):
    from transformers import Dinov2Model

    backbone = _load(tiny_folder)
    saved = Dinov2Model.from_pretrained(tiny_folder, local_files_only=True).state_dict()
    assert all(torch.equal(saved[name], tensor) for name, tensor in backbone.model.state_dict().items())
    assert backbone.weights_sha256 == sha256_of_file(tiny_folder / "model.safetensors")
    assert backbone.name == str(tiny_folder)


@pytest.fixture
def copy_of(tiny_folder, tmp_path):
    for path in tiny_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_pickles_are_never_opened(copy_of):
    (copy_of / "model.safetensors").rename(copy_of / "pytorch_model.bin")
    with pytest.raises(BadWeights, match=r"model\.safetensors is missing.*pickles"):
        _load(copy_of)


@pytest.mark.parametrize("change", [{"num_hidden_layers": 5}, {"hidden_size": 48}, {"num_hidden_layers": 3}])
def test_weights_that_do_not_fit_their_config_are_refused(copy_of, change):
    config = json.loads((copy_of / "config.json").read_text())
    (copy_of / "config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(BadWeights):
        _load(copy_of)


def test_a_damaged_file_is_refused(copy_of):
    weights = copy_of / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(BadWeights, match="could not be read"):
        _load(copy_of)


def test_another_architecture_is_refused_by_name(copy_of):
    config = json.loads((copy_of / "config.json").read_text())
    (copy_of / "config.json").write_text(json.dumps({**config, "model_type": "vit"}))
    with pytest.raises(BadWeights, match="'vit'.*'dinov2' is needed"):
        _load(copy_of)


def test_an_unknown_name_lists_the_valid_ones():
    with pytest.raises(BadWeights, match="dinov2-small, dinov2-base, dinov2-large"):
        load_backbone("dinov2-tiny")


def test_a_model_that_is_not_there_is_not_fetched(monkeypatch, tmp_path):
    """Whatever the machine's cache and network, loading by hub id opens no connection unless it is asked to."""
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("went online"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BadWeights, match="local Hugging Face cache.*download=True"):
        load_backbone("nobody/no-such-dinov2")


@pytest.mark.parametrize("layers", [(), (4,), (-5,)])
def test_blocks_that_do_not_exist_are_refused(tiny_folder, layers):
    with pytest.raises(BadSettings, match=r"0\.\.3"):
        _load(tiny_folder, layers=layers)


def test_unknown_device_and_dtype_list_the_valid_ones(tiny_folder):
    with pytest.raises(BadSettings, match="fp32, fp16, bf16"):
        _load(tiny_folder, dtype="int8")
    with pytest.raises(BadSettings, match="valid: auto, cpu"):
        load_backbone(str(tiny_folder), device="abacus")
