# SPDX-License-Identifier: Apache-2.0
"""Whether a method knows what it knows: its confidence against what came right, and its refusals where there is nothing."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64

from func_corr_ros.evaluation.benchmark import NegativePair
from func_corr_ros.evaluation.bootstrap import resampled_interval
from func_corr_ros.evaluation.calibration_scores import FIGURES, PERCENT, Claims, auroc, comparisons
from func_corr_ros.evaluation.label_transfer import THRESHOLDS
from func_corr_ros.evaluation.scores import DirectionScore, grouped

RIGHT_PX = THRESHOLDS[0]
# What a method's identity may state: below these confidences and scores it gives no answer.
CONFIDENCE_THRESHOLD, EXISTS_THRESHOLD = "confidence_threshold", "exists_threshold"


def calibration(scores: Sequence[DirectionScore], identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """Returns what scores.json says of the confidence of points asked for, whole and by split; None where none is known."""
    threshold = _threshold(identity, CONFIDENCE_THRESHOLD)
    whole, splits = calibration_of(scores, threshold), grouped(scores, lambda score: score.pair.split)
    parts = {name: calibration_of(part, threshold) for name, part in splits.items()} if whole else {}
    return {
        "right_within_px": RIGHT_PX, "threshold": threshold, "overall": whole,
        "by_split": {name: part for name, part in parts.items() if part},
    } if whole else None


def calibration_of(scores: Sequence[DirectionScore], threshold: float) -> dict[str, Any] | None:
    """Returns the figures of the points whose confidence is known, None where none is; each direction has the same weight,
    shared by its points, as in the macro mean. A point without an answer is wrong.
    """
    told = [(score, known) for score in scores if (known := np.isfinite(score.confidence)).any()]
    if not told:
        return None
    confidence = np.concatenate([score.confidence[known] for score, known in told])
    right = np.concatenate([score.transfer.distance_px[known] <= RIGHT_PX for score, known in told])
    count = np.array([known.sum() for _, known in told])
    number = {pair_id: i for i, pair_id in enumerate(dict.fromkeys(score.pair.id for score, _ in told))}
    unit = np.repeat(np.array([number[score.pair.id] for score, _ in told], dtype=np.int64), count)
    claims = Claims.of(confidence, right, unit, np.repeat(1.0 / count, count), threshold)
    values = claims.figures(np.ones((1, len(number))))[0]
    ends = resampled_interval(claims.figures, len(number)).T
    whole = len(FIGURES)
    mass, claimed = (claims.by_bin(sums.sum(axis=0, keepdims=True))[0] for sums in (claims.mass, claims.claimed))
    return {
        **dict(zip(FIGURES, values[:whole].tolist(), strict=True)),
        "ci95": dict(zip(FIGURES, ends[:whole].tolist(), strict=True)),
        "n_pairs": len(number),
        "n_points": len(confidence),
        "n_unknown": sum(len(score.confidence) for score in scores) - len(confidence),
        "bins": [
            dict(zip(("share", "mean_confidence", "accuracy", "ci95"), row, strict=True))
            for row in zip(mass / mass.sum(), claimed / mass, values[whole:], ends[whole:], strict=True)
        ],
        "risk_coverage": {"coverage": PERCENT, "risk": claims.risk_at(PERCENT).round(5)},
    }


def existence(
    scores: Sequence[DirectionScore], negatives: Sequence[NegativePair], answered: Mapping[str, float],
    identity: Mapping[str, Any],
) -> dict[str, Any] | None:
    """Returns what scores.json says of telling pairs from ``negatives`` by ``exists``, whole, by split and by function; None
    where it is known of no pair or of no negative.
    """
    threshold = _threshold(identity, EXISTS_THRESHOLD)
    known = [score for score in scores if np.isfinite(score.exists)]
    told = [pair for pair in negatives if np.isfinite(answered.get(pair.id, np.nan))]
    if not known or not told:
        return None

    def by(key: str) -> dict[str, Any]:
        parts = grouped(known, lambda score: str(getattr(score.pair, key)))
        others = grouped(told, lambda pair: str(getattr(pair, key)))
        return {
            name: existence_of(parts[name], [answered[pair.id] for pair in others[name]], threshold)
            for name in parts if name in others
        }

    whole = existence_of(known, [answered[pair.id] for pair in told], threshold)
    return {"threshold": threshold, "overall": whole, "by_split": by("split"), "by_function": by("function")}


def existence_of(scores: Sequence[DirectionScore], negatives: Sequence[float], threshold: float) -> dict[str, Any]:
    """Returns AUROC and the shares that ``threshold`` refuses (score below it), NaN without one; a pair's two directions count
    half each.
    """
    found: dict[str, list[float]] = {}
    for score in scores:
        found.setdefault(score.pair.id, []).append(score.exists)
    positive = np.array([[*values, *[np.nan] * (2 - len(values))] for values in found.values()])
    other = np.array(negatives, dtype=np.float64)
    above = comparisons(positive, other)
    unstated = 0.0 * threshold  # NaN, and so are the shares, without a threshold
    wrongly = np.nanmean(np.where(np.isfinite(positive), positive < threshold, np.nan), axis=1) + unstated
    rightly = (other < threshold) + unstated

    def figures(
        times: Float64[np.ndarray, "r p"], times_negative: Float64[np.ndarray, "r n"]
    ) -> Float64[np.ndarray, "r 3"]:
        shares = times_negative @ rightly / len(other), times @ wrongly / len(positive)
        return np.stack([auroc(above, times, times_negative), *shares], axis=1)

    names = ("auroc", "refused_negatives", "refused_pairs")
    values = figures(np.ones((1, len(positive))), np.ones((1, len(other))))[0]
    ends = resampled_interval(figures, len(positive), len(other)).T
    return {
        **dict(zip(names, values.tolist(), strict=True)), "ci95": dict(zip(names, ends.tolist(), strict=True)),
        "n_pairs": len(positive), "n_negatives": len(other),
    }


def _threshold(identity: Mapping[str, Any], name: str) -> float:
    return float(identity[name]) if identity.get(name) is not None else float("nan")
