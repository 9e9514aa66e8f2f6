# SPDX-License-Identifier: Apache-2.0
"""Three camera topics become one set per moment; a remapped or compressed camera is found, an unsuitable one is named."""

import time

import numpy as np
import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from func_corr_ros.nodes.messages import camera_message, image_message, picture_message
from func_corr_ros.nodes.observations import Moment
from func_corr_ros.nodes.rgbd_input import QOS, InputSettings, SynchronizedInput, SyncSettings, rgbd_topics

pytestmark = pytest.mark.ros
LONG = 20.0


@pytest.fixture
def node(ros):
    made = Node("camera_test", cli_args=["--ros-args", "-r", "rgb/image_rect_color:=/cam/color"])
    yield made
    made.destroy_node()


def spun(node: Node, until) -> None:
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    deadline = time.monotonic() + LONG
    while not until():
        assert time.monotonic() < deadline, "what must come did not come"
        executor.spin_once(timeout_sec=0.05)
    executor.remove_node(node)


def test_compressed_topics_follow_the_remapped_camera(node) -> None:
    settings = InputSettings(color_transport="compressed", depth_transport="compressedDepth")
    matched, held = rgbd_topics(node, settings)
    assert (matched["color"].kind, matched["color"].name) == (CompressedImage, "/cam/color/compressed")
    assert matched["depth"].name == "/depth_registered/image_rect/compressedDepth"
    assert held["camera_info"].kind is CameraInfo


def test_a_set_is_delivered_once(node) -> None:
    from func_corr_ros import encodings
    from func_corr_ros.geometry.camera import PinholeCamera

    sets: list[dict] = []
    found = SynchronizedInput(node, *rgbd_topics(node, InputSettings()), SyncSettings(), sets.append)
    assert found.names["color"] == "/cam/color"
    color = node.create_publisher(Image, "/cam/color", QOS["RELIABLE"])
    depth = node.create_publisher(Image, "depth_registered/image_rect", QOS["RELIABLE"])
    info = node.create_publisher(CameraInfo, "rgb/camera_info", QOS["RELIABLE"])
    spun(node, lambda: all(publisher.get_subscription_count() for publisher in (color, depth, info)))
    moment = Moment(5_000_000_000, "camera")
    color.publish(picture_message(np.zeros((4, 6, 3), dtype=np.uint8), moment))
    depth.publish(image_message(encodings.encode_depth(np.ones((4, 6), dtype=np.float32)), moment))
    info.publish(camera_message(PinholeCamera(5.0, 5.0, 2.5, 1.5, 6, 4), moment))
    spun(node, lambda: bool(sets))
    assert len(sets) == 1 and set(sets[0]) == {"color", "depth", "camera_info"}
    assert found.synchronizer.sets == 1 and found.complaint() is None
    found.close()


def test_a_publisher_of_another_qos_is_named(node) -> None:
    found = SynchronizedInput(
        node, *rgbd_topics(node, InputSettings(color_qos="RELIABLE")), SyncSettings(patience=0.1), lambda _: None
    )
    publisher = node.create_publisher(Image, "/cam/color", QOS["BEST_EFFORT"])
    spun(node, lambda: bool(found.qos_problems))
    complaint = found.complaint()
    assert "/cam/color offers another RELIABILITY than RELIABLE asks for" in complaint
    node.destroy_publisher(publisher)
    found.close()


def test_the_missing_topic_is_named_in_full(node) -> None:
    found = SynchronizedInput(node, *rgbd_topics(node, InputSettings()), SyncSettings(patience=0.1), lambda _: None)
    spun(node, lambda: found.complaint() is not None)
    assert "/cam/color" in found.complaint()
    found.close()
