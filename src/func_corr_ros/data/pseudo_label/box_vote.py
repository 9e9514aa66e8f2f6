# SPDX-License-Identifier: Apache-2.0
"""From boxes in views to a probability for every point of the cloud.

A box that holds all parts that are seen says nothing, a small one says much: a point inside is likelier by what it would take a
chance box of that size to hold it. How far each box can be trusted, and which points are of the part, are found in turns
(expectation maximisation, Dempster et al. 1977; Dawid and Skene 1979 for annotators), from boxes that all are trusted alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from func_corr_ros.data.pseudo_label.answers import Answers
from func_corr_ros.data.pseudo_label.label_views import LabelViews
from func_corr_ros.data.pseudo_label.neighbourhood import Neighbourhood, logistic
from func_corr_ros.settings import setting


@dataclass(frozen=True)
class VoteSettings:
    """What is taken for known about boxes, and how much neighbours on the surface count."""

    prior: float = setting(0.15, "share of the points that are of a part, before any box", at_least=0.001, at_most=0.9)
    inside: float = setting(0.93, "share of a part's seen points that a right box holds", at_least=0.5, at_most=0.999)
    tempering: float = setting(0.8, "weight of one view's evidence: views err together", at_least=0.01, at_most=1.0)
    looseness: float = setting(0.15, "standard deviation of a right box's edges, over its side", at_least=0.01, at_most=1.0)
    wrong: float = setting(0.3, "share of boxes that are not of the part, before any is looked at", at_least=0.01, at_most=0.9)
    smoothing: float = setting(3.0, "weight of the neighbours on the surface against a point's own evidence", at_least=0.0)
    edge_weight: float = setting(0.3, "weight of the surface's edges for parts that are an edge", at_least=0.0)
    rounds: int = setting(6, "times that boxes and points are judged in turn", at_least=1)


@dataclass(frozen=True)
class PartVote:
    """``probability`` of each point to be of the part; ``known`` is how often it was seen in a view that answered; ``trust`` is
    that of each answer, 0 for one without a box.
    """

    probability: Float64[np.ndarray, " n"]
    known: Int64[np.ndarray, " n"]
    trust: Float64[np.ndarray, " m"]

    @property
    def confidence(self) -> Float64[np.ndarray, " n"]:
        """How sure the vote is of each point, 0 (even odds, or never seen) .. 1."""
        return np.where(self.known > 0, np.abs(2.0 * self.probability - 1.0), 0.0)


def voted(
    answers: Answers, views: LabelViews, around: Neighbourhood, *, edge: bool, settings: VoteSettings = VoteSettings()
) -> PartVote:
    """Returns the vote of ``answers``, all about one part; ``edge`` says that the part is an edge of the surface."""
    rows = np.flatnonzero(answers.answered)
    view = answers.view[rows]
    seen, inside = views.seen[view], _inside(answers, views, rows)
    known = np.zeros(views.seen.shape[1], dtype=np.int64)
    for each in np.unique(view):
        known += views.seen[each]
    of_view = np.bincount(view, minlength=len(views.seen))[view]
    share = settings.tempering / of_view.astype(np.float64)  # answers about one view share that view's weight
    own = np.log(settings.prior / (1.0 - settings.prior)) + np.zeros(len(known))
    if edge:
        own += settings.edge_weight * np.log(np.clip(2.0 * around.edge, 0.05, 2.0))
    trust, probability = np.full(len(rows), 1.0 - settings.wrong), np.full(len(known), settings.prior)
    for _ in range(settings.rounds):
        logit = own + _evidence(seen, inside, probability, trust * share, settings)
        probability = logistic(around.smoothed(logit, settings.smoothing))
        trust = _trust(answers.box[rows], view, views, likely_points(probability, known), settings)
    whole = np.zeros(len(answers.part))
    whole[rows] = trust
    return PartVote(probability, known, whole)


def _inside(answers: Answers, views: LabelViews, rows: Int64[np.ndarray, " r"]) -> Bool[np.ndarray, "r n"]:
    """Returns which seen points each box, or its mask, holds."""
    if answers.held is not None:
        return answers.held[rows] & views.seen[answers.view[rows]]
    box, uv = answers.box[rows][:, None], views.uv[answers.view[rows]]
    held = (uv[..., 0] >= box[..., 0]) & (uv[..., 1] >= box[..., 1]) & (uv[..., 0] <= box[..., 2]) & (uv[..., 1] <= box[..., 3])
    return held & views.seen[answers.view[rows]]


def _evidence(
    seen: Bool[np.ndarray, "r n"],
    inside: Bool[np.ndarray, "r n"],
    probability: Float64[np.ndarray, " n"],
    weight: Float64[np.ndarray, " r"],
    settings: VoteSettings,
) -> Float64[np.ndarray, " n"]:
    """Returns the sum over boxes of log P(in or out of it | of the part) - log P(the same | not of the part)."""
    total = np.zeros(len(probability))
    other = 1.0 - probability
    for of_box, held, each in zip(seen, inside, weight, strict=True):
        chance = float(np.clip(other[held].sum() / max(other[of_box].sum(), 1e-9), 0.01, settings.inside))
        total[held] += each * np.log(settings.inside / chance)
        total[of_box & ~held] += each * np.log((1.0 - settings.inside) / (1.0 - chance))
    return total


def _trust(
    box: np.ndarray, view: Int64[np.ndarray, " r"], views: LabelViews, likely: Bool[np.ndarray, " n"], settings: VoteSettings
) -> Float64[np.ndarray, " r"]:
    """Returns the probability that each box is of the part: its edges are near those of the part's seen points, as far as right
    boxes are (normal), rather than anywhere in the picture (uniform).
    """
    trust = np.full(len(view), 1.0 - settings.wrong)
    for each in np.unique(view):
        shown = views.uv[each][views.seen[each] & likely].astype(np.float64)
        rows = np.flatnonzero(view == each)
        if len(shown) < 4:
            trust[rows] = 0.5 * (1.0 - settings.wrong)
            continue
        expected = np.concatenate([np.quantile(shown, 0.01, axis=0), np.quantile(shown, 0.99, axis=0)])
        size = expected[2:] - expected[:2] + 0.03 * views.camera.width
        off = (box[rows] - expected) / np.tile(size, 2) / settings.looseness
        span = views.camera.width / np.tile(size, 2) / settings.looseness
        right = -0.5 * np.square(np.minimum(off, 6.0)).sum(axis=1) - 2.0 * np.log(2.0 * np.pi)
        chance = -np.log(np.maximum(span, 1.0)).sum()
        odds = np.log((1.0 - settings.wrong) / settings.wrong) + right - chance
        trust[rows] = logistic(odds)
    return np.maximum(trust, 0.02)


def likely_points(probability: Float64[np.ndarray, " n"], known: Int64[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """Returns the points that are taken for the part: the likeliest ones, as many as make the expected intersection over union
    largest, sum of p inside over (their number + sum of p outside), among points that a view with an answer saw.
    """
    seen = np.flatnonzero(known > 0)
    order = seen[np.argsort(-probability[seen], kind="stable")]
    inside = np.cumsum(probability[order])
    chosen = np.zeros(len(probability), dtype=bool)
    if len(order):
        overlap = inside / (np.arange(1, len(order) + 1) + inside[-1] - inside)
        chosen[order[: int(overlap.argmax()) + 1]] = True
    return chosen
