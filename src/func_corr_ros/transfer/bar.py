# SPDX-License-Identifier: Apache-2.0
"""Handles are bars: a gripper that held an upright one takes a level one turned along with it.

One motion carries the whole object. It does not know that a mug's handle stands and a saucepan's lies, and would send a gripper
across the bar that it is to close on. What is gripped is therefore looked at by itself.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.spatial.transform import Rotation

from func_corr_ros.geometry.revolution import Revolution
from func_corr_ros.transfer.align import Alignment
from func_corr_ros.transfer.carry import is_of_part
from func_corr_ros.transfer.demonstration import Keypoint
from func_corr_ros.transfer.lift import LiftedMatches
from func_corr_ros.transfer.protrusion import protrudes

# What lies within the gripper's reach of a place tells how the bar runs there [m].
REACH_M = 0.03
# Fewer points, or ones that do not reach so many times as far one way as across, are no bar.
MIN_POINTS, MIN_ELONGATION = 10, 1.5
# Bars that differ by less than this run alike: handles bend by as much within a hand's reach.
ALIKE = np.radians(45.0)
# A bar has no ends. The shorter way round is taken, but where it is hardly the shorter one, that which comes from above.
UNDECIDED = np.radians(30.0)


@dataclass(frozen=True)
class Bars:
    """The bars around a keypoint, unit vectors of either sign in the live camera's frame: ``carried`` of the demonstrated object,
    as the motion carries it, and ``live``.
    """

    carried: Float64[np.ndarray, "3"]
    live: Float64[np.ndarray, "3"]


def gripped_bars(
    keypoint: Keypoint, place: Float64[np.ndarray, "3"], shown: Float64[np.ndarray, "m 3"], lifted: LiftedMatches,
    alignment: Alignment,
) -> Bars | None:
    """Returns the bars around ``keypoint``, which is carried to ``place``, None unless there is one on both objects. ``shown``
    are the demonstrated object's points. The functional part is left alone: how that lies, the motion is made from.
    """
    bodies = alignment.bodies
    if is_of_part(keypoint, lifted, bodies):
        return None
    bar = bar_at(shown, keypoint.point, None if bodies is None else bodies.reference)
    live = None if bar is None else bar_at(lifted.live, place, None if bodies is None else bodies.live)
    return None if bar is None or live is None else Bars(alignment.live_from_reference.rotation @ bar, live)


def bar_at(
    points: Float64[np.ndarray, "n 3"], place: Float64[np.ndarray, "3"], body: Revolution | None = None
) -> Float64[np.ndarray, "3"] | None:
    """Returns the direction (a unit vector of either sign) of the bar that an object's ``points`` [m] form around ``place``, None
    where they form none. Of a body of revolution only what sticks out of it counts.
    """
    near = points[np.linalg.norm(points - place, axis=1) < REACH_M]
    if body is not None and len(near):
        near = near[protrudes(body, near)]
    if len(near) < MIN_POINTS:
        return None
    (_, across, along), axes = np.linalg.eigh(np.cov(near.T))
    return axes[:, 2] if along > MIN_ELONGATION**2 * max(across, 0.0) else None


def bar_turn(
    bars: Bars, approach: Float64[np.ndarray, "3"], up: Float64[np.ndarray, "3"] | None
) -> Float64[np.ndarray, "3 3"]:
    """Returns the least turn that lays the carried bar along the live one; none where both run alike. Where both ways round are
    about as long, a gripper that comes along ``approach`` comes from above after it, by the support's normal ``up``.
    """
    if abs(bars.carried @ bars.live) > np.cos(ALIKE):
        return np.eye(3)
    turns = [_least_turn(bars.carried, sign * bars.live) for sign in (1.0, -1.0)]
    angles = [float(turn.magnitude()) for turn in turns]
    chosen = int(np.argmin(angles))
    if up is not None and abs(angles[0] - angles[1]) < UNDECIDED:
        chosen = int(np.argmin([turn.apply(approach) @ up for turn in turns]))
    found: Float64[np.ndarray, "3 3"] = turns[chosen].as_matrix()
    return found


def _least_turn(a: Float64[np.ndarray, "3"], b: Float64[np.ndarray, "3"]) -> Rotation:
    """Returns the least turn of ``a`` onto ``b``, which are ALIKE apart at least."""
    # Rotation.align_vectors says this too, but since SciPy 1.12 only: Ubuntu 24.04 has 1.11.
    axis = np.cross(a, b)
    sine = float(np.linalg.norm(axis))
    return Rotation.from_rotvec(np.arctan2(sine, a @ b) / sine * axis)
