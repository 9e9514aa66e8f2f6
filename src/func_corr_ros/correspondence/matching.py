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


@dataclass(frozen=True)
class SoftNeighbours:
    """For every query its best target: ``index``, its ``score`` (cosine), ``uv``, the mean place around it, and ``mass``, the
    share of softmax(cosine / temperature) over all targets that lies within reach: near 1 where nothing else comes close.
    """

    index: Int64[Tensor, " k"]
    score: Float[Tensor, " k"]
    uv: Float[Tensor, "k 2"]
    mass: Float[Tensor, " k"]


def soft_neighbours(
    query: Float[Tensor, "k d"], target: Float[Tensor, "m d"], uv_target: Float[Tensor, "m 2"], *, reach: float,
    temperature: float, chunk: int = CHUNK,
) -> SoftNeighbours:
    """Returns the best target of each unit vector of ``query``, and the mean (softmax of cosine / ``temperature``) of the places
    of all targets within ``reach`` px of the best one's; that place itself for a reach of 0 (the mass is then that of all
    targets there). Differentiable in the vectors.

    Similarities are computed in float32; about 4 chunk x chunk numbers are held (but at least one query's, m).
    """
    rows = max(chunk * chunk // max(len(target), 1), 1)
    found = [_soft(some.float(), target.float(), uv_target, reach, temperature) for some in query.split(rows)]
    index, score, uv, mass = (torch.cat(parts) for parts in zip(*found, strict=True)) if found else (
        torch.zeros(0, dtype=torch.int64), query.new_zeros(0), uv_target.new_zeros(0, 2), query.new_zeros(0))
    return SoftNeighbours(index, score, uv, mass)


def _soft(
    query: Tensor, target: Tensor, uv: Tensor, reach: float, temperature: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    similarity = query @ target.T
    score, index = similarity.max(dim=1)
    # In place where no gradient is asked for: on a CPU, new memory costs more than the arithmetic.
    weight = similarity.sub_(score[:, None]).mul_(1.0 / temperature).exp_()
    total = weight.sum(dim=1)
    best, which = distinct(index)  # many queries share a target: fewer distances
    near = (torch.cdist(uv[best], uv) <= max(reach, 0.0)).to(weight.dtype)[which]
    near = weight * near if weight.requires_grad else near.mul_(weight)
    within = near.sum(dim=1)
    if reach <= 0.0:
        return index, score, uv[index], within / total
    return index, score, near.to(uv.dtype) @ uv / within[:, None].to(uv.dtype), within / total


def distinct(index: Int64[Tensor, " k"]) -> tuple[Int64[Tensor, " u"], Int64[Tensor, " k"]]:
    """Returns the different numbers of ``index``, and which of them each is; on a GPU all of them, for sorting them would make it
    wait for their count (not measured there yet: benchmarks/gpu_stages.py).
    """
    if index.is_cuda:
        return index, torch.arange(len(index), device=index.device)
    values, which = index.unique(return_inverse=True)
    return values, which


def _nothing_yet(count: int, device: torch.device) -> tuple[Int64[Tensor, " {count}"], Float32[Tensor, " {count}"]]:
    return torch.zeros(count, dtype=torch.int64, device=device), torch.full((count,), -math.inf, device=device)


def _keep_better(similarity: Tensor, offset: int, index: Tensor, score: Tensor) -> None:
    found = similarity.max(dim=1)
    better = found.values > score
    score[better] = found.values[better]
    index[better] = found.indices[better] + offset
