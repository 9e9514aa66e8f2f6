# SPDX-License-Identifier: Apache-2.0
"""What a head's confidence means: measured on pairs of validation categories, by the same call that the nodes make."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float64
from scipy.optimize import minimize

from func_corr_ros.correspondence.backbone import Backbone
from func_corr_ros.correspondence.confidence import Calibration, match_evidence, probability, serving_evidence
from func_corr_ros.correspondence.embedding import Embedding, embedding_of
from func_corr_ros.correspondence.model import CorrespondenceSettings, FunctionalCorrespondence, headed
from func_corr_ros.correspondence.object_crop import CropWindow
from func_corr_ros.correspondence.trained_head import TrainedHead
from func_corr_ros.data.splits import VALIDATION_CATEGORIES
from func_corr_ros.training.batches import PairOfViews, ViewPool
from func_corr_ros.training.validation import drawn_pairs

# A match is right within a tenth of the picture, the coarsest threshold of the benchmark: 23 of 224 px.
RIGHT_PX = 23.0
# Of the matches that are accepted, so many are right on validation categories.
RELIABLE = 0.8
# Of the objects that serve, so many are accepted: a robot that is refused what is there will not be asked twice.
KEPT = 0.95
PAIRS, POINTS = 400, 64
# Other pairs than those that choose the checkpoint.
_SEED = 6


@dataclass(frozen=True)
class Measured:
    """What was seen on validation pairs: evidence of matches and whether each was right; evidence of objects and whether each
    serves the function it was asked for.
    """

    matches: Float64[np.ndarray, "n 6"]
    right: Bool[np.ndarray, " n"]
    objects: Float64[np.ndarray, "m 3"]
    serving: Bool[np.ndarray, " m"]


def calibrated(
    head: TrainedHead, backbone: Backbone, pool: ViewPool, functions: Sequence[str], pairs: int = PAIRS
) -> TrainedHead:
    """Returns ``head`` with a calibration fitted on ``pairs`` pairs of ``pool`` with an object of a validation category."""
    drawn = drawn_pairs(pool, functions, pairs, VALIDATION_CATEGORIES, seed=_SEED)
    fitted = fit(measured(FunctionalCorrespondence(backbone, CorrespondenceSettings(), head), pool, drawn, functions))
    return TrainedHead(head.network, replace(head.spec, calibration=fitted), head.functions)


def measured(
    model: FunctionalCorrespondence, pool: ViewPool, pairs: Sequence[PairOfViews], functions: Sequence[str]
) -> Measured:
    """Returns what ``model`` finds on ``pairs``, both ways, and on their objects when asked for functions they do not serve."""
    rng, matches, right, objects, serving = np.random.default_rng(_SEED), [], [], [], []
    for pair in pairs:
        ends = [_embedded(model, pool, end, pair.function) for end in pair.ends]
        for evidence, hit in _both_ways(model, pair, ends, rng):
            matches.append(evidence)
            right.append(hit)
        for end, embedding in zip(pair.ends, ends, strict=True):
            others = sorted(set(functions) - set(pool.objects[end[0]].serving))
            asked = [embedding, *([_embedded(model, pool, end, str(rng.choice(others)))] if others else [])]
            objects += [serving_evidence(one.anchors.part.cpu().numpy()) for one in asked if one.anchors.part is not None]
            serving += [True, False][: len(asked)]
    return Measured(np.concatenate(matches), np.concatenate(right), np.stack(objects), np.array(serving))


def fit(seen: Measured) -> Calibration:
    """Returns the calibration that makes what was seen most likely."""
    match, serves = logistic_fit(seen.matches, seen.right), logistic_fit(seen.objects, seen.serving)
    return Calibration(
        match, accepted_from(probability(match, seen.matches), seen.right, RELIABLE),
        serves, keeping_from(probability(serves, seen.objects), seen.serving, KEPT),
    )


def logistic_fit(evidence: Float64[np.ndarray, "n k"], true: Bool[np.ndarray, " n"], ridge: float = 1e-4) -> tuple[float, ...]:
    """Returns the weights that minimise the mean log loss plus ``ridge`` times their squared length."""
    sign = np.where(true, 1.0, -1.0)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (evidence @ weights)
        slope = -sign / (1.0 + np.exp(margin)) / len(sign)
        return float(np.logaddexp(0.0, -margin).mean() + ridge * weights @ weights), evidence.T @ slope + 2.0 * ridge * weights

    found = minimize(loss, np.zeros(evidence.shape[1]), jac=True, method="L-BFGS-B")
    return tuple(found.x.tolist())


def accepted_from(confidence: Float64[np.ndarray, " n"], right: Bool[np.ndarray, " n"], reliable: float) -> float:
    """Returns the lowest confidence from which on a share ``reliable`` of matches is right; above all where there is none."""
    order = np.argsort(-confidence, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(share >= reliable)
    return float(confidence[order[enough[-1]]]) if len(enough) else float(np.nextafter(confidence.max(), 2.0))


def keeping_from(score: Float64[np.ndarray, " n"], true: Bool[np.ndarray, " n"], kept: float) -> float:
    """Returns the highest score from which on a share ``kept`` of the true ones is kept, however many others are."""
    return float(np.sort(score[true])[int((1.0 - kept) * true.sum())])


def _embedded(model: FunctionalCorrespondence, pool: ViewPool, end: tuple[int, int], function: str) -> Embedding:
    """Returns a view as the model embeds it, from its cached features; its picture is the crop."""
    assert model.head is not None
    features, _ = pool.features([end])
    mask = pool.objects[end[0]].mask(end[1])
    with torch.inference_mode():
        own, (grid,) = headed(
            model.head, features.float(), pool.objects[end[0]].coverage[end[1]][None], model.head.functions[function],
            model.head.spec.decoding.plain,
        )
        window = CropWindow(0, 0, len(mask), len(mask))
        return embedding_of(own[0], grid, window, mask, model.settings.max_pixels)


def _both_ways(
    model: FunctionalCorrespondence, pair: PairOfViews, ends: Sequence[Embedding], rng: np.random.Generator
) -> Iterator[tuple[Float64[np.ndarray, "n 6"], Bool[np.ndarray, " n"]]]:
    paired = np.flatnonzero(pair.exact >= 0)
    asked = np.sort(rng.choice(paired, min(POINTS, len(paired)), replace=False))
    places = pair.uv[0][asked], pair.uv[1][pair.exact[asked]]
    for here, there in ((0, 1), (1, 0)):
        found = model.match(ends[here], ends[there], places[here])
        assert found.part is not None
        cycle = found.cycle_px / ends[here].window.side
        yield (match_evidence(found.score, found.mass, cycle, found.part),
               np.linalg.norm(found.uv_target - places[there], axis=1) <= RIGHT_PX)
