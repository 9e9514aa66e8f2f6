# SPDX-License-Identifier: Apache-2.0
"""Listens to a running graph for some seconds and prints, as JSON, what is there: `func-corr doctor --live` judges it.

It takes part like any node would and asks for nothing but what is published anyway; camera topics are heard best effort.
"""
from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter_client import AsyncParameterClient
from rclpy.qos import QoSCompatibility, qos_check_compatible
from rclpy.topic_endpoint_info import TopicEndpointInfo
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from func_corr_ros.errors import FuncCorrError
from func_corr_ros.nodes.live_transforms import TransformsHeard
from func_corr_ros.nodes.messages import camera_of, color_of, depth_of, stamp_ns
from func_corr_ros.nodes.rgbd_input import QOS, InputSettings, SyncSettings, rgbd_topics
from func_corr_ros.nodes.stage_node import StageSettings

HARDWARE_ID = "func_corr_ros"
KINDS = {"color": (Image, CompressedImage), "depth": (Image, CompressedImage), "camera_info": (CameraInfo,)}
# What is asked of the nodes, and what is assumed where none answers.
ASKED = {"sync.slop": SyncSettings().slop, "max_input_age": StageSettings().max_input_age, "use_sim_time": False}
# Stamps and ages of the newest messages that are kept; pictures are decoded once in so many.
KEPT, DECODED_EVERY = 200, 10
# Discovery, and the nodes' own words at 1 Hz, come before the camera topics are known.
DISCOVERY_S = 2.5


@dataclass
class Heard:
    """What came on one camera topic; ages are seconds from the stamp to the arrival, by the clock the nodes use."""

    topic: str
    received: int = 0
    rate_hz: float = 0.0
    ages: list[float] = field(default_factory=list)
    stamps: list[int] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    frame_id: str = ""
    encoding: str = ""
    size: tuple[int, int] = (0, 0)
    refused: str = ""
    valid_share: float | None = None


class Listener(Node):
    """Hears /diagnostics, and the camera topics that our nodes say they listen to."""

    def __init__(self, given: dict[str, str]) -> None:
        super().__init__("func_corr_doctor")
        matched, held = rgbd_topics(self, InputSettings())
        self.given = given
        self.topics = {key: given.get(key) or self.resolve_topic_name(topic.name) for key, topic in {**matched, **held}.items()}
        self.statuses: dict[str, dict[str, Any]] = {}
        self.heard: dict[str, Heard] = {}
        self.create_subscription(DiagnosticArray, "/diagnostics", self._diagnostics, 10)

    def watch(self, key: str) -> None:
        """Subscribes to the topic of ``key`` with the first type that its publishers offer and we can read."""
        topic = self.topics[key]
        offered = {info.topic_type for info in self.get_publishers_info_by_topic(topic)}
        kinds = {f"sensor_msgs/msg/{kind.__name__}": kind for kind in KINDS[key]}
        kind = next((kinds[name] for name in sorted(offered & set(kinds))), None)
        self.heard[key] = Heard(topic)
        if kind is not None:
            self.create_subscription(kind, topic, lambda message: self._take(key, message), QOS["SENSOR_DATA"])

    def endpoints(self, key: str) -> dict[str, Any]:
        """Returns who publishes and who subscribes to a camera topic, and which pairs cannot hear each other."""
        topic = self.topics[key]
        publishers, subscribers = self.get_publishers_info_by_topic(topic), self.get_subscriptions_info_by_topic(topic)
        deaf = []
        for subscriber in subscribers:
            for publisher in publishers:
                state, reason = qos_check_compatible(publisher.qos_profile, subscriber.qos_profile)
                if state == QoSCompatibility.ERROR:
                    deaf.append({"publisher": _who(publisher), "subscriber": _who(subscriber), "reason": reason.strip()})
        return {
            "publishers": sorted({_who(one) for one in publishers}),
            "subscribers": sorted({_who(one) for one in subscribers} - {self.get_fully_qualified_name()}),
            "types": sorted({one.topic_type for one in publishers}),
            "deaf": deaf,
        }

    def _diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.hardware_id == HARDWARE_ID:
                values = {pair.key: pair.value for pair in status.values}
                level = int.from_bytes(status.level, "little") if isinstance(status.level, bytes) else int(status.level)
                self.statuses[status.name] = {"name": status.name, "level": level, "message": status.message, "values": values}
                for key in KINDS:  # what a node says it listens to; a topic that the caller names is not overruled
                    if values.get(f"{key}.topic") and not self.given.get(key):
                        self.topics[key] = values[f"{key}.topic"]

    def _take(self, key: str, message: Any) -> None:
        heard, stamp = self.heard[key], stamp_ns(message.header.stamp)
        heard.received += 1
        heard.arrivals = [*heard.arrivals, time.monotonic()][-KEPT:]
        heard.stamps = [*heard.stamps, stamp][-KEPT:]
        heard.ages = [*heard.ages, (self.get_clock().now().nanoseconds - stamp) / 1e9][-KEPT:]
        heard.frame_id = message.header.frame_id
        heard.encoding = getattr(message, "encoding", getattr(message, "format", ""))
        if heard.received % DECODED_EVERY == 1:
            self._read(key, heard, message)

    def _read(self, key: str, heard: Heard, message: Any) -> None:
        try:
            if key == "camera_info":
                camera = camera_of(message)
                heard.size = (camera.height, camera.width)
            elif key == "color":
                heard.size = color_of(message).shape[:2]
            else:
                depth = depth_of(message)
                heard.size, heard.valid_share = depth.shape, float(np.isfinite(depth).mean())
            heard.refused = ""
        except FuncCorrError as error:
            heard.refused = str(error)


def _frames_wanted(values: Iterable[dict[str, str]]) -> dict[str, str]:
    """Returns the TF frames that the nodes need beside the camera's, by their diagnostics: "target_frame", or "anchor_frames"."""
    found: dict[str, str] = {}
    for one in values:
        found |= {name: key for key in ("anchor_frames", "target_frame") for name in one.get(key, "").split()}
    return found


def listen(seconds: float, topics: dict[str, str], sim_time: bool = False) -> dict[str, Any]:
    """Returns what is there after ``seconds`` of listening; ``topics`` names camera topics by key where our nodes do not."""
    node = Listener({key: topic for key, topic in topics.items() if topic})
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        _spin(executor, max(DISCOVERY_S, 0.3 * seconds))
        asked = _parameters(node, executor)
        if sim_time or asked["use_sim_time"]:
            node.set_parameters([rclpy.Parameter("use_sim_time", value=True)])
        for key in KINDS:
            node.watch(key)
        wanted = _frames_wanted(one["values"] for one in node.statuses.values())
        transforms = TransformsHeard(node) if wanted else None
        _spin(executor, seconds)
        everything = dict(node.get_topic_names_and_types())
        return {
            "seconds": seconds,
            "nodes": [node.statuses[name] for name in sorted(node.statuses)],
            "parameters": asked,
            "clock_publishers": len(node.get_publishers_info_by_topic("/clock")),
            "topics": {key: {**_summary(node.heard[key]), **node.endpoints(key)} for key in KINDS},
            "transforms": [
                {**transforms.told(frame, node.heard["color"].frame_id), "wanted_by": wanted_by}
                for frame, wanted_by in wanted.items() if transforms is not None
            ],
            "skew_s": _skew(node.heard["color"].stamps, node.heard["depth"].stamps),
            "others": {
                kind.__name__: sorted(name for name, types in everything.items() if f"sensor_msgs/msg/{kind.__name__}" in types)
                for kind in (Image, CompressedImage, CameraInfo)
            },
        }
    finally:
        executor.shutdown()
        node.destroy_node()


def _spin(executor: SingleThreadedExecutor, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0.0:
        executor.spin_once(timeout_sec=left)


def _parameters(node: Listener, executor: SingleThreadedExecutor) -> dict[str, Any]:
    found: dict[str, Any] = dict(ASKED)
    for name in (name for name in sorted(node.statuses) if name.endswith("segmentation_node")):
        client = AsyncParameterClient(node, name)
        # A node that does not know the client yet loses its answer (DDS): what was not answered is asked again.
        for _ in range(3 if client.wait_for_services(2.0) else 0):
            answer = client.get_parameters(list(ASKED))
            executor.spin_until_future_complete(answer, 1.0)
            if answer.done():
                for key, value in zip(ASKED, answer.result().values, strict=False):
                    found[key] = value.bool_value if isinstance(ASKED[key], bool) else value.double_value
                break
    return found


def _summary(heard: Heard) -> dict[str, Any]:
    told = {name: value for name, value in asdict(heard).items() if name not in ("ages", "stamps", "arrivals")}
    span = heard.arrivals[-1] - heard.arrivals[0] if len(heard.arrivals) > 1 else 0.0
    told["rate_hz"] = (len(heard.arrivals) - 1) / span if span > 0.0 else 0.0
    return {**told, "age_s": float(np.median(heard.ages)) if heard.ages else None}


def _skew(pivot: Sequence[int], others: Sequence[int]) -> float | None:
    """Returns the median distance of the stamps of ``pivot`` to the nearest of ``others``, signed [s]; the first and the last
    may have their partner outside of what was heard.
    """
    if len(pivot) < 3 or len(others) < 3:
        return None
    near = [min((other - one for other in others), key=abs) for one in pivot[1:-1]]
    return float(np.median(near)) / 1e9


def _who(endpoint: TopicEndpointInfo) -> str:
    return f"{endpoint.node_namespace.rstrip('/')}/{endpoint.node_name}"


def main(words: Sequence[str] | None = None) -> int:
    """Prints what is there as one JSON object; returns 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--use-sim-time", action="store_true")
    for key in KINDS:
        parser.add_argument(f"--{key.replace('_', '-')}", default="", metavar="TOPIC")
    asked = parser.parse_args(words)
    rclpy.init(args=[])
    try:
        found = listen(asked.seconds, {key: getattr(asked, key) for key in KINDS}, asked.use_sim_time)
    finally:
        with contextlib.suppress(Exception):
            rclpy.try_shutdown()
    json.dump(found, sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
