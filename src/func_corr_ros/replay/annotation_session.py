# SPDX-License-Identifier: Apache-2.0
"""Keypoints that a person clicks on some frames of a recording, carried along to the others for review."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float64

from func_corr_ros.errors import BadAnnotations
from func_corr_ros.geometry.depth_image import sample_depth
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import inverse, transform_points
from func_corr_ros.provenance import whole_file
from func_corr_ros.replay.annotations import read_annotations
from func_corr_ros.replay.bag_replay import PoseOf

# A carried point whose frame sees something nearer than this before it is hidden there, and not suggested.
HIDDEN_M = 0.02


@dataclass(frozen=True)
class AnnotatedFrame:
    """A frame that can be clicked on; ``fixed_from_camera`` is None where the camera's motion is not known."""

    frame: RgbdFrame
    fixed_from_camera: Float64[np.ndarray, "4 4"] | None = None

    def jpeg(self) -> bytes:
        """Returns the picture for a browser."""
        _, encoded = cv2.imencode(".jpg", self.frame.color[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
        return bytes(encoded.tobytes())


def carried(
    uv: Sequence[float], source: AnnotatedFrame, target: AnnotatedFrame
) -> tuple[float, float] | None:
    """Returns where the surface point at ``uv`` of ``source`` is seen in ``target`` if only the camera moved: its depth, and the
    motion of the camera (none where that is not known). None where there is no depth, or it is out of sight or hidden.
    """
    point, valid = source.frame.points_at(np.array([uv], dtype=np.float32))
    if not valid[0]:
        return None
    if source.fixed_from_camera is not None and target.fixed_from_camera is not None:
        point = transform_points(inverse(target.fixed_from_camera) @ source.fixed_from_camera, point)
    seen, inside = target.frame.camera.project(point)
    if not inside[0]:
        return None
    depth, known = sample_depth(target.frame.depth, seen)
    if known[0] and depth[0] < point[0, 2] - HIDDEN_M:
        return None
    return float(seen[0, 0]), float(seen[0, 1])


class AnnotationSession:
    """What has been clicked so far, kept in a YAML file of annotations that every click makes anew.

    ``frames`` lie in memory: some twenty. An existing file is gone on with; what it says of frames and fields that are not shown
    here is kept. Raises BadAnnotations where it is of another function.
    """

    def __init__(self, frames: Iterable[RgbdFrame], names: Sequence[str], function: str, path: Path, pose_of: PoseOf) -> None:
        self.frames = [AnnotatedFrame(frame, pose_of(frame.frame_id, frame.stamp_ns)) for frame in frames]
        self.names, self.function, self.path = tuple(names), function, Path(path)
        self._content: dict[str, Any] = {"function": function, "frames": []}
        if self.path.exists():
            import yaml

            known = read_annotations(self.path)
            if known.function != function:
                raise BadAnnotations(f"{path} is about {known.function!r}, the demonstration about {function!r}; name "
                                     "another file")
            self._content = yaml.safe_load(self.path.read_text())

    def click(self, index: int, name: str, uv: Sequence[float | int] | None) -> None:
        """Puts keypoint ``name`` of frame ``index`` at ``uv``, or takes it away (None), and writes the file.

        Raises BadAnnotations for a frame, a name or a pixel that is not there.
        """
        if not 0 <= index < len(self.frames) or name not in self.names:
            raise BadAnnotations(f"frame {index}, keypoint {name!r}: there are {len(self.frames)} frames and "
                                 f"{', '.join(self.names)}")
        frame = self.frames[index].frame
        points = self._entry(frame.stamp_ns).setdefault("points", {})
        points.pop(name, None)
        if uv is not None:
            height, width = frame.depth.shape
            if not (len(uv) == 2 and -0.5 <= uv[0] < width - 0.5 and -0.5 <= uv[1] < height - 0.5):
                raise BadAnnotations(f"{list(uv)} is not in the picture of {width}x{height} px")
            points[name] = [round(float(value), 2) for value in uv]
        self._write()

    def picture(self, number: int) -> bytes | None:
        """Returns the JPEG of a frame, None where there is none."""
        return self.frames[number].jpeg() if 0 <= number < len(self.frames) else None

    def state(self) -> list[dict[str, Any]]:
        """Returns, per frame, its stamp, its points, and suggestions carried over from the nearest frames that have them."""
        marked = [self._points(item.frame.stamp_ns) for item in self.frames]
        return [
            {"stamp_ns": str(item.frame.stamp_ns), "points": marked[i], "suggested": self._suggested(i, marked)}
            for i, item in enumerate(self.frames)
        ]

    def _suggested(self, index: int, marked: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, tuple[float, float]]:
        found = {}
        for name in (name for name in self.names if name not in marked[index]):
            sources = sorted((i for i, points in enumerate(marked) if name in points), key=lambda i: abs(i - index))
            place = carried(marked[sources[0]][name], self.frames[sources[0]], self.frames[index]) if sources else None
            if place is not None:
                found[name] = place
        return found

    def _points(self, stamp_ns: int) -> dict[str, list[float]]:
        entry = next((item for item in self._content["frames"] if item["stamp_ns"] == stamp_ns), {})
        return dict(entry.get("points") or {})

    def _entry(self, stamp_ns: int) -> dict[str, Any]:
        frames: list[dict[str, Any]] = self._content["frames"]
        entry = next((item for item in frames if item["stamp_ns"] == stamp_ns), None)
        if entry is None:
            frames.append(entry := {"stamp_ns": stamp_ns})
        return entry

    def _write(self) -> None:
        import yaml

        self._content["frames"].sort(key=lambda item: item["stamp_ns"])
        with whole_file(self.path) as file:
            file.write(yaml.safe_dump(self._content, sort_keys=False).encode())
