# SPDX-License-Identifier: Apache-2.0
"""Where a demonstrated keypoint lies on the live object: the motion, plus what is known of the shape there."""
from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from func_corr_ros.geometry.revolution import Revolution
from func_corr_ros.transfer.align import Alignment, AlignSettings, Bodies, extent
from func_corr_ros.transfer.demonstration import Keypoint
from func_corr_ros.transfer.lift import LiftedMatches
from func_corr_ros.transfer.part_box import OUTSIDE, THIN_M, boxed_place
from func_corr_ros.transfer.protrusion import MIN_HEIGHT, protrudes
from func_corr_ros.transfer.revolved import local_axes

# What sticks out is looked for this far to the sides of where a place is carried, and this share of the object's height
# up and down.
SECTOR = np.radians(20.0)
SECTOR_HEIGHT = 0.15
# So many points make a handle or a spout, fewer are noise; a place on it is the mean of as many, or of this share, by radius.
MIN_PROTRUSION_POINTS = 8
# A keypoint is of the functional part where so many reference points around it, within this share of the object's size, are at
# least so probably.
PART_NEIGHBOURS, PART_PROBABILITY, PART_REACH = 12, 0.15, 0.15
RADIAL_WINDOW = 0.1
# A handle stands, or lies, where it is so many times as long one way as the other.
LONG = 1.3


def carried_keypoint(
    keypoint: Keypoint, lifted: LiftedMatches, alignment: Alignment, settings: AlignSettings = AlignSettings(),
    shown: Float64[np.ndarray, "m 3"] | None = None,
) -> Float64[np.ndarray, "3"]:
    """Returns ``keypoint`` on the live object, in metres of the live camera's frame. ``shown`` are all points of the demonstrated
    object that were seen; without them, those that matched.

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
    if alignment.bodies is None:
        return place
    return _on_protrusion(keypoint, place, lifted.reference if shown is None else shown, lifted.live, alignment.bodies)


def is_of_part(keypoint: Keypoint, lifted: LiftedMatches) -> bool:
    """Returns whether ``keypoint`` is of the reference's functional part, by the matched points around it; not where there are
    none."""
    if lifted.part is None:
        return False
    distance = np.linalg.norm(lifted.reference - keypoint.point, axis=1)
    nearest = np.argsort(distance)[:PART_NEIGHBOURS]
    around = float(np.median(distance[nearest])) < PART_REACH * extent(lifted.reference)
    return around and bool(lifted.part[nearest, 1].mean() >= PART_PROBABILITY)


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
    keypoint: Keypoint, place: Float64[np.ndarray, "3"], shown: Float64[np.ndarray, "m 3"], seen: Float64[np.ndarray, "n 3"],
    bodies: Bodies,
) -> Float64[np.ndarray, "3"]:
    """Returns the point of a live handle or spout that ``place`` means, or ``place`` where nothing sticks out.

    On a wall, a place out of which something sticks on the live body is its outermost: a rim becomes a spout's tip. Handles
    differ in reach, height and way: a place on one keeps its share of the way out and up (see ``_same_share``).
    """
    if protrudes(bodies.reference, keypoint.point[None])[0]:
        shown = shown[_beside(bodies.reference, keypoint.point, shown)]
        seen = seen[_beside(bodies.live, place, seen)]
        if min(len(shown), len(seen)) < MIN_PROTRUSION_POINTS:
            return place
        return _same_share(_profile(bodies.reference, keypoint.point[None])[0], _profile(bodies.reference, shown),
                           seen, _profile(bodies.live, seen))
    found = seen[_around(bodies.live, place, seen)]
    if len(found) < MIN_PROTRUSION_POINTS:
        return place
    radius = bodies.live.cylindrical(found)[0]
    return found[radius >= np.quantile(radius, 1.0 - RADIAL_WINDOW)].mean(axis=0)


def _same_share(
    place: Float64[np.ndarray, "2"], shown: Float64[np.ndarray, "m 2"], seen: Float64[np.ndarray, "n 3"],
    profile: Float64[np.ndarray, "n 2"],
) -> Float64[np.ndarray, "3"]:
    """Returns the place among the points ``seen`` that is as far out and up in the box of their ``profile`` (radius, height) as
    ``place`` is in that of ``shown``: the mean of the points nearest to that, for inside a handle's loop there is none. Where one
    handle stands and the other lies, out becomes up and up becomes inward, as the gripper is turned (:mod:`bar`).
    """
    (low, high), (least, most) = (np.quantile(points, [OUTSIDE, 1.0 - OUTSIDE], axis=0) for points in (shown, profile))
    out, up = np.clip((place - low) / np.maximum(high - low, THIN_M), 0.0, 1.0)
    stood, stands = (_stands(size) for size in (high - low, most - least))
    share = np.array([out, up])
    if stood * stands < 0:
        share = np.array([1.0 - up, out] if stood > 0 else [up, 1.0 - out])
    distance = np.linalg.norm(profile - (least + share * (most - least)), axis=1)
    found: Float64[np.ndarray, "3"] = seen[np.argsort(distance)[:MIN_PROTRUSION_POINTS]].mean(axis=0)
    return found


def _stands(size: Float64[np.ndarray, "2"]) -> int:
    """Returns 1 for a box (radius, height) that is clearly higher than deep, -1 for one that lies, 0 for neither."""
    return int(size[1] > LONG * size[0]) - int(size[0] > LONG * size[1])


def _beside(
    body: Revolution, place: Float64[np.ndarray, "3"], points: Float64[np.ndarray, "n 3"]
) -> Bool[np.ndarray, " n"]:
    """Returns which ``points`` stick out of ``body`` on the side of ``place``."""
    _, azimuth, height = body.cylindrical(points)
    (_, here, _) = body.cylindrical(place[None])
    beside = np.abs(np.angle(np.exp(1j * (azimuth - here)))) < SECTOR
    return beside & (height > MIN_HEIGHT * height.max()) & protrudes(body, points)


def _around(
    body: Revolution, place: Float64[np.ndarray, "3"], points: Float64[np.ndarray, "n 3"]
) -> Bool[np.ndarray, " n"]:
    """Returns which ``points`` stick out of ``body`` beside ``place``, about as high."""
    height, level = (body.cylindrical(some)[2] for some in (points, place[None]))
    return _beside(body, place, points) & (np.abs(height - level) < SECTOR_HEIGHT * height.max())
