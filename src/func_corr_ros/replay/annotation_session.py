# SPDX-License-Identifier: Apache-2.0
"""Keypoints and outlines that a person clicks on some frames of a recording, carried along to the others for review."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from func_corr_ros.errors import BadAnnotations
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.provenance import whole_file
from func_corr_ros.replay.annotated_frame import AnnotatedFrame, carried, carried_outline
from func_corr_ros.replay.annotations import read_annotations
from func_corr_ros.replay.bag_replay import PoseOf

# What of a frame an outline can be drawn around, as the file's fields call it and in words.
REGIONS = {"outline": "whole object", "part": "functional part"}
MOST_CORNERS = 100


class AnnotationSession:
    """What has been clicked so far, kept in a YAML file of annotations that every click makes anew.

    ``frames`` lie in memory: some twenty. An existing file is gone on with; what it says of frames and fields that are not shown
    here is kept. Raises BadAnnotations where it is of another function.
    """

    def __init__(self, frames: Iterable[RgbdFrame], names: Sequence[str], function: str, path: Path, pose_of: PoseOf) -> None:
        self.frames = [AnnotatedFrame(frame, pose_of(frame.frame_id, frame.stamp_ns)) for frame in frames]
        self.names, self.function, self.path = tuple(names), function, Path(path)
        self._content: dict[str, Any] = {"function": function, "frames": []}
        self._begun: dict[tuple[int, str], list[list[float]]] = {}  # corners that are too few yet to be an outline
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
        frame = self._frame(index, name, self.names)
        place = None if uv is None else _pixel(frame, uv)
        points = self._entry(frame.stamp_ns).setdefault("points", {})
        points.pop(name, None)
        if place is not None:
            points[name] = place
        self._write()

    def draw(self, index: int, region: str, corners: Sequence[Sequence[float | int]]) -> None:
        """Makes ``corners`` the outline of ``region`` (one of REGIONS) of frame ``index``, and writes the file. One or two are
        kept here until there are three; none at all take the outline away.

        Raises BadAnnotations for a frame, a region or a pixel that is not there, and for more than MOST_CORNERS.
        """
        frame = self._frame(index, region, tuple(REGIONS))
        if len(corners) > MOST_CORNERS:
            raise BadAnnotations(f"{len(corners)} corners; an outline has at most {MOST_CORNERS}")
        places = [_pixel(frame, corner) for corner in corners]
        self._begun[index, region] = places if len(places) < 3 else []
        entry = self._entry(frame.stamp_ns)
        if len(places) >= 3:
            entry[region] = places if region == "outline" else {"outline": places}
        else:
            for field in (region, "holes") if region == "outline" else (region,):
                entry.pop(field, None)
        self._write()

    def picture(self, number: int) -> bytes | None:
        """Returns the JPEG of a frame, None where there is none."""
        return self.frames[number].jpeg() if 0 <= number < len(self.frames) else None

    def state(self) -> list[dict[str, Any]]:
        """Returns, per frame, its stamp, its points and regions, and suggestions of both, carried over from the nearest frames
        that have them.
        """
        marked = [self._points(item.frame.stamp_ns) for item in self.frames]
        drawn = [self._regions(item.frame.stamp_ns) for item in self.frames]
        return [
            {
                "stamp_ns": str(item.frame.stamp_ns), "points": marked[i], "suggested": self._suggested(i, marked),
                "regions": {**drawn[i], **{name: begun for (at, name), begun in self._begun.items() if at == i and begun}},
                "suggested_regions": self._suggested_regions(i, drawn),
            }
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

    def _suggested_regions(self, index: int, drawn: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[float, float]]]:
        found = {}
        for name in (name for name in REGIONS if name not in drawn[index] and not self._begun.get((index, name))):
            sources = sorted((i for i, regions in enumerate(drawn) if name in regions), key=lambda i: abs(i - index))
            if sources:
                outline = carried_outline(drawn[sources[0]][name], self.frames[sources[0]], self.frames[index])
                found |= {} if outline is None else {name: outline}
        return found

    def _frame(self, index: int, name: str, names: Sequence[str]) -> RgbdFrame:
        if not 0 <= index < len(self.frames) or name not in names:
            raise BadAnnotations(f"frame {index}, {name!r}: there are {len(self.frames)} frames and {', '.join(names)}")
        return self.frames[index].frame

    def _regions(self, stamp_ns: int) -> dict[str, list[list[float]]]:
        """Returns the outlines of a frame; a part that is a picture in a file has none."""
        entry = next((item for item in self._content["frames"] if item["stamp_ns"] == stamp_ns), {})
        part = entry.get("part")
        outlines = {"outline": entry.get("outline"), "part": part.get("outline") if isinstance(part, Mapping) else None}
        return {name: outline for name, outline in outlines.items() if outline}

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


def _pixel(frame: RgbdFrame, uv: Sequence[float | int]) -> list[float]:
    height, width = frame.depth.shape
    if not (len(uv) == 2 and -0.5 <= uv[0] < width - 0.5 and -0.5 <= uv[1] < height - 0.5):
        raise BadAnnotations(f"{list(uv)} is not in the picture of {width}x{height} px")
    return [round(float(value), 2) for value in uv]
