# SPDX-License-Identifier: Apache-2.0
"""RGB-D recordings: frames to a rosbag2 and back, without ROS."""
from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from func_corr_ros import encodings
from func_corr_ros.errors import BadRecording, FuncCorrError
from func_corr_ros.evaluation.bag_topics import CAMERA_INFO, IMAGE, RgbdTopics, check_topics, find_topics
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.optional import require

STORAGES = ("mcap", "sqlite3")
# Depth further than this from its colour image in time belongs to another moment.
MAX_SKEW_NS = 20_000_000
# How many depth images may wait for their colour image: a second of a fast camera.
_MAX_WAITING = 60


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


def read_frames(path: Path, topics: RgbdTopics | None = None) -> Iterator[RgbdFrame]:
    """Yields the frames of a recording (rosbag2 folder, .mcap, .db3, or ROS 1 .bag) in the order of its colour images.

    Topics are found by type and name unless given. Colour and depth, raw or compressed, belong together where their stamps
    are within 20 ms; a colour image without depth is passed over. Raises BadRecording, naming topic and stamp, for a
    recording that cannot be read, lacks a topic, holds a broken image or camera, or has no two images that belong together.
    """
    with _opened(Path(path)) as reader:
        type_of = {name: info.msgtype or "" for name, info in reader.topics.items()}
        topics = topics or find_topics(type_of)
        check_topics(topics, type_of)
        count = 0
        for info, color, depth in _sets(_messages_of(reader, topics)):
            count += 1
            yield _frame(path, topics, info, color, depth)
        if count == 0:
            raise BadRecording(f"{path}: no image of {topics.color} has a depth of {topics.depth} within "
                               f"{MAX_SKEW_NS / 1e6:g} ms and a camera info of {topics.camera_info}")


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


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Opens a recording; whatever the reader cannot make sense of becomes BadRecording."""
    highlevel, stores = require("rosbags.highlevel"), require("rosbags.typesys")
    if not path.exists():
        raise BadRecording(f"{path} does not exist; a rosbag2 folder (or .mcap, .db3, ROS 1 .bag) is needed")
    try:
        store = stores.get_typestore(stores.Stores.ROS2_KILTED)
        reader = highlevel.AnyReader([path], default_typestore=store)
        reader.open()
    except Exception as error:  # rosbags lets the errors of yaml, sqlite3, struct and its own through
        raise BadRecording(f"{path} cannot be opened as a recording ({type(error).__name__}: {error}); "
                           "a recording that was broken off is repaired by `ros2 bag reindex`") from error
    try:
        yield reader
    finally:
        reader.close()


def _messages_of(reader: Any, topics: RgbdTopics) -> Iterator[tuple[str, Any]]:
    """Yields (field of RgbdTopics, message) in the order of recording."""
    field_of = {topics.color: "color", topics.depth: "depth", topics.camera_info: "info"}
    connections = [connection for connection in reader.connections if connection.topic in field_of]
    try:
        for connection, _, data in reader.messages(connections=connections):
            yield field_of[connection.topic], reader.deserialize(data, connection.msgtype)
    except Exception as error:
        raise BadRecording(f"the recording breaks off or is damaged ({type(error).__name__}: {error})") from error


def _sets(messages: Iterable[tuple[str, Any]]) -> Iterator[tuple[Any, Any, Any]]:
    """Yields camera info, colour and the depth nearest to it, once no nearer depth can come any more."""
    info: Any = None
    waiting: deque[Any] = deque(maxlen=_MAX_WAITING)
    depths: deque[Any] = deque(maxlen=_MAX_WAITING)

    def ready(at_end: bool) -> Iterator[tuple[Any, Any, Any]]:
        while waiting and depths and info is not None and (at_end or _stamp_ns(depths[-1]) >= _stamp_ns(waiting[0])):
            color = waiting.popleft()
            depth = min(depths, key=lambda item: abs(_stamp_ns(item) - _stamp_ns(color)))
            while depths[0] is not depth:
                depths.popleft()
            if abs(_stamp_ns(depth) - _stamp_ns(color)) <= MAX_SKEW_NS:
                yield info, color, depth

    for field, message in messages:
        if field == "info":
            info = message
        else:
            (waiting if field == "color" else depths).append(message)
        yield from ready(at_end=False)
    yield from ready(at_end=True)


def _stamp_ns(message: Any) -> int:
    return int(message.header.stamp.sec) * 1_000_000_000 + int(message.header.stamp.nanosec)


def _frame(path: Path, topics: RgbdTopics, info: Any, color: Any, depth: Any) -> RgbdFrame:
    stamp = _stamp_ns(color)
    try:
        return RgbdFrame(_color(color), _depth(depth), _camera(info), stamp, color.header.frame_id)
    except FuncCorrError as error:
        raise BadRecording(f"{path}: {topics.color}, {topics.depth} or {topics.camera_info} at {stamp} ns: {error}") from error


def _color(message: Any) -> UInt8[np.ndarray, "h w 3"]:
    if hasattr(message, "format"):
        return encodings.decode_compressed_color(message.format, message.data)
    return encodings.decode_color(*_raw(message))


def _depth(message: Any) -> Float32[np.ndarray, "h w"]:
    if hasattr(message, "format"):
        return encodings.decode_compressed_depth(message.format, message.data)
    return encodings.decode_depth(*_raw(message))


def _raw(message: Any) -> encodings.RawImage:
    return encodings.RawImage(message.height, message.width, message.encoding, message.step, message.is_bigendian, message.data)


def _camera(info: Any) -> PinholeCamera:
    """Returns the camera of the rectified image: the projection P where it is filled, else K (ROS 1 writes them large)."""
    k, p = (info.k, info.p) if hasattr(info, "k") else (info.K, info.P)
    fx, fy, cx, cy = (p[0], p[5], p[2], p[6]) if p[0] else (k[0], k[4], k[2], k[5])
    return PinholeCamera(float(fx), float(fy), float(cx), float(cy), int(info.width), int(info.height))
