# SPDX-License-Identifier: Apache-2.0
"""Protocol A, label transfer: how far from the truth a method puts the points it is asked for (Normalised Distance, PCK).

Distances are measured in the target image's 224-px frame: the square of 1.2x the longest side of its mask's bounding box,
scaled to 224 px. So they mean the same whatever the image's size, and however small the object.
"""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64

from func_corr_ros.errors import NoMask, SizeMismatch, TooFewPoints

FRAME_PX = 224
FRAME_MARGIN = 1.2
# Pixels of the 224-px frame within which a point or a match is right, coarsest first.
THRESHOLDS = (23, 15, 10, 5)
# A distance of 1 after normalising: the frame's first pixel to its last.
UNIT_PX = FRAME_PX - 1
# No answer counts as the worst one there is, the frame's diagonal, so that nobody gains by keeping silent.
MISSING_PX = UNIT_PX * math.sqrt(2.0)


@dataclass(frozen=True)
class LabelTransfer:
    """One direction of one pair: every queried point's ``distance_px`` in the 224-px frame, how many had no answer, and the
    ``order`` of the truth that it was scored against.
    """

    distance_px: Float64[np.ndarray, " n"]
    missing: int
    order: Int64[np.ndarray, " n"]

    @property
    def normalised_distance(self) -> float:
        """Mean distance over the frame's side, 0 for a perfect method; lower is better."""
        return float(self.distance_px.mean()) / UNIT_PX

    def pck(self, threshold: float | int) -> float:
        """Share of points within ``threshold`` px of the truth."""
        return float((self.distance_px <= threshold).mean())


def frame_scale(mask: Bool[np.ndarray, "h w"]) -> float:
    """Returns pixels of the 224-px frame per pixel of the image whose object is ``mask``; raises NoMask for an empty one."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if len(columns) == 0:
        raise NoMask(f"the mask ({mask.shape[1]}x{mask.shape[0]} px) is empty; it sets the frame in which distances are measured")
    return FRAME_PX / (FRAME_MARGIN * float(max(np.ptp(columns), np.ptp(rows)) + 1))


def score_label_transfer(
    predicted: Float[np.ndarray, "p 2"],
    truth: Float[np.ndarray, "n 2"],
    scale: float,
    permutations: Int64[np.ndarray, "k n"] | None = None,
) -> LabelTransfer:
    """Returns how far ``predicted`` pixels of the target image lie from the true ones; ``scale`` is its :func:`frame_scale`.

    A prediction that is not finite is missing. With ``permutations``, point i may as well belong to ``truth[permutation[i]]``,
    and the order with the smallest mean counts. Raises TooFewPoints without truth, SizeMismatch where the counts differ.
    """
    if len(truth) == 0:
        raise TooFewPoints("there is no truth to score against; a pair needs at least one true match")
    if len(predicted) != len(truth):
        raise SizeMismatch(f"{len(predicted)} points are predicted for {len(truth)} that were asked for")
    orders = np.arange(len(truth))[None] if permutations is None else np.concatenate([[np.arange(len(truth))], permutations])
    answered = np.isfinite(predicted).all(axis=1)
    distance = scale * np.linalg.norm(predicted.astype(np.float64) - truth.astype(np.float64)[orders], axis=2)
    distance = np.where(answered, np.nan_to_num(distance, nan=MISSING_PX), MISSING_PX)
    best = int(np.argmin(distance.mean(axis=1)))
    return LabelTransfer(distance[best], int((~answered).sum()), orders[best])
