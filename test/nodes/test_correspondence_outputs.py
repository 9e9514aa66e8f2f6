# SPDX-License-Identifier: Apache-2.0
"""What is costly is made only while someone listens: fields, pictures and markers of every node."""

import time

import pytest
from nodes.running_nodes import LONG
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image
from visualization_msgs.msg import MarkerArray

pytestmark = pytest.mark.ros


def until(ready) -> None:
    deadline = time.monotonic() + LONG
    while not ready():
        assert time.monotonic() < deadline, "what must come did not come"
        time.sleep(0.001)


@pytest.fixture
def made(ros, monkeypatch, blocks, color_backbone, running):
    """The composed nodes in this process, how to show them a frame, and what was drawn since; nobody listens to anything."""
    from func_corr_ros.nodes import correspondence_outputs, segmentation_node, transfer_outputs
    from func_corr_ros.nodes.func_corr import composed
    from func_corr_ros.nodes.observations import ReferencePicture
    from func_corr_ros.nodes.process import bring_up, take_down

    drawn: list[str] = []

    def counted(module, name: str) -> None:
        draw = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *given: (drawn.append(name), draw(*given))[1])

    for name in ("dense_field", "flow_picture", "matches_picture", "keypoint_markers", "points_message", "info_message"):
        counted(correspondence_outputs, name)
    counted(segmentation_node, "objects_picture")
    counted(transfer_outputs, "phase_markers")
    nodes = composed(color_backbone.load)
    assert bring_up(nodes)
    segmentation, correspondence, transfer = nodes
    transfer.demonstration = transfer._announced = blocks.demonstration()
    correspondence._reference = correspondence._embedded(ReferencePicture.of(transfer.demonstration))
    results: list = []
    publish = transfer._outputs.publish
    monkeypatch.setattr(transfer._outputs, "publish", lambda *given: (publish(*given), results.append(given[0])))
    frame = blocks.thinned(blocks.frame(blocks.moved(0.05, 0.03, 30.0)))

    def show() -> set[str]:
        drawn.clear()
        before = len(results)
        color, depth, info = running.rgbd_messages(frame, segmentation.get_clock().now().nanoseconds)
        segmentation.stage.mailbox.put({"color": color, "depth": depth, "camera_info": info})
        until(lambda: len(results) > before)
        assert results[-1].outcome is not None, results[-1].error
        return set(drawn)

    yield show, nodes
    take_down(nodes)


def listening(nodes, *topics: str) -> Node:
    """Returns a node that every publisher of the topics knows."""
    kinds = {"markers": MarkerArray}
    listener, executor = Node("listener"), SingleThreadedExecutor()
    executor.add_node(listener)
    for topic in topics:
        listener.create_subscription(kinds.get(topic.rpartition("/")[2], Image), topic, lambda message: None, 1)
    publishers = [one for node in nodes for one in node.publishers if one.topic_name.removeprefix("/") in topics]
    assert len(publishers) == len(topics)
    until(lambda: executor.spin_once(timeout_sec=0.05) or all(one.get_subscription_count() for one in publishers))
    executor.shutdown()
    return listener


def test_nothing_is_drawn_for_nobody(made) -> None:
    show, _ = made
    assert show() == set()


@pytest.mark.parametrize(("topic", "draws"), [
    ("segmentation_node/overlay", {"objects_picture"}),
    ("correspondence_node/overlay", {"matches_picture"}),
    ("correspondence_node/confidence", {"dense_field"}),
    ("correspondence_node/flow_color", {"dense_field", "flow_picture"}),
    ("correspondence_node/markers", {"keypoint_markers"}),
    ("transfer_node/markers", {"phase_markers"}),
])
def test_who_listens_gets_what_it_asks_for_and_nothing_else_is_made(made, topic: str, draws: set[str]) -> None:
    show, nodes = made
    listener = listening(nodes, topic)
    assert show() == draws
    listener.destroy_node()
