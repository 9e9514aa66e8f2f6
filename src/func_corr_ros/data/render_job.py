# SPDX-License-Identifier: Apache-2.0
"""Many views of drawn objects, rendered by several processes: the same files whatever their number, and none made twice."""
from __future__ import annotations

import json
import multiprocessing
import os
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.assets import Asset
from func_corr_ros.data.dress import dress
from func_corr_ros.data.lighting import Lighting, studio
from func_corr_ros.data.materials import Material
from func_corr_ros.data.object_view import STANDARD_CAMERA, ObjectStage, ObjectView, bounding_sphere, orbit
from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.errors import BadSettings
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.provenance import package_version, provenance, write_json
from func_corr_ros.settings import setting

# Libraries' own threads would only fight with the processes.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class ViewTask:
    """One picture to make: which object (``category`` and ``seed`` draw its shape and its look), from where, how large."""

    category: str = setting("mug", "category of the object")
    seed: int = setting(0, "draws shape and look", at_least=0)
    view: int = setting(0, "number of the view; draws the light", at_least=0)
    azimuth: float = setting(0.0, "where the camera stands (see object_view.orbit)", unit="deg")
    elevation: float = setting(30.0, "height of the camera", unit="deg", at_least=-90.0, at_most=90.0)
    roll: float = setting(0.0, "turn of the picture", unit="deg")
    size: int = setting(448, "side of the picture", unit="px", at_least=16)
    supersampling: int = setting(1, "samples per pixel, squared", at_least=1)

    @property
    def name(self) -> str:
        """File name, without ending, that says all of the task."""
        pose = f"{self.azimuth:+}_{self.elevation:+}_{self.roll:+}"
        return f"{self.category.replace(' ', '-')}_{self.seed}_{self.view}_{pose}_{self.size}px_{self.supersampling}"


def drawn_object(category: str, seed: int) -> FunctionalObject:
    """Returns object number ``seed`` of ``category``; raises BadSettings, listing those there are, for an unknown one."""
    if category not in CATEGORIES:
        raise BadSettings(f"no category {category!r}; valid: {', '.join(CATEGORIES)}")
    thing: FunctionalObject = draw(resolve_name(CATEGORIES[category]), np.random.default_rng([seed, 0])).build()
    return thing


def dressed_object(category: str, seed: int) -> tuple[FunctionalObject, dict[str, Material]]:
    """Returns :func:`drawn_object` and the materials that ``seed`` dresses it in: others in each category, lest a kettle be told
    from a mug's colour.
    """
    thing = drawn_object(category, seed)
    return thing, dress(thing, np.random.default_rng([seed, 1, zlib.crc32(category.encode())]))


def views_around(category: str, seed: int, views: int, size: int = 448, supersampling: int = 1) -> list[ViewTask]:
    """Returns tasks for ``views`` views of one object: all round, from below the table's height to steeply above."""
    rng = np.random.default_rng([seed, 2])
    start = float(rng.uniform(0.0, 360.0))
    return [ViewTask(category, seed, i, round((start + 360.0 * i / views) % 360.0, 1), round(float(rng.uniform(-20.0, 65.0)), 1),
                     0.0, size, supersampling) for i in range(views)]


def rendered(task: ViewTask, stage: ObjectStage | None = None) -> ObjectView:
    """Returns the view that ``task`` describes, of what is on ``stage`` where one is given, else of the object that it draws."""
    stage = stage or _stage(task.category, task.seed)
    camera, pose, light = setting_of(task, stage.thing)
    return stage.view(camera, pose, lighting=light, supersampling=task.supersampling, seed=task.view)


def setting_of(task: ViewTask, thing: FunctionalObject) -> tuple[PinholeCamera, Float64[np.ndarray, "4 4"], Lighting]:
    """Returns the camera of ``task``, ``camera_from_object`` and the light, for ``thing``."""
    camera = STANDARD_CAMERA.resized(task.size, task.size)
    light = studio(bounding_sphere(thing)[1], np.random.default_rng([task.seed, 3, task.view]))
    return camera, orbit(thing, camera, task.azimuth, task.elevation, task.roll), light


def render_all(tasks: Sequence[ViewTask], out: Path, processes: int = 1, *, progress: bool = True) -> list[Path]:
    """Writes ``NAME.png`` (colour) and ``NAME.npz`` (truth) of every task into ``out``, whole or not at all, and returns the
    truth files in the tasks' order. What is there already is not made again: a file's name says all that made it but the code,
    whose revision is in ``provenance.json`` (BadSettings where another package version filled the folder).
    """
    from rich.progress import Progress

    _claim(out)
    left = [task for task in tasks if not _truth_file(task, out).exists()]
    batches = [list(group) for _, group in groupby(left, lambda task: (task.category, task.seed))]
    with Progress(disable=not progress) as bar:
        line = bar.add_task("views", total=len(tasks), completed=len(tasks) - len(left))
        for done in _in_processes(batches, out, processes):
            bar.advance(line, done)
    return [_truth_file(task, out) for task in tasks]


def render_asset(asset: Asset, tasks: Sequence[ViewTask], out: Path) -> list[Path]:
    """Writes the views ``tasks`` of an object from a file into ``out``, as :func:`render_all` does of the library's own."""
    out.mkdir(parents=True, exist_ok=True)
    stage = ObjectStage(asset.object, {"": asset.material})
    for task in tasks:
        write_view(rendered(task, stage), _truth_file(task, out))
    return [_truth_file(task, out) for task in tasks]


def _claim(out: Path) -> None:
    """Lays down what fills the folder; refuses one that another version filled."""
    file = out / "provenance.json"
    there = json.loads(file.read_text())["version"] if file.exists() else package_version()
    if there != package_version():
        raise BadSettings(f"{out} was filled by version {there}, this is {package_version()}; give another folder or empty it")
    write_json(file, provenance({"made by": "render_job"}))


def _in_processes(batches: list[list[ViewTask]], out: Path, processes: int) -> Iterator[int]:
    if processes <= 1 or len(batches) <= 1:
        yield from (_write_batch([task], out) for batch in batches for task in batch)
        return
    with _single_threaded(), ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        for future in as_completed([pool.submit(_write_batch, batch, out) for batch in batches]):
            yield future.result()


def _write_batch(batch: list[ViewTask], out: Path) -> int:
    for task in batch:
        write_view(rendered(task), _truth_file(task, out))
    return len(batch)


def write_view(view: ObjectView, path: Path) -> None:
    """Writes the picture beside ``path`` (.png) and then the truth to ``path`` (.npz), each whole or not at all."""
    import cv2

    picture = path.with_suffix(".png")
    partial = [file.with_name(f".{os.getpid()}_{file.name}") for file in (picture, path)]
    try:
        if not cv2.imwrite(str(partial[0]), np.ascontiguousarray(view.color[..., ::-1])):
            raise BadSettings(f"{picture} cannot be written; is the folder writable?")
        np.savez_compressed(
            partial[1], depth=view.depth,
            part_index=view.part_index.astype(np.int16), face_index=view.face_index.astype(np.int32),
            part_names=np.array(view.thing.part_names), K=view.camera.matrix, camera_from_object=view.camera_from_object,
        )
        for file, whole in zip(partial, (picture, path), strict=True):
            os.replace(file, whole)
    finally:
        for file in partial:
            file.unlink(missing_ok=True)


def _truth_file(task: ViewTask, out: Path) -> Path:
    return out / f"{task.name}.npz"


@lru_cache(maxsize=2)
def _stage(category: str, seed: int) -> ObjectStage:
    return ObjectStage(*dressed_object(category, seed))


@contextmanager
def _single_threaded() -> Iterator[None]:
    """While it lasts, new processes begin with one thread for each library."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
