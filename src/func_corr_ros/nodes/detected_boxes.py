# SPDX-License-Identifier: Apache-2.0
"""Another program's detector says where objects are (vision_msgs/Detection2DArray): its newest boxes are prompts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from rclpy.node import Node

from func_corr_ros.errors import MissingOptional, NoInput, NoMask
from func_corr_ros.nodes.messages import moment_of
from func_corr_ros.nodes.observations import Moment
from func_corr_ros.nodes.rgbd_input import QOS
from func_corr_ros.segmentation.segmenter import Prompts
from func_corr_ros.settings import setting

TOPIC = "detections"
# What a detector may send; more is cut, best first.
MAX_BOXES = 50
# No picture reaches so far; numbers beyond are none.
FAR_PX = 1e6
INSTALL = "detections.enabled needs vision_msgs, which is not installed: sudo apt install ros-$ROS_DISTRO-vision-msgs"


@dataclass(frozen=True)
class DetectionSettings:
    """Whether a detector's boxes say which objects there are."""

    enabled: bool = setting(False, "segment what vision_msgs/Detection2DArray on `detections` shows, and nothing else")
    classes: tuple[str, ...] = setting((), "class ids that count; empty: all", live=True)
    min_score: float = setting(0.3, "detections that are rated lower are left out", at_least=0.0, at_most=1.0, live=True)
    max_age: float = setting(
        0.5, "detections may be of an image so much older or newer than the one at hand", unit="s", at_least=0.0, live=True
    )


class DetectedBoxes:
    """Subscribes to a detector. Raises MissingOptional where vision_msgs is not installed."""

    def __init__(self, node: Node) -> None:
        try:
            from vision_msgs.msg import Detection2DArray
        except ImportError as error:
            raise MissingOptional(INSTALL) from error
        self._node = node
        self._newest: tuple[Moment, list[Any]] | None = None
        self._subscription = node.create_subscription(Detection2DArray, TOPIC, self._take, QOS["SENSOR_DATA"])

    def close(self) -> None:
        """Unsubscribes."""
        self._node.destroy_subscription(self._subscription)

    def prompts(self, image: Moment, settings: DetectionSettings) -> Prompts:
        """Returns the boxes that count for an image; raises NoInput where none came near its stamp, NoMask for none in it."""
        if self._newest is None:
            raise NoInput(f"no detections have arrived on {self._node.resolve_topic_name(TOPIC)} yet (detections.enabled)")
        at, detections = self._newest
        apart = abs(image.stamp_ns - at.stamp_ns) / 1e9
        if apart > settings.max_age:
            raise NoInput(f"the newest detections are {apart:.2f} s from the image, detections.max_age is {settings.max_age:g} s")
        return detection_prompts(detections, settings)

    def _take(self, message: Any) -> None:
        self._newest = moment_of(message.header), list(message.detections)


def detection_prompts(detections: list[Any], settings: DetectionSettings) -> Prompts:
    """Returns the prompts of vision_msgs/Detection2D (version 4: a box has a centre with a position); raises NoMask for none."""
    found: list[tuple[float, str, tuple[float, float, float, float]]] = []
    for detection in detections:
        center, half = detection.bbox.center.position, (0.5 * detection.bbox.size_x, 0.5 * detection.bbox.size_y)
        corners = (center.x - half[0], center.y - half[1], center.x + half[0], center.y + half[1])
        named = max(detection.results, key=lambda result: result.hypothesis.score, default=None)
        name, score = ("", math.nan) if named is None else (named.hypothesis.class_id, named.hypothesis.score)
        sensible = all(abs(corner) < FAR_PX for corner in corners) and corners[2] > corners[0] and corners[3] > corners[1]
        if sensible and not score < settings.min_score and (not settings.classes or name in settings.classes):
            found.append((score, name, corners))
    found = sorted(found, key=lambda item: -math.inf if math.isnan(item[0]) else item[0], reverse=True)[:MAX_BOXES]
    if not found:
        raise NoMask(f"none of {len(detections)} detections counts: detections.min_score is {settings.min_score:g}, "
                     f"detections.classes {list(settings.classes) or 'any'}")
    corners_px = np.array([corners for _, _, corners in found], dtype=np.float64)
    names = tuple(name for _, name, _ in found)
    return Prompts(np.zeros((0, 2)), np.zeros(0, dtype=np.int64), corners_px, names)
