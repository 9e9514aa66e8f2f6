# SPDX-License-Identifier: Apache-2.0
"""What correspondence_node publishes; everything that is costly only while someone listens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from visualization_msgs.msg import MarkerArray

from func_corr_ros import encodings
from func_corr_ros.correspondence.reference import Reference
from func_corr_ros.msg import CorrespondenceInfo, FunctionalKeypointArray
from func_corr_ros.nodes.markers import MarkerRate, keypoint_markers
from func_corr_ros.nodes.messages import camera_message, image_message, picture_message, points_message
from func_corr_ros.nodes.observations import NO_POINTS, MatchesSeen, Moment
from func_corr_ros.nodes.pictures import dense_field, flow_picture, matches_picture
from func_corr_ros.nodes.result_messages import info_message, keypoints_message
from func_corr_ros.nodes.rgbd_input import LATCHED
from func_corr_ros.nodes.stage_node import StageNode


class CorrespondenceOutputs:
    """The publishers of one correspondence node."""

    def __init__(self, node: StageNode[Any]) -> None:
        self._node, self._marker_rate = node, MarkerRate()
        kinds = {
            "info": CorrespondenceInfo,
            "keypoints": FunctionalKeypointArray,
            "points": PointCloud2,
            "flow": Image,
            "confidence": Image,
            "camera_info": CameraInfo,
            "markers": MarkerArray,
            "overlay": Image,
            "flow_color": Image,
        }
        self._publishers = {name: node.publisher(kind, f"~/{name}") for name, kind in kinds.items()}
        self._reference = {name: node.publisher(Image, f"~/reference/{name}", LATCHED) for name in ("image", "mask")}

    def publish_reference(self, reference: Reference) -> None:
        """Publishes the reference for whoever listens now or later."""
        moment = Moment(self._node.get_clock().now().nanoseconds, reference.id)
        self._reference["image"].publish(picture_message(reference.image, moment))
        self._reference["mask"].publish(image_message(encodings.encode_mask(reference.mask), moment))

    def publish(self, seen: MatchesSeen, identity: Mapping[str, str | bool], reference: Reference | None) -> None:
        """Publishes everything of one moment that someone listens to; info, keypoints and (empty) points also on an error."""
        self._send("info", lambda: info_message(seen, identity, self._node.age(seen.moment)))
        self._send("points", lambda: points_message(seen.points or NO_POINTS, seen.moment))
        if seen.points is not None and seen.frame is not None and seen.mask is not None:
            self._publish_found(seen, reference)
        self._send("keypoints", lambda: keypoints_message(seen))

    def _publish_found(self, seen: MatchesSeen, reference: Reference | None) -> None:
        points, frame, mask = seen.points, seen.frame, seen.mask
        self._send("camera_info", lambda: camera_message(frame.camera, seen.moment))
        if self._heard("flow") or self._heard("confidence") or self._heard("flow_color"):
            flow, confidence = dense_field(points, mask, seen.stride)
            self._send("flow", lambda: image_message(encodings.encode_field(flow), seen.moment))
            self._send("confidence", lambda: image_message(encodings.encode_field(confidence), seen.moment))
            if reference is not None:
                self._send("flow_color", lambda: picture_message(flow_picture(frame.color, flow, reference.mask), seen.moment))
        self._send("overlay", lambda: picture_message(matches_picture(frame.color, mask, seen.keypoints), seen.moment))
        if self._heard("markers") and self._marker_rate.due():
            self._send("markers", lambda: MarkerArray(markers=keypoint_markers(seen)))

    def _heard(self, name: str) -> bool:
        return self._publishers[name].get_subscription_count() > 0

    def _send(self, name: str, make: Any) -> None:
        if self._heard(name):
            self._publishers[name].publish(make())
