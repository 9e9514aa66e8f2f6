# SPDX-License-Identifier: Apache-2.0
"""What a batch costs: our objective over dense pairs of different objects, and the faithful one of arXiv 2509.03893."""
from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import grid_sample

from func_corr_ros.settings import setting
from func_corr_ros.training.batches import WRONG_EVERY, Batch
from func_corr_ros.training.losses import functional_loss, region_loss, soft_match_loss, spatial_loss


@dataclass(frozen=True)
class ObjectiveSettings:
    """Weights of our losses."""

    region: float = setting(1.0, "weight of the functional part", at_least=0.0)
    wrong: float = setting(0.5, "weight of functions that the object does not serve", at_least=0.0)
    temperature: float = setting(0.07, "temperature of the matches, learned from here on", at_least=1e-3, at_most=1.0)


@dataclass(frozen=True)
class PaperObjectiveSettings:
    """Weights of the losses of arXiv 2509.03893, and the faults of its release, each of which can be had back."""

    functional: float = setting(1.0, "weight of telling the functional part from the rest", at_least=0.0)
    spatial: float = setting(10.0, "weight of finding the same point in another view of the object", at_least=0.0)
    region: float = setting(1.0, "weight of the functional part as a mask", at_least=0.0)
    points: int = setting(128, "points in the part, and elsewhere, of each view", at_least=2)
    temperature: float = setting(0.1, "temperature of all similarities", at_least=1e-3, at_most=10.0)
    misaligned: bool = setting(False, "pair the k-th common points in reading order instead of the same points (a fault)")
    other_anchor: bool = setting(False, "give anchor i of one view the negatives of anchor j of the other (a fault)")


def sampled(
    grid: Float[Tensor, "b c gh gw"], uv: Float[Tensor, "b n 2"], size: int
) -> Float[Tensor, "b n c"]:
    """Returns the grids at pixels of pictures of ``size`` px: patch_grid.sample_grid for batches."""
    places = 2.0 * (uv + 0.5) / size - 1.0
    found = grid_sample(grid, places[:, None], mode="bilinear", padding_mode="border", align_corners=False)
    return found[:, :, 0].transpose(1, 2)


class Objective(nn.Module):
    """Ours: soft dense matches both ways among all that the other object shows, and its functional part."""

    def __init__(self, settings: ObjectiveSettings, size: int) -> None:
        super().__init__()
        self.settings, self.size = settings, size
        self.log_temperature = nn.Parameter(torch.tensor(settings.temperature).log())

    def forward(self, head: nn.Module, batch: Batch, texts: Tensor, wrong_texts: Tensor) -> dict[str, Tensor]:
        """Returns the losses by name, "total" among them; ``texts`` are those of all 2p views."""
        grid = head.grid(batch.features, batch.coverage, texts)
        at = torch.cat([batch.uv, batch.pixels], dim=1)
        descriptors, logits = head.finish(sampled(grid, at, self.size))
        count, p = batch.uv.shape[1], len(batch.partner)
        candidates = torch.cat([batch.seen, ~batch.in_part], dim=1)
        temperature = self.log_temperature.exp()
        a, b = descriptors[:p], descriptors[p:]
        rest = torch.zeros(p, count, batch.pixels.shape[1], device=a.device)
        losses = {
            "match": 0.5 * sum(
                soft_match_loss(own[:, :count] @ other.transpose(1, 2), torch.cat([target, rest], dim=2), there, temperature)
                for own, other, target, there in (
                    (a, b, batch.partner, candidates[p:]), (b, a, batch.partner_back, candidates[:p]))
            )
        }
        inside = torch.cat([torch.ones_like(batch.seen, dtype=torch.float32), batch.in_part.float()], dim=1)
        weight = torch.cat([
            0.3 * batch.seen / batch.seen.sum(dim=1, keepdim=True).clamp(min=1),
            torch.full_like(batch.in_part, 1.0 / batch.pixels.shape[1], dtype=torch.float32),
        ], dim=1)
        losses["region"] = region_loss(logits, inside, weight)
        total = losses["match"] + self.settings.region * losses["region"]
        if self.settings.wrong > 0.0 and len(batch.wrong):
            grid = head.grid(batch.features[batch.wrong], batch.coverage[batch.wrong], wrong_texts)
            _, logits = head.finish(sampled(grid, batch.pixels[batch.wrong], self.size))
            # Counted per pair, not per wrong view: machines that share a batch have unequal numbers of those.
            share = len(batch.wrong) * WRONG_EVERY / p
            losses["wrong"] = share * region_loss(logits, torch.zeros_like(logits), torch.ones_like(logits))
            total = total + self.settings.wrong * losses["wrong"]
        return {"total": total, **losses}


class PaperObjective(nn.Module):
    """That of arXiv 2509.03893: functional InfoNCE between objects, spatial InfoNCE between views of one, and a mask."""

    def __init__(self, settings: PaperObjectiveSettings, size: int) -> None:
        super().__init__()
        self.settings, self.size = settings, size

    def forward(self, head: nn.Module, batch: Batch, texts: Tensor, wrong_texts: Tensor) -> dict[str, Tensor]:
        """Returns the losses by name, "total" among them; ``wrong_texts`` are not used."""
        settings, p, n = self.settings, len(batch.itself), self.settings.points
        inside, outside = first_of(batch.seen, n), first_of(~batch.in_part, n)
        at = torch.cat([picked(batch.uv, inside), picked(batch.pixels, outside)], dim=1)
        grid = head.grid(batch.features, batch.coverage, texts)
        descriptors, logits = head.finish(sampled(grid, at, self.size))
        positive, negative = descriptors[:, :n], descriptors[:, n:]
        # Where all that is seen of an object is the part, there is nothing to tell it from.
        told = (~batch.in_part).any(dim=1)
        across = ~batch.itself & told[:p] & told[p:]
        losses = {name: descriptors.sum() * 0.0 for name in ("functional", "spatial")}
        if across.any():
            losses["functional"] = functional_loss(
                positive[:p][across], positive[p:][across], negative[:p][across], negative[p:][across], settings.temperature,
                other_anchor=settings.other_anchor,
            )
        if batch.itself.any():
            losses["spatial"] = self._spatial(head, grid, batch)
        part = torch.cat([torch.ones_like(inside), torch.zeros_like(outside)], dim=1).float()
        counted = torch.cat([torch.ones_like(inside, dtype=torch.bool), told[:, None].expand_as(outside)], dim=1)
        losses["region"] = region_loss(logits, part, counted.float())
        weights = {"functional": settings.functional, "spatial": settings.spatial, "region": settings.region}
        total = sum(weight * losses[name] for name, weight in weights.items()) / max(sum(weights.values()), 1e-9)
        return {"total": total, **losses}

    def _spatial(self, head: nn.Module, grid: Tensor, batch: Batch) -> Tensor:
        p, n = len(batch.itself), self.settings.points
        common = batch.partner[batch.itself].sum(dim=2) > 0
        in_a = first_of(common, n)
        in_b = picked(batch.partner[batch.itself].argmax(dim=2)[..., None], in_a)[..., 0]
        uv = [picked(batch.uv[:p][batch.itself], in_a), picked(batch.uv[p:][batch.itself], in_b)]
        if self.settings.misaligned:
            uv = [picked(some, (some[..., 1].round() * self.size + some[..., 0]).argsort(dim=1)) for some in uv]
        grids = grid[:p][batch.itself], grid[p:][batch.itself]
        a, b = (head.finish(sampled(half, some, self.size))[0] for half, some in zip(grids, uv, strict=True))
        real = torch.arange(n, device=a.device)[None] < common.sum(dim=1, keepdim=True)
        return spatial_loss(a, b, real, self.settings.temperature)


def first_of(true: Tensor, count: int) -> Tensor:
    """Returns the indices (b, count) of the first true ones of each row of ``true`` (b, n), again from the first where they are
    too few; of rows without any, whatever comes first. Samples are in random order: the first are a fair draw.
    """
    order = (~true).to(torch.uint8).argsort(dim=1, stable=True)
    places = torch.arange(count, device=true.device)[None] % true.sum(dim=1, keepdim=True).clamp(min=1)
    return order.gather(1, places)


def picked(values: Tensor, index: Tensor) -> Tensor:
    """Returns rows ``index`` (b, k) of ``values`` (b, n, c)."""
    return values.gather(1, index[..., None].expand(-1, -1, values.shape[2]))
