# SPDX-License-Identifier: Apache-2.0
"""Pictures of a labelled asset with a label for every pixel, laid out as training views are (training/), and shards.

A pixel's label is the set of parts its point is of, so that parts may overlap; its point's number is the same in all views.
"""

from __future__ import annotations

import io
import json
import tarfile
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Int64

from func_corr_ros.correspondence.object_crop import CropSettings, CropWindow, crop_window, cut, cut_mask
from func_corr_ros.data.lighting import studio
from func_corr_ros.data.object_view import STANDARD_CAMERA, ObjectStage, ObjectView, bounding_sphere, orbit
from func_corr_ros.data.photo_view import photo_view
from func_corr_ros.data.pseudo_label.label_views import seen_cloud
from func_corr_ros.data.pseudo_label.pixel_labels import NOWHERE, nearest_points
from func_corr_ros.data.pseudo_label.shape import Shape
from func_corr_ros.data.surface_samples import SAMPLES
from func_corr_ros.errors import BadAsset
from func_corr_ros.provenance import sha256_of_file, whole_file, write_json
from func_corr_ros.settings import setting


@dataclass(frozen=True)
class TrainingLabelSettings:
    """How many pictures of each labelled asset, and how large."""

    views: int = setting(3, "pictures of each asset, from anywhere (the paper: 30)", at_least=1)
    size: int = setting(224, "side of the cut-out pictures", unit="px", at_least=14)
    rendered: int = setting(336, "side of the pictures that they are cut from", unit="px", at_least=32)
    photo: int = setting(0, "paths a pixel of photo-real pictures, by Mitsuba; 0: the quick renderer", at_least=0)
    pixels: int = setting(512, "pixels of each view that are also listed one by one", at_least=1)
    shard: int = setting(64, "assets in a shard", at_least=1)


@dataclass(frozen=True)
class _Taken:
    view: ObjectView
    window: CropWindow
    uv: Float32[np.ndarray, "n 2"]
    seen: Bool[np.ndarray, " n"]


def write_training_labels(
    path: Path,
    shape: Shape,
    chosen: Mapping[str, Bool[np.ndarray, " n"]],
    confidence: Mapping[str, Float32[np.ndarray, " n"]],
    functions: Mapping[str, Sequence[str]],
    settings: TrainingLabelSettings,
    left_out: Collection[str] = (),
) -> None:
    """Writes pictures and labels of one asset to ``path``; ``chosen`` are the points of each part, ``functions`` the parts that
    serve each function. A function that one of the parts ``left_out`` serves too has no label, but is no counter-example either.
    ``training_views.read_instance`` reads the file; there are no functional frames (NaN). Raises BadAsset where nothing has a
    label.
    """
    parts = [part for part in chosen if chosen[part].any()]
    serving = {function: [part for part in names if part in parts] for function, names in functions.items()}
    whole = {function for function, names in functions.items() if not set(names) & set(left_out)}
    serving = {function: names for function, names in sorted(serving.items()) if names and function in whole}
    if not serving:
        alone = f"{', '.join(parts)} alone serve nothing: {', '.join(sorted(left_out))} left out by cleaning"
        raise BadAsset(f"{shape.name}: no function has a label ({alone if parts else 'cleaning left out all of its parts'})")
    rng = np.random.default_rng([31, zlib.crc32(shape.name.encode())])
    stage = ObjectStage(shape.thing, shape.materials)
    taken = [_taken(shape, stage, settings, rng) for _ in range(settings.views)]
    bits = np.stack([chosen[part] for part in parts], axis=1)
    sets, set_of_point = np.unique(bits, axis=0, return_inverse=True)
    arrays = _pictures(shape, taken, set_of_point.reshape(-1), settings, rng)
    arrays |= {
        "functions": np.array(list(serving)),
        "also_serves": np.array(sorted(set(functions) - set(serving)), dtype=str),
        "part_names": np.array(parts),
        "sets": sets,
        "points": shape.points.astype(np.float32),
    }
    for index, names in enumerate(serving.values()):
        of_function = np.logical_or.reduce([chosen[part] for part in names])
        sure = np.max([np.where(chosen[part], confidence[part], 0.0) for part in names], axis=0)
        serves = np.logical_or.reduce([sets[:, parts.index(part)] for part in names])
        arrays |= {f"{index}_{name}": value for name, value in _serving(shape, taken, of_function, sure, serves, rng).items()}
    with whole_file(path) as file:
        np.savez_compressed(file, **arrays)


def write_shards(out: Path, files: Sequence[tuple[str, Path, Mapping[str, Any]]], settings: TrainingLabelSettings) -> Path:
    """Packs (id, file, about) into tar shards below ``out`` as webdataset reads them (ID.npz and ID.json), and returns the list
    ``shards.json``: each shard's name, SHA-256 and assets. The same files give the same bytes.
    """
    listed = []
    for start in range(0, len(files), settings.shard):
        some = files[start : start + settings.shard]
        path = out / f"shard-{start // settings.shard:06d}.tar"
        with whole_file(path) as whole, tarfile.open(fileobj=whole, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for asset, file, about in some:
                _add(tar, f"{asset}.npz", file.read_bytes())
                _add(tar, f"{asset}.json", json.dumps(about, sort_keys=True).encode())
        listed.append({"shard": path.name, "sha256": sha256_of_file(path), "assets": [asset for asset, *_ in some]})
    for old in sorted(out.glob("shard-*.tar")):
        if old.name not in {one["shard"] for one in listed}:
            old.unlink()
    return write_json(out / "shards.json", listed)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)  # time, owner and mode are the same for everybody
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


def _taken(shape: Shape, stage: ObjectStage, settings: TrainingLabelSettings, rng: np.random.Generator) -> _Taken:
    camera = STANDARD_CAMERA.resized(settings.rendered, settings.rendered)
    azimuth, elevation, roll = rng.uniform(-180.0, 180.0), rng.uniform(-60.0, 60.0), rng.uniform(-25.0, 25.0)
    pose = orbit(shape.thing, camera, float(azimuth), float(elevation), float(roll))
    light, seed = studio(bounding_sphere(shape.thing)[1], rng), int(rng.integers(1 << 31))
    view = stage.view(camera, pose, lighting=light, supersampling=0 if settings.photo else 1, seed=seed)
    if not view.mask.any():
        raise BadAsset(f"{shape.name}: nothing of it is seen from azimuth {azimuth:.0f}, elevation {elevation:.0f} deg")
    if settings.photo:
        color = photo_view(shape.thing, shape.materials, camera, pose, lighting=light, samples=settings.photo, seed=seed)
        view = replace(view, color=color)
    return _Taken(view, crop_window(view.mask, CropSettings(size=settings.size)), *seen_cloud(shape, view))


def _pictures(
    shape: Shape,
    taken: Sequence[_Taken],
    set_of_point: Int64[np.ndarray, " n"],
    settings: TrainingLabelSettings,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Returns the pictures, their masks, and for each pixel and some listed ones its point and its set of parts."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in ("pictures", "masks", "point_map", "pixels", "point_of_pixel")}
    for one in taken:
        mask = cut_mask(one.view.mask, one.window)
        rows, columns = np.nonzero(mask)
        crop = np.stack([columns, rows], axis=1).astype(np.float32)
        point = np.full(mask.shape, NOWHERE, dtype=np.int64)
        point[rows, columns] = nearest_points(one.uv, one.seen, one.window.image_from_crop(crop))
        if not (point >= 0).any():
            raise BadAsset(f"{shape.name}: no point of its cloud is seen in a picture of it")
        at = rng.integers(len(crop), size=settings.pixels)
        values: tuple[np.ndarray, ...] = (
            cut(one.view.color, one.view.mask, one.window, CropSettings().background),
            mask,
            point,
            crop[at],
            point[rows[at], columns[at]],
        )
        for name, value in zip(found, values, strict=True):
            found[name].append(value)
    arrays = {name: np.stack(values) for name, values in found.items()}
    numbered = np.append(set_of_point, NOWHERE)  # NOWHERE is the last
    return {
        "category": np.array(shape.thing.category),
        "pictures": arrays["pictures"],
        "masks": np.packbits(arrays["masks"], axis=2),
        "camera_from_object": np.stack([one.view.camera_from_object for one in taken]),
        "pixels": arrays["pixels"],
        "part_of_pixel": numbered[arrays["point_of_pixel"]].astype(np.int16),
        "point_of_pixel": arrays["point_of_pixel"].astype(np.int32),
        "point_map": arrays["point_map"].astype(np.int32),
        "set_map": numbered[arrays["point_map"]].astype(np.int16),
    }


def _serving(
    shape: Shape,
    taken: Sequence[_Taken],
    of_function: Bool[np.ndarray, " n"],
    sure: np.ndarray,
    serves: Bool[np.ndarray, " k"],
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Returns SAMPLES points of what serves a function (some twice, where there are fewer) and where each view shows them."""
    numbers = rng.permutation(np.flatnonzero(of_function))
    numbers = np.resize(numbers, SAMPLES)
    uv = [one.window.crop_from_image(np.where(one.seen[numbers, None], one.uv[numbers], np.float32(0.0))) for one in taken]
    return {
        "frame": np.full((4, 4), np.nan),
        "symmetry": np.full(7, np.nan),
        "points": shape.points[numbers],
        "normals": shape.normals[numbers],
        "ends": np.full((1, 3), np.nan),
        "of_end": np.zeros(SAMPLES, dtype=np.int64),
        "uv": np.stack(uv).astype(np.float32),
        "seen": np.stack([one.seen[numbers] for one in taken]),
        "parts": serves,
        "point": numbers.astype(np.int32),
        "confidence": sure[numbers].astype(np.float32),
    }
