# SPDX-License-Identifier: Apache-2.0
"""The whole messages of a ROS 1 bag 2.0 (wiki.ros.org/Bags/Format/2.0), with or without its index."""
from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BufferedIOBase, BytesIO

from func_corr_ros.replay.whole_messages import Damage, Stored, Topic, Torn, breaks_off, record, unpack

_MESSAGE, _CHUNK, _CONNECTION, _OPCODES = 2, 5, 7, range(2, 8)
_MAGIC = b"#ROSBAG V2.0\n"


def ros1_messages(content: BufferedIOBase, damage: Damage) -> Iterator[Stored]:
    """Yields the messages, and notes in ``damage`` what cannot be read; raises nothing."""
    content.seek(len(_MAGIC))
    yield from _messages(content, {}, damage)


def _messages(content: BufferedIOBase, topics: dict[int, Topic], damage: Damage) -> Iterator[Stored]:
    """Yields those of a file or of an unpacked chunk. A recorder that was killed leaves its last chunk with a length of 0, and
    the records behind it.
    """
    in_chunk = isinstance(content, BytesIO)
    at = content.tell()
    try:
        while start := content.read(4):
            header = _fields(record(content, struct.unpack("<I", start)[0]))
            opcode = header.get("op", b"\0")[0]
            if opcode not in _OPCODES:
                raise Torn
            length = struct.unpack("<I", content.read(4))[0]
            found = record(content, length, partly=opcode == _CHUNK)
            if opcode == _CONNECTION:
                topics[struct.unpack("<I", header["conn"])[0]] = _topic(header, _fields(found))
            elif opcode == _MESSAGE:
                (number,), (seconds, rest) = struct.unpack("<I", header["conn"]), struct.unpack("<II", header["time"])
                if number in topics:
                    yield Stored(topics[number], seconds * 10**9 + rest, found)
                else:
                    damage.nameless += 1
            elif opcode == _CHUNK and not in_chunk:
                raw, broken_off = unpack(header["compression"].decode(), found), len(found) < length
                lost = Damage() if broken_off else damage  # where the file breaks off, its chunk does
                yield from _messages(BytesIO(raw), topics, lost)
                damage.nameless += lost.nameless if broken_off else 0
                if broken_off:
                    raise Torn
            at = content.tell()
    except (Torn, struct.error, ValueError, KeyError, IndexError):
        if in_chunk:
            damage.stretches += 1
        else:
            damage.end = breaks_off(content, at)


def _fields(header: bytes) -> dict[str, bytes]:
    fields, at = {}, 0
    while at < len(header):
        (length,) = struct.unpack_from("<I", header, at)
        name, _, value = header[at + 4 : at + 4 + length].partition(b"=")
        fields[name.decode()] = value
        at += 4 + length
    return fields


def _topic(header: dict[str, bytes], told: dict[str, bytes]) -> Topic:
    latching = told.get("latching", b"").decode()
    return Topic(header["topic"].decode(), told["type"].decode(), told["message_definition"].decode(), "ros1",
                 digest=told["md5sum"].decode(), latching=int(latching) if latching else None)
