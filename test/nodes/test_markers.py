# SPDX-License-Identifier: Apache-2.0
"""Markers stand where the keypoints and poses are, few of them, each with an id of its own."""

import numpy as np
from func_corr_ros.msg import TransferPhase
from geometry_msgs.msg import PoseStamped
from visualization_msgs.msg import Marker

from func_corr_ros.nodes.markers import AXIS_LENGTH, MarkerRate, keypoint_markers, phase_markers
from func_corr_ros.nodes.messages import header_of, pose_message
from func_corr_ros.nodes.observations import MatchesSeen, Moment, SeenKeypoint

AT = Moment(1, "camera")


def test_keypoints_without_depth_are_left_out() -> None:
    keypoints = tuple(
        SeenKeypoint(name, (0.0, 0.0), (0.0, 0.0), 1.0, point)
        for name, point in (("rim", np.array([0.1, 0.2, 0.3])), ("handle", np.full(3, np.nan)))
    )
    balls, *names = keypoint_markers(MatchesSeen(AT, keypoints=keypoints))
    assert [(p.x, p.y, p.z) for p in balls.points] == [(0.1, 0.2, 0.3)] and [name.text for name in names] == ["rim"]


def test_they_come_five_times_a_second_at_most() -> None:
    now = [0.0]
    rate = MarkerRate(lambda: now[0])
    due = []
    for _ in range(60):  # two seconds of a camera
        due.append(rate.due())
        now[0] += 1.0 / 30.0
    assert due[0] and 8 <= sum(due) <= 11


def test_axes_are_the_tools() -> None:
    pose = np.array([[0.0, -1.0, 0.0, 1.0], [1.0, 0.0, 0.0, 2.0], [0.0, 0.0, 1.0, 3.0], [0.0, 0.0, 0.0, 1.0]])
    stamped = PoseStamped(header=header_of(AT), pose=pose_message(pose))
    markers = phase_markers([TransferPhase(name=name, tool_link="tool0", pose=stamped) for name in ("grasp", "action")])
    assert len({(marker.ns, marker.id) for marker in markers}) == len(markers) == 8
    arrows = [marker for marker in markers if marker.type == Marker.ARROW][:3]
    tips = np.array([(m.points[1].x, m.points[1].y, m.points[1].z) for m in arrows])
    assert np.allclose(tips, [1.0, 2.0, 3.0] + AXIS_LENGTH * pose[:3, :3].T)
    assert markers[3].text == "grasp (tool0)"
