# SPDX-License-Identifier: Apache-2.0
"""Methods that have a grid of features per object: the best pixel for a point, and all matches between two objects."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float32
from torch import Tensor
from torch.nn.functional import normalize

from func_corr_ros.correspondence.baselines.method import Discovery, PointMatches, Subject
from func_corr_ros.correspondence.embedding import pixel_lattice
from func_corr_ros.correspondence.matching import NearestNeighbours, cycle_distance, nearest_neighbours
from func_corr_ros.correspondence.object_crop import CropWindow
from func_corr_ros.correspondence.patch_grid import sample_grid

# A functional region of fewer pixels than this is not matched on its own: the whole object takes its place.
MIN_REGION_PX = 16
# Similarities held at once while the best pixel is looked for.
_BLOCK = 1 << 22
# Indices into the lattices of both objects, scores and cosines of some matches.
_Indexed = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Described:
    """One object's features: ``grid`` covers ``window`` of the image whose object is ``mask``.

    ``region`` is the functional part as the method predicts it (or is told), None where it predicts none.
    """

    grid: Float32[Tensor, "d gh gw"]
    window: CropWindow
    mask: Bool[np.ndarray, "h w"]
    region: Bool[np.ndarray, "h w"] | None = None

    @property
    def fallback(self) -> bool:
        """Whether the predicted region holds no pixel of the object, so that all of it is searched."""
        return self.region is not None and not (self.region & self.mask).any()

    @property
    def candidates(self) -> Bool[np.ndarray, "h w"]:
        """Where the place of a point is looked for: the object, within the predicted region if it holds any of it."""
        return self.mask if self.region is None or self.fallback else self.mask & self.region

    def features_at(self, uv: Float32[np.ndarray, "k 2"]) -> Float32[Tensor, "k d"]:
        """Returns unit features at image pixels."""
        return normalize(sample_grid(self.grid, self._grid_uv(uv), self._stride), dim=1)

    def best(self, queries: Float32[Tensor, "k d"], uv: Float32[np.ndarray, "m 2"]) -> PointMatches:
        """Returns for each query that pixel of ``uv`` whose unit feature is most like it, as if all had been compared; its
        confidence is their cosine, 0 at least.

        Interpolation is linear: the queries are compared with the grid's cells, and the similarities interpolated. Over the
        length of the pixel's feature, that is the cosine.
        """
        return self._best(queries, uv, self._lengths(uv))

    def best_candidate(self, queries: Float32[Tensor, "k d"]) -> PointMatches:
        """Returns the :meth:`best` pixel of all ``candidates``."""
        return self._best(queries, *self._searched)

    @cached_property
    def _searched(self) -> tuple[np.ndarray, Tensor]:
        uv = pixels_of(self.candidates)
        return uv, self._lengths(uv)

    def _best(self, queries: Tensor, uv: np.ndarray, lengths: Tensor) -> PointMatches:
        place, index, cosine = self._grid_uv(uv), np.zeros(len(queries), dtype=np.int64), np.zeros(len(queries), dtype=np.float32)
        step = max(_BLOCK // len(uv), 1)
        for start in range(0, len(queries), step):
            cells = torch.einsum("kd,dhw->khw", queries[start : start + step], self.grid)
            found = (sample_grid(cells, place, self._stride) / lengths[:, None]).max(dim=0)
            index[start : start + step], cosine[start : start + step] = found.indices.cpu().numpy(), found.values.cpu().numpy()
        return PointMatches(uv[index], cosine.clip(0.0, 1.0))

    def _lengths(self, uv: np.ndarray) -> Float32[Tensor, " m"]:
        return torch.cat([sample_grid(self.grid, some, self._stride).norm(dim=1) for some in self._grid_uv(uv).split(8192)])

    @property
    def _stride(self) -> float:
        return self.window.size / self.grid.shape[2]

    def _grid_uv(self, uv: Float32[np.ndarray, "k 2"]) -> Float32[Tensor, "k 2"]:
        return torch.from_numpy(self.window.crop_from_image(uv)).to(self.grid.device)


class DenseMethod:
    """A method that is a way to describe objects by features; the nearest feature decides.

    ``describe`` may be any function from a Subject to Described; ``identity`` says what it depends on.
    """

    def __init__(
        self, name: str, identity: Mapping[str, Any], describe: Callable[[Subject], Described], max_pixels: int
    ) -> None:
        self.name, self.max_pixels, self._describe = name, max_pixels, describe
        self.identity: Mapping[str, Any] = {**identity, "max_pixels": max_pixels}
        self._way_back: tuple[Described, Described, Discovery] | None = None

    def describe(self, subject: Subject) -> Described:
        """See :class:`Method`."""
        with torch.inference_mode():
            return self._describe(subject)

    def transfer(self, a: Described, b: Described, points: Float32[np.ndarray, "n 2"]) -> PointMatches:
        """Returns for each point of a the most similar candidate pixel of b; all of them are compared."""
        with torch.inference_mode():
            return b.best_candidate(a.features_at(points))

    def discover(self, a: Described, b: Described) -> Discovery:
        """Returns the nearest neighbour of each lattice pixel of a, scored by similarity and the way back.

        Both directions are found at once: the other one is kept for the next call.
        """
        if self._way_back is not None and self._way_back[0] is a and self._way_back[1] is b:
            return self._way_back[2]
        with torch.inference_mode():
            found, back = discovered_both_ways(a, b, self.max_pixels)
        self._way_back = b, a, back
        return found


def discovered(a: Described, b: Described, max_pixels: int) -> Discovery:
    """Returns the matches from a's pixels to b's (:func:`discovered_both_ways`)."""
    return discovered_both_ways(a, b, max_pixels)[0]


def discovered_both_ways(a: Described, b: Described, max_pixels: int) -> tuple[Discovery, Discovery]:
    """Returns the matches from a's pixels to b's and those from b's to a's, both on lattices of at most ``max_pixels`` (0: all).

    Where both objects have a predicted region, part is matched with part and rest with rest; where a region has fewer than
    MIN_REGION_PX pixels, the whole object takes its place.
    """
    lattices, strides = zip(*(pixel_lattice(one.mask, max_pixels or one.mask.size) for one in (a, b)), strict=True)
    features = [one.features_at(uv) for one, uv in zip((a, b), lattices, strict=True)]
    everything = [np.ones(len(uv), dtype=bool) for uv in lattices]
    if a.region is None or b.region is None:
        forth, back = _matched(lattices, features, everything, everything)
        return _joined(lattices, [forth], None), _joined(lattices[::-1], [back], None)
    ways, flags = [], []
    for wanted in (True, False):
        own = [_within(one.region == wanted, uv) for one, uv in zip((a, b), lattices, strict=True)]
        large = [some.sum() * stride**2 >= MIN_REGION_PX for some, stride in zip(own, strides, strict=True)]
        searched = [some if enough else whole for some, enough, whole in zip(own, large, everything, strict=True)]
        ways.append(_matched(lattices, features, own, searched))
        flags.append(wanted and all(large))
    forths, backs = zip(*ways, strict=True)
    return _joined(lattices, forths, flags), _joined(lattices[::-1], backs, flags)


def rank_score(similarity: Float32[np.ndarray, " n"], cycle_px: Float32[np.ndarray, " n"]) -> Float32[np.ndarray, " n"]:
    """Returns (1 - minmax(cycle)) · minmax(similarity): alike, and back where it came from, is certain."""
    return (1.0 - minmax(cycle_px, 0.0)) * minmax(similarity, 1.0)


def minmax(values: Float32[np.ndarray, " n"], constant: float) -> Float32[np.ndarray, " n"]:
    """Returns ``values`` scaled to 0..1; all are ``constant`` where they are equal, so that the other factor decides."""
    low, high = (values.min(), values.max()) if len(values) else (0.0, 0.0)
    return (values - low) / (high - low) if high > low else np.full_like(values, constant)


def pixels_of(mask: Bool[np.ndarray, "h w"]) -> Float32[np.ndarray, "n 2"]:
    """Returns the pixels (u, v) of ``mask`` in reading order."""
    return np.argwhere(mask)[:, ::-1].astype(np.float32)


def _within(region: Bool[np.ndarray, "h w"], uv: Float32[np.ndarray, "n 2"]) -> Bool[np.ndarray, " n"]:
    return region[uv[:, 1].astype(int), uv[:, 0].astype(int)]


def _matched(
    lattices: Sequence[np.ndarray], features: Sequence[Tensor], queries: Sequence[np.ndarray], searched: Sequence[np.ndarray]
) -> tuple[_Indexed, _Indexed]:
    """Returns the matches of the lattice pixels ``queries[0]`` and those of ``queries[1]``; both go over ``searched``."""
    index = [np.flatnonzero(some) for some in searched]
    found = nearest_neighbours(*(vectors[torch.from_numpy(some)] for vectors, some in zip(features, index, strict=True)))
    turned = NearestNeighbours(found.index_ba, found.score_ba, found.index_ab, found.score_ab)
    ways = []
    for way, own, other in ((found, 0, 1), (turned, 1, 0)):
        asked, there = queries[own][index[own]], way.index_ab.cpu().numpy()
        cycle = cycle_distance(torch.from_numpy(lattices[own][index[own]]).to(way.index_ab.device), way).cpu().numpy()
        cosine = way.score_ab.cpu().numpy()[asked]
        ways.append((index[own][asked], index[other][there][asked], rank_score(cosine, cycle[asked]), cosine))
    return ways[0], ways[1]


def _joined(lattices: Sequence[np.ndarray], groups: Sequence[_Indexed], flags: Sequence[bool] | None) -> Discovery:
    index_a, index_b, score, cosine = (np.concatenate(parts) for parts in zip(*groups, strict=True))
    in_part = None if flags is None else np.repeat(np.array(flags, dtype=bool), [len(group[0]) for group in groups])
    exists = float(cosine.mean()) if len(cosine) else float("nan")  # alike objects may serve alike: all that features can say
    return Discovery(lattices[0][index_a], lattices[1][index_b], score, in_part, exists)
