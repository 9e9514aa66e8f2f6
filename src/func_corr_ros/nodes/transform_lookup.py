# SPDX-License-Identifier: Apache-2.0
"""TF at the edge: the transform from the camera to the target frame at the image's stamp, or an error that says what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import rclpy
from jaxtyping import Float64
from rclpy.node import Node
from rclpy.time import Time

from func_corr_ros.errors import TransformUnavailable
from func_corr_ros.geometry.se3 import from_quaternion_xyzw
from func_corr_ros.nodes.observations import Moment


class TransformLookup:
    """Looks transforms up at a stamp. TF is listened to by a node of its own in a thread of its own, so that waiting for a
    transform never keeps the transform from arriving. An empty target frame means the camera's own frame and needs no TF.
    """

    def __init__(self, node: Node, target_frame: str, timeout: float) -> None:
        self.target_frame, self._timeout = target_frame, timeout
        self._buffer: Any = None
        self._listener: Any = None
        self._problem = ""
        if target_frame:
            self._listen(node)

    def target_from(self, camera: Moment) -> Float64[np.ndarray, "4 4"]:
        """Returns target_from_camera at the moment's stamp; raises TransformUnavailable with frames, stamp and reason."""
        if self.target_frame in ("", camera.frame_id):
            return np.eye(4)
        if self._buffer is None:
            raise TransformUnavailable(self._problem)
        try:
            found = self._buffer.lookup_transform(
                self.target_frame,
                camera.frame_id,
                Time(nanoseconds=camera.stamp_ns),
                rclpy.duration.Duration(nanoseconds=round(self._timeout * 1e9)),
            ).transform
        except Exception as error:  # tf2's exceptions share no base outside tf2_py, which may be absent
            frames = f"from {camera.frame_id!r} to target_frame {self.target_frame!r}"
            raise TransformUnavailable(f"no transform {frames} at {camera.stamp_ns / 1e9:.3f} s: {error}") from error
        q, t = found.rotation, found.translation
        return from_quaternion_xyzw(np.array([q.x, q.y, q.z, q.w]), np.array([t.x, t.y, t.z]))

    def close(self) -> None:
        """Stops listening."""
        if self._listener is not None:
            self._listener.unregister()
            self._listener = self._buffer = None

    def _listen(self, node: Node) -> None:
        try:
            import tf2_ros
        except ImportError:
            self._problem = (
                f"target_frame {self.target_frame!r} needs tf2_ros, which is not installed: sudo apt install "
                "ros-$ROS_DISTRO-tf2-ros-py; or set target_frame to '' for poses in the camera's frame"
            )
            node.get_logger().error(self._problem)
            return
        listener_node = rclpy.create_node(f"{node.get_name()}_tf", namespace=node.get_namespace(), context=node.context)
        self._buffer = tf2_ros.Buffer()
        self._listener = tf2_ros.TransformListener(self._buffer, listener_node, spin_thread=True)
