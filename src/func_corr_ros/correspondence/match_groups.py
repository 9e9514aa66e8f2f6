# SPDX-License-Identifier: Apache-2.0
"""Which pixels are matched with which: with a trained head, the functional part by function, and the rest by looks."""
from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from func_corr_ros.correspondence.embedding import Embedding

# Above this probability a pixel is of the functional part.
PART = 0.5
# A point that the caller asks for is looked for in the functional part from this probability on, and by looks below the other:
# keypoints of a demonstration, a handle's say, need not be of its function.
POINTED, FOREIGN = 0.1, 0.01


@dataclass(frozen=True)
class MatchGroup:
    """Indices of the asked pixels, of the query's anchors and of the target's that are matched among each other; ``by_looks``
    says that the backbone's own features decide: a head's descriptors were never taught what is off the functional part.
    """

    asked: Int64[Tensor, " a"]
    at_home: Int64[Tensor, " b"]
    at_target: Int64[Tensor, " c"]
    by_looks: bool = False

    def features(
        self, asked: Float32[Tensor, "n d"], own: Embedding, there: Embedding
    ) -> tuple[Float32[Tensor, "a e"], Float32[Tensor, "b e"], Float32[Tensor, "c e"]]:
        """Returns the unit vectors that are compared: of the asked pixels, given those of all that were asked, and of anchors."""
        vectors = asked[self.asked], own.features[self.at_home], there.features[self.at_target]
        if not self.by_looks:
            return vectors
        first, second, third = (own.looks_of(some) for some in vectors)
        return first, second, third


def groups(
    count: int, part: Float32[Tensor, " n"] | None, query: Embedding, target: Embedding, pointed: bool
) -> list[MatchGroup]:
    """Returns what is matched with what, of ``count`` asked pixels with these probabilities of being in the ``part``, and the
    anchors of both objects; ``pointed`` says that the caller chose the pixels.
    """
    return [replace(group, **{name: getattr(group, name).to(query.features.device, non_blocking=True) for name in _INDICES})
            for group in _groups(count, part, query, target, pointed) if len(group.asked)]


_INDICES = ("asked", "at_home", "at_target")


def _groups(
    count: int, part: Float32[Tensor, " n"] | None, query: Embedding, target: Embedding, pointed: bool
) -> list[MatchGroup]:
    """Returns the groups, empty ones too, with indices on the CPU: a GPU would have to be asked for each one's size."""
    everything = MatchGroup(*(torch.arange(n) for n in (count, len(query.uv), len(target.uv))))
    if part is None or query.part is None or target.part is None:
        return [everything]
    part, own, there = part.cpu(), query.part.cpu() > PART, target.part.cpu() > PART
    if not own.any() or not there.any():
        return [everything]
    inside = part > (POINTED if pointed else PART)
    functional = MatchGroup(*(some.nonzero()[:, 0] for some in (inside, own, there)))
    if pointed:
        foreign = part < FOREIGN
        rest = [replace(everything, asked=(~inside & ~foreign).nonzero()[:, 0]),
                replace(everything, asked=foreign.nonzero()[:, 0], by_looks=query.has_looks)]
    elif own.all() or there.all():
        rest = [replace(everything, asked=(~inside).nonzero()[:, 0])]
    else:
        asked, at_home, at_target = (some.nonzero()[:, 0] for some in (~inside, ~own, ~there))
        rest = [MatchGroup(asked, at_home, at_target, by_looks=query.has_looks)]
    return [functional, *rest]
