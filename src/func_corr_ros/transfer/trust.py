# SPDX-License-Identifier: Apache-2.0
"""How probable it is that a transfer is right, from what was measured on it: what a robot is told, and what refusals go by."""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float64
from scipy.spatial import cKDTree

from func_corr_ros.transfer.align import Alignment
from func_corr_ros.transfer.carry import own_offset
from func_corr_ros.transfer.demonstration import Keypoint
from func_corr_ros.transfer.layout import Layout
from func_corr_ros.transfer.lift import LiftedMatches
from func_corr_ros.transfer.part_box import boxed_points
from func_corr_ros.transfer.revolved import local_axes
from func_corr_ros.transfer.turn import TurnBelief

# Logistic regression of "off by at most a fifth of the object and by 30 degrees" on what :func:`evidence` measures, on cases that no
# table reports (docs/transfer.md). benchmarks/transfer_constants.py fits and prints these lines.
INTERCEPT = -5.06
COEFFICIENTS: Mapping[str, float] = {
    "overlap": -1.82, "explained": 0.24, "own_gap": -3.43, "height_gap": -1.41, "round": 1.24,
}
# Distances beyond this share of the object's size are equally bad; a keypoint without a match of its own counts as half of it.
_FAR = 0.5
# Surfaces are compared on about so many points of each; nearer than this share of the object's size is as near as it gets.
_COMPARED, _NEAREST = 400, 0.015


def probability(measured: Mapping[str, float]) -> float:
    """Returns the probability (0..1) that a transfer with this evidence is right."""
    z = INTERCEPT + sum(weight * measured[name] for name, weight in COEFFICIENTS.items())
    return float(1.0 / (1.0 + np.exp(-z)))


def evidence(
    lifted: LiftedMatches, alignment: Alignment, belief: TurnBelief, keypoint: Keypoint, place: Float64[np.ndarray, "3"]
) -> dict[str, float]:
    """Returns what is measured of a transfer that puts ``keypoint`` at ``place`` [m]: numbers without unit, by name. ``overlap`` is
    the log of how far apart both objects' seen surfaces are, turned as believed and scaled to one box: objects of other shapes are
    carried wrongly more often. ``explained`` is the motion's share of the matches' confidence, ``own_gap`` how far the keypoint's
    own match lies from the place, ``height_gap`` how differently high the part lies; distances are shares of the object's size.
    ``round`` is 1 where both are bodies of revolution, which are carried by their profiles, else 0.
    """
    axes = np.eye(3) if alignment.bodies is None else local_axes(alignment.bodies.live, place)
    own = own_offset(keypoint, place, axes, lifted, alignment)
    return {
        "overlap": float(np.log(max(_apart(belief), _NEAREST))),
        "explained": alignment.inlier_ratio,
        "own_gap": 0.5 * _FAR if own is None else min(float(np.linalg.norm(own)) / alignment.size, _FAR),
        "height_gap": abs(_part_height(belief.reference) - _part_height(belief.live)),
        "round": float(alignment.bodies is not None),
    }


def _apart(belief: TurnBelief) -> float:
    """Returns the mean distance from either surface to the other, as a share of the live box's diagonal."""
    shown, seen, diagonal = boxed_points(belief)
    shown, seen = (points[:: max(len(points) // _COMPARED, 1)] for points in (shown, seen))
    distances = cKDTree(shown).query(seen)[0].mean(), cKDTree(seen).query(shown)[0].mean()
    return float(np.mean(distances)) / diagonal


def _part_height(layout: Layout) -> float:
    return float(np.average(layout.points[:, 2], weights=layout.of_part)) / layout.size
