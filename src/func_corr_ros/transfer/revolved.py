# SPDX-License-Identifier: Apache-2.0
"""Aligning vessels: axes and profiles carry the body, and only what sticks out of it (handle, spout) tells how far it is turned.

A body of revolution looks the same from every side: features then match left to left whatever way it stands, and a fit to
all matches sees no turn at all, confidently. Here the body's matches count by radius and height alone.
"""
from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from func_corr_ros.errors import FuncCorrError
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.revolution import Revolution, fit_revolution
from func_corr_ros.geometry.rigid_fit import Similarity
from func_corr_ros.geometry.se3 import about_axis
from func_corr_ros.transfer.align import Alignment, AlignSettings, Bodies, checked_size, explained_shares
from func_corr_ros.transfer.lift import LiftedMatches, extent
from func_corr_ros.transfer.protrusion import MIN_HEIGHT, MIN_TURN_MATCHES, protrudes
from func_corr_ros.transfer.turn import NEAR, OUTSTANDING, TurnBelief, witnesses

# A wall is this far from its ideal circle by noise and by not being quite round, as a share of the object's size.
WALL = 0.03
# The turn is known once MIN_TURN_MATCHES matches of protrusions, and this share of their confidence, agree within AGREEMENT.
MIN_TURN_SHARE = 0.5
AGREEMENT = np.radians(25.0)
# A belief that is so many times as strong as at the turn that protrusions show contradicts them; a weaker one does not: of 34
# cases between vessels 27 are right with 3 to 10, 25 where any other belief overrules (docs/transfer.md).
CONTRADICTION = 3.0
# Radii nearer to the axis and heights nearer to the support than this share say little of scale.
MIN_LEVER = 0.3
# Points that an axis is fitted to; more only cost time.
MAX_BODY_POINTS = 2000


def body_of(points: Float64[np.ndarray, "n 3"], support: Plane | None, settings: AlignSettings) -> Revolution | None:
    """Returns the body of revolution that ``points`` are of, or None where they are of none or no support was seen."""
    if not settings.revolved or support is None:
        return None
    points = points[:: max(len(points) // MAX_BODY_POINTS, 1)]
    try:
        body = fit_revolution(points, support, tolerance_m=WALL * extent(points), seed=settings.seed)
    except FuncCorrError:
        return None
    return body if body.ratio >= settings.min_revolved else None


def align_revolved(
    lifted: LiftedMatches, reference: Revolution, live: Revolution, settings: AlignSettings, belief: TurnBelief | None = None
) -> Alignment:
    """Returns the motion that lays one body's axis and foot on the other's, scaled as their matches say and turned as
    matches between what sticks out of both say, unless ``belief`` contradicts them.

    Where these do not determine the turn it is free, and marked as such: any is as good, and the one is taken that most matches
    agree on. Within NEAR of how the demonstrated body was turned, seen from the camera, it is that: a hand can reach it from the
    side from which it was shown, and it does not change from frame to frame. Raises TooFewPoints or DegenerateGeometry.
    """
    size = checked_size(lifted, settings)
    reference_out, live_out = protrudes(reference, lifted.reference), protrudes(live, lifted.live)
    turn, is_free = _turn(reference, live, lifted, reference_out & live_out, belief)
    if belief is not None and np.cos(turn - belief.turn) < np.cos(NEAR):
        if is_free or belief.mass > CONTRADICTION * belief.mass_near(turn):
            turn = belief.turn
    scales = _scales(reference, live, lifted, ~reference_out & ~live_out)
    radius_scale, height_scale = (float(np.clip(scale, settings.min_scale, settings.max_scale)) for scale in scales)
    bodies = Bodies(reference, live, radius_scale, height_scale, turn, is_free)
    residuals = _residuals(bodies, lifted, reference_out)
    # What sticks out of one body and not of the other has no counterpart there.
    distance = np.where(reference_out == live_out, np.linalg.norm(residuals, axis=1), np.inf)
    inliers = distance < settings.tolerance * size
    explained, of_part = explained_shares(lifted, inliers)
    rms = float(np.sqrt(np.mean(distance[inliers] ** 2))) if inliers.any() else float("inf")
    return Alignment(_mean_motion(bodies), inliers, residuals, rms, explained, size, True, bodies, of_part, belief)


def local_axes(body: Revolution, point: Float64[np.ndarray, "3"]) -> Float64[np.ndarray, "3 3"]:
    """Returns the directions (columns) of radius, azimuth and height of ``body`` at ``point``."""
    _, azimuth, _ = body.cylindrical(point[None])
    return body.basis @ about_axis(np.array([0.0, 0.0, 1.0]), float(azimuth[0]))


def _turn(
    reference: Revolution, live: Revolution, lifted: LiftedMatches, both_out: Bool[np.ndarray, " n"], belief: TurnBelief | None
) -> tuple[float, bool]:
    """Returns the turn [rad], and whether it is free: what matches say that stick out of both bodies (``both_out``); else the
    turn between the sides to which both stick out; else what most matches agree on, or as it was shown where that is near, and
    free.
    """
    (_, a_live, h_live), (_, a_ref, h_ref) = live.cylindrical(lifted.live), reference.cylindrical(lifted.reference)
    both_out = both_out & (h_live > MIN_HEIGHT * h_live.max()) & (h_ref > MIN_HEIGHT * h_ref.max())
    difference, weights = a_live - a_ref, lifted.weights
    if both_out.sum() >= MIN_TURN_MATCHES and weights[both_out].sum() > 0.0:
        turn, agreeing = _circular_mode(difference[both_out], weights[both_out])
        if agreeing.sum() >= MIN_TURN_MATCHES and weights[both_out][agreeing].sum() >= MIN_TURN_SHARE * weights[both_out].sum():
            return turn, False
    if belief is not None:
        said = witnesses(belief.reference, belief.live)
        for name in OUTSTANDING:
            if said[name].strength > 0.0:
                return said[name].turn, False
    if len(weights) < MIN_TURN_MATCHES or weights.sum() == 0.0:
        return 0.0, True
    agreed, shown = _circular_mode(difference, weights)[0], _as_shown(reference, live)
    return shown if np.cos(agreed - shown) > np.cos(NEAR) else agreed, True


def _as_shown(reference: Revolution, live: Revolution) -> float:
    """Returns the turn [rad] between bodies that the camera sees turned alike: axes are laid on one another the short way."""
    one, other = reference.basis[:, 2], live.basis[:, 2]
    axis, cosine = np.cross(one, other), float(one @ other)
    sine = float(np.linalg.norm(axis))
    tilted = about_axis(axis / sine, float(np.arctan2(sine, cosine))) if sine > 1e-9 else np.eye(3)
    between = live.basis.T @ tilted @ reference.basis
    return float(np.arctan2(between[1, 0], between[0, 0]))


def _circular_mode(angles: Float64[np.ndarray, " n"], weights: Float64[np.ndarray, " n"]) -> tuple[float, Bool[np.ndarray, " n"]]:
    """Returns the angle that most weight agrees with, refined to the mean of those that do, and which these are."""
    candidates = np.radians(np.arange(0.0, 360.0, 3.0))

    def agrees(candidate: Float64[np.ndarray, "k 1"]) -> Bool[np.ndarray, "k n"]:
        return np.cos(angles[None] - candidate) > np.cos(AGREEMENT)

    best = candidates[(agrees(candidates[:, None]) @ weights).argmax()]
    agreeing = agrees(np.array([[best]]))[0]
    return float(np.angle((weights * np.exp(1j * angles))[agreeing].sum())), agreeing


def _scales(
    reference: Revolution, live: Revolution, lifted: LiftedMatches, on_body: Bool[np.ndarray, " n"]
) -> tuple[float, float]:
    """Returns the weighted medians of live over reference radii, and heights, of the body's matches."""
    (r_ref, _, h_ref), (r_live, _, h_live) = reference.cylindrical(lifted.reference), live.cylindrical(lifted.live)
    fallback = float(live.radii.max() / reference.radii.max())
    scales = []
    for of_reference, of_live in ((r_ref, r_live), (h_ref, h_live)):
        use = on_body & (of_reference > MIN_LEVER * of_reference.max()) & (of_live > 0.0)
        scales.append(_weighted_median(of_live[use] / of_reference[use], lifted.weights[use]) if use.any() else fallback)
    return scales[0], scales[1]


def _weighted_median(values: Float64[np.ndarray, " n"], weights: Float64[np.ndarray, " n"]) -> float:
    order = np.argsort(values)
    share = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(share, 0.5 * share[-1])])


def _mean_motion(bodies: Bodies) -> Similarity:
    """Returns the similarity that lays axis on axis and foot on foot, with the geometric mean of both scales."""
    scale = float(np.sqrt(bodies.radius_scale * bodies.height_scale))
    rotation = bodies.live.basis @ about_axis(np.array([0.0, 0.0, 1.0]), bodies.turn) @ bodies.reference.basis.T
    return Similarity(scale, rotation, bodies.live.foot - scale * rotation @ bodies.reference.foot)


def _residuals(bodies: Bodies, lifted: LiftedMatches, reference_out: Bool[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
    """Returns what is left along radius, azimuth and height [m]; of a body's wall, the azimuth says nothing."""
    r_moved, a_moved, h_moved = bodies.live.cylindrical(bodies.carried(lifted.reference))
    r_live, a_live, h_live = bodies.live.cylindrical(lifted.live)
    turned = np.angle(np.exp(1j * (a_live - a_moved)))
    return np.stack([r_live - r_moved, np.where(reference_out, r_live * turned, 0.0), h_live - h_moved], axis=1)
