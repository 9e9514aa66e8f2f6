# SPDX-License-Identifier: Apache-2.0
"""An operator points at one of two objects: it alone is segmented, followed while it moves, and let go when asked or gone."""

import time

import numpy as np
import pytest
from nodes.running_nodes import LONG

from func_corr_ros.errors import ErrorCode

pytestmark = pytest.mark.ros


@pytest.fixture
def segmented(robot, blocks, running):
    """Publishes the scene with objects at the poses until the answer is as asked for; returns the message."""
    from func_corr_ros.msg import ObjectMaskArray

    # Kept: destroying it while another thread spins would end that thread.
    robot.create_subscription(ObjectMaskArray, "segmentation_node/objects", lambda message: robot._hear("objects", message), 10)

    def until(ready, *poses):
        frame = blocks.frame_with(*poses)
        deadline = time.monotonic() + LONG
        while time.monotonic() < deadline:
            message = robot.answer(lambda stamp: running.rgbd_messages(frame, stamp), key="objects")
            if ready(message):
                return message
            time.sleep(0.06)  # stamps are 50 ms apart and must not run ahead of the clock
        raise AssertionError(f"{len(message.objects)} objects, {message.error_code}: {message.error_msg}")

    return until


def pixel_of(blocks, pose) -> tuple[int, int]:
    corner = (blocks.CAMERA_FROM_WORLD @ pose @ np.array([*blocks.KEYPOINT_IN_OBJECT, 1.0]))[:3]
    u, v = blocks.CAMERA.project(corner)[0]
    return round(float(u)), round(float(v))


def click(robot, point, frame_id: str = "camera_color_optical_frame") -> None:
    from geometry_msgs.msg import PointStamped

    if not hasattr(robot, "clicks"):
        robot.clicks = robot.create_publisher(PointStamped, "clicked_point", 1)
    robot.wait_for(lambda: robot.clicks.get_subscription_count() > 0)
    message = PointStamped()
    message.header.frame_id = frame_id
    message.point.x, message.point.y, message.point.z = (float(value) for value in point)
    robot.clicks.publish(message)


def shows(message, uv: tuple[int, int]) -> bool:
    labels = np.frombuffer(message.labels.data, dtype="<u2").reshape(message.labels.height, message.labels.width)
    return bool(labels[uv[1], uv[0]])


def test_a_click_chooses_follows_and_lets_go(robot, blocks, segmented, loaded) -> None:
    left, right = blocks.moved(-0.14, 0.0, 0.0), blocks.moved(0.14, 0.02, 20.0)
    both = segmented(lambda message: len(message.objects) == 2, left, right)
    assert shows(both, pixel_of(blocks, left)) and shows(both, pixel_of(blocks, right))

    top = (blocks.CAMERA_FROM_WORLD @ right @ np.array([*blocks.KEYPOINT_IN_OBJECT, 1.0]))[:3]
    click(robot, top)
    for step in range(4):
        there = blocks.moved(0.14 - 0.02 * step, 0.02, 20.0)
        one = segmented(lambda message: len(message.objects) == 1, left, there)
        assert shows(one, pixel_of(blocks, there)) and not shows(one, pixel_of(blocks, left))

    click(robot, (0.0, 0.0, -1.0))
    segmented(lambda message: len(message.objects) == 2, left, right)


def test_what_is_gone_is_missed_and_then_given_up(robot, blocks, segmented, loaded) -> None:
    left, right = blocks.moved(-0.14, 0.0, 0.0), blocks.moved(0.14, 0.02, 20.0)
    segmented(lambda message: len(message.objects) == 2, left, right)
    click(robot, (blocks.CAMERA_FROM_WORLD @ right @ np.array([*blocks.KEYPOINT_IN_OBJECT, 1.0]))[:3])
    segmented(lambda message: len(message.objects) == 1, left, right)
    missed = segmented(lambda message: message.error_code == ErrorCode.NO_MASK, left)
    assert "hit none of the 1 objects" in missed.error_msg
    found = segmented(lambda message: len(message.objects) == 1, left)
    assert shows(found, pixel_of(blocks, left))


def test_a_click_in_a_frame_nobody_knows_counts_for_nothing(robot, blocks, segmented, process, loaded) -> None:
    left, right = blocks.moved(-0.14, 0.0, 0.0), blocks.moved(0.14, 0.02, 20.0)
    segmented(lambda message: len(message.objects) == 2, left, right)
    click(robot, (0.0, 0.0, 1.0), frame_id="the_moon")
    robot.wait_for(lambda: segmented(lambda message: True, left, right) and "counts for nothing" in process.log.read_text())
    assert "the_moon" in process.log.read_text()
    segmented(lambda message: len(message.objects) == 2, left, right)
