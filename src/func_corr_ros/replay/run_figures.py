# SPDX-License-Identifier: Apache-2.0
"""The figures by which a replayed run is judged: one column each, a value per frame, with its unit and which way is better."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from func_corr_ros.evaluation.bootstrap import resampled_interval
from func_corr_ros.replay.run_table import RunTable
from func_corr_ros.replay.stability import flips, jitters, mirror_changes

# Neighbouring frames see nearly the same: intervals draw blocks of this length, not single frames.
BLOCK_NS = 1_000_000_000
# The PCK that runs are compared by.
PCK_SHARE = 0.1


@dataclass(frozen=True)
class Figure:
    """What a column says, in which unit, and whether ``higher`` values are better."""

    words: str
    unit: str
    higher: bool


FIGURES: Mapping[str, Figure] = {
    "accepted": Figure("frames that gave poses", "share", True),
    "keypoint_px": Figure("keypoints from where they were marked, mean of a frame", "px", False),
    "keypoint_mm": Figure("keypoints from the true surface point, mean of a frame", "mm", False),
    "pck": Figure(f"keypoints within {PCK_SHARE:g} of the object's longer side; not answered is wrong", "share", True),
    "region_iou": Figure("functional part, intersection over union", "share", True),
    "pose_mm": Figure("tools from where they belong, mean of a frame's phases", "mm", False),
    "pose_deg": Figure("tools' rotation from the true one, mean of a frame's phases", "deg", False),
    "score": Figure("what a transfer says of itself: how probable it is that its poses are right", "share", True),
    "jitter_mm": Figure("largest deviation of a keypoint or tool from its neighbours in time", "mm", False),
    "jitter_deg": Figure("largest deviation of a tool's rotation from its neighbours in time", "deg", False),
    "flip": Figure("frames at which a tool turned by more than 90 degrees", "share", False),
    "mirror_change": Figure("frames at which the reference's mirror image took its place or gave it back", "share", False),
    "cycle": Figure("matches whose way back ends within 12 % of the object", "share", True),
    "covered": Figure("matches that are accepted as correspondences", "share", True),
    "lifted": Figure("trusted matches with depth on both sides", "share", True),
    "depth_valid": Figure("pixels of the object with depth", "share", True),
    "residual_mm": Figure("rms residual of the matches that one motion explains", "mm", False),
    "latency_ms": Figure("time of all stages of a frame, without reading it", "ms", False),
}
# What depends on the machine and its load stays out of scores.json, which is the same wherever a run is repeated.
TIMED = ("latency_ms",)
READING = "read"


def figure_columns(table: RunTable, rows: Sequence[Mapping[str, Any]] = ()) -> dict[str, Float64[np.ndarray, " n"]]:
    """Returns the columns of FIGURES, a value per frame, NaN where there is none; ``rows`` are those of :func:`truth_rows`."""
    n, millimetres, degrees = len(table), *jitters(table)
    columns = {name: np.full(n, np.nan) for name in FIGURES}
    columns["accepted"] = table.accepted.astype(np.float64)
    for name, found in (("flip", flips(table)), ("mirror_change", mirror_changes(table))):
        columns[name] = np.where(table.accepted, found, np.nan)
    columns["jitter_mm"], columns["jitter_deg"] = (_largest(group, n) for group in (millimetres, degrees))
    columns |= {name: table.figures[name] for name in ("score", "cycle", "covered", "lifted", "depth_valid")}
    columns["residual_mm"] = 1e3 * table.figures["residual_m"]
    stages = [np.nan_to_num(ms) for stage, ms in table.timings_ms.items() if stage != READING]
    columns["latency_ms"] = np.sum(stages, axis=0) if stages else columns["latency_ms"]
    place = {int(stamp): index for index, stamp in enumerate(table.stamp_ns)}
    for row in rows:
        for name, value in _of_truth(row).items():
            columns[name][place[row["stamp_ns"]]] = value
    return columns


def summary_of(values: Float64[np.ndarray, " n"], stamp_ns: Int64[np.ndarray, " n"]) -> dict[str, Any]:
    """Returns mean, median, 95th percentile and count of the finite ``values``, and the mean's block bootstrap 95 % interval."""
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return {"mean": None, "median": None, "p95": None, "n": 0, "ci95": [None, None]}
    return {
        "mean": float(known.mean()), "median": float(np.median(known)), "p95": float(np.percentile(known, 95)),
        "n": len(known), "ci95": block_interval(values, stamp_ns).tolist(),
    }


def block_interval(values: Float64[np.ndarray, " n"], stamp_ns: Int64[np.ndarray, " n"]) -> Float64[np.ndarray, "2"]:
    """Returns the bootstrap 95 % interval of the mean of the finite ``values``; blocks of BLOCK_NS are drawn with replacement
    (non-overlapping block bootstrap, Carlstein 1986). Where all lie within one block single frames are drawn, which gives an
    interval that is too narrow rather than one of no width; a single value has none.
    """
    known = np.isfinite(values)
    if not known.any():
        return np.full(2, np.nan)
    _, block = np.unique((stamp_ns[known] - stamp_ns[known].min()) // BLOCK_NS, return_inverse=True)
    block = np.arange(len(block)) if block.max() == 0 else block
    count = np.bincount(block).astype(np.float64)
    total = np.bincount(block, weights=values[known])
    return resampled_interval(lambda times: ((times @ total) / (times @ count))[:, None], len(count))[:, 0]


def _of_truth(row: Mapping[str, Any]) -> dict[str, float]:
    keypoints, phases = list(row["keypoints"].values()), list(row["phases"].values())
    right = [float(point["share"] is not None and point["share"] <= PCK_SHARE) for point in keypoints]
    found = {
        "keypoint_px": [point["px"] for point in keypoints], "keypoint_mm": [point["mm"] for point in keypoints], "pck": right,
        "region_iou": [row["region_iou"]], "pose_mm": [pose["mm"] for pose in phases],
        "pose_deg": [pose["deg"] for pose in phases],
    }
    known = {name: [value for value in values if value is not None] for name, values in found.items()}
    return {name: float(np.mean(values)) for name, values in known.items() if values}


def _largest(columns: Mapping[str, Float64[np.ndarray, " n"]], n: int) -> Float64[np.ndarray, " n"]:
    if not columns:
        return np.full(n, np.nan)
    stacked = np.stack(list(columns.values()))
    return np.where(np.isfinite(stacked).any(axis=0), np.nanmax(np.where(np.isfinite(stacked), stacked, -np.inf), axis=0), np.nan)
