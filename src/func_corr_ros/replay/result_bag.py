# SPDX-License-Identifier: Apache-2.0
"""A replayed run as a recording of its own: the topics that the nodes would have published, for Foxglove, RViz or ros2 bag."""
from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from func_corr_ros.optional import require
from func_corr_ros.replay.run_table import FRAMES, records_of
from func_corr_ros.share import shared_file

PACKAGE, NAMESPACE = "func_corr_ros", "/func_corr"
MESSAGES = ("TransferPhase", "TransferResult", "FunctionalKeypoint", "FunctionalKeypointArray")
RESULT, KEYPOINTS = f"{PACKAGE}/msg/TransferResult", f"{PACKAGE}/msg/FunctionalKeypointArray"
POSE, IMAGE = "geometry_msgs/msg/PoseStamped", "sensor_msgs/msg/CompressedImage"
_UNKNOWN = float("nan")


def write_result_bag(
    folder: Path, path: Path, frame_id: str, function: str, demonstration: str, pictures: Iterable[tuple[int, bytes]] = ()
) -> Path:
    """Writes the run in ``folder`` as the MCAP rosbag2 ``path`` and returns it; an old one is replaced once the new one is whole.

    Topics under /func_corr: ``transfer`` (TransferResult, every frame), ``keypoints``, ``<phase>/pose`` of accepted frames, and
    ``overlay/compressed`` of ``pictures`` (stamp [ns], JPEG), stamps rising. Stamps are the colour images'.
    """
    rosbag2 = require("rosbags.rosbag2")
    store, path = typestore(), Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as place:
        with rosbag2.Writer(Path(place) / path.name, version=9, storage_plugin=rosbag2.StoragePlugin.MCAP) as writer:
            connections: dict[str, Any] = {}

            def write(topic: str, kind: str, stamp: int, message: Any) -> None:
                if topic not in connections:
                    connections[topic] = writer.add_connection(f"{NAMESPACE}/{topic}", kind, typestore=store)
                writer.write(connections[topic], stamp, store.serialize_cdr(message, kind))

            made = _Messages(store.types, frame_id, function, demonstration)
            for record in records_of(Path(folder) / FRAMES):
                stamp = record["stamp_ns"]
                write("transfer", RESULT, stamp, made.result(record))
                write("keypoints", KEYPOINTS, stamp, made.keypoints(record))
                for phase in record["phases"]:
                    write(f"{phase['name']}/pose", POSE, stamp, made.pose(phase, stamp))
            for stamp, jpeg in pictures:
                image = store.types[IMAGE](made.header(stamp), "jpeg", np.frombuffer(jpeg, dtype=np.uint8))
                write("overlay/compressed", IMAGE, stamp, image)
        if path.exists():
            shutil.rmtree(path)
        (Path(place) / path.name).rename(path)
    return path


def typestore() -> Any:
    """Returns the message types of ROS 2 and of this package, read from its own .msg files."""
    typesys = require("rosbags.typesys")
    store, added = typesys.get_typestore(typesys.Stores.ROS2_KILTED), {}
    for name in MESSAGES:
        added |= typesys.get_types_from_msg(shared_file(f"msg/{name}.msg").read_text(), f"{PACKAGE}/msg/{name}")
    store.register(added)
    return store


def _number(value: float | None) -> float:
    return _UNKNOWN if value is None else value


class _Messages:
    """Messages out of records; what a record does not hold is NaN, zero or empty, as the .msg files say."""

    def __init__(self, types: Mapping[str, Any], frame_id: str, function: str, demonstration: str) -> None:
        self.types, self.frame_id, self.function, self.demonstration = types, frame_id, function, demonstration

    def header(self, stamp: int) -> Any:
        time = self.types["builtin_interfaces/msg/Time"](stamp // 1_000_000_000, stamp % 1_000_000_000)
        return self.types["std_msgs/msg/Header"](time, self.frame_id)

    def pose(self, phase: Mapping[str, Any], stamp: int) -> Any:
        place = self.types["geometry_msgs/msg/Point"](*phase["position"])
        turn = self.types["geometry_msgs/msg/Quaternion"](*phase["quaternion_xyzw"])
        return self.types[POSE](self.header(stamp), self.types["geometry_msgs/msg/Pose"](place, turn))

    def result(self, record: Mapping[str, Any]) -> Any:
        stamp, residual = record["stamp_ns"], record["residual_m"]
        phases = [
            self.types[f"{PACKAGE}/msg/TransferPhase"](phase["name"], self.pose(phase, stamp), phase["tool_link"], "")
            for phase in record["phases"]
        ]
        return self.types[RESULT](
            header=self.header(stamp), function=self.function, demonstration_id=self.demonstration, object_id=0, phases=phases,
            accepted=not record["refused"], score=_number(record.get("score")), rms_residual=_number(residual),
            inlier_ratio=_number(record.get("inlier_ratio")), inliers=record["agreeing"], scale=_UNKNOWN,
            mirrored=record["mirrored"], symmetry_order=0,
            symmetry_axis=self.types["geometry_msgs/msg/Vector3"](_UNKNOWN, _UNKNOWN, _UNKNOWN), free_angle=_UNKNOWN,
            support_plane=np.full(4, _UNKNOWN), age=_UNKNOWN, error_code=record["code"], error_msg=record["reason"],
        )

    def keypoints(self, record: Mapping[str, Any]) -> Any:
        return self.types[KEYPOINTS](
            header=self.header(record["stamp_ns"]), function=self.function, reference_id=self.demonstration, object_id=0,
            keypoints=[self._keypoint(name, uv, record["keypoints_m"].get(name)) for name, uv in record["keypoints"].items()],
            mirrored=record["mirrored"], support_plane=np.full(4, _UNKNOWN), error_code=record["code"],
            error_msg=record["reason"],
        )

    def _keypoint(self, name: str, uv: Sequence[float], point: Sequence[float] | None) -> Any:
        place = self.types["geometry_msgs/msg/Point"](*(point or (_UNKNOWN,) * 3))
        return self.types[f"{PACKAGE}/msg/FunctionalKeypoint"](
            name, uv[0], uv[1], _UNKNOWN, _UNKNOWN, place, point is not None, _UNKNOWN
        )
