# SPDX-License-Identifier: Apache-2.0
"""Views to learn from: pictures of drawn objects from anywhere, cut out as the backbone sees them, with exact truth.

One file per object, ``<out>/<category>/<seed>.npz``; a stage that goes on where it was broken off.
"""
from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64, UInt8

from func_corr_ros.correspondence.object_crop import CropSettings, CropWindow, crop_window, cut, cut_mask
from func_corr_ros.data.functional_truth import seen_points
from func_corr_ros.data.lighting import studio
from func_corr_ros.data.object_view import STANDARD_CAMERA, ObjectStage, ObjectView, bounding_sphere, orbit
from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.objects.functional_object import FunctionalObject, Symmetry
from func_corr_ros.data.parallel import each
from func_corr_ros.data.render_job import dressed_object
from func_corr_ros.data.splits import FIRST_BENCHMARK_SEED, UNSEEN_CATEGORIES
from func_corr_ros.data.surface_samples import ServingSamples, serving_samples
from func_corr_ros.errors import BadSettings
from func_corr_ros.provenance import hold_to, provenance, whole_file
from func_corr_ros.settings import setting
from func_corr_ros.training.disturbance import DisturbanceSettings, disturbed, disturbed_mask, drawn_background

# Draws that are not those of shape, look or light (render_job).
_STREAM = 20


@dataclass(frozen=True)
class TrainingViewSettings:
    """How many views of how many objects, and how they are taken."""

    objects: int = setting(96, "objects of each category", at_least=1, at_most=FIRST_BENCHMARK_SEED)
    first_seed: int = setting(0, "seed of the first object", at_least=0)
    views: int = setting(3, "views of each object", at_least=1)
    size: int = setting(224, "side of the cut-out pictures", unit="px", at_least=14)
    rendered: int = setting(336, "side of the pictures that they are cut from", unit="px", at_least=32)
    pixels: int = setting(512, "pixels of each view whose part is written down", at_least=1)
    any_roll: float = setting(0.6, "share of views turned by any angle; the others are nearly upright", at_least=0.0, at_most=1.0)
    disturbance: DisturbanceSettings = field(default_factory=DisturbanceSettings)


@dataclass(frozen=True)
class Serving:
    """How one object serves one function, and where that is seen: ``uv`` are crop pixels of the samples in each view, ``seen``
    which of them the view shows; ``parts`` says which parts serve. ``estimated``: the frame is a guess (estimated_frame), good
    between objects, and of no use between two views of one, where a sample is the same sample.
    """

    samples: ServingSamples
    uv: Float32[np.ndarray, "v n 2"]
    seen: Bool[np.ndarray, "v n"]
    parts: Bool[np.ndarray, " p"]
    estimated: bool = False


@dataclass(frozen=True)
class Instance:
    """One object in several views: ``pictures`` are what the backbone sees, ``masks`` the object in them as it was given.
    ``pixels`` are some of the object's pixels in each picture, ``part_of_pixel`` which part each shows.
    ``also_serves`` are functions that the object serves nobody knows where: neither examples nor counter-examples.
    """

    category: str
    pictures: UInt8[np.ndarray, "v s s 3"]
    masks: Bool[np.ndarray, "v s s"]
    camera_from_object: Float64[np.ndarray, "v 4 4"]
    pixels: Float32[np.ndarray, "v k 2"]
    part_of_pixel: Int64[np.ndarray, "v k"]
    serving: dict[str, Serving]
    also_serves: tuple[str, ...] = ()


def make_training_views(
    out: Path, settings: TrainingViewSettings, categories: tuple[str, ...], processes: int, *,
    needed: Callable[[str, int], bool] = lambda category, seed: True,
) -> list[Path]:
    """Writes the views of all objects, or those that are ``needed``, that are not there yet, and returns the files of all those.

    Raises BadSettings for a category that is unknown or held back for tests, or a folder that was filled otherwise.
    """
    wrong = sorted(set(categories) - (set(CATEGORIES) - UNSEEN_CATEGORIES))
    if wrong or settings.first_seed + settings.objects > FIRST_BENCHMARK_SEED:
        raise BadSettings(f"views of {', '.join(wrong) or 'seeds of benchmarks'} are held back for tests; valid: seeds below "
                          f"{FIRST_BENCHMARK_SEED} of {', '.join(sorted(set(CATEGORIES) - UNSEEN_CATEGORIES))}")
    hold_to(out, provenance(settings))
    seeds = range(settings.first_seed, settings.first_seed + settings.objects)
    wanted = [(category, seed) for seed in seeds for category in categories if needed(category, seed)]
    missing = [item for item in wanted if not view_file(out, *item).exists()]
    each(partial(_write_instance, out, settings), missing, processes, "training views")
    return [view_file(out, *item) for item in wanted]


def instance_of(category: str, seed: int, settings: TrainingViewSettings) -> Instance:
    """Returns the views of object number ``seed`` of ``category``."""
    thing, taken, rng = taken_views(category, seed, settings)
    serving = {}
    for function in thing.functional_frames:
        samples = serving_samples(thing, function)
        places = [one.places(samples.points, samples.normals) for one in taken]
        names = np.isin(np.array(thing.part_names), thing.function_parts[function])
        serving[function] = Serving(samples, np.stack([uv for uv, _ in places]), np.stack([seen for _, seen in places]), names)
    chosen = [one.some_pixels(settings.pixels, rng) for one in taken]
    return Instance(
        category, np.stack([one.picture for one in taken]), np.stack([one.mask for one in taken]),
        np.stack([one.view.camera_from_object for one in taken]), np.stack([uv for uv, _ in chosen]),
        np.stack([part for _, part in chosen]), serving,
    )


def taken_views(
    category: str, seed: int, settings: TrainingViewSettings, *, colour: bool = True
) -> tuple[FunctionalObject, list[Taken], np.random.Generator]:
    """Returns the object, its views, and the source of what is drawn after them. Without ``colour`` only the pictures differ."""
    thing, materials = dressed_object(category, seed)
    stage, rng = ObjectStage(thing, materials), np.random.default_rng([seed, _STREAM, zlib.crc32(category.encode())])
    return thing, [_taken(stage, settings, rng, colour) for _ in range(settings.views)], rng


@dataclass(frozen=True)
class Taken:
    """A view and what was cut from it; ``hidden`` is where something stands before the object, in the view's own pixels."""

    view: ObjectView
    window: CropWindow
    given: Bool[np.ndarray, "h w"]
    hidden: Bool[np.ndarray, "h w"]
    picture: UInt8[np.ndarray, "s s 3"]

    @property
    def mask(self) -> Bool[np.ndarray, "s s"]:
        """The given mask, cut out as the picture is."""
        return cut_mask(self.given, self.window)

    def places(
        self, points: Float64[np.ndarray, "n 3"], normals: Float64[np.ndarray, "n 3"]
    ) -> tuple[Float32[np.ndarray, "n 2"], Bool[np.ndarray, " n"]]:
        """Returns crop pixels of points of the surface, and which of them are seen and not hidden."""
        uv, seen = seen_points(self.view, points, normals)
        column, row = np.rint(uv[seen]).astype(np.int64).T
        seen[seen] = ~self.hidden[row, column]
        return self.window.crop_from_image(np.where(seen[:, None], uv, 0.0).astype(np.float32)), seen

    def some_pixels(self, count: int, rng: np.random.Generator) -> tuple[Float32[np.ndarray, "k 2"], Int64[np.ndarray, " k"]]:
        """Returns crop pixels of the object, drawn evenly, and their parts."""
        rows, columns = np.nonzero(self.view.mask & ~self.hidden & self.given)
        at = rng.integers(len(rows), size=count)
        uv = np.stack([columns[at], rows[at]], axis=1).astype(np.float32)
        return self.window.crop_from_image(uv), self.view.part_index[rows[at], columns[at]]


def _taken(stage: ObjectStage, settings: TrainingViewSettings, rng: np.random.Generator, colour: bool) -> Taken:
    thing, camera = stage.thing, STANDARD_CAMERA.resized(settings.rendered, settings.rendered)
    azimuth, elevation = rng.uniform(-180.0, 180.0), rng.uniform(-65.0, 80.0)
    roll = rng.uniform(-1.0, 1.0) * (180.0 if rng.random() < settings.any_roll else 25.0)
    pose = orbit(thing, camera, float(azimuth), float(elevation), float(roll))
    light = studio(bounding_sphere(thing)[1], rng)
    view = stage.view(camera, pose, lighting=light, background=drawn_background(camera, rng), supersampling=int(colour),
                      seed=int(rng.integers(1 << 31)))
    given, hidden = disturbed_mask(view.mask, settings.disturbance, rng)
    color = disturbed(view.color, view.mask, settings.disturbance, rng)
    exact = crop_window(given, CropSettings(size=settings.size, margin=float(rng.uniform(1.12, 1.32))))
    shift = rng.integers(-(exact.side // 40), exact.side // 40 + 1, 2)
    window = CropWindow(exact.u0 + int(shift[0]), exact.v0 + int(shift[1]), exact.side, exact.size)
    return Taken(view, window, given, hidden, cut(color, given, window, CropSettings().background))


def write_instance(path: Path, instance: Instance, beside: Mapping[str, Any] | None = None) -> None:
    """Writes the views to ``path``, whole or not at all; ``beside`` are further arrays."""
    arrays: dict[str, Any] = {
        "category": np.array(instance.category), "pictures": instance.pictures, "masks": np.packbits(instance.masks, axis=2),
        "camera_from_object": instance.camera_from_object, "pixels": instance.pixels,
        "part_of_pixel": instance.part_of_pixel.astype(np.int16), "functions": np.array(list(instance.serving)),
        "also_serves": np.array(instance.also_serves, dtype=str), **(beside or {}),
    }
    for index, one in enumerate(instance.serving.values()):
        symmetry = one.samples.symmetry
        packed = np.full(7, np.nan) if symmetry is None else np.array([symmetry.order, *symmetry.point, *symmetry.direction])
        values = {"frame": one.samples.object_from_function, "symmetry": packed, "points": one.samples.points,
                  "normals": one.samples.normals, "ends": one.samples.ends, "of_end": one.samples.of_end,
                  "uv": one.uv, "seen": one.seen, "parts": one.parts}
        arrays |= {f"{index}_{name}": value for name, value in values.items()}
    with whole_file(path) as file:
        np.savez_compressed(file, **arrays)


def read_instance(path: Path) -> Instance:
    """Returns what :func:`write_instance` wrote."""
    with np.load(path) as file:
        arrays = dict(file)
    size = arrays["pictures"].shape[1]
    serving = {}
    for index, function in enumerate(arrays["functions"].tolist()):
        one = {name: arrays[f"{index}_{name}"] for name in
               ("frame", "symmetry", "points", "normals", "ends", "of_end", "uv", "seen", "parts")}
        packed = one["symmetry"]
        symmetry = None if np.isnan(packed[0]) else Symmetry(int(packed[0]), packed[1:4], packed[4:7])
        samples = ServingSamples(one["frame"], symmetry, one["points"], one["normals"], one["ends"], one["of_end"])
        serving[function] = Serving(samples, one["uv"], one["seen"], one["parts"])
    return Instance(
        str(arrays["category"]), arrays["pictures"], np.unpackbits(arrays["masks"], axis=2, count=size).astype(bool),
        arrays["camera_from_object"], arrays["pixels"], arrays["part_of_pixel"].astype(np.int64), serving,
        tuple(arrays["also_serves"].tolist()) if "also_serves" in arrays else (),
    )


def _write_instance(out: Path, settings: TrainingViewSettings, item: tuple[str, int]) -> None:
    write_instance(view_file(out, *item), instance_of(*item, settings))


def view_file(out: Path, category: str, seed: int) -> Path:
    """Returns where the views of object number ``seed`` of ``category`` lie below ``out``."""
    return Path(out) / category.replace(" ", "-") / f"{seed:06d}.npz"
