# SPDX-License-Identifier: Apache-2.0
"""Pairs of a demonstration and an unseen instance, each alone on a rendered table, and the true pose."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from func_corr_ros.correspondence.correspond import Correspondence
from func_corr_ros.correspondence.model import Matches
from func_corr_ros.data.functional_truth import visible_pairs
from func_corr_ros.data.library_demonstration import OBJECT, draw_object, library_demonstration, sensed, view_of
from func_corr_ros.data.objects import FUNCTIONS
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.sensor_noise import SensorNoiseSettings
from func_corr_ros.data.splits import FIRST_BENCHMARK_SEED, split_of
from func_corr_ros.data.tabletop_scene import SceneView
from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.evaluation.pose_error import PoseError, free_turns, pose_error
from func_corr_ros.transfer.demonstration import Demonstration
from func_corr_ros.transfer.transfer import Transfer

# Instances lie beyond those of training and of the benchmark of correspondences.
_FIRST_SEED = 10 * FIRST_BENCHMARK_SEED
_REDRAWS = 8


@dataclass(frozen=True)
class TransferCase:
    """A function shown on one object (``shown``) that is to be carried to another (``live``); both views are a perfect sensor's
    until :meth:`sensed`.
    """

    id: str
    function: str
    shown: SceneView
    live: SceneView

    @property
    def things(self) -> tuple[FunctionalObject, FunctionalObject]:
        """The shown object and the live one."""
        shown, live = (view.scene.objects[view.scene.index(OBJECT)].object for view in (self.shown, self.live))
        return shown, live

    @property
    def within_category(self) -> bool:
        """Whether both are of one category."""
        shown, live = self.things
        return shown.category == live.category

    @property
    def split(self) -> str:
        """What training saw of it: see :func:`split_of`."""
        return split_of(self.function, *(thing.category for thing in self.things))

    def sensed(self, noise: SensorNoiseSettings | None, seed: int = 0) -> TransferCase:
        """Returns the same case as a sensor with ``noise`` sees it (None: perfectly)."""
        return replace(self, shown=sensed(self.shown, noise, 2 * seed), live=sensed(self.live, noise, 2 * seed + 1))

    def demonstration(self) -> Demonstration:
        """Returns what is shown, recorded."""
        return library_demonstration(self.shown, self.function, self.id)

    def error(self, outcome: Transfer) -> PoseError:
        """Returns the error of the action frame, modulo what the function leaves free."""
        shown, live = self.things
        in_camera = self.live.camera_from_object(OBJECT)
        turns = in_camera @ free_turns(shown, live, self.function) @ np.linalg.inv(in_camera)
        size = float(np.ptp(live.vertices, axis=0).max())
        true = self.live.camera_from_function(OBJECT, self.function)
        return pose_error(outcome.phase("action").camera_from_tool, true, turns, size)

    def yaw_deg(self) -> float:
        """Returns by how much the live object is turned against the shown one, as the cameras see them, 0..180."""
        headings = [_heading(view) for view in (self.shown, self.live)]
        return abs((np.degrees(headings[1] - headings[0]) + 180.0) % 360.0 - 180.0)


def draw_cases(
    function: str, categories: Sequence[str], count: int, *, first: int = 0
) -> Iterator[TransferCase]:
    """Yields ``count`` cases of ``function`` between ``categories`` that serve it, every other one within a category; the same
    arguments give the same cases, and each case is the same whatever ``count`` is.
    """
    for number in range(first, first + count):
        rng = np.random.default_rng([_FIRST_SEED, list(FUNCTIONS).index(function), number])
        for _ in range(_REDRAWS):
            shown = str(rng.choice(categories))
            others = [name for name in categories if name != shown]
            live = shown if number % 2 == 0 or not others else str(rng.choice(others))
            try:
                views = [view_of(draw_object(name, rng), function, rng, grasp=name is shown and k == 0)
                         for k, name in enumerate((shown, live))]
            except DegenerateGeometry:
                continue  # this instance never shows what the function needs
            yield TransferCase(f"{function.replace(' ', '-')}-{number:03d}", function, *views)
            break


def categories_by_function(categories: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Returns which of ``categories`` serve each function."""
    serving: dict[str, list[str]] = {function: [] for function in FUNCTIONS}
    for name in categories:
        for function in draw_object(name, np.random.default_rng(0)).functional_frames:
            serving[function].append(name)
    return {function: tuple(names) for function, names in serving.items() if names}


def true_correspondence(case: TransferCase) -> Correspondence:
    """Returns the oracle's: exact matches of all points of the serving parts that both cameras see, sure of themselves."""
    truth = visible_pairs(case.live.alone(OBJECT), case.shown.alone(OBJECT), case.function)
    ones = np.ones(len(truth.a), dtype=np.float32)
    matches = Matches(truth.a, truth.b, ones, 0.0 * ones, ones > 0, ones, ones, 1.0, ones > 0)
    return Correspondence(1, matches, ones, 1, False, 1.0, {1: 1.0}, {})


def _heading(view: SceneView) -> float:
    """Returns the azimuth [rad], seen along the camera's view onto the table, of the object's x axis."""
    up = view.support.normal
    ahead = np.array([0.0, 0.0, 1.0]) - up[2] * up
    right = np.cross(ahead, up)
    frame = view.camera_from_object(OBJECT)[:3, :3] @ np.array([1.0, 0.0, 0.0])
    return float(np.arctan2(frame @ right, frame @ ahead))
