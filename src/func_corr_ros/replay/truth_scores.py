# SPDX-License-Identifier: Apache-2.0
"""How far a replayed run is from what was annotated: keypoints in pixels and millimetres, the functional part, tool poses."""
from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from func_corr_ros.evaluation.bootstrap import bootstrap_interval
from func_corr_ros.evaluation.metrics import pose_error
from func_corr_ros.evaluation.outcome import phase_from_record
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.replay.annotations import Annotations, FrameTruth, resolved
from func_corr_ros.replay.frame_record import from_runs

# PCK: a keypoint is right within so much of the object's longer side in the picture (as for the marked keypoints).
PCK_SHARES = (0.05, 0.1, 0.2)


def truth_rows(
    annotations: Annotations, frames: Iterable[RgbdFrame], records: Mapping[int, Mapping[str, Any]], keypoints: Collection[str],
) -> Iterator[dict[str, Any]]:
    """Yields one row of errors per annotated frame; ``records`` are those of :func:`frame_record` by stamp, ``keypoints`` the
    names of the demonstration's: other points that were annotated are not asked of a transfer.

    A row has ``stamp_ns``, ``answered`` (accepted), ``keypoints`` {name: px, share of the longer side, mm}, ``region_iou`` and
    ``phases`` {name: mm, deg}; None is what was not answered or has no truth.
    """
    marked = {item.stamp_ns: item for item in annotations.frames}
    for frame in frames:
        yield _row(resolved(annotations, marked[frame.stamp_ns], frame), records[frame.stamp_ns], keypoints)


def _row(truth: FrameTruth, record: Mapping[str, Any], asked: Collection[str]) -> dict[str, Any]:
    answered = not record["refused"]
    mask = truth.mask if truth.mask is not None else None if record["mask"] is None else from_runs(record["mask"])
    side = None if mask is None or not mask.any() else longer_side(mask)
    found, found_m = (record["keypoints"], record["keypoints_m"]) if answered else ({}, {})
    keypoints = {}
    for name, uv in ((name, uv) for name, uv in truth.points.items() if name in asked):
        px = _distance(found.get(name), uv)
        mm = _distance(found_m.get(name), truth.points_m.get(name))
        keypoints[name] = {
            "px": px, "share": None if px is None or side is None else px / side, "mm": None if mm is None else 1e3 * mm,
        }
    tools = {item["name"]: phase_from_record(item).camera_from_tool for item in record["phases"]} if answered else {}
    phases = {name: _pose(tools.get(name), pose) for name, pose in truth.phases.items()}
    return {
        "stamp_ns": truth.stamp_ns, "answered": answered, "keypoints": keypoints, "phases": phases,
        "region_iou": _iou(record.get("region"), truth.part),
    }


def truth_summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns the figures over all annotated frames, whole and by name, with bootstrap 95 % intervals over frames.

    Errors are means and medians over what was answered; PCK counts what was not answered as wrong.
    """
    names = sorted({name for row in rows for name in row["keypoints"]})
    phases = sorted({name for row in rows for name in row["phases"]})
    every = [[row["keypoints"][name] for name in names if name in row["keypoints"]] for row in rows]
    return {
        "frames": len(rows),
        "answered": sum(row["answered"] for row in rows),
        "keypoints": _keypoints(every),
        "keypoints_by_name": {
            name: _keypoints([[row["keypoints"][name]] for row in rows if name in row["keypoints"]]) for name in names
        },
        "phases": {
            name: {key: _figure([[row["phases"][name][key]] for row in rows if name in row["phases"]]) for key in ("mm", "deg")}
            for name in phases
        },
        "region_iou": _figure([[row["region_iou"]] for row in rows]),
    }


def longer_side(mask: Bool[np.ndarray, "h w"]) -> int:
    """Returns the longer side of the bounding box of a mask that is not empty, in pixels."""
    rows, columns = np.nonzero(mask)
    return int(max(np.ptp(rows), np.ptp(columns))) + 1


def _keypoints(frames: Sequence[Sequence[Mapping[str, float | None]]]) -> dict[str, Any]:
    pck = {}
    for share in PCK_SHARES:
        right = [[float(point["share"] is not None and point["share"] <= share) for point in frame] for frame in frames]
        pck[f"{share:g}"] = _figure(right)
    return {key: _figure([[point[key] for point in frame] for frame in frames]) for key in ("px", "share", "mm")} | {"pck": pck}


def _figure(frames: Sequence[Sequence[float | None]]) -> dict[str, Any]:
    """Returns mean, median and count of all values, and the interval of the mean, frames being drawn."""
    known = [[value for value in frame if value is not None] for frame in frames]
    values = np.array([value for frame in known for value in frame], dtype=np.float64)
    if len(values) == 0:
        return {"mean": None, "median": None, "n": 0, "ci95": [None, None]}
    means = np.array([[np.mean(frame)] for frame in known if frame], dtype=np.float64)
    return {
        "mean": float(values.mean()), "median": float(np.median(values)), "n": len(values),
        "ci95": bootstrap_interval(means)[:, 0].tolist(),
    }


def _distance(a: Sequence[float] | None, b: Float64[np.ndarray, " d"] | None) -> float | None:
    if a is None or b is None:
        return None
    distance = float(np.linalg.norm(np.asarray(a, dtype=np.float64) - b))
    return distance if np.isfinite(distance) else None


def _pose(found: Float64[np.ndarray, "4 4"] | None, truth: Float64[np.ndarray, "4 4"]) -> dict[str, float | None]:
    if found is None:
        return {"mm": None, "deg": None}
    error = pose_error(found, truth)
    return {"mm": 1e3 * error.translation_m, "deg": error.rotation_deg}


def _iou(region: Mapping[str, Any] | None, part: Bool[np.ndarray, "h w"] | None) -> float | None:
    if region is None or part is None:
        return None
    found = from_runs(region)
    union = float((found | part).sum())
    return float((found & part).sum()) / union if union else None
