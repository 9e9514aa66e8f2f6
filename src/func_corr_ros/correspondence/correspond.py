# SPDX-License-Identifier: Apache-2.0
"""The core call of the correspondence room: a reference and a live picture with its objects' masks give one object's matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from jaxtyping import Bool, Float32, UInt8

from func_corr_ros.correspondence.confidence import TOLERANCE
from func_corr_ros.correspondence.consistency import affine_consistency
from func_corr_ros.correspondence.embedding import Embedding
from func_corr_ros.correspondence.model import FunctionalCorrespondence, Matches
from func_corr_ros.correspondence.reference import Reference
from func_corr_ros.errors import NoMask

# Of several objects, only this many (the segmenter's best) are compared: each costs a backbone pass.
MAX_OBJECTS = 6
# Which object, and whether mirrored, is decided on this many pixels of each; the rest would cost 25 times as much.
DECIDING_PIXELS = 800
# An object affords the function as surely as the surest twentieth of it is of the functional part: a part may be that small, and
# single pixels say little.
AFFORDING_SHARE = 0.05


@dataclass(frozen=True)
class LiveKeypoint:
    """A reference keypoint found in the live picture: ``uv`` pixels, ``confidence`` 0..1."""

    uv: tuple[float, float]
    confidence: float


@dataclass(frozen=True)
class Correspondence:
    """Matches from the chosen live object's pixels to the reference.

    ``matches`` queries are live pixels, targets reference pixels; ``confidence`` is each match's weight: its score, less
    the further the way back ends from where it began. ``mirrored`` says that the reference's mirror image fitted better.
    ``score`` is the confidence per pixel that moves together, ``object_scores`` the same of every object compared, times how
    surely it affords the function: the largest is chosen.
    """

    object_id: int
    matches: Matches
    confidence: Float32[np.ndarray, " n"]
    stride: int
    mirrored: bool
    score: float
    object_scores: Mapping[int, float]
    keypoints: Mapping[str, LiveKeypoint]


@dataclass(frozen=True)
class _Hypothesis:
    object_id: int
    live: Embedding
    mirrored: bool
    score: float
    affordance: float


def affordance(live: Embedding) -> float:
    """Returns how surely an object has a part that serves the function (0..1); 1 without a trained head, which knows no parts."""
    return 1.0 if live.part is None else float(torch.quantile(live.part.float(), 1.0 - AFFORDING_SHARE))


def correspond(
    model: FunctionalCorrespondence,
    reference: Reference,
    image: UInt8[np.ndarray, "h w 3"],
    objects: Mapping[int, Bool[np.ndarray, "h w"]],
) -> Correspondence:
    """Returns the correspondence of the live object that matches the reference best, plain or mirrored.

    Plain features find a mug's handle on either side, but not which way round its body is; a mirrored reference does
    where the live object is turned over. Each hypothesis is scored by the confidence that moves together, which neither
    strong matches in a heap nor weak ones in order can win alone; and of several objects one that affords the function wins over
    one that only looks like the reference. ``objects`` are masks by id, the likeliest first: the first
    MAX_OBJECTS are compared. Raises NoMask where there is none.
    """
    if not objects:
        raise NoMask("the segmentation of this frame holds no object; is the object in view, inside max_distance, on the table?")
    compared = dict(islice(objects.items(), MAX_OBJECTS))
    embeddings = model.embed(image, list(compared.values()), reference.function)
    hypotheses = [
        _Hypothesis(object_id, live, mirrored, _agreement(model, reference, live, mirrored), affordance(live))
        for object_id, live in zip(compared, embeddings, strict=True)
        for mirrored in (False, True)
    ]
    best = max(hypotheses, key=lambda hypothesis: hypothesis.score * hypothesis.affordance)
    target = reference.mirrored if best.mirrored else reference.embedding
    matches = model.match(best.live, target)
    return Correspondence(
        object_id=best.object_id,
        matches=matches,
        confidence=matches.confidence,
        stride=best.live.stride,
        mirrored=best.mirrored,
        score=best.score,
        object_scores={item: max(h.score * h.affordance for h in hypotheses if h.object_id == item) for item in compared},
        keypoints=_keypoints(model, reference.keypoints, target, best.live),
    )


def _agreement(model: FunctionalCorrespondence, reference: Reference, live: Embedding, mirrored: bool) -> float:
    """Returns the confidence per live pixel that moves together (0..1)."""
    target = (reference.mirrored if mirrored else reference.embedding).thinned(DECIDING_PIXELS)
    matches = model.match(live.thinned(DECIDING_PIXELS), target)
    size = target.longer_side
    consistency = affine_consistency(
        matches.uv_query, matches.uv_target, matches.confidence, TOLERANCE * size, scale=size / live.longer_side,
        mirrored=mirrored,
    )
    return consistency * float(np.mean(matches.confidence))


def _keypoints(
    model: FunctionalCorrespondence, keypoints: Mapping[str, tuple[float, float]], target: Embedding, live: Embedding
) -> dict[str, LiveKeypoint]:
    if not keypoints:
        return {}
    matches = model.match(target, live, points=np.asarray(list(keypoints.values()), dtype=np.float32))
    return {
        name: LiveKeypoint((float(uv[0]), float(uv[1])), float(weight))
        for name, uv, weight in zip(keypoints, matches.uv_target, matches.confidence, strict=True)
    }
