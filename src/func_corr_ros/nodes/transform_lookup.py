# SPDX-License-Identifier: Apache-2.0
"""TF at the edge: where the camera, the target frame and others are at an image's stamp, or an error that says what to do."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import rclpy
from jaxtyping import Float64
from rclpy.node import Node
from rclpy.time import Time

from func_corr_ros.errors import TransformUnavailable
from func_corr_ros.geometry.se3 import from_quaternion_xyzw
from func_corr_ros.nodes.observations import Moment

INSTALL = "needs tf2_ros, which is not installed: sudo apt install ros-$ROS_DISTRO-tf2-ros-py"


class TransformLookup:
    """Looks transforms up at a stamp. TF is listened to by a node of its own in a thread of its own, so that waiting for a
    transform never keeps the transform from arriving. An empty target frame means the camera's own frame and needs no TF.

    It is listened to from the start, with or without a target frame: a phase may be anchored to a frame, and TF at the stamp of
    an image is known only to who listened before. Where tf2_ros is not installed, only those who need it are told.
    """

    def __init__(self, node: Node, target_frame: str, timeout: float) -> None:
        self.target_frame, self._timeout = target_frame, timeout
        self._buffer: Any = None
        self._listener: Any = None
        self._listen(node)

    def at(self, camera: Moment) -> ImageTransforms:
        """Returns what TF says at the moment of one image."""
        return ImageTransforms(self._buffer, camera, self.target_frame, self._timeout)

    def target_from(self, camera: Moment) -> Float64[np.ndarray, "4 4"]:
        """Returns target_from_camera at the moment's stamp; raises TransformUnavailable with frames, stamp and reason."""
        return self.at(camera).target_from_camera()

    def close(self) -> None:
        """Stops listening."""
        if self._listener is not None:
            self._listener.unregister()
            self._listener = self._buffer = None

    def _listen(self, node: Node) -> None:
        try:
            import tf2_ros
        except ImportError:
            if self.target_frame:
                node.get_logger().error(_not_installed(self.target_frame))
            return
        listener_node = rclpy.create_node(f"{node.get_name()}_tf", namespace=node.get_namespace(), context=node.context)
        self._buffer = tf2_ros.Buffer()
        self._listener = tf2_ros.TransformListener(self._buffer, listener_node, spin_thread=True)


class ImageTransforms:
    """What TF says at the moment of one image. All that is asked of it together waits no longer than ``timeout`` [s]: one frame
    more must not hold up the thread that works on the images.
    """

    def __init__(self, buffer: Any, camera: Moment, target_frame: str, timeout: float) -> None:
        self._buffer, self._camera, self._target_frame, self._left = buffer, camera, target_frame, timeout

    def target_from_camera(self) -> Float64[np.ndarray, "4 4"]:
        """Returns target_from_camera, the identity where that is the camera's frame; raises TransformUnavailable with frames,
        stamp and reason.
        """
        if self._target_frame in ("", self._camera.frame_id):
            return np.eye(4)
        if self._buffer is None:
            raise TransformUnavailable(_not_installed(self._target_frame))
        named = f"from {self._camera.frame_id!r} to target_frame {self._target_frame!r}"
        return self._found(self._target_frame, self._camera.frame_id, named)

    def camera_from(self, frame: str) -> Float64[np.ndarray, "4 4"]:
        """Returns camera_from_frame [m], in the camera's optical frame; raises TransformUnavailable with frames, stamp and
        reason, also for an image without a stamp: TF would answer with what is newest, and that is of another moment.
        """
        named = f"from {frame!r} to {self._camera.frame_id!r}"
        if self._buffer is None:
            raise TransformUnavailable(f"the transform {named} {INSTALL}")
        if self._camera.stamp_ns == 0:
            raise TransformUnavailable(f"no transform {named}: the image has no stamp; give it that of its capture")
        return self._found(self._camera.frame_id, frame, named)

    def _found(self, target: str, source: str, named: str) -> Float64[np.ndarray, "4 4"]:
        stamp, began = Time(nanoseconds=self._camera.stamp_ns), time.monotonic()
        try:
            patience = rclpy.duration.Duration(nanoseconds=round(self._left * 1e9))
            found = self._buffer.lookup_transform(target, source, stamp, patience).transform
        except Exception as error:  # tf2's exceptions share no base outside tf2_py, which may be absent
            raise TransformUnavailable(f"no transform {named} at {self._camera.stamp_ns / 1e9:.3f} s: {error}") from error
        finally:
            self._left = max(0.0, self._left - (time.monotonic() - began))
        q, t = found.rotation, found.translation
        return from_quaternion_xyzw(np.array([q.x, q.y, q.z, q.w]), np.array([t.x, t.y, t.z]))


def _not_installed(target_frame: str) -> str:
    return f"target_frame {target_frame!r} {INSTALL}; or set target_frame to '' for poses in the camera's frame"
