# SPDX-License-Identifier: Apache-2.0
"""What is truly there on some frames of a recording, as a person or a renderer wrote it down in YAML (docs/replay.md)."""
from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from func_corr_ros.errors import BadAnnotations, FuncCorrError
from func_corr_ros.evaluation.marked_keypoints import filled
from func_corr_ros.geometry.depth_image import sample_depth
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import from_quaternion_xyzw, transform_points

TOP_KEYS = ("function", "object", "frames")
OBJECT_KEYS = ("points", "phases")
FRAME_KEYS = ("stamp_ns", "outline", "holes", "points", "points_m", "part", "pose", "phases")
Poses = Mapping[str, Float64[np.ndarray, "4 4"]]
Pixels = Mapping[str, Float64[np.ndarray, "2"]]
Places = Mapping[str, Float64[np.ndarray, "3"]]


@dataclass(frozen=True)
class Region:
    """A part of a picture: polygon ``outline`` less ``holes`` in (u, v) pixels, or an image file that is bright on it."""

    outline: tuple[tuple[float, float], ...] = ()
    holes: tuple[tuple[tuple[float, float], ...], ...] = ()
    path: Path | None = None

    def mask(self, height: int, width: int) -> Bool[np.ndarray, "h w"]:
        """Returns the region as a mask of that size; raises BadAnnotations for an image of another size or none at all."""
        if self.path is None:
            return filled(self.outline, self.holes, height, width)
        import cv2

        image = cv2.imread(str(self.path), cv2.IMREAD_GRAYSCALE)
        if image is None or image.shape != (height, width):
            found = "cannot be read" if image is None else f"is {image.shape[1]}x{image.shape[0]} px"
            raise BadAnnotations(f"{self.path} {found}; the frame is {width}x{height} px")
        return image > 127


@dataclass(frozen=True)
class MarkedFrame:
    """What was written of one frame: silhouette, ``points`` [px], ``points_m`` [m, optical frame], functional part,
    ``camera_from_object``, and ``phases`` as camera_from_tool. Whatever was not written is empty or None.
    """

    stamp_ns: int
    outline: Region | None = None
    points: Pixels = field(default_factory=dict)
    points_m: Places = field(default_factory=dict)
    part: Region | None = None
    camera_from_object: Float64[np.ndarray, "4 4"] | None = None
    phases: Poses = field(default_factory=dict)


@dataclass(frozen=True)
class Annotations:
    """A file of annotations. ``object_points`` [m] and ``object_phases`` (object_from_tool) are in the object's own frame and
    hold wherever a frame has the object's pose.
    """

    path: Path
    function: str
    frames: tuple[MarkedFrame, ...]
    object_points: Places = field(default_factory=dict)
    object_phases: Poses = field(default_factory=dict)


@dataclass(frozen=True)
class FrameTruth:
    """The truth of one frame, resolved: keypoints in pixels and on the surface [m], tool poses, silhouette, functional part."""

    stamp_ns: int
    points: Pixels
    points_m: Places
    phases: Poses
    mask: Bool[np.ndarray, "h w"] | None
    part: Bool[np.ndarray, "h w"] | None


def read_annotations(path: Path) -> Annotations:
    """Returns the annotations in YAML file ``path``; raises BadAnnotations, naming frame and field."""
    import yaml

    path = Path(path)
    if not path.is_file():
        raise BadAnnotations(f"{path} is no file; annotations are YAML as docs/replay.md shows")
    try:
        content = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise BadAnnotations(f"{path} is no YAML: {error}") from error
    whole = _mapping(content, TOP_KEYS, f"{path}")
    frames = whole.get("frames")
    if not isinstance(frames, list) or not frames or not whole.get("function"):
        raise BadAnnotations(f"{path}: 'function' and a list 'frames' with at least one frame are needed")
    marked = tuple(_frame(item, path, f"{path}: frame {number}") for number, item in enumerate(frames))
    stamps = [item.stamp_ns for item in marked]
    if len(set(stamps)) != len(stamps):
        twice = next(stamp for stamp in stamps if stamps.count(stamp) > 1)
        raise BadAnnotations(f"{path}: stamp {twice} ns is annotated twice; put both into one frame")
    body = _mapping(whole.get("object") or {}, OBJECT_KEYS, f"{path}: object")
    return Annotations(
        path, str(whole["function"]), marked, _points(body.get("points"), 3, f"{path}: object.points"),
        _poses(body.get("phases"), f"{path}: object.phases"),
    )


def resolved(annotations: Annotations, marked: MarkedFrame, frame: RgbdFrame) -> FrameTruth:
    """Returns the truth of ``frame``: what is written of it comes first, then what follows from the object's pose; a pixel's
    surface point is, last, what the depth camera sees there (of the object, where its silhouette is given). A point written
    in metres only is seen at its projection.
    """
    height, width = frame.depth.shape
    mask = None if marked.outline is None else marked.outline.mask(height, width)
    points_m, phases = dict(marked.points_m), dict(marked.phases)
    if marked.camera_from_object is not None:
        pose = marked.camera_from_object
        points_m = {**{name: transform_points(pose, point) for name, point in annotations.object_points.items()}, **points_m}
        phases = {**{name: pose @ tool for name, tool in annotations.object_phases.items()}, **phases}
    points = {**{name: frame.camera.project(point)[0] for name, point in points_m.items()}, **marked.points}
    unseen = [name for name in points if name not in points_m]
    if unseen:
        uv = np.stack([points[name] for name in unseen])
        depth, valid = sample_depth(frame.depth if mask is None else np.where(mask, frame.depth, np.float32("nan")), uv)
        found = frame.camera.unproject(uv, depth.astype(np.float64))
        points_m |= {name: point for name, point, there in zip(unseen, found, valid, strict=True) if there}
    part = None if marked.part is None else marked.part.mask(height, width)
    return FrameTruth(marked.stamp_ns, points, points_m, phases, mask, part)


def _frame(item: Any, path: Path, where: str) -> MarkedFrame:
    item = _mapping(item, FRAME_KEYS, where)
    if not isinstance(item.get("stamp_ns"), int):
        raise BadAnnotations(f"{where}: stamp_ns is {item.get('stamp_ns')!r}; the colour image's stamp as whole nanoseconds is "
                             "needed")
    where = f"{path}: frame of {item['stamp_ns']} ns"
    part = item.get("part")
    return MarkedFrame(
        item["stamp_ns"],
        _polygon(item, where) if item.get("outline") else None,
        _points(item.get("points"), 2, f"{where}: points"),
        _points(item.get("points_m"), 3, f"{where}: points_m"),
        None if part is None else Region(path=path.parent / part) if isinstance(part, str) else _polygon(part, f"{where}: part"),
        _pose(item["pose"], f"{where}: pose") if item.get("pose") else None,
        _poses(item.get("phases"), f"{where}: phases"),
    )


def _polygon(item: Mapping[str, Any], where: str) -> Region:
    def corners(value: Any) -> tuple[tuple[float, float], ...]:
        points = tuple((float(u), float(v)) for u, v in value)
        if len(points) < 3:
            raise ValueError(f"{len(points)} corners")
        return points

    return _read(where, "outline: [[u, v], [u, v], [u, v], ...] and holes: [[[u, v], ...], ...]", lambda: Region(
        corners(item["outline"]), tuple(corners(hole) for hole in item.get("holes") or ())
    ))


def _points(value: Any, size: int, where: str) -> Mapping[str, Any]:
    def read() -> Mapping[str, Any]:
        points = {str(name): np.array(point, dtype=np.float64) for name, point in (value or {}).items()}
        if any(point.shape != (size,) or not np.isfinite(point).all() for point in points.values()):
            raise ValueError("a point of another form")
        return points

    return _read(where, f"NAME: [{', '.join('uv' if size == 2 else 'xyz')}] with {size} numbers each", read)


def _poses(value: Any, where: str) -> Poses:
    items = _read(where, "PHASE: {position: ..., quaternion_xyzw: ...}", lambda: list((value or {}).items()))
    return {str(name): _pose(item, f"{where}.{name}") for name, item in items}


def _pose(value: Any, where: str) -> Float64[np.ndarray, "4 4"]:
    form = "position: [x, y, z] in metres and quaternion_xyzw: [x, y, z, w] of length 1"
    return _read(where, form, lambda: from_quaternion_xyzw(
        *(np.array(value[key], dtype=np.float64) for key in ("quaternion_xyzw", "position"))
    ))


def _read(where: str, form: str, read: Callable[[], Any]) -> Any:
    """Returns what ``read`` does; whatever it stumbles over becomes BadAnnotations."""
    try:
        return read()
    except (TypeError, ValueError, KeyError, AttributeError, FuncCorrError) as error:
        raise BadAnnotations(f"{where}: {type(error).__name__} {error}; it must be {form}") from error


def _mapping(value: Any, keys: tuple[str, ...], where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadAnnotations(f"{where} is {type(value).__name__}; a mapping with {', '.join(keys)} is needed")
    for key in value:
        if key not in keys:
            near = difflib.get_close_matches(str(key), keys, n=1, cutoff=0.0)[0]
            raise BadAnnotations(f"{where}: unknown key {key!r}; did you mean {near!r}? valid: {', '.join(keys)}")
    return value
