# SPDX-License-Identifier: Apache-2.0
"""From matched pixels to pairs of surface points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Float32, Float64

from func_corr_ros.errors import ImplausibleDepth, NoDepth
from func_corr_ros.geometry.rgbd_frame import RgbdFrame

# Below this many pairs with depth on both sides there is nothing a robust fit could reject.
MIN_PAIRS = 8
# A point that is more probably of the functional part than this is taken to be of it.
OF_PART = 0.5

# Depth cameras see neither nearer nor farther; what lies outside was read in the wrong unit.
NEAREST_M, FARTHEST_M = 0.03, 60.0


@dataclass(frozen=True)
class LiftedKeypoint:
    """Where a demonstration's keypoint was matched by itself on the live object [m], with the match's confidence 0..1."""

    point: Float64[np.ndarray, "3"]
    confidence: float


@dataclass(frozen=True)
class LiftedMatches:
    """Surface points of the demonstration and of the live object that serve the same purpose, in metres.

    ``reference`` is in the demonstration's optical frame, ``live`` in the live camera's; ``weights`` are the matches'
    confidences. ``valid_ratio`` is the share of matches that had depth on both sides. ``mirrored`` says that the matches
    were made with the demonstration's mirror image. ``part`` is the probability that the live point (column 0) and the reference
    point (1) are in the functional part, None where the features cannot tell.
    """

    reference: Float64[np.ndarray, "n 3"]
    live: Float64[np.ndarray, "n 3"]
    weights: Float64[np.ndarray, " n"]
    valid_ratio: float
    mirrored: bool = False
    keypoints: Mapping[str, LiftedKeypoint] = field(default_factory=dict)
    part: Float64[np.ndarray, "n 2"] | None = None

    @cached_property
    def reference_extent(self) -> float:
        """The :func:`extent` of the reference points [m]."""
        return extent(self.reference)

    @cached_property
    def live_extent(self) -> float:
        """The :func:`extent` of the live points [m]."""
        return extent(self.live)


def extent(points: Float64[np.ndarray, "n 3"]) -> float:
    """Returns the diameter in metres of the ball that holds 90 % of ``points`` around their median."""
    return 2.0 * float(np.quantile(np.linalg.norm(points - np.median(points, axis=0), axis=1), 0.9))


def lift_matches(
    demonstration: RgbdFrame,
    uv_reference: Float32[np.ndarray, "n 2"],
    live_points: Float64[np.ndarray, "n 3"],
    confidence: Float32[np.ndarray, " n"],
    mirrored: bool = False,
    keypoints: Mapping[str, LiftedKeypoint] | None = None,
    part: Float32[np.ndarray, "n 2"] | None = None,
) -> LiftedMatches:
    """Returns the pairs that have a finite point on both sides and a confidence above zero.

    ``live_points`` are what :meth:`RgbdFrame.points_at` gives for the live pixels (NaN where the camera saw no depth).
    Raises NoDepth, with the counts, where fewer than MIN_PAIRS pairs are left, and ImplausibleDepth where the object is at a
    distance that only another unit explains.
    """
    reference_points, reference_valid = demonstration.points_at(uv_reference)
    live_valid = np.isfinite(live_points).all(axis=1)
    trusted = np.isfinite(confidence) & (confidence > 0)
    keep = reference_valid & live_valid & trusted
    if keep.sum() < MIN_PAIRS:
        raise NoDepth(
            f"{int(keep.sum())} of {len(keep)} matches lift (depth in the demonstration for {int(reference_valid.sum())}, "
            f"in the live frame at {int(live_valid.sum())}, trusted {int(trusted.sum())}); at least {MIN_PAIRS} are needed"
        )
    for points, whose in ((reference_points[keep], "demonstration"), (live_points[keep], "live frame")):
        _check_unit(points, whose)
    trusted_count = max(int(trusted.sum()), 1)
    return LiftedMatches(
        reference=reference_points[keep],
        live=live_points[keep],
        weights=confidence[keep].astype(np.float64),
        valid_ratio=float(keep.sum() / trusted_count),
        mirrored=mirrored,
        keypoints=dict(keypoints or {}),
        part=None if part is None else part[keep].astype(np.float64),
    )


def _check_unit(points: Float64[np.ndarray, "n 3"], whose: str) -> None:
    """Raises ImplausibleDepth where the object is at a distance that no depth camera sees."""
    distance = float(np.median(np.linalg.norm(points, axis=1)))
    if not NEAREST_M <= distance <= FARTHEST_M:
        unit = "millimetres read as metres" if distance > FARTHEST_M else "metres read as millimetres"
        raise ImplausibleDepth(
            f"the object of the {whose} is {distance:g} m away; a depth camera sees {NEAREST_M:g} to {FARTHEST_M:g} m. It looks "
            f"like {unit}: check depth_scale_m_per_count of frame.json, depth_unit_m of the demonstration, or the encoding "
            "(16UC1 is mm)"
        )
