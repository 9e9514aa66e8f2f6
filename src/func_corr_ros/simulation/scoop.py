# SPDX-License-Identifier: Apache-2.0
"""Scooping judged: the tool is pushed into a bin of grains, lip first, turned up and lifted; what it then holds was scooped."""
from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64
from scipy.spatial import ConvexHull

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.primitives import box, union
from func_corr_ros.geometry.se3 import about_axis, inverse, make, transform_points
from func_corr_ros.simulation.convex_parts import convex_parts
from func_corr_ros.simulation.judgement import Judgement
from func_corr_ros.simulation.physical_world import PhysicalWorld, joined
from func_corr_ros.simulation.suite import Suite

FUNCTION, GRASP = "scoop-with", "handle"
# Of the size of hazelnuts: a bin of smaller ones, deep enough to dip into, takes minutes.
GRAINS, GRAIN_RADIUS_M = 150, 0.008
# The bin's inside, from its middle [m], and its wall.
_HALF_LENGTH_M, _HALF_WIDTH_M, _WALL_M, WALL_HEIGHT_M = 0.085, 0.055, 0.01, 0.08
# The lip's way: time [s], ahead and up [m], and how far the tool is tipped forward [deg]. It dives, is pushed ahead, turns up and
# rises. It goes higher wherever some of the tool would else be nearer to the floor than CLEAR_M.
PATH = (
    (0.0, -0.065, 0.12, 80.0), (0.4, -0.065, 0.008, 80.0), (1.1, 0.03, 0.008, 80.0), (1.9, 0.045, 0.03, 20.0),
    (2.3, 0.045, 0.11, 0.0), (2.6, 0.045, 0.18, -4.0),
)
CLEAR_M = 0.003
REST_S = 0.4
# A scoop that brings up fewer is none, and so is one for which the hand must go among the grains: where the tool is held stays so
# high. Round vessels bring up grains whichever way they are turned.
SUCCESS_GRAINS, HAND_M = 8, 0.05
_Y = np.eye(3)[1]


def suite() -> Suite:
    """Returns the suite: hollow things with a handle, whose lip leads."""
    return Suite(
        name="scoop", words="pushed through a bin of grains and lifted", function=FUNCTION, categories=("ladle", "mug"),
        judge=judge_scoop, near_m=0.02, near_deg=20.0,
    )


def judge_scoop(thing: FunctionalObject, object_from_lip: Float64[np.ndarray, "4 4"]) -> Judgement:
    """Returns what comes of scooping with the lip that ``object_from_lip`` is believed to be (x the way it is pushed, z out of
    the hollow): how many grains are above the bin in the end, and how low the hand went that holds the tool.
    """
    world, lip_from_object = PhysicalWorld(), inverse(object_from_lip)
    shape = transform_points(lip_from_object, thing.vertices[ConvexHull(thing.vertices).vertices])
    world.add_floor()
    world.add_carried("bin", tuple(side.vertices for side in _sides()), np.eye(4))
    world.add_carried("tool", convex_parts(thing), lip_pose(0.0, shape) @ lip_from_object)
    grains = world.add_grains(_heap(), GRAIN_RADIUS_M)
    world.begin()
    settled = world.run(0.35)
    scooped = world.run(PATH[-1][0] + REST_S, lambda t: world.carry("tool", lip_pose(t, shape) @ lip_from_object))
    kept = int((world.places(grains)[:, 2] > WALL_HEIGHT_M + 2.0 * GRAIN_RADIUS_M).sum())
    held = transform_points(lip_from_object, thing.grasp_frames[GRASP][None, :3, 3])[0]
    hand = min(float((lip_pose(t, shape) @ np.append(held, 1.0))[2]) for t in np.arange(0.0, PATH[-1][0], 0.05))
    return Judgement(
        success=kept >= SUCCESS_GRAINS and hand >= HAND_M, measures={"kept": float(kept), "hand_m": hand},
        recording=joined([settled, scooped]),
        bodies={"bin": _bin(), "tool": thing}, grain_radius=GRAIN_RADIUS_M,
    )


def lip_pose(t: float, shape: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "4 4"]:
    """Returns ``world_from_lip`` at ``t`` seconds, for a tool with these corners in the lip's frame [m]; the bin's floor is
    z = 0, and it is scooped along x.
    """
    times, ahead, up, tipped = np.array(PATH).T
    x, z, angle = (float(np.interp(t, times, values)) for values in (ahead, up, tipped))
    turn = about_axis(_Y, math.radians(angle))
    lowest = float((shape @ turn[2]).min())
    return make(turn, np.array([x, 0.0, max(z, CLEAR_M - lowest)]))


def _heap() -> Float64[np.ndarray, "n 3"]:
    """Returns where the grains are let go: in layers a little apart, every other one moved on by half a grain."""
    pitch = 2.1 * GRAIN_RADIUS_M
    x = np.arange(-_HALF_LENGTH_M + pitch, _HALF_LENGTH_M - pitch, pitch)
    y = np.arange(-_HALF_WIDTH_M + pitch, _HALF_WIDTH_M - pitch, pitch)
    per_layer = len(x) * len(y)
    layers = []
    for number in range(-(-GRAINS // per_layer)):
        aside = 0.5 * pitch * (number % 2)
        grid = np.stack(np.meshgrid(x + aside, y + aside, [pitch * (0.6 + number)]), axis=-1)
        layers.append(grid.reshape(-1, 3))
    return np.concatenate(layers)[:GRAINS]


def _sides() -> list[FunctionalObject]:
    """Returns the bin's four sides; its floor is the world's."""
    out, wide, high = _HALF_LENGTH_M + _WALL_M, _HALF_WIDTH_M + _WALL_M, WALL_HEIGHT_M
    boxes = [
        ((_HALF_LENGTH_M, -wide), (out, wide)), ((-out, -wide), (-_HALF_LENGTH_M, wide)),
        ((-out, _HALF_WIDTH_M), (out, wide)), ((-out, -wide), (out, -_HALF_WIDTH_M)),
    ]
    return [FunctionalObject("bin", *box(np.array([*low, 0.0]), np.array([*most, high]), "body").mesh()) for low, most in boxes]


def _bin() -> FunctionalObject:
    """Returns the bin as it is drawn: without its near side, so that one sees the grains."""
    out, wide, high = _HALF_LENGTH_M + _WALL_M, _HALF_WIDTH_M + _WALL_M, WALL_HEIGHT_M
    sides = [
        box(np.array([_HALF_LENGTH_M, -wide, 0.0]), np.array([out, wide, high]), "body"),
        box(np.array([-out, -wide, 0.0]), np.array([-_HALF_LENGTH_M, wide, high]), "body"),
        box(np.array([-out, _HALF_WIDTH_M, 0.0]), np.array([out, wide, high]), "body"),
    ]
    return FunctionalObject("bin", *union(sides).mesh())
