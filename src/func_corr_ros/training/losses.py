# SPDX-License-Identifier: Apache-2.0
"""What a head is trained by: one formula each, the sum over negatives as one log-sum-exp per anchor."""
from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def soft_match_loss(
    similarity: Float[Tensor, "b n m"], target: Float[Tensor, "b n m"], candidates: Bool[Tensor, "b m"],
    temperature: Float[Tensor, ""],
) -> Float[Tensor, ""]:
    """Returns the mean over pairs of their mean cross-entropy between ``target`` and softmax(similarity / temperature) over the
    candidates.

    Rows of ``target`` sum to one, or are zero where the anchor has no partner: those do not count. With one-hot targets this
    is InfoNCE (van den Oord et al. 2018). Each pair counts alike, so that any split of a batch over machines is the same sum.
    """
    logits = (similarity / temperature).masked_fill(~candidates[:, None], -1e4)
    row = logits.logsumexp(dim=2) - (target * logits).sum(dim=2)
    weight = target.sum(dim=2)
    return ((row * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1e-6)).mean()


def functional_loss(
    positive_a: Float[Tensor, "b n d"], positive_b: Float[Tensor, "b n d"], negative_a: Float[Tensor, "b k d"],
    negative_b: Float[Tensor, "b k d"], temperature: float = 0.1, *, other_anchor: bool = False,
) -> Float[Tensor, ""]:
    """Returns the paper's functional InfoNCE: every cross-image pair of part points (i, j) is a positive; its negatives are
    (part of a, rest of b), (rest of a, part of b) and (rest of a, rest of b), the k of each that belong to anchor i or j.

    mean_ij log(1 + exp(N_i - s_ij)), N_i the log-sum-exp of anchor i's negatives: nothing larger than n x n and n x k is held.
    ``other_anchor`` takes N_j instead, as the paper's release does by mistake.
    """
    positive = positive_a @ positive_b.transpose(1, 2) / temperature
    negatives = torch.cat([
        positive_a @ negative_b.transpose(1, 2), positive_b @ negative_a.transpose(1, 2), negative_a @ negative_b.transpose(1, 2)
    ], dim=2) / temperature
    against = negatives.logsumexp(dim=2)
    return torch.nn.functional.softplus((against[:, None] if other_anchor else against[:, :, None]) - positive).mean()


def spatial_loss(
    a: Float[Tensor, "b n d"], b: Float[Tensor, "b n d"], shared: Bool[Tensor, "b n"], temperature: float = 0.1
) -> Float[Tensor, ""]:
    """Returns InfoNCE from points of a to the same points in b, the other points of b being negatives; ``shared`` are real."""
    similarity = (a @ b.transpose(1, 2)) / temperature
    similarity = similarity.masked_fill(~shared[:, None], -1e4)
    row = similarity.logsumexp(dim=2) - similarity.diagonal(dim1=1, dim2=2)
    return ((row * shared).sum(dim=1) / shared.sum(dim=1).clamp(min=1)).mean()


def region_loss(logits: Float[Tensor, "b n"], part: Float[Tensor, "b n"], weight: Float[Tensor, "b n"]) -> Float[Tensor, ""]:
    """Returns the mean over views of their weighted mean binary cross-entropy of being in the functional part."""
    loss = binary_cross_entropy_with_logits(logits, part, reduction="none")
    return ((loss * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1e-6)).mean()
