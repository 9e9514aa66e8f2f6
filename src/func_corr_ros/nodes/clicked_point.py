# SPDX-License-Identifier: Apache-2.0
"""An operator points at an object (RViz's or Foxglove's *publish point*): from then on that object alone is segmented."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from geometry_msgs.msg import PointStamped

from func_corr_ros.errors import BadImage, FuncCorrError, TransformUnavailable
from func_corr_ros.geometry.se3 import transform_points
from func_corr_ros.nodes.messages import camera_of, moment_of
from func_corr_ros.nodes.observations import Moment, ObjectsSeen
from func_corr_ros.nodes.transform_lookup import TransformLookup
from func_corr_ros.segmentation.followed import FollowedObject
from func_corr_ros.segmentation.segmenter import Prompts

if TYPE_CHECKING:
    from func_corr_ros.nodes.segmentation_node import SegmentationNode

TOPIC = "clicked_point"
TF_TIMEOUT = 1.0
# How long a click may wait for the inference thread.
PATIENCE = 5.0


class ClickedPoint:
    """Clicks in, the prompt for the next image out. Everything but the subscription itself runs on the inference thread.

    A click is a point in any frame that TF knows [m]. One behind the camera or beside the picture follows nothing again, which is
    how an operator lets go. ``newest`` returns the messages of the newest image.
    """

    def __init__(self, node: SegmentationNode, newest: Callable[[], dict[str, Any] | None]) -> None:
        self._node, self._newest = node, newest
        self.followed = FollowedObject()
        self._lookup: TransformLookup | None = None
        self._subscription = node.create_subscription(PointStamped, TOPIC, self._take, 1)

    def close(self) -> None:
        """Unsubscribes and follows nothing."""
        self._node.destroy_subscription(self._subscription)
        if self._lookup is not None:
            self._lookup.close()
        self.followed.point_at(None)

    def prompts(self) -> Prompts | None:
        """Returns the prompt for the next image, None while nobody has pointed at anything."""
        return self.followed.prompts()

    def learn(self, seen: ObjectsSeen) -> None:
        """Takes what the segmenter made of :meth:`prompts`."""
        if seen.segmentation is not None:
            self.followed.found(seen.segmentation)
        elif self.followed.missed():
            self._node.get_logger().warning("the object that was pointed at is gone; all objects are segmented again")

    def _take(self, message: PointStamped) -> None:
        self._node.worker.request(TOPIC, lambda: self._point(message), PATIENCE)

    def _point(self, message: PointStamped) -> None:
        try:
            uv = self._pixel(message)
        except FuncCorrError as error:
            known = self._node.known(error, TOPIC)
            self._node.get_logger().warning(f"the clicked point counts for nothing: {known}")
            return
        self.followed.point_at(uv)
        told = f"following the object at ({uv[0]:.0f}, {uv[1]:.0f})" if uv else "following nothing; all objects are segmented"
        self._node.get_logger().info(told)

    def _pixel(self, message: PointStamped) -> tuple[float, float] | None:
        newest = self._newest()
        if newest is None:
            raise BadImage("a point was clicked before any image arrived")
        camera, image = camera_of(newest["camera_info"]), moment_of(newest["color"].header)
        point = np.array([[message.point.x, message.point.y, message.point.z]])
        if not np.isfinite(point).all():
            raise BadImage(f"the clicked point is {point[0].tolist()}; three finite numbers in metres are needed")
        uv, inside = camera.project(transform_points(self._camera_from(message, image), point))
        return (float(uv[0, 0]), float(uv[0, 1])) if inside[0] else None

    def _camera_from(self, message: PointStamped, image: Moment) -> np.ndarray:
        clicked = Moment(image.stamp_ns, message.header.frame_id or image.frame_id)
        if self._lookup is None or self._lookup.target_frame != image.frame_id:
            if self._lookup is not None:
                self._lookup.close()
            # TF is listened to only once somebody clicks in another frame than the camera's.
            self._lookup = None if clicked.frame_id == image.frame_id else TransformLookup(self._node, image.frame_id, TF_TIMEOUT)
        if self._lookup is None:
            return np.eye(4)
        try:
            return self._lookup.target_from(clicked)
        except TransformUnavailable as error:
            raise TransformUnavailable(f"it is in frame {clicked.frame_id!r}, the image in {image.frame_id!r}; make that the "
                                       f"viewer's fixed frame, or: {error}") from error
