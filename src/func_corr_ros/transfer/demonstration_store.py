# SPDX-License-Identifier: Apache-2.0
"""Demonstrations on disk: one folder each, written whole or not at all, read strictly.

Whoever edits a picture of a recording is told: the description holds the pictures' hashes (older recordings are read without).
``<folder>/<id>/`` holds ``demonstration.yaml``, ``color.png`` (8-bit RGB), ``depth.png`` (16-bit, ``depth_unit_m`` metres
per count, 0 = invalid) and ``mask.png`` (8-bit, above 127 = object).
"""

from __future__ import annotations

import difflib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from func_corr_ros.errors import BadDemonstration, DegenerateGeometry, UnknownDemonstration
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import from_quaternion_xyzw, quaternion_xyzw
from func_corr_ros.provenance import sha256_of_file
from func_corr_ros.transfer.demonstration import ID_PATTERN, Demonstration, Keypoint, Phase

FORMAT = 1
DESCRIPTION = "demonstration.yaml"
# 0.1 mm keeps the resolution of every depth camera and reaches 6.5 m in 16 bits.
DEPTH_UNIT_M = 1e-4
KEYS = {
    "": (
        "format",
        "id",
        "function",
        "object",
        "frame_id",
        "stamp_ns",
        "depth_unit_m",
        "camera",
        "support",
        "keypoints",
        "phases",
    ),
    "camera": ("fx", "fy", "cx", "cy", "width", "height"),
    "support": ("normal", "offset"),
    "keypoint": ("uv", "point"),
    "phase": ("name", "tool_link", "relative_to", "camera_from_tool"),
    "camera_from_tool": ("position", "quaternion_xyzw"),
    "anchor": ("position", "quaternion_xyzw"),
}
# Keys that need not be there: what older recordings lack.
OPTIONAL = {"": ("sha256", "anchors")}
IMAGES = ("color.png", "depth.png", "mask.png")


class DemonstrationStore:
    """The demonstrations in one folder. Ids are names, never paths: nothing outside ``folder`` is ever opened."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def ids(self) -> list[str]:
        """Returns the ids of the demonstrations in the folder, sorted."""
        if not self.folder.is_dir():
            return []
        return sorted(path.parent.name for path in self.folder.glob(f"*/{DESCRIPTION}") if ID_PATTERN.fullmatch(path.parent.name))

    def load(self, demonstration_id: str) -> Demonstration:
        """Returns the demonstration; raises UnknownDemonstration that lists the known ids, or BadDemonstration."""
        if demonstration_id not in self.ids():
            near = difflib.get_close_matches(demonstration_id, self.ids(), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UnknownDemonstration(f"no demonstration {demonstration_id!r}{hint} known: {self.ids()} in {self.folder}")
        return read_demonstration(self.folder / demonstration_id)

    def free(self, demonstration_id: str, *, replace: bool = False) -> Path:
        """Returns the folder for ``demonstration_id``; raises BadDemonstration where there is one already, unless ``replace``."""
        target = self.folder / demonstration_id
        if target.exists() and not replace:
            raise BadDemonstration(f"{demonstration_id!r} exists in {self.folder}; choose another id or ask to replace it")
        return target

    def record(self, demonstration: Demonstration, *, replace: bool = False) -> Path:
        """Writes ``demonstration`` and returns its folder; refuses to overwrite another unless ``replace``."""
        target = self.free(demonstration.id, replace=replace)
        self.folder.mkdir(parents=True, exist_ok=True)
        written = Path(tempfile.mkdtemp(prefix=f".{demonstration.id}.", dir=self.folder))
        try:
            _write(written, demonstration)
            _take_place(written, target)
        finally:
            shutil.rmtree(written, ignore_errors=True)
        return target


def _take_place(written: Path, target: Path) -> None:
    """Moves ``written`` to ``target``; what lay there is put back where that fails."""
    if not target.exists():
        os.replace(written, target)
        return
    old = written.with_name(written.name + ".old")
    os.replace(target, old)
    try:
        os.replace(written, target)
    except OSError:
        os.replace(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def read_demonstration(folder: Path) -> Demonstration:
    """Returns the demonstration that lies in ``folder``; raises BadDemonstration naming the file and the field."""
    folder = Path(folder)
    path = folder / DESCRIPTION
    if not path.is_file():
        inside = DemonstrationStore(folder).ids()
        raise BadDemonstration(f"{folder} holds no {DESCRIPTION}; " + (
            f"name one of the demonstrations in it: {', '.join(inside)}" if inside else
            "a demonstration is a folder as `func-corr demonstration record` makes it"))
    try:
        text = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise BadDemonstration(f"{path} cannot be read: {error}") from error
    try:
        _check_keys(text, "", path)
        _check_hashes(folder, text.get("sha256", {}))
        return _parse(folder, text)
    except (KeyError, TypeError, ValueError, DegenerateGeometry) as error:
        raise BadDemonstration(f"{path}: {type(error).__name__}: {error}") from error


def _parse(folder: Path, text: Mapping[str, Any]) -> Demonstration:
    _check_keys(text["camera"], "camera", folder)
    color = _image(folder / "color.png", cv2.IMREAD_COLOR)[..., ::-1]
    counts = _image(folder / "depth.png", cv2.IMREAD_UNCHANGED)
    depth = np.where(counts > 0, counts * float(text["depth_unit_m"]), np.nan).astype(np.float32)
    frame = RgbdFrame(
        np.ascontiguousarray(color), depth, PinholeCamera(**text["camera"]), int(text["stamp_ns"]), str(text["frame_id"])
    )
    return Demonstration(
        id=str(text["id"]),
        function=str(text["function"]),
        object=str(text["object"]),
        frame=frame,
        mask=_image(folder / "mask.png", cv2.IMREAD_GRAYSCALE) > 127,
        keypoints=tuple(_keypoint(name, value, folder) for name, value in text["keypoints"].items()),
        phases=tuple(_phase(value, folder) for value in text["phases"]),
        support=_support(text["support"], folder),
        anchors={str(name): _pose(value, "anchor", folder) for name, value in _anchors(text, folder).items()},
    )


def _keypoint(name: str, value: Mapping[str, Any], folder: Path) -> Keypoint:
    _check_keys(value, "keypoint", folder)
    u, v = value["uv"]
    return Keypoint(str(name), (float(u), float(v)), _vector(value["point"], 3))


def _phase(value: Mapping[str, Any], folder: Path) -> Phase:
    _check_keys(value, "phase", folder)
    pose = _pose(value["camera_from_tool"], "camera_from_tool", folder)
    return Phase(str(value["name"]), str(value["tool_link"]), str(value["relative_to"]), pose)


def _anchors(text: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    anchors = text.get("anchors", {})
    if not isinstance(anchors, Mapping):
        raise BadDemonstration(f"{folder / DESCRIPTION}: anchors is {anchors!r}; a mapping from name to pose is needed")
    return anchors


def _pose(value: Any, kind: str, folder: Path) -> np.ndarray:
    _check_keys(value, kind, folder)
    return from_quaternion_xyzw(_vector(value["quaternion_xyzw"], 4), _vector(value["position"], 3))


def _support(value: Mapping[str, Any] | None, folder: Path) -> Plane | None:
    if value is None:
        return None
    _check_keys(value, "support", folder)
    return Plane(_vector(value["normal"], 3), float(value["offset"]))


def _vector(values: Any, length: int) -> np.ndarray:
    vector = np.asarray(values, dtype=np.float64)
    if vector.shape != (length,) or not np.isfinite(vector).all():
        raise ValueError(f"{values!r} is not {length} finite numbers")
    return vector


def _check_keys(value: Any, kind: str, path: Path) -> None:
    if not isinstance(value, Mapping):
        raise BadDemonstration(f"{path}: {kind or 'the file'} is {type(value).__name__}; a mapping with {KEYS[kind]} is needed")
    missing = [key for key in KEYS[kind] if key not in value]
    unknown = [key for key in value if key not in KEYS[kind] + OPTIONAL.get(kind, ())]
    if missing or unknown:
        raise BadDemonstration(
            f"{path}: {kind or 'top level'}: missing {missing}, unknown {unknown}; keys are {list(KEYS[kind])}"
        )
    if kind == "" and value["format"] != FORMAT:
        raise BadDemonstration(f"{path}: format {value['format']!r}; this version reads format {FORMAT}")


def _check_hashes(folder: Path, recorded: Any) -> None:
    """Raises BadDemonstration, naming the file, where a picture is not the one that was recorded."""
    if not isinstance(recorded, Mapping):
        raise BadDemonstration(f"{folder / DESCRIPTION}: sha256 is {recorded!r}; a mapping from file to hash is needed")
    for name, wanted in recorded.items():
        if name not in IMAGES:
            raise BadDemonstration(f"{folder / DESCRIPTION}: sha256 names {name!r}; the pictures are {list(IMAGES)}")
        if not (folder / name).is_file():
            raise BadDemonstration(f"{folder / name} is missing; the recording is not whole: record it again")
        found = sha256_of_file(folder / name)
        if found != wanted:
            raise BadDemonstration(f"{folder / name} was changed after it was recorded (sha256 {found[:12]}..., recorded "
                                   f"{str(wanted)[:12]}...); record it again, or remove sha256 from {DESCRIPTION}")


def _image(path: Path, flags: int) -> np.ndarray:
    image = cv2.imread(str(path), flags)
    if image is None:
        raise BadDemonstration(f"{path} is missing or is no image")
    return image


def _write(folder: Path, demonstration: Demonstration) -> None:
    frame = demonstration.frame
    counts = np.rint(np.nan_to_num(frame.depth, nan=0.0) / DEPTH_UNIT_M)
    if counts.max() > np.iinfo(np.uint16).max:
        counts[counts > np.iinfo(np.uint16).max] = 0  # beyond 6.5 m is background: invalid rather than wrapped
    images = {
        "color.png": frame.color[..., ::-1],
        "depth.png": counts.astype(np.uint16),
        "mask.png": demonstration.mask.astype(np.uint8) * 255,
    }
    for name, image in images.items():
        if not cv2.imwrite(str(folder / name), image):
            raise BadDemonstration(f"{folder / name} could not be written")
    text = {**_description(demonstration), "sha256": {name: sha256_of_file(folder / name) for name in IMAGES}}
    (folder / DESCRIPTION).write_text(yaml.safe_dump(text, sort_keys=False, default_flow_style=None))


def _description(demonstration: Demonstration) -> dict[str, Any]:
    support = demonstration.support
    anchors = {name: _pose_text(pose) for name, pose in demonstration.anchors.items()}
    return {
        "format": FORMAT,
        "id": demonstration.id,
        "function": demonstration.function,
        "object": demonstration.object,
        "frame_id": demonstration.frame.frame_id,
        "stamp_ns": demonstration.frame.stamp_ns,
        "depth_unit_m": DEPTH_UNIT_M,
        "camera": asdict(demonstration.frame.camera),
        "support": None if support is None else {"normal": support.normal.tolist(), "offset": float(support.offset)},
        "keypoints": {item.name: {"uv": list(item.uv), "point": item.point.tolist()} for item in demonstration.keypoints},
        "phases": [
            {
                "name": phase.name,
                "tool_link": phase.tool_link,
                "relative_to": phase.relative_to,
                "camera_from_tool": _pose_text(phase.camera_from_tool),
            }
            for phase in demonstration.phases
        ],
        # Left out where there are none, so that versions that do not know them go on reading what they can use.
        **({"anchors": anchors} if anchors else {}),
    }


def _pose_text(transform: np.ndarray) -> dict[str, list[float]]:
    return {"position": transform[:3, 3].tolist(), "quaternion_xyzw": quaternion_xyzw(transform[:3, :3]).tolist()}
