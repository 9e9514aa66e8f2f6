# SPDX-License-Identifier: Apache-2.0
"""What a confidence is worth, on plain arrays: calibration, risk over coverage, and how well a score parts two classes.

Every figure is a function of sums over units (pairs), weighted by how often each unit counts: once each for the figure itself,
as drawn for its bootstrap interval. Values that are equal stand or fall together, so that no figure depends on their order.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64

# Bins of the expected calibration error (Naeini et al. 2015, with bins of equal mass as in Nguyen and O'Connor 2015).
BINS = 15
# Confidences told apart at most; more are joined with their neighbours, which moves an area by less than one in LEVELS.
LEVELS = 500
FIGURES = ("ece", "brier", "aurc", "mean_confidence", "accuracy", "coverage", "risk")
PERCENT = np.arange(1, 101) / 100.0


@dataclass(frozen=True)
class Claims:
    """Claims that points are right, summed by unit and level of confidence, lowest first: their ``mass``, of that what was
    ``claimed`` and what came ``right``, and the ``squared`` difference. ``kept`` is mass and right mass that reach the method's
    threshold, by unit. ``starts`` is the first level of each bin; bins have about the same mass.
    """

    mass: Float64[np.ndarray, "u l"]
    claimed: Float64[np.ndarray, "u l"]
    right: Float64[np.ndarray, "u l"]
    squared: Float64[np.ndarray, "u l"]
    kept: Float64[np.ndarray, "u 2"]
    starts: Int64[np.ndarray, " b"]

    @classmethod
    def of(
        cls, confidence: Float[np.ndarray, " n"], right: Bool[np.ndarray, " n"], unit: Int64[np.ndarray, " n"],
        weight: Float64[np.ndarray, " n"], threshold: float = np.nan,
    ) -> Claims:
        """Returns the sums of n claims; ``unit`` counts from 0, ``weight`` is above 0, a ``threshold`` of NaN is none."""
        confidence, units = confidence.astype(np.float64), int(unit.max(initial=-1)) + 1
        level = equal_mass_groups(confidence, weight, LEVELS)
        levels = int(level.max(initial=-1)) + 1

        def sums(values: Float64[np.ndarray, " n"], column: Int64[np.ndarray, " n"], columns: int) -> Float64[np.ndarray, "u c"]:
            found = np.bincount(unit * columns + column, weight * values, units * columns)
            return found.astype(np.float64).reshape(units, columns)  # of nothing, bincount makes integers

        hit, kept = right.astype(np.float64), (confidence >= threshold) + 0.0 * threshold  # NaN without a threshold
        mass, one = sums(np.ones(len(level)), level, levels), np.zeros(len(level), dtype=np.int64)
        bins = equal_mass_groups(np.arange(levels, dtype=np.float64), mass.sum(axis=0), BINS)
        return cls(
            mass, sums(confidence, level, levels), sums(hit, level, levels), sums(np.square(confidence - hit), level, levels),
            np.concatenate([sums(kept, one, 1), sums(kept * hit, one, 1)], axis=1), np.flatnonzero(np.diff(bins, prepend=-1)),
        )

    def figures(self, times: Float64[np.ndarray, "r u"]) -> Float64[np.ndarray, "r k"]:
        """Returns FIGURES, then the accuracy in each bin, where the units count ``times``; NaN where nothing is left."""
        mass, claimed, right, squared, kept = (
            times @ sums for sums in (self.mass, self.claimed, self.right, self.squared, self.kept)
        )
        total = mass.sum(axis=1)
        gaps = np.abs(self.by_bin(claimed - right)).sum(axis=1)
        sums = np.stack([gaps, squared.sum(axis=1), risk_area(mass, mass - right), claimed.sum(axis=1), right.sum(axis=1),
                         kept[:, 0]], axis=1)
        risk = 1.0 - _ratio(kept[:, 1:], kept[:, :1])
        return np.concatenate([_ratio(sums, total[:, None]), risk, _ratio(self.by_bin(right), self.by_bin(mass))], axis=1)

    def by_bin(self, sums: Float64[np.ndarray, "r l"]) -> Float64[np.ndarray, "r b"]:
        """Returns sums by level as sums by bin."""
        return np.add.reduceat(sums, self.starts, axis=1) if len(self.starts) else sums

    def risk_at(self, coverage: Float64[np.ndarray, " c"]) -> Float64[np.ndarray, " c"]:
        """Returns the share of wrong ones among the most confident ``coverage`` (above 0, up to 1) of all."""
        mass, wrong = self.mass.sum(axis=0)[::-1], (self.mass - self.right).sum(axis=0)[::-1]
        taken = coverage * mass.sum()
        return np.interp(taken, np.cumsum([0.0, *mass]), np.cumsum([0.0, *wrong])) / taken


def equal_mass_groups(
    values: Float64[np.ndarray, " n"], weight: Float64[np.ndarray, " n"], count: int
) -> Int64[np.ndarray, " n"]:
    """Returns the group of each value, counted from the lowest: at most ``count`` groups of neighbours, of about the same
    weight. Equal values share a group; where no more than ``count`` differ, each has its own.
    """
    different, index = np.unique(values, return_inverse=True)
    if len(different) <= count:
        return index.astype(np.int64)
    mass = np.bincount(index, weight)
    middle = (np.cumsum(mass) - 0.5 * mass) / mass.sum()
    return np.unique((middle * count).astype(np.int64), return_inverse=True)[1].astype(np.int64)[index]


def risk_area(mass: Float64[np.ndarray, "r l"], wrong: Float64[np.ndarray, "r l"]) -> Float64[np.ndarray, " r"]:
    """Returns the area under the share of wrong ones over the mass taken (AURC times the mass), the last level taken first.

    Within a level the wrong ones are spread evenly: E(c) = E0 + e (c - c0), and the integral of E(c) / c over the level is
    e (c1 - c0) + (E0 - e c0) ln(c1 / c0).
    """
    mass, wrong = mass[:, ::-1], wrong[:, ::-1]
    first = np.zeros((len(mass), 1))
    c1, e1 = np.cumsum(mass, axis=1), np.cumsum(wrong, axis=1)
    c0, e0 = (np.concatenate([first, sums], axis=1)[:, :-1] for sums in (c1, e1))
    rate = _ratio(wrong, mass, empty=0.0)
    return (rate * mass + (e0 - rate * c0) * np.log(_ratio(c1, c0, empty=1.0))).sum(axis=1)  # at c0 = 0, E0 = 0 too


def comparisons(positive: Float64[np.ndarray, "p w"], negative: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "p n"]:
    """Returns how much of each positive's ``w`` scores lies above each negative: 1, 0, and 0.5 for equal ones; NaN scores are
    left out, a positive with none is NaN.
    """
    known = np.isfinite(positive)
    above = (positive[:, :, None] > negative) + 0.5 * (positive[:, :, None] == negative)
    count = np.broadcast_to(known.sum(axis=1)[:, None].astype(np.float64), (len(positive), len(negative)))
    return _ratio((above * known[:, :, None]).sum(axis=1), count)


def auroc(
    above: Float64[np.ndarray, "p n"], times: Float64[np.ndarray, "r p"], times_negative: Float64[np.ndarray, "r n"]
) -> Float64[np.ndarray, " r"]:
    """Returns the chance that a positive scores above a negative, the area under the ROC curve, from :func:`comparisons`
    without NaN, where positives and negatives count so many ``times``; NaN where one class is empty.
    """
    return _ratio(((times @ above) * times_negative).sum(axis=1), times.sum(axis=1) * times_negative.sum(axis=1))


def _ratio(a: Float64[np.ndarray, "*s"], b: Float64[np.ndarray, "*t"], empty: float = np.nan) -> Float64[np.ndarray, "*s"]:
    return np.divide(a, b, out=np.full(a.shape, empty), where=np.broadcast_to(b > 0.0, a.shape))
