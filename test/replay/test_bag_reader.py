# SPDX-License-Identifier: Apache-2.0
"""Whatever is wrong with a recording has its name or its count, and frames are those that the nodes would take."""
from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from replay.recorded_messages import CAMERA, PERIOD, STORE, T0, TOPICS, frame, frames, messages_of, write, write_ros1

from func_corr_ros.errors import BadRecording, BadSettings
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.replay.bag_reader import ReadingSettings, Recording, read_frames
from func_corr_ros.replay.bag_topics import CAMERA_INFO, IMAGE, RgbdTopics
from func_corr_ros.replay.rgbd_bag import write_bag
from func_corr_ros.settings import override
from func_corr_ros.streams.synchronizer import Synchronizer

rosbag2, typesys = pytest.importorskip("rosbags.rosbag2"), pytest.importorskip("rosbags.typesys")
def stamps(path: Path, **settings: object) -> list[int]:
    recording = Recording(path, override(ReadingSettings(), settings))
    return [round((item.stamp_ns - T0) / PERIOD) for item in recording]


@pytest.mark.parametrize("mode", ["FILE", "MESSAGE", "STORAGE"])
@pytest.mark.parametrize("storage", ["MCAP", "SQLITE3"])
def test_compressed_recordings_are_read(tmp_path: Path, mode: str, storage: str) -> None:
    if mode == "STORAGE" and storage == "SQLITE3":
        pytest.skip("only MCAP compresses its own chunks")
    path = tmp_path / "bag"
    writer = rosbag2.Writer(path, version=9, storage_plugin=rosbag2.StoragePlugin[storage])
    writer.set_compression(rosbag2.CompressionMode[mode], rosbag2.CompressionFormat.ZSTD)
    with writer:
        connections = {name: writer.add_connection(name, kind, typestore=STORE) for name, kind in (
            (TOPICS.camera_info, CAMERA_INFO), (TOPICS.color, IMAGE), (TOPICS.depth, IMAGE))}
        for item in frames(3):
            for name, moment, message in messages_of(item):
                writer.write(connections[name], moment, STORE.serialize_cdr(message, message.__msgtype__))
    read = list(read_frames(path))
    assert [item.stamp_ns for item in read] == [item.stamp_ns for item in frames(3)]
    np.testing.assert_array_equal(read[1].color, frame(1).color)


def test_a_ros_1_bag_is_read(tmp_path: Path) -> None:
    read = list(read_frames(write_ros1(tmp_path / "recorded.bag", frames(3))))
    assert [item.stamp_ns for item in read] == [item.stamp_ns for item in frames(3)]
    assert read[0].camera == CAMERA
    np.testing.assert_array_equal(read[2].color, frame(2).color)


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_folder_that_lost_its_index_is_read(tmp_path: Path, storage: str) -> None:
    path = write_bag(tmp_path / "bag", frames(4), storage=storage)
    (path / "metadata.yaml").unlink()
    assert stamps(path) == [0, 1, 2, 3]


def test_every_and_max_rate_thin_by_number_and_by_recorded_time(tmp_path: Path) -> None:
    path = write_bag(tmp_path / "bag", frames(10))
    assert stamps(path, every=3) == [0, 3, 6, 9]
    assert stamps(path, max_rate=10.0) == [0, 3, 6, 9]
    assert stamps(path, max_rate=30.0) == list(range(10))
    assert stamps(path, every=2, max_rate=10.0) == [0, 4, 8]
    recording = Recording(path, ReadingSettings(every=3))
    assert recording.expected == 4 and len(list(recording)) == 4
    assert (recording.account.color, recording.account.sets, recording.account.thinned) == (10, 10, 6)
    with pytest.raises(BadSettings, match="every is 0"):
        override(ReadingSettings(), {"every": 0})


def test_frames_are_those_of_the_nodes_synchroniser(tmp_path: Path, rng: np.random.Generator) -> None:
    """Depth and colour arrive with delays that differ; the nodes' own object, fed the same order, completes the same sets."""
    messages = [(name, moment + round(float(rng.uniform(0, 8e7)) * (name == TOPICS.depth)), message)
                for item in frames(30) for name, moment, message in messages_of(item)]
    messages.sort(key=lambda entry: entry[1])
    sync, expected = Synchronizer(("color", "depth"), ("camera_info",)), []
    names = {TOPICS.color: "color", TOPICS.depth: "depth", TOPICS.camera_info: "camera_info"}
    for name, _, message in messages:
        stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
        found = sync.add(names[name], stamp, stamp)
        expected += [] if found is None else [found["color"]]
    recording = Recording(write(tmp_path / "bag", messages))
    assert [item.stamp_ns for item in recording] == expected
    assert 5 < len(expected) < 30, "the delays must cost some frames, or this tests nothing"
    assert recording.account.unmatched == 30 - len(expected)


def test_frames_at_stamps_are_the_same_frames(tmp_path: Path) -> None:
    recording = Recording(write_bag(tmp_path / "bag", frames(6)))
    wanted = [frame(1).stamp_ns, frame(4).stamp_ns]
    found = list(recording.at(wanted))
    assert [item.stamp_ns for item in found] == wanted
    np.testing.assert_array_equal(found[1].color, frame(4).color)


def test_broken_frames_are_counted_by_their_error_and_passed_over(tmp_path: Path) -> None:
    good, odd, torn, good_too, other_size = frames(5)
    small = RgbdFrame(other_size.color[:20, :30].copy(), other_size.depth[:20, :30].copy(),
                      PinholeCamera(50.5, 51.25, 14.5, 9.5, 30, 20), other_size.stamp_ns, "camera")
    mixed = messages_of(other_size)[:1] + messages_of(small)[1:]  # the camera info is still of the larger picture
    messages = [*messages_of(good), *messages_of(odd, encoding="yuv9"), *messages_of(torn, data=np.zeros(7, np.uint8)),
                *messages_of(good_too), *mixed]
    recording = Recording(write(tmp_path / "bag", messages))
    assert [item.stamp_ns for item in recording] == [good.stamp_ns, good_too.stamp_ns]
    assert recording.account.broken == {"BadImage": 2, "SizeMismatch": 1}
    assert "yuv9" in recording.account.examples["BadImage"] and str(odd.stamp_ns) in recording.account.examples["BadImage"]
    with pytest.raises(BadRecording, match="yuv9"):
        list(read_frames(tmp_path / "bag"))


def test_a_camera_that_changes_its_resolution_altogether_goes_on(tmp_path: Path) -> None:
    small = RgbdFrame(frame(1).color[:20, :30].copy(), frame(1).depth[:20, :30].copy(),
                      PinholeCamera(50.5, 51.25, 14.5, 9.5, 30, 20), frame(1).stamp_ns, "camera")
    read = list(read_frames(write(tmp_path / "bag", [*messages_of(frame(0)), *messages_of(small)])))
    assert [item.camera.width for item in read] == [40, 30]


def test_where_no_frame_can_be_used_the_first_reason_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "bag", [m for item in frames(2) for m in messages_of(item, encoding="yuv9")])
    with pytest.raises(BadRecording, match="none of the 2 frames can be used .2 x BadImage.*yuv9"):
        list(Recording(path))


def test_stamps_that_go_back_are_passed_over_and_counted(tmp_path: Path) -> None:
    order = [0, 1, 3, 2, 4]
    messages = [(name, T0 + place * PERIOD, message) for place, number in enumerate(order)
                for name, _, message in messages_of(frame(number))]
    recording = Recording(write(tmp_path / "bag", messages))
    assert [round((item.stamp_ns - T0) / PERIOD) for item in recording] == [0, 1, 3, 4]
    assert (recording.account.late, recording.account.unmatched, recording.account.jumps) == (1, 1, 0)


def test_a_clock_that_jumps_back_starts_anew(tmp_path: Path) -> None:
    moments = [T0, T0 + PERIOD, T0 - 10 * 10**9, T0 - 10 * 10**9 + PERIOD]
    messages = [(name, T0 + place, message) for place, moment in enumerate(moments)
                for name, _, message in messages_of(frame(place, moment))]
    recording = Recording(write(tmp_path / "bag", messages))
    assert [item.stamp_ns for item in recording] == moments and recording.account.jumps >= 1
    assert recording.account.late == 0, "a clock that was set back is told as such, and once"


def test_topics_that_lack_or_hold_nothing_are_named(tmp_path: Path) -> None:
    whole = [m for item in frames(2) for m in messages_of(item)]
    without_info = [entry for entry in whole if entry[0] != TOPICS.camera_info]
    with pytest.raises(BadRecording, match="no topic looks like the camera info; name it .--camera-info TOPIC"):
        Recording(write(tmp_path / "no_info", without_info))
    silent = write(tmp_path / "silent", without_info, {TOPICS.camera_info: CAMERA_INFO})
    with pytest.raises(BadRecording, match="/camera/rgb/camera_info holds no message"):
        Recording(silent)
    path = write(tmp_path / "bag", whole, {"/other/color/image": IMAGE})
    with pytest.raises(BadRecording, match="/nowhere .*is not in the recording. The recording has: .*/camera/rgb/camera_info"):
        Recording(path, ReadingSettings(color="/nowhere"))
    with pytest.raises(BadRecording, match="camera_info of type .* is needed; it is of type|it is of type"):
        Recording(path, ReadingSettings(depth=TOPICS.camera_info))
    with pytest.raises(BadRecording, match="/other/color/image holds no message"):
        Recording(path, ReadingSettings(color="/other/color/image"))
    assert stamps(path) == [0, 1]  # a topic without messages is not guessed


def test_one_topic_is_named_and_the_others_are_guessed(tmp_path: Path) -> None:
    extra = [("/again/color/image_raw", moment, message) for name, moment, message in messages_of(frame(0)) if "color" in name]
    path = write(tmp_path / "bag", [*messages_of(frame(0)), *extra])
    recording = Recording(path, ReadingSettings(color="/again/color/image_raw"))
    assert recording.topics == RgbdTopics("/again/color/image_raw", TOPICS.camera_info, TOPICS.depth)
    assert len(list(recording)) == 1


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_recording_that_was_broken_off_says_what_saves_the_rest(tmp_path: Path, storage: str) -> None:
    path = write_bag(tmp_path / "bag", frames(6), storage=storage)
    file = next(item for item in path.iterdir() if item.suffix != ".yaml")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(BadRecording, match=f"is saved by: func-corr recover {re.escape(str(path))} --out build/recovered"):
        list(Recording(path))
    file.write_bytes(b"")
    with pytest.raises(BadRecording, match=r"is empty \(0 bytes\)"):
        Recording(path)


def test_what_is_no_recording_is_told_so(tmp_path: Path) -> None:
    for name, words in (("notes.txt", r"ends in \.txt is not read"), ("bag.mcap", r"does not begin as a \.mcap file does")):
        (tmp_path / name).write_text("to whom it may concern")
        with pytest.raises(BadRecording, match=words):
            Recording(tmp_path / name)
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadRecording, match=r"the folder holds no \.mcap, \.db3, \.bag file"):
        Recording(tmp_path / "folder")


def test_slop_decides_what_belongs_together(tmp_path: Path) -> None:
    item, apart = frame(0), frame(0, T0 + 30_000_000)
    messages = [*messages_of(item)[:2], *messages_of(apart)[2:]]
    path = write(tmp_path / "bag", messages)
    with pytest.raises(BadRecording, match=r"within 20 ms .*\+30 ms apart: --slop 0.04 takes them together"):
        list(Recording(path))
    assert len(list(Recording(path, ReadingSettings(slop=0.04)))) == 1
    with pytest.raises(BadRecording, match=r"-5000 ms apart: their clocks differ"):
        list(Recording(write(tmp_path / "clocks", [*messages_of(frame(0, T0 + 5 * 10**9))[:2], *messages_of(item)[2:]])))
    assert len(list(Recording(path, ReadingSettings(slop=0.05)))) == 1


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_damage_is_a_named_error_or_a_count_and_nothing_else(tmp_path: Path, storage: str) -> None:
    path = write_bag(tmp_path / "bag", frames(4), storage=storage)
    file = next(item for item in path.iterdir() if item.suffix != ".yaml")
    whole = np.frombuffer(file.read_bytes(), np.uint8)
    told = 0
    for seed in range(24):
        rng = np.random.default_rng(seed)
        torn = whole.copy()
        torn[rng.integers(0, len(torn), 40)] = rng.integers(0, 256, 40)
        file.write_bytes(torn.tobytes())
        try:
            read = list(Recording(path))
        except BadRecording:
            told += 1
        else:
            assert 1 <= len(read) <= 4
    assert told > 0, "none of the damage was seen: the bytes that were changed must matter"
