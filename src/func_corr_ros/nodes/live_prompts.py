# SPDX-License-Identifier: Apache-2.0
"""Who says which objects of the stream count: an operator's click, a detector, words; without any of them all objects do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rclpy.parameter import Parameter
from std_msgs.msg import String

from func_corr_ros.nodes.clicked_point import ClickedPoint
from func_corr_ros.nodes.detected_boxes import DetectedBoxes
from func_corr_ros.nodes.observations import Moment, ObjectsSeen
from func_corr_ros.segmentation.segmenter import Prompts
from func_corr_ros.segmentation.text_prompted import phrases_of

if TYPE_CHECKING:
    from func_corr_ros.nodes.segmentation_node import SegmentationNode

TEXT_TOPIC = "text_prompt"


class LivePrompts:
    """The prompts for the newest image. A click goes before the detector, the detector before words.

    Words are the node's parameter ``text_prompt``; a message on the topic of that name sets the parameter. ``newest`` returns the
    messages of the newest image. Raises MissingOptional where a detector is asked for and its messages are not installed.
    """

    def __init__(self, node: SegmentationNode, newest: Callable[[], dict[str, Any] | None]) -> None:
        self._node = node
        self._detected = DetectedBoxes(node) if node.settings.detections.enabled else None
        self.clicked = ClickedPoint(node, newest)
        self._subscription = node.create_subscription(String, TEXT_TOPIC, self._take_text, 1)

    def close(self) -> None:
        """Unsubscribes from everything."""
        self.clicked.close()
        self._node.destroy_subscription(self._subscription)
        if self._detected is not None:
            self._detected.close()

    def prompts(self, image: Moment) -> Prompts | None:
        """Returns the prompts for an image, None where all objects count; raises NoInput, NoMask for want of detections."""
        pointed_at = self.clicked.prompts()
        if pointed_at is not None:
            return pointed_at
        if self._detected is not None:
            return self._detected.prompts(image, self._node.settings.detections)
        phrases = phrases_of(self._node.settings.text_prompt)
        return replace(Prompts.none(), phrases=phrases) if phrases else None

    def learn(self, seen: ObjectsSeen) -> None:
        """Takes what the segmenter made of :meth:`prompts`."""
        self.clicked.learn(seen)

    def _take_text(self, message: String) -> None:
        (answer,) = self._node.set_parameters([Parameter("text_prompt", value=message.data)])
        if not answer.successful:
            self._node.get_logger().warning(f"the text prompt counts for nothing: {answer.reason}", throttle_duration_sec=5.0)
