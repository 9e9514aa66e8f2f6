# SPDX-License-Identifier: Apache-2.0
"""What /tf and /tf_static say while `func-corr doctor --live` listens: which frames hang together, and how old links are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile

from func_corr_ros.nodes.messages import stamp_ns

# A longer way up the tree is a loop.
DEEPEST = 100
# As tf2_ros listens: many broadcasters, each of whose messages counts.
MOVING = QoSProfile(depth=100)
STATIC = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
INSTALL = "tf2_msgs is not installed: sudo apt install ros-$ROS_DISTRO-tf2-msgs"


@dataclass
class Link:
    """How a frame hangs on its parent. ``age`` is the time from the newest stamp to its arrival, ``arrived`` when that was [s],
    by the clock that the nodes use; both are None for a link that never moves.
    """

    parent: str
    age: float | None = None
    arrived: float | None = None


class TransformsHeard:
    """Hears TF from when it is made; without tf2_msgs it hears nothing and ``problem`` says what to install."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.links: dict[str, Link] = {}
        self.problem = ""
        try:
            from tf2_msgs.msg import TFMessage
        except ImportError:
            self.problem = INSTALL
            return
        node.create_subscription(TFMessage, "/tf", self.take, MOVING)
        node.create_subscription(TFMessage, "/tf_static", lambda message: self.take(message, static=True), STATIC)

    def take(self, message: Any, static: bool = False) -> None:
        """Takes the transforms of a message."""
        now = self._node.get_clock().now().nanoseconds
        for item in message.transforms:
            child, parent = item.child_frame_id.lstrip("/"), item.header.frame_id.lstrip("/")
            age = None if static else (now - stamp_ns(item.header.stamp)) / 1e9
            self.links[child] = Link(parent, age, None if static else now / 1e9)

    def told(self, target: str, source: str) -> dict[str, Any]:
        """Returns, as plain values, whether TF joins two frames, and of the link between them that is furthest from now: its
        frames, how long ago it was told, and how old it was then (less than zero: from the future).
        """
        frames = sorted({*self.links, *(link.parent for link in self.links.values())})
        up, down = self._chain(source), self._chain(target)
        shared = next((name for name in up if name in down), None)
        found: dict[str, Any] = {"target": target, "source": source, "problem": self.problem, "frames": frames,
                                 "joined": shared is not None, "link": "", "silence_s": 0.0, "age_s": 0.0}
        if shared is None:
            return found
        between = [*up[: up.index(shared)], *down[: down.index(shared)]]
        now = self._node.get_clock().now().nanoseconds / 1e9
        for child in between:
            link = self.links[child]
            if link.age is None or link.arrived is None:
                continue
            silence = now - link.arrived
            if not found["link"] or abs(link.age) + silence > abs(found["age_s"]) + found["silence_s"]:
                found |= {"link": f"{link.parent} -> {child}", "silence_s": silence, "age_s": link.age}
        return found

    def _chain(self, name: str) -> list[str]:
        names = [name.lstrip("/")]
        while names[-1] in self.links and len(names) < DEEPEST:
            names.append(self.links[names[-1]].parent)
        return names
