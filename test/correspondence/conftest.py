# SPDX-License-Identifier: Apache-2.0
"""A tiny, randomly initialised DINOv2 in a folder, as transformers saves it, and the real one, opened once."""
from __future__ import annotations

import pytest
import torch

from func_corr_ros import torchvision_operators
from func_corr_ros.correspondence.backbone import load_backbone


@pytest.fixture(scope="session")
def tiny_config():
    torchvision_operators.import_torchvision()
    from transformers import Dinov2Config

    return Dinov2Config(hidden_size=24, num_hidden_layers=4, num_attention_heads=3, patch_size=14, image_size=70, mlp_ratio=2)


@pytest.fixture(scope="session")
def tiny_folder(tiny_config, tmp_path_factory):
    from transformers import Dinov2Model

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("tiny_dinov2")
    Dinov2Model(tiny_config).save_pretrained(folder, safe_serialization=True)
    return folder


@pytest.fixture(scope="session")
def dinov2_small():
    return load_backbone("dinov2-small", device="cpu")
