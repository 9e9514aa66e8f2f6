# SPDX-License-Identifier: Apache-2.0
"""How sure a match is: of plain features a plain score, of a trained head a probability that was measured on held-out objects."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64

from func_corr_ros.correspondence.embedding import Embedding
from func_corr_ros.errors import BadWeights

# Ways back that miss by a patch of DINOv2 (1/13 of the object) are half believed: the tolerance is a share of the object's side.
TOLERANCE = 0.12
# Probabilities closer to 0 or 1 than this say no more.
_EDGE = 1e-3
# The functional part is at least so large a share of an object that serves.
_TOP = 0.1


@dataclass(frozen=True)
class Calibration:
    """Two logistic regressions (Platt 1999), fitted on validation categories: ``match`` weighs :func:`match_evidence`, ``serves``
    weighs :func:`serving_evidence`. Below ``accept_match`` or ``accept_serving`` there is no correspondence.
    """

    match: tuple[float, ...]
    accept_match: float
    serves: tuple[float, ...]
    accept_serving: float

    @classmethod
    def read(cls, told: Mapping[str, object]) -> Calibration:
        """Returns the calibration that a file tells; raises BadWeights where it is none."""
        try:
            read = cls(
                tuple(map(float, told["match"])), float(told["accept_match"]),  # type: ignore[call-overload, arg-type]
                tuple(map(float, told["serves"])), float(told["accept_serving"]),  # type: ignore[call-overload, arg-type]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadWeights(f"the calibration {told!r} is none: {error!r}") from error
        if (len(read.match), len(read.serves)) != (_MATCH_COLUMNS, _SERVING_COLUMNS):
            raise BadWeights(f"the calibration has {len(read.match)} and {len(read.serves)} weights; {_MATCH_COLUMNS} and "
                             f"{_SERVING_COLUMNS} are read by this version")
        return read


_MATCH_COLUMNS, _SERVING_COLUMNS = 6, 3


@dataclass(frozen=True)
class Evidence:
    """What was measured of matches: cosine, the probability mass around each place found, the way back's miss, and, with a
    trained head, the probability of both ends to be in the functional part.
    """

    score: Float32[np.ndarray, " n"]
    mass: Float32[np.ndarray, " n"]
    cycle_px: Float32[np.ndarray, " n"]
    part: Float32[np.ndarray, "n 2"] | None

    def judged(
        self, calibration: Calibration | None, query: Embedding, target: Embedding, by_looks: Bool[np.ndarray, " n"]
    ) -> tuple[Float32[np.ndarray, " n"], float, Bool[np.ndarray, " n"]]:
        """Returns the confidence of each match, the probability that both objects serve the function at all (that of the less
        certain one; NaN without a calibration), and which matches are accepted (all of them without one).

        Matches ``by_looks`` are off the functional part: their confidence is a plain score, and none is accepted.
        """
        plain = plain_confidence(self.score, self.cycle_px, query.longer_side)
        if calibration is None or self.part is None:
            return plain, float("nan"), np.ones(len(plain), dtype=bool)
        evidence = match_evidence(self.score, self.mass, self.cycle_px / query.window.side, self.part)
        confidence = np.where(by_looks, plain, probability(calibration.match, evidence)).astype(np.float32)
        exists = min(serves(calibration, query), serves(calibration, target))
        sure = ~by_looks & (confidence >= calibration.accept_match)
        return confidence, exists, sure & (exists >= calibration.accept_serving)


def serves(calibration: Calibration, embedding: Embedding) -> float:
    """Returns the probability that an object serves the function that it was embedded for; 1 without functional parts."""
    part = embedding.anchors.part
    return 1.0 if part is None else float(probability(calibration.serves, serving_evidence(part.cpu().numpy())[None])[0])


def match_evidence(
    score: Float[np.ndarray, " n"], mass: Float[np.ndarray, " n"], cycle: Float[np.ndarray, " n"], part: Float[np.ndarray, "n 2"]
) -> Float64[np.ndarray, "n 6"]:
    """Returns what tells right matches from wrong ones: a constant, the log-odds of the probability mass around the place found,
    the cosine, how near the way back ends (``cycle`` is the miss as a share of the crop's side), and the log-odds of both
    ends being in the functional part.
    """
    home = np.exp(-((cycle / (TOLERANCE / 2.0)) ** 2))
    return np.stack([np.ones(len(score)), log_odds(mass), score, home, *log_odds(part).T], axis=1).astype(np.float64)


def serving_evidence(part: Float[np.ndarray, " n"]) -> Float64[np.ndarray, "3"]:
    """Returns what tells objects that serve the function from those that do not: a constant, and the log-odds of the mean
    probability of the tenth of the object's pixels that are most in the functional part, and of all of them.
    """
    most = np.sort(part)[-max(round(_TOP * len(part)), 1) :]
    return np.array([1.0, *log_odds(np.array([most.mean(), part.mean()]))])


def probability(weights: tuple[float, ...], evidence: Float64[np.ndarray, "n k"]) -> Float64[np.ndarray, " n"]:
    """Returns the logistic of the weighted sum of ``evidence``."""
    return 1.0 / (1.0 + np.exp(-(evidence @ np.asarray(weights))))


def log_odds(share: Float[np.ndarray, "*n"]) -> Float64[np.ndarray, "*n"]:
    """Returns log(p / (1 - p)), p kept off 0 and 1 by ``_EDGE``."""
    kept = np.clip(share.astype(np.float64), _EDGE, 1.0 - _EDGE)
    return np.log(kept) - np.log1p(-kept)


def plain_confidence(
    score: Float[np.ndarray, " n"], cycle_px: Float[np.ndarray, " n"], scale: float
) -> Float32[np.ndarray, " n"]:
    """Returns score x exp(-(c / tolerance)^2), c the distance in query pixels by which the way back misses, ``scale`` the query
    object's longer side in pixels: a score, not a probability.
    """
    return (score * np.exp(-((cycle_px / (TOLERANCE / 2.0 * scale)) ** 2))).astype(np.float32)
