# SPDX-License-Identifier: Apache-2.0
"""Writes a benchmark folder: piece by piece and by several processes into a hidden folder, which then takes its name at once."""
from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from func_corr_ros.errors import BadBenchmark
from func_corr_ros.evaluation.benchmark import Truth
from func_corr_ros.provenance import provenance, sha256_of_file, write_json

# 0.1 mm a count: finer than any depth camera, up to 6.5 m.
DEPTH_SCALE = 1e-4
_FOLDERS = ("images", "masks", "depth", "parts", "truth")
_DONE = "done"


class BenchmarkWriter:
    """Builds the benchmark ``out`` in a hidden folder beside it. A folder left by a build that was stopped is taken up where it
    was, if ``settings`` and code are the same; else it is emptied. Every process of a build may have its own writer.

    Raises BadBenchmark where ``out`` exists.
    """

    def __init__(self, out: Path, settings: Any) -> None:
        self.out = Path(out)
        if self.out.exists():
            raise BadBenchmark(f"{self.out} exists; remove it or choose another --out (a finished benchmark is never changed)")
        self._made_with = provenance(settings)
        self.folder = self.out.with_name(f".{self.out.name}.building")
        begun = self.folder / "made_with.json"
        if not begun.is_file() or json.loads(begun.read_text()) != json.loads(json.dumps(self._made_with, default=str)):
            shutil.rmtree(self.folder, ignore_errors=True)
            for name in (*_FOLDERS, _DONE):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            write_json(begun, self._made_with)

    def done(self, step: str) -> Any:
        """Returns what was noted when ``step`` was done, None while it is not."""
        path = self.folder / _DONE / f"{step}.json"
        return json.loads(path.read_text()) if path.is_file() else None

    def note(self, step: str, result: Any) -> None:
        """Notes that ``step`` is done, with its result; call it after the step's files are written."""
        write_json(self.folder / _DONE / f"{step}.json", result)

    def write_view(
        self, view_id: str, image: UInt8[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"],
        depth: Float32[np.ndarray, "h w"], K: Float64[np.ndarray, "3 3"], camera_from_object: Float64[np.ndarray, "4 4"],
        description: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Writes a view's pictures (``depth`` in metres, NaN invalid); returns its entry of views.json."""
        entry = {"image": f"images/{view_id}.png", "mask": f"masks/{view_id}.png", "depth": f"depth/{view_id}.png"}
        counts = np.rint(np.nan_to_num(depth, nan=0.0) / DEPTH_SCALE)
        self._write_png(entry["image"], image[..., ::-1])
        self._write_png(entry["mask"], mask.astype(np.uint8) * 255)
        self._write_png(entry["depth"], np.where(counts < 2**16, counts, 0).astype(np.uint16))
        return {**description, **entry, "image_size": list(mask.shape), "depth_scale": DEPTH_SCALE, "K": K.tolist(),
                "camera_from_object": camera_from_object.tolist()}

    def write_part(self, view_id: str, function: str, part: Bool[np.ndarray, "h w"]) -> str:
        """Writes the mask of the parts that serve ``function`` in a view; returns its path for pairs.json."""
        name = f"parts/{view_id}.{_word(function)}.png"
        self._write_png(name, part.astype(np.uint8) * 255)
        return name

    def write_truth(self, pair_id: str, truth: Truth) -> str:
        """Writes a pair's true matches; returns their path for pairs.json."""
        name = f"truth/{pair_id}.npz"
        arrays = {key: value for key, value in vars(truth).items() if value is not None}
        np.savez(self.folder / name, **arrays)
        return name

    def finish(
        self, head: Mapping[str, Any], views: Mapping[str, Any], pairs: Sequence[Mapping[str, Any]],
        negatives: Sequence[Mapping[str, Any]] = (),
    ) -> Path:
        """Writes the three JSON files (and negatives.json where there are any) and manifest.json, drops files that no entry
        names, and returns the benchmark's folder, which exists from then on.
        """
        for name, content in (("benchmark", head), ("views", views), ("pairs", pairs), ("negatives", negatives)):
            if content or name != "negatives":
                write_json(self.folder / f"{name}.json", content)
        shutil.rmtree(self.folder / _DONE)
        (self.folder / "made_with.json").unlink()
        kept = {item[key] for item in (*views.values(), *pairs) for key in ("image", "mask", "depth", "truth", "part_a", "part_b")
                if key in item}
        for path in [path for folder in _FOLDERS for path in (self.folder / folder).iterdir()]:
            if path.relative_to(self.folder).as_posix() not in kept:
                path.unlink()
        files = sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())
        write_json(self.folder / "manifest.json", {**self._made_with, "sha256": {
            name: sha256_of_file(self.folder / name) for name in files}})
        os.replace(self.folder, self.out)
        return self.out

    def _write_png(self, name: str, image: np.ndarray) -> None:
        if not cv2.imwrite(str(self.folder / name), image):
            raise BadBenchmark(f"{self.folder / name} could not be written; is the disk full?")


def _word(text: str) -> str:
    return text.replace(" ", "-")
