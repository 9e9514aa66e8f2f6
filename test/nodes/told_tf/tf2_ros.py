# SPDX-License-Identifier: Apache-2.0
"""tf2_ros (on no registry) as far as the nodes use it, told its transforms over DDS: TransformStamped on /told_tf, for tf2_msgs
is on no registry either. A transform holds from its stamp until the next one of its child; links are not chained."""

import threading
import time
from collections import defaultdict

import rclpy
from geometry_msgs.msg import TransformStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile

TOPIC = "/told_tf"
KEPT = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class Buffer:
    """Keeps what it is told."""

    def __init__(self):
        self.told = defaultdict(list)

    def take(self, message):
        header = message.header
        self.told[header.frame_id, message.child_frame_id].append((header.stamp.sec * 10**9 + header.stamp.nanosec, message))

    def lookup_transform(self, target, source, stamp, timeout):
        deadline = time.monotonic() + timeout.nanoseconds / 1e9
        while True:
            known = [item for item in self.told[target, source] if item[0] <= stamp.nanoseconds]
            if known:
                return max(known, key=lambda item: item[0])[1]
            if time.monotonic() >= deadline:
                raise LookupError(f'"{source}" passed to lookupTransform argument source_frame does not exist')
            time.sleep(0.01)


class TransformListener:
    """Listens in a thread of its own, as the real one does."""

    def __init__(self, buffer, node, spin_thread):
        assert spin_thread
        self.node, self.executor = node, SingleThreadedExecutor(context=node.context)
        self.executor.add_node(node)
        node.create_subscription(TransformStamped, TOPIC, buffer.take, KEPT)
        self.thread = threading.Thread(target=self._spin, daemon=True)
        self.thread.start()

    def _spin(self):
        try:
            self.executor.spin()
        except rclpy.executors.ExternalShutdownException:
            pass

    def unregister(self):
        self.executor.shutdown()
        self.thread.join(5.0)
        self.node.destroy_node()
