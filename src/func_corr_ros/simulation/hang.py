# SPDX-License-Identifier: Apache-2.0
"""Hanging judged: the object is put over a peg where its handle's loop is believed, and let go; what still hangs was hung."""
from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.materials import Material
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.primitives import box, rod, union
from func_corr_ros.data.ray_scene import PlacedObject, RayScene
from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.geometry.se3 import inverse, make, transform_points
from func_corr_ros.optional import require
from func_corr_ros.simulation.convex_parts import convex_parts
from func_corr_ros.simulation.grasp import DENSITY, lowest, volume
from func_corr_ros.simulation.judgement import Judgement
from func_corr_ros.simulation.physical_world import PhysicalWorld, joined
from func_corr_ros.simulation.suite import Suite

FUNCTION = "hang-onto"
# The peg stands out of a wall along -y, and points up a little, so that what hangs does not slide off [m].
PEG_RADIUS_M, PEG_LENGTH_M, PEG_RISE_M = 0.004, 0.14, 0.0525
# The object comes from before the peg's end to the middle of it, and is let go [m, s].
BEFORE_M, COMING_S, LET_GO_S = 0.1, 0.7, 1.6
# A peg's surface comes so near to the bar that will rest on it [m].
CLEAR_M = 0.006
# What hangs has sunk by no more than its loop's play; what falls goes to the floor [m].
FLOOR_M, SUNK_M = -0.7, 0.12
# Which way the free space lies from the middle of the bar: between a vessel and its handle.
_INWARD = {"mug": np.array([-1.0, 0.0, 0.0]), "pitcher": np.array([-1.0, 0.0, 0.0])}
_THICKEST_M = 0.03
# A ray goes on so far beyond a surface that it met [m].
_SKIN_M = 1e-4


def suite() -> Suite:
    """Returns the suite: vessels hung on a peg by their handles; what is carried over is where the peg belongs."""
    return Suite(
        name="hang", words="put on a peg and let go", function=FUNCTION, categories=("mug", "pitcher"),
        judge=judge_hang, near_m=0.008, near_deg=20.0, tool=object_from_peg,
    )


def object_from_peg(thing: FunctionalObject) -> Float64[np.ndarray, "4 4"]:
    """Returns the functional frame of hanging, moved from the middle of the bar to where a peg's middle is, clear of the bar by
    CLEAR_M. Raises DegenerateGeometry for a category of which the way to the free space is not known, or without one.
    """
    frame, inward = _loop(thing)
    scene = _scene(thing)
    thickness = _distance(scene, frame[None, :3, 3], inward)[0]
    if not thickness < _THICKEST_M:
        raise DegenerateGeometry(f"no bar of less than {1e3 * _THICKEST_M:.0f} mm where this {thing.category} is hung")
    return make(frame[:3, :3], frame[:3, 3] + (thickness + PEG_RADIUS_M + CLEAR_M) * inward)


def judge_hang(thing: FunctionalObject, object_from_peg: Float64[np.ndarray, "4 4"]) -> Judgement:
    """Returns what comes of hanging ``thing`` where ``object_from_peg`` is believed to be the peg (y along it, z up): how far it
    sank after it was let go.
    """
    mujoco = require("mujoco")
    world = PhysicalWorld(time_step=0.001)
    world.hold_still()
    world.add_floor(FLOOR_M)
    peg = _peg()
    world.add_carried("peg", (peg.vertices,), np.eye(4))
    world.add_carried("board", (_board().vertices,), np.eye(4))
    peg_from_object = inverse(object_from_peg)
    start = _before(BEFORE_M) @ peg_from_object
    world.add_free("object", convex_parts(thing), start, DENSITY * volume(thing))
    world.add_carried("guide", (), start)
    weld = world.spec.add_equality(name="held", type=mujoco.mjtEq.mjEQ_WELD, name1="guide", name2="object",
                                   objtype=mujoco.mjtObj.mjOBJ_BODY)
    weld.data[:11] = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    weld.solref, weld.solimp = (0.01, 1.0), (0.98, 0.999, 0.001, 0.5, 2.0)
    world.begin()
    came = world.run(
        COMING_S + 0.1, lambda t: world.carry("guide", _before(BEFORE_M * (1.0 - min(t / COMING_S, 1.0))) @ peg_from_object)
    )
    let_go = float(world.pose("object")[2, 3])
    world.data.eq_active[world.model.equality("held").id] = 0
    hung = world.run(LET_GO_S)
    sunk = let_go - float(world.pose("object")[2, 3])
    on_floor = lowest(thing, world.pose("object")) < FLOOR_M + 0.01
    by_handle = is_through_loop(thing, transform_points(inverse(world.pose("object")), np.stack(_peg_ends())))
    return Judgement(
        success=sunk < SUNK_M and not on_floor and by_handle, measures={"sunk_m": sunk, "by_handle": float(by_handle)},
        recording=joined([came, hung]),
        bodies={"object": thing, "peg": peg, "board": _board()}, floor_m=FLOOR_M,
    )


def is_through_loop(thing: FunctionalObject, peg: Float64[np.ndarray, "2 3"]) -> bool:
    """Returns whether a peg with these ends, in the object's frame [m], goes through the loop that ``thing`` is hung by: it meets
    the handle's plane where only the bar is outward of it and the vessel is inward. One over whose end a mug is put by its
    rim meets it inside the vessel.
    """
    frame, inward = _loop(thing)
    ends = transform_points(inverse(frame), peg)
    if ends[0, 1] * ends[1, 1] >= 0.0:
        return False
    share = ends[0, 1] / (ends[0, 1] - ends[1, 1])
    place, scene = peg[0] + share * (peg[1] - peg[0]), _scene(thing)
    return _pieces(scene, place, -inward) == 1 and _pieces(scene, place, inward) >= 1


def _loop(thing: FunctionalObject) -> tuple[Float64[np.ndarray, "4 4"], Float64[np.ndarray, "3"]]:
    """Returns the functional frame in the middle of the bar, y across the loop, and the way from it to the vessel."""
    if thing.category not in _INWARD:
        raise DegenerateGeometry(f"where a peg goes through a {thing.category} is not known; it is of {', '.join(_INWARD)}")
    frame = thing.object_from_function(FUNCTION)
    return frame, frame[:3, :3] @ _INWARD[thing.category]


def _scene(thing: FunctionalObject) -> RayScene:
    return RayScene([PlacedObject(thing, np.eye(4), {"": Material((0.5, 0.5, 0.5))})])


def _pieces(scene: RayScene, origin: Float64[np.ndarray, "3"], direction: Float64[np.ndarray, "3"]) -> int:
    """Returns how many pieces of matter a ray from a place in the air goes through."""
    crossed, place = 0, origin
    while np.isfinite(distance := _distance(scene, place[None], direction)[0]):
        crossed, place = crossed + 1, place + (distance + _SKIN_M) * direction
    return (crossed + 1) // 2


def _before(distance: float) -> Float64[np.ndarray, "4 4"]:
    """Returns world_from_peg as far before its place on the peg, along it, so that the peg stays in the loop."""
    return make(np.eye(3), np.array([0.0, -distance, distance * PEG_RISE_M / PEG_LENGTH_M]))


def _distance(
    scene: RayScene, origins: Float64[np.ndarray, "n 3"], direction: Float64[np.ndarray, " 3"]
) -> Float64[np.ndarray, " n"]:
    """Returns how far the surface is along ``direction`` from each origin, from within too, NaN where there is none."""
    ways = np.broadcast_to(direction, origins.shape)
    face = scene.first_hit(origins, ways)
    found = np.full(len(origins), np.nan)
    hit = face >= 0
    found[hit] = scene.distance(origins[hit], ways[hit], face[hit])
    return found


def _peg_ends() -> tuple[Float64[np.ndarray, "3"], Float64[np.ndarray, "3"]]:
    half = 0.5 * PEG_LENGTH_M
    return np.array([0.0, half, -0.5 * PEG_RISE_M]), np.array([0.0, -half, 0.5 * PEG_RISE_M])


def _peg() -> FunctionalObject:
    return FunctionalObject("peg", *rod(*_peg_ends(), PEG_RADIUS_M, "body").mesh())


def _board() -> FunctionalObject:
    low, high = np.array([-0.12, 0.5 * PEG_LENGTH_M, -0.12]), np.array([0.12, 0.5 * PEG_LENGTH_M + 0.015, 0.12])
    return FunctionalObject("board", *union([box(low, high, "body")]).mesh())
