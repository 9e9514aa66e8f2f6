# SPDX-License-Identifier: Apache-2.0
"""TF as the doctor hears it: joined or not, and the oldest link between two frames; messages are handed over without DDS."""

import types

import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from std_msgs.msg import Header

pytestmark = pytest.mark.ros


@pytest.fixture
def heard(ros):
    """A robot's TF: base -> mount never moves, mount -> camera is 0.1 s old, camera -> optical 0.3 s; and an island."""
    from func_corr_ros.nodes.live_transforms import TransformsHeard

    node = Node("transforms_test")
    made = TransformsHeard(node)

    def link(parent: str, child: str, old: float | None) -> None:
        stamp = node.get_clock().now().nanoseconds - round((old or 0.0) * 1e9)
        header = Header(frame_id=parent, stamp=Time(sec=stamp // 10**9, nanosec=stamp % 10**9))
        made.take(types.SimpleNamespace(transforms=[TransformStamped(header=header, child_frame_id=child)]), static=old is None)

    link("base", "mount", None)
    link("mount", "camera", 0.1)
    link("/camera", "/optical", 0.3)
    link("moon", "crater", None)
    yield made, link
    node.destroy_node()


def test_two_frames_of_one_tree_are_joined_and_the_oldest_link_is_told(heard) -> None:
    told = heard[0].told("base", "optical")
    assert told["joined"] and told["link"] == "camera -> optical" and 0.29 < told["age_s"] < 30.0
    assert told["frames"] == ["base", "camera", "crater", "moon", "mount", "optical"]
    assert heard[0].told("optical", "base")["link"] == "camera -> optical"


def test_static_links_never_age(heard) -> None:
    told = heard[0].told("base", "mount")
    assert told["joined"] and (told["link"], told["age_s"], told["silence_s"]) == ("", 0.0, 0.0)


def test_the_future_is_told_as_a_negative_age(heard) -> None:
    heard[1]("mount", "camera", -600.0)
    told = heard[0].told("base", "optical")
    assert told["link"] == "mount -> camera" and told["age_s"] < -500.0


def test_two_trees_and_unknown_frames_are_not_joined(heard) -> None:
    assert not heard[0].told("moon", "optical")["joined"]
    assert not heard[0].told("base", "nowhere")["joined"]


def test_a_loop_ends(heard) -> None:
    heard[1]("optical", "base", 0.0)
    assert not heard[0].told("moon", "optical")["joined"]


def test_without_tf2_msgs_it_says_what_to_install(ros) -> None:
    from func_corr_ros.nodes.live_transforms import TransformsHeard

    try:
        import tf2_msgs.msg  # noqa: F401
    except ImportError:
        node = Node("transforms_test")
        assert "sudo apt install ros-" in TransformsHeard(node).problem
        node.destroy_node()
    else:
        pytest.skip("tf2_msgs is installed")
