# SPDX-License-Identifier: Apache-2.0
"""Frames of a replayed run with what was found drawn on them, from the recording and the run's records alone."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

from func_corr_ros.evaluation.case_pictures import draw_phases
from func_corr_ros.evaluation.drawing import ACCEPTED, REFUSED, Picture
from func_corr_ros.evaluation.outcome import phase_from_record
from func_corr_ros.evaluation.tool_drawing import TRUTH
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.replay.annotations import Annotations, resolved
from func_corr_ros.replay.frame_record import from_runs

# Drawn at one width, shown at another: labels stay legible and lines fine.
DRAWN_PX, SHOWN_PX = 960, 640
# A page with so many pictures of 640 px stays below some 15 MB.
MOST_PICTURES = 240
QUALITY = 70


def frame_picture(
    frame: RgbdFrame, record: Mapping[str, Any], truth: Mapping[str, Float64[np.ndarray, "2"]] | None = None
) -> UInt8[np.ndarray, "H W 3"]:
    """Returns the frame with the object's outline (green: accepted, red: refused), keypoints and tools; rings are the truth."""
    picture = Picture.whole(frame.color, DRAWN_PX)
    if record["mask"] is not None:
        picture.contour(from_runs(record["mask"]), REFUSED if record["refused"] else ACCEPTED)
    draw_phases(picture, frame.camera, [phase_from_record(phase) for phase in record["phases"]])
    picture.keypoints({name: np.asarray(uv, dtype=np.float64) for name, uv in record["keypoints"].items()})
    for uv in (truth or {}).values():
        if np.isfinite(uv).all():
            picture.ring(uv, TRUTH)
    size = (SHOWN_PX, round(picture.rgb.shape[0] * SHOWN_PX / DRAWN_PX))
    return cv2.resize(picture.rgb, size, interpolation=cv2.INTER_AREA)


def pictured_frames(n: int, wanted: Sequence[int], most: int = MOST_PICTURES) -> list[int]:
    """Returns which of ``n`` frames are drawn: the ``wanted`` ones and, evenly between, as many as make ``most`` in all."""
    own = [frame for frame in dict.fromkeys(wanted) if 0 <= frame < n][:most]
    even = np.unique(np.linspace(0, n - 1, min(n, most - len(own))).round().astype(int)) if n and most > len(own) else []
    return sorted({*own, *(int(frame) for frame in even)})


def drawn_frames(
    pairs: Iterable[tuple[RgbdFrame, Mapping[str, Any]]], annotations: Annotations | None = None
) -> Iterator[tuple[int, bytes]]:
    """Yields (stamp [ns], JPEG) of frames and their records; one picture is held at a time."""
    marked = {item.stamp_ns: item for item in annotations.frames} if annotations is not None else {}
    for frame, record in pairs:
        truth = None
        if annotations is not None and frame.stamp_ns in marked:
            points = resolved(annotations, marked[frame.stamp_ns], frame).points
            truth = {name: uv for name, uv in points.items() if name in record["keypoints"]} or points  # of what was asked
        picture = frame_picture(frame, record, truth)
        _, encoded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        yield frame.stamp_ns, encoded.tobytes()
