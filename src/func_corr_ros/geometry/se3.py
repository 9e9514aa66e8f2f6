# SPDX-License-Identifier: Apache-2.0
"""Rigid motions as 4x4 matrices: ``a_from_b`` maps coordinates given in b to coordinates in a."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float, Float64

from func_corr_ros.errors import DegenerateGeometry

# A quaternion or rotation further than this from what it must be is a mistake upstream, not rounding (float32 rounds at 1e-7).
ORTHOGONALITY_TOLERANCE = 1e-3


def make(rotation: Float[Any, "*batch 3 3"], translation: Float[Any, "*batch 3"]) -> Float[Any, "*batch 4 4"]:
    """Returns the 4x4 transform x -> rotation @ x + translation."""
    xp = array_namespace(rotation, translation)
    top = xp.concat([rotation, translation[..., None]], axis=-1)
    last = xp.stack([xp.zeros_like(top[..., 0, 0])] * 3 + [xp.ones_like(top[..., 0, 0])], axis=-1)
    return xp.concat([top, last[..., None, :]], axis=-2)


def inverse(transform: Float[Any, "*batch 4 4"]) -> Float[Any, "*batch 4 4"]:
    """Returns ``b_from_a`` for a rigid ``a_from_b``."""
    xp = array_namespace(transform)
    transposed = xp.matrix_transpose(transform[..., :3, :3])
    return make(transposed, -(transposed @ transform[..., :3, 3:])[..., 0])


def transform_points(a_from_b: Float[Any, "4 4"], points: Float[Any, "*batch 3"]) -> Float[Any, "*batch 3"]:
    """Returns points, given in b, in the coordinates of a."""
    xp = array_namespace(a_from_b, points)
    dtype = xp.result_type(a_from_b, points)
    a_from_b, points = xp.astype(a_from_b, dtype), xp.astype(points, dtype)
    return points @ xp.matrix_transpose(a_from_b[:3, :3]) + a_from_b[:3, 3]


def rotation_angle(a: Float[Any, "*batch 3 3"], b: Float[Any, "*batch 3 3"]) -> Float[Any, "*batch"]:
    """Returns the angle in radians (0..pi) of the rotation between two rotations; accurate near 0 and near pi."""
    xp = array_namespace(a, b)
    r = xp.matrix_transpose(a) @ b
    x, y, z = r[..., 2, 1] - r[..., 1, 2], r[..., 0, 2] - r[..., 2, 0], r[..., 1, 0] - r[..., 0, 1]
    return xp.atan2(xp.sqrt(x * x + y * y + z * z), r[..., 0, 0] + r[..., 1, 1] + r[..., 2, 2] - 1.0)


def about_axis(axis: Float[np.ndarray, "3"], angle: float) -> Float64[np.ndarray, "3 3"]:
    """Returns the rotation by ``angle`` radians about ``axis`` (any length above zero), right-handed (Rodrigues)."""
    x, y, z = unit(axis, "axis")
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + math.sin(angle) * cross + (1.0 - math.cos(angle)) * cross @ cross


def quaternion_xyzw(rotation: Float[np.ndarray, "3 3"]) -> Float64[np.ndarray, "4"]:
    """Returns the unit quaternion (x, y, z, w), w >= 0, of a rotation.

    Raises DegenerateGeometry for a matrix that is not a proper rotation (a mirrored one has no quaternion).
    """
    from scipy.spatial.transform import Rotation

    error = float(np.abs(rotation @ rotation.T - np.eye(3)).max())
    with np.errstate(invalid="ignore"):
        determinant = float(np.linalg.det(rotation))
    if not (error < ORTHOGONALITY_TOLERANCE and determinant > 0.0):
        raise DegenerateGeometry(f"not a rotation: its determinant is {determinant:.6g} (must be 1), R R^T is off the identity "
                                 f"by {error:.3g} (at most {ORTHOGONALITY_TOLERANCE:g})")
    return Rotation.from_matrix(np.asarray(rotation, dtype=np.float64)).as_quat(canonical=True)


def from_quaternion_xyzw(quaternion: Float[np.ndarray, "4"], translation: Float[np.ndarray, "3"]) -> Float64[np.ndarray, "4 4"]:
    """Returns the transform of a pose message; raises DegenerateGeometry for a quaternion that is not of unit length."""
    from scipy.spatial.transform import Rotation

    length = float(np.linalg.norm(quaternion))
    if not abs(length - 1.0) < ORTHOGONALITY_TOLERANCE:
        raise DegenerateGeometry(f"the quaternion (x, y, z, w) = {np.asarray(quaternion).tolist()} has length {length:g}, not 1; "
                                 "no rotation is (0, 0, 0, 1)")
    return make(Rotation.from_quat(quaternion).as_matrix(), np.asarray(translation, dtype=np.float64))


def look_at(
    eye: Float[np.ndarray, "3"], target: Float[np.ndarray, "3"], up: Float[np.ndarray, "3"]
) -> Float64[np.ndarray, "4 4"]:
    """Returns ``world_from_camera`` of an optical frame at ``eye`` whose z axis passes through ``target``.

    ``up`` points upwards in the image: y, which points down, is as opposite to it as the line of sight allows. Raises
    DegenerateGeometry where eye and target coincide or ``up`` is along the line of sight.
    """
    forward = unit(np.asarray(target, dtype=np.float64) - eye, "line of sight (target - eye)")
    right = np.cross(forward, unit(up, "up"))
    if np.linalg.norm(right) < ORTHOGONALITY_TOLERANCE:
        raise DegenerateGeometry(f"up {np.asarray(up).tolist()} is along the line of sight {forward.tolist()}; choose another up")
    right = right / np.linalg.norm(right)
    return make(np.stack([right, np.cross(forward, right), forward], axis=-1), np.asarray(eye, dtype=np.float64))


def unit(vector: Float[np.ndarray, "3"], name: str) -> Float64[np.ndarray, "3"]:
    """Returns ``vector`` at length 1, in float64; raises DegenerateGeometry, by ``name``, where it has no direction."""
    length = float(np.linalg.norm(vector))
    if not (math.isfinite(length) and length > 0.0):
        raise DegenerateGeometry(f"the {name} {np.asarray(vector).tolist()} has no direction; a finite non-zero vector is needed")
    return np.asarray(vector, dtype=np.float64) / length
