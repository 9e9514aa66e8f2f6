# SPDX-License-Identifier: Apache-2.0
"""Fits that survive wrong matches: seeded sample consensus around the closed forms of ``rigid_fit``."""
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Float64

from func_corr_ros.errors import BadSettings, DegenerateGeometry, HighResidual
from func_corr_ros.geometry import procrustes
from func_corr_ros.geometry.rigid_fit import (
    MIN_RELATIVE_SPREAD,
    Similarity,
    checked_pairs,
    upright_bases,
)
from func_corr_ros.geometry.se3 import rotation_angle

# model -> point pairs that determine it
SAMPLE_SIZE = {"rigid": 3, "similarity": 3, "upright": 2}
# The best hypotheses are refined on their inliers, each at most this often, before one is chosen (LO-RANSAC, Chum 2003).
REFINED_HYPOTHESES = 3
MAX_REFITS = 10
# Distances of this many (hypothesis, pair) combinations are held at a time: 8 MB.
BLOCK = 1_000_000
Vector = Float[np.ndarray, "3"]


@dataclass(frozen=True)
class RobustFit:
    """A map and the pairs it explains.

    ``inliers`` are the pairs whose distance after mapping is below the threshold; ``inlier_ratio`` is their share of
    all pairs, ``rms_m`` their root mean square distance in target metres, both unweighted.
    """

    transform: Similarity
    inliers: Bool[np.ndarray, " n"]
    rms_m: float
    inlier_ratio: float


def robust_fit(
    source: Float[np.ndarray, "n 3"],
    target: Float[np.ndarray, "n 3"],
    weights: Float[np.ndarray, " n"] | None = None,
    *,
    model: str,
    threshold_m: float,
    source_up: Vector | None = None,
    target_up: Vector | None = None,
    mirrored: bool = False,
    with_scale: bool = True,
    scale_limits: tuple[float, float] = (0.2, 5.0),
    near: Float[np.ndarray, "3 3"] | None = None,
    near_angle: float = np.pi,
    iterations: int = 500,
    seed: int = 0,
) -> RobustFit:
    """Returns the ``model`` (rigid, similarity or upright) with the lowest truncated squared error (MSAC, Torr 2000).

    Samples are drawn, and errors counted, in proportion to ``weights``. The best samples are refitted on their inliers
    until these stay the same. The same input and ``seed`` give the same result. ``threshold_m`` is in target metres.
    ``upright`` needs ``source_up`` and ``target_up`` (see ``fit_upright``) and has scale if ``with_scale``. A scale
    outside ``scale_limits`` is no candidate: shrinking an object to a point explains any crowd of matches that share
    one target. ``mirrored`` asks for determinant -1. Where something else is known of the rotation, candidates are only those
    within ``near_angle`` [rad] of ``near`` (of the same determinant). Works in float64.

    Raises TooFewPoints and DegenerateGeometry as the fits do, HighResidual where no map explains even as many pairs as
    determine it, and BadSettings for a model or number that is not valid.
    """
    with_scale = {"rigid": False, "similarity": True}.get(model, with_scale)
    chosen = _Model(model, source_up, target_up, mirrored, with_scale, scale_limits, near, near_angle)
    if not threshold_m > 0.0 or iterations < 1:
        raise BadSettings(f"threshold_m is {threshold_m}, iterations {iterations}; both must be above 0")
    source, target = np.asarray(source, dtype=np.float64), np.asarray(target, dtype=np.float64)
    weights = checked_pairs(source, target, None if weights is None else np.asarray(weights, dtype=np.float64), chosen.bases)
    centres = source.mean(axis=0), target.mean(axis=0)  # scoring subtracts squares: small coordinates keep it exact
    pairs = _Pairs(source - centres[0], target - centres[1], weights, threshold_m)
    best = chosen.refined(pairs, chosen.hypotheses(pairs, iterations, seed))
    inliers = pairs.distances(best) < threshold_m
    if inliers.sum() < SAMPLE_SIZE[model]:
        raise HighResidual(f"the best {model} map brings {inliers.sum()} of {len(source)} pairs within {threshold_m:g} m; at "
                           f"least {SAMPLE_SIZE[model]} are needed (median distance {np.median(pairs.distances(best)):.3g} m)")
    rms = float(np.sqrt(np.mean(pairs.distances(best)[inliers] ** 2)))
    translation = best.translation + centres[1] - best.scale * best.rotation @ centres[0]
    return RobustFit(Similarity(best.scale, best.rotation, translation), inliers, rms, float(inliers.mean()))


@dataclass(frozen=True)
class _Hypotheses:
    """A batch of candidate maps."""

    scale: Float64[np.ndarray, " h"]
    rotation: Float64[np.ndarray, "h 3 3"]
    translation: Float64[np.ndarray, "h 3"]

    def __getitem__(self, index: int) -> Similarity:
        return Similarity(float(self.scale[index]), self.rotation[index], self.translation[index])


@dataclass(frozen=True)
class _Pairs:
    """Weighted point pairs near the origin, and the distance at which they stop counting."""

    source: Float64[np.ndarray, "n 3"]
    target: Float64[np.ndarray, "n 3"]
    weights: Float64[np.ndarray, " n"]
    threshold_m: float

    def distances(self, transform: Similarity) -> Float64[np.ndarray, " n"]:
        """Returns the distance of each pair after mapping."""
        return np.linalg.norm(transform.apply(self.source) - self.target, axis=1)

    def cost(self, distances: Float64[np.ndarray, " n"]) -> float:
        """Returns the weighted sum of squared ``distances``, each at most the squared threshold (MSAC)."""
        return float(np.minimum(distances**2, self.threshold_m**2) @ self.weights)

    def costs(self, maps: _Hypotheses) -> Float64[np.ndarray, " h"]:
        """Returns the cost of every map.

        |s R p + t - q|^2 is a product of 18 terms of the map with 18 of the pair, so all distances are one matrix product.
        """
        count, n = len(maps.scale), len(self.source)
        linear = maps.scale[:, None, None] * maps.rotation
        along = np.einsum("hij,hi->hj", linear, maps.translation)
        squares = np.stack([maps.scale**2, np.ones(count), (maps.translation**2).sum(axis=1)], axis=1)
        of_maps = np.concatenate([squares, 2.0 * along, -2.0 * linear.reshape(count, 9), -2.0 * maps.translation], axis=1)
        outer = (self.target[:, :, None] * self.source[:, None, :]).reshape(n, 9)
        squares = np.stack([(self.source**2).sum(axis=1), (self.target**2).sum(axis=1), np.ones(n)], axis=1)
        of_pairs = np.concatenate([squares, self.source, outer, self.target], axis=1).T
        costs = np.empty(count)
        step = max(1, BLOCK // n)
        for start in range(0, count, step):
            block = of_maps[start : start + step] @ of_pairs
            costs[start : start + step] = np.minimum(block, self.threshold_m**2, out=block) @ self.weights
        return costs


@dataclass(frozen=True)
class _Model:
    """The kind of map that is sought."""

    name: str
    source_up: Vector | None
    target_up: Vector | None
    mirrored: bool
    with_scale: bool
    scale_limits: tuple[float, float]
    near: Float[np.ndarray, "3 3"] | None = None
    near_angle: float = np.pi

    def __post_init__(self) -> None:
        if self.name not in SAMPLE_SIZE:
            raise BadSettings(f"model is {self.name!r}; valid: {', '.join(SAMPLE_SIZE)}")
        if self.name == "upright" and (self.source_up is None or self.target_up is None):
            raise BadSettings("model 'upright' needs source_up and target_up (the normals of the planes both objects stand on); "
                              "without them choose 'rigid' or 'similarity'")
        if not 0.0 < self.scale_limits[0] <= self.scale_limits[1]:
            raise BadSettings(f"scale_limits are {self.scale_limits}; a lowest and a highest scale above 0 are needed")

    @cached_property
    def bases(self) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3 3"]] | None:
        """Orthonormal bases whose third columns are the up directions; None unless upright."""
        if self.name != "upright" or self.source_up is None or self.target_up is None:
            return None
        return upright_bases(np.asarray(self.source_up, dtype=np.float64), np.asarray(self.target_up, dtype=np.float64))

    def hypotheses(self, pairs: _Pairs, iterations: int, seed: int) -> _Hypotheses:
        """Returns the maps of the minimal samples that determine one of allowed scale."""
        share = pairs.weights / pairs.weights.sum()
        drawn = np.random.default_rng(seed).choice(len(share), size=(iterations, SAMPLE_SIZE[self.name]), p=share)
        found = procrustes.moments(pairs.source[drawn], pairs.target[drawn], np.ones(drawn.shape))
        rotation, strength = self._rotation(found.covariance)
        with np.errstate(divide="ignore", invalid="ignore"):  # a sample that holds one pair twice may have no spread
            scale, translation = procrustes.scale_and_translation(found, rotation, self.with_scale)
            possible = np.sqrt(found.source_variance * found.target_variance)
            allowed = (scale >= self.scale_limits[0]) & (scale <= self.scale_limits[1])
            usable = allowed & (strength > MIN_RELATIVE_SPREAD**2 * possible)
            usable &= self._is_near(rotation)
        if not usable.any():
            raise DegenerateGeometry(f"none of {iterations} samples of {drawn.shape[1]} pairs determines a {self.name} map of "
                                     f"scale {self.scale_limits[0]:g} to {self.scale_limits[1]:g} (scale_limits)"
                                     + ("" if self.near is None else f" within {np.degrees(self.near_angle):.0f} deg of near"))
        return _Hypotheses(scale[usable], rotation[usable], translation[usable])

    def _is_near(self, rotation: Float64[np.ndarray, "*h 3 3"]) -> Bool[np.ndarray, "*h"]:
        if self.near is None:
            return np.ones(rotation.shape[:-2], dtype=bool)
        return np.asarray(rotation_angle(np.broadcast_to(self.near, rotation.shape), rotation) <= self.near_angle)

    def refined(self, pairs: _Pairs, maps: _Hypotheses) -> Similarity:
        """Returns the map of lowest cost after refits of the best ones on their inliers."""
        order = np.argsort(pairs.costs(maps), kind="stable")[:REFINED_HYPOTHESES]
        return min((self._refitted(pairs, maps[int(index)]) for index in order), key=lambda found: found[0])[1]

    def _refitted(self, pairs: _Pairs, first: Similarity) -> tuple[float, Similarity]:
        """Returns the best of ``first`` and its refits, after its cost."""
        distances, inliers = pairs.distances(first), None
        best = pairs.cost(distances), first
        for _ in range(MAX_REFITS):
            previous, inliers = inliers, distances < pairs.threshold_m
            if previous is not None and np.array_equal(previous, inliers):
                break
            refit = self._fit(pairs.source[inliers], pairs.target[inliers], pairs.weights[inliers])
            if refit is None or not self.scale_limits[0] <= refit.scale <= self.scale_limits[1]:
                break
            if not self._is_near(refit.rotation):
                break
            distances = pairs.distances(refit)
            best = min(best, (pairs.cost(distances), refit), key=lambda found: found[0])
        return best

    def _rotation(
        self, covariance: Float64[np.ndarray, "*h 3 3"]
    ) -> tuple[Float64[np.ndarray, "*h 3 3"], Float64[np.ndarray, "*h"] | np.float64]:
        if self.bases is None:
            return procrustes.best_rotation(covariance, self.mirrored)
        return procrustes.best_upright_rotation(covariance, *self.bases, self.mirrored)

    def _fit(
        self, source: Float64[np.ndarray, "n 3"], target: Float64[np.ndarray, "n 3"], weights: Float64[np.ndarray, " n"]
    ) -> Similarity | None:
        """Returns the closed form of these pairs, None where they determine none; the pairs as a whole are checked already."""
        if len(source) < SAMPLE_SIZE[self.name] or not weights.sum() > 0.0:
            return None
        found = procrustes.moments(source, target, weights)
        rotation, strength = self._rotation(found.covariance)
        if not strength > MIN_RELATIVE_SPREAD**2 * np.sqrt(found.source_variance * found.target_variance):
            return None
        scale, translation = procrustes.scale_and_translation(found, rotation, self.with_scale)
        return Similarity(float(scale), rotation, translation)
