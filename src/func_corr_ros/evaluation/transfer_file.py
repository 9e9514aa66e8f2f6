# SPDX-License-Identifier: Apache-2.0
"""``transfer.json``: a transfer, or its refusal, as other programs read it (docs/transfer.md says what each field means)."""
from __future__ import annotations

import math
from typing import Any

from func_corr_ros.evaluation.outcome import phase_record
from func_corr_ros.transfer.align import Alignment
from func_corr_ros.transfer.demonstration import Demonstration
from func_corr_ros.transfer.transfer import Refusal, Transfer


def transfer_record(outcome: Transfer | Refusal, demonstration: Demonstration) -> dict[str, Any]:
    """Returns the outcome as plain values: poses and keypoints in the live camera's optical frame, metres, (x, y, z, w).

    Where it is refused, ``phases`` and ``keypoints`` are empty and ``refusal`` holds the error's name, code and words; the
    figures of the fit are there as far as it came.
    """
    return {
        "demonstration": demonstration.id,
        "function": demonstration.function,
        "frame": "camera optical: x right, y down, z forward",
        "refused": isinstance(outcome, Refusal),
        "refusal": _refusal(outcome) if isinstance(outcome, Refusal) else None,
        "phases": [] if isinstance(outcome, Refusal) else [phase_record(phase) for phase in outcome.phases],
        "keypoints": {} if isinstance(outcome, Refusal) else {name: at.tolist() for name, at in outcome.keypoints.items()},
        "score": None if isinstance(outcome, Refusal) else outcome.score,
        **_fit(outcome.alignment),
    }


def _refusal(outcome: Refusal) -> dict[str, Any]:
    return {"error": type(outcome.error).__name__, "code": int(outcome.error.code), "reason": str(outcome.error)}


def _fit(alignment: Alignment | None) -> dict[str, Any]:
    if alignment is None:
        return {"residual_m": None, "inlier_ratio": None, "part_ratio": None, "scale": None, "mirrored": None, "upright": None,
                "symmetry": None}
    return {
        "residual_m": alignment.rms,
        "inlier_ratio": alignment.inlier_ratio,
        "part_ratio": alignment.part_ratio,
        "scale": float(alignment.live_from_reference.scale),
        "mirrored": alignment.live_from_reference.is_mirrored,
        "upright": alignment.upright,
        "symmetry": _symmetry(alignment),
    }


def _symmetry(alignment: Alignment) -> dict[str, Any] | None:
    """Returns the live object's axis and how far the turn about it is free: order -1 for any turn, 1 for none; None where it
    is no body of revolution, whose symmetry is not tested.
    """
    bodies = alignment.bodies
    if bodies is None:
        return None
    free = bodies.turn_is_free
    return {
        "order": -1 if free else 1,
        "axis": bodies.live.basis[:, 2].tolist(),
        "point": bodies.live.foot.tolist(),
        "free_angle_rad": 2.0 * math.pi if free else 0.0,
    }
