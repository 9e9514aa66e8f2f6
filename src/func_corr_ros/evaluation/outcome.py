# SPDX-License-Identifier: Apache-2.0
"""What came of one frame, whichever way it was reached: through the pipeline in this process or over ROS topics."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import from_quaternion_xyzw, quaternion_xyzw
from func_corr_ros.transfer.demonstration import Demonstration
from func_corr_ros.transfer.pipeline import PipelineResult
from func_corr_ros.transfer.transfer import Transfer, TransferredPhase


@dataclass(frozen=True)
class Outcome:
    """Poses or a refusal for one frame, with the lifted matches they rest on.

    ``uv_reference`` and ``uv_live`` are pixels of the matches that have depth on both sides, ``agreeing`` says which of
    them one motion explains, ``stride`` is the distance of neighbouring live matches [px]. ``mask`` is the live object
    (None where none was found), ``keypoints`` are live pixels. ``residual_m`` is None where no fit was found; ``code``
    and ``reason`` are 0 and empty unless refused.
    """

    uv_reference: Float64[np.ndarray, "n 2"]
    uv_live: Float64[np.ndarray, "n 2"]
    agreeing: Bool[np.ndarray, " n"]
    stride: float
    mask: Bool[np.ndarray, "h w"] | None
    keypoints: Mapping[str, Float64[np.ndarray, "2"]]
    phases: tuple[TransferredPhase, ...]
    residual_m: float | None
    code: int = 0
    reason: str = ""
    mirrored: bool = False
    timings: Mapping[str, float] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """Whether there are no poses that a robot may use."""
        return self.code != 0


def outcome_of(result: PipelineResult, demonstration: Demonstration, frame: RgbdFrame) -> Outcome:
    """Returns the outcome of a pipeline's result for ``frame``."""
    found, lifted, came = result.correspondence, result.lifted, result.outcome
    accepted = isinstance(came, Transfer)
    alignment = came.alignment
    count = 0 if lifted is None else len(lifted.weights)
    mask = result.segmentation.mask(found.object_id) if found is not None and result.segmentation is not None else None
    keypoints = {} if found is None else {name: np.asarray(item.uv, dtype=np.float64) for name, item in found.keypoints.items()}
    if accepted:
        keypoints = {name: frame.camera.project(point)[0] for name, point in came.keypoints.items()}
    return Outcome(
        uv_reference=np.zeros((0, 2)) if lifted is None else demonstration.frame.camera.project(lifted.reference)[0],
        uv_live=np.zeros((0, 2)) if lifted is None else frame.camera.project(lifted.live)[0],
        agreeing=np.zeros(count, dtype=bool) if alignment is None else alignment.inliers,
        stride=1.0 if found is None else float(found.stride),
        mask=mask,
        keypoints=keypoints,
        phases=came.phases if accepted else (),
        residual_m=None if alignment is None else alignment.rms,
        code=0 if accepted else int(came.error.code),
        reason="" if accepted else f"{type(came.error).__name__}: {came.error}",
        mirrored=False if lifted is None else lifted.mirrored,
        timings=result.timings,
    )


def as_record(outcome: Outcome, stamp_ns: int) -> dict[str, Any]:
    """Returns the outcome without its pictures, as plain values for one line of JSON."""
    return {
        "stamp_ns": stamp_ns,
        "refused": outcome.refused,
        "code": outcome.code,
        "reason": outcome.reason,
        "matches": len(outcome.agreeing),
        "agreeing": int(outcome.agreeing.sum()),
        "residual_m": outcome.residual_m,
        "mirrored": outcome.mirrored,
        "keypoints": {name: [round(float(value), 2) for value in uv] for name, uv in outcome.keypoints.items()},
        "phases": [phase_record(phase) for phase in outcome.phases],
        "timings_ms": {stage: round(1e3 * seconds, 3) for stage, seconds in outcome.timings.items()},
    }


def phase_record(phase: TransferredPhase) -> dict[str, Any]:
    """Returns a phase as plain values: position in metres, quaternion (x, y, z, w)."""
    return {
        "name": phase.name,
        "tool_link": phase.tool_link,
        "position": phase.camera_from_tool[:3, 3].tolist(),
        "quaternion_xyzw": quaternion_xyzw(phase.camera_from_tool[:3, :3]).tolist(),
    }


def phase_from_record(record: Mapping[str, Any]) -> TransferredPhase:
    """Returns the phase that :func:`phase_record` wrote."""
    quaternion, position = (np.asarray(record[key], dtype=np.float64) for key in ("quaternion_xyzw", "position"))
    return TransferredPhase(str(record["name"]), str(record["tool_link"]), from_quaternion_xyzw(quaternion, position))
