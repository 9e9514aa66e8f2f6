# SPDX-License-Identifier: Apache-2.0
"""Where an anchor (:class:`Phase`) was at the demonstration and is now, from a file: ``{"shown": 4x4, "live": 4x4}``, or
``{"live": 4x4}`` where the demonstration itself holds the other.

Both are ``camera_from_object`` of the anchor, rigid and in metres: in the demonstration's camera's optical frame, and in the live
one's. Their motion is what :func:`transfer_demonstration` asks for.
"""
from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from func_corr_ros.errors import BadSettings, DegenerateGeometry
from func_corr_ros.geometry.se3 import quaternion_xyzw
from func_corr_ros.transfer.anchor_motion import anchor_motion
from func_corr_ros.transfer.demonstration import ANCHOR_MARK, ANCHOR_PATTERN, Demonstration

POSES = ("shown", "live")


def anchors_of(words: Sequence[str], demonstration: Demonstration) -> dict[str, Float64[np.ndarray, "4 4"]]:
    """Returns the anchors' motions, live camera from the demonstration's, by name. A word is NAME=FILE.json, or NAME alone for
    what has not moved as the camera sees it.

    Raises BadSettings for a name that is none, that comes twice or that no phase of ``demonstration`` is relative to, and for a
    file that does not hold two rigid poses, or the one now where ``demonstration`` holds the other.
    """
    needed = demonstration.anchor_names
    anchors: dict[str, Float64[np.ndarray, "4 4"]] = {}
    for word in words:
        name, equals, path = word.removeprefix(ANCHOR_MARK).partition("=")
        if not ANCHOR_PATTERN.fullmatch(name) or (equals and not path):
            raise BadSettings(f"--anchor {word}: NAME=FILE.json is needed, such as receiver=cup.json; NAME if it has not moved")
        if name in anchors:
            raise BadSettings(f"--anchor {name} is given twice")
        if name not in needed:
            raise BadSettings(f"--anchor {name}: no phase of {demonstration.id} is relative to it; phases are relative to "
                              f"{', '.join(needed) or 'no anchor'}")
        anchors[name] = read_anchor(Path(path), demonstration.anchors.get(name)) if equals else np.eye(4)
    return anchors


def read_anchor(path: Path, recorded: Float64[np.ndarray, "4 4"] | None = None) -> Float64[np.ndarray, "4 4"]:
    """Returns the motion between both poses in ``path``; where it holds no "shown", from ``recorded``, the ``camera_from_anchor``
    [m] that the demonstration holds. Raises BadSettings that says what is wrong in the file.
    """
    try:
        poses = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise BadSettings(f"{path} is no JSON file that can be read: {error}") from None
    given = poses if isinstance(poses, dict) else {}
    lacking = [key for key in POSES if key not in given and (key != "shown" or recorded is None)]
    if lacking:
        raise BadSettings(f"{path} lacks {' and '.join(lacking)}; it holds camera_from_object of the anchor at the demonstration "
                          '("shown", not needed where the demonstration holds its pose) and now ("live"), 4x4')
    # What the file says goes before what was recorded: whoever writes it knows of the recording.
    shown = recorded if recorded is not None and "shown" not in given else _rigid(given["shown"], f"{path}: shown")
    return anchor_motion(shown, _rigid(given["live"], f"{path}: live"))


def _rigid(value: object, where: str) -> Float64[np.ndarray, "4 4"]:
    try:
        pose = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise BadSettings(f"{where} is no 4x4 matrix of numbers") from None
    if pose.shape != (4, 4) or not np.isfinite(pose).all():
        raise BadSettings(f"{where} is of shape {pose.shape}; 4x4 finite numbers are needed")
    try:
        quaternion_xyzw(pose[:3, :3])
    except DegenerateGeometry as error:
        raise BadSettings(f"{where} is no rigid pose: {error}") from None
    if not np.allclose(pose[3], [0.0, 0.0, 0.0, 1.0]):
        raise BadSettings(f"{where}: the last row is {pose[3].tolist()}; 0 0 0 1 is needed (is it transposed?)")
    return pose
