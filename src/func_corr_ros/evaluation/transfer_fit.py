# SPDX-License-Identifier: Apache-2.0
"""The constants of transfers, fitted: what each witness of the turn is worth, and how probable evidence makes a right transfer.

Both are maximum likelihood with a ridge (Hoerl and Kennard 1970): witnesses and evidence overlap, and there are few cases.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64
from scipy.optimize import minimize
from scipy.special import expit, log_expit, softmax
from scipy.stats import mannwhitneyu

from func_corr_ros.transfer.trust import TrustModel
from func_corr_ros.transfer.turn import WEIGHTS

# What the sum of squared weights is multiplied by before it is added to the mean negative log likelihood of a case.
TURN_RIDGE, TRUST_RIDGE = 0.002, 0.0083
FOLDS, REPEATS = 8, 10


@dataclass(frozen=True)
class TurnCase:
    """``beliefs`` are each witness's log density over the turns at weight one (see :class:`Witness`), in the order of WEIGHTS;
    ``right`` says which turns are as good as the true one.
    """

    beliefs: Float64[np.ndarray, "w t"]
    right: Bool[np.ndarray, " t"]


def fit_turn(cases: Sequence[TurnCase], ridge: float = TURN_RIDGE) -> dict[str, float]:
    """Returns the weights of greatest likelihood, by name: a case's is the share of belief on its right turns. Cases that no
    turn carries say nothing and are left out; raises ValueError where none is left.
    """
    usable = [case for case in cases if case.right.any()]
    if not usable:
        raise ValueError(f"no turn is right in any of {len(cases)} cases")

    beliefs, right = (np.stack([getattr(case, name) for case in usable]) for name in ("beliefs", "right"))

    def loss(weights: Float64[np.ndarray, " w"]) -> tuple[float, Float64[np.ndarray, " w"]]:
        z = np.einsum("w,nwt->nt", weights, beliefs)
        density = softmax(z, axis=1)
        of_right = softmax(np.where(right, z, -np.inf), axis=1)
        share = np.sum(density * right, axis=1)
        slope = np.einsum("nt,nwt->w", density - of_right, beliefs) / len(usable)
        return float(-np.mean(np.log(share)) + ridge * np.sum(weights**2)), slope + 2.0 * ridge * weights

    found = minimize(loss, np.zeros(beliefs.shape[1]), jac=True)
    return dict(zip(WEIGHTS, map(float, found.x), strict=True))


def believes_right(case: TurnCase, weights: Mapping[str, float]) -> bool:
    """Returns whether the turn that is believed most is right."""
    return bool(case.right[(np.array([weights[name] for name in WEIGHTS]) @ case.beliefs).argmax()])


def fit_trust(
    measured: Sequence[Mapping[str, float]], right: Bool[np.ndarray, " n"], ridge: float = TRUST_RIDGE
) -> TrustModel:
    """Returns the logistic regression of ``right`` on what was ``measured``, evidence of one kind; the ridge is on standardised
    evidence and spares the intercept. Raises ValueError where all or none are right, or names differ.
    """
    if right.all() or not right.any():
        raise ValueError(f"{right.sum()} of {len(right)} transfers are right: both kinds are needed")
    names = list(measured[0])
    if any(set(one) != set(names) for one in measured):
        raise ValueError(f"evidence of one kind has the same names; got {sorted({tuple(sorted(one)) for one in measured})}")
    raw = np.array([[one[name] for name in names] for one in measured])
    mean, spread = raw.mean(axis=0), raw.std(axis=0) + 1e-9
    z = (raw - mean) / spread

    def loss(weights: Float64[np.ndarray, " k"]) -> tuple[float, Float64[np.ndarray, " k"]]:
        x = z @ weights[1:] + weights[0]
        slope = (expit(x) - right) / len(right)
        shrunk = np.append(0.0, weights[1:])
        return (float(-np.mean(log_expit(np.where(right, x, -x))) + ridge * np.sum(shrunk**2)),
                np.append(slope.sum(), z.T @ slope) + 2.0 * ridge * shrunk)

    fitted = minimize(loss, np.zeros(1 + len(names)), jac=True).x
    slopes = fitted[1:] / spread
    return TrustModel(float(fitted[0] - slopes @ mean), dict(zip(names, map(float, slopes), strict=True)))


def held_out_probabilities(
    measured: Sequence[Mapping[str, float]], right: Bool[np.ndarray, " n"], scenes: Sequence[str], repeats: int = REPEATS
) -> Float64[np.ndarray, " n"]:
    """Returns each transfer's probability by fits that saw nothing of its scene: the mean over ``repeats`` splits in FOLDS.
    Evidence of each kind is fitted by itself.
    """
    kinds = np.unique([",".join(sorted(one)) for one in measured], return_inverse=True)[1]
    rng, (which, scene) = np.random.default_rng(0), np.unique(scenes, return_inverse=True)
    total = np.zeros(len(right))
    for _ in range(repeats):
        fold = (rng.permutation(len(which)) % FOLDS)[scene]
        for kind in range(kinds.max() + 1):
            for number in range(min(FOLDS, len(which))):
                out, seen = (np.flatnonzero((kinds == kind) & chosen) for chosen in (fold == number, fold != number))
                if len(out):
                    model = fit_trust([measured[i] for i in seen], right[seen])
                    total[out] += np.array([model.probability(measured[i]) for i in out]) / repeats
    return total


def area_under_curve(probability: Float64[np.ndarray, " n"], right: Bool[np.ndarray, " n"]) -> float:
    """Returns the chance that a right transfer is told a higher probability than a wrong one; NaN for only one kind."""
    if right.all() or not right.any():
        return float("nan")
    return float(mannwhitneyu(probability[right], probability[~right]).statistic / (right.sum() * (~right).sum()))

