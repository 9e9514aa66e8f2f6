# SPDX-License-Identifier: Apache-2.0
"""Nearest neighbours of feature vectors, both ways, in blocks: the N x M similarities never exist at once."""
from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Float32, Int64
from torch import Tensor

# Vectors of each side that are compared at once: 2048 x 2048 similarities are 16 MiB. On a CPU, larger blocks are not faster.
CHUNK = 2048


@dataclass(frozen=True)
class NearestNeighbours:
    """For every vector of a its nearest in b and the cosine of both, and the same from b to a."""

    index_ab: Int64[Tensor, " n"]
    score_ab: Float32[Tensor, " n"]
    index_ba: Int64[Tensor, " m"]
    score_ba: Float32[Tensor, " m"]


def nearest_neighbours(a: Float[Tensor, "n d"], b: Float[Tensor, "m d"], chunk: int = CHUNK) -> NearestNeighbours:
    """Returns the nearest neighbours of unit vectors ``a`` and ``b`` (cosine; n, m >= 1), in one pass for both ways.

    Whatever their dtype, similarities are computed in float32; beside the result, 2 chunk x (chunk + d) numbers are held.
    Of equal neighbours the first is taken on the CPU.
    """
    n, m = len(a), len(b)
    index_ab, score_ab = _nothing_yet(n, a.device)
    index_ba, score_ba = _nothing_yet(m, a.device)
    forth = torch.empty(min(chunk, n) * min(chunk, m), device=a.device)
    back = torch.empty_like(forth)
    for row in range(0, n, chunk):
        rows = a[row : row + chunk].float()
        for column in range(0, m, chunk):
            columns = b[column : column + chunk].float()
            count = len(rows) * len(columns)
            similarity = torch.mm(rows, columns.T, out=forth[:count].view(len(rows), len(columns)))
            _keep_better(similarity, column, index_ab[row : row + chunk], score_ab[row : row + chunk])
            # On a CPU, the maximum along rows of a transposed copy is found three times faster than along columns.
            similarity = back[:count].view(len(columns), len(rows)).copy_(similarity.T)
            _keep_better(similarity, row, index_ba[column : column + chunk], score_ba[column : column + chunk])
    return NearestNeighbours(index_ab, score_ab, index_ba, score_ba)


def cycle_distance(uv_a: Float[Tensor, "n 2"], neighbours: NearestNeighbours) -> Float[Tensor, " n"]:
    """Returns how far from itself each pixel of a ends up after going to b and back."""
    return (uv_a[neighbours.index_ba[neighbours.index_ab]] - uv_a).norm(dim=1)


def mutual(neighbours: NearestNeighbours) -> Bool[Tensor, " n"]:
    """Returns which vectors of a are the nearest neighbour of their own nearest neighbour."""
    there_and_back = neighbours.index_ba[neighbours.index_ab]
    return there_and_back == torch.arange(len(there_and_back), device=there_and_back.device)


def windowed_soft_argmax(
    query: Float[Tensor, "k d"],
    target: Float[Tensor, "m d"],
    uv_target: Float[Tensor, "m 2"],
    peak: Int64[Tensor, " k"],
    *,
    stride: int,
    radius: int,
    temperature: float,
    chunk: int = CHUNK,
) -> Float[Tensor, "k 2"]:
    """Returns the similarity-weighted mean pixel (softmax of cosine / ``temperature``) around each ``peak``.

    ``uv_target`` is a lattice of ``stride`` px with holes; the window reaches ``radius`` lattice steps each way and
    leaves the holes out. Radius 0 returns the peaks themselves. Differentiable in ``query`` and ``target``.
    """
    lattice, cell = _lattice(uv_target, stride, radius)
    reach = torch.arange(-radius, radius + 1, device=cell.device)
    window = torch.stack(torch.meshgrid(reach, reach, indexing="ij"), dim=-1).view(-1, 2)
    # Blocks hold chunk vectors in all, as elsewhere, whatever the window's size.
    step = max(chunk // len(window), 1)
    refined = []
    for start in range(0, len(peak), step):
        around = cell[peak[start : start + step]][:, None] + window
        index = lattice[around[..., 1], around[..., 0]]
        vectors = target[index.clamp(min=0)].float()
        similarity = torch.einsum("kd,kwd->kw", query[start : start + step].float(), vectors)
        weight = torch.softmax((similarity / temperature).masked_fill(index < 0, -math.inf), dim=1).to(uv_target.dtype)
        refined.append((weight[..., None] * uv_target[index.clamp(min=0)]).sum(dim=1))
    return torch.cat(refined) if refined else uv_target.new_zeros(0, 2)


def _lattice(uv: Float[Tensor, "m 2"], stride: int, border: int) -> tuple[Int64[Tensor, "h w"], Int64[Tensor, "m 2"]]:
    """Returns the index of the vector in each lattice cell (-1 where there is none, and in the border), and each one's cell."""
    cell = ((uv - uv.amin(dim=0)) / stride).round().long() + border
    width, height = (int(size) + border + 1 for size in cell.amax(dim=0))
    lattice = torch.full((height, width), -1, dtype=torch.int64, device=uv.device)
    lattice[cell[:, 1], cell[:, 0]] = torch.arange(len(uv), device=uv.device)
    return lattice, cell


def _nothing_yet(count: int, device: torch.device) -> tuple[Int64[Tensor, " {count}"], Float32[Tensor, " {count}"]]:
    return torch.zeros(count, dtype=torch.int64, device=device), torch.full((count,), -math.inf, device=device)


def _keep_better(similarity: Tensor, offset: int, index: Tensor, score: Tensor) -> None:
    found = similarity.max(dim=1)
    better = found.values > score
    score[better] = found.values[better]
    index[better] = found.indices[better] + offset
