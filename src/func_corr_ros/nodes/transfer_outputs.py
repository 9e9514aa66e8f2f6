# SPDX-License-Identifier: Apache-2.0
"""What transfer_node publishes: always the result with its reason, the pose and the path only where they may be used."""

from __future__ import annotations

from typing import Any

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Path
from sensor_msgs.msg import PointCloud2
from visualization_msgs.msg import MarkerArray

from func_corr_ros.msg import TransferResult
from func_corr_ros.nodes.markers import MarkerRate, phase_markers
from func_corr_ros.nodes.messages import points_message
from func_corr_ros.nodes.observations import MatchesSeen, Transferred, inliers
from func_corr_ros.nodes.result_messages import path_message, transfer_message
from func_corr_ros.nodes.stage_node import StageNode
from func_corr_ros.transfer.lift import LiftedMatches


class TransferOutputs:
    """The publishers of one transfer node."""

    def __init__(self, node: StageNode[Any]) -> None:
        self._node, self._marker_rate = node, MarkerRate()
        self._result = node.publisher(TransferResult, "~/transfer", 5)
        self._pose = node.publisher(PoseStamped, "~/transferred_pose")
        self._path = node.publisher(Path, "~/transferred_path")
        self._markers = node.publisher(MarkerArray, "~/markers")
        self._inliers = node.publisher(PointCloud2, "~/inliers")

    def publish(self, seen: Transferred, phase: int) -> None:
        """Publishes the result; where it is accepted also its path and the pose of phase number ``phase``."""
        message = transfer_message(seen, self._node.age(seen.moment))
        self._result.publish(message)
        if seen.accepted:
            self._pose.publish(message.phases[phase].pose)
            self._path.publish(path_message(message.phases, seen.moment))
        if self._markers.get_subscription_count() and message.phases and self._marker_rate.due():
            self._markers.publish(MarkerArray(markers=phase_markers(message.phases)))

    def publish_inliers(self, seen: Transferred, matches: MatchesSeen, pairs: LiftedMatches | None) -> None:
        """Publishes the matches that the one motion explains, for people who look."""
        alignment = seen.outcome.alignment if seen.outcome is not None else None
        if self._inliers.get_subscription_count() and alignment is not None and pairs is not None and matches.points is not None:
            self._inliers.publish(points_message(inliers(matches.points, pairs, alignment), matches.moment))
