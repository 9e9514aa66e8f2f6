# SPDX-License-Identifier: Apache-2.0
"""A replayed run as a Rerun recording: overlays, keypoints and tools in 3D, and every figure over time."""
from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from func_corr_ros.optional import require
from func_corr_ros.replay.run_table import RunTable

TIMELINE = "stamp"


def write_rerun(
    path: Path, table: RunTable, figures: Mapping[str, Float64[np.ndarray, " n"]], pictures: Iterable[tuple[int, bytes]] = ()
) -> Path:
    """Writes the run as ``path`` (.rrd) and returns it; raises MissingOptional where rerun-sdk is not installed.

    Entities: ``overlay`` of ``pictures`` (stamp [ns], JPEG), ``camera/keypoints`` and ``camera/<phase>`` in metres in the optical
    frame, ``figures/<name>``; the time is the colour images' stamp.
    """
    rr = require("rerun")
    partial = path.with_name(f".{os.getpid()}.{path.name}")
    stream = rr.RecordingStream("func_corr_replay", recording_id=path.parent.name or "run")
    try:
        stream.save(str(partial))
        stream.log("camera", rr.ViewCoordinates.RDF, static=True)
        for row in range(len(table)):
            stream.set_time(TIMELINE, timestamp=np.datetime64(int(table.stamp_ns[row]), "ns"))
            _log_frame(rr, stream, table, row)
            for name, values in figures.items():
                if np.isfinite(values[row]):
                    stream.log(f"figures/{name}", rr.Scalars(float(values[row])))
        for stamp, jpeg in pictures:
            stream.set_time(TIMELINE, timestamp=np.datetime64(stamp, "ns"))
            stream.log("overlay", rr.EncodedImage(contents=jpeg, media_type="image/jpeg"))
        stream.flush()
        stream.disconnect()
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _log_frame(rr: Any, stream: Any, table: RunTable, row: int) -> None:
    from scipy.spatial.transform import Rotation

    known = {name: points[row] for name, points in table.keypoints_m.items() if np.isfinite(points[row]).all()}
    if known:
        stream.log("camera/keypoints", rr.Points3D(np.stack(list(known.values())), labels=list(known), radii=0.004))
    else:
        stream.log("camera/keypoints", rr.Clear(recursive=False))  # else the last ones would stay in view
    for name, poses in table.phases.items():
        if np.isfinite(poses[row]).all():
            turn = rr.Quaternion(xyzw=Rotation.from_matrix(poses[row, :3, :3]).as_quat(canonical=True))
            stream.log(f"camera/{name}", rr.Transform3D(translation=poses[row, :3, 3], quaternion=turn))
        else:
            stream.log(f"camera/{name}", rr.Clear(recursive=False))
