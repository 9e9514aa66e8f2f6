# SPDX-License-Identifier: Apache-2.0
"""How an object lies on its support, and where in it the functional part is: what can be said without trusting single matches."""
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float64
from scipy.spatial import cKDTree

from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.procrustes import upright_basis
from func_corr_ros.geometry.revolution import Revolution
from func_corr_ros.transfer.lift import OF_PART, LiftedMatches
from func_corr_ros.transfer.protrusion import MIN_HEIGHT, MIN_TURN_MATCHES, protrudes

# Pixels that are surely of the part count: at this power of the probability, half as sure counts a sixteenth.
SURENESS = 4.0
# What sticks out does so to one side where this share of it lies within SIDE, seen from the axis.
ONE_SIDE, SIDE = 0.7, np.radians(60.0)
# Sides so near to one another are one.
ONE_THING = np.radians(30.0)
# Of a body of revolution, a point further from any matched one than this share of the size is not of the part: what serves is
# matched with what serves, and a handle that nothing was matched with is nearest to the rim.
UNMATCHED = 0.05
# More points than these say nothing new of a layout.
MAX_POINTS = 1000
# What surely is not of the part weighs so little, not nothing: there is always a mean.
LEAST = 1e-6


@dataclass(frozen=True)
class Direction:
    """A horizontal direction, by its azimuth [rad] in the layout's axes, and how clearly it is one: a length as a share of the
    object's size, or an elongation, 0..1.
    """

    azimuth: float
    strength: float


NO_WAY = Direction(0.0, 0.0)


@dataclass(frozen=True)
class Layout:
    """An object's points in upright axes: ``points`` [m] are relative to ``origin`` along the columns of ``basis``, the third of
    which is the support's normal. ``part`` is each point's probability to be of the functional part, ``size`` the object's
    extent [m]. The origin is the body's axis where the object is a body of revolution (``body``), else the points' mean.
    """

    points: Float64[np.ndarray, "n 3"]
    part: Float64[np.ndarray, " n"]
    origin: Float64[np.ndarray, "3"]
    basis: Float64[np.ndarray, "3 3"]
    size: float
    body: Revolution | None = None

    def local(self, points: Float64[np.ndarray, "k 3"]) -> Float64[np.ndarray, "k 3"]:
        """Returns ``points`` of the camera's frame in the layout's axes."""
        return (points - self.origin) @ self.basis

    def world(self, points: Float64[np.ndarray, "k 3"]) -> Float64[np.ndarray, "k 3"]:
        """Returns ``points`` of the layout's axes in the camera's frame."""
        return points @ self.basis.T + self.origin

    @cached_property
    def of_part(self) -> Float64[np.ndarray, " n"]:
        """Weights of the points as the functional part's."""
        return self.part**SURENESS + LEAST

    @cached_property
    def of_rest(self) -> Float64[np.ndarray, " n"]:
        """Weights of the points as those of the rest of the object: what it is held by."""
        return (1.0 - self.part) ** SURENESS + LEAST

    @property
    def to_part(self) -> Direction:
        """The way from the object's middle to the functional part."""
        return self._way(np.average(self.points, axis=0, weights=self.of_part))

    @property
    def rest_to_part(self) -> Direction:
        """The way from the rest of the object to the functional part."""
        rest = np.average(self.points, axis=0, weights=self.of_rest)
        return self._way(np.average(self.points, axis=0, weights=self.of_part) - rest)

    @property
    def long_axis(self) -> Direction:
        """The object's longest horizontal axis; its two ends are not told apart."""
        return _axis(self.points, np.ones(len(self.points)))

    @property
    def part_axis(self) -> Direction:
        """The functional part's longest horizontal axis; its two ends are not told apart."""
        return _axis(self.points, self.of_part)

    @property
    def outstanding(self) -> Direction:
        """The way to what sticks out of a body of revolution and is not of the functional part: a handle that serves to hold."""
        return self._sides[0]

    @property
    def part_outstanding(self) -> Direction:
        """The way to what sticks out of a body of revolution and is of the functional part: a spout to pour from, say."""
        return self._sides[1]

    @cached_property
    def _sides(self) -> tuple[Direction, Direction]:
        """The ways to what sticks out and is not, or is, of the part. What sticks out to one side is one thing, and a handle
        where most of it is not of the part: near the rim that it joins, it looks like that. Where most is, it may be either.
        """
        (holds, few), (serves, many) = (self._side(which) for which in (self.part <= OF_PART, self.part > OF_PART))
        if min(holds.strength, serves.strength) > 0.0 and np.cos(holds.azimuth - serves.azimuth) > np.cos(ONE_THING):
            return holds, NO_WAY if few >= many else serves
        return holds, serves

    def _side(self, which: Bool[np.ndarray, " n"]) -> tuple[Direction, int]:
        """Returns the way to most points that stick out, and how many; strength 0 where these are few, or on several sides."""
        if self.body is None:
            return NO_WAY, 0
        high = self.points[:, 2] > MIN_HEIGHT * self.points[:, 2].max()
        out = which & high & protrudes(self.body, self.world(self.points))
        if out.sum() < MIN_TURN_MATCHES:
            return NO_WAY, 0
        azimuth = np.sort(np.arctan2(self.points[out, 1], self.points[out, 0]))
        around = np.concatenate([azimuth, azimuth + 2.0 * np.pi])
        held = np.searchsorted(around, azimuth + SIDE, side="right") - np.arange(len(azimuth))
        side = around[held.argmax() :][: held.max()]
        strength = 1.0 if len(side) >= ONE_SIDE * len(azimuth) else 0.0
        return Direction(float(np.angle(np.exp(1j * side).mean())), strength), len(side)

    def _way(self, offset: Float64[np.ndarray, "3"]) -> Direction:
        return Direction(float(np.arctan2(offset[1], offset[0])), float(np.hypot(offset[0], offset[1])) / self.size)


def layouts(
    shown: Float64[np.ndarray, "n 3"], lifted: LiftedMatches, supports: tuple[Plane, Plane], sizes: tuple[float, float],
    bodies: tuple[Revolution | None, Revolution | None] = (None, None),
) -> tuple[Layout, Layout] | None:
    """Returns how the reference and the live object lie, None where features do not know the part or see none of it. ``shown``
    are all points of the reference that were seen; what is of the part among them, the nearest matched one says, if it
    is near (see UNMATCHED). Bodies of revolution count only where both are.
    """
    if lifted.part is None or not (lifted.part.max(axis=0) > 0.0).all():
        return None
    shown, live = (points[:: max(len(points) // MAX_POINTS, 1)] for points in (shown, lifted.live))
    of_live = lifted.part[:: max(len(lifted.live) // MAX_POINTS, 1), 0]
    shown_body, live_body = bodies if all(body is not None for body in bodies) else (None, None)
    apart, nearest = cKDTree(lifted.reference).query(shown)
    unmatched = shown_body is not None and apart > UNMATCHED * sizes[0]
    of_shown = np.where(unmatched, 0.0, lifted.part[nearest, 1])
    return (
        _layout(shown, of_shown, supports[0], sizes[0], shown_body),
        _layout(live, of_live, supports[1], sizes[1], live_body),
    )


def _layout(
    points: Float64[np.ndarray, "n 3"], part: Float64[np.ndarray, " n"], support: Plane, size: float, body: Revolution | None
) -> Layout:
    basis = upright_basis(support.normal)
    middle = points.mean(axis=0) if body is None else body.foot
    origin = middle - support.signed_distance(middle[None])[0] * support.normal
    return Layout((points - origin) @ basis, part, origin, basis, size, body)


def _axis(points: Float64[np.ndarray, "n 3"], weights: Float64[np.ndarray, " n"]) -> Direction:
    flat = points[:, :2] - np.average(points[:, :2], axis=0, weights=weights)
    (least, most), axes = np.linalg.eigh((flat * weights[:, None]).T @ flat / weights.sum())
    if not most > 0.0:
        return NO_WAY
    return Direction(float(np.arctan2(axes[1, 1], axes[0, 1])), float(1.0 - np.sqrt(max(least, 0.0) / most)))
