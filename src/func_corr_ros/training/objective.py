# SPDX-License-Identifier: Apache-2.0
"""What a batch costs: our objective over dense pairs of different objects, and the faithful one of arXiv 2509.03893."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import grid_sample

from func_corr_ros.settings import setting
from func_corr_ros.training.batches import Batch
from func_corr_ros.training.losses import region_loss, soft_match_loss

Texts = Mapping[str, Tensor]


@dataclass(frozen=True)
class ObjectiveSettings:
    """Weights of the losses."""

    region: float = setting(1.0, "weight of the functional part", at_least=0.0)
    wrong: float = setting(0.5, "weight of functions that the object does not serve", at_least=0.0)
    temperature: float = setting(0.07, "temperature of the matches, learned from here on", at_least=1e-3, at_most=1.0)


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
            losses["wrong"] = region_loss(logits, torch.zeros_like(logits), torch.ones_like(logits))
            total = total + self.settings.wrong * losses["wrong"]
        return {"total": total, **losses}
