# SPDX-License-Identifier: Apache-2.0
"""A recording run through the pipeline without ROS: one line of JSON per frame, a summary, and what made them."""
from __future__ import annotations

import fcntl
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from func_corr_ros.errors import BadRecording, BadSettings, ErrorCode
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import rotation_angle
from func_corr_ros.provenance import sha256_of_file, write_json
from func_corr_ros.replay.frame_record import frame_record
from func_corr_ros.replay.run_table import FRAMES, RunTable, read_run, records_of
from func_corr_ros.transfer.pipeline import Pipeline

PARTIAL = f"{FRAMES}.partial"
# How a camera stood in a frame that does not move, at a stamp [ns]; None where that is not known.
PoseOf = Callable[[str, int], Float64[np.ndarray, "4 4"] | None]


def replay(
    frames: Iterable[RgbdFrame], pipeline: Pipeline, out: Path, made_with: Mapping[str, Any], *,
    overwrite: bool = False, on_frame: Callable[[Mapping[str, Any]], None] = lambda record: None,
    pose_of: PoseOf = lambda frame_id, stamp_ns: None, account: Callable[[], Mapping[str, Any]] = dict,
) -> dict[str, Any]:
    """Runs ``frames`` through ``pipeline`` and returns the summary; ``out`` then holds ``frames.jsonl`` (one record per frame,
    see :func:`frame_record`), ``reading.json`` (``account``, asked once the frames are through), ``summary.json`` and
    ``provenance.json`` (``made_with``). One frame is held at a time.

    A run that was broken off goes on after its last whole frame. Raises BadSettings where ``out`` holds the results of
    other settings, weights, data or code, unless ``overwrite``; BadRecording where the frames are not those of the
    run that was broken off. ``on_frame`` is called with every record, old ones too.
    """
    out = Path(out)
    _claim(out, made_with, overwrite)
    done = out / FRAMES
    if not done.exists():
        _continue(frames, pipeline, out / PARTIAL, on_frame, pose_of)
        write_json(out / "reading.json", account())
        os.replace(out / PARTIAL, done)
    summary = summarise(read_run(out))
    write_json(out / "summary.json", summary)
    return summary


def summarise(table: RunTable) -> dict[str, Any]:
    """Returns counts of accepted and refused frames (by reason), p50 and p95 of each stage [ms], and how far the accepted
    poses of each phase spread around their median.
    """
    refusals = Counter(code_name(code) for code in table.code.tolist() if code)
    return {
        "frames": len(table),
        "accepted": int(table.accepted.sum()),
        "refused": dict(refusals),
        "timings_ms": percentiles(table.timings_ms),
        "spread": {name: spread(poses[np.isfinite(poses).all(axis=(1, 2))]) for name, poses in table.phases.items()},
    }


def stage_percentiles(timings: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Returns the median and 95th percentile of every stage that ran, in the order they first ran, in the unit given."""
    stages = dict.fromkeys(stage for times in timings for stage in times)
    return percentiles({stage: np.array([times[stage] for times in timings if stage in times]) for stage in stages})


def percentiles(columns: Mapping[str, Float64[np.ndarray, " n"]]) -> dict[str, dict[str, float]]:
    """Returns the median and 95th percentile of each column; rows that are NaN are left out, columns of NaN too."""
    ends = {name: np.nanpercentile(values, (50, 95)) for name, values in columns.items() if np.isfinite(values).any()}
    return {name: {"p50": float(p50), "p95": float(p95)} for name, (p50, p95) in ends.items()}


def spread(poses: Float64[np.ndarray, "n 4 4"]) -> dict[str, int | float]:
    """Returns how far ``poses`` of one phase lie from their median position [m] and their mean rotation [deg]."""
    from scipy.spatial.transform import Rotation

    distance = np.linalg.norm(poses[:, :3, 3] - np.median(poses[:, :3, 3], axis=0), axis=1)
    mean = Rotation.from_matrix(poses[:, :3, :3]).mean().as_matrix()
    angle = np.degrees(rotation_angle(poses[:, :3, :3], np.broadcast_to(mean, poses[:, :3, :3].shape)))
    return {
        "count": len(poses),
        "position_p50_m": float(np.median(distance)),
        "position_max_m": float(distance.max()),
        "rotation_p50_deg": float(np.median(angle)),
        "rotation_max_deg": float(angle.max()),
    }


def recording_hashes(bag: Path) -> dict[str, str]:
    """Returns the SHA-256 of every file of a recording, by name; raises BadRecording where there is none."""
    bag = Path(bag)
    files = sorted(path for path in bag.rglob("*") if path.is_file()) if bag.is_dir() else [bag] if bag.is_file() else []
    if not files:
        raise BadRecording(f"{bag} is missing or empty; a rosbag2 is a folder with metadata.yaml and an .mcap or .db3 file")
    return {path.name: sha256_of_file(path) for path in files}


def _claim(out: Path, made_with: Mapping[str, Any], overwrite: bool) -> None:
    beside = out / "provenance.json"
    wanted = json.loads(json.dumps(made_with, default=str))
    if beside.exists() and not overwrite:
        found = json.loads(beside.read_text())
        changed = sorted(key for key in {*found, *wanted} if found.get(key) != wanted.get(key))
        if changed:
            raise BadSettings(
                f"{out} holds results that were made otherwise (they differ in {', '.join(changed)}; see {beside}); "
                "choose another --out, or add --overwrite"
            )
        return
    for name in (FRAMES, PARTIAL, "summary.json"):
        (out / name).unlink(missing_ok=True)
    write_json(beside, made_with)


def _continue(
    frames: Iterable[RgbdFrame], pipeline: Pipeline, partial: Path, on_frame: Callable[[Mapping[str, Any]], None],
    pose_of: PoseOf,
) -> None:
    """Makes the records that ``partial`` lacks; a torn last line is cut off, and no record is held longer than its frame."""
    with partial.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadSettings(f"another replay is writing to {partial.parent}; wait for it, or choose another --out") from error
        file.truncate(_whole_lines(partial))
        old = records_of(partial)
        began = time.monotonic()
        for index, frame in enumerate(frames):
            read = time.monotonic() - began
            record = next(old, None)
            if record is not None:
                _check_moment(record, frame, index)
            else:
                result = pipeline.run(frame)
                record = frame_record(result, pipeline.demonstration, frame, pose_of(frame.frame_id, frame.stamp_ns))
                record["timings_ms"] = {"read": round(1e3 * read, 3), **record["timings_ms"]}
                file.write(json.dumps(record) + "\n")
                file.flush()
            on_frame(record)
            began = time.monotonic()


def _whole_lines(path: Path) -> int:
    """Returns how many bytes of ``path`` are whole lines of JSON."""
    length = 0
    for line in path.open("rb") if path.exists() else ():
        try:
            json.loads(line)
        except json.JSONDecodeError:
            break
        length += len(line)
    return length


def _check_moment(record: Mapping[str, Any], frame: RgbdFrame, index: int) -> None:
    if record["stamp_ns"] != frame.stamp_ns:
        raise BadRecording(
            f"frame {index} is of {frame.stamp_ns} ns, the run that was broken off had {record['stamp_ns']} ns there: "
            "the recording has changed; add --overwrite"
        )


def code_name(code: int) -> str:
    """Returns the name of an error code, or its number where it has none."""
    return ErrorCode(code).name if code in set(ErrorCode) else str(code)
