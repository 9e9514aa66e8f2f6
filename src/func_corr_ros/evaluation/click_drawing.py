# SPDX-License-Identifier: Apache-2.0
"""What has been clicked, drawn on the picture: the object's outline, the places, and the tools where they would be."""
from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from jaxtyping import Bool, Float64

from func_corr_ros.evaluation import tool_drawing
from func_corr_ros.evaluation.drawing import FAINT, Picture
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.se3 import make
from func_corr_ros.transfer.demonstration import Keypoint
from func_corr_ros.transfer.steps import PREGRASP_M


def draw_outlines(picture: Picture, mask: Bool[np.ndarray, "h w"], others: Iterable[Bool[np.ndarray, "h w"]]) -> None:
    """Draws the object's outline white, those of ``others`` faint."""
    for other in others:
        picture.contour(other, FAINT, 1)
    picture.contour(mask)


def draw_tools(
    picture: Picture, camera: PinholeCamera, gripper: Float64[np.ndarray, "4 4"] | None,
    action: Float64[np.ndarray, "4 4"] | None, function: str,
) -> None:
    """Draws the gripper, paler where it comes from, and the way the tool acts (orange) with its z axis (yellow), where known."""
    if gripper is not None:
        behind = gripper @ make(np.eye(3), np.array([0.0, 0.0, -PREGRASP_M]))
        tool_drawing.draw_gripper(picture, camera, behind, "", tool_drawing.PREGRASP)
        tool_drawing.draw_gripper(picture, camera, gripper, "grasp")
    if action is not None:
        tool_drawing.draw_pour(picture, camera, action, function.removesuffix("-with").removesuffix("-onto"))


def draw_places(picture: Picture, places: Mapping[str, Keypoint]) -> None:
    """Draws a named dot at every place that is clicked."""
    picture.keypoints({name: np.asarray(place.uv, dtype=np.float64) for name, place in places.items()})
