# SPDX-License-Identifier: Apache-2.0
"""The steps of a demonstration of which two poses are known, where it is gripped and where it acts: the others follow."""
from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from func_corr_ros.geometry.se3 import make
from func_corr_ros.transfer.demonstration import Phase

# The keypoints that such steps are about, and the links that their poses are of.
GRIP, WORKING = "grip", "working"
GRIPPER_LINK, TOOL_LINK = "gripper", "tool"
PREGRASP_M, LIFT_M, RETREAT_M = 0.1, 0.12, 0.08


def steps(
    gripper: Float64[np.ndarray, "4 4"], tool: Float64[np.ndarray, "4 4"], up: Float64[np.ndarray, "3"],
    gripper_link: str = GRIPPER_LINK, tool_link: str = TOOL_LINK,
) -> tuple[Phase, ...]:
    """Returns approach, grasp and lift by ``gripper`` (z: the approach), then ``tool`` in action, and a step back.

    The gripper comes from PREGRASP_M behind; LIFT_M and RETREAT_M are along ``up``, the support's normal. All poses are in one
    frame [m].
    """
    behind = gripper @ make(np.eye(3), np.array([0.0, 0.0, -PREGRASP_M]))
    return (
        Phase("pregrasp", gripper_link, GRIP, behind),
        Phase("grasp", gripper_link, GRIP, gripper),
        Phase("lift", gripper_link, GRIP, _raised(gripper, LIFT_M * up)),
        Phase("action", tool_link, WORKING, tool),
        Phase("retreat", tool_link, WORKING, _raised(tool, RETREAT_M * up)),
    )


def _raised(pose: Float64[np.ndarray, "4 4"], by: Float64[np.ndarray, "3"]) -> Float64[np.ndarray, "4 4"]:
    return make(pose[:3, :3], pose[:3, 3] + by)
