# SPDX-License-Identifier: Apache-2.0
"""What a trial begins with, drawn from its seed: a demonstration on one object, and another object on another table."""
from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pkgutil import resolve_name

import numpy as np
from jaxtyping import Bool, Float64

from func_corr_ros.data.clutter import companion
from func_corr_ros.data.dress import dress
from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.data.ray_scene import PlacedObject
from func_corr_ros.data.sensor_noise import SensorNoiseSettings
from func_corr_ros.data.splits import FIRST_BENCHMARK_SEED
from func_corr_ros.data.tabletop_scene import SceneView, TabletopScene, looking_down, on_table
from func_corr_ros.errors import BadSettings
from func_corr_ros.geometry.se3 import inverse
from func_corr_ros.segmentation.given_mask import GivenMaskSegmenter
from func_corr_ros.settings import setting
from func_corr_ros.simulation.suite import Suite
from func_corr_ros.transfer.demonstration import Demonstration, Phase, keypoint_at

PHASE, KEYPOINT, TARGET = "action", "place", "target"
# The place that the demonstration is about must be seen on this many pixels.
_LEAST_SEEN_PX = 25
_ATTEMPTS = 12
_LENGTH_SHARE = 0.42


@dataclass(frozen=True)
class StagingSettings:
    """How trials are drawn; objects come from seeds that no training has seen (``data.splits``)."""

    seed: int = setting(0, "trials of the same seed are the same for every method", at_least=0)
    instances: int = setting(4, "objects of each category that are acted with, in turn; each is cut for physics once", at_least=1)
    demonstrations: int = setting(2, "objects of each category that are demonstrated with, others than those", at_least=1)
    turn_deg: float = setting(45.0, "most that the object is turned against the demonstration's", unit="deg", at_most=180.0)
    noise: float = setting(1.0, "depth and colour noise, in units of a RealSense D435's; 0 is a perfect sensor", at_least=0.0)
    clutter: int = setting(0, "other things on the table", at_least=0, at_most=4)
    supersampling: int = setting(1, "rays per pixel and direction of the colour picture", at_least=1, at_most=4)


@dataclass(frozen=True)
class Trial:
    """One trial before anything is tried: what was shown, on what, and what the camera sees now. ``view`` knows the truth, of
    which methods are given ``view.frame`` alone.
    """

    number: int
    demonstration: Demonstration
    shown: str
    acted: str
    view: SceneView

    @property
    def relation(self) -> str:
        """"within" where both objects are of one category, else "across"."""
        return "within" if self.shown == self.acted else "across"

    @property
    def thing(self) -> FunctionalObject:
        """The object that is acted with."""
        return self.view.scene.objects[self.view.scene.index(TARGET)].object


def staged(suite: Suite, number: int, settings: StagingSettings = StagingSettings()) -> Trial:
    """Returns trial ``number``: even ones within a category, odd ones across, all pairs of the suite's categories in turn."""
    shown, acted = _pair(suite.categories, number)
    rng = np.random.default_rng([settings.seed, number])
    demonstration, yaw = _demonstration(suite, shown, number % settings.demonstrations, settings)
    thing = instance(acted, (number // 2 + settings.seed) % settings.instances)
    turned = yaw + float(rng.uniform(-settings.turn_deg, settings.turn_deg))
    return Trial(number, demonstration, shown, acted, _view(thing, turned, rng, settings, settings.clutter))


def instance(category: str, number: int) -> FunctionalObject:
    """Returns object ``number`` of a category; the same number gives the same object."""
    if category not in CATEGORIES:
        raise BadSettings(f"no category {category!r} in the library of objects")
    rng = np.random.default_rng(FIRST_BENCHMARK_SEED + number)
    built: FunctionalObject = draw(resolve_name(CATEGORIES[category]), rng).build()
    return built


def marking(view: SceneView, suite: Suite) -> Bool[np.ndarray, "h w"]:
    """Returns the pixels among which a person would mark the place that the suite is about: the part that serves the function, or
    that is gripped.
    """
    if not suite.grasp:
        return view.serves(TARGET, suite.function)
    thing = view.scene.objects[view.scene.index(TARGET)].object
    parts = [name for name in ("handle", "grip", "shaft", "neck", suite.grasp) if name in thing.part_names]
    return view.part_mask(TARGET, parts[0]) if parts else view.mask(TARGET)


def _pair(categories: tuple[str, ...], number: int) -> tuple[str, str]:
    turn, count = number // 2, len(categories)
    shown = categories[turn % count]
    if number % 2 == 0 or count == 1:
        return shown, shown
    step = 1 + (turn // count) % (count - 1)
    return shown, categories[(turn + step) % count]


@lru_cache(maxsize=64)
def _demonstration(suite: Suite, category: str, number: int, settings: StagingSettings) -> tuple[Demonstration, float]:
    """Returns the demonstration and the yaw [deg] its object stands at: from the side, the marked place towards the camera."""
    thing = instance(category, settings.instances + 100 + number)
    best = None
    for attempt in range(_ATTEMPTS):
        rng = np.random.default_rng([settings.seed, number, attempt, 7])
        yaw = (90.0 if attempt % 2 == 0 else 270.0) + float(rng.uniform(-20.0, 20.0))
        view = _view(thing, yaw, rng, settings, 0)
        seen = int(marking(view, suite).sum())
        if best is None or seen > best[0]:
            best = seen, yaw, view
        if attempt >= 1 and best[0] >= _LEAST_SEEN_PX:
            break
    assert best is not None
    return _shown(suite, category, number, best[2]), best[1]


def _shown(suite: Suite, category: str, number: int, view: SceneView) -> Demonstration:
    frame, mask, marked = view.frame, view.mask(TARGET), marking(view, suite)
    camera_from_tool = view.camera_from_object(TARGET) @ suite.object_from_tool(view.scene.objects[0].object)
    uv, _ = frame.camera.project(camera_from_tool[:3, 3])
    rows, columns = np.nonzero(marked & np.isfinite(frame.depth))
    if not len(rows):
        raise BadSettings(f"suite {suite.name}: the place marked on a {category} is hidden in its picture; take another seed")
    nearest = np.hypot(columns - uv[0], rows - uv[1]).argmin()
    name = f"{suite.name}_{category.replace(' ', '_')}_{number}"
    return Demonstration(
        id=name, function=suite.function, object=category, frame=frame, mask=mask,
        keypoints=(keypoint_at(frame, KEYPOINT, (float(columns[nearest]), float(rows[nearest])), mask),),
        phases=(Phase(PHASE, suite.tool_link, KEYPOINT, camera_from_tool),),
        support=GivenMaskSegmenter(mask).segment(frame).support,
    )


def _view(thing: FunctionalObject, yaw: float, rng: np.random.Generator, settings: StagingSettings, clutter: int) -> SceneView:
    x, y = rng.uniform(-0.03, 0.03), rng.uniform(-0.05, 0.05)
    size, height = float(np.ptp(thing.vertices, axis=0).max()), float(thing.vertices[:, 2].max())
    placed = [PlacedObject(thing, on_table(x, y, yaw), dress(thing, rng), TARGET), *_beside(clutter, size, rng)]
    distance = max(0.5, size / _LENGTH_SHARE * 615.0 / 640.0)
    eye = looking_down(distance, float(rng.uniform(36.0, 46.0)), float(rng.uniform(-8.0, 8.0)), 0.4 * height)
    noise = SensorNoiseSettings(
        disparity_sigma=0.08 * settings.noise, color_sigma=2.5 * settings.noise, blobs=6.0 * min(settings.noise, 1.0)
    ) if settings.noise > 0.0 else None
    return TabletopScene(tuple(placed), eye).view(noise, seed=int(rng.integers(1 << 31)), supersampling=settings.supersampling)


def _beside(count: int, size: float, rng: np.random.Generator) -> list[PlacedObject]:
    """Returns things that stand behind the object and to its sides, clear of it."""
    placed = []
    for number in range(count):
        thing = companion(rng)
        angle = math.radians((-75.0, 75.0, -30.0, 30.0)[number] + float(rng.uniform(-8.0, 8.0)))
        away = 0.5 * size + 0.5 * float(np.ptp(thing.vertices, axis=0)[:2].max()) + 0.06
        pose = on_table(away * math.cos(angle), away * math.sin(angle), float(rng.uniform(0.0, 360.0)))
        placed.append(PlacedObject(thing, pose, dress(thing, rng), f"other{number}"))
    return placed


def true_pose(trial: Trial, suite: Suite) -> Float64[np.ndarray, "4 4"]:
    """Returns camera_from_tool as a perfect transfer gives it."""
    return trial.view.camera_from_object(TARGET) @ suite.object_from_tool(trial.thing)


def believed(trial: Trial, camera_from_tool: Float64[np.ndarray, "4 4"]) -> Float64[np.ndarray, "4 4"]:
    """Returns object_from_tool of an answer given in the camera's frame."""
    return inverse(trial.view.camera_from_object(TARGET)) @ camera_from_tool
