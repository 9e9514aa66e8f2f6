# SPDX-License-Identifier: Apache-2.0
"""The two kinds of views a benchmark of ours has: one object alone from any side, and one among others on a table, by RGB-D."""
from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool

from func_corr_ros.data.clutter import cluttered
from func_corr_ros.data.materials import Material
from func_corr_ros.data.object_view import STANDARD_CAMERA, ObjectStage, ObjectView, orbit
from func_corr_ros.data.objects import FunctionalObject
from func_corr_ros.data.render_job import ViewTask, drawn_object, dressed_object, rendered
from func_corr_ros.data.sensor_noise import SensorNoiseSettings
from func_corr_ros.data.splits import FIRST_BENCHMARK_SEED
from func_corr_ros.data.tabletop_scene import SceneView, TabletopScene
from func_corr_ros.errors import BadBenchmark, DegenerateGeometry
from func_corr_ros.evaluation.benchmark_writer import BenchmarkWriter
from func_corr_ros.settings import setting

# A picture is upright where it is rolled by no more than this.
UPRIGHT_DEG = 20.0
# Below this share of its length in height a thing lies on the table: nobody holds it upright, any roll is usual.
_LYING = 0.6
_UNCOLOURED = {"": Material((0.5, 0.5, 0.5))}


@dataclass(frozen=True)
class BenchmarkSettings:
    """How much a benchmark has of what."""

    pairs: int = setting(100, "pairs of each function", at_least=1, at_most=5000)
    views: int = setting(50, "views that the pairs of a function are made of, at the start", at_least=2, at_most=2000)
    negatives: int = setting(20, "negative pairs of each function, of views that are there", at_least=0, at_most=5000)
    size: int = setting(448, "width and height of a view of one object", unit="px", at_least=64, at_most=2048)
    every_within: int = setting(8, "one pair in so many is within one category", at_least=7)
    every_unseen: int = setting(4, "one view in so many is of a category that training never sees", at_least=2)
    least_points: int = setting(12, "true matches that a pair must have", at_least=2)
    least_common: float = setting(0.2, "share of what either camera sees that both must see: less is a few points on outlines of "
                                  "opposite sides", at_least=0.0, at_most=1.0)
    least_part: float = setting(64.0, "area of the serving parts that a view must show, in a picture of 448x448", unit="px")
    tries: int = setting(8, "pairs of views tried before another view is drawn", at_least=1)
    supersampling: int = setting(2, "samples of a pixel's colour along each side", at_least=1, at_most=8)


@dataclass(frozen=True)
class PlannedView(ABC):
    """A view that is decided but not rendered: category and seed draw its object. Small, and the same wherever it is rendered."""

    draws: ClassVar[int]  # of one category, before the parts in question count as hidden
    any_side: ClassVar[bool]  # whether every part can be seen from somewhere: one that stays hidden is an error
    first_seed: ClassVar[int]

    id: str
    category: str
    seed: int

    @property
    def object_name(self) -> str:
        """What a person would call the object: the name of its category."""
        return self.category

    @classmethod
    @abstractmethod
    def drawn(cls, category: str, seed: int, rng: np.random.Generator) -> PlannedView:
        """Returns a view of object number ``seed`` of ``category``."""

    @property
    @abstractmethod
    def upright(self) -> bool:
        """Whether up in the world is up in the picture, nearly."""

    @abstractmethod
    def seen(self, settings: BenchmarkSettings) -> ObjectView | None:
        """Returns its geometry without colours, None where it cannot be made; raises BadBenchmark for a broken category."""

    @abstractmethod
    def write(self, writer: BenchmarkWriter, settings: BenchmarkSettings) -> dict[str, Any]:
        """Renders and writes it; returns its entry of views.json."""

    def description(self) -> dict[str, Any]:
        """Returns what views.json says of it besides its files."""
        told = {key: value for key, value in asdict(self).items() if key != "id"}
        return {"asset": f"{self.category}/{self.seed}", "object": self.object_name, **told}


@dataclass(frozen=True)
class SingleView(PlannedView):
    """One object alone before a neutral background, from anywhere around it (angles in degrees, see ``object_view.orbit``)."""

    draws: ClassVar[int] = 100
    any_side: ClassVar[bool] = True
    first_seed: ClassVar[int] = FIRST_BENCHMARK_SEED

    azimuth: float
    elevation: float
    roll: float

    @classmethod
    def drawn(cls, category: str, seed: int, rng: np.random.Generator) -> SingleView:
        """Returns a view from any azimuth; what lies on a table is rolled by any angle, half of the time."""
        return cls(f"{_word(category)}-{seed}", category, seed, *anywhere_around(build(category, seed), rng))

    @property
    def upright(self) -> bool:
        return abs(self.roll) <= UPRIGHT_DEG

    def stage(self, dressed: bool) -> ObjectStage:
        """Returns the object ready to be looked at, in its colours where it is to be ``dressed``."""
        if dressed:
            return ObjectStage(*dressed_object(self.category, self.seed))
        return ObjectStage(build(self.category, self.seed), _UNCOLOURED)

    def seen(self, settings: BenchmarkSettings) -> ObjectView | None:
        stage, camera = self.stage(dressed=False), STANDARD_CAMERA.resized(settings.size, settings.size)
        pose = orbit(stage.thing, camera, self.azimuth, self.elevation, self.roll)
        return stage.view(camera, pose, supersampling=0)

    def write(self, writer: BenchmarkWriter, settings: BenchmarkSettings) -> dict[str, Any]:
        pose = self.azimuth, self.elevation, self.roll
        task = ViewTask(self.category, self.seed, 0, *pose, settings.size, settings.supersampling)
        view = rendered(task, self.stage(dressed=True))
        return writer.write_view(self.id, view.color, view.mask, view.depth, view.camera.matrix, view.camera_from_object,
                                 self.description())


@dataclass(frozen=True)
class TabletopView(PlannedView):
    """One object among others on a table, as an RGB-D camera gives it: noise, holes, and sometimes something in front."""

    draws: ClassVar[int] = 2
    any_side: ClassVar[bool] = False  # a bowl that stands shows nobody its base
    first_seed: ClassVar[int] = 2 * FIRST_BENCHMARK_SEED

    @classmethod
    def drawn(cls, category: str, seed: int, rng: np.random.Generator) -> TabletopView:
        """Returns the scene that ``seed`` draws."""
        return cls(f"table-{_word(category)}-{seed}", category, seed)

    @property
    def upright(self) -> bool:
        return True

    def scene(self) -> TabletopScene:
        """Returns the scene; its object is called "target". Raises DegenerateGeometry where the table is too small for it."""
        return cluttered([build(self.category, self.seed)], np.random.default_rng([self.seed, 4]))

    def seen(self, settings: BenchmarkSettings) -> ObjectView | None:
        try:
            return _target_of(self.scene().view(supersampling=0))
        except DegenerateGeometry:
            return None

    def write(self, writer: BenchmarkWriter, settings: BenchmarkSettings) -> dict[str, Any]:
        view = self.scene().view(SensorNoiseSettings(), seed=self.seed, supersampling=settings.supersampling)
        return writer.write_view(self.id, view.frame.color, view.mask("target"), view.frame.depth, view.frame.camera.matrix,
                                 view.camera_from_object("target"), self.description())


def anywhere_around(thing: FunctionalObject, rng: np.random.Generator) -> tuple[float, float, float]:
    """Returns azimuth, elevation and roll [deg] of a camera anywhere around ``thing``; what lies is rolled by any angle, half of
    the time.
    """
    azimuth, elevation = float(rng.uniform(-180.0, 180.0)), float(rng.uniform(-60.0, 75.0))
    size = np.ptp(thing.vertices, axis=0)
    free = bool(size[2] < _LYING * size.max()) and rng.random() < 0.5
    return azimuth, elevation, float(rng.uniform(-1.0, 1.0)) * (180.0 if free else UPRIGHT_DEG)


def build(category: str, seed: int) -> FunctionalObject:
    """Returns object number ``seed`` of ``category``; raises BadBenchmark where it cannot be made."""
    try:
        return _built(category, seed)
    except Exception as error:
        raise BadBenchmark(f"category {category!r}, seed {seed}: {type(error).__name__}: {error}; a benchmark with a category "
                           "left out is another benchmark") from error


@lru_cache(maxsize=2)
def _built(category: str, seed: int) -> FunctionalObject:
    return drawn_object(category, seed)


def without_pictures(view: ObjectView) -> ObjectView:
    """Returns the view with only what the truth needs, thing, pose, mask and depth: hundreds of them are kept at once."""
    index = _blank(view.mask, -1, np.int64)
    return replace(view, color=_blank(view.mask, 0, np.uint8, 3), part_index=index, face_index=index,
                   points=_blank(view.mask, np.nan, np.float64, 3))


def _target_of(view: SceneView) -> ObjectView:
    """Returns the scene's object as if it were alone, as far as it is seen; ``points`` stay unknown."""
    mask, exact, index = view.mask("target"), view.exact, view.scene.index("target")
    return ObjectView(
        view.scene.objects[index].object, view.frame.camera, view.camera_from_object("target"), view.frame.color,
        depth=np.where(mask, exact.depth, np.float32(np.nan)), mask=mask, part_index=np.where(mask, exact.part_index, -1),
        face_index=np.where(mask, exact.face_index, -1), points=_blank(mask, np.nan, np.float64, 3),
    )


def _blank(mask: Bool[np.ndarray, "h w"], value: int | float, kind: type, *channels: int) -> np.ndarray:
    """Returns an image of one value that takes no memory."""
    return np.broadcast_to(np.array(value, dtype=kind), (*mask.shape, *channels))


def _word(text: str) -> str:
    return text.replace(" ", "-")
