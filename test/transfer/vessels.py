# SPDX-License-Identifier: Apache-2.0
"""Vessels of points whose parts are known: a wall of revolution, a handle, a spout, on the table z = 0."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.revolution import Revolution
from func_corr_ros.transfer.align import AlignSettings
from func_corr_ros.transfer.layout import layouts
from func_corr_ros.transfer.lift import LiftedMatches, extent
from func_corr_ros.transfer.revolved import body_of
from func_corr_ros.transfer.turn import TurnBelief, believed_turn

TABLE = Plane(np.array([0.0, 0.0, 1.0]), 0.0)


@dataclass(frozen=True)
class Vessel:
    """A cylinder with a handle at azimuth ``turn`` and, if ``spout`` is above zero, a spout that long opposite to it. The handle
    stands ``handle`` metres off the wall or, if ``lying`` is above zero, lies and is that long, as a pan's.
    """

    foot: tuple[float, float] = (0.0, 0.0)
    radius: float = 0.04
    height: float = 0.1
    turn: float = 0.0
    handle: float = 0.03
    spout: float = 0.0
    lying: float = 0.0

    def at(self, radius, azimuth, height):
        azimuth = np.asarray(azimuth) + self.turn
        x, y = self.foot[0] + radius * np.cos(azimuth), self.foot[1] + radius * np.sin(azimuth)
        return np.stack([x, y, np.broadcast_to(height, azimuth.shape)], axis=-1)

    @property
    def outlet(self):
        return self.at(self.radius + self.spout, np.pi, self.height)

    @property
    def grip(self):
        if self.lying > 0.0:
            return self.at(self.radius + 0.5 * self.lying, 0.0, 0.8 * self.height)
        return self.at(self.radius + self.handle, 0.0, 0.5 * self.height)

    def wall(self, azimuth, level):
        return self.at(self.radius, azimuth, level * self.height)

    def handle_points(self, azimuth, level):
        """Returns points along the handle: up it, or inward from its far end (``level`` 0.3 to 0.7)."""
        if self.lying > 0.0:
            reach, up = 2.5 * (0.7 - level), 0.8 + 0.3 * azimuth
            return self.at(self.radius + reach * self.lying, 0.0 * azimuth, up * self.height)
        return self.at(self.radius + self.handle, azimuth, level * self.height)

    def spout_points(self, reach, azimuth):
        return self.at(self.radius + reach * self.spout, np.pi + azimuth, self.height)


def matched(shown: Vessel, live: Vessel, *, wall_turn=0.0, handle=True, seed=0, noise=0.0005) -> LiftedMatches:
    """Returns matches as plain features give them: walls by height but turned by ``wall_turn`` too little, handle on handle."""
    rng = np.random.default_rng(seed)
    azimuth, level = rng.uniform(-np.pi, np.pi, 1200), rng.uniform(0.0, 1.0, 1200)
    pairs = [(shown.wall(azimuth, level), live.wall(azimuth - wall_turn, level))]
    if handle:
        azimuth, level = rng.uniform(-0.1, 0.1, 150), rng.uniform(0.3, 0.7, 150)
        pairs.append((shown.handle_points(azimuth, level), live.handle_points(azimuth, level)))
    if live.spout > 0.0:  # what the demonstrated one has not is matched with its rim
        reach, azimuth = rng.uniform(0.4, 1.0, 80), rng.uniform(-0.15, 0.15, 80)
        pairs.append((shown.wall(np.pi + azimuth, np.ones(80)), live.spout_points(reach, azimuth)))
    reference, found = (np.concatenate(side) for side in zip(*pairs, strict=True))
    found = found + rng.normal(0.0, noise, found.shape)
    return LiftedMatches(reference, found, np.full(len(found), 0.5), 1.0)


def points_of(vessel: Vessel, seed: int = 0) -> np.ndarray:
    """Returns points of the wall and of the handle."""
    rng = np.random.default_rng(seed)
    wall = vessel.wall(rng.uniform(-np.pi, np.pi, 1200), rng.uniform(0.0, 1.0, 1200))
    return np.concatenate([wall, vessel.handle_points(rng.uniform(-0.1, 0.1, 150), rng.uniform(0.3, 0.7, 150))])


def sided(shown: Vessel, live: Vessel) -> tuple[LiftedMatches, tuple[Revolution, Revolution], TurnBelief]:
    """Returns matches as between two vessels whose handles look nothing like each other: what the live handle matches is the
    shown wall, wherever. The functional part is the rim.
    """
    plain, rng = matched(shown, live, wall_turn=live.turn, handle=False), np.random.default_rng(1)
    handle = points_of(live)[1200:]
    wall = shown.wall(rng.uniform(-np.pi, np.pi, len(handle)), rng.uniform(0.2, 0.6, len(handle)))
    reference, found = np.concatenate([plain.reference, wall]), np.concatenate([plain.live, handle])
    rims = [points[:, 2] > 0.9 * vessel.height for vessel, points in ((live, found), (shown, reference))]
    lifted = LiftedMatches(reference, found, np.full(len(found), 0.5), 1.0, part=np.where(np.stack(rims, axis=1), 0.9, 0.02))
    bodies = body_of(points_of(shown), TABLE, AlignSettings()), body_of(found, TABLE, AlignSettings())
    known = layouts(points_of(shown), lifted, (TABLE, TABLE), (extent(reference), extent(found)), bodies)
    return lifted, bodies, believed_turn(*known)
