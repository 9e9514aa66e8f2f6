# SPDX-License-Identifier: Apache-2.0
"""Tools of points whose functional part is known: sticks that work with their last quarter, on the table z = 0."""
from __future__ import annotations

import numpy as np

from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.se3 import about_axis
from func_corr_ros.transfer.layout import Layout, layouts
from func_corr_ros.transfer.lift import LiftedMatches

UP = np.array([0.0, 0.0, 1.0])
TABLE = Plane(UP, 0.0)


def stick(turn: float = 0.0, flipped: bool = False, longer: float = 1.0, seed: int = 0) -> LiftedMatches:
    """Returns matches of a stick of 30 cm with one that is turned by ``turn``, its working quarter ``longer``; with ``flipped``
    every match is to the place at the other end, as looks alone would have it.
    """
    rng = np.random.default_rng(seed)
    reference = rng.uniform([-0.15, -0.01, 0.0], [0.15, 0.01, 0.02], (400, 3))
    stretched = np.where(reference[:, 0] > 0.075, 0.075 + longer * (reference[:, 0] - 0.075), reference[:, 0])
    live = np.stack([stretched, reference[:, 1], reference[:, 2]], axis=1)
    inside = np.stack([live[:, 0] > 0.075, reference[:, 0] > 0.075], axis=1).astype(np.float64)
    if flipped:
        live = live * [-1.0, -1.0, 1.0]
        inside[:, 0] = live[:, 0] > 0.075
    return LiftedMatches(reference, live @ about_axis(UP, turn).T, np.full(400, 0.5), 1.0, part=np.clip(inside, 0.02, 0.95))


def laid_out(lifted: LiftedMatches, size: float = 0.3) -> tuple[Layout, Layout]:
    """Returns how both sticks lie."""
    found = layouts(lifted.reference, lifted, (TABLE, TABLE), (size, size))
    assert found is not None
    return found
