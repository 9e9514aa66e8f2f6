# SPDX-License-Identifier: Apache-2.0
"""Tool poses from clicks and a few plain words: a parallel gripper's (z approaches, y closes) and a tool's in action.

What x and z of the tool in action mean is the same for all objects of a function (docs/functions.md): x is the way it acts, z the
side of it that is up or outward meanwhile. Poses are ``camera_from_tool``, metres.
"""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import about_axis, make, unit
from func_corr_ros.transfer.clicked_object import ClickedObject

# Two directions nearer to each other than this are one.
MIN_BETWEEN_DEG = 5.0
_Y, _Z = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])
Pixel = tuple[float, float]


@dataclass(frozen=True)
class ClickedGrip:
    """How an object is gripped at a place. ``approach`` is "above" (straight down on the support), "side" (level, towards the
    object's middle or, where ``second`` is clicked, from there) or "surface" (into the surface). ``second`` otherwise is where
    the fingers close towards; without it they close as ``closing`` says, "level" or "upright" (never from above).

    Then the hand is turned about its approach, tilted about its closing axis [degrees], and moved ``deeper`` along its
    approach [m].
    """

    approach: str = "above"
    closing: str = "level"
    second: Pixel | None = None
    turn_deg: float = 0.0
    tilt_deg: float = 0.0
    deeper: float = 0.0


@dataclass(frozen=True)
class ClickedAction:
    """How a tool acts with a place of its own: its x axis is ``acts``, its z axis as near to ``side`` as that allows.

    ``acts`` is "clicked" (from the place towards ``second``, read in the plane square to ``side``, level where that is "away"),
    "down", "surface" (out of it) or "away" (from where it is gripped); ``side`` is "up", "surface" or "away". Then it is turned
    about z and tilted about y [degrees].
    """

    acts: str = "clicked"
    side: str = "up"
    second: Pixel | None = None
    turn_deg: float = 0.0
    tilt_deg: float = 0.0


def gripper_pose(thing: ClickedObject, place: Float64[np.ndarray, "3"], grip: ClickedGrip) -> Float64[np.ndarray, "4 4"]:
    """Returns the pose of a gripper whose fingertips meet at ``place`` [m]; raises DegenerateGeometry or TooFewPoints, in words
    for whoever clicks.
    """
    z = _approach(thing, place, grip)
    if grip.second is not None and grip.approach != "side":
        closing = thing.towards(place, grip.second, z)
    elif grip.approach == "above":
        raise DegenerateGeometry("a gripper from above can close any way: click where its fingers close towards")
    elif not _between(z, thing.up):
        raise DegenerateGeometry("this approach is upright, where every way to close is level: click where its fingers close "
                                 "towards")
    else:
        closing = np.cross(z, thing.up) if grip.closing == "level" else thing.up - (thing.up @ z) * z
    posed = frame_from_axes(place, z, np.cross(closing, z)) @ _turned(grip.turn_deg, grip.tilt_deg)
    return posed @ make(np.eye(3), grip.deeper * _Z)


def action_pose(
    thing: ClickedObject, place: Float64[np.ndarray, "3"], action: ClickedAction,
    held: Float64[np.ndarray, "3"] | None = None,
) -> Float64[np.ndarray, "4 4"]:
    """Returns the pose of the tool that acts with ``place`` [m]; ``held`` is where it is gripped [m], for what lies away from
    there. Raises DegenerateGeometry or TooFewPoints, in words for whoever clicks.
    """
    side = _direction(thing, action.side, place, held)
    if action.acts != "clicked":
        x = _direction(thing, action.acts, place, held)
    elif action.second is None:
        raise DegenerateGeometry("the way it acts is not clicked yet: click where it acts towards, or choose the way in words")
    else:
        x = thing.towards(place, action.second, thing.up if action.side == "away" else side)
    if not _between(x, side):
        raise DegenerateGeometry("the way it acts and its side are one direction; choose another way or another side")
    z = side - (side @ x) * x
    return frame_from_axes(place, z, x) @ _turned(action.turn_deg, action.tilt_deg)


def _approach(thing: ClickedObject, place: Float64[np.ndarray, "3"], grip: ClickedGrip) -> Float64[np.ndarray, "3"]:
    if grip.approach == "above":
        return -thing.up
    if grip.approach == "surface":
        return -thing.normal(place)
    return thing.inwards(place) if grip.second is None else -thing.towards(place, grip.second, thing.up)


def _direction(
    thing: ClickedObject, word: str, place: Float64[np.ndarray, "3"], held: Float64[np.ndarray, "3"] | None
) -> Float64[np.ndarray, "3"]:
    if word == "surface":
        return thing.normal(place)
    if word == "away":
        if held is None or np.array_equal(held, place):
            raise DegenerateGeometry("away from where it is gripped: that place is not clicked yet, or is this place itself")
        return unit(place - held, "way from the grip")
    return thing.up if word == "up" else -thing.up


def _between(a: Float64[np.ndarray, "3"], b: Float64[np.ndarray, "3"]) -> bool:
    """Returns whether two unit vectors are no single line, to MIN_BETWEEN_DEG."""
    return bool(np.linalg.norm(np.cross(a, b)) > math.sin(math.radians(MIN_BETWEEN_DEG)))


def _turned(turn_deg: float, tilt_deg: float) -> Float64[np.ndarray, "4 4"]:
    return make(about_axis(_Z, math.radians(turn_deg)) @ about_axis(_Y, math.radians(tilt_deg)), np.zeros(3))
