# SPDX-License-Identifier: Apache-2.0
"""A recording run through the pipeline without ROS: one line of JSON per frame, a summary, and what made them."""
from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from func_corr_ros.errors import BadRecording, BadSettings, ErrorCode
from func_corr_ros.evaluation.outcome import as_record, outcome_of, phase_from_record
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import rotation_angle
from func_corr_ros.provenance import sha256_of_file, write_json
from func_corr_ros.transfer.pipeline import Pipeline

FRAMES, PARTIAL = "frames.jsonl", "frames.jsonl.partial"


def replay(
    frames: Iterable[RgbdFrame], pipeline: Pipeline, out: Path, made_with: Mapping[str, Any], *,
    overwrite: bool = False, on_frame: Callable[[Mapping[str, Any]], None] = lambda record: None,
) -> dict[str, Any]:
    """Runs ``frames`` through ``pipeline`` and returns the summary; ``out`` then holds ``frames.jsonl`` (one record per frame,
    see :func:`as_record`), ``summary.json`` and ``provenance.json`` (``made_with``).

    A run that was broken off goes on after its last whole frame. Raises BadSettings where ``out`` holds the results of
    other settings, weights, data or code, unless ``overwrite``; BadRecording where the frames are not those of the
    run that was broken off. ``on_frame`` is called with every record, old ones too.
    """
    out = Path(out)
    _claim(out, made_with, overwrite)
    done = out / FRAMES
    records = read_records(done if done.exists() else out / PARTIAL)
    if not done.exists():
        records = _continued(frames, pipeline, out / PARTIAL, records, on_frame)
        os.replace(out / PARTIAL, done)
    summary = summarise(records)
    write_json(out / "summary.json", summary)
    return summary


def read_records(path: Path) -> list[dict[str, Any]]:
    """Returns the records of a file of JSON lines; a last line that was cut off is left out, no file gives none."""
    records: list[dict[str, Any]] = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return records


def summarise(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns counts of accepted and refused frames (by reason), p50 and p95 of each stage [ms], and how far the accepted
    poses of each phase spread around their median.
    """
    accepted = [record for record in records if not record["refused"]]
    refusals = Counter(_code_name(record["code"]) for record in records if record["refused"])
    phases = [phase_from_record(phase) for record in accepted for phase in record["phases"]]
    names = dict.fromkeys(phase.name for phase in phases)
    return {
        "frames": len(records),
        "accepted": len(accepted),
        "refused": dict(refusals),
        "timings_ms": stage_percentiles([record["timings_ms"] for record in records]),
        "spread": {name: spread(np.stack([p.camera_from_tool for p in phases if p.name == name])) for name in names},
    }


def stage_percentiles(timings: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Returns the median and 95th percentile of every stage that ran, in the order they first ran, in the unit given."""
    stages = dict.fromkeys(stage for times in timings for stage in times)
    values = {stage: [times[stage] for times in timings if stage in times] for stage in stages}
    return {stage: {"p50": float(np.percentile(v, 50)), "p95": float(np.percentile(v, 95))} for stage, v in values.items()}


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


def _continued(
    frames: Iterable[RgbdFrame], pipeline: Pipeline, partial: Path, records: list[dict[str, Any]],
    on_frame: Callable[[Mapping[str, Any]], None],
) -> list[dict[str, Any]]:
    """Returns all records; those that ``partial`` holds are not made again, and a torn last line is cut off."""
    partial.write_text("".join(json.dumps(record) + "\n" for record in records))
    made: list[dict[str, Any]] = []
    with partial.open("a") as file:
        for index, frame in enumerate(frames):
            if index < len(records):
                made.append(_same_moment(records[index], frame, index))
            else:
                made.append(as_record(outcome_of(pipeline.run(frame), pipeline.demonstration, frame), frame.stamp_ns))
                file.write(json.dumps(made[-1]) + "\n")
                file.flush()
            on_frame(made[-1])
    return made


def _same_moment(record: dict[str, Any], frame: RgbdFrame, index: int) -> dict[str, Any]:
    if record["stamp_ns"] != frame.stamp_ns:
        raise BadRecording(
            f"frame {index} is of {frame.stamp_ns} ns, the run that was broken off had {record['stamp_ns']} ns there: "
            "the recording has changed; add --overwrite"
        )
    return record


def _code_name(code: int) -> str:
    return ErrorCode(code).name if code in set(ErrorCode) else str(code)
