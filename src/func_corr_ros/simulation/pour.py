# SPDX-License-Identifier: Apache-2.0
"""Pouring judged: grains lie in the vessel, it is tilted about the place where the outlet is believed, they are counted below."""
from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.materials import Material
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.open_vessels import Bowl
from func_corr_ros.data.objects.primitives import box
from func_corr_ros.data.ray_scene import PlacedObject, RayScene
from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.geometry.se3 import about_axis, inverse, make, transform_points
from func_corr_ros.simulation.convex_parts import convex_parts
from func_corr_ros.simulation.judgement import Judgement
from func_corr_ros.simulation.physical_world import PhysicalWorld, joined
from func_corr_ros.simulation.suite import Suite

FUNCTION = "pour-with"
GRAINS, GRAIN_RADIUS_M = 60, 0.004
# The outlet is held so far above the receiver's rim, and so far short of its middle, while the vessel turns about it.
HEIGHT_M, SHORT_M = 0.03, 0.025
# The tilt over time: slow where grains begin to go, so that they arrive over the rim and do not fly beyond the receiver.
TILT_S, TILT_DEG = (0.0, 0.5, 2.9, 3.3), (0.0, 60.0, 125.0, 150.0)
# It comes from so far behind and above, where its body is clear of the receiver, and is there once it is tilted so far.
ASIDE_M, ARRIVED_DEG = (-0.13, 0.0, 0.06), 80.0
SUCCESS_SHARE = 0.8
# The receiver stands on a post, so that a tall vessel finds room beside it.
FLOOR_M, _POST_M = -0.3, 0.035
_Y, _Z = np.eye(3)[1], np.eye(3)[2]


def suite() -> Suite:
    """Returns the suite: vessels with a handle, so that all of their pour frame is determined."""
    return Suite(
        name="pour", words="poured into a bowl", function=FUNCTION, categories=("mug", "pitcher", "saucepan"),
        judge=judge_pour, near_m=0.015, near_deg=15.0,
    )


@lru_cache(maxsize=1)
def receiver() -> FunctionalObject:
    """Returns the bowl that is poured into: the library's middle one."""
    return Bowl().build()


def _stand() -> FunctionalObject:
    low, high = np.array([-_POST_M, -_POST_M, FLOOR_M]), np.array([_POST_M, _POST_M, -0.002])
    return FunctionalObject("stand", *box(low, high, "body").mesh())


def judge_pour(thing: FunctionalObject, object_from_outlet: Float64[np.ndarray, "4 4"]) -> Judgement:
    """Returns what comes of pouring from ``thing`` where ``object_from_outlet`` is believed to be its outlet (x poured towards, z
    up): the share of grains in the receiver, and beside it. Raises DegenerateGeometry for a vessel that grains cannot be put in.
    """
    bowl, stand = receiver(), _stand()
    rim = float(bowl.vertices[:, 2].max())
    world = PhysicalWorld()
    world.add_floor(FLOOR_M)
    world.add_carried("receiver", convex_parts(bowl), np.eye(4))
    world.add_carried("stand", (stand.vertices,), np.eye(4))
    outlet_from_object = inverse(object_from_outlet)
    start = poured_pose(0.0, rim) @ outlet_from_object
    upright = _upright(start)
    world.add_carried("vessel", convex_parts(thing), upright)
    grains = world.add_grains(transform_points(upright, filling(thing)), GRAIN_RADIUS_M)
    world.begin()
    filled = world.run(0.3)
    turned = world.run(0.4, lambda t: world.carry("vessel", _between(upright, start, t / 0.4)))
    poured = world.run(TILT_S[-1], lambda t: world.carry("vessel", poured_pose(t, rim) @ outlet_from_object))
    rested = world.run(0.6)
    places = world.places(grains)
    radius = float(np.linalg.norm(bowl.vertices[:, :2], axis=1).max())
    low, near = places[:, 2] < rim + GRAIN_RADIUS_M, np.linalg.norm(places[:, :2], axis=1) < radius
    landed, spilled = float(np.mean(low & near & (places[:, 2] > 0.0))), float(np.mean(low & ~(near & (places[:, 2] > 0.0))))
    return Judgement(
        success=landed >= SUCCESS_SHARE, measures={"landed": landed, "spilled": spilled, "kept": 1.0 - landed - spilled},
        recording=joined([filled, turned, poured, rested]), bodies={"receiver": bowl, "stand": stand, "vessel": thing},
        grain_radius=GRAIN_RADIUS_M, floor_m=FLOOR_M,
    )


def poured_pose(t: float, rim: float) -> Float64[np.ndarray, "4 4"]:
    """Returns ``world_from_outlet`` at ``t`` seconds of the pour: tilted by TILT_DEG, at first ASIDE_M from where it pours."""
    tilt = float(np.interp(t, TILT_S, TILT_DEG))
    pose = outlet_pose(math.radians(tilt), rim)
    return make(pose[:3, :3], pose[:3, 3] + max(1.0 - tilt / ARRIVED_DEG, 0.0) * np.array(ASIDE_M))


def outlet_pose(tilt: float, rim: float) -> Float64[np.ndarray, "4 4"]:
    """Returns ``world_from_outlet`` where it pours into a receiver at the origin whose rim is at height ``rim``: the outlet stays
    where it is, the vessel turns about it by ``tilt`` radians.
    """
    return make(about_axis(_Y, tilt), np.array([-SHORT_M, 0.0, rim + HEIGHT_M]))


def filling(thing: FunctionalObject) -> Float64[np.ndarray, "n 3"]:
    """Returns where GRAINS lie in the upright vessel, in its frame, in layers upon its floor around its axis, where one can look
    down to the floor. Raises DegenerateGeometry where fewer find room.
    """
    top = float(thing.vertices[:, 2].max())
    pitch = 2.05 * GRAIN_RADIUS_M
    reach = float(np.abs(thing.vertices[:, :2]).max())
    steps = np.arange(-reach, reach, pitch)
    x, y = (grid.ravel() for grid in np.meshgrid(steps, steps))
    floor = _floor(thing, x, y, top)
    inside = np.isfinite(floor) & (floor < 0.5 * top) & (_clear(thing, x, y, top) < 0.5 * top)
    low = float(floor[inside].min()) if inside.any() else 0.0
    inside &= floor < low + 0.3 * (top - low)
    x, y, floor = x[inside], y[inside], floor[inside]
    inmost = np.argsort(np.hypot(x, y))[: GRAINS // 3]
    layers = [np.stack([x, y, floor + (0.7 + number) * pitch], axis=1)[inmost]
              for number in range(int(0.6 * (top - low) / pitch))]
    points = np.concatenate(layers) if layers else np.zeros((0, 3))
    if len(points) < GRAINS:
        raise DegenerateGeometry(f"{len(points)} grains of {1e3 * GRAIN_RADIUS_M:.0f} mm find room in this {thing.category}; "
                                 f"{GRAINS} are needed")
    return points[:GRAINS]


def _floor(
    thing: FunctionalObject, x: Float64[np.ndarray, " n"], y: Float64[np.ndarray, " n"], top: float
) -> Float64[np.ndarray, " n"]:
    """Returns the height of what is seen from straight above, NaN beside the object."""
    scene = RayScene([PlacedObject(thing, np.eye(4), {"": Material((0.5, 0.5, 0.5))})])
    origins = np.stack([x, y, np.full(len(x), 2.0 * top)], axis=1)
    down = np.broadcast_to(-_Z, origins.shape)
    face = scene.first_hit(origins, down)
    height = np.full(len(x), np.nan)
    hit = face >= 0
    height[hit] = 2.0 * top - scene.distance(origins[hit], down[hit], face[hit])
    return height


def _clear(
    thing: FunctionalObject, x: Float64[np.ndarray, " n"], y: Float64[np.ndarray, " n"], top: float
) -> Float64[np.ndarray, " n"]:
    """Returns the greatest height seen from above within a grain's width: grains keep off the wall."""
    around = [2.0 * GRAIN_RADIUS_M * np.array([math.cos(a), math.sin(a)]) for a in np.arange(8) * math.pi / 4.0]
    return np.max([np.nan_to_num(_floor(thing, x + dx, y + dy, top), nan=np.inf) for dx, dy in around], axis=0)


def _upright(pose: Float64[np.ndarray, "4 4"]) -> Float64[np.ndarray, "4 4"]:
    """Returns ``pose`` with the object's z axis turned straight up, the shortest way."""
    axis = np.cross(pose[:3, 2], _Z)
    length = float(np.linalg.norm(axis))
    if length < 1e-9:
        return pose
    angle = math.atan2(length, float(pose[2, 2]))
    return make(about_axis(axis / length, angle) @ pose[:3, :3], pose[:3, 3])


def _between(a: Float64[np.ndarray, "4 4"], b: Float64[np.ndarray, "4 4"], share: float) -> Float64[np.ndarray, "4 4"]:
    """Returns the pose at ``share`` of the way from a to b: straight, and turning evenly about one axis."""
    from scipy.spatial.transform import Rotation

    turn = Rotation.from_matrix(b[:3, :3] @ a[:3, :3].T).as_rotvec()
    return make(Rotation.from_rotvec(share * turn).as_matrix() @ a[:3, :3], (1.0 - share) * a[:3, 3] + share * b[:3, 3])
