# SPDX-License-Identifier: Apache-2.0
"""The plane that objects stand on: several planes are fitted to a depth image, and the one objects stand on is chosen."""
from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Float64

from func_corr_ros.errors import DegenerateGeometry, NoMask, TooFewPoints
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.plane import Plane, fit_plane

# Median absolute deviation to standard deviation, for normal noise.
SIGMA_FROM_MAD = 1.4826
# Planes are searched among about this many points, and refined on all.
SAMPLE = 600
# Inliers within this many standard deviations take part in the last least-squares fit.
REFIT_SIGMAS = 2.5
# Points above a plane by more than this many standard deviations of its own noise are not of the plane.
NOISE_SIGMAS = 4.0
# Objects may overhang the visible part of their support by this much [m].
OVERHANG_M = 0.02
# What stands on a plane has points between its tolerance and this height above it [m], further inside its outline than the
# ground is before a wall; such points tell more of a support than its own.
STANDING_M, INSET_M, STANDING_WEIGHT = 0.05, 0.01, 10.0
# Points of one patch of a plane are in cells that touch; these have this size [m], or so many times the points' spacing.
PATCH_CELL_M, PATCH_SPACINGS = 0.03, 2.5


@dataclass(frozen=True)
class Support:
    """A support ``plane`` (normal towards the camera), the noise of its points, and how far it was seen to reach.

    ``edges`` are the half-planes of its convex outline: a footprint x (two coordinates along ``axes``) is above the
    visible support where edges[:, :2] @ x <= edges[:, 2].
    """

    plane: Plane
    noise_m: float
    share: float
    axes: Float64[np.ndarray, "2 3"]
    edges: Float64[np.ndarray, "k 3"]

    def footprints(self, points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 2"]:
        """Returns where points stand on the plane: two coordinates in metres along ``axes``."""
        return points @ self.axes.T.astype(points.dtype)

    def carries(self, points: Float[np.ndarray, "n 3"], margin_m: float = OVERHANG_M) -> Bool[np.ndarray, " n"]:
        """Returns which points are above or below the visible part of the support, or at most ``margin_m`` beside it."""
        inside = self.footprints(points) @ self.edges[:, :2].T.astype(points.dtype) <= self.edges[:, 2] + margin_m
        return inside.all(axis=1)

    def threshold_m(self, min_height_m: float) -> float:
        """Returns the height above which a point is not the plane's own noise, at least ``min_height_m``."""
        return max(min_height_m, NOISE_SIGMAS * self.noise_m)


def find_support(
    points: Float64[np.ndarray, "n 3"], standing: Float64[np.ndarray, "m 3"] | None = None, *,
    tolerance_m: float, min_share: float, planes: int, seed: int,
) -> Support:
    """Returns the plane that objects stand on, among up to ``planes`` planes that are fitted one after the other.

    Each candidate holds at least ``min_share`` of ``points`` (camera frame) within ``tolerance_m``. The best has the
    largest sum of 1/z^2 over its own points, those of what stands on it (STANDING_WEIGHT times) and, subtracted, those
    seen below it inside its outline. (A floor is larger than the desk in front of it, but further away, and little stands
    on it; a plane through objects has the table below it.) Points of objects that are known already are given as
    ``standing``; they belong to no plane. Raises NoMask, with the numbers, where no plane is large enough.
    """
    candidates: list[Support] = []
    rest, largest = points, 0.0
    for index in range(planes):
        if len(rest) < max(3.0, min_share * len(points)):
            break
        try:
            plane, _ = fit_plane(rest[:: 1 + len(rest) // SAMPLE], threshold_m=tolerance_m, seed=seed + index)
        except (TooFewPoints, DegenerateGeometry):
            break
        own = np.abs(plane.signed_distance(rest)) < tolerance_m
        largest = max(largest, float(own.sum()) / len(points))
        if own.sum() < min_share * len(points):
            break
        candidates.append(_described(plane, rest[own], float(own.sum()) / len(points)))
        rest = rest[~own]
    if not candidates:
        raise NoMask(f"no support plane: the largest plane holds {largest:.1%} of {len(points)} points within "
                     f"{tolerance_m * 1e3:g} mm (plane_tolerance_m); at least {min_share:.0%} are needed (plane_min_share)")
    seen = points if standing is None else np.concatenate([points, standing])
    return max(candidates, key=lambda item: _importance(item, seen, tolerance_m))


def heights_above(plane: Plane, depth: Float32[np.ndarray, "h w"], camera: PinholeCamera) -> Float32[np.ndarray, "h w"]:
    """Returns each pixel's height above ``plane`` in metres, NaN where depth is."""
    across = plane.normal[0] * (np.arange(camera.width) - camera.cx) / camera.fx
    down = plane.normal[1] * (np.arange(camera.height) - camera.cy) / camera.fy + plane.normal[2]
    return depth * (across[None, :] + down[:, None]).astype(np.float32) + np.float32(plane.offset)


def _described(plane: Plane, inliers: Float64[np.ndarray, "n 3"], share: float) -> Support:
    noise = _spread(plane, inliers)
    close = inliers[np.abs(plane.signed_distance(inliers)) <= max(REFIT_SIGMAS * noise, 1e-6)]
    plane = _least_squares(close).facing(np.zeros(3))
    first = np.cross(plane.normal, np.eye(3)[np.argmin(np.abs(plane.normal))])
    first /= np.linalg.norm(first)
    axes = np.stack([first, np.cross(plane.normal, first)])
    return Support(plane, _spread(plane, close), share, axes, _outline(close @ axes.T))


def _spread(plane: Plane, points: Float64[np.ndarray, "n 3"]) -> float:
    return SIGMA_FROM_MAD * float(np.median(np.abs(plane.signed_distance(points))))


def _least_squares(points: Float64[np.ndarray, "n 3"]) -> Plane:
    centre = points.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov((points - centre).T))
    return Plane.through(centre, vectors[:, 0])


def _outline(footprints: Float64[np.ndarray, "n 2"]) -> Float64[np.ndarray, "k 3"]:
    """Returns the half-planes of the convex outline of the largest patch of ``footprints``."""
    footprints = footprints[_in_largest_patch(footprints)]
    # an origin at the centre keeps float32, which is what OpenCV takes, exact to micrometres
    centre = footprints.mean(axis=0)
    corners = cv2.convexHull((footprints - centre).astype(np.float32))[:, 0].astype(np.float64)
    along = np.roll(corners, -1, axis=0) - corners
    length = np.linalg.norm(along, axis=1)
    corners, along = corners[length > 0], along[length > 0] / length[length > 0, None]
    outward = np.stack([along[:, 1], -along[:, 0]], axis=1)
    outward *= np.where((corners * outward).sum(axis=1, keepdims=True) < 0.0, -1.0, 1.0)
    return np.concatenate([outward, (outward * (corners + centre)).sum(axis=1, keepdims=True)], axis=1)


def _in_largest_patch(footprints: Float64[np.ndarray, "n 2"]) -> Bool[np.ndarray, " n"]:
    """Returns which footprints belong to the largest patch: a chair behind the table may be as high as the table is."""
    extent = footprints.max(axis=0) - footprints.min(axis=0)
    cell = max(PATCH_CELL_M, PATCH_SPACINGS * float(np.sqrt(extent.prod() / len(footprints))))
    cells = ((footprints - footprints.min(axis=0)) / cell).astype(np.int64)
    taken = np.zeros(cells.max(axis=0) + 1, np.uint8)
    taken[cells[:, 0], cells[:, 1]] = 1
    _, patches = cv2.connectedComponents(taken, connectivity=8)
    of_point = patches[cells[:, 0], cells[:, 1]]
    return of_point == np.bincount(of_point).argmax()


def _importance(support: Support, points: Float64[np.ndarray, "n 3"], tolerance_m: float) -> float:
    height = support.plane.signed_distance(points)
    weight = (np.abs(height) <= tolerance_m).astype(np.float64)
    off = np.flatnonzero((height < -tolerance_m) | ((height > tolerance_m) & (height < STANDING_M)))
    off = off[support.carries(points[off], -INSET_M)]
    weight[off] = np.where(height[off] > 0.0, STANDING_WEIGHT, -1.0)
    return float((weight / points[:, 2] ** 2).sum())
