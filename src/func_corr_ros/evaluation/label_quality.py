# SPDX-License-Identifier: Apache-2.0
"""How good pseudo-labels are where the truth is known: overlap and average precision of points and pixels, by part and
function.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from func_corr_ros.evaluation.bootstrap import bootstrap_interval


@dataclass(frozen=True)
class LabelScore:
    """One part of one asset: intersection over union and average precision of its points and of its pixels (all views as one
    picture), and the questions that were asked. NaN where undefined: no such point, no view that shows the part.
    """

    asset: str
    object: str
    part: str
    functions: tuple[str, ...]
    calls: int
    iou: float
    ap: float
    pixel_iou: float
    pixel_ap: float = float("nan")


def overlap(found: Bool[np.ndarray, "*s"], truth: Bool[np.ndarray, "*s"]) -> float:
    """Returns intersection over union; NaN where both are empty."""
    union = int((found | truth).sum())
    return float((found & truth).sum() / union) if union else float("nan")


def average_precision(score: Float64[np.ndarray, " n"], truth: Bool[np.ndarray, " n"]) -> float:
    """Returns the area under precision over recall, points of one score counted together (the mean of precision at each true
    point); NaN without a true point.
    """
    if not truth.any():
        return float("nan")
    levels, level = np.unique(-score, return_inverse=True)
    hits, all_of = np.bincount(level, truth, len(levels)), np.bincount(level, minlength=len(levels))
    precision = np.cumsum(hits) / np.cumsum(all_of)
    return float((precision * hits).sum() / truth.sum())


@dataclass(frozen=True)
class MeanScore:
    """Means over ``count`` parts, with 95 % bootstrap intervals over assets' parts (lower, upper)."""

    count: int
    calls: float
    iou: float
    iou_interval: tuple[float, float]
    ap: float
    pixel_iou: float
    pixel_ap: float


def mean_score(scores: Sequence[LabelScore]) -> MeanScore:
    """Returns the means of ``scores``; NaN values are left out of their column."""
    values = np.array([[one.calls, one.iou, one.ap, one.pixel_iou, one.pixel_ap] for one in scores], dtype=np.float64)
    values = values.reshape(-1, 5)
    low, high = bootstrap_interval(values[:, 1:2])[:, 0].tolist()
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=0)
    calls, iou, *rest = np.divide(total, known.sum(axis=0), out=np.full(5, np.nan), where=known.any(axis=0)).tolist()
    return MeanScore(len(scores), calls, iou, (low, high), *rest)


def difference_interval(ours: Sequence[LabelScore], theirs: Sequence[LabelScore]) -> tuple[float, float, float]:
    """Returns the mean difference of IoU over the same parts, ours minus theirs, and its 95 % interval."""
    paired = np.array([[a.iou - b.iou] for a, b in zip(ours, theirs, strict=True)])
    low, high = bootstrap_interval(paired)[:, 0].tolist()
    return float(np.nanmean(paired)), low, high


def by_function(scores: Iterable[LabelScore]) -> Mapping[str, list[LabelScore]]:
    """Returns the scores of the parts that serve each function, functions in order of their names."""
    found: dict[str, list[LabelScore]] = {}
    for one in scores:
        for function in one.functions:
            found.setdefault(function, []).append(one)
    return dict(sorted(found.items()))


def by_part(scores: Iterable[LabelScore]) -> Mapping[str, list[LabelScore]]:
    """Returns the scores of the parts of each name, of whatever object, in order of their names."""
    found: dict[str, list[LabelScore]] = {}
    for one in sorted(scores, key=lambda one: one.part):
        found.setdefault(one.part, []).append(one)
    return found
