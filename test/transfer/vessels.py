# SPDX-License-Identifier: Apache-2.0
"""Vessels of points whose parts are known: a wall of revolution, a handle, a spout, on the table z = 0."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from func_corr_ros.geometry.plane import Plane
from func_corr_ros.transfer.lift import LiftedMatches

TABLE = Plane(np.array([0.0, 0.0, 1.0]), 0.0)


@dataclass(frozen=True)
class Vessel:
    """A cylinder with a handle at azimuth ``turn`` and, if ``spout`` is above zero, a spout that long opposite to it."""

    foot: tuple[float, float] = (0.0, 0.0)
    radius: float = 0.04
    height: float = 0.1
    turn: float = 0.0
    handle: float = 0.03
    spout: float = 0.0

    def at(self, radius, azimuth, height):
        azimuth = np.asarray(azimuth) + self.turn
        x, y = self.foot[0] + radius * np.cos(azimuth), self.foot[1] + radius * np.sin(azimuth)
        return np.stack([x, y, np.broadcast_to(height, azimuth.shape)], axis=-1)

    @property
    def outlet(self):
        return self.at(self.radius + self.spout, np.pi, self.height)

    @property
    def grip(self):
        return self.at(self.radius + self.handle, 0.0, 0.5 * self.height)

    def wall(self, azimuth, level):
        return self.at(self.radius, azimuth, level * self.height)

    def handle_points(self, azimuth, level):
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
