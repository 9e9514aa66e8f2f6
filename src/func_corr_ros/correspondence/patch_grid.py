# SPDX-License-Identifier: Apache-2.0
"""Between pixels and the cells of a patch grid: cell i of stride s has its centre at pixel (i + 0.5) * s - 0.5."""
from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import embedding_bag


def cell_centres(cells: int, stride: float | int, device: torch.device | str = "cpu") -> Float[Tensor, " {cells}"]:
    """Returns the pixel coordinates of the cells' centres along one side."""
    return (torch.arange(cells, device=device) + 0.5) * stride - 0.5


def sample_grid(features: Float[Tensor, "c gh gw"], uv: Float[Tensor, "n 2"], stride: float | int = 14) -> Float[Tensor, "n c"]:
    """Returns the features at pixels (u, v): bilinear between cell centres, the border cells' values beyond the outermost.

    Differentiable in both arguments. Features on a GPU do best with ``uv`` on the CPU: where cells lie is found there while the
    GPU still makes the features, and twenty small kernels are saved.
    """
    cells, weights = corner_cells(uv, features.shape[1], features.shape[2], stride)
    table = features.flatten(1).T.contiguous()
    weights = weights.to(table.device, table.dtype, non_blocking=True)
    return embedding_bag(cells.to(table.device, non_blocking=True), table, per_sample_weights=weights, mode="sum")


def corner_cells(
    uv: Float[Tensor, "n 2"], rows: int, columns: int, stride: float | int
) -> tuple[Int64[Tensor, "n 4"], Float[Tensor, "n 4"]]:
    """Returns the four cells around each pixel, counted in reading order, and their bilinear weights; beyond the centres of the
    outermost cells these alone count.
    """
    last = torch.tensor([columns - 1, rows - 1], device=uv.device)
    at = torch.minimum(((uv + 0.5) / stride - 0.5).nan_to_num().clamp(min=0.0), last)
    low = at.floor()
    u, v = (at - low).unbind(1)
    left, top = low.long().unbind(1)
    right, bottom = (left + 1).clamp(max=columns - 1), (top + 1).clamp(max=rows - 1)
    cells = torch.stack([top * columns + left, top * columns + right, bottom * columns + left, bottom * columns + right], dim=1)
    return cells, torch.stack([(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u], dim=1)
