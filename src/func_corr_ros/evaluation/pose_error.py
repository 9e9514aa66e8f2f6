# SPDX-License-Identifier: Apache-2.0
"""How far a pose is from the true one, and when it is wrong; turns that an object's symmetry leaves free do not count."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.functional_truth import aligned
from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, Symmetry
from func_corr_ros.geometry.se3 import about_axis, make, rotation_angle

# A tool that is further off than a fifth of the object, or turned by more than 30 degrees, does not do its job.
WRONG_DISTANCE = 0.2
WRONG_ANGLE_DEG = 30.0
# Any angle is tried in steps of this many degrees; the error made is a quarter of a step on average.
_STEP_DEG = 2


@dataclass(frozen=True)
class PoseError:
    """``distance`` [m] and ``angle_deg`` of a pose from the nearest true one; ``size`` [m] is the object's longest side."""

    distance: float
    angle_deg: float
    size: float

    @property
    def wrong(self) -> bool:
        """Whether the pose misses by more than WRONG_DISTANCE of the object or by more than WRONG_ANGLE_DEG."""
        return not (self.distance <= WRONG_DISTANCE * self.size and self.angle_deg <= WRONG_ANGLE_DEG)


def pose_error(
    found: Float64[np.ndarray, "4 4"], true: Float64[np.ndarray, "4 4"], turns: Float64[np.ndarray, "k 4 4"], size: float
) -> PoseError:
    """Returns the error against the nearest of ``turns`` @ ``true`` (motions in the frame of both poses). Nearest is
    what needs the smaller of both limits: the larger of distance / WRONG_DISTANCE / ``size`` and angle / WRONG_ANGLE_DEG.
    """
    valid = turns @ true
    distance = np.linalg.norm(valid[:, :3, 3] - found[:3, 3], axis=1)
    angle = np.degrees(rotation_angle(valid[:, :3, :3], np.broadcast_to(found[:3, :3], (len(valid), 3, 3))))
    best = int(np.maximum(distance / (WRONG_DISTANCE * size), angle / WRONG_ANGLE_DEG).argmin())
    return PoseError(float(distance[best]), float(angle[best]), size)


def free_turns(shown: FunctionalObject, live: FunctionalObject, function: str) -> Float64[np.ndarray, "k 4 4"]:
    """Returns the motions of ``live``, in its own frame, that leave ``function`` performed as on ``shown``; the first is
    none. They are those of the live object's symmetry, or of the shown one's where that leaves more turns free: who shows a
    pour with a bowl says nothing of sides. Raises UnknownFunction.
    """
    symmetries = [live.symmetries.get(function), _carried(shown, live, function)]
    counted = [(360 // _STEP_DEG if item.order == ANY_ANGLE else item.order, item) for item in symmetries if item is not None]
    if not counted:
        return np.eye(4)[None]
    count, chosen = max(counted, key=lambda pair: pair[0])
    rotations = [about_axis(chosen.direction, 2.0 * np.pi * number / count) for number in range(count)]
    return np.stack([make(turn, chosen.point - turn @ chosen.point) for turn in rotations])


def _carried(shown: FunctionalObject, live: FunctionalObject, function: str) -> Symmetry | None:
    """Returns the shown object's symmetry in the live one's frame."""
    symmetry = shown.symmetries.get(function)
    if symmetry is None:
        return None
    live_from_shown = aligned(shown, live, function)
    direction = live_from_shown[:3, :3] @ symmetry.direction
    point = live_from_shown[:3, :3] @ symmetry.point + live_from_shown[:3, 3]
    return Symmetry(symmetry.order, point, direction / np.linalg.norm(direction))
