# SPDX-License-Identifier: Apache-2.0
"""Objectives over whole batches: what is picked, which faults change what, and that everything learns."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from training.pools import CHANNELS, small_pool

from func_corr_ros.correspondence.head import ContextHead, ContextHeadSettings, PaperHead, PaperHeadSettings
from func_corr_ros.training.batches import Batch, BatchSettings, drawn_batch
from func_corr_ros.training.objective import (
    Objective,
    ObjectiveSettings,
    PaperObjective,
    PaperObjectiveSettings,
    first_of,
    picked,
)

FUNCTIONS = ["pour-with", "hang-onto", "pound-with"]


@pytest.fixture(scope="module")
def batch(views: Path) -> Batch:
    settings = BatchSettings(pairs=6, samples=64, pixels=48, itself=0.5, softness=0.0)
    return drawn_batch(small_pool(views), settings, FUNCTIONS, 0, 0).to("cpu")


def texts(count: int) -> torch.Tensor:
    return torch.randn(count, 5, generator=torch.Generator().manual_seed(3))


def paper_head() -> PaperHead:
    torch.manual_seed(0)
    return PaperHead(3, CHANNELS // 3, 5, PaperHeadSettings(image_channels=8, hidden=16, channels=8))


def paper_losses(batch: Batch, settings: PaperObjectiveSettings) -> dict[str, float]:
    losses = PaperObjective(settings, 224)(paper_head(), batch, texts(len(batch.functions)), texts(0))
    return {name: float(value) for name, value in losses.items()}


def test_the_first_true_ones_are_picked_again_where_they_are_few() -> None:
    true = torch.tensor([[False, True, False, True, True], [False, False, True, False, False], [False] * 5])
    assert first_of(true, 4).tolist() == [[1, 3, 4, 1], [2, 2, 2, 2], [0, 0, 0, 0]]
    values = torch.arange(30.0).reshape(3, 5, 2)
    assert torch.equal(picked(values, first_of(true, 2))[0], values[0, [1, 3]])


def test_the_paper_total_is_the_weighted_mean(batch: Batch) -> None:
    assert batch.itself.any() and not batch.itself.all()
    found = paper_losses(batch, PaperObjectiveSettings(points=16))
    expected = (found["functional"] + 10.0 * found["spatial"] + found["region"]) / 12.0
    assert found["total"] == pytest.approx(expected, rel=1e-5)
    alone = paper_losses(batch, PaperObjectiveSettings(points=16, spatial=0.0, region=0.0))
    assert alone["total"] == pytest.approx(found["functional"], rel=1e-5)


def test_each_fault_changes_its_own_loss_only(batch: Batch) -> None:
    right = paper_losses(batch, PaperObjectiveSettings(points=16))
    misaligned = paper_losses(batch, PaperObjectiveSettings(points=16, misaligned=True))
    other_anchor = paper_losses(batch, PaperObjectiveSettings(points=16, other_anchor=True))
    assert misaligned["spatial"] != pytest.approx(right["spatial"], rel=1e-4)
    assert misaligned["functional"] == right["functional"] and misaligned["region"] == right["region"]
    assert other_anchor["functional"] != pytest.approx(right["functional"], rel=1e-6)
    assert other_anchor["spatial"] == right["spatial"]


class Places(torch.nn.Module):
    """A head whose descriptors say which point of the object a pixel shows: the sum of its features' places."""

    def grid(self, features: torch.Tensor, coverage: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
        del coverage, text
        return features

    def finish(self, sampled: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        descriptors = torch.nn.functional.normalize(sampled, dim=-1)
        return descriptors, descriptors[..., 0]


def test_the_same_point_is_the_positive(batch: Batch) -> None:
    """Views whose features are those of the same picture, so that the same place looks the same: aligned positives cost least."""
    p = len(batch.itself)
    first = torch.zeros(p, dtype=torch.bool)
    first[int(batch.itself.nonzero()[0])] = True
    eye = torch.eye(batch.uv.shape[1])[None].expand(p, -1, -1)
    same = replace(
        batch, features=batch.features[:p].repeat(2, 1, 1, 1), uv=batch.uv[:p].repeat(2, 1, 1), seen=batch.seen[:p].repeat(2, 1),
        partner=eye * batch.seen[:p, :, None], itself=first,
    )
    settings = PaperObjectiveSettings(points=32)
    found = PaperObjective(settings, 224)(Places(), same, texts(2 * p), texts(0))["spatial"]
    turned = replace(same, partner=same.partner.roll(1, dims=2) * same.seen[:p, None])
    assert found < PaperObjective(settings, 224)(Places(), turned, texts(2 * p), texts(0))["spatial"]


def test_all_weights_learn(batch: Batch) -> None:
    paper, ours = paper_head(), ContextHead(3, CHANNELS // 3, 5, ContextHeadSettings(width=24, blocks=1, heads=3, channels=8))
    for head, objective in ((paper, PaperObjective(PaperObjectiveSettings(points=16), 224)),
                            (ours, Objective(ObjectiveSettings(), 224))):
        objective(head, batch, texts(len(batch.functions)), texts(len(batch.wrong)))["total"].backward()
        still = {name for name, weight in head.named_parameters() if weight.grad is None or not weight.grad.isfinite().all()}
        assert still == set()


def test_two_shares_of_a_batch_make_its_loss(views: Path) -> None:
    pool, settings = small_pool(views), BatchSettings(pairs=8, samples=64, pixels=32)
    head = ContextHead(3, CHANNELS // 3, 5, ContextHeadSettings(width=24, blocks=1, heads=3, channels=8))
    objective, words = Objective(ObjectiveSettings(), 224), {name: texts(1)[0] + i for i, name in enumerate(FUNCTIONS)}

    def total(share: tuple[int, int]) -> float:
        one = drawn_batch(pool, settings, FUNCTIONS, 0, 0, share).to("cpu")
        said = torch.stack([words[name] for name in one.functions])
        wrong = torch.stack([words[name] for name in one.wrong_functions]) if one.wrong_functions else said[:0]
        return float(objective(head, one, said, wrong)["total"])

    assert (total((0, 2)) + total((1, 2))) / 2 == pytest.approx(total((0, 1)), rel=1e-5)
