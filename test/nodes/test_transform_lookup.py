# SPDX-License-Identifier: Apache-2.0
"""Without a target frame nothing is needed; with one, TF is asked at the image's stamp and every failure has a code."""

import sys
import time
import types

import numpy as np
import pytest
from geometry_msgs.msg import TransformStamped
from rclpy.node import Node

from func_corr_ros.errors import ErrorCode, TransformUnavailable
from func_corr_ros.nodes.observations import Moment
from func_corr_ros.nodes.transform_lookup import TransformLookup

pytestmark = pytest.mark.ros
AT = Moment(7_000_000_123, "camera_optical")


@pytest.fixture
def node(ros):
    made = Node("lookup_test")
    yield made
    made.destroy_node()


@pytest.fixture
def tf(monkeypatch):
    """A tf2_ros that knows one transform, as the real one is not to be had from the registries."""
    asked: list[tuple] = []

    class Buffer:
        def lookup_transform(self, target, source, time, timeout):
            asked.append((target, source, time.nanoseconds, timeout.nanoseconds))
            if target != "base":
                raise LookupError(f"'{target}' does not exist")
            found = TransformStamped()
            found.transform.translation.x, found.transform.rotation.z, found.transform.rotation.w = 1.0, 1.0, 0.0
            return found

    class TransformListener:
        def __init__(self, buffer, node, spin_thread):
            assert spin_thread and node.get_name() == "lookup_test_tf"
            self.node = node

        def unregister(self):
            self.node.destroy_node()

    module = types.ModuleType("tf2_ros")
    module.Buffer, module.TransformListener = Buffer, TransformListener
    monkeypatch.setitem(sys.modules, "tf2_ros", module)
    return asked


def test_no_target_frame_needs_no_tf(node) -> None:
    assert np.array_equal(TransformLookup(node, "", 0.1).target_from(AT), np.eye(4))


def test_the_cameras_own_frame_needs_no_tf(node, tf) -> None:
    lookup = TransformLookup(node, "camera_optical", 0.1)
    assert np.array_equal(lookup.target_from(AT), np.eye(4)) and tf == []
    lookup.close()


def test_tf_is_asked_at_the_images_stamp(node, tf) -> None:
    lookup = TransformLookup(node, "base", 0.25)
    found = lookup.target_from(AT)
    assert tf == [("base", "camera_optical", AT.stamp_ns, 250_000_000)]
    assert np.allclose(found @ [0.0, 1.0, 0.0, 1.0], [1.0, -1.0, 0.0, 1.0])
    lookup.close()


def test_what_tf_does_not_know_is_a_tf_error(node, tf) -> None:
    lookup = TransformLookup(node, "map", 0.1)
    with pytest.raises(
        TransformUnavailable, match="from 'camera_optical' to target_frame 'map' at 7.000 s: 'map' does not exist"
    ) as caught:
        lookup.target_from(AT)
    assert caught.value.code == ErrorCode.TF_ERROR
    lookup.close()


def test_without_tf2_ros_the_error_says_what_to_install(node, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "tf2_ros", None)
    lookup = TransformLookup(node, "base", 0.1)
    with pytest.raises(TransformUnavailable, match="sudo apt install ros-.*-tf2-ros"):
        lookup.target_from(AT)


def test_any_frame_is_found_in_the_cameras_at_the_images_stamp(node, tf) -> None:
    lookup = TransformLookup(node, "", 0.25)
    found = lookup.at(Moment(AT.stamp_ns, "base")).camera_from("cup_1")
    assert tf == [("base", "cup_1", AT.stamp_ns, 250_000_000)]
    assert np.allclose(found @ [0.0, 1.0, 0.0, 1.0], [1.0, -1.0, 0.0, 1.0])
    with pytest.raises(TransformUnavailable, match="from 'cup_1' to 'camera_optical' at 7.000 s: 'camera_optical' does not"):
        lookup.at(AT).camera_from("cup_1")
    lookup.close()


def test_an_image_without_a_stamp_has_no_frame_beside_it(node, tf) -> None:
    """TF takes stamp 0 for the newest it knows."""
    lookup = TransformLookup(node, "", 0.25)
    with pytest.raises(TransformUnavailable, match="the image has no stamp"):
        lookup.at(Moment(0, "base")).camera_from("cup_1")
    assert tf == []
    lookup.close()


def test_all_transforms_of_an_image_wait_no_longer_than_one(node, tf, monkeypatch) -> None:
    lookup = TransformLookup(node, "map", 0.2)
    transforms = lookup.at(AT)
    monkeypatch.setattr(time, "monotonic", iter([0.0, 0.15, 1.0, 1.15, 2.0, 2.0]).__next__)
    for ask in (lambda: transforms.camera_from("cup_1"), lambda: transforms.camera_from("tray"), transforms.target_from_camera):
        with pytest.raises(TransformUnavailable):
            ask()
    monkeypatch.undo()
    assert [round(patience / 1e6) for *_, patience in tf] == [200, 50, 0]
    lookup.close()


def test_without_tf2_ros_a_frame_says_what_to_install_and_nobody_else_is_told(node, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "tf2_ros", None)
    logged: list[str] = []
    monkeypatch.setattr(node.get_logger(), "error", logged.append)
    lookup = TransformLookup(node, "", 0.1)
    assert logged == []
    with pytest.raises(TransformUnavailable, match="from 'cup_1' to 'camera_optical' needs tf2_ros.*sudo apt install ros-"):
        lookup.at(AT).camera_from("cup_1")
