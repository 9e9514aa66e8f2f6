# SPDX-License-Identifier: Apache-2.0
"""Markers for RViz and Foxglove: a few per image, never a cloud of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Vector3
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker

from func_corr_ros.msg import TransferPhase
from func_corr_ros.nodes.messages import header_of, point_message, transform_of
from func_corr_ros.nodes.observations import MatchesSeen

LIFETIME = Duration(sec=2)
# Viewers take long over markers (5,000 points: 31 ms to read): they come no more often than that.
PERIOD_S = 0.2
AXIS_LENGTH, AXIS_WIDTH, TEXT_HEIGHT, BALL = 0.05, 0.004, 0.02, 0.012  # metres
YELLOW = ColorRGBA(r=1.0, g=0.82, b=0.24, a=1.0)
WHITE = ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)
AXES = tuple(ColorRGBA(r=float(i == 0), g=float(i == 1), b=float(i == 2), a=1.0) for i in range(3))


class MarkerRate:
    """Says when markers may be published again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._next = clock, -math.inf

    def due(self) -> bool:
        """Returns whether PERIOD_S has gone by since the last time it was so."""
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + PERIOD_S
        return True


def keypoint_markers(seen: MatchesSeen) -> list[Marker]:
    """Returns a ball and a name for every keypoint that has a depth."""
    header = header_of(seen.moment)
    found = [item for item in seen.keypoints if np.isfinite(item.point).all()]
    balls = _marker(header, "keypoints", 0, Marker.SPHERE_LIST, (BALL, BALL, BALL), YELLOW)
    balls.points = [point_message(item.point) for item in found]
    return [balls, *(_text(header, "keypoint_names", i, item.name, item.point) for i, item in enumerate(found))]


def phase_markers(phases: Sequence[TransferPhase]) -> list[Marker]:
    """Returns the axes (x red, y green, z blue) and the name of every phase's pose."""
    made: list[Marker] = []
    for i, phase in enumerate(phases):
        frame_from_tool = transform_of(phase.pose.pose)
        origin = frame_from_tool[:3, 3]
        for axis, color in enumerate(AXES):
            arrow = _marker(phase.pose.header, "phases", 3 * i + axis, Marker.ARROW, (AXIS_WIDTH, 2 * AXIS_WIDTH, 0.0), color)
            arrow.points = [point_message(origin), point_message(origin + AXIS_LENGTH * frame_from_tool[:3, axis])]
            made.append(arrow)
        made.append(_text(phase.pose.header, "phase_names", i, f"{phase.name} ({phase.tool_link})", origin))
    return made


def _marker(header: Header, namespace: str, index: int, kind: int, scale: tuple[float, float, float], color: ColorRGBA) -> Marker:
    x, y, z = scale
    marker = Marker(header=header, ns=namespace, id=index, type=kind, action=Marker.ADD, color=color, lifetime=LIFETIME)
    marker.scale = Vector3(x=x, y=y, z=z)
    marker.pose.orientation.w = 1.0
    return marker


def _text(header: Header, namespace: str, index: int, words: str, at: np.ndarray) -> Marker:
    text = _marker(header, namespace, index, Marker.TEXT_VIEW_FACING, (0.0, 0.0, TEXT_HEIGHT), WHITE)
    text.text = words
    text.pose.position = point_message(at)
    return text
