# SPDX-License-Identifier: Apache-2.0
"""A replayed run as columns: what its lines say of every frame, read one line at a time, so that an hour fits into memory."""
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64

from func_corr_ros.errors import BadRecording
from func_corr_ros.evaluation.outcome import phase_from_record

# Figures of one frame that are plain numbers; NaN where a record has null.
FIGURES = ("score", "inlier_ratio", "confidence", "covered", "lifted", "cycle", "exists", "depth_valid", "residual_m", "matches",
           "agreeing")
FRAMES = "frames.jsonl"


@dataclass(frozen=True)
class RunTable:
    """Every frame of a run. ``code`` is 0 where accepted; ``reasons`` has the words of the first refusal of each code.

    ``figures`` are columns of FIGURES; ``keypoints`` pixels and ``keypoints_m`` optical-frame metres by name; ``phases`` are
    ``camera_from_tool`` by name; all NaN where refused. ``fixed_from_camera`` is NaN where unknown. ``timings_ms`` by stage.
    """

    stamp_ns: Int64[np.ndarray, " n"]
    code: Int64[np.ndarray, " n"]
    mirrored: Bool[np.ndarray, " n"]
    figures: Mapping[str, Float64[np.ndarray, " n"]]
    keypoints: Mapping[str, Float64[np.ndarray, "n 2"]]
    keypoints_m: Mapping[str, Float64[np.ndarray, "n 3"]]
    phases: Mapping[str, Float64[np.ndarray, "n 4 4"]]
    fixed_from_camera: Float64[np.ndarray, "n 4 4"]
    timings_ms: Mapping[str, Float64[np.ndarray, " n"]]
    reasons: Mapping[int, str]

    def __len__(self) -> int:
        return len(self.stamp_ns)

    @property
    def accepted(self) -> Bool[np.ndarray, " n"]:
        """Which frames have poses that a robot may use."""
        return self.code == 0


def records_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yields the records of a file of JSON lines, up to a last line that was cut off; no file gives none."""
    if not path.exists():
        return
    with path.open() as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                return


def read_run(folder: Path) -> RunTable:
    """Returns the run in ``folder``; raises BadRecording where no finished run lies there."""
    path = Path(folder) / FRAMES
    if not path.exists():
        partial = ", only one that was broken off: run func-corr replay again with the same --out" if (
            path.with_name(f"{FRAMES}.partial").exists()) else "; func-corr replay makes one"
        raise BadRecording(f"{path.parent} holds no replayed run{partial}")
    return table_of(records_of(path))


def table_of(records: Iterator[Mapping[str, Any]]) -> RunTable:
    """Returns the columns of records that :func:`frame_record` wrote; parts that older records lack are NaN."""
    plain: list[tuple[int, int, bool]] = []
    columns: dict[tuple[str, str], _Column] = {}
    reasons: dict[int, str] = {}
    for row, record in enumerate(records):
        plain.append((record["stamp_ns"], record["code"], record["mirrored"]))
        if record["refused"]:
            reasons.setdefault(record["code"], record["reason"])
        for key, value in _values(record):
            columns.setdefault(key, _Column()).put(row, value)
    n = len(plain)

    def of(group: str, *shape: int, names: tuple[str, ...] = ()) -> dict[str, Any]:
        found = {name: column.filled(n, shape) for (kind, name), column in columns.items() if kind == group}
        return {**{name: np.full((n, *shape), np.nan) for name in names}, **found}

    stamps, codes, mirrored = zip(*plain, strict=True) if plain else ((), (), ())
    return RunTable(
        np.array(stamps, dtype=np.int64), np.array(codes, dtype=np.int64), np.array(mirrored, dtype=bool),
        of("figure", names=FIGURES), of("uv", 2), of("m", 3), of("phase", 4, 4),
        of("camera", 4, 4, names=("fixed",))["fixed"], of("ms"), reasons,
    )


def _values(record: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Any]]:
    yield from ((("figure", name), record[name]) for name in FIGURES if record.get(name) is not None)
    yield from ((("ms", stage), value) for stage, value in record["timings_ms"].items())
    if record.get("fixed_from_camera") is not None:
        yield ("camera", "fixed"), record["fixed_from_camera"]
    if record["refused"]:
        return
    yield from ((("uv", name), uv) for name, uv in record["keypoints"].items())
    yield from ((("m", name), point) for name, point in record.get("keypoints_m", {}).items())
    for phase in record["phases"]:
        yield ("phase", phase["name"]), phase_from_record(phase).camera_from_tool


class _Column:
    """Values of some rows."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.values: list[Float64[np.ndarray, "..."]] = []

    def put(self, row: int, value: Any) -> None:
        self.rows.append(row)
        self.values.append(np.asarray(value, dtype=np.float64))

    def filled(self, n: int, shape: tuple[int, ...]) -> Float64[np.ndarray, "..."]:
        column = np.full((n, *shape), np.nan)
        column[self.rows] = np.stack(self.values)
        return column
