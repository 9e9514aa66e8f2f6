# SPDX-License-Identifier: Apache-2.0
"""Of a recording that was broken off or is damaged, what is whole is saved as it was, and nothing else comes out."""
from __future__ import annotations

import re
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from replay.recorded_messages import STORE, T0, TOPICS, frame, frames, messages_of, write, write_ros1

from func_corr_ros.errors import BadRecording
from func_corr_ros.replay.bag_reader import Recording
from func_corr_ros.replay.recovered_recording import recover

rosbag2, rosbag1 = pytest.importorskip("rosbags.rosbag2"), pytest.importorskip("rosbags.rosbag1")
MANY = 400  # some three chunks of every format
FORMATS = [("MCAP", None), ("MCAP", "STORAGE"), ("MCAP", "MESSAGE"), ("MCAP", "FILE"), ("SQLITE3", None), ("SQLITE3", "MESSAGE"),
           ("SQLITE3", "FILE"), ("ROS1", None), ("ROS1", "LZ4"), ("ROS1", "BZ2")]


def recorded(folder: Path, kind: str, compression: str | None, count: int = MANY) -> Path:
    """Writes a recording of one file to ``folder``, and returns that file."""
    messages = [entry for item in frames(count) for entry in messages_of(item)]
    if kind == "ROS1":
        folder.mkdir()
        return write_ros1(folder / "my.bag", frames(count), compression)
    write(folder, messages, storage=kind, compression=compression)
    return next(item for item in folder.iterdir() if item.suffix != ".yaml")


def cut(file: Path, share: float) -> None:
    """Leaves the first ``share`` of a file, as one that was being written when the power went: without an index."""
    with file.open("r+b") as content:
        content.truncate(int(share * file.stat().st_size))
    (file.parent / "metadata.yaml").unlink(missing_ok=True)


def saved(bag: Path) -> list[int]:
    """Returns which frames a recording holds; each is as it was."""
    numbers = []
    for item in Recording(bag):
        number = round((item.stamp_ns - T0) / 33_333_333)
        np.testing.assert_array_equal(item.color, frame(number).color)
        np.testing.assert_allclose(item.depth, frame(number).depth, atol=5e-4)
        numbers.append(number)
    return numbers


@pytest.mark.parametrize("kind, compression", FORMATS)
def test_what_was_written_before_the_recording_broke_off_is_saved(kind: str, compression: str | None, tmp_path: Path) -> None:
    file = recorded(tmp_path / "bag", kind, compression)
    cut(file, 0.5)
    before = file.read_bytes()
    with pytest.raises(BadRecording):
        saved(file if kind == "ROS1" or compression == "FILE" else file.parent)
    account = recover(file.parent, tmp_path / "out")
    numbers = saved(tmp_path / "out")
    # Compression packs up to a block that is not whole; the frames of this test are small beside it.
    assert numbers == list(range(len(numbers))) and MANY * (0.49 if compression is None else 0.3) <= len(numbers) <= MANY / 1.9
    assert account.messages[TOPICS.depth] == len(numbers) and list(account.damage) == [file.name] and not account.left_out
    assert file.read_bytes() == before


@pytest.mark.parametrize("kind, compression", FORMATS)
def test_a_recording_that_is_whole_is_saved_whole(kind: str, compression: str | None, tmp_path: Path) -> None:
    file = recorded(tmp_path / "bag", kind, compression, 30)
    account = recover(file, tmp_path / "out")
    assert saved(tmp_path / "out") == list(range(30))
    assert account.damage == {} and set(account.messages.values()) == {30}


@pytest.mark.parametrize("kind, compression", [("MCAP", None), ("MCAP", "STORAGE"), ("SQLITE3", None), ("ROS1", "LZ4")])
def test_whatever_is_damaged_nothing_but_frames_or_a_named_error_comes_out(
    kind: str, compression: str | None, tmp_path: Path
) -> None:
    file = recorded(tmp_path / "bag", kind, compression, 30)
    whole = np.frombuffer(file.read_bytes(), np.uint8)
    counts = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        torn = whole.copy()
        torn[rng.integers(0, len(torn), 20)] = rng.integers(0, 256, 20)
        file.write_bytes(torn[: rng.integers(1, len(torn))].tobytes())
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        try:
            recover(file, tmp_path / "out")
            counts.append(sum(1 for _ in Recording(tmp_path / "out")))
        except BadRecording:
            counts.append(0)
    assert max(counts) > 0 and not list(tmp_path.glob(".out*")), counts


def test_a_chunk_whose_checksum_is_wrong_is_left_out(tmp_path: Path) -> None:
    import zlib

    file = recorded(tmp_path / "bag", "MCAP", None)
    content = bytearray(file.read_bytes())
    # A chunk: opcode, length, two times, size, no checksum, no compression; one at the end is its index.
    chunks = [found.start() for found in re.finditer(rb"\x06.{32}\0{8}", content[:-10_000], re.S)]
    assert len(chunks) >= 2
    for at in chunks:
        size = int.from_bytes(content[at + 25 : at + 33], "little")
        content[at + 33 : at + 37] = zlib.crc32(content[at + 49 : at + 49 + size]).to_bytes(4, "little")
    content[chunks[1] + 100_000] ^= 0xFF
    file.write_bytes(content)
    account = recover(file, tmp_path / "out")
    numbers = saved(tmp_path / "out")
    assert account.damage == {file.name: "1 damaged stretch left out"}
    missing = sorted(set(range(MANY)) - set(numbers))
    assert 100 < len(missing) < 200 and missing == list(range(missing[0], missing[-1] + 1))


def test_rows_behind_a_damaged_page_are_saved(tmp_path: Path) -> None:
    file = recorded(tmp_path / "bag", "SQLITE3", None)
    with sqlite3.connect(file) as database:
        (page,) = database.execute("PRAGMA page_size").fetchone()
    content = bytearray(file.read_bytes())
    middle = len(content) // page // 2 * page
    content[middle : middle + 3 * page] = b"\xff" * (3 * page)
    file.write_bytes(content)
    account = recover(file, tmp_path / "out")
    assert MANY - 25 < account.messages[TOPICS.color] <= MANY


def test_messages_of_a_topic_that_the_file_no_longer_names_are_counted(tmp_path: Path) -> None:
    file = recorded(tmp_path / "SQLITE3", "SQLITE3", None, 30)
    with sqlite3.connect(file) as database:
        assert database.execute("DELETE FROM topics WHERE name = ?", (TOPICS.depth,)).rowcount == 1
    account = recover(file, tmp_path / "out")
    assert account.damage == {file.name: "30 messages left out, whose topic the file does not name"}
    assert account.messages == {TOPICS.color: 30, TOPICS.camera_info: 30}


@pytest.mark.parametrize("kind", ["MCAP", "ROS1"])
def test_a_channel_record_that_is_damaged_is_told_by_its_messages(kind: str, tmp_path: Path) -> None:
    """Its number is another one now, and nobody knows whose the messages are that have the old one."""
    file = recorded(tmp_path / "bag", kind, None, 30)
    content = bytearray(file.read_bytes())
    name = TOPICS.depth.encode()
    if kind == "MCAP":  # channel and schema as two bytes each, then the length of the name
        at = content.index(len(name).to_bytes(4, "little") + name) - 4
    else:
        at = content.rindex(b"conn=", 0, content.index(b"topic=" + name)) + 5
    content[at] ^= 0x40
    file.write_bytes(content)
    account = recover(file, tmp_path / "out")
    assert account.damage == {file.name: "30 messages left out, whose topic the file does not name"}
    assert account.messages == {TOPICS.color: 30, TOPICS.camera_info: 30}


def test_the_file_of_a_ros_1_recorder_that_was_killed_is_read(tmp_path: Path) -> None:
    """Such a recorder writes a chunk's length when it closes it; until then it is 0."""
    file = recorded(tmp_path / "bag", "ROS1", None, 30)  # one chunk
    content = file.read_bytes()
    at = content.index(b"size=")
    length = at + 9
    assert int.from_bytes(content[length : length + 4], "little") > 10_000
    active = tmp_path / "killed.bag.active"
    active.write_bytes(content[:length] + bytes(4) + content[length + 4 : -len(content) // 3])
    recover(active, tmp_path / "out")
    numbers = saved(tmp_path / "out")
    assert numbers == list(range(len(numbers))) and 15 < len(numbers) < 30


def test_split_files_come_in_order_and_each_is_judged_alone(tmp_path: Path) -> None:
    folder = tmp_path / "bag"
    folder.mkdir()
    for part in range(11):
        messages = [entry for number in range(10 * part, 10 * part + 10) for entry in messages_of(frame(number))]
        file = next((write(tmp_path / f"part_{part}", messages)).glob("*.mcap"))
        shutil.move(file, folder / f"bag_{part}.mcap")
    cut(folder / "bag_9.mcap", 0.5)
    told: list[str] = []
    account = recover(folder, tmp_path / "out", lambda file: told.append(file.name))
    assert told == [f"bag_{part}.mcap" for part in range(11)] and list(account.damage) == ["bag_9.mcap"]
    numbers = saved(tmp_path / "out")
    assert set(range(90)) <= set(numbers) and set(range(100, 110)) <= set(numbers) and 93 <= len(numbers) - 10 < 100


def test_offered_qos_stays(tmp_path: Path) -> None:
    from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime

    forever = QosTime(2147483647, 4294967295)
    latched = Qos(QosHistory.KEEP_LAST, 1, QosReliability.RELIABLE, QosDurability.TRANSIENT_LOCAL, forever, forever,
                  QosLiveliness.AUTOMATIC, forever, False)
    for storage in ("MCAP", "SQLITE3"):
        with rosbag2.Writer(tmp_path / storage, version=9, storage_plugin=rosbag2.StoragePlugin[storage]) as writer:
            message = messages_of(frame(0))[1][2]
            connection = writer.add_connection("/latched", message.__msgtype__, typestore=STORE, offered_qos_profiles=[latched])
            writer.write(connection, T0, STORE.serialize_cdr(message, message.__msgtype__))
        recover(tmp_path / storage, tmp_path / f"{storage}_out")
        with rosbag2.Reader(tmp_path / f"{storage}_out") as reader:
            assert reader.connections[0].ext.offered_qos_profiles == [latched], storage


def test_where_there_is_nothing_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="does not exist"):
        recover(tmp_path / "nowhere", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadRecording, match=r"holds no file that ends in \.mcap"):
        recover(tmp_path / "empty", tmp_path / "out")
    for name in ("bag.mcap", "bag.db3", "bag.bag"):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(BadRecording, match="no whole message was found"):
            recover(tmp_path / name, tmp_path / "out")
    file = recorded(tmp_path / "bag", "MCAP", None, 2)
    with pytest.raises(BadRecording, match="exists already"):
        recover(file, tmp_path)
    assert not (tmp_path / "out").exists()
