# SPDX-License-Identifier: Apache-2.0
"""By how much the live object is turned about the vertical: what the functional part's place and shape say, weighed together.

Matches of two objects that differ in shape, or of one seen from the other side, often agree on a turn that is wrong. Where the
part is, and how it lies, the features know much better than which of its points is which (docs/transfer.md has the figures).
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.geometry.se3 import about_axis
from func_corr_ros.transfer.layout import Direction, Layout

# What each witness is worth: the concentration of its von Mises distribution (Mardia and Jupp 2000) per unit of strength, of
# greatest likelihood (ridge) for the true turns of 251 pairs of objects: benchmarks/fit_transfer.py prints this line.
WEIGHTS = {"to_part": 1.89, "rest_to_part": 3.27, "long_axis": 2.31, "part_axis": 2.24,
           "outstanding": 0.48, "part_outstanding": 1.37}
# Witnesses that are what sticks out of bodies of revolution; handles first, since a rim may do what a spout does.
OUTSTANDING = ("outstanding", "part_outstanding")
# Ways longer than this share of the object's size are no surer.
CLEAR = {"to_part": 0.3, "rest_to_part": 0.4}
# Axes look the same after half a turn.
FOLDS = {"long_axis": 2, "part_axis": 2}
TURNS = np.radians(np.arange(0.0, 360.0, 3.0))
# Turns nearer than this are as good as one another.
NEAR = np.radians(30.0)


@dataclass(frozen=True)
class Witness:
    """One opinion on the turn: ``turn`` [rad], the same again every 1 / ``folds`` of a circle, with ``strength`` 0..1."""

    turn: float
    strength: float
    folds: int = 1

    def belief(self, weight: float) -> Float64[np.ndarray, " t"]:
        """Returns the log density over TURNS, up to a constant."""
        return weight * self.strength * np.cos(self.folds * (TURNS - self.turn))


@dataclass(frozen=True)
class TurnBelief:
    """The turn about the vertical that the witnesses agree on: ``turn`` [rad] from the reference layout's axes to the live one's;
    ``belief`` is the share of each of TURNS.
    """

    turn: float
    belief: Float64[np.ndarray, " t"]
    reference: Layout
    live: Layout

    @property
    def mass(self) -> float:
        """The share of belief that is near the turn."""
        return self.mass_near(self.turn)

    def mass_near(self, turn: float) -> float:
        """Returns the share of belief within NEAR of any ``turn`` [rad]."""
        return float(self.belief[np.cos(TURNS - turn) > np.cos(NEAR)].sum())

    @property
    def live_from_reference(self) -> Float64[np.ndarray, "3 3"]:
        """The turn as a matrix between the cameras' frames."""
        return self.live.basis @ self.about_vertical @ self.reference.basis.T

    @property
    def about_vertical(self) -> Float64[np.ndarray, "3 3"]:
        """The turn as a matrix between the layouts' axes."""
        return about_axis(np.array([0.0, 0.0, 1.0]), self.turn)


def witnesses(reference: Layout, live: Layout) -> dict[str, Witness]:
    """Returns what each witness says."""
    return {name: _witness(getattr(reference, name), getattr(live, name), name) for name in WEIGHTS}


def believed_turn(reference: Layout, live: Layout) -> TurnBelief:
    """Returns the turn that the witnesses agree on, as if each were independent of the others."""
    said = witnesses(reference, live)
    log_belief = np.sum([said[name].belief(weight) for name, weight in WEIGHTS.items()], axis=0)
    belief = np.exp(log_belief - log_belief.max())
    best = TURNS[int(belief.argmax())]
    near = np.cos(TURNS - best) > np.cos(NEAR)
    turn = float(np.angle((belief * np.exp(1j * TURNS))[near].sum()))
    return TurnBelief(turn, belief / belief.sum(), reference, live)


def _witness(reference: Direction, live: Direction, name: str) -> Witness:
    folds = FOLDS.get(name, 1)
    both = reference.strength * live.strength if folds > 1 else min(reference.strength, live.strength, CLEAR.get(name, 1.0))
    return Witness(live.azimuth - reference.azimuth, both, folds)
