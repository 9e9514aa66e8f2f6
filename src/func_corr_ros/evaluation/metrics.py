# SPDX-License-Identifier: Apache-2.0
"""How far an estimate is from the truth, each figure in its own unit."""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.geometry.se3 import rotation_angle


@dataclass(frozen=True)
class PoseError:
    """Distance between two poses' origins in metres, and the angle of the rotation between them in degrees, 0..180."""

    translation_m: float
    rotation_deg: float


def pose_error(estimate: Float[np.ndarray, "4 4"], truth: Float[np.ndarray, "4 4"]) -> PoseError:
    """Returns how far ``a_from_b`` as estimated is from the true one; the translation is measured in a, between b's origins.

    Raises DegenerateGeometry for a pose that is not finite or whose rotation is not one (a scale, a reflection).
    """
    for name, pose in (("estimate", estimate), ("truth", truth)):
        rotation = pose[:3, :3]
        if not np.isfinite(pose).all():
            raise DegenerateGeometry(f"the {name} is not finite: {pose.tolist()}")
        off = float(np.abs(rotation @ rotation.T - np.eye(3)).max())
        if off > 1e-3 or np.linalg.det(rotation) < 0.0:
            raise DegenerateGeometry(f"the {name} is not a rigid pose: R R^T is off the identity by {off:.3g}, det R is "
                                     f"{np.linalg.det(rotation):.3g}")
    distance = float(np.linalg.norm(estimate[:3, 3] - truth[:3, 3]))
    return PoseError(distance, math.degrees(float(rotation_angle(estimate[:3, :3], truth[:3, :3]))))
