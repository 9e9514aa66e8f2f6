# SPDX-License-Identifier: Apache-2.0
"""A benchmark folder, read strictly: views of objects, pairs of views, and which point of one is which point of the other.

The format is that of docs/evaluation.md: three JSON files (``benchmark``, ``views``, ``pairs``), perhaps a fourth
(``negatives``), and the images they name. Fields that are not known are kept (``description``), never refused, so that any
folder in this format can be scored.
"""
from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64, UInt8

from func_corr_ros.errors import BadBenchmark
from func_corr_ros.evaluation import benchmark_files as files
from func_corr_ros.provenance import sha256_of_file

# A truth point is a projection, its mask is made of whole pixels: they may differ by no more than this.
OUTSIDE_PX = 1.0
_VIEWS_KEPT = 32
NEGATIVES = "negatives.json"


@dataclass(frozen=True)
class BenchmarkView:
    """One picture of one object. ``depth`` is in the benchmark's unit, NaN where there is none; ``K`` is the 3x3 intrinsic
    matrix; ``description`` holds the whole entry of views.json ("asset", "object", and what else its maker wrote).
    """

    id: str
    image: UInt8[np.ndarray, "h w 3"]
    mask: Bool[np.ndarray, "h w"]
    depth: Float32[np.ndarray, "h w"] | None
    K: Float64[np.ndarray, "3 3"] | None
    camera_from_object: Float64[np.ndarray, "4 4"] | None
    description: Mapping[str, Any]


@dataclass(frozen=True)
class Truth:
    """Which point of a is which point of b: row i of ``a`` (u, v) belongs to row i of ``b``. ``points`` are the surface points of
    a in its object's frame. ``permutations`` are further orders of b that are as right: a[i] belongs to b[permutation[i]].
    """

    a: Float32[np.ndarray, "n 2"]
    b: Float32[np.ndarray, "n 2"]
    points: Float32[np.ndarray, "n 3"] | None = None
    permutations: Int64[np.ndarray, "k n"] | None = None


@dataclass(frozen=True)
class BenchmarkPair:
    """Two views (their ids ``a`` and ``b``) whose objects serve one function; ``description`` holds the whole entry of
    pairs.json. What it names on disk is read, and checked, when asked for.
    """

    id: str
    function: str
    a: str
    b: str
    within_category: bool
    split: str
    description: Mapping[str, Any] = field(repr=False)
    benchmark: "Benchmark" = field(repr=False, compare=False)

    def truth(self) -> Truth:
        """Returns the true matches; raises BadBenchmark, naming file and field, where they are none (NaN, off the object)."""
        path = self.benchmark.folder / self.description["truth"]
        arrays = files.read_arrays(path)
        a, b = (files.uv(arrays, name, path) for name in ("a", "b"))
        if len(a) != len(b) or len(a) == 0:
            raise BadBenchmark(f"{path}: a has {len(a)} points, b has {len(b)}; the same number, at least 1, is needed")
        for name, uv, view_id in (("a", a, self.a), ("b", b, self.b)):
            outside = distance_outside(self.benchmark.views[view_id].mask, uv)
            worst = int(np.argmax(outside))
            if not outside[worst] <= OUTSIDE_PX:
                raise BadBenchmark(f"{path}: {name}[{worst}] = {uv[worst].tolist()} is {outside[worst]:.3g} px outside the mask "
                                   f"of view {view_id!r} (inf: over 2); at most {OUTSIDE_PX:g} px is rounding")
        orders = self.description.get("permutations", arrays.get("permutations"))
        return Truth(a, b, files.points(arrays, len(a), path), files.permutations(orders, len(a), f"{path}, pair {self.id!r}"))

    def part_a(self) -> Bool[np.ndarray, "h w"] | None:
        """Returns the mask of the parts of a that serve the function, None where the benchmark has none; raises BadBenchmark."""
        return self._part("part_a", self.a)

    def part_b(self) -> Bool[np.ndarray, "h w"] | None:
        """Returns the mask of the parts of b that serve the function, None where the benchmark has none; raises BadBenchmark."""
        return self._part("part_b", self.b)

    def _part(self, name: str, view_id: str) -> Bool[np.ndarray, "h w"] | None:
        if self.description.get(name) is None:
            return None
        path = self.benchmark.folder / self.description[name]
        mask = files.read_mask(path, self.benchmark.views[view_id].mask.shape)
        if not mask.any():
            raise BadBenchmark(f"{path}: {name} of pair {self.id!r} is empty; a pair whose part cannot be seen is none")
        return mask


@dataclass(frozen=True)
class NegativePair:
    """Two views (their ids ``a`` and ``b``): the object of a serves the function, that of b does not, so that there is nothing
    to find. ``description`` holds the whole entry of negatives.json.
    """

    id: str
    function: str
    a: str
    b: str
    split: str
    description: Mapping[str, Any] = field(repr=False)


class Benchmark:
    """A benchmark folder: ``views`` by id, ``pairs`` and ``negatives`` (perhaps none) in order. Pictures are read when asked
    for, the last few are kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        head, views, pairs = (files.read_json(self.folder / f"{name}.json", kind)
                              for name, kind in (("benchmark", dict), ("views", dict), ("pairs", list)))
        at = str(self.folder / "benchmark.json")
        self.name = str(files.entry(head, "name", str, at))
        self.version = str(head.get("version", ""))
        self.unit = str(files.entry(head, "unit", str, at))
        self.functions = tuple(files.entry(head, "functions", list, at))
        if self.unit not in ("m", "object"):
            raise BadBenchmark(f"{at}: unit is {self.unit!r}; m or object")
        self.description: Mapping[str, Any] = head
        self.views = Views(self.folder, views, head.get("image_size"))
        self.pairs = tuple(self._pair(item, f"{self.folder / 'pairs.json'}, entry {i}") for i, item in enumerate(pairs))
        path = self.folder / NEGATIVES
        negatives = files.read_json(path, list) if path.is_file() else []
        self.negatives = tuple(self._negative(item, f"{path}, entry {i}") for i, item in enumerate(negatives))
        ids = [*(pair.id for pair in self.pairs), *(pair.id for pair in self.negatives)]
        if len(set(ids)) < len(ids):
            twice = sorted({one for one in ids if ids.count(one) > 1})
            raise BadBenchmark(f"{self.folder / 'pairs.json'}: id is not unique (also in {NEGATIVES}): {twice[:5]}")

    @classmethod
    def open(cls, folder: Path) -> Benchmark:
        """Returns the benchmark in ``folder``; raises BadBenchmark, naming file and field, for what is missing or contradicts."""
        return cls(folder)

    def check(self) -> None:
        """Reads every file of every view and pair; raises BadBenchmark for the first that is wrong or not what was written."""
        for view_id in self.views:
            self.views[view_id]
        for pair in sorted(self.pairs, key=lambda pair: (pair.a, pair.b)):  # neighbours share views
            pair.truth(), pair.part_a(), pair.part_b()
        for name, written in self._manifest().items():
            if not (self.folder / name).is_file() or sha256_of_file(self.folder / name) != written:
                raise BadBenchmark(f"{self.folder / name} is missing or has changed: its SHA-256 in manifest.json is {written}")

    @property
    def sha256(self) -> str:
        """A hash of all that the benchmark says but for its negatives, which change no pair's truth or score and have a hash
        of their own; from manifest.json where there is one, else from every file.
        """
        hashes = self._manifest() or {name: sha256_of_file(self.folder / name) for name in self._files()}
        hashes = {name: value for name, value in hashes.items() if name != NEGATIVES}
        return hashlib.sha256("".join(f"{name} {hashes[name]}\n" for name in sorted(hashes)).encode()).hexdigest()

    @property
    def negatives_sha256(self) -> str | None:
        """The hash of negatives.json, None where the benchmark has none."""
        return sha256_of_file(self.folder / NEGATIVES) if (self.folder / NEGATIVES).is_file() else None

    def _manifest(self) -> Mapping[str, str]:
        path = self.folder / "manifest.json"
        return files.entry(files.read_json(path, dict), "sha256", dict, str(path)) if path.is_file() else {}

    def _files(self) -> set[str]:
        named = [*self.views.entries.values(), *(pair.description for pair in self.pairs)]
        kinds = (*files.VIEW_FILES, *files.PAIR_FILES)
        return {"benchmark.json", "views.json", "pairs.json"} | {item[kind] for item in named for kind in kinds if item.get(kind)}

    def _pair(self, item: Any, at: str) -> BenchmarkPair:
        pair_id, function, a, b, split = self._asked(item, at)
        at = f"{at} ({pair_id!r})"
        files.check_paths(self.folder, item, files.PAIR_FILES, ("truth",), at)
        return BenchmarkPair(pair_id, function, a, b, files.entry(item, "within_category", bool, at), split, item, self)

    def _negative(self, item: Any, at: str) -> NegativePair:
        return NegativePair(*self._asked(item, at), item)

    def _asked(self, item: Any, at: str) -> tuple[str, str, str, str, str]:
        """Returns id, function, a, b and split of an entry of pairs.json or negatives.json."""
        pair_id = files.entry(item, "id", str, at)
        at = f"{at} ({pair_id!r})"
        for end in ("a", "b"):
            if files.entry(item, end, str, at) not in self.views:
                raise BadBenchmark(f"{at}: {end} is {item[end]!r}, which is no view of views.json")
        if files.entry(item, "function", str, at) not in self.functions:
            raise BadBenchmark(f"{at}: function is {item['function']!r}; benchmark.json has {', '.join(self.functions)}")
        return pair_id, item["function"], item["a"], item["b"], files.entry(item, "split", str, at)


class Views(Mapping[str, BenchmarkView]):
    """The views of a benchmark by id, read from disk one by one; ``entries`` is views.json."""

    def __init__(self, folder: Path, entries: Mapping[str, Any], image_size: Any) -> None:
        self._folder, self.entries, self._image_size = folder, entries, image_size
        self._read = lru_cache(_VIEWS_KEPT)(self._view)
        for view_id, item in entries.items():
            at = f"{folder / 'views.json'}, view {view_id!r}"
            for name in ("asset", "object"):
                files.entry(item, name, str, at)
            files.check_paths(folder, item, files.VIEW_FILES, ("image", "mask"), at)
            files.size(item.get("image_size", image_size), at)
            if item.get("depth") is not None and not 0.0 < files.entry(item, "depth_scale", (int, float), at) < float("inf"):
                raise BadBenchmark(f"{at}: depth_scale is {item['depth_scale']!r}; a number above 0 is needed")
            for name, shape in (("K", (3, 3)), ("camera_from_object", (4, 4))):
                files.matrix(item.get(name), shape, f"{at}: {name}")

    def __getitem__(self, view_id: str) -> BenchmarkView:
        if view_id not in self.entries:
            raise BadBenchmark(f"{self._folder / 'views.json'}: no view {view_id!r}; there are {len(self.entries)}")
        return self._read(view_id)

    def __contains__(self, view_id: object) -> bool:
        return view_id in self.entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def _view(self, view_id: str) -> BenchmarkView:
        item, at = self.entries[view_id], f"{self._folder / 'views.json'}, view {view_id!r}"
        shape = files.size(item.get("image_size", self._image_size), at)
        mask = files.read_mask(self._folder / item["mask"], shape)
        if not mask.any():
            raise BadBenchmark(f"{self._folder / item['mask']}: the mask is empty; a view without its object is none")
        depth = None
        if item.get("depth") is not None:
            depth = files.read_depth(self._folder / item["depth"], shape, item["depth_scale"])
        return BenchmarkView(
            view_id, files.read_image(self._folder / item["image"], shape), mask, depth, files.matrix(item.get("K"), (3, 3), at),
            files.matrix(item.get("camera_from_object"), (4, 4), at), item,
        )


def distance_outside(mask: Bool[np.ndarray, "h w"], uv: Float32[np.ndarray, "n 2"]) -> Float64[np.ndarray, " n"]:
    """Returns how far points (u, v) lie outside the squares of ``mask``'s pixels, in pixels: 0 inside, infinite beyond 2."""
    nearest = np.rint(uv).astype(np.int64)
    distance = np.full(len(uv), np.inf)
    for offset in np.stack(np.meshgrid(np.arange(-2, 3), np.arange(-2, 3)), axis=-1).reshape(-1, 2):
        pixel = nearest + offset
        inside = (pixel >= 0).all(1) & (pixel < mask.shape[::-1]).all(1)
        inside[inside] = mask[pixel[inside, 1], pixel[inside, 0]]
        gap = np.linalg.norm(np.maximum(np.abs(uv.astype(np.float64) - pixel) - 0.5, 0.0), axis=1)
        distance = np.where(inside, np.minimum(distance, gap), distance)
    return distance
