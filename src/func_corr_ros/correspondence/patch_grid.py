# SPDX-License-Identifier: Apache-2.0
"""Between pixels and the cells of a patch grid: cell i of stride s has its centre at pixel (i + 0.5) * s - 0.5."""
from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import grid_sample


def cell_centres(cells: int, stride: float | int, device: torch.device | str = "cpu") -> Float[Tensor, " {cells}"]:
    """Returns the pixel coordinates of the cells' centres along one side."""
    return (torch.arange(cells, device=device) + 0.5) * stride - 0.5


def sample_grid(features: Float[Tensor, "c gh gw"], uv: Float[Tensor, "n 2"], stride: float | int = 14) -> Float[Tensor, "n c"]:
    """Returns the features at pixels (u, v): bilinear between cell centres, the border cells' values beyond the outermost.

    Differentiable in both arguments.
    """
    size = torch.tensor([features.shape[2], features.shape[1]], device=uv.device) * stride
    normalised = (2.0 * (uv + 0.5) / size - 1.0).to(features.dtype)  # -1 and 1 are the outer edges of the outermost cells
    sampled = grid_sample(features[None], normalised[None, None], mode="bilinear", padding_mode="border", align_corners=False)
    return sampled[0, :, 0].T
