# SPDX-License-Identifier: Apache-2.0
"""Each loss is its formula, computed here the plain way; gradients agree too."""
from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from func_corr_ros.training.losses import functional_loss, region_loss, soft_match_loss, spatial_loss


def unit(*shape: int, seed: int) -> Tensor:
    values = torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return normalize(values, dim=-1).requires_grad_()


def gradients(loss: Tensor, *of: Tensor) -> tuple[Tensor, ...]:
    return torch.autograd.grad(loss, of)


def test_one_hot_targets_give_cross_entropy() -> None:
    similarity = unit(2, 5, 7, seed=0)
    index = torch.tensor([[0, 3, 6, 2, 1], [5, 5, 0, 1, 2]])
    target = torch.nn.functional.one_hot(index, 7).double()
    loss = soft_match_loss(similarity, target, torch.ones(2, 7, dtype=torch.bool), torch.tensor(0.2, dtype=torch.float64))
    expected = cross_entropy(similarity.reshape(10, 7) / 0.2, index.reshape(10))
    torch.testing.assert_close(loss, expected)


def test_what_is_no_candidate_and_who_has_no_partner_do_not_count() -> None:
    similarity, target = unit(1, 3, 4, seed=1), torch.zeros(1, 3, 4, dtype=torch.float64)
    target[0, 0, 1] = target[0, 1, 2] = 1.0
    candidates = torch.tensor([[True, True, True, False]])
    loss = soft_match_loss(similarity, target, candidates, torch.tensor(0.1, dtype=torch.float64))
    expected = cross_entropy(similarity[0, :2, :3] / 0.1, torch.tensor([1, 2]))
    torch.testing.assert_close(loss, expected)
    (gradient,) = gradients(loss, similarity)
    assert (gradient[0, 2] == 0).all() and (gradient[0, :, 3] == 0).all()


@pytest.mark.parametrize("other_anchor", [False, True])
def test_the_functional_loss_is_that_of_the_written_out_logits(other_anchor: bool) -> None:
    parts = [unit(2, 5, 6, seed=seed) for seed in range(4)]
    loss = functional_loss(*parts, other_anchor=other_anchor)
    plain = []
    for pa, pb, na, nb in zip(*parts, strict=True):
        negatives = [torch.cat([pa[i] @ nb.T, pb[i] @ na.T, na[i] @ nb.T]) / 0.1 for i in range(5)]
        for i in range(5):
            rows = torch.stack([
                torch.cat([(pa[i] @ pb[j])[None] / 0.1, negatives[j if other_anchor else i]]) for j in range(5)
            ])
            plain.append(cross_entropy(rows, torch.zeros(5, dtype=torch.int64)))
    expected = torch.stack(plain).mean()
    torch.testing.assert_close(loss, expected)
    for mine, theirs in zip(gradients(loss, *parts), gradients(expected, *parts), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-9, rtol=1e-5)


def test_the_spatial_loss_is_infonce_over_the_shared_points() -> None:
    a, b = unit(1, 6, 4, seed=3), unit(1, 6, 4, seed=4)
    shared = torch.tensor([[True, True, False, True, True, False]])
    index = torch.arange(6)[shared[0]]
    expected = cross_entropy((a[0, index] @ b[0, index].T) / 0.1, torch.arange(4))
    torch.testing.assert_close(spatial_loss(a, b, shared), expected)


@pytest.mark.parametrize("weight, expected", [([1.0, 1.0], 0.5 * (0.6931472 + 1.3132617)), ([1.0, 0.0], 0.6931472)])
def test_the_region_loss_is_a_weighted_mean(weight: list[float], expected: float) -> None:
    loss = region_loss(torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, 0.0]]), torch.tensor([weight]))
    assert loss.item() == pytest.approx(expected, rel=1e-6)
