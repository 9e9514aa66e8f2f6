# SPDX-License-Identifier: Apache-2.0
"""A backbone that sees colours and a small head on it, for tests of what surrounds trained heads."""
from __future__ import annotations

import numpy as np
import torch

from func_corr_ros.correspondence.backbone import BackboneSettings
from func_corr_ros.correspondence.object_crop import CropSettings
from func_corr_ros.correspondence.trained_head import HeadSpec, TrainedHead, make_head

LAYERS, CHANNELS, WORDS = 2, 4, 5
SHA256 = "a" * 64


class ColourBackbone:
    """Two blocks, both of a patch's mean colour and a constant."""

    name, weights_sha256, patch_size = "colour", SHA256, 14

    def __init__(self) -> None:
        self.calls: list[np.ndarray] = []

    def patch_features(self, images: np.ndarray) -> torch.Tensor:
        self.calls.append(images)
        b, h, w, _ = images.shape
        patches = images.reshape(b, h // 14, 14, w // 14, 14, 3).mean(axis=(2, 4)) / 255.0
        colours = np.concatenate([patches, np.ones_like(patches[..., :1])], axis=3)
        return torch.from_numpy(np.concatenate([colours] * LAYERS, axis=3)).float().permute(0, 3, 1, 2)


def head_spec(**changed: object) -> HeadSpec:
    told: dict[str, object] = {
        "kind": "context", "backbone": "colour", "backbone_sha256": SHA256, "text_encoder": "minilm",
        "text_encoder_sha256": "b" * 64,
        "layers": LAYERS, "layer_channels": CHANNELS, "text_channels": WORDS,
        "settings": {"width": 24, "blocks": 1, "heads": 3, "channels": 8},
        "features": BackboneSettings(layers=(0, 1), aggregate="concat", final_norm=False), "crop": CropSettings(),
    }
    return HeadSpec(**{**told, **changed})  # type: ignore[arg-type]


def small_head(seed: int = 0, **changed: object) -> TrainedHead:
    torch.manual_seed(seed)
    spec = head_spec(**changed)
    network = make_head(spec)
    with torch.no_grad():  # gates and scales of a new head do not listen to the function yet
        for weight in network.parameters():
            weight.add_(0.2 * torch.randn_like(weight))
    words = {name: torch.nn.functional.normalize(torch.randn(WORDS), dim=0) for name in ("pour-with", "cut-with")}
    return TrainedHead(network, spec, words)
