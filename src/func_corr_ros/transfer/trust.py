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

# Logistic regression (ridge) of "off by at most a fifth of the object and by 30 degrees" on what :func:`evidence` measures, on
# cases 100 to 115 and 300 to 307 of six functions: benchmarks/fit_transfer.py prints these lines, and how calibrated they are.
INTERCEPT = -2.50
COEFFICIENTS: Mapping[str, float] = {"overlap": -1.12, "height_gap": -0.96, "own_gap": -4.17, "round": -0.87, "explained": 8.00}
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
    """Returns what is measured of a transfer that puts ``keypoint`` at ``place`` [m]: numbers without unit, by name; distances
    are shares of the object's size.

    ``own_gap`` is how far the keypoint's own match lies from the place. Bodies of revolution (``round`` 1), which are carried by
    their profiles, are judged by the share of the matches' confidence that this explains (``explained``, else 0). All others by
    their shapes: ``overlap`` is the log of how far apart both seen surfaces are, turned as believed and scaled to one box, and
    ``height_gap`` how differently high the part lies (both 0 for bodies of revolution).
    """
    is_round = alignment.bodies is not None
    axes = local_axes(alignment.bodies.live, place) if alignment.bodies is not None else np.eye(3)
    own = own_offset(keypoint, place, axes, lifted, alignment)
    return {
        "overlap": 0.0 if is_round else float(np.log(max(_apart(belief), _NEAREST))),
        "height_gap": 0.0 if is_round else abs(_part_height(belief.reference) - _part_height(belief.live)),
        "own_gap": 0.5 * _FAR if own is None else min(float(np.linalg.norm(own)) / alignment.size, _FAR),
        "round": float(is_round),
        "explained": alignment.inlier_ratio if is_round else 0.0,
    }


def _apart(belief: TurnBelief) -> float:
    """Returns the mean distance from either surface to the other, as a share of the live box's diagonal."""
    shown, seen, diagonal = boxed_points(belief)
    shown, seen = (points[:: max(len(points) // _COMPARED, 1)] for points in (shown, seen))
    distances = cKDTree(shown).query(seen)[0].mean(), cKDTree(seen).query(shown)[0].mean()
    return float(np.mean(distances)) / diagonal


def _part_height(layout: Layout) -> float:
    return float(np.average(layout.points[:, 2], weights=layout.of_part)) / layout.size
