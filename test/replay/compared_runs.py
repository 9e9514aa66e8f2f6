# SPDX-License-Identifier: Apache-2.0
"""Folders of runs whose difference is known."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from func_corr_ros.evaluation.outcome import phase_record
from func_corr_ros.transfer.transfer import TransferredPhase


def write_run(folder: Path, shift_m: float) -> Path:
    """A run of 60 frames at 10 Hz whose tools are ``shift_m`` and some noise from the truth."""
    folder.mkdir()
    rng, rows, records = np.random.default_rng(3), [], []
    for number in range(60):
        pose = np.eye(4)
        pose[:3, 3] = [0.0, 0.0, 0.8 + shift_m]
        error = 1e3 * (shift_m + rng.normal(0, 1e-4))
        stamp = number * 10**8
        records.append({
            "stamp_ns": stamp, "refused": False, "code": 0, "reason": "", "mirrored": False, "matches": 9, "agreeing": 9,
            "residual_m": 0.001, "keypoints": {}, "keypoints_m": {}, "timings_ms": {"transfer": 5.0},
            "phases": [phase_record(TransferredPhase("grasp", "tcp", pose))],
        })
        rows.append({"stamp_ns": stamp, "answered": True, "keypoints": {}, "region_iou": None,
                     "phases": {"grasp": {"mm": error, "deg": 1.0}}})
    (folder / "frames.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    (folder / "truth.json").write_text(json.dumps(rows))
    (folder / "scores.json").write_text('{"function": "pour-with"}')
    return folder
