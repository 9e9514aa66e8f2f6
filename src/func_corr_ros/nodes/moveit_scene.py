# SPDX-License-Identifier: Apache-2.0
"""The object in view as MoveIt knows objects: a box with subframes, so that a planner can say "the spout over the cup".

Needs moveit_msgs only where the message itself is made; what it holds is computed without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64
from sensor_msgs.msg import PointCloud2

from func_corr_ros.errors import FuncCorrError, MissingOptional, NoDepth
from func_corr_ros.geometry.se3 import inverse, make
from func_corr_ros.geometry.upright_box import UprightBox
from func_corr_ros.msg import FunctionalKeypointArray, TransferResult
from func_corr_ros.nodes.messages import header_of, moment_of, points_of, pose_message, transform_of
from func_corr_ros.nodes.observations import Moment
from func_corr_ros.nodes.result_messages import error_from, support_of

INSTALL = "MoveIt's messages are not installed: sudo apt install ros-$ROS_DISTRO-moveit-msgs"


@dataclass(frozen=True)
class PlanningObject:
    """A box that stands on its support, in the frame of ``moment``, with named frames on it: ``box_from_subframe`` by name.

    A keypoint's subframe lies in the keypoint and is turned as the box is; a phase's is the demonstrated tool's pose.
    """

    name: str
    moment: Moment
    box: UprightBox
    box_from_subframe: dict[str, Float64[np.ndarray, "4 4"]]


def planning_object(
    name: str,
    keypoints: FunctionalKeypointArray,
    points: PointCloud2,
    result: TransferResult | None = None,
    target_from_camera: Float64[np.ndarray, "4 4"] | None = None,
) -> PlanningObject:
    """Returns the object of correspondence_node's messages of one stamp, with the keypoints that have a depth as subframes, and
    the phases of ``result``, where one is given.

    It is in the camera's frame, or, with ``target_from_camera``, in that of ``result`` (transfer_node's target_frame). Raises the
    error that the messages carry, NoDepth where support or points are unknown, TooFewPoints.
    """
    error = error_from(keypoints.error_code, keypoints.error_msg)
    if error is not None:
        raise error
    support = support_of(keypoints.support_plane)
    if support is None:
        raise NoDepth("the plane that the object stands on is not known; is the table in view, with depth?")
    moved = np.eye(4) if target_from_camera is None else target_from_camera
    seen = points_of(points).points @ moved[:3, :3].T + moved[:3, 3]
    box = UprightBox.around(seen, support.transformed(moved))
    box_from_frame, frames = inverse(box.frame_from_box), {}
    for item in keypoints.keypoints:
        if item.has_depth:
            at = moved @ np.array([item.point.x, item.point.y, item.point.z, 1.0])
            frames[item.name] = make(np.eye(3), (box_from_frame @ at)[:3])
    moment = moment_of(keypoints.header)
    if result is not None:
        moment = _same_moment(moment, moment_of(result.header), moved=target_from_camera is not None)
        frames |= {phase.name: box_from_frame @ transform_of(phase.pose.pose) for phase in result.phases}
    return PlanningObject(name, moment, box, frames)


def collision_object(made: PlanningObject) -> Any:
    """Returns the moveit_msgs/CollisionObject (to be added) of an object; raises MissingOptional where there is no MoveIt."""
    try:
        from moveit_msgs.msg import CollisionObject
        from shape_msgs.msg import SolidPrimitive
    except ImportError as error:
        raise MissingOptional(INSTALL) from error
    message = CollisionObject(header=header_of(made.moment), id=made.name, operation=CollisionObject.ADD)
    message.pose = pose_message(made.box.frame_from_box)
    message.primitives = [SolidPrimitive(type=SolidPrimitive.BOX, dimensions=[float(side) for side in made.box.size])]
    message.primitive_poses = [pose_message(np.eye(4))]
    message.subframe_names = list(made.box_from_subframe)
    message.subframe_poses = [pose_message(pose) for pose in made.box_from_subframe.values()]
    return message


def _same_moment(seen: Moment, result: Moment, moved: bool) -> Moment:
    if seen.stamp_ns != result.stamp_ns:
        apart_s = abs(seen.stamp_ns - result.stamp_ns) / 1e9
        raise FuncCorrError(f"the transfer is {apart_s:.3f} s from the keypoints; give messages of one stamp")
    if not moved and result.frame_id != seen.frame_id:
        frames = f"the transfer is in {result.frame_id!r}, the keypoints in {seen.frame_id!r}"
        raise FuncCorrError(f"{frames}; give target_from_camera")
    return result
