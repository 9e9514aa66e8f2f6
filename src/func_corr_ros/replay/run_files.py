# SPDX-License-Identifier: Apache-2.0
"""A replayed run in the forms that other programs take: a table of its frames, and a video with what was found drawn in."""
from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float64

from func_corr_ros.errors import BadImage
from func_corr_ros.optional import require
from func_corr_ros.provenance import whole_file
from func_corr_ros.replay.bag_replay import code_name
from func_corr_ros.replay.run_table import RunTable


def frame_columns(table: RunTable, figures: Mapping[str, Float64[np.ndarray, " n"]]) -> dict[str, list[object]]:
    """Returns a column per name: number, stamp, outcome, figures, keypoints [px, m], tools [m, quaternion]; None is empty."""
    from scipy.spatial.transform import Rotation

    columns: dict[str, list[object]] = {
        "frame": list(range(len(table))), "stamp_ns": table.stamp_ns.tolist(),
        "outcome": [code_name(code) if code else "ACCEPTED" for code in table.code.tolist()],
    }
    parts: dict[str, Float64[np.ndarray, " n"]] = dict(figures)
    for group, axes in ((table.keypoints, ("u", "v")), (table.keypoints_m, ("x", "y", "z"))):
        parts |= {f"{name}_{axis}": values[:, i] for name, values in group.items() for i, axis in enumerate(axes)}
    for name, poses in table.phases.items():
        known = np.isfinite(poses).all(axis=(1, 2))
        turns = np.full((len(table), 4), np.nan)
        turns[known] = Rotation.from_matrix(poses[known, :3, :3]).as_quat(canonical=True) if known.any() else turns[known]
        parts |= {f"{name}_{axis}": poses[:, i, 3] for i, axis in enumerate(("x", "y", "z"))}
        parts |= {f"{name}_{axis}": turns[:, i] for i, axis in enumerate(("qx", "qy", "qz", "qw"))}
    return columns | {name: [None if value != value else value for value in values.tolist()] for name, values in parts.items()}


def write_csv(path: Path, columns: Mapping[str, list[object]]) -> Path:
    """Writes the columns with a header, empty where there is none; returns ``path``."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    with whole_file(path) as file:
        file.write(text.getvalue().encode())
    return path


def write_parquet(path: Path, columns: Mapping[str, list[object]]) -> Path:
    """Writes the columns as Parquet; raises MissingOptional where pyarrow is not installed."""
    arrow, parquet = require("pyarrow"), require("pyarrow.parquet")
    # A figure that this run lacks is a column of numbers all the same: tables of several runs can be put together.
    kinds = {name: arrow.float64() if all(value is None for value in values) else None for name, values in columns.items()}
    table = arrow.table({name: arrow.array(values, kinds[name]) for name, values in columns.items()})
    with whole_file(path) as file:
        parquet.write_table(table, file)
    return path


def write_video(path: Path, pictures: Iterable[tuple[int, bytes]], rate_hz: float) -> Path:
    """Writes JPEGs (stamp, bytes) as an MP4 of ``rate_hz``; raises BadImage where OpenCV has no encoder, or for no picture."""
    partial, writer, size = path.with_name(f".{os.getpid()}.{path.name}"), None, (0, 0)
    try:
        for _, jpeg in pictures:
            image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
            if writer is None:
                size = (image.shape[1], image.shape[0])
                writer = cv2.VideoWriter(str(partial), cv2.VideoWriter.fourcc(*"mp4v"), rate_hz, size)
            writer.write(image if (image.shape[1], image.shape[0]) == size else cv2.resize(image, size))
        if writer is None or not writer.isOpened():
            raise BadImage(f"{path} could not be written: no picture, or this OpenCV has no MP4 encoder "
                           "(opencv-python-headless has)")
        writer.release()
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path
