# SPDX-License-Identifier: Apache-2.0
"""The conventions every room keeps, and frames made from axes.

Transforms are named ``a_from_b``: they map coordinates given in b to coordinates in a, so chains read by touching names
(``camera_from_object @ object_from_grasp``). They are 4x4, float64, metres. Camera frames are REP-103 optical (x right,
y down, z forward), body and world frames x forward, y left, z up. Pixels are (u, v) = (column, row) with centres at
integers. Quaternions are (x, y, z, w). Depth is metres along the optical axis, NaN where invalid.
"""
from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.geometry import se3

# Rotation of REP-103: a body frame (x forward, y left, z up) from an optical one (x right, y down, z forward).
BODY_FROM_OPTICAL = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
BODY_FROM_OPTICAL.flags.writeable = False


def frame_from_axes(
    origin: Float[np.ndarray, "3"], z: Float[np.ndarray, "3"], x_hint: Float[np.ndarray, "3"]
) -> Float64[np.ndarray, "4 4"]:
    """Returns ``parent_from_frame``: a frame at ``origin`` whose z axis is along ``z`` and whose x axis is as near to
    ``x_hint`` as that allows; all three are given in the parent frame.

    Raises DegenerateGeometry where ``z`` or ``x_hint`` has no direction, or the two are parallel.
    """
    z_axis, hint = se3.unit(z, "z axis"), se3.unit(x_hint, "x hint")
    x_axis = hint - (hint @ z_axis) * z_axis
    if np.linalg.norm(x_axis) < se3.ORTHOGONALITY_TOLERANCE:
        raise DegenerateGeometry(f"the x hint {np.asarray(x_hint).tolist()} is parallel to the z axis {np.asarray(z).tolist()} "
                                 f"(cosine {hint @ z_axis:.6f}); choose another hint")
    x_axis = x_axis / np.linalg.norm(x_axis)
    rotation = np.stack([x_axis, np.cross(z_axis, x_axis), z_axis], axis=-1)
    return se3.make(rotation, np.asarray(origin, dtype=np.float64))
