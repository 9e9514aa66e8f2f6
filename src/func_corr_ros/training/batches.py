# SPDX-License-Identifier: Apache-2.0
"""Batches of pairs of views: the cached features of both, and which place of one serves as which place of the other."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float32, Float64, Int64, UInt8
from scipy.spatial.distance import cdist
from torch import Tensor

from func_corr_ros.correspondence.object_crop import patch_coverage
from func_corr_ros.data.functional_truth import free_turn, sample_pairs, unit_frames
from func_corr_ros.errors import BadSettings
from func_corr_ros.geometry.se3 import inverse, transform_points
from func_corr_ros.settings import setting
from func_corr_ros.training.training_views import Instance, Serving, read_instance

_TRIES = 40
# Of so many pairs one view is shown once more, with a function that its object does not serve.
WRONG_EVERY = 4


@dataclass(frozen=True)
class BatchSettings:
    """Which pairs are drawn, and what is taken of them."""

    pairs: int = setting(16, "pairs of views in a batch", at_least=1)
    samples: int = setting(256, "points of the functional part of each object", at_least=8, at_most=1024)
    pixels: int = setting(256, "other pixels of each object", at_least=8)
    within: float = setting(0.2, "share of pairs within one category", at_least=0.0, at_most=1.0)
    itself: float = setting(0.12, "share of pairs of two views of one object", at_least=0.0, at_most=1.0)
    softness: float = setting(0.15, "reach of the soft targets, in RMS sizes of the part; 0: one-hot", at_least=0.0)
    least_common: int = setting(6, "points that both views must share", at_least=1)


@dataclass(frozen=True)
class PairOfViews:
    """One pair: places are crop pixels; ``seen`` samples come first among the candidates, then ``pixels``. ``partner`` holds soft
    targets from a's samples (rows) to b's (columns), rows of zeros where there is none.
    """

    function: str
    ends: tuple[tuple[int, int], tuple[int, int]]
    uv: Float32[np.ndarray, "2 n 2"]
    seen: Bool[np.ndarray, "2 n"]
    partner: Float32[np.ndarray, "n n"]
    partner_back: Float32[np.ndarray, "n n"]
    exact: Int64[np.ndarray, " n"]
    pixels: Float32[np.ndarray, "2 k 2"]
    in_part: Bool[np.ndarray, "2 k"]


@dataclass(frozen=True)
class PooledObject:
    """What pairs need of one object in several views: where the cameras stand in its frame (``eyes``), masks (packed, eight
    pixels a byte), the object's share of each patch, some of its pixels and which parts they show, and how it serves;
    ``also_serves`` as in Instance.
    """

    category: str
    eyes: Float64[np.ndarray, "v 3"]
    masks: UInt8[np.ndarray, "v s packed"]
    coverage: Float32[np.ndarray, "v gh gw"]
    pixels: Float32[np.ndarray, "v k 2"]
    part_of_pixel: Int64[np.ndarray, "v k"]
    serving: Mapping[str, Serving]
    also_serves: tuple[str, ...] = ()

    def mask(self, view: int) -> Bool[np.ndarray, "s s"]:
        """Returns the object's mask in the cut-out picture."""
        packed = self.masks[view]
        return np.unpackbits(packed, axis=1, count=len(packed)).astype(bool)


def pooled(instance: Instance, samples: int, patch: int) -> PooledObject:
    """Returns what pairs need of ``instance``, with its first ``samples`` samples and patches of ``patch`` px."""
    serving = {
        function: replace(one, samples=one.samples.first(samples), uv=one.uv[:, :samples], seen=one.seen[:, :samples])
        for function, one in instance.serving.items()
    }
    eyes = np.stack([inverse(pose)[:3, 3] for pose in instance.camera_from_object])
    return PooledObject(instance.category, eyes, np.packbits(instance.masks, axis=2), patch_coverage(instance.masks, patch),
                        instance.pixels, instance.part_of_pixel, serving, instance.also_serves)


class ViewPool:
    """All training views that pairs are drawn from; features stay on disk until they are asked for."""

    def __init__(
        self, views: Sequence[Path], features: Sequence[Path], samples: int, patch: int = 14,
        channels: Sequence[int] | None = None, *, read: Callable[[Path], Instance] = read_instance,
    ) -> None:
        """``channels`` are those of the features that are read, all of them for None; ``read`` reads a file of ``views``."""
        if not views:
            raise BadSettings("there are no training views; make them first (training_views.make_training_views)")
        self._features, self._channels = list(features), None if channels is None else np.asarray(channels)
        self.objects = [pooled(read(path), samples, patch) for path in views]
        self.by_function: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for index, one in enumerate(self.objects):
            for function in one.serving:
                self.by_function[function][one.category].append(index)
        self.functions = sorted(self.by_function)

    def _join(self, one: ViewPool, other: ViewPool) -> None:
        """Takes the objects of both pools, those of ``one`` first."""
        self._features, self._channels = [*one._features, *other._features], one._channels
        self.objects = [*one.objects, *other.objects]

    def features(self, ends: Sequence[tuple[int, int]]) -> tuple[Tensor, Tensor]:
        """Returns features (b, lc, gh, gw), float16 as they are kept, and coverage (b, 1, gh, gw), float32, of views (object,
        view).
        """
        grids = [np.load(self._features[index], mmap_mode="r")[view] for index, view in ends]
        if self._channels is not None:
            grids = [grid[self._channels] for grid in grids]
        shown = np.stack([self.objects[index].coverage[view] for index, view in ends])
        return torch.from_numpy(np.stack(grids)), torch.from_numpy(shown)[:, None]

    def at(self, step: int) -> ViewPool:
        """Returns what the batch of ``step`` is drawn from: the same at every step, unless labels are mixed (mixed_pool)."""
        return self

    def drawn_pair(self, settings: BatchSettings, rng: np.random.Generator, functions: Sequence[str]) -> PairOfViews:
        """Returns a pair of views that share enough of what serves one of ``functions``."""
        for _ in range(_TRIES):
            known, asked = self._drawn_from(rng, functions)
            function = str(rng.choice(asked))
            ends = self._drawn_ends(known[function], settings, rng)
            pair = self.pair(function, ends, settings, rng)
            if pair is not None:
                return pair
        raise BadSettings(f"none of {_TRIES} pairs for {', '.join(functions)} share {settings.least_common} points; "
                          "more views are needed")

    def _drawn_from(
        self, rng: np.random.Generator, functions: Sequence[str]
    ) -> tuple[Mapping[str, dict[str, list[int]]], Sequence[str]]:
        """Returns objects by function and category, and the functions, that the next pair is drawn from."""
        return self.by_function, functions

    def _drawn_ends(
        self, kinds: dict[str, list[int]], settings: BatchSettings, rng: np.random.Generator
    ) -> tuple[tuple[int, int], tuple[int, int]]:
        kind = rng.random()
        names = sorted(kinds)
        if kind < settings.itself or len(names) == 1 and len(kinds[names[0]]) == 1:
            index = int(rng.choice(kinds[str(rng.choice(names))]))
            if len(self.objects[index].eyes) < 2:
                raise BadSettings(f"a {self.objects[index].category} was seen once, and train.batch.itself "
                                  f"({settings.itself:g}) asks for two views of one object; make more views, or set it to 0")
            a, b = rng.choice(len(self.objects[index].eyes), 2, replace=False).tolist()
            return (index, a), (index, b)
        if kind < settings.itself + settings.within or len(names) == 1:
            chosen = [str(rng.choice(names))] * 2
        else:
            chosen = rng.choice(names, 2, replace=False).tolist()
        a, b = (int(rng.choice(kinds[name])) for name in chosen)
        return (a, int(rng.integers(len(self.objects[a].eyes)))), (b, int(rng.integers(len(self.objects[b].eyes))))

    def pair(
        self, function: str, ends: tuple[tuple[int, int], tuple[int, int]], settings: BatchSettings, rng: np.random.Generator
    ) -> PairOfViews | None:
        """Returns the pair, None where its views share too little."""
        least = min(self.objects[index].pixels.shape[1] for index, _ in ends)
        if least < settings.pixels:
            raise BadSettings(f"views have {least} pixels with a known part, train.batch.pixels is {settings.pixels}; set it to "
                              f"at most {least}, or make views with more")
        one, other = (self.objects[index].serving[function] for index, _ in ends)
        eyes = [self.objects[index].eyes[view] for index, view in ends]
        seen = np.stack([one.seen[ends[0][1]], other.seen[ends[1][1]]])
        if seen.sum(axis=1).min() < settings.least_common:
            return None
        same = one.estimated and ends[0][0] == ends[1][0]
        if _framed(one) and _framed(other):
            turn = 0.0 if same else free_turn(one.samples, other.samples, *eyes)
            frames = unit_frames(one.samples, other.samples, turn)
        else:
            turn, frames = 0.0, (np.diag([*[1.0 / _size(one)] * 3, 1.0]),) * 2
        at_a, at_b = _partners(one, other, same, turn)
        both = seen[0][at_a] & seen[1][at_b]
        if both.sum() < settings.least_common and (same or _framed(one) and _framed(other)):
            return None
        at_a, at_b = at_a[both], at_b[both]
        places = [transform_points(frame, part.samples.points) for frame, part in zip(frames, (one, other), strict=True)]
        exact = np.full(seen.shape[1], -1)
        exact[at_a] = at_b
        chosen = [rng.choice(self.objects[index].pixels.shape[1], settings.pixels, replace=False) for index, _ in ends]
        return PairOfViews(
            function, ends, np.stack([one.uv[ends[0][1]], other.uv[ends[1][1]]]), seen,
            _soft(at_a, at_b, places[1], seen[1], settings.softness), _soft(at_b, at_a, places[0], seen[0], settings.softness),
            exact,
            np.stack([self.objects[index].pixels[view][some] for (index, view), some in zip(ends, chosen, strict=True)]),
            np.stack([np.append(part.parts, False)[self.objects[index].part_of_pixel[view][some]]
                      for (index, view), some, part in zip(ends, chosen, (one, other), strict=True)]),
        )


def _framed(one: Serving) -> bool:
    return not np.isnan(one.samples.object_from_function).any()


def _size(one: Serving) -> float:
    points = one.samples.points
    return float(np.sqrt(np.square(points - points.mean(axis=0)).sum(axis=1).mean()))


def _partners(one: Serving, other: Serving, same: bool, turn: float) -> tuple[Int64[np.ndarray, " m"], Int64[np.ndarray, " m"]]:
    """Returns which sample is which: itself in two views of an object without exact frames, none between objects without any."""
    if same:
        return (np.arange(len(one.samples.points)),) * 2
    if not (_framed(one) and _framed(other)):
        return (np.zeros(0, dtype=np.int64),) * 2
    found = sample_pairs(one.samples, other.samples, turn)
    return found.index_a, found.index_b


def _soft(
    rows: Int64[np.ndarray, " m"], partners: Int64[np.ndarray, " m"], places: Float64[np.ndarray, "n 3"],
    seen: Bool[np.ndarray, " n"], softness: float,
) -> Float32[np.ndarray, "n n"]:
    """Returns, for each of ``rows``, a Gaussian about its partner over the samples that are seen."""
    target = np.zeros((len(seen), len(seen)), dtype=np.float32)
    if softness == 0.0:
        target[rows, partners] = 1.0
        return target
    near = np.exp(-cdist(places[partners], places, "sqeuclidean") / (2.0 * softness**2)) * seen
    target[rows] = near / near.sum(axis=1, keepdims=True)
    return target


@dataclass(frozen=True)
class Batch:
    """Pairs side by side as tensors; views of a come first, then those of b: 2p views. ``itself`` marks pairs of two views of one
    object. ``wrong`` are views that are shown once more, with a function that their object does not serve.
    """

    features: Tensor
    coverage: Tensor
    functions: tuple[str, ...]
    uv: Tensor
    seen: Tensor
    partner: Tensor
    partner_back: Tensor
    pixels: Tensor
    in_part: Tensor
    itself: Tensor
    wrong: Tensor
    wrong_functions: tuple[str, ...]

    def to(self, device: str) -> Batch:
        """Returns the batch on another device, its features as float32: they travel as they are kept, in half the bytes."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        moved = {name: value.to(device) if isinstance(value, Tensor) else value for name, value in values.items()}
        return Batch(**{**moved, "features": moved["features"].float()})


def drawn_batch(
    pool: ViewPool, settings: BatchSettings, functions: Sequence[str], seed: int, step: int, share: tuple[int, int] = (0, 1)
) -> Batch:
    """Returns batch number ``step`` of the run ``seed``, or one process's share (its number, how many there are) of it: pairs
    depend on their number in the whole batch alone.
    """
    pool, pairs, wrong, others = pool.at(step), [], [], []
    numbers = range(share[0], settings.pairs, share[1])
    for number in numbers:
        rng = np.random.default_rng([seed, step, number])
        pair = pool.drawn_pair(settings, rng, functions)
        shown = pool.objects[pair.ends[0][0]]
        not_served = [function for function in functions if function not in {*shown.serving, *shown.also_serves}]
        if number % WRONG_EVERY == 0 and not_served:
            wrong.append(len(pairs))
            others.append(str(rng.choice(not_served)))
        pairs.append(pair)
    features, coverage = pool.features([pair.ends[side] for side in (0, 1) for pair in pairs])

    def sides(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(pair, name)[side] for side in (0, 1) for pair in pairs]))

    return Batch(
        features, coverage, tuple(pair.function for pair in pairs) * 2, sides("uv"), sides("seen"),
        torch.from_numpy(np.stack([pair.partner for pair in pairs])),
        torch.from_numpy(np.stack([pair.partner_back for pair in pairs])),
        sides("pixels"), sides("in_part"), torch.tensor([pair.ends[0][0] == pair.ends[1][0] for pair in pairs]),
        torch.tensor(wrong, dtype=torch.int64), tuple(others),
    )
