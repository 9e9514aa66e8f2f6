# SPDX-License-Identifier: Apache-2.0
"""Features without a network: a pixel's colour, spread over waves so that near colours are alike and far ones are not."""

import numpy as np
import torch

from func_corr_ros.correspondence.model import CorrespondenceSettings, FunctionalCorrespondence

WAVES = torch.tensor([1.0, 2.0, 4.0, 8.0])


class ColorBackbone:
    """Has what a backbone has, but looks at colours only; one feature vector per ``cell`` pixels."""

    name, weights_sha256, patch_size = "colors", "0" * 64, 14

    def __init__(self, cell: int = 2) -> None:
        self.cell = cell

    def patch_features(self, images: np.ndarray) -> torch.Tensor:
        pixels = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255.0
        colors = torch.nn.functional.avg_pool2d(pixels, self.cell)
        phase = colors[:, :, None] * WAVES[None, None, :, None, None] * torch.pi
        return torch.cat([phase.cos(), phase.sin()], dim=2).flatten(1, 2)


def load(settings=None) -> FunctionalCorrespondence:
    """Returns the model; few pixels, so that a frame takes little time."""
    return FunctionalCorrespondence(ColorBackbone(), CorrespondenceSettings(max_pixels=1500))
