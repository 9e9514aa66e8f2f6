# SPDX-License-Identifier: Apache-2.0
"""Recordings come back exactly, colour meets its own depth, and a bag that cannot be read says why."""
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from func_corr_ros import encodings
from func_corr_ros.errors import BadImage, BadRecording
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.replay.bag_reader import read_frames
from func_corr_ros.replay.bag_topics import CAMERA_INFO, COMPRESSED, IMAGE, RgbdTopics
from func_corr_ros.replay.rgbd_bag import _messages, write_bag

rosbag2 = pytest.importorskip("rosbags.rosbag2")
typesys = pytest.importorskip("rosbags.typesys")
CAMERA = PinholeCamera(50.5, 51.25, 19.75, 14.5, 40, 30)
T0 = 1_700_000_000_123_456_789
STORE = typesys.get_typestore(typesys.Stores.ROS2_KILTED)


def frame(number: int, stamp_ns: int = T0) -> RgbdFrame:
    rng = np.random.default_rng(number)
    depth = (rng.integers(300, 3000, (30, 40)) / np.float32(1000.0)).astype(np.float32)
    depth[rng.random((30, 40)) < 0.1] = np.nan
    color = rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)
    return RgbdFrame(color, depth, CAMERA, stamp_ns, "camera_color_optical_frame")


def frames(count: int, step_ns: int = 100_000_000) -> list[RgbdFrame]:
    return [frame(i, T0 + i * step_ns) for i in range(count)]


def assert_same(read: list[RgbdFrame], written: list[RgbdFrame]) -> None:
    assert len(read) == len(written)
    for a, b in zip(read, written, strict=True):
        np.testing.assert_array_equal(a.color, b.color)
        np.testing.assert_array_equal(a.depth, b.depth)
        assert (a.camera, a.stamp_ns, a.frame_id) == (b.camera, b.stamp_ns, b.frame_id)


def write_messages(path: Path, topics: RgbdTopics, messages: list[tuple[str, int, object]]) -> Path:
    """Writes (topic, stamp of recording, message) as they are."""
    with rosbag2.Writer(path, version=9, storage_plugin=rosbag2.StoragePlugin.MCAP) as writer:
        connections = {name: writer.add_connection(name, kind, typestore=STORE) for name, kind in
                       {(name, message.__msgtype__) for name, _, message in messages}}
        for name, stamp, message in messages:
            connection = connections[name]
            writer.write(connection, stamp, STORE.serialize_cdr(message, connection.msgtype))
    return path


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize("depth_encoding", ["16UC1", "32FC1"])
def test_round_trip_is_exact(tmp_path: Path, storage: str, depth_encoding: str) -> None:
    written = frames(4)
    path = write_bag(tmp_path / "bag", written, storage=storage, depth_encoding=depth_encoding)
    assert_same(list(read_frames(path)), written)
    assert {item.suffix for item in path.iterdir()} == {".yaml", {"mcap": ".mcap", "sqlite3": ".db3"}[storage]}
    single = next(item for item in path.iterdir() if item.suffix != ".yaml")
    assert single.stem.startswith("bag")
    assert_same(list(read_frames(single)), written)


def test_millimetres_round_and_floats_do_not(tmp_path: Path) -> None:
    fine = replace(frame(0), depth=np.full((30, 40), 0.73456, dtype=np.float32))
    coarse = next(read_frames(write_bag(tmp_path / "mm", [fine])))
    exact = next(read_frames(write_bag(tmp_path / "m", [fine], depth_encoding="32FC1")))
    np.testing.assert_array_equal(coarse.depth, np.float32(0.735))
    np.testing.assert_array_equal(exact.depth, np.float32(0.73456))


def test_a_rate_stamps_evenly_from_the_first_stamp(tmp_path: Path) -> None:
    still = [frame(i) for i in range(4)]  # all of one moment
    read = list(read_frames(write_bag(tmp_path / "bag", still, rate_hz=30.0)))
    assert [item.stamp_ns - T0 for item in read] == [0, 33333333, 66666667, 100000000]


def test_topics_of_ones_own(tmp_path: Path) -> None:
    topics = RgbdTopics("/left", "/left_info", "/left_z")
    path = write_bag(tmp_path / "bag", frames(2), topics=topics)
    assert_same(list(read_frames(path, topics)), frames(2))
    with pytest.raises(BadRecording, match="no topic looks like the depth image.*/left "):
        list(read_frames(path))


def test_ros_reads_the_same_fields(tmp_path: Path) -> None:
    """The messages are those ROS drivers send: shared header, steps, distortion-free camera info."""
    info, color, depth = _messages(frame(0), "16UC1", STORE)
    assert (color.encoding, color.step, depth.encoding, depth.step) == ("rgb8", 120, "16UC1", 80)
    for message in (info, color, depth):
        assert message.header.stamp.sec * 10**9 + message.header.stamp.nanosec == T0
        assert message.header.frame_id == "camera_color_optical_frame"
    np.testing.assert_array_equal(info.k.reshape(3, 3), CAMERA.matrix)
    np.testing.assert_array_equal(info.p.reshape(3, 4)[:, :3], CAMERA.matrix)
    assert info.distortion_model == "plumb_bob" and not info.d.any() and (info.width, info.height) == (40, 30)


def jittered(moments_ms: dict[str, list[float]]) -> list[tuple[str, int, object]]:
    """Messages of colour and depth stamped at the given milliseconds, recorded in the order of their stamps."""
    topics, messages = RgbdTopics(), []
    for kind, place in (("color", 1), ("depth", 2)):
        for number, moment in enumerate(moments_ms[kind]):
            stamp = T0 + round(moment * 1e6)
            messages.append((getattr(topics, kind), stamp, _messages(frame(number, stamp), "16UC1", STORE)[place]))
    messages.append((topics.camera_info, T0 - 10**9, _messages(frame(0, T0 - 10**9), "16UC1", STORE)[0]))
    return sorted(messages, key=lambda item: item[1])


def test_colour_meets_the_nearest_depth(tmp_path: Path) -> None:
    moments = {"color": [0.0, 33.0, 66.0], "depth": [4.0, 30.0, 71.0]}
    read = list(read_frames(write_messages(tmp_path / "bag", RgbdTopics(), jittered(moments))))
    assert_same([replace(item, stamp_ns=T0) for item in read], [frame(i) for i in range(3)])
    assert [item.stamp_ns - T0 for item in read] == [0, 33_000_000, 66_000_000]


def test_colour_without_depth_is_passed_over_and_depth_too_far_does_not_count(tmp_path: Path) -> None:
    moments = {"color": [0.0, 33.0, 66.0, 100.0], "depth": [1.0, 67.0, 125.0]}  # none near 33 nor 100
    read = list(read_frames(write_messages(tmp_path / "bag", RgbdTopics(), jittered(moments))))
    assert [item.stamp_ns - T0 for item in read] == [0, 66_000_000]
    np.testing.assert_array_equal(read[1].depth, frame(1).depth)


def test_no_two_that_belong_together_is_said_with_the_topics(tmp_path: Path) -> None:
    path = write_messages(tmp_path / "bag", RgbdTopics(), jittered({"color": [0.0], "depth": [50.0]}))
    with pytest.raises(BadRecording, match="no image of /camera/rgb/image_rect_color has a depth of .* within 20 ms"):
        list(read_frames(path))


def test_of_images_that_waited_for_their_camera_info_the_newest_counts_as_in_the_nodes(tmp_path: Path) -> None:
    messages = jittered({"color": [0.0, 33.0], "depth": [0.0, 33.0]})
    late = [(name, T0 + 10**9 if "info" in name else stamp, message) for name, stamp, message in messages]
    path = write_messages(tmp_path / "bag", RgbdTopics(), sorted(late, key=lambda item: item[1]))
    assert [item.stamp_ns - T0 for item in read_frames(path)] == [33_000_000]


def test_compressed_images_are_read(tmp_path: Path) -> None:
    info, color, depth = _messages(frame(0), "16UC1", STORE)
    squeeze = STORE.types[COMPRESSED]
    packed_color = squeeze(color.header, *as_message(encodings.encode_compressed_color(frame(0).color)))
    packed_depth = squeeze(depth.header, *as_message(encodings.encode_compressed_depth(frame(0).depth)))
    path = write_messages(tmp_path / "bag", RgbdTopics(), [
        ("/c/color/camera_info", T0, info), ("/c/color/image_raw/compressed", T0, packed_color),
        ("/c/depth_registered/compressedDepth", T0, packed_depth)])
    assert_same(list(read_frames(path)), [frame(0)])


def as_message(packed: tuple[str, bytes]) -> tuple[str, np.ndarray]:
    return packed[0], np.frombuffer(packed[1], dtype=np.uint8)


def test_frames_are_read_one_at_a_time(tmp_path: Path) -> None:
    path = write_bag(tmp_path / "bag", frames(6))
    reader = read_frames(path)
    assert next(reader).stamp_ns == T0
    reader.close()  # the file is let go of, half read


def test_refusals_to_write(tmp_path: Path) -> None:
    taken = write_bag(tmp_path / "taken", frames(1))
    with pytest.raises(BadRecording, match="exists already"):
        write_bag(taken, frames(1))
    assert len(list(read_frames(write_bag(taken, frames(3), overwrite=True)))) == 3
    with pytest.raises(BadRecording, match="storage 'zip'; valid: mcap, sqlite3"):
        write_bag(tmp_path / "a", frames(1), storage="zip")
    with pytest.raises(BadRecording, match="no frames to write"):
        write_bag(tmp_path / "b", [])
    with pytest.raises(BadRecording, match="frame 1 has stamp .* they must rise, or give rate_hz"):
        write_bag(tmp_path / "c", [frame(0), frame(1)])
    with pytest.raises(BadRecording, match="rate_hz is -1"):
        write_bag(tmp_path / "d", frames(1), rate_hz=-1.0)
    with pytest.raises(BadImage, match="8UC1"):
        write_bag(tmp_path / "e", frames(1), depth_encoding="8UC1")


def test_a_recording_that_fails_half_way_leaves_nothing_and_keeps_the_old_one(tmp_path: Path) -> None:
    def breaking():
        yield frame(0)
        raise RuntimeError("the camera is gone")

    old = write_bag(tmp_path / "old", frames(2))
    for path, overwrite in ((tmp_path / "new", False), (old, True)):
        with pytest.raises(RuntimeError, match="the camera is gone"):
            write_bag(path, breaking(), overwrite=overwrite)
    assert [item.name for item in tmp_path.iterdir()] == ["old"]
    assert_same(list(read_frames(old)), frames(2))


def test_what_cannot_be_opened_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="nowhere does not exist"):
        list(read_frames(tmp_path / "nowhere"))
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.mcap").write_text("not a recording")
    (tmp_path / "odd.txt").write_text("not a recording")
    for name in ("empty", "text.mcap", "odd.txt"):
        with pytest.raises(BadRecording, match=f"{name} cannot be opened as a recording"):
            list(read_frames(tmp_path / name))


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_recording_is_refused_or_read_in_part_but_never_crashes(tmp_path: Path, storage: str, share: float) -> None:
    path = write_bag(tmp_path / "bag", frames(5), storage=storage)
    file = next(item for item in path.iterdir() if item.suffix != ".yaml")
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    with pytest.raises(BadRecording):
        assert len(list(read_frames(path))) < 5
        raise BadRecording("read in part")


def test_a_broken_image_is_named_by_topic_and_stamp(tmp_path: Path) -> None:
    info, color, depth = _messages(frame(0), "16UC1", STORE)
    cases = {
        "encoding 'yuv422'": (info, replace_fields(color, encoding="yuv422"), depth),
        "has 10 bytes": (info, replace_fields(color, data=color.data[:10]), depth),
        "colour is 40x30": (info, color, _messages(small(), "16UC1", STORE)[2]),
        "focal lengths are fx=0": (replace_fields(info, k=np.zeros(9), p=np.zeros(12)), color, depth),
    }
    topics = RgbdTopics()
    for number, (words, messages) in enumerate(cases.items()):
        named = zip((topics.camera_info, topics.color, topics.depth), [T0] * 3, messages, strict=True)
        path = write_messages(tmp_path / str(number), topics, list(named))
        with pytest.raises(BadRecording, match=rf"{number}: /camera/rgb/image_rect_color.* at {T0} ns: .*{words}"):
            list(read_frames(path))


def replace_fields(message: object, **fields: object) -> object:
    return replace(message, **fields)


def small() -> RgbdFrame:
    return RgbdFrame(np.zeros((15, 20, 3), np.uint8), np.ones((15, 20), np.float32), CAMERA.resized(20, 15), T0)


def test_message_types_are_those_of_ros() -> None:
    for kind in (IMAGE, COMPRESSED, CAMERA_INFO):
        assert kind in STORE.types
