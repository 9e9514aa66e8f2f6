# SPDX-License-Identifier: Apache-2.0
"""The figures of a method on a benchmark: per direction of a pair, then their means with 95 % intervals, whole and by group."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Bool, Float32, Float64

from func_corr_ros.evaluation.benchmark import Benchmark, BenchmarkPair, BenchmarkView, Truth
from func_corr_ros.evaluation.bootstrap import bootstrap_interval
from func_corr_ros.evaluation.discovery import DiscoveryScore, ranking, score_discovery
from func_corr_ros.evaluation.keypoint_error import keypoint_errors_mm
from func_corr_ros.evaluation.kinds import kind_of
from func_corr_ros.evaluation.label_transfer import THRESHOLDS, LabelTransfer, frame_scale, score_label_transfer
from func_corr_ros.evaluation.predictions import Answers, path_of, read_answers

Item = TypeVar("Item")
# One column per figure; the last two exist only where a method predicts parts, and where views have depth.
_AT_THRESHOLDS = tuple(f"{kind}@{t}" for kind in ("pck", "best_f1", "ap") for t in THRESHOLDS)
COLUMNS = ("normalised_distance", *_AT_THRESHOLDS, "region_iou", "keypoint_mm")
UNITS = {
    "normalised_distance": "mean distance / 223 px of the target's 224-px frame; lower is better",
    "pck": "share of points within N px of the 224-px frame; higher is better",
    "best_f1": "best F1 over the ranking, a match being right within N px of the 224-px frames at both ends; higher is better",
    "ap": "area under precision over recall of the ranking, N as for best_f1; higher is better",
    "region_iou": "intersection over union of predicted and true functional part; higher is better",
    "keypoint_mm": "median over a direction's points of the 3D distance on the target's surface, in mm; lower is better",
    "ci95": "bootstrap 95 % interval of the macro mean, pairs drawn with replacement",
    "calibration": "confidence of points asked for; right is within 23 px of the 224-px frame; directions count alike",
    "ece": "expected calibration error, 15 bins of equal mass: mean gap between confidence and share right; lower is better",
    "brier": "mean squared difference of confidence and right (1) or wrong (0); lower is better",
    "aurc": "area under the share of wrong ones over coverage, most confident first; lower is better",
    "negatives": "how well exists parts pairs from negatives, on which there is nothing to find",
    "auroc": "chance that a pair scores above a negative, equal ones half; 0.5 is chance, higher is better",
}


@dataclass(frozen=True)
class DirectionScore:
    """One direction (``way`` "ab" or "ba") of one pair, by both protocols; ``confidence`` of each point that was asked for, and
    whether there is a correspondence at all (``exists``), NaN where the method cannot tell.
    """

    pair: BenchmarkPair
    way: str
    transfer: LabelTransfer
    discovery: DiscoveryScore
    fallback: bool
    region_iou: float
    keypoint_mm: float
    confidence: Float32[np.ndarray, " n"]
    exists: float

    @property
    def figures(self) -> Float64[np.ndarray, " k"]:
        """The values of COLUMNS."""
        pck = [self.transfer.pck(t) for t in THRESHOLDS]
        found = self.discovery
        return np.array([self.transfer.normalised_distance, *pck, *found.best_f1, *found.ap, self.region_iou, self.keypoint_mm])


def score_predictions(
    benchmark: Benchmark, folder: Path, pairs: Sequence[BenchmarkPair], mode: str,
    on_pair: Callable[[BenchmarkPair], None] = lambda pair: None,
) -> list[DirectionScore]:
    """Returns the scores of ``pairs``, a to b and b to a, from the predictions in ``folder``; raises as its parts do."""
    scores: list[DirectionScore] = []
    for pair in pairs:
        scores += score_pair(benchmark, pair, *read_answers(path_of(folder, pair)), mode)
        on_pair(pair)
    return scores


def score_pair(
    benchmark: Benchmark, pair: BenchmarkPair, forth: Answers, back: Answers, mode: str
) -> tuple[DirectionScore, DirectionScore]:
    """Returns the scores of one pair's two directions."""
    truth = pair.truth()
    a, b = benchmark.views[pair.a], benchmark.views[pair.b]
    inverse = None if truth.permutations is None else np.argsort(truth.permutations, axis=1)
    metric = benchmark.unit == "m"
    return (
        _direction(pair, "ab", forth, truth, (a, b), pair.part_a(), mode, metric),
        _direction(pair, "ba", back, Truth(truth.b, truth.a, None, inverse), (b, a), pair.part_b(), mode, metric),
    )


def summarise(scores: Sequence[DirectionScore]) -> dict[str, Any]:
    """Returns the whole and its groups, each a mapping of the same form (:func:`summary`), ready for JSON."""

    def by(key: Callable[[BenchmarkPair], str | None]) -> dict[str, Any]:
        return {name: summary(part) for name, part in grouped(scores, lambda score: key(score.pair)).items()}

    return {
        "overall": summary(scores),
        "by_split": by(lambda pair: pair.split),
        "by_function": by(lambda pair: pair.function),
        "by_kind": by(lambda pair: kind_of(*(pair.benchmark.views.entries[view]["object"] for view in (pair.a, pair.b)))),
        "by_category_relation": by(lambda pair: "within" if pair.within_category else "across"),
        "upright": summary([score for score in scores if score.pair.description.get("upright") is True]),
    }


def grouped(items: Sequence[Item], key: Callable[[Item], str | None]) -> dict[str, list[Item]]:
    """Returns the ``items`` of each ``key``, keys in order; those of key None are in no group."""
    names = sorted({name for name in map(key, items) if name is not None})
    return {name: [item for item in items if key(item) == name] for name in names}


def summary(scores: Sequence[DirectionScore]) -> dict[str, Any]:
    """Returns macro means (over pairs and directions) with intervals, micro means (over points), and what was counted."""
    table = np.stack([score.figures for score in scores]) if scores else np.empty((0, len(COLUMNS)))
    distances = np.concatenate([np.empty(0), *(score.transfer.distance_px for score in scores)])
    pairs = _by_pair(scores, table)
    return {
        **_named(_mean(table)),
        "ci95": _named(bootstrap_interval(pairs).T),
        "micro": {
            "normalised_distance": float(_mean(distances[:, None])[0]) / 223.0,
            "pck": {str(t): float(_mean((distances[:, None] <= t).astype(np.float64))[0]) for t in THRESHOLDS},
        },
        "n_pairs": len(pairs),
        "n_points": len(distances),
        "n_missing_points": sum(score.transfer.missing for score in scores),
        "n_matches": sum(score.discovery.matches for score in scores),
        "n_fallbacks": sum(score.fallback for score in scores),
    }


def curves(scores: Sequence[DirectionScore]) -> Mapping[str, Any]:
    """Returns mean precision and recall at the top 1..100 % of the rankings, by threshold."""
    precision = np.mean([score.discovery.precision for score in scores], axis=0)
    recall = np.mean([score.discovery.recall for score in scores], axis=0)
    return {str(t): {"precision": precision[i].round(5), "recall": recall[i].round(5)} for i, t in enumerate(THRESHOLDS)}


def _direction(
    pair: BenchmarkPair, way: str, answers: Answers, truth: Truth, views: tuple[BenchmarkView, BenchmarkView],
    part: np.ndarray | None, mode: str, metric: bool,
) -> DirectionScore:
    """Returns the score from the first of ``views``, whose part is ``part``, to the second; ``truth`` is turned the same way."""
    scales, order = (frame_scale(views[0].mask), frame_scale(views[1].mask)), ranking(answers.score, answers.in_part)
    transfer = score_label_transfer(answers.points, truth.b, scales[1], truth.permutations)
    found = score_discovery(
        answers.uv_a[order], answers.uv_b[order], truth.a, truth.b, scales, truth.permutations, mode
    )
    errors = keypoint_errors_mm(answers.points, truth.b[transfer.order], views[1]) if metric else np.empty(0)
    known = errors[np.isfinite(errors)]
    keypoint_mm = float(np.median(known)) if len(known) else float("nan")
    return DirectionScore(
        pair, way, transfer, found, bool(answers.fallback), _iou(answers.region, part), keypoint_mm, answers.confidence,
        float(answers.exists),
    )


def _iou(region: Bool[np.ndarray, "h w"] | None, part: Bool[np.ndarray, "h w"] | None) -> float:
    return float("nan") if region is None or part is None else float((region & part).sum()) / float((region | part).sum())


def _by_pair(scores: Sequence[DirectionScore], table: Float64[np.ndarray, "n k"]) -> Float64[np.ndarray, "p k"]:
    """Returns each pair's mean over its directions: the two are no independent samples."""
    number = {pair_id: i for i, pair_id in enumerate(dict.fromkeys(score.pair.id for score in scores))}
    index = np.array([number[score.pair.id] for score in scores], dtype=np.int64)
    total = np.zeros((len(number), table.shape[1]))
    np.add.at(total, index, table)
    return total / np.maximum(np.bincount(index, minlength=len(number)), 1)[:, None]


def _mean(table: Float64[np.ndarray, "n k"]) -> Float64[np.ndarray, " k"]:
    known = np.isfinite(table)
    count = known.sum(axis=0)
    return np.divide(np.where(known, table, 0.0).sum(axis=0), count, out=np.full(table.shape[1], np.nan), where=count > 0)


def _named(values: Float64[np.ndarray, "k *m"]) -> dict[str, Any]:
    plain = dict(zip(COLUMNS, values.tolist(), strict=True))
    grouped = {kind: {str(t): plain[f"{kind}@{t}"] for t in THRESHOLDS} for kind in ("pck", "best_f1", "ap")}
    return {"normalised_distance": plain["normalised_distance"], **grouped, **{name: plain[name] for name in COLUMNS[-2:]}}
