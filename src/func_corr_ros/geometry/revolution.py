# SPDX-License-Identifier: Apache-2.0
"""The body of a vessel: the upright surface of revolution that explains most of an object's points, and what sticks out of it."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from func_corr_ros.errors import DegenerateGeometry, TooFewPoints
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.procrustes import upright_basis

# Heights are told apart by slices: few enough to hold points each, many enough to follow a belly or a spout.
SLICES = 16
HYPOTHESES = 400
MIN_POINTS = 60
# A slice with fewer points on its circle says nothing of its radius.
MIN_SLICE_POINTS = 6
REFITS = 4
# The search for the axis needs no more; the refits use all points.
MAX_SCORED_POINTS = 1200


@dataclass(frozen=True)
class Revolution:
    """An axis along a support's normal and the body's radius by height.

    ``foot`` is where the axis meets the support [m]; the columns of ``basis`` are two horizontal directions and up, a
    right-handed frame from which azimuths are counted. ``radii`` [m] belong to ``heights`` [m], ascending. ``ratio`` is
    the share of the points that lies on the surface: near 1 for a bowl, low for a box.
    """

    foot: Float64[np.ndarray, "3"]
    basis: Float64[np.ndarray, "3 3"]
    heights: Float64[np.ndarray, " s"]
    radii: Float64[np.ndarray, " s"]
    ratio: float

    def cylindrical(
        self, points: Float64[np.ndarray, "n 3"]
    ) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
        """Returns radius [m], azimuth [rad, -pi..pi] and height [m] of ``points``."""
        x, y, height = ((points - self.foot) @ self.basis).T
        return np.hypot(x, y), np.arctan2(y, x), height

    def radius_at(self, height: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        """Returns the body's radius [m] at ``height``, beyond the seen heights that of the nearest one."""
        return np.interp(height, self.heights, self.radii)

    def protrudes(self, points: Float64[np.ndarray, "n 3"], margin: float) -> Bool[np.ndarray, " n"]:
        """Returns which points lie more than ``margin`` metres outside the body: handles, spouts, knobs."""
        radius, _, height = self.cylindrical(points)
        return radius > self.radius_at(height) + margin


def fit_revolution(points: Float64[np.ndarray, "n 3"], support: Plane, *, tolerance_m: float, seed: int = 0) -> Revolution:
    """Returns the upright surface of revolution on ``support`` that holds most of ``points``.

    Circles through three points of one height vote for the axis: the winner's slices each hold as many points as
    possible on one radius (within ``tolerance_m``). It is refined by a circle fit with one centre for all slices
    (Kasa 1976, linear). Points inside or outside the body, such as a handle's, only lack a vote. The same input and ``seed``
    give the same result. Raises TooFewPoints, or DegenerateGeometry where no three points make a circle of the object's size.
    """
    if len(points) < MIN_POINTS:
        raise TooFewPoints(f"{len(points)} points; a surface of revolution needs at least {MIN_POINTS}")
    basis = upright_basis(support.normal)
    height = support.signed_distance(points)
    centre = points.mean(axis=0)
    flat = (points - centre) @ basis[:, :2]
    edges = np.linspace(*np.quantile(height, [0.02, 0.98]), SLICES + 1)
    slices = np.clip(np.searchsorted(edges, height) - 1, 0, SLICES - 1)
    rng = np.random.default_rng(seed)
    axis = _best_axis(flat, slices, _circle_centres(flat, slices, rng), tolerance_m, rng)
    for _ in range(REFITS):
        radius = np.hypot(*(flat - axis).T)
        radii, on_body = _slice_radii(radius, slices, tolerance_m)
        axis = _common_centre(flat[on_body], slices[on_body])
    radii, on_body = _slice_radii(np.hypot(*(flat - axis).T), slices, tolerance_m)
    seen = np.isfinite(radii)
    if not seen.any():
        raise DegenerateGeometry(f"no height of the object holds {MIN_SLICE_POINTS} points on one circle of {tolerance_m:g} m")
    above = centre + basis[:, :2] @ axis
    foot = above - support.signed_distance(above[None])[0] * support.normal
    middles = 0.5 * (edges[1:] + edges[:-1])
    return Revolution(foot, basis, middles[seen], radii[seen], float(on_body.mean()))


def _circle_centres(
    flat: Float64[np.ndarray, "n 2"], slices: Int64[np.ndarray, " n"], rng: np.random.Generator
) -> Float64[np.ndarray, "k 2"]:
    """Returns the centres of circles through three random points of one slice, those no larger than the object."""
    order = np.argsort(slices, kind="stable")
    first = np.searchsorted(slices[order], np.arange(SLICES + 1))
    chosen = slices[rng.integers(0, len(flat), HYPOTHESES)]
    low, count = first[chosen], first[chosen + 1] - first[chosen]
    picks = order[low[:, None] + (rng.random((HYPOTHESES, 3)) * count[:, None]).astype(np.int64)]
    a, b, c = (flat[picks[:, i]] for i in range(3))
    chords = 2.0 * np.stack([b - a, c - a], axis=1)
    size = np.ptp(flat, axis=0).max()
    spread = np.abs(np.linalg.det(chords)) > (0.1 * size) ** 2  # three points in a row make no circle
    if not spread.any():
        raise DegenerateGeometry(f"no three points of one height make a circle; the object is {1e3 * size:.0f} mm wide")
    squares = np.stack([(b**2 - a**2).sum(axis=1), (c**2 - a**2).sum(axis=1)], axis=1)
    centres = np.linalg.solve(chords[spread], squares[spread][..., None])[..., 0]
    near = np.linalg.norm(centres - a[spread], axis=1) < size
    if not near.any():
        raise DegenerateGeometry(f"every circle through three points of one height is larger than the {1e3 * size:.0f} mm object")
    return centres[near]


def _best_axis(
    flat: Float64[np.ndarray, "n 2"],
    slices: Int64[np.ndarray, " n"],
    centres: Float64[np.ndarray, "k 2"],
    tolerance: float,
    rng: np.random.Generator,
) -> Float64[np.ndarray, "2"]:
    """Returns the centre about which most points of each slice share one radius."""
    if len(flat) > MAX_SCORED_POINTS:
        scored = rng.choice(len(flat), MAX_SCORED_POINTS, replace=False)
        flat, slices = flat[scored], slices[scored]
    x, y = (flat[:, axis] - centres[:, axis, None] for axis in range(2))
    ring = (np.sqrt(x * x + y * y) / tolerance).astype(np.int64)
    rings = int(ring.max()) + 2
    cell = (np.arange(len(centres))[:, None] * SLICES + slices) * rings + ring
    votes = np.bincount(cell.ravel(), minlength=len(centres) * SLICES * rings).reshape(len(centres), SLICES, rings)
    return centres[(votes[..., 1:] + votes[..., :-1]).max(axis=2).sum(axis=1).argmax()]


def _slice_radii(
    radius: Float64[np.ndarray, " n"], slices: Int64[np.ndarray, " n"], tolerance: float
) -> tuple[Float64[np.ndarray, " s"], Bool[np.ndarray, " n"]]:
    """Returns the radius that most points of each slice share (NaN where too few do), and which points share it."""
    radii, on_body = np.full(SLICES, np.nan), np.zeros(len(radius), dtype=bool)
    for number in range(SLICES):
        inside = np.flatnonzero(slices == number)
        values = np.sort(radius[inside])
        counts = np.searchsorted(values, values + 2.0 * tolerance, side="right") - np.arange(len(values))
        if len(values) == 0 or counts.max() < MIN_SLICE_POINTS:
            continue
        start = int(counts.argmax())
        last = start + int(counts[start]) - 1
        radii[number] = 0.5 * (values[(start + last) // 2] + values[(start + last + 1) // 2])  # the median of sorted values
        on_body[inside] = np.abs(radius[inside] - radii[number]) <= tolerance
    return radii, on_body


def _common_centre(flat: Float64[np.ndarray, "m 2"], slices: Int64[np.ndarray, " m"]) -> Float64[np.ndarray, "2"]:
    """Returns the centre of concentric circles, one per slice, by linear least squares: |p|^2 = 2 c . p + k_slice."""
    # Each slice's own constant drops out with its mean.
    squares = (flat**2).sum(axis=1)
    counts = np.maximum(np.bincount(slices, minlength=SLICES), 1)
    means = np.stack([np.bincount(slices, weights=flat[:, i], minlength=SLICES) / counts for i in range(2)], axis=1)
    centred = flat - means[slices]
    target = squares - (np.bincount(slices, weights=squares, minlength=SLICES) / counts)[slices]
    return np.linalg.lstsq(2.0 * centred, target, rcond=None)[0]
