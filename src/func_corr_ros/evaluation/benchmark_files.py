# SPDX-License-Identifier: Apache-2.0
"""The single files of a benchmark folder: each reader refuses what does not fit, naming file and field."""
from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64, UInt8

from func_corr_ros.errors import BadBenchmark

VIEW_FILES = ("image", "mask", "depth")
PAIR_FILES = ("truth", "part_a", "part_b")


def read_json(path: Path, kind: type) -> Any:
    """Returns the ``kind`` (dict or list) in a JSON file; a key that comes twice in one object is refused."""
    try:
        value = json.loads(path.read_text(), object_pairs_hook=lambda pairs: _once(pairs, path))
    except (OSError, ValueError) as error:
        raise BadBenchmark(f"{path} cannot be read: {error}") from error
    if not isinstance(value, kind):
        raise BadBenchmark(f"{path} holds a {type(value).__name__}; a {kind.__name__} is needed")
    return value


def entry(item: Any, name: str, kind: type | tuple[type, ...], at: str) -> Any:
    """Returns ``item[name]`` if it is of ``kind``; ``at`` says in which file and where."""
    if not isinstance(item, Mapping) or name not in item:
        raise BadBenchmark(f"{at}: {name} is missing")
    if not isinstance(item[name], kind) or (isinstance(item[name], bool) and kind is not bool):
        raise BadBenchmark(f"{at}: {name} is {item[name]!r}; a {getattr(kind, '__name__', 'number')} is needed")
    return item[name]


def check_paths(folder: Path, item: Mapping[str, Any], names: Sequence[str], needed: Sequence[str], at: str) -> None:
    """Refuses a path of ``item`` that is missing, leads out of ``folder`` or to no file; those not ``needed`` may be null."""
    for name in names:
        if item.get(name) is None and name not in needed:
            continue
        path = PurePosixPath(entry(item, name, str, at))
        if path.is_absolute() or ".." in path.parts:
            raise BadBenchmark(f"{at}: {name} is {str(path)!r}, which leads out of the benchmark's folder")
        if not (folder / path).is_file():
            raise BadBenchmark(f"{at}: {name} is {str(path)!r}, and {folder / path} is no file")


def size(value: Any, at: str) -> tuple[int, int]:
    """Returns (height, width) from "image_size"."""
    if not isinstance(value, Sequence) or len(value) != 2 or not all(type(one) is int and one > 0 for one in value):
        raise BadBenchmark(f"{at}: image_size is {value!r}; [height, width] is needed, here or in benchmark.json")
    return int(value[0]), int(value[1])


def matrix(value: Any, shape: tuple[int, int], at: str) -> Float64[np.ndarray, "n m"] | None:
    """Returns a matrix of ``shape``, None for null."""
    if value is None:
        return None
    try:
        found = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadBenchmark(f"{at} is no matrix of numbers: {error}") from error
    if found.shape != shape or not np.isfinite(found).all():
        raise BadBenchmark(f"{at} has shape {found.shape}; {shape[0]}x{shape[1]} finite numbers are needed")
    return found


def read_image(path: Path, shape: tuple[int, ...]) -> UInt8[np.ndarray, "h w 3"]:
    """Returns an image file of ``shape`` (height, width) as RGB."""
    return np.ascontiguousarray(_pixels(path, cv2.IMREAD_COLOR, np.uint8, shape)[..., ::-1])


def read_mask(path: Path, shape: tuple[int, ...]) -> Bool[np.ndarray, "h w"]:
    """Returns where an 8-bit image file of ``shape`` is above 127."""
    return _pixels(path, cv2.IMREAD_GRAYSCALE, np.uint8, shape) > 127


def read_depth(path: Path, shape: tuple[int, ...], scale: int | float) -> Float32[np.ndarray, "h w"]:
    """Returns a 16-bit image file of ``shape`` times ``scale``, NaN where it is 0."""
    counts = _pixels(path, cv2.IMREAD_UNCHANGED, np.uint16, shape)
    return np.where(counts > 0, counts * float(scale), np.nan).astype(np.float32)


def read_arrays(path: Path) -> Mapping[str, np.ndarray]:
    """Returns the arrays of an .npz file (never objects)."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise BadBenchmark(f"{path} cannot be read as .npz: {error}") from error


def uv(arrays: Mapping[str, np.ndarray], name: str, path: Path) -> Float32[np.ndarray, "n 2"]:
    """Returns the points ``name`` of a truth file."""
    found = arrays.get(name)
    if found is None or found.ndim != 2 or found.shape[1] != 2 or found.dtype.kind not in "fiu":
        told = "missing" if found is None else f"{found.dtype} of shape {found.shape}"
        raise BadBenchmark(f"{path}: {name} is {told}; float32 (N, 2) is needed")
    if not np.isfinite(found).all():
        raise BadBenchmark(f"{path}: {name}[{int(np.argmin(np.isfinite(found).all(1)))}] is not finite")
    return found.astype(np.float32)


def points(arrays: Mapping[str, np.ndarray], count: int, path: Path) -> Float32[np.ndarray, "n 3"] | None:
    """Returns the ``count`` surface points of a truth file, None where it has none."""
    found = arrays.get("points")
    if found is None:
        return None
    if found.shape != (count, 3) or found.dtype.kind != "f" or not np.isfinite(found).all():
        raise BadBenchmark(f"{path}: points has shape {found.shape}; {count} finite points (N, 3) are needed")
    return found.astype(np.float32)


def permutations(value: Any, count: int, at: str) -> Int64[np.ndarray, "k n"] | None:
    """Returns orders of ``count`` points, None where there are none."""
    if value is None or len(value) == 0:
        return None
    try:
        found = np.asarray(value)
    except ValueError as error:
        raise BadBenchmark(f"{at}: permutations: {error}") from error
    if found.ndim != 2 or found.dtype.kind not in "iu" or not (np.sort(found, axis=1) == np.arange(count)).all():
        raise BadBenchmark(f"{at}: permutations has shape {found.shape}; each row must order 0 to {count - 1}")
    return found.astype(np.int64)


def _pixels(path: Path, flags: int, kind: type, shape: tuple[int, ...]) -> np.ndarray:
    image = cv2.imread(str(path), flags)
    if image is None:
        raise BadBenchmark(f"{path} is missing or is no image")
    if image.dtype != kind or image.shape[:2] != tuple(shape) or (flags == cv2.IMREAD_UNCHANGED and image.ndim != 2):
        raise BadBenchmark(f"{path} is {image.dtype} of shape {image.shape}; {np.dtype(kind)} of {tuple(shape)} (height, width) "
                           "is needed, as its view's other files")
    return image


def _once(pairs: Sequence[tuple[str, Any]], path: Path) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise BadBenchmark(f"{path}: {sorted({name for name in names if names.count(name) > 1})[:5]} come twice")
    return dict(pairs)
