# SPDX-License-Identifier: Apache-2.0
"""Frames in which standing vessels pour, scoop, press, roll and pound, by the conventions of ``functions.FUNCTIONS``."""
from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, Symmetry
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import make

_X, _Y, _Z = np.eye(3)


def outlet(at: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, "4 4"]:
    """Returns the frame of pour-with and scoop-with at the lip ``at``: x towards +x, away from the handle, z up."""
    return make(np.eye(3), at)


def pressing_base(height: float) -> Float64[np.ndarray, "4 4"]:
    """Returns the frame of press-with, and of pound-with the base, in the base's middle at ``height``: x down, z towards +x."""
    return frame_from_axes(height * _Z, _X, -_Z)


def rolling_body(low: float, high: float) -> Float64[np.ndarray, "4 4"]:
    """Returns the frame of roll-onto of a body about z between two heights: its middle, x to the side, z towards the top."""
    return make(np.eye(3), (low + high) / 2.0 * _Z)


def pounding_side(at: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, "4 4"]:
    """Returns the frame of pound-with the side at ``at`` (at +x): x outward, z down, away from the top where it is gripped."""
    return frame_from_axes(at, -_Z, _X)


def about_z(order: int = ANY_ANGLE) -> Symmetry:
    """Returns the symmetry of what is turned about z: any angle, or ``order`` equal turns."""
    return Symmetry(order, np.zeros(3), _Z.copy())


def pinch(at: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, "4 4"]:
    """Returns the grasp from above that closes along y, across a wall at +y."""
    return frame_from_axes(at, -_Z, _X)


def clasp(at: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, "4 4"]:
    """Returns the grasp from the side of -x that closes along y, around a neck or body."""
    return frame_from_axes(at, _X, _Z)
