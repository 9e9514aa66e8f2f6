# SPDX-License-Identifier: Apache-2.0
"""Cluttered tables: objects that count among others that stand about, some of them in front, never one inside another."""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pkgutil import resolve_name

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.dress import SUBSTANCES, drawn_material, dress
from func_corr_ros.data.lighting import Lamp, Lighting
from func_corr_ros.data.materials import Material
from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.data.ray_scene import PlacedObject
from func_corr_ros.data.render import render
from func_corr_ros.data.tabletop_scene import OAK, REALSENSE, TABLE_SIZE_M, TabletopScene, looking_down, on_table
from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.geometry.camera import PinholeCamera

# What stands about on tables.
COMPANIONS = ("bottle", "bowl", "can", "carton", "jar", "mug", "pen", "pitcher", "spoon", "toothbrush")
_GAP_M = 0.012
_OCCLUDER_SHARE = 0.35
_ATTEMPTS = 40


@dataclass(frozen=True)
class _Footprint:
    """The box an object takes of the table, turned with it: middle (2), half sizes (2) and axes (rows)."""

    middle: Float64[np.ndarray, " 2"]
    half: Float64[np.ndarray, " 2"]
    axes: Float64[np.ndarray, "2 2"]

    def reach(self, axis: Float64[np.ndarray, " 2"]) -> float:
        """Returns how far the box reaches from its middle along a unit ``axis``."""
        return float(self.half @ np.abs(self.axes @ axis))

    def overlaps(self, other: _Footprint) -> bool:
        """Returns whether no line parts the two boxes (theorem of the separating axis), a gap between them counted in."""
        apart = other.middle - self.middle
        return all(abs(apart @ axis) < self.reach(axis) + other.reach(axis) + _GAP_M for axis in (*self.axes, *other.axes))

    @property
    def on_table(self) -> bool:
        """Whether all of the box lies on the table."""
        reach = np.array([self.reach(axis) for axis in np.eye(2)])
        return bool((np.abs(self.middle) + reach <= np.array(TABLE_SIZE_M) / 2.0).all())


def cluttered(
    targets: Sequence[FunctionalObject], rng: np.random.Generator, *, others: Sequence[FunctionalObject] | None = None,
    camera: PinholeCamera = REALSENSE, least_seen: float = 0.4,
) -> TabletopScene:
    """Returns ``targets`` (named "target", "target1", ...) near the middle of a table among ``others`` ("other0", ...), all
    turned and dressed at random; None draws 2 to 6 COMPANIONS. Now and then one of them stands in front, but at least
    ``least_seen`` of what the camera would see of each target alone is seen. Table, lamps and camera are drawn too, the same
    ``rng`` giving the same scene. Raises DegenerateGeometry where they find no room.
    """
    beside = [companion(rng) for _ in range(int(rng.integers(2, 7)))] if others is None else list(others)
    names = ["target" if i == 0 else f"target{i}" for i in range(len(targets))]
    looks = [dress(thing, rng) for thing in (*targets, *beside)]
    table, lighting = _table(rng), _lighting(rng)
    for _ in range(_ATTEMPTS):
        azimuth, eye = _eye(targets, camera, rng)
        poses = _poses(targets, beside, azimuth, rng)
        if poses is None:
            continue
        labels = [*names, *(f"other{i}" for i in range(len(beside)))]
        placed = tuple(PlacedObject(thing, pose, look, label)
                       for thing, pose, look, label in zip((*targets, *beside), poses, looks, labels, strict=True))
        scene = TabletopScene(placed, eye, camera, table, lighting)
        if min(seen_shares(scene, len(targets)), default=1.0) >= least_seen:
            return scene
    raise DegenerateGeometry(f"{', '.join(thing.category for thing in targets)} and {len(beside)} other objects found no place "
                             f"in {_ATTEMPTS} attempts; give fewer others or a smaller least_seen")


def companion(rng: np.random.Generator) -> FunctionalObject:
    """Returns an object, drawn at random, that stands about on tables."""
    category = COMPANIONS[int(rng.integers(len(COMPANIONS)))]
    built: FunctionalObject = draw(resolve_name(CATEGORIES[category]), rng).build()
    return built


def seen_shares(scene: TabletopScene, first: int | None = None) -> list[float]:
    """Returns for each of the ``first`` objects (all when None) how much the camera sees of it, as a share of what a camera with
    twice the picture would see of it alone.
    """
    small = scene.camera.resized(scene.camera.width // 3, scene.camera.height // 3)
    alone = small.cropped(-(small.width // 2), -(small.height // 2), 2 * small.width, 2 * small.height)
    together = render(scene.objects, small, scene.world_from_camera, supersampling=0)
    shares = []
    for index, item in enumerate(scene.objects[:first]):
        whole = render([item], alone, scene.world_from_camera, supersampling=0).mask(0).sum()
        shares.append(float(together.mask(index).sum() / max(whole, 1)))
    return shares


def _poses(
    targets: Sequence[FunctionalObject], others: Sequence[FunctionalObject], azimuth: float, rng: np.random.Generator
) -> list[Float64[np.ndarray, "4 4"]] | None:
    """Returns ``world_from_object`` of each object, none over another; None where that fails."""
    poses: list[Float64[np.ndarray, "4 4"]] = []
    taken: list[_Footprint] = []
    towards_eye = -np.array([math.cos(azimuth), math.sin(azimuth)])
    for number, thing in enumerate((*targets, *others)):
        in_front = number == len(targets) > 0 and rng.random() < _OCCLUDER_SHARE
        for attempt in range(_ATTEMPTS):
            if number < len(targets):
                middle = rng.normal(0.0, 0.03 + 0.01 * attempt, 2)
            elif in_front:
                away = taken[0].reach(towards_eye) + rng.uniform(0.05, 0.1) + 0.005 * attempt
                middle = taken[0].middle + away * towards_eye + rng.normal(0.0, 0.03, 2)
            else:
                middle = rng.uniform([-0.25, -0.45], [0.45, 0.45])
            pose = on_table(float(middle[0]), float(middle[1]), float(rng.uniform(0.0, 360.0)))
            footprint = _footprint(thing, pose)
            if footprint.on_table and not any(footprint.overlaps(other) for other in taken):
                poses.append(pose)
                taken.append(footprint)
                break
        else:
            return None
    return poses


def _footprint(thing: FunctionalObject, pose: Float64[np.ndarray, "4 4"]) -> _Footprint:
    low, high = thing.vertices[:, :2].min(axis=0), thing.vertices[:, :2].max(axis=0)
    return _Footprint(pose[:2, :2] @ (0.5 * (low + high)) + pose[:2, 3], 0.5 * (high - low), pose[:2, :2].T)


def _eye(
    targets: Sequence[FunctionalObject], camera: PinholeCamera, rng: np.random.Generator
) -> tuple[float, Float64[np.ndarray, "4 4"]]:
    """Returns azimuth [rad] and pose of a camera from which the largest target spans a third to a half of the picture."""
    size = max((float(np.ptp(thing.vertices, axis=0).max()) for thing in targets), default=0.15)
    height = max((float(thing.vertices[:, 2].max()) for thing in targets), default=0.1)
    distance = max(size * camera.fy / (camera.height * float(rng.uniform(0.33, 0.5))), 0.45)
    azimuth = float(rng.uniform(-25.0, 25.0))
    return math.radians(azimuth), looking_down(distance, float(rng.uniform(28.0, 60.0)), azimuth, 0.5 * height)


def _table(rng: np.random.Generator) -> Material:
    """Returns the table's top: oak as a rule, or painted, stone or cloth."""
    choice = int(rng.integers(5))
    if choice < 2:
        return OAK
    return drawn_material(SUBSTANCES[("plastic", "stone", "fabric")[choice - 2]], 0.3, rng, print_share=0.3)


def _lighting(rng: np.random.Generator) -> Lighting:
    """Returns the usual room's lamps, moved, stronger or weaker, warmer or cooler."""
    def varied(lamp: Lamp) -> Lamp:
        x, y, z = (np.array(lamp.position) + rng.uniform(-0.5, 0.5, 3)).tolist()
        red, green, blue = (np.array(lamp.power) * rng.uniform(0.7, 1.2) * rng.uniform(0.92, 1.08, 3)).tolist()
        return Lamp((x, y, max(z, 0.9)), (red, green, blue), lamp.radius, lamp.rays)

    return Lighting(tuple(varied(lamp) for lamp in Lighting().lamps))
