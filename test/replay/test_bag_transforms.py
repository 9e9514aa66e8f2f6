# SPDX-License-Identifier: Apache-2.0
"""TF out of a bag: the camera's pose at an image's stamp, also where the transform was recorded after the image."""
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.errors import BadRecording
from func_corr_ros.geometry.se3 import about_axis, make, quaternion_xyzw
from func_corr_ros.replay.bag_replay import replay
from func_corr_ros.replay.bag_transforms import RecordedTransforms
from func_corr_ros.replay.run_table import read_run

rosbag2, typesys = pytest.importorskip("rosbags.rosbag2"), pytest.importorskip("rosbags.typesys")
STORE = typesys.get_typestore(typesys.Stores.ROS2_KILTED)
TF, Z = "tf2_msgs/msg/TFMessage", np.array([0.0, 0.0, 1.0])
MOUNT = make(about_axis(Z, 0.5), np.array([0.0, 0.1, 1.2]))


def odometry(second: float) -> np.ndarray:
    return make(about_axis(Z, 0.1 * second), np.array([second, 0.0, 0.0]))


def message(parent: str, child: str, motion: np.ndarray, stamp_ns: int) -> object:
    types = STORE.types
    stamp = types["builtin_interfaces/msg/Time"](stamp_ns // 10**9, stamp_ns % 10**9)
    translation = types["geometry_msgs/msg/Vector3"](*motion[:3, 3])
    rotation = types["geometry_msgs/msg/Quaternion"](*quaternion_xyzw(motion[:3, :3]))
    header, transform = types["std_msgs/msg/Header"](stamp, parent), types["geometry_msgs/msg/Transform"](translation, rotation)
    return types[TF]([types["geometry_msgs/msg/TransformStamped"](header, child, transform)])


def bag(path: Path, delay_ns: int = 0, names: tuple[str, str] = ("/tf", "/tf_static")) -> Path:
    """Odometry every 100 ms for 5 s, recorded ``delay_ns`` late, and the camera's mount."""
    with rosbag2.Writer(path, version=9, storage_plugin=rosbag2.StoragePlugin.MCAP) as writer:
        moving, still = (writer.add_connection(name, TF, typestore=STORE) for name in names)
        writer.write(still, 0, STORE.serialize_cdr(message("base", "camera", MOUNT, 0), TF))
        for tenth in range(51):
            stamp = tenth * 10**8
            writer.write(moving, stamp + delay_ns, STORE.serialize_cdr(message("odom", "base", odometry(tenth / 10), stamp), TF))
    return path


@pytest.mark.parametrize("delay_ns", [0, 180_000_000])
def test_the_camera_is_where_odometry_and_mount_say(tmp_path: Path, delay_ns: int) -> None:
    with RecordedTransforms(bag(tmp_path / "bag", delay_ns), "odom") as transforms:
        for second in (0.0, 0.25, 1.333, 4.9):
            found = transforms.fixed_from("camera", round(second * 1e9))
            np.testing.assert_allclose(found, odometry(second) @ MOUNT, atol=1e-9)
        assert transforms.missing == 0


def test_records_carry_the_cameras_pose(pipeline, target, tmp_path: Path) -> None:
    frames = [replace(target.frame, stamp_ns=stamp) for stamp in (250_000_000, 1_000_000_000, 9_000_000_000)]
    with RecordedTransforms(bag(tmp_path / "bag"), "odom") as transforms:
        told = {"pose_of": transforms.fixed_from, "account": lambda: {"missing": transforms.missing}}
        replay(frames, pipeline, tmp_path / "out", {}, **told)
    table = read_run(tmp_path / "out")
    np.testing.assert_allclose(table.fixed_from_camera[0], odometry(0.25) @ MOUNT, atol=1e-9)
    np.testing.assert_allclose(table.fixed_from_camera[1], odometry(1.0) @ MOUNT, atol=1e-9)
    assert np.isnan(table.fixed_from_camera[2]).all()
    assert json.loads((tmp_path / "out" / "reading.json").read_text()) == {"missing": 1}


def test_what_tf_does_not_tell_is_none_and_counted(tmp_path: Path) -> None:
    with RecordedTransforms(bag(tmp_path / "bag"), "odom") as transforms:
        assert transforms.fixed_from("camera", 6 * 10**9) is None
        assert transforms.fixed_from("elsewhere", 4 * 10**9) is None
        assert transforms.missing == 2 and "not at 6000000000 ns" in transforms.example


def test_a_bag_without_tf_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="neither /tf nor /tf_static.*'odom'.*leave out --fixed-frame"):
        RecordedTransforms(bag(tmp_path / "bag", names=("/other", "/another")), "odom")
