# SPDX-License-Identifier: Apache-2.0
"""Pounding judged: the tool strikes a nail with the face it is believed to have; what counts is what presses along the nail."""
from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.primitives import rod
from func_corr_ros.geometry.se3 import inverse, make
from func_corr_ros.optional import require
from func_corr_ros.simulation.convex_parts import convex_parts
from func_corr_ros.simulation.judgement import Judgement
from func_corr_ros.simulation.physical_world import PhysicalWorld
from func_corr_ros.simulation.suite import Suite

# The nail: its head's radius and height above the board, and the force it takes to drive it [m, N].
HEAD_RADIUS_M, HEAD_HEIGHT_M, FRICTION_N = 0.006, 0.06, 60.0
# The blow: from so far above the head to so far below where it was, in so long [m, s].
RAISED_M, DRIVEN_M, BLOW_S = 0.08, 0.02, 0.12
# Of how far the face is driven, the nail must go so much, and no more than that: something else struck it then, the side of the
# head, say, which hangs lower.
LEAST_DEPTH_SHARE, MOST_DEPTH_SHARE, SUCCESS_ANGLE_DEG = 0.6, 1.6, 20.0
_HEAD_THICKNESS_M = 0.003


def suite() -> Suite:
    """Returns the suite: tools with a head that strikes."""
    return Suite(
        name="pound", words="swung at a nail", function="pound-with", categories=("hammer", "mallet", "axe"),
        judge=judge_pound, near_m=0.015, near_deg=20.0, free_about="x",
    )


def judge_pound(thing: FunctionalObject, object_from_face: Float64[np.ndarray, "4 4"]) -> Judgement:
    """Returns what comes of one blow with the face that ``object_from_face`` is believed to be (x the way of the blow): how deep
    the nail went, and the angle between the nail and all that pressed on it together, without friction (90 deg where they never
    met): a face that slides pushes as far to the side as friction lets it, however little it is tilted.
    """
    mujoco = require("mujoco")
    world = PhysicalWorld(time_step=0.001)
    world.add_floor()
    face_from_object = inverse(object_from_face)
    world.add_carried("tool", convex_parts(thing), _face(RAISED_M) @ face_from_object)
    nail = world.add_body("nail", (0.0, 0.0, HEAD_HEIGHT_M))
    nail.add_joint(name="nail", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=(0.0, 0.0, -1.0), range=(0.0, 0.05),
                   limited=mujoco.mjtLimited.mjLIMITED_TRUE, frictionloss=FRICTION_N, damping=50.0)
    nail.add_geom(type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=(HEAD_RADIUS_M, _HEAD_THICKNESS_M / 2.0, 0.0),
                  pos=(0.0, 0.0, -_HEAD_THICKNESS_M / 2.0), mass=0.02)
    nail.gravcomp = 1.0
    world.begin()
    pushes: list[Float64[np.ndarray, " 3"]] = []

    def blow(t: float) -> None:
        share = min(t / BLOW_S, 1.0)
        world.carry("tool", _face(RAISED_M - share * (RAISED_M + DRIVEN_M)) @ face_from_object)
        pushes.extend(world.pushes_on("nail"))

    recording = world.run(2.0 * BLOW_S, blow, frame_s=0.02)
    depth = HEAD_HEIGHT_M - float(world.pose("nail")[2, 3])
    angle = _angle(np.array(pushes).reshape(-1, 3))
    return Judgement(
        success=LEAST_DEPTH_SHARE <= depth / DRIVEN_M <= MOST_DEPTH_SHARE and angle <= SUCCESS_ANGLE_DEG,
        measures={"depth_mm": 1e3 * depth, "angle_deg": angle}, recording=recording,
        bodies={"tool": thing, "nail": _nail()},
    )


def _face(above: float) -> Float64[np.ndarray, "4 4"]:
    """Returns ``world_from_face`` at a height above the nail's head: x down, z (along the handle, away from the grip) ahead."""
    rotation = np.stack([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], axis=-1)
    return make(rotation, np.array([0.0, 0.0, HEAD_HEIGHT_M + above]))


def _angle(pushes: Float64[np.ndarray, "n 3"]) -> float:
    """Returns the angle between the sum of ``pushes`` and straight down [deg], 90 where there are none."""
    total = pushes.sum(axis=0)
    size = float(np.linalg.norm(total))
    return 90.0 if size < 1e-6 else math.degrees(math.acos(float(np.clip(-total[2] / size, -1.0, 1.0))))


def _nail() -> FunctionalObject:
    head = rod(np.array([0.0, 0.0, -_HEAD_THICKNESS_M]), np.zeros(3), HEAD_RADIUS_M, "body")
    shank = rod(np.array([0.0, 0.0, -HEAD_HEIGHT_M]), np.array([0.0, 0.0, -0.5 * _HEAD_THICKNESS_M]), 0.3 * HEAD_RADIUS_M, "body")
    return FunctionalObject("nail", *(head + shank).mesh())
