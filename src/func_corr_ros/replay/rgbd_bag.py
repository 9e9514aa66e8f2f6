# SPDX-License-Identifier: Apache-2.0
"""RGB-D frames written as a rosbag2, without ROS; :mod:`bag_reader` reads them back."""
from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from func_corr_ros import encodings
from func_corr_ros.errors import BadRecording
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.optional import require
from func_corr_ros.replay.bag_topics import CAMERA_INFO, IMAGE, RgbdTopics

STORAGES = ("mcap", "sqlite3")


def write_bag(
    path: Path, frames: Iterable[RgbdFrame], *, storage: str = "mcap", topics: RgbdTopics | None = None,
    rate_hz: float | None = None, depth_encoding: str = "16UC1", overwrite: bool = False,
) -> Path:
    """Writes a rosbag2 folder of rgb8 colour, depth (16UC1 millimetres or 32FC1 metres) and camera info; returns ``path``.

    With ``rate_hz`` the frames are stamped evenly from the first one's stamp on; otherwise they keep their own stamps, which
    must rise. The folder appears only when it is complete. Raises BadRecording for an existing ``path`` (unless
    ``overwrite``), no frames, stamps that do not rise, and an unknown storage; BadImage for an unknown depth encoding.
    """
    rosbag2, stores = require("rosbags.rosbag2"), require("rosbags.typesys")
    path, topics = Path(path), topics or RgbdTopics()
    if storage not in STORAGES:
        raise BadRecording(f"storage {storage!r}; valid: {', '.join(STORAGES)}")
    if rate_hz is not None and not rate_hz > 0.0:
        raise BadRecording(f"rate_hz is {rate_hz:g}; it must be above 0, or None to keep the frames' own stamps")
    if path.exists() and not overwrite:
        raise BadRecording(f"{path} exists already; remove it, choose another path or pass overwrite=True")
    store = stores.get_typestore(stores.Stores.ROS2_KILTED)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        plugin = rosbag2.StoragePlugin[storage.upper()]
        with rosbag2.Writer(Path(folder) / path.name, version=9, storage_plugin=plugin) as writer:
            kinds = ((topics.camera_info, CAMERA_INFO), (topics.color, IMAGE), (topics.depth, IMAGE))
            connections = [writer.add_connection(name, kind, typestore=store) for name, kind in kinds]
            for frame in _stamped(frames, rate_hz):
                for connection, message in zip(connections, _messages(frame, depth_encoding, store), strict=True):
                    writer.write(connection, frame.stamp_ns, store.serialize_cdr(message, connection.msgtype))
        if path.exists():
            shutil.rmtree(path)
        (Path(folder) / path.name).rename(path)
    return path


def _stamped(frames: Iterable[RgbdFrame], rate_hz: float | None) -> Iterator[RgbdFrame]:
    start = last = -1
    for number, frame in enumerate(frames):
        start = frame.stamp_ns if number == 0 else start
        stamp = frame.stamp_ns if rate_hz is None else start + round(number * 1e9 / rate_hz)
        if stamp <= last:
            raise BadRecording(f"frame {number} has stamp {stamp} ns, the one before {last} ns; they must rise, or give rate_hz")
        last = stamp
        yield replace(frame, stamp_ns=stamp)
    if start < 0:
        raise BadRecording("there are no frames to write")


def _messages(frame: RgbdFrame, depth_encoding: str, store: Any) -> tuple[Any, Any, Any]:
    """Returns camera info, colour and depth as messages that share one header."""
    types = store.types
    stamp = types["builtin_interfaces/msg/Time"](frame.stamp_ns // 1_000_000_000, frame.stamp_ns % 1_000_000_000)
    header = types["std_msgs/msg/Header"](stamp, frame.frame_id)
    matrix = frame.camera.matrix
    info = types[CAMERA_INFO](
        header, frame.camera.height, frame.camera.width, "plumb_bob", np.zeros(5), matrix.reshape(-1), np.eye(3).reshape(-1),
        np.insert(matrix, 3, 0.0, axis=1).reshape(-1), 0, 0, types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False),
    )
    images = [
        types[IMAGE](header, raw.height, raw.width, raw.encoding, raw.is_bigendian, raw.step, np.frombuffer(raw.data, np.uint8))
        for raw in (encodings.encode_color(frame.color), encodings.encode_depth(frame.depth, depth_encoding))
    ]
    return info, images[0], images[1]
