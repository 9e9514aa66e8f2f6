# SPDX-License-Identifier: Apache-2.0
"""A camera on an arm that turns by 6 degrees and rises by 2 cm a second, as tf2_ros (on no registry) would tell."""

from geometry_msgs.msg import TransformStamped
from scipy.spatial.transform import Rotation

CAMERA, BASE = "camera_color_optical_frame", "base_link"


def base_from_camera(stamp_ns: int) -> tuple[Rotation, tuple[float, float, float]]:
    """Where the camera was then; only what is asked at an image's own stamp is right."""
    seconds = stamp_ns % 10_000_000_000 / 1e9
    return Rotation.from_euler("xyz", [-120.0, 6.0 * seconds, 10.0], degrees=True), (0.4, -0.1, 0.5 + 0.02 * seconds)


class Buffer:
    """Knows one transform, at any time."""

    def lookup_transform(self, target, source, time, timeout):
        if (target, source) != (BASE, CAMERA):
            raise LookupError(f"no transform from {source} to {target}")
        turn, place = base_from_camera(time.nanoseconds)
        found = TransformStamped()
        found.transform.translation.x, found.transform.translation.y, found.transform.translation.z = place
        rotation = found.transform.rotation
        rotation.x, rotation.y, rotation.z, rotation.w = (float(value) for value in turn.as_quat())
        return found


class TransformListener:
    """Listens to nobody."""

    def __init__(self, buffer, node, spin_thread):
        self.node = node

    def unregister(self):
        self.node.destroy_node()
