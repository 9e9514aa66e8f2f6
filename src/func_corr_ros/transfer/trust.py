# SPDX-License-Identifier: Apache-2.0
"""How probable it is that a transfer is right, from what was measured on it: what a robot is told, and what refusals go by."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.spatial import cKDTree

from func_corr_ros.transfer.align import Alignment
from func_corr_ros.transfer.carry import is_of_part, own_offset
from func_corr_ros.transfer.demonstration import Keypoint
from func_corr_ros.transfer.layout import Layout
from func_corr_ros.transfer.lift import LiftedMatches
from func_corr_ros.transfer.part_box import boxed_points
from func_corr_ros.transfer.revolved import local_axes
from func_corr_ros.transfer.turn import NEAR, OUTSTANDING, TurnBelief, witnesses

# Distances beyond this share of the object's size are equally bad; a keypoint without a match of its own counts as half of it.
_FAR = 0.5
# The mean gap, where a keypoint is off the functional part and its match no evidence.
_UNKNOWN = 0.13
# Surfaces are compared on about so many points of each; nearer than this share of the object's size is as near as it gets.
_COMPARED, _NEAREST = 400, 0.015


@dataclass(frozen=True)
class TrustModel:
    """A logistic regression: ``intercept``, and ``coefficients`` by name in the units of the evidence."""

    intercept: float
    coefficients: Mapping[str, float]

    def probability(self, measured: Mapping[str, float]) -> float:
        """Returns the probability (0..1) that a transfer with this evidence is right."""
        z = self.intercept + sum(weight * measured[name] for name, weight in self.coefficients.items())
        return float(1.0 / (1.0 + np.exp(-z)))


# Logistic regressions (ridge) of "off by at most a fifth of the object and by 30 degrees" on what :func:`evidence` measures of
# bodies of revolution, and of all other objects. benchmarks/fit_transfer.py prints them and how calibrated they are.
ROUND = TrustModel(1.46, {"own_gap": -5.65, "height_gap": -5.01, "explained": 1.13, "sides": 1.15})
OTHER = TrustModel(
    -2.68, {"height_gap": -0.47, "overlap": -1.01, "size_gap": -0.89, "scale_gap": -0.95, "part_explained": 1.15}
)


def probability(measured: Mapping[str, float]) -> float:
    """Returns the probability (0..1) that a transfer with this evidence is right, by the model of its kind."""
    return model_of(measured).probability(measured)


def model_of(measured: Mapping[str, float]) -> TrustModel:
    """Returns which of ROUND and OTHER the evidence is for."""
    return ROUND if "sides" in measured else OTHER


def evidence(
    lifted: LiftedMatches, alignment: Alignment, belief: TurnBelief, keypoint: Keypoint, place: Float64[np.ndarray, "3"]
) -> dict[str, float]:
    """Returns what is measured of a transfer that puts ``keypoint`` at ``place`` [m]: numbers without unit, by name; distances
    are shares of the object's size.

    ``height_gap`` is how differently high the part lies. Bodies of revolution, which are carried by their profiles, are besides
    judged by how far the keypoint's own match lies from the place (``own_gap``; off the part, where features know nothing of what
    corresponds, a middling one), by the share of the matches' confidence that this explains (``explained``), and by
    whether their turn agrees with the sides to which both stick out (``sides``: 1, -1 where it does not, 0 where nothing
    does). All others by their shapes: ``overlap`` is the log of how far apart both seen surfaces are, turned as believed and
    scaled to one box; by ``size_gap``, how differently large both look (the logarithm of the ratio), and by ``scale_gap``, the
    same of the motion's scale: objects of one kind are about as large, and what matches says so; and by the explained share of
    what is matched within the part (``part_explained``, 0 where nothing is): their keypoints' own matches say less.
    """
    bodies = alignment.bodies
    measured = {"height_gap": abs(_part_height(belief.reference) - _part_height(belief.live))}
    if bodies is None:
        of_part = alignment.part_ratio
        return {
            **measured, "overlap": float(np.log(max(_apart(belief), _NEAREST))),
            "size_gap": abs(float(np.log(belief.live.size / belief.reference.size))),
            "scale_gap": abs(float(np.log(alignment.live_from_reference.scale))),
            "part_explained": of_part if np.isfinite(of_part) else 0.0,
        }
    gap = _UNKNOWN
    if is_of_part(keypoint, lifted, bodies):
        own = own_offset(keypoint, place, local_axes(bodies.live, place), lifted, alignment)
        gap = 0.5 * _FAR if own is None else min(float(np.linalg.norm(own)) / alignment.size, _FAR)
    return {"own_gap": gap, **measured, "explained": alignment.inlier_ratio, "sides": _sides_agree(bodies.turn, belief)}


def _sides_agree(turn: float, belief: TurnBelief) -> float:
    said = witnesses(belief.reference, belief.live)
    turns = [said[name].turn for name in OUTSTANDING if said[name].strength > 0.0]
    return 0.0 if not turns else 1.0 if any(np.cos(turn - other) > np.cos(NEAR) for other in turns) else -1.0


def _apart(belief: TurnBelief) -> float:
    """Returns the mean distance from either surface to the other, as a share of the live box's diagonal."""
    shown, seen, diagonal = boxed_points(belief)
    shown, seen = (points[:: max(len(points) // _COMPARED, 1)] for points in (shown, seen))
    distances = cKDTree(shown).query(seen)[0].mean(), cKDTree(seen).query(shown)[0].mean()
    return float(np.mean(distances)) / diagonal


def _part_height(layout: Layout) -> float:
    """Returns how high the part lies, as a share of the object's size, or of its body's height (handles reach out far)."""
    whole = layout.size if layout.body is None else float(layout.body.heights.max())
    return float(np.average(layout.points[:, 2], weights=layout.of_part)) / whole
