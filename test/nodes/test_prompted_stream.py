# SPDX-License-Identifier: Apache-2.0
"""The segmentation node in this process: words by parameter and topic; masks carried between key images; sam's fallback."""

import sys
import time
from types import ModuleType, SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
from nodes.running_nodes import LONG

from func_corr_ros.errors import ErrorCode
from func_corr_ros.grounding.grounder import Boxes

pytestmark = pytest.mark.ros


class Grounder:
    """Knows where one object is, and counts how often it is asked."""

    name, identity = "test", {}

    def __init__(self) -> None:
        self.asked, self.edges = [], np.zeros((0, 4), np.float32)

    def ground(self, image, phrases):
        self.asked.append(list(phrases))
        none = Boxes(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
        scores = np.full(len(self.edges), 0.9, np.float32)
        return [Boxes.of(self.edges, scores, image.shape[:2]) if one == "right blocks" else none for one in phrases]


@pytest.fixture
def two(blocks):
    """Two objects, apart; mask and box of the right one, mask of the left one."""
    left, right = blocks.moved(-0.14, 0.0, 0.0), blocks.moved(0.14, 0.02, 20.0)
    mask = blocks.mask(right)
    rows, columns = np.nonzero(mask)
    box = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], dtype=np.float32)
    return blocks.frame_with(left, right), mask, box, blocks.mask(left)


@pytest.fixture
def made(ros, running, two):
    """Makes an active segmentation node with parameters; returns it, what it sees, and how to show it the two objects."""
    from rclpy.parameter import Parameter

    from func_corr_ros.nodes.process import bring_up
    from func_corr_ros.nodes.segmentation_node import SegmentationNode

    grounder, nodes = Grounder(), []
    grounder.edges = two[2]

    def make(**parameters):
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        node = SegmentationNode(ground=lambda *_: grounder, parameter_overrides=overrides)
        nodes.append(node)
        assert bring_up([node])
        seen = []
        node.listeners.append(seen.append)

        def show():
            before, deadline = len(seen), time.monotonic() + LONG
            stamp = node.get_clock().now().nanoseconds
            for topic, message in zip(("rgb/image_rect_color", "depth_registered/image_rect", "rgb/camera_info"),
                                      running.rgbd_messages(two[0], stamp), strict=True):
                (subscription,) = (one for one in node.subscriptions if one.topic_name.endswith(f"/{topic}"))
                subscription.callback(message)
            while len(seen) == before:
                assert time.monotonic() < deadline
                time.sleep(0.001)
            return seen[-1]

        return node, show, grounder

    yield make
    for node in nodes:
        node.close()
        node.destroy_node()


def is_right_one(seen, two) -> bool:
    (item,) = seen.segmentation.objects
    mask = seen.segmentation.mask(item.id)
    return (mask & two[1]).sum() > 0.9 * two[1].sum() and not (mask & ~two[1]).sum() > 0.1 * two[1].sum()


def test_words_of_the_parameter_choose_and_their_model_is_asked_now_and_then(made, two) -> None:
    from rclpy.parameter import Parameter

    node, show, grounder = made(**{"grounding.model": "owlv2", "key_frames.every": 4})
    assert len(show().segmentation.objects) == 2 and grounder.asked == []
    (answer,) = node.set_parameters([Parameter("text_prompt", value="right blocks")])
    assert answer.successful
    for _ in range(8):
        seen = show()
        assert seen.error is None and is_right_one(seen, two), seen.error
        assert seen.segmentation.objects[0].class_name == "right blocks"
    assert grounder.asked == [["right blocks"]] * 2, "a key image in four; nothing moves"
    values = node.diagnostic_values()
    assert (values["masks.segmented"], values["masks.carried"]) == (2, 6) and values["text_prompt"] == "right blocks"
    node.set_parameters([Parameter("text_prompt", value="")])
    assert len(show().segmentation.objects) == 2


def test_words_on_the_topic_set_the_parameter_and_too_many_are_refused(made, two) -> None:
    from std_msgs.msg import String

    node, show, _ = made(**{"grounding.model": "owlv2"})
    (subscription,) = (one for one in node.subscriptions if one.topic_name == "/text_prompt")
    subscription.callback(String(data="right blocks"))
    assert node.get_parameter("text_prompt").value == "right blocks" and is_right_one(show(), two)
    subscription.callback(String(data="x;" * 20))
    assert node.get_parameter("text_prompt").value == "right blocks"
    subscription.callback(String(data="unicorn"))
    seen = show()
    assert seen.error is not None and seen.error.code == ErrorCode.NO_MASK and "test sees none of 'unicorn'" in str(seen.error)


def test_a_click_goes_before_a_detector_and_a_detector_before_words(made, two, monkeypatch) -> None:
    """The detector's messages are a stand-in's, for vision_msgs is on no registry."""
    from geometry_msgs.msg import PointStamped
    from sensor_msgs.msg import PointCloud2
    from std_msgs.msg import Header

    package, messages = ModuleType("vision_msgs"), ModuleType("vision_msgs.msg")
    messages.Detection2DArray = PointCloud2
    monkeypatch.setitem(sys.modules, "vision_msgs", package)
    monkeypatch.setitem(sys.modules, "vision_msgs.msg", messages)
    node, show, grounder = made(**{"detections.enabled": True, "detections.max_age": 60.0, "grounding.model": "owlv2",
                                   "text_prompt": "unicorn"})
    heard = {one.topic_name: one.callback for one in node.subscriptions}
    assert show().error.code == ErrorCode.NO_INPUT, "no detections yet, whatever the words are"
    ((left, top, right, bottom),) = two[2].astype(float)
    position = SimpleNamespace(x=(left + right) / 2, y=(top + bottom) / 2)
    box = SimpleNamespace(center=SimpleNamespace(position=position), size_x=right - left, size_y=bottom - top)
    found = SimpleNamespace(bbox=box, results=[SimpleNamespace(hypothesis=SimpleNamespace(class_id="blocks", score=0.9))])
    heard["/detections"](SimpleNamespace(header=Header(stamp=node.get_clock().now().to_msg()), detections=[found]))
    seen = show()
    assert is_right_one(seen, two) and seen.segmentation.objects[0].class_name == "blocks" and grounder.asked == []

    def click(u: float, v: float, z: float = 1.0) -> None:
        camera, message = two[0].camera, PointStamped(header=Header(frame_id=two[0].frame_id))
        message.point.x, message.point.y, message.point.z = (u - camera.cx) / camera.fx * z, (v - camera.cy) / camera.fy * z, z
        heard["/clicked_point"](message)
        deadline = time.monotonic() + LONG
        while node.worker._requests or node.worker.busy():
            assert time.monotonic() < deadline
            time.sleep(0.001)

    rows, columns = np.nonzero(two[3])
    click(float(columns[len(columns) // 2]), float(rows[len(rows) // 2]))
    (item,) = (seen := show()).segmentation.objects
    assert not (seen.segmentation.mask(item.id) & two[1]).any(), "the other one, that nobody detected"
    click(0.0, 0.0, -1.0)  # lets go
    assert is_right_one(show(), two)


def test_words_without_a_model_are_an_error_of_each_image_and_not_of_the_node(made) -> None:
    node, show, _ = made(text_prompt="mug")
    seen = show()
    assert seen.error.code == ErrorCode.BAD_PROMPT and "grounding.model" in str(seen.error)
    assert node.active


def test_sam_without_a_checkpoint_is_the_table_top_and_says_so_once(made, monkeypatch) -> None:
    from func_corr_ros.nodes.segmentation_node import SegmentationNode

    log = MagicMock()
    monkeypatch.setattr(SegmentationNode, "get_logger", lambda self: log)
    node, show, _ = made(segmenter="sam")
    for _ in range(3):
        assert len(show().segmentation.objects) == 2
        node._tick()
    warned = [str(call.args[0]) for call in log.warning.call_args_list]
    assert sum("sam has no checkpoint" in words for words in warned) == 1, warned
    values = node.diagnostic_values()
    assert values["segmenter"] == "tabletop" and "sam has no checkpoint" in values["segmenter.fallback"]


def test_a_checkpoint_that_is_not_there_fails_configure(ros) -> None:
    from rclpy.lifecycle import TransitionCallbackReturn
    from rclpy.parameter import Parameter

    from func_corr_ros.nodes.segmentation_node import SegmentationNode

    asked = {"segmenter": "sam", "sam.checkpoint": "/nowhere.pth"}
    node = SegmentationNode(parameter_overrides=[Parameter(name, value=value) for name, value in asked.items()])
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    node.close()
    node.destroy_node()


def test_models_are_unloaded_and_loaded_again(made, two) -> None:
    node, show, _ = made(**{"grounding.model": "owlv2", "text_prompt": "right blocks"})
    assert is_right_one(show(), two)
    node.trigger_deactivate()
    node.trigger_cleanup()
    assert node._segmenter is None
    node.trigger_configure()
    node.trigger_activate()
    assert is_right_one(show(), two)
