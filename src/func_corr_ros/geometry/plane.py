# SPDX-License-Identifier: Apache-2.0
"""A plane in space, and the robust fit that finds a table top among points."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float64

from func_corr_ros.errors import BadSettings, DegenerateGeometry, TooFewPoints
from func_corr_ros.geometry.rigid_fit import check_spread
from func_corr_ros.geometry.se3 import unit

# Hypotheses are scored on at most this many points; the inliers and the final fit use all of them.
MAX_SCORED_POINTS = 4000
MAX_REFITS = 5


@dataclass(frozen=True)
class Plane:
    """The points x with ``normal`` . x + ``offset`` = 0, ``normal`` of unit length, ``offset`` in metres.

    Raises DegenerateGeometry for a normal that is not of unit length (Plane.through normalises) or not finite.
    """

    normal: Float64[np.ndarray, "3"]
    offset: float

    def __post_init__(self) -> None:
        length = float(np.linalg.norm(self.normal))
        if not (abs(length - 1.0) < 1e-6 and np.isfinite(self.offset)):
            raise DegenerateGeometry(f"a plane needs a normal of length 1 and a finite offset; given {self.normal.tolist()} "
                                     f"of length {length:g}, offset {self.offset:g}")

    @classmethod
    def through(cls, point: Float[np.ndarray, "3"], normal: Float[np.ndarray, "3"]) -> Plane:
        """Returns the plane through ``point`` with a ``normal`` of any length above zero."""
        direction = unit(normal, "plane's normal")
        return cls(direction, -float(direction @ point))

    def signed_distance(self, points: Float[np.ndarray, "*batch 3"]) -> Float[Any, "*batch"]:
        """Returns metres above the plane, positive on the side the normal points to."""
        return points @ self.normal.astype(points.dtype) + points.dtype.type(self.offset)

    def transformed(self, b_from_a: Float[np.ndarray, "4 4"]) -> Plane:
        """Returns this plane of frame a in the coordinates of frame b, by a rigid ``b_from_a``."""
        normal = b_from_a[:3, :3] @ self.normal
        return Plane(normal, self.offset - float(normal @ b_from_a[:3, 3]))

    def facing(self, point: Float[np.ndarray, "3"]) -> Plane:
        """Returns this plane with its normal turned to the side where ``point`` is."""
        return self if self.normal @ point + self.offset >= 0.0 else Plane(-self.normal, -self.offset)


def fit_plane(
    points: Float[np.ndarray, "n 3"], *, threshold_m: float, seed: int = 0, iterations: int = 300
) -> tuple[Plane, Bool[np.ndarray, " n"]]:
    """Returns the plane with the lowest truncated squared distance (MSAC), and the points within ``threshold_m`` of it.

    The normal points to the origin's side: towards the camera for points in its frame. The best of ``iterations``
    seeded samples of three points is refitted by least squares on its inliers until these stay the same. Raises
    TooFewPoints below three points, DegenerateGeometry for points that are not finite, coincident or collinear.
    """
    if not threshold_m > 0.0 or iterations < 1:
        raise BadSettings(f"threshold_m is {threshold_m}, iterations {iterations}; both must be above 0")
    if len(points) < 3:
        raise TooFewPoints(f"{len(points)} points; a plane needs at least 3")
    points = np.asarray(points, dtype=np.float64)
    finite = np.isfinite(points).all(axis=1)
    if not finite.all():
        raise DegenerateGeometry(f"{(~finite).sum()} of {len(points)} points are not finite; leave out pixels without depth")
    rng = np.random.default_rng(seed)
    scored = points if len(points) <= MAX_SCORED_POINTS else points[rng.choice(len(points), MAX_SCORED_POINTS, replace=False)]
    check_spread(scored, np.ones(len(scored)), "plane's")
    plane = _best_sample(scored, threshold_m, rng, iterations)
    inliers = np.abs(plane.signed_distance(points)) < threshold_m
    for _ in range(MAX_REFITS):
        refit = _least_squares(points[inliers])
        before, inliers = inliers, np.abs(refit.signed_distance(points)) < threshold_m
        plane = refit
        if np.array_equal(before, inliers):
            break
    return plane.facing(np.zeros(3)), inliers


def _best_sample(points: Float64[np.ndarray, "n 3"], threshold_m: float, rng: np.random.Generator, iterations: int) -> Plane:
    corners = points[rng.integers(len(points), size=(iterations, 3))]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    areas = np.linalg.norm(normals, axis=1)
    if not areas.max() > 0.0:
        raise DegenerateGeometry(f"none of {iterations} samples of three points spans a plane; more iterations are needed")
    normals, corners = normals[areas > 0.0] / areas[areas > 0.0, None], corners[areas > 0.0]
    offsets = -(normals * corners[:, 0]).sum(axis=1)
    squares = (normals @ points.T + offsets[:, None]) ** 2
    best = int(np.minimum(squares, threshold_m**2).sum(axis=1).argmin())
    return Plane.through(corners[best, 0], normals[best])


def _least_squares(points: Float64[np.ndarray, "n 3"]) -> Plane:
    """Returns the plane through the mean whose normal is the direction of least spread."""
    centre = points.mean(axis=0)
    _, directions = np.linalg.eigh((points - centre).T @ (points - centre))
    return Plane.through(centre, directions[:, 0])
