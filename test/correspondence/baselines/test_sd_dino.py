# SPDX-License-Identifier: Apache-2.0
"""SD-DINO loads a folder in diffusers' layout (here a tiny random one), is deterministic, and finds an object in itself."""
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from func_corr_ros.correspondence.baselines.dense import DenseMethod, Described
from func_corr_ros.correspondence.baselines.diffusion import FOLDERS, DiffusionFeatures, DiffusionSettings
from func_corr_ros.correspondence.baselines.method import Method, Subject
from func_corr_ros.correspondence.baselines.sd_dino import WEIGHT, SdDino, fused, sd_dino
from func_corr_ros.correspondence.object_crop import CropSettings, crop_window
from func_corr_ros.errors import BadWeights
from func_corr_ros.pretrained import transformers

tf = transformers()
diffusers = pytest.importorskip("diffusers", reason="pip install 'func_corr_ros[diffusion]'")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("stable_diffusion")
    torch.manual_seed(0)
    diffusers.AutoencoderKL(block_out_channels=(8, 8), down_block_types=("DownEncoderBlock2D",) * 2, latent_channels=4,
                            up_block_types=("UpDecoderBlock2D",) * 2, norm_num_groups=4).save_pretrained(made / "vae")
    diffusers.UNet2DConditionModel(
        sample_size=32, block_out_channels=(8, 16, 16, 16), layers_per_block=1, cross_attention_dim=32, norm_num_groups=4,
        attention_head_dim=4, down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3).save_pretrained(made / "unet")
    diffusers.DDIMScheduler().save_pretrained(made / "scheduler")
    vocabulary = {letter: index for index, letter in enumerate(["a", "a</w>", "<|startoftext|>", "<|endoftext|>"])}
    (made / "tokenizer").mkdir()
    (made / "tokenizer" / "vocab.json").write_text(json.dumps(vocabulary))
    (made / "tokenizer" / "merges.txt").write_text("#version: 0.2\n")
    tf.CLIPTokenizer.from_pretrained(made / "tokenizer", model_max_length=8).save_pretrained(made / "tokenizer")
    words = tf.CLIPTextConfig(vocab_size=4, hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
                              max_position_embeddings=8, bos_token_id=2, eos_token_id=3)
    tf.CLIPTextModel(words).save_pretrained(made / "text_encoder")
    return made


@pytest.fixture(scope="module")
def features(folder) -> DiffusionFeatures:
    return DiffusionFeatures.load(str(folder), settings=DiffusionSettings(size=64))


def subject(shift: int = 0) -> Subject:
    image = np.random.default_rng(1).integers(0, 255, (96, 96, 3), dtype=np.uint8)
    mask = np.zeros((96, 96), dtype=bool)
    mask[20:70, 30:80] = True
    return Subject(np.roll(image, shift, axis=1), np.roll(mask, shift, axis=1), "pour-with", None, f"view {shift}")


def colours(one: Subject) -> Described:
    window = crop_window(one.mask, CropSettings(background="white"))
    grid = np.random.default_rng(2).standard_normal((5, 16, 16)).astype(np.float32)
    return Described(torch.from_numpy(grid), window, one.mask)




def test_layers_are_deterministic_and_depend_on_the_picture(features) -> None:
    rng = np.random.default_rng(0)
    picture, other = rng.integers(0, 255, (2, 64, 64, 3), dtype=np.uint8)
    first, again, different = features.layers(picture), features.layers(picture), features.layers(other)
    assert [layer.shape[1:] for layer in first] == [(8, 8), (16, 16), (32, 32)]
    for one, two, three in zip(first, again, different, strict=True):
        torch.testing.assert_close(one, two, rtol=0.0, atol=0.0)
        assert (one - three).abs().max() > 1e-3


def test_an_object_is_found_where_it_moved_to(features) -> None:
    method = SdDino(DenseMethod("colours", {"conditioned": False}, colours, 600), features, 600)
    assert isinstance(method, Method)
    a, b = method.describe(subject()), method.describe(subject(10))
    points = np.array([[35.0, 30.0], [60.0, 50.0], [75.0, 65.0]], dtype=np.float32)
    np.testing.assert_allclose(method.transfer(a, b, points).uv, points + [10.0, 0.0], atol=1.5)
    np.testing.assert_allclose(method.transfer(b, a, points + np.float32([10, 0])).uv, points, atol=1.5)
    found = method.discover(a, b)
    assert np.median(np.linalg.norm(found.uv_b - found.uv_a - [10.0, 0.0], axis=1)) < 1.5


def test_both_halves_have_their_weight() -> None:
    torch.manual_seed(0)
    dino, layers = [torch.randn(6, 4, 4) for _ in range(2)], [[torch.randn(9, 2, 2), torch.randn(7, 8, 8)] for _ in range(2)]
    one, other = fused(dino, layers)
    assert one.shape == (9 + 7 + 6, 4, 4) == other.shape
    torch.testing.assert_close(one[-6:], (1.0 - WEIGHT) * normalize(dino[0], dim=0))
    torch.testing.assert_close(one[:-6].norm(dim=0), torch.full((4, 4), WEIGHT))


def test_missing_weights_say_where_they_come_from(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    from func_corr_ros.correspondence.baselines.method import MethodSettings

    with pytest.raises(BadWeights, match="stable-diffusion-v1-5.*download=True"):
        sd_dino(MethodSettings())
    (tmp_path / "unet").mkdir()
    with pytest.raises(BadWeights, match="lacks vae, text_encoder, tokenizer, scheduler"):
        DiffusionFeatures.load(str(tmp_path))
    for part in FOLDERS:
        (tmp_path / part).mkdir(exist_ok=True)
    with pytest.raises(BadWeights, match="could not be read"):
        DiffusionFeatures.load(str(tmp_path))
