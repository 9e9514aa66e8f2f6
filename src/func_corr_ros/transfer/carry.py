# SPDX-License-Identifier: Apache-2.0
"""Where a demonstrated keypoint lies on the live object: the motion, plus what is known of the shape there."""
from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from func_corr_ros.geometry.revolution import Revolution
from func_corr_ros.transfer.align import Alignment, AlignSettings, Bodies, extent
from func_corr_ros.transfer.demonstration import Keypoint
from func_corr_ros.transfer.lift import LiftedMatches
from func_corr_ros.transfer.part_box import boxed_place
from func_corr_ros.transfer.protrusion import protrudes
from func_corr_ros.transfer.revolved import local_axes

# What sticks out is looked for this far to the sides of where a place is carried, and this share of the object's height
# up and down.
SECTOR = np.radians(20.0)
SECTOR_HEIGHT = 0.15
# So many points make a handle or a spout, fewer are noise; a place on it is the mean of this share of them, by radius.
MIN_PROTRUSION_POINTS = 8
# A keypoint is of the functional part where so many reference points around it are at least so probably.
PART_NEIGHBOURS, PART_PROBABILITY = 12, 0.15
RADIAL_WINDOW = 0.1


def carried_keypoint(
    keypoint: Keypoint, lifted: LiftedMatches, alignment: Alignment, settings: AlignSettings = AlignSettings()
) -> Float64[np.ndarray, "3"]:
    """Returns ``keypoint`` on the live object, in metres of the live camera's frame.

    Two witnesses correct the motion, each by its own evidence: the Gaussian-weighted mean residual of the inliers around
    the keypoint (evidence: their mean confidence), and the keypoint's own match, unless it contradicts the motion by
    more than an inlier may. The first is shrunk towards zero as if one match at the point agreed with the motion. Where
    something sticks out of the live body there, the place is on it (see ``_on_protrusion``). On objects that are no bodies of
    revolution, a keypoint of the functional part, where the features know that, keeps its place within it (:mod:`part_box`).
    """
    if alignment.belief is not None and alignment.bodies is None and is_of_part(keypoint, lifted):
        return boxed_place(keypoint.point, alignment.belief)
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
    place = carried if total == 0.0 else carried + axes @ np.average(corrections, axis=0, weights=evidence)
    return place if alignment.bodies is None else _on_protrusion(keypoint, place, lifted, alignment.bodies)


def is_of_part(keypoint: Keypoint, lifted: LiftedMatches) -> bool:
    """Returns whether ``keypoint`` is of the reference's functional part, by the reference points nearest to it."""
    if lifted.part is None:
        return False
    distance = np.linalg.norm(lifted.reference - keypoint.point, axis=1)
    nearest = np.argsort(distance)[:PART_NEIGHBOURS]
    return bool(lifted.part[nearest, 1].mean() >= PART_PROBABILITY)


def _nearness(
    keypoint: Keypoint, lifted: LiftedMatches, alignment: Alignment, settings: AlignSettings
) -> Float64[np.ndarray, " n"]:
    """Returns 0..1 by distance from the keypoint; along a body's wall only radius and height are a distance."""
    reach = settings.local_radius * extent(lifted.reference)
    place, neighbours = keypoint.point[None], lifted.reference
    same = np.ones(len(neighbours))
    if alignment.bodies is not None:
        body = alignment.bodies.reference
        out = protrudes(body, place)[0]
        same = (protrudes(body, neighbours) == out).astype(np.float64)
        if not out:
            place, neighbours = _profile(body, place), _profile(body, neighbours)
    return same * np.exp(-0.5 * (np.linalg.norm(neighbours - place, axis=1) / reach) ** 2)


def _profile(body: Revolution, points: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 2"]:
    radius, _, height = body.cylindrical(points)
    return np.stack([radius, height], axis=1)


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


def _on_protrusion(
    keypoint: Keypoint, place: Float64[np.ndarray, "3"], lifted: LiftedMatches, bodies: Bodies
) -> Float64[np.ndarray, "3"]:
    """Returns the point of a live handle or spout that ``place`` means, or ``place`` where nothing sticks out.

    Handles reach out differently far, spouts end where rims do not: a place keeps its rank by radius among what sticks
    out around it. On a wall, out of which nothing sticks, it is the outermost and stays so: a rim becomes a spout's tip.
    """
    around = _around(bodies.live, place, lifted.live)
    if around.sum() < MIN_PROTRUSION_POINTS:
        return place
    rank = 1.0
    if protrudes(bodies.reference, keypoint.point[None])[0]:
        shown = bodies.reference.cylindrical(lifted.reference[_around(bodies.reference, keypoint.point, lifted.reference)])[0]
        rank = float(np.mean(shown <= bodies.reference.cylindrical(keypoint.point[None])[0])) if len(shown) else 0.5
    found = lifted.live[around]
    radius = bodies.live.cylindrical(found)[0]
    low, high = np.quantile(radius, np.clip([rank - RADIAL_WINDOW, rank + RADIAL_WINDOW], 0.0, 1.0))
    return found[(radius >= low) & (radius <= high)].mean(axis=0)


def _around(
    body: Revolution, place: Float64[np.ndarray, "3"], points: Float64[np.ndarray, "n 3"]
) -> Bool[np.ndarray, " n"]:
    """Returns which ``points`` stick out of ``body`` beside ``place``."""
    _, azimuth, height = body.cylindrical(points)
    _, here, level = body.cylindrical(place[None])
    beside = np.abs(np.angle(np.exp(1j * (azimuth - here)))) < SECTOR
    return beside & (np.abs(height - level) < SECTOR_HEIGHT * height.max()) & protrudes(body, points)
