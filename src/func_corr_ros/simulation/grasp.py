# SPDX-License-Identifier: Apache-2.0
"""Grasping judged: a parallel gripper comes, closes, lifts and shakes; what it then still holds was grasped."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.geometry.se3 import make, quaternion_xyzw
from func_corr_ros.optional import require
from func_corr_ros.simulation.convex_parts import convex_parts
from func_corr_ros.simulation.judgement import Judgement
from func_corr_ros.simulation.physical_world import PhysicalWorld, joined
from func_corr_ros.simulation.suite import Suite

# Fingers reach from behind to a little beyond the grasp's origin; halves of their size across, in closing direction and along
# [m].
TIP_M = 0.012
_FINGER_HALF = (0.010, 0.005, 0.030)
_PALM_HALF = (0.020, 0.055, 0.020)
OPENING_M = 0.085
GRIP_N = 70.0
# What limits the fingers' speed, to 0.14 m/s [N s/m]: fingers that slam shut throw away what they close on.
CLOSING_DAMPING = 500.0
# Rubber pads hold against turning too: the second figure is a patch's radius [m].
_PAD_FRICTION = (1.0, 0.015, 0.0005)
DENSITY = 1000.0
PREGRASP_M, LIFT_M = 0.10, 0.15
SHAKE_M, SHAKE_HZ = 0.02, 3.0
# What is held ends at least this share of the lift above where it stood.
HELD_SHARE = 0.6


def suite() -> Suite:
    """Returns the suite: handles of vessels, gripped while the function is pouring."""
    return Suite(
        name="grasp", words="grasped by the handle, lifted and shaken", function="pour-with",
        categories=("mug", "pitcher", "saucepan"), judge=judge_grasp, near_m=0.012, near_deg=20.0, grasp="handle",
    )


def judge_grasp(thing: FunctionalObject, object_from_gripper: Float64[np.ndarray, "4 4"]) -> Judgement:
    """Returns what comes of gripping ``thing``, standing on a floor, at ``object_from_gripper``: how far it was lifted, and how
    far it slipped within the gripper from closing to the end.
    """
    world = PhysicalWorld(time_step=0.001)
    world.hold_still()
    world.add_floor()
    world.add_free("object", convex_parts(thing), np.eye(4), DENSITY * volume(thing))
    before = object_from_gripper @ make(np.eye(3), np.array([0.0, 0.0, -PREGRASP_M]))
    add_gripper(world, before)
    world.begin()
    stood = world.run(0.1, lambda _: world.data.ctrl.fill(-5.0))

    def approach(t: float) -> None:
        back = PREGRASP_M * (1.0 - min(t / 0.6, 1.0))
        world.carry("guide", object_from_gripper @ make(np.eye(3), np.array([0.0, 0.0, -back])))

    def hold(t: float) -> None:
        world.data.ctrl.fill(GRIP_N)

    def lift(t: float) -> None:
        world.carry("guide", _moved(object_from_gripper, 0.0, LIFT_M * min(t / 0.8, 1.0)))

    def shake(t: float) -> None:
        world.carry("guide", _moved(object_from_gripper, SHAKE_M * math.sin(2.0 * math.pi * SHAKE_HZ * t), LIFT_M))

    came, closed = world.run(0.7, approach), world.run(0.5, hold)
    held = np.linalg.inv(world.pose("hand")) @ world.pose("object")
    lifted, shaken = world.run(1.0, lift), world.run(1.0, shake)
    now = np.linalg.inv(world.pose("hand")) @ world.pose("object")
    risen, slipped = float(world.pose("object")[2, 3]), float(np.linalg.norm(now[:3, 3] - held[:3, 3]))
    return Judgement(
        success=float(lowest(thing, world.pose("object"))) > HELD_SHARE * LIFT_M - 0.05 and risen > HELD_SHARE * LIFT_M,
        measures={"risen_m": risen, "slipped_m": slipped},
        recording=joined([stood, came, closed, lifted, shaken]), bodies={"object": thing, **gripper_shapes()},
    )


def lowest(thing: FunctionalObject, world_from_object: Float64[np.ndarray, "4 4"]) -> float:
    """Returns the height of the lowest point of ``thing``."""
    return float((thing.vertices @ world_from_object[2, :3] + world_from_object[2, 3]).min())


def volume(thing: FunctionalObject) -> float:
    """Returns the volume [m^3] of the solid that the surface bounds (divergence theorem)."""
    a, b, c = thing.vertices[thing.faces].transpose(1, 0, 2)
    return float(np.einsum("nk,nk->", a, np.cross(b, c)) / 6.0)


def add_gripper(world: PhysicalWorld, world_from_gripper: Float64[np.ndarray, "4 4"]) -> Any:
    """Adds a parallel gripper at ``world_from_gripper``: a hand that a stiff spring draws to the carried body "guide", and two
    fingers that one force closes evenly (``data.ctrl``, newtons; below zero opens).
    """
    mujoco = require("mujoco")
    guide = world.add_carried("guide", (), world_from_gripper)
    position, turn = world_from_gripper[:3, 3], np.roll(quaternion_xyzw(world_from_gripper[:3, :3]), 1)
    hand = world.add_body("hand", position, turn)
    hand.add_freejoint(name="hand")
    hand.gravcomp = 1.0
    box = mujoco.mjtGeom.mjGEOM_BOX
    behind = TIP_M - 2.0 * _FINGER_HALF[2]
    hand.add_geom(type=box, size=_PALM_HALF, pos=(0.0, 0.0, behind - _PALM_HALF[2]), mass=0.6)
    for name, side in (("left", 1.0), ("right", -1.0)):
        finger = world.add_body(name, (0.0, side * (0.5 * OPENING_M + _FINGER_HALF[1]), TIP_M - _FINGER_HALF[2]), parent=hand)
        finger.gravcomp = 1.0
        finger.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=(0.0, -side, 0.0), range=(0.0, 0.5 * OPENING_M),
                         limited=mujoco.mjtLimited.mjLIMITED_TRUE, damping=CLOSING_DAMPING, armature=0.5)
        finger.add_geom(type=box, size=_FINGER_HALF, mass=0.05, friction=_PAD_FRICTION, condim=6, priority=1)
    _couple(world, guide.name, hand.name)
    return hand


def _couple(world: PhysicalWorld, guide: str, hand: str) -> None:
    mujoco = require("mujoco")
    weld = world.spec.add_equality(name="guided", type=mujoco.mjtEq.mjEQ_WELD, name1=guide, name2=hand,
                                   objtype=mujoco.mjtObj.mjOBJ_BODY)
    weld.data[:11] = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    weld.solref, weld.solimp = (0.01, 1.0), (0.98, 0.999, 0.001, 0.5, 2.0)
    even = world.spec.add_equality(name="even", type=mujoco.mjtEq.mjEQ_JOINT, name1="left", name2="right",
                                   objtype=mujoco.mjtObj.mjOBJ_JOINT)
    even.data[:2] = [0.0, 1.0]
    even.solref = (0.006, 1.0)
    for name in ("left", "right"):
        world.spec.add_actuator(name=name, trntype=mujoco.mjtTrn.mjTRN_JOINT, target=name, gainprm=[1.0] + [0.0] * 9)


def gripper_shapes() -> dict[str, FunctionalObject]:
    """Returns palm and fingers as objects that can be drawn, in the frames of the bodies "hand", "left" and "right"."""
    palm = _box(_PALM_HALF, (0.0, 0.0, TIP_M - 2.0 * _FINGER_HALF[2] - _PALM_HALF[2]))
    finger = _box(_FINGER_HALF, (0.0, 0.0, 0.0))
    return {"hand": palm, "left": finger, "right": finger}


def _box(half: tuple[float, float, float], middle: tuple[float, float, float]) -> FunctionalObject:
    from func_corr_ros.data.objects.primitives import box

    low, high = np.array(middle) - np.array(half), np.array(middle) + np.array(half)
    return FunctionalObject("gripper", *box(low, high, "body").mesh())


def _moved(pose: Float64[np.ndarray, "4 4"], across: float, up: float) -> Float64[np.ndarray, "4 4"]:
    return make(pose[:3, :3], pose[:3, 3] + np.array([across, 0.5 * across, up]))
