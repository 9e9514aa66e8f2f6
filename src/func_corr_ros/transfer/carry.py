# SPDX-License-Identifier: Apache-2.0
"""Where a demonstrated keypoint lies on the live object: the motion, plus what is known of the shape there."""
from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from func_corr_ros.geometry.revolution import Revolution
from func_corr_ros.transfer.align import Alignment, AlignSettings, Bodies
from func_corr_ros.transfer.demonstration import Keypoint
from func_corr_ros.transfer.handle_place import beside_on_protrusion, place_on_protrusion, profile
from func_corr_ros.transfer.lift import OF_PART, LiftedMatches
from func_corr_ros.transfer.part_box import boxed_place, ringed_place
from func_corr_ros.transfer.protrusion import protrudes
from func_corr_ros.transfer.revolved import local_axes

# A keypoint is of the functional part where so many reference points around it, within this share of the object's size, are at
# least so probably.
PART_NEIGHBOURS, PART_PROBABILITY, PART_REACH = 12, 0.15, 0.15
# On a handle, points that stick out at least so much of how far a place does say whether it is of the part.
AS_FAR_OUT = 0.5
# A place in the part's box is given up for that of the profiles where the keypoint's own match is so many times nearer to that.
MUCH_NEARER = 0.5


def carried_keypoint(
    keypoint: Keypoint, lifted: LiftedMatches, alignment: Alignment, settings: AlignSettings = AlignSettings(),
    shown: Float64[np.ndarray, "m 3"] | None = None,
) -> Float64[np.ndarray, "3"]:
    """Returns ``keypoint`` on the live object, in metres of the live camera's frame. ``shown`` are all points of the demonstrated
    object that were seen; without them, those that matched.

    A keypoint of the functional part, where the features know that, keeps its place within it (:mod:`part_box`): on bodies of
    revolution unless its own match is much nearer to where the bodies' profiles put it. Elsewhere the motion carries it, with
    corrections (see ``_corrected``). Where something sticks out of the live body there, the place is on it (:mod:`handle_place`).
    """
    belief, bodies = alignment.belief, alignment.bodies
    of_part = belief is not None and is_of_part(keypoint, lifted, bodies)
    if bodies is None:
        return boxed_place(keypoint.point, belief) if belief and of_part else _corrected(keypoint, lifted, alignment, settings)
    place = _corrected(keypoint, lifted, alignment, settings)
    if belief and of_part:
        ringed = ringed_place(keypoint.point, belief, (bodies.reference, bodies.live), bodies.turn)
        gaps = [_own_gap(keypoint, some, lifted, alignment) for some in (alignment.carried(keypoint.point[None])[0], ringed)]
        place = place if gaps[0] < MUCH_NEARER * gaps[1] else ringed
    return place_on_protrusion(keypoint, place, lifted.reference if shown is None else shown, lifted.live, bodies)


def _own_gap(
    keypoint: Keypoint, place: Float64[np.ndarray, "3"], lifted: LiftedMatches, alignment: Alignment
) -> float:
    assert alignment.bodies is not None
    own = own_offset(keypoint, place, local_axes(alignment.bodies.live, place), lifted, alignment)
    return float("inf") if own is None else float(np.linalg.norm(own))


def _corrected(
    keypoint: Keypoint, lifted: LiftedMatches, alignment: Alignment, settings: AlignSettings
) -> Float64[np.ndarray, "3"]:
    """Returns where the motion carries ``keypoint``, corrected by two witnesses, each by its own evidence.

    They are the Gaussian-weighted mean residual of the inliers around the keypoint (evidence: their mean confidence), and the
    keypoint's own match, unless it contradicts the motion by more than an inlier may. The first is shrunk towards zero as if one
    match at the point agreed with the motion.
    """
    carried = alignment.carried(keypoint.point[None])[0]
    axes = np.eye(3) if alignment.bodies is None else local_axes(alignment.bodies.live, carried)
    near = _nearness(keypoint, lifted, alignment, settings)
    weights = near * lifted.weights * alignment.inliers
    corrections = [weights @ np.where(alignment.inliers[:, None], alignment.residuals, 0.0) / (weights.sum() + 1.0)]
    evidence = [weights.sum() / (near.sum() + 1.0)]
    own = own_offset(keypoint, carried, axes, lifted, alignment)
    if own is not None and np.linalg.norm(own) < settings.tolerance * alignment.size:
        corrections.append(own)
        evidence.append(lifted.keypoints[keypoint.name].confidence)
    total = sum(evidence)
    return carried if total == 0.0 else carried + axes @ np.average(corrections, axis=0, weights=evidence)


def is_of_part(keypoint: Keypoint, lifted: LiftedMatches, bodies: Bodies | None = None) -> bool:
    """Returns whether ``keypoint`` may well be of the reference's functional part; of what sticks out of its body, whether it
    probably is: the whole of a handle or spout says that better than a few neighbours.
    """
    body = None if bodies is None else bodies.reference
    out = body is not None and protrudes(body, keypoint.point[None])[0]
    return part_around(keypoint, lifted, body) >= (OF_PART if out else PART_PROBABILITY)


def part_around(keypoint: Keypoint, lifted: LiftedMatches, body: Revolution | None = None) -> float:
    """Returns the mean probability of the matched reference points around ``keypoint`` to be of the functional part; 0 where
    there are none, or features do not know the part. On what sticks out of the reference's ``body``, matched points that stick
    out about as far there are around it, however distant: a handle is one thing, of which often the ends alone are matched, and
    near the wall it looks like the rim.
    """
    if lifted.part is None:
        return 0.0
    distance, part = np.linalg.norm(lifted.reference - keypoint.point, axis=1), lifted.part[:, 1]
    if body is not None and protrudes(body, keypoint.point[None])[0]:
        beside = beside_on_protrusion(body, keypoint.point, lifted.reference)
        beside &= _sticks_out(body, lifted.reference) > AS_FAR_OUT * _sticks_out(body, keypoint.point[None])
        if beside.sum() >= PART_NEIGHBOURS:
            return float(part[beside].mean())
    count = min(PART_NEIGHBOURS, len(distance))
    nearest = np.argpartition(distance, count - 1)[:count]
    if np.median(distance[nearest]) > PART_REACH * lifted.reference_extent:
        return 0.0
    return float(part[nearest].mean())


def _sticks_out(body: Revolution, points: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, " n"]:
    """Returns how far ``points`` are out of the wall of ``body`` [m]."""
    radius, _, height = body.cylindrical(points)
    out: Float64[np.ndarray, " n"] = radius - body.radius_at(height)
    return out


def _nearness(
    keypoint: Keypoint, lifted: LiftedMatches, alignment: Alignment, settings: AlignSettings
) -> Float64[np.ndarray, " n"]:
    """Returns 0..1 by distance from the keypoint; along a body's wall only radius and height are a distance."""
    reach = settings.local_radius * lifted.reference_extent
    place, neighbours = keypoint.point[None], lifted.reference
    same = np.ones(len(neighbours))
    if alignment.bodies is not None:
        body = alignment.bodies.reference
        out = protrudes(body, place)[0]
        same = (protrudes(body, neighbours) == out).astype(np.float64)
        if not out:
            place, neighbours = profile(body, place), profile(body, neighbours)
    return same * np.exp(-0.5 * (np.linalg.norm(neighbours - place, axis=1) / reach) ** 2)


def own_offset(
    keypoint: Keypoint,
    carried: Float64[np.ndarray, "3"],
    axes: Float64[np.ndarray, "3 3"],
    lifted: LiftedMatches,
    alignment: Alignment,
) -> Float64[np.ndarray, "3"] | None:
    """Returns how far the keypoint's own match lies from where it is ``carried``, along ``axes`` [m]; None without one. On a wall
    of revolution only radius and height count."""
    match = lifted.keypoints.get(keypoint.name)
    if match is None:
        return None
    if alignment.bodies is not None:
        bodies = alignment.bodies
        if not protrudes(bodies.live, match.point[None])[0] and not protrudes(bodies.reference, keypoint.point[None])[0]:
            # Somewhere on the same ring: turn it to where the keypoint is.
            (radius, _, height), (here, _, level) = (bodies.live.cylindrical(p[None]) for p in (match.point, carried))
            return np.array([radius[0] - here[0], 0.0, height[0] - level[0]])
    return axes.T @ (match.point - carried)
