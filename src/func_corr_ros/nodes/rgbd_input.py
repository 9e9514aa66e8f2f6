# SPDX-License-Identifier: Apache-2.0
"""Subscriptions to an RGB-D camera: each message goes into the synchroniser, each complete set to one callback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_policy_name_from_kind
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from func_corr_ros.nodes.messages import stamp_ns
from func_corr_ros.settings import setting
from func_corr_ros.streams.synchronizer import Synchronizer

QOS = {
    "BEST_EFFORT": QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT),
    "SENSOR_DATA": QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT),
    "RELIABLE": QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE),
    "DEFAULT": QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE),
}
LATCHED = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
# Requests that come at once wait in line instead of overwriting each other (ROS keeps 10 by default).
SERVICE = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
_QOS_WORDS = "quality of service asked for; a publisher that is best effort needs BEST_EFFORT or SENSOR_DATA"


@dataclass(frozen=True)
class InputSettings:
    """How an RGB-D camera is subscribed to. BEST_EFFORT and RELIABLE keep the newest message only."""

    color_transport: str = setting("raw", "colour as raw images, or under <topic>/compressed", choices=("raw", "compressed"))
    depth_transport: str = setting(
        "raw", "depth as raw images, or under <topic>/compressedDepth", choices=("raw", "compressedDepth")
    )
    color_qos: str = setting("SENSOR_DATA", f"colour: {_QOS_WORDS}", choices=tuple(QOS))
    depth_qos: str = setting("SENSOR_DATA", f"depth: {_QOS_WORDS}", choices=tuple(QOS))
    camera_info_qos: str = setting("SENSOR_DATA", f"camera info: {_QOS_WORDS}", choices=tuple(QOS))


@dataclass(frozen=True)
class SyncSettings:
    """Which messages belong together."""

    slop: float = setting(0.02, "largest difference of the stamps of one set", unit="s", at_least=0.0, at_most=1.0)
    patience: float = setting(3.0, "the missing or late topic is named after so long", unit="s", at_least=0.1)


@dataclass(frozen=True)
class Topic:
    """One input: its message type, its relative name, and its QoS string."""

    kind: type
    name: str
    qos: str


class SynchronizedInput:
    """Subscriptions whose messages are matched by stamp. ``matched`` starts with the topic whose stamp counts."""

    def __init__(
        self,
        node: Node,
        matched: Mapping[str, Topic],
        held: Mapping[str, Topic],
        sync: SyncSettings,
        deliver: Callable[[dict[str, Any]], Any],
    ) -> None:
        self._node, self._deliver = node, deliver
        topics = {**matched, **held}
        self.names = {key: node.resolve_topic_name(topic.name) for key, topic in topics.items()}
        self.qos_problems: dict[str, str] = {}
        self.synchronizer = Synchronizer([*matched], [*held], slop=sync.slop)
        self._patience = sync.patience
        self._subscriptions = [self._subscribe(key, topic) for key, topic in topics.items()]

    def complaint(self) -> str | None:
        """Returns which topic is missing or late, by its full name, and whom nobody hears; None while all is well."""
        text = self.synchronizer.complaint(self._patience)
        for key, name in self.names.items():
            text = text.replace(repr(key), name) if text else None
        return "; ".join([*([text] if text else []), *self.qos_problems.values()]) or None

    def close(self) -> None:
        """Unsubscribes from everything."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions = []

    def _subscribe(self, key: str, topic: Topic) -> Any:
        def take(message: Any) -> None:
            found = self.synchronizer.add(key, stamp_ns(message.header.stamp), message)
            if found is not None:
                self._deliver(found)

        def incompatible(event: Any) -> None:
            policy = qos_policy_name_from_kind(event.last_policy_kind)
            self.qos_problems[key] = f"a publisher on {self.names[key]} offers another {policy} than {topic.qos} asks for"
            self._node.get_logger().error(f"{self.qos_problems[key]}; change the input's *_qos parameter")

        events = SubscriptionEventCallbacks(incompatible_qos=incompatible)
        return self._node.create_subscription(topic.kind, self.names[key], take, QOS[topic.qos], event_callbacks=events)


def rgbd_topics(node: Node, settings: InputSettings) -> tuple[dict[str, Topic], dict[str, Topic]]:
    """Returns the matched (color, depth) and held (camera_info) topics of an RGB-D camera.

    As in image_transport, a remapped base topic carries its compressed companions with it.
    """
    color, depth = (
        Topic(Image, "rgb/image_rect_color", settings.color_qos),
        Topic(Image, "depth_registered/image_rect", settings.depth_qos),
    )
    if settings.color_transport == "compressed":
        color = Topic(CompressedImage, node.resolve_topic_name(color.name) + "/compressed", color.qos)
    if settings.depth_transport == "compressedDepth":
        depth = Topic(CompressedImage, node.resolve_topic_name(depth.name) + "/compressedDepth", depth.qos)
    return {"color": color, "depth": depth}, {"camera_info": Topic(CameraInfo, "rgb/camera_info", settings.camera_info_qos)}
