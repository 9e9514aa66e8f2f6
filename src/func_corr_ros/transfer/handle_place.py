# SPDX-License-Identifier: Apache-2.0
"""Where on a live handle or spout a place lies that is known on another one."""
from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from func_corr_ros.geometry.revolution import Revolution
from func_corr_ros.transfer.align import Bodies
from func_corr_ros.transfer.demonstration import Keypoint
from func_corr_ros.transfer.part_box import OUTSIDE, THIN_M
from func_corr_ros.transfer.protrusion import MIN_HEIGHT, protrudes

# What sticks out is looked for this far to the sides of where a place is carried, and this share of the object's height
# up and down.
SECTOR = np.radians(20.0)
SECTOR_HEIGHT = 0.15
# So many points make a handle or a spout, fewer are noise; a place on it is the mean of as many, or of this share, by radius.
MIN_PROTRUSION_POINTS = 8
RADIAL_WINDOW = 0.1
# A handle stands, or lies, where it is so many times as long one way as the other.
LONG = 1.3


def place_on_protrusion(
    keypoint: Keypoint, place: Float64[np.ndarray, "3"], shown: Float64[np.ndarray, "m 3"], seen: Float64[np.ndarray, "n 3"],
    bodies: Bodies,
) -> Float64[np.ndarray, "3"]:
    """Returns the point of a live handle or spout that ``place`` means, or ``place`` where nothing sticks out.

    On a wall, a place out of which something sticks on the live body is its outermost: a rim becomes a spout's tip. Handles
    differ in reach, height and way: a place on one keeps its share of the way out and up (see ``_same_share``).
    """
    if protrudes(bodies.reference, keypoint.point[None])[0]:
        shown = shown[beside_on_protrusion(bodies.reference, keypoint.point, shown)]
        seen = seen[beside_on_protrusion(bodies.live, place, seen)]
        if min(len(shown), len(seen)) < MIN_PROTRUSION_POINTS:
            return place
        return _same_share(profile(bodies.reference, keypoint.point[None])[0], profile(bodies.reference, shown),
                           seen, profile(bodies.live, seen))
    found = seen[_around(bodies.live, place, seen)]
    if len(found) < MIN_PROTRUSION_POINTS:
        return place
    radius = bodies.live.cylindrical(found)[0]
    return found[radius >= np.quantile(radius, 1.0 - RADIAL_WINDOW)].mean(axis=0)


def _same_share(
    place: Float64[np.ndarray, "2"], shown: Float64[np.ndarray, "m 2"], seen: Float64[np.ndarray, "n 3"],
    seen_at: Float64[np.ndarray, "n 2"],
) -> Float64[np.ndarray, "3"]:
    """Returns the place among the points ``seen`` that is as far out and up in the box of ``seen_at`` (radii, heights) as
    ``place`` is in that of ``shown``: the mean of the points nearest to that, for inside a handle's loop there is none. Where one
    handle stands and the other lies, out becomes up and up becomes inward, as the gripper is turned (:mod:`bar`).
    """
    (low, high), (least, most) = (np.quantile(points, [OUTSIDE, 1.0 - OUTSIDE], axis=0) for points in (shown, seen_at))
    out, up = np.clip((place - low) / np.maximum(high - low, THIN_M), 0.0, 1.0)
    stood, stands = (_stands(size) for size in (high - low, most - least))
    share = np.array([out, up])
    if stood * stands < 0:
        share = np.array([1.0 - up, out] if stood > 0 else [up, 1.0 - out])
    distance = np.linalg.norm(seen_at - (least + share * (most - least)), axis=1)
    found: Float64[np.ndarray, "3"] = seen[np.argsort(distance)[:MIN_PROTRUSION_POINTS]].mean(axis=0)
    return found


def _stands(size: Float64[np.ndarray, "2"]) -> int:
    """Returns 1 for a box (radius, height) that is clearly higher than deep, -1 for one that lies, 0 for neither."""
    return int(size[1] > LONG * size[0]) - int(size[0] > LONG * size[1])


def beside_on_protrusion(
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
    return beside_on_protrusion(body, place, points) & (np.abs(height - level) < SECTOR_HEIGHT * height.max())


def profile(body: Revolution, points: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 2"]:
    """Returns radius and height of ``points`` in ``body`` [m]."""
    radius, _, height = body.cylindrical(points)
    return np.stack([radius, height], axis=1)
