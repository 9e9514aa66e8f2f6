# SPDX-License-Identifier: Apache-2.0
"""A damaged recording written anew: what is whole of it, with an index, and an account of what is lost."""
from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from func_corr_ros.errors import BadRecording
from func_corr_ros.optional import require
from func_corr_ros.replay.damaged_recording import SUFFIXES, files_of
from func_corr_ros.replay.whole_mcap import mcap_messages
from func_corr_ros.replay.whole_messages import Damage, Stored, Topic, unpack, zstd_package
from func_corr_ros.replay.whole_ros1 import ros1_messages
from func_corr_ros.replay.whole_sqlite import sqlite_messages

# What a killed ROS 1 recorder leaves, and files that were compressed as a whole, can be saved too.
_ENDINGS = (*SUFFIXES, ".bag.active", *(f"{suffix}.zstd" for suffix in (*SUFFIXES, ".bag.active")))
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


@dataclass
class Recovered:
    """``messages`` that were saved, by topic; ``damage`` of each file that has some, in words; topics ``left_out`` with their
    type, because nobody here knows what that type looks like.
    """

    messages: dict[str, int] = field(default_factory=dict)
    damage: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def recover(path: Path, out: Path, on_file: Callable[[Path], None] = lambda file: None) -> Recovered:
    """Writes what is whole of the recording ``path`` (a folder, or a file of one) to the folder ``out``: a rosbag2 in MCAP, or a
    ROS 1 bag of a ROS 1 bag. ``path`` stays as it is, and its metadata.yaml and indexes are not read; one message is held at a
    time. ``out`` appears only when it is complete. Raises BadRecording where there is no recording, nothing of it can be
    saved, or ``out`` exists.
    """
    require("rosbags.rosbag2")
    path, out = Path(path), Path(out)
    files = _files(path)
    if out.exists():
        raise BadRecording(f"{out} exists already; choose another --out")
    account = Recovered()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:
        made = Path(folder) / out.name
        write = _write_ros1 if ".bag" in files[0].suffixes else _write_ros2
        write(made, _saved(files, Path(folder), account, on_file), account)
        if not account.messages:
            raise BadRecording(f"nothing can be saved of {path}: no whole message was found"
                               f"{''.join(f'; {name}: {words}' for name, words in account.damage.items())}")
        made.rename(out)
    return account


def _files(path: Path) -> list[Path]:
    """Returns the files of a recording that can be saved; raises BadRecording where there is none."""
    if not path.exists():
        raise BadRecording(f"{path} does not exist; a recording's folder or file is needed")
    found = files_of(path, _ENDINGS)
    if not found or not found[0].name.endswith(_ENDINGS):
        raise BadRecording(f"{path} holds no file that ends in {', '.join(SUFFIXES)}, .bag.active or one of these and .zstd")
    return found


def _saved(files: list[Path], folder: Path, account: Recovered, on_file: Callable[[Path], None]) -> Iterator[Stored]:
    workplace = folder / "files"
    for file in files:
        on_file(file)
        workplace.mkdir()
        damage = Damage()
        found = _whole(_unpacked(file, workplace, damage) if file.suffix == ".zstd" else file, workplace, damage)
        yield from (message for message in found if 0 <= message.stamp_ns < 2**63)  # others are damage, and no bag takes them
        if damage.words():
            account.damage[file.name] = damage.words()
        shutil.rmtree(workplace)


def _whole(file: Path, workplace: Path, damage: Damage) -> Iterator[Stored]:
    if file.suffix == ".db3":
        yield from sqlite_messages(file, workplace, damage)
    else:
        with file.open("rb") as content:
            yield from (mcap_messages if file.suffix == ".mcap" else ros1_messages)(content, damage)


def _unpacked(file: Path, workplace: Path, damage: Damage) -> Path:
    """Returns a copy of a file that was compressed as a whole, as far as it can be unpacked."""
    out = workplace / file.stem
    unpacker = zstd_package().ZstdDecompressor()
    with file.open("rb") as content, out.open("wb") as unpacked:
        while not unpacker.eof:
            piece = content.read(2**20) if unpacker.needs_input else b""
            try:
                if unpacker.needs_input and not piece:
                    raise EOFError
                unpacked.write(unpacker.decompress(piece, 2**22))
            except Exception:
                damage.end = f"its compression breaks off near byte {content.tell()}"
                break
    return out


def _write_ros2(made: Path, messages: Iterator[Stored], account: Recovered) -> None:
    rosbag2 = require("rosbags.rosbag2")
    known: dict[Topic, Any] = {}
    with rosbag2.Writer(made, version=9, storage_plugin=rosbag2.StoragePlugin.MCAP) as writer:
        for topic, stamp_ns, data in messages:
            if topic not in known:
                known[topic] = _connection(writer, topic)
            if known[topic] is None:
                account.left_out[topic.name] = topic.kind or "no type"
                continue
            # rosbag2 can compress message by message, which only the metadata.yaml says; no CDR begins like that.
            writer.write(known[topic], stamp_ns, unpack("zstd", data) if data.startswith(_ZSTD_MAGIC) else data)
            account.messages[topic.name] = account.messages.get(topic.name, 0) + 1


def _connection(writer: Any, topic: Topic) -> Any:
    """Returns the connection of a topic, with the definition it was recorded with; None where its type is not known."""
    typesys, parse_qos = require("rosbags.typesys"), require("rosbags.rosbag2.metadata").parse_qos
    store = typesys.get_typestore(typesys.Stores.EMPTY if topic.definition else typesys.Stores.ROS2_KILTED)
    try:
        if topic.definition.startswith("=" * 80 + "\nIDL: "):
            for part in topic.definition.split("=" * 80 + "\n")[1:]:
                store.register(typesys.get_types_from_idl(part.partition("\n")[2]))
        elif topic.definition:
            store.register(typesys.get_types_from_msg(topic.definition, topic.kind))
        digest = store.hash_rihs01(topic.kind)
        definition, qos = topic.definition or store.generate_msgdef(topic.kind, ros_version=2)[0], parse_qos(topic.qos)
    except Exception:  # rosbags lets what its parsers raise through
        return None
    same = next((one for one in writer.connections if (one.topic, one.msgtype) == (topic.name, topic.kind)), None)
    return same or writer.add_connection(topic.name, topic.kind, msgdef=definition, rihs01=digest,
                                         serialization_format=topic.encoding, offered_qos_profiles=qos)


def _write_ros1(made: Path, messages: Iterator[Stored], account: Recovered) -> None:
    rosbag1, normalized = require("rosbags.rosbag1"), require("rosbags.typesys.msg").normalize_msgtype
    known: dict[Topic, Any] = {}
    made.mkdir()
    with rosbag1.Writer(made / f"{made.name}.bag") as writer:
        for topic, stamp_ns, data in messages:
            if topic not in known:
                known[topic] = writer.add_connection(topic.name, normalized(topic.kind), msgdef=topic.definition,
                                                     md5sum=topic.digest, latching=topic.latching)
            writer.write(known[topic], stamp_ns, data)
            account.messages[topic.name] = account.messages.get(topic.name, 0) + 1
