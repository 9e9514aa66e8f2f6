# SPDX-License-Identifier: Apache-2.0
"""The motion that carries the demonstrated object onto the live one, and what it explains."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int64

from func_corr_ros.errors import DegenerateGeometry, FuncCorrError, TooFewPoints
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.revolution import Revolution
from func_corr_ros.geometry.rigid_fit import Similarity
from func_corr_ros.geometry.robust_fit import robust_fit
from func_corr_ros.settings import setting
from func_corr_ros.transfer.lift import LiftedMatches
from func_corr_ros.transfer.turn import TurnBelief

# A mirrored motion is believed where it explains this much more of the matches' confidence than a plain one.
MIRROR_MARGIN = 0.2
# A motion of four numbers needs no more matches than this; the rest would only cost time.
MAX_FITTED = 800
# Depth cameras do not resolve the shape of anything smaller.
MIN_SIZE = 0.005


@dataclass(frozen=True)
class AlignSettings:
    """How the motion between two objects is estimated."""

    tolerance: float = setting(
        0.12,
        "residual an inlier may have, as a share of the live object's size (objects differ in shape)",
        at_least=0.01,
        at_most=0.5,
    )
    min_scale: float = setting(0.25, "smallest ratio of live to demonstrated size", at_least=0.01, at_most=1.0)
    max_scale: float = setting(4.0, "largest ratio of live to demonstrated size", at_least=1.0, at_most=100.0)
    min_points: int = setting(12, "fewest lifted matches that are aligned", at_least=3, at_most=10000)
    iterations: int = setting(500, "minimal samples drawn by the robust fit", at_least=10, at_most=100000)
    seed: int = setting(0, "seed of the robust fit; the same input gives the same result", at_least=0)
    upright: bool = setting(True, "where both supports are seen, let the object turn about the support's normal only")
    revolved: bool = setting(True, "where both are bodies of revolution, let only what sticks out of them tell the turn")
    min_revolved: float = setting(
        0.7, "share of an object's points on one surface of revolution that makes it such a body", at_least=0.3, at_most=1.0
    )
    turn_deg: float = setting(
        10.0,
        "how far the turn may be from what place and shape of the functional part say, where the features know it",
        unit="deg",
        at_least=5.0,
        at_most=180.0,
    )
    local_radius: float = setting(
        0.25,
        "reach of a place's neighbours when shape differences are followed, as a share of the object's size",
        at_least=0.02,
        at_most=10.0,
    )


@dataclass(frozen=True)
class Bodies:
    """Both objects as bodies of revolution, and how one becomes the other: radii and heights each have their scale.

    ``turn`` [rad] is the azimuth the reference is turned by; ``turn_is_free`` says that nothing sticking out of both
    bodies determines it, so that any other fits as well.
    """

    reference: Revolution
    live: Revolution
    radius_scale: float
    height_scale: float
    turn: float
    turn_is_free: bool

    def carried(self, points: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3"]:
        """Returns where reference points lie on the live object (live camera's frame)."""
        radius, azimuth, height = self.reference.cylindrical(points)
        radius, azimuth, height = self.radius_scale * radius, azimuth + self.turn, self.height_scale * height
        local = np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), height], axis=1)
        return self.live.foot + local @ self.live.basis.T


@dataclass(frozen=True)
class Alignment:
    """The motion ``live_from_reference`` (a similarity, improper if mirrored) and what it explains.

    With ``bodies`` the shape follows their scales of radius and height, and ``live_from_reference`` has the mean of both.
    ``residuals`` are live minus carried reference points of all lifted matches [m]: along the live camera's axes, or, with
    ``bodies``, along radius, azimuth and height of the live body. ``rms`` is the inliers' [m],
    ``inlier_ratio`` the inliers' share of the matches' confidence, ``part_ratio`` the same of matches inside the functional part
    (NaN where features do not tell it), ``size`` the live object's extent [m]. ``belief`` is what the functional part says of the
    turn, None where features do not know it.
    """

    live_from_reference: Similarity
    inliers: Bool[np.ndarray, " n"]
    residuals: Float64[np.ndarray, "n 3"]
    rms: float
    inlier_ratio: float
    size: float
    upright: bool
    bodies: Bodies | None = None
    part_ratio: float = float("nan")
    belief: TurnBelief | None = None

    def carried(self, points: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3"]:
        """Returns where reference points lie on the live object by this motion alone (live camera's frame)."""
        return self.live_from_reference.apply(points) if self.bodies is None else self.bodies.carried(points)


def checked_size(lifted: LiftedMatches, settings: AlignSettings) -> float:
    """Returns the live object's extent [m]; raises TooFewPoints or DegenerateGeometry where there is nothing to align."""
    if len(lifted.weights) < settings.min_points:
        raise TooFewPoints(f"{len(lifted.weights)} lifted matches; at least {settings.min_points} are needed (align.min_points)")
    size = lifted.live_extent
    if size < MIN_SIZE:
        raise DegenerateGeometry(f"the live points span {1e3 * size:.1f} mm; at least {1e3 * MIN_SIZE:.0f} mm are needed")
    return size


def align_objects(
    lifted: LiftedMatches, reference_support: Plane | None, live_support: Plane | None, settings: AlignSettings = AlignSettings(),
    belief: TurnBelief | None = None,
) -> Alignment:
    """Returns the robust motion from the demonstrated object to the live one.

    Where both stand on a plane that was seen, only the turn about its normal is free: a one-sided view determines
    that far better than a full rotation; and where the functional part tells the turn (``belief``), it is near to that. Without
    a belief a plain and a mirrored motion are tried, and the mirrored one is taken where it explains clearly more: a knife seen
    from the other side matches its mirror image. Raises TooFewPoints or DegenerateGeometry with the numbers.
    """
    size = checked_size(lifted, settings)
    upright = settings.upright and reference_support is not None and live_support is not None
    belief = belief if upright else None
    thinned = _thinned(len(lifted.weights), settings.seed)

    def fitted(mirrored: bool) -> Alignment:
        fit = robust_fit(
            lifted.reference[thinned],
            lifted.live[thinned],
            lifted.weights[thinned],
            model="upright" if upright else "similarity",
            threshold_m=settings.tolerance * size,
            source_up=reference_support.normal if upright and reference_support else None,
            target_up=live_support.normal if upright and live_support else None,
            mirrored=mirrored,
            scale_limits=(settings.min_scale, settings.max_scale),
            near=None if belief is None else belief.live_from_reference,
            near_angle=np.radians(settings.turn_deg),
            iterations=settings.iterations,
            seed=settings.seed,
        )
        return replace(_explained(fit.transform, lifted, settings.tolerance * size, size, upright), belief=belief)

    return fitted(False) if belief is not None else _better(fitted, lifted.mirrored)


def _better(fitted: Callable[[bool], Alignment], matched_mirrored: bool) -> Alignment:
    """Returns the plain alignment, or the mirrored one where it explains clearly more; raises what the plain one's fit does."""
    try:
        plain = fitted(False)
    except FuncCorrError:
        if not matched_mirrored:
            raise
        return fitted(True)
    try:
        mirrored = fitted(True)
    except FuncCorrError:
        return plain
    return mirrored if mirrored.inlier_ratio > plain.inlier_ratio + MIRROR_MARGIN else plain


def _explained(
    motion: Similarity, lifted: LiftedMatches, threshold: float, size: float, upright: bool
) -> Alignment:
    """Returns what ``motion`` explains of all matches."""
    residuals = lifted.live - motion.apply(lifted.reference)
    distance = np.linalg.norm(residuals, axis=1)
    inliers = distance < threshold
    rms = float(np.sqrt(np.mean(distance[inliers] ** 2))) if inliers.any() else float("inf")
    shares = explained_shares(lifted, inliers)
    return Alignment(motion, inliers, residuals, rms, shares[0], size, upright, part_ratio=shares[1])


def explained_shares(lifted: LiftedMatches, inliers: Bool[np.ndarray, " n"]) -> tuple[float, float]:
    """Returns the inliers' share of the confidence of all matches, and of that inside the functional part of both objects."""
    explained = float(lifted.weights[inliers].sum() / lifted.weights.sum())
    inside = lifted.weights if lifted.part is None else lifted.weights * lifted.part.prod(axis=1)
    if lifted.part is None or not inside.sum() > 0.0:
        return explained, float("nan")
    return explained, float(inside[inliers].sum() / inside.sum())


def _thinned(count: int, seed: int) -> Int64[np.ndarray, " k"]:
    """Returns which of ``count`` matches the fit is searched with: all, or MAX_FITTED of them."""
    if count <= MAX_FITTED:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, MAX_FITTED, replace=False))
