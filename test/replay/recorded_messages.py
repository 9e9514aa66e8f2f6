# SPDX-License-Identifier: Apache-2.0
"""Small recordings of frames that are known, written message by message."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.replay.bag_topics import CAMERA_INFO, IMAGE, RgbdTopics
from func_corr_ros.replay.rgbd_bag import _messages

rosbag2, rosbag1 = pytest.importorskip("rosbags.rosbag2"), pytest.importorskip("rosbags.rosbag1")
typesys = pytest.importorskip("rosbags.typesys")
CAMERA = PinholeCamera(50.5, 51.25, 19.75, 14.5, 40, 30)
T0, PERIOD = 1_700_000_000_000_000_000, 33_333_333
STORE = typesys.get_typestore(typesys.Stores.ROS2_KILTED)
TOPICS = RgbdTopics()


def frame(number: int, stamp_ns: int | None = None) -> RgbdFrame:
    rng = np.random.default_rng(number)
    color = rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)
    depth = np.full((30, 40), 0.5 + number / 1000.0, dtype=np.float32)
    return RgbdFrame(color, depth, CAMERA, T0 + number * PERIOD if stamp_ns is None else stamp_ns, "camera")


def frames(count: int) -> list[RgbdFrame]:
    return [frame(number) for number in range(count)]


def write(
    path: Path, messages: list[tuple[str, int, object]], topics: dict[str, str] | None = None, *, storage: str = "MCAP",
    compression: str | None = None,
) -> Path:
    """Writes (topic, time of recording, message); ``topics`` are added whether or not they hold a message."""
    kinds = {**{name: message.__msgtype__ for name, _, message in messages}, **(topics or {})}
    writer = rosbag2.Writer(path, version=9, storage_plugin=rosbag2.StoragePlugin[storage])
    if compression is not None:
        writer.set_compression(rosbag2.CompressionMode[compression], rosbag2.CompressionFormat.ZSTD)
    with writer:
        connections = {name: writer.add_connection(name, kind, typestore=STORE) for name, kind in kinds.items()}
        for name, moment, message in messages:
            writer.write(connections[name], moment, STORE.serialize_cdr(message, message.__msgtype__))
    return path


def messages_of(item: RgbdFrame, **color_fields: object) -> list[tuple[str, int, object]]:
    info, color, depth = _messages(item, "16UC1", STORE)
    named = zip((TOPICS.camera_info, TOPICS.color, TOPICS.depth), (info, replace(color, **color_fields), depth), strict=True)
    return [(name, item.stamp_ns, message) for name, message in named]


def write_ros1(path: Path, items: list[RgbdFrame], compression: str | None = None) -> Path:
    """Writes frames as a ROS 1 bag."""
    store = typesys.get_typestore(typesys.Stores.ROS1_NOETIC)
    types, writer = store.types, rosbag1.Writer(path)
    if compression is not None:
        writer.set_compression(rosbag1.Writer.CompressionFormat[compression])
    with writer:
        connections = {name: writer.add_connection(name, kind, typestore=store) for name, kind in (
            (TOPICS.camera_info, CAMERA_INFO), (TOPICS.color, IMAGE), (TOPICS.depth, IMAGE))}
        for number, item in enumerate(items):
            stamp = types["builtin_interfaces/msg/Time"](item.stamp_ns // 10**9, item.stamp_ns % 10**9)
            header = types["std_msgs/msg/Header"](number, stamp, "camera")
            info, color, depth = _messages(item, "16UC1", STORE)
            roi = types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
            old = types[CAMERA_INFO](header, 30, 40, "plumb_bob", info.d, info.k, info.r, info.p, 0, 0, roi)
            images = [types[IMAGE](header, 30, 40, m.encoding, 0, m.step, m.data) for m in (color, depth)]
            for name, message in zip((TOPICS.camera_info, TOPICS.color, TOPICS.depth), (old, *images), strict=True):
                writer.write(connections[name], item.stamp_ns, store.serialize_ros1(message, message.__msgtype__))
    return path
