# SPDX-License-Identifier: Apache-2.0
"""The whole messages of an MCAP file (mcap.dev/spec), with or without its summary."""
from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BufferedIOBase, BytesIO
from typing import Any

from func_corr_ros.replay.whole_messages import Damage, Stored, Topic, Torn, breaks_off, record, unpack

_SCHEMA, _CHANNEL, _MESSAGE, _CHUNK, _DATA_END, _FOOTER = 0x03, 0x04, 0x05, 0x06, 0x0F, 0x02


def mcap_messages(content: BufferedIOBase, damage: Damage) -> Iterator[Stored]:
    """Yields the messages, and notes in ``damage`` what cannot be read; raises nothing."""
    content.seek(8)
    yield from _messages(content, {}, {}, damage)


def _messages(content: BufferedIOBase, schemas: dict[int, Any], topics: dict[int, Topic], damage: Damage) -> Iterator[Stored]:
    """Yields the messages of a file or of an unpacked chunk; raises nothing, but notes in ``damage`` what it leaves."""
    in_chunk = isinstance(content, BytesIO)
    at = content.tell()
    try:
        while head := content.read(9):
            opcode, length = struct.unpack("<BQ", head)
            if opcode in (_DATA_END, _FOOTER):
                return
            if opcode == 0 or opcode > 0x0F and opcode < 0x80:
                raise Torn
            found = record(content, length, partly=opcode == _CHUNK)
            if opcode == _SCHEMA:
                (number,), (name, _, definition) = struct.unpack_from("<H", found), _strings(found, 2, 3)
                schemas[number] = name, definition
            elif opcode == _CHANNEL:
                (number, schema), (name, encoding) = struct.unpack_from("<HH", found), _strings(found, 4, 2)
                kind, definition = schemas.get(schema, ("", ""))
                topics[number] = Topic(name, kind, definition, encoding, _qos(found))
            elif opcode == _MESSAGE:
                number, _, stamp = struct.unpack_from("<HIQ", found)
                if number in topics:
                    yield Stored(topics[number], stamp, found[22:])
                else:
                    damage.nameless += 1
            elif opcode == _CHUNK and not in_chunk:
                (raw, whole), broken_off = _chunk(found), len(found) < length
                if whole or broken_off:
                    lost = Damage() if broken_off else damage  # where the file breaks off, its chunk does
                    yield from _messages(BytesIO(raw), schemas, topics, lost)
                    damage.nameless += lost.nameless if broken_off else 0
                else:
                    damage.stretches += 1
                if broken_off:
                    raise Torn
            at = content.tell()
    except (Torn, struct.error, ValueError, KeyError):
        if in_chunk:
            damage.stretches += 1
        else:
            damage.end = breaks_off(content, at)


def _strings(record: bytes, at: int, count: int) -> list[str]:
    """Returns ``count`` strings, each after its length."""
    found = []
    for _ in range(count):
        (length,) = struct.unpack_from("<I", record, at)
        found.append(record[at + 4 : at + 4 + length].decode())
        at += 4 + length
    return found


def _qos(channel: bytes) -> str:
    """Returns the profiles that were offered, out of a channel's map of words."""
    at = 4
    for _ in range(2):  # topic and encoding
        at += 4 + struct.unpack_from("<I", channel, at)[0]
    at, end = at + 4, at + 4 + struct.unpack_from("<I", channel, at)[0]
    while at < end:
        key, value = _strings(channel, at, 2)
        if key == "offered_qos_profiles":
            return value
        at += 8 + len(key.encode()) + len(value.encode())
    return ""


def _chunk(record: bytes) -> tuple[bytes, bool]:
    """Returns what can be unpacked of a chunk, and whether that is all and as it was written."""
    size, crc = struct.unpack_from("<QI", record, 16)
    (compression,) = _strings(record, 28, 1)
    at = 32 + len(compression)
    (packed,) = struct.unpack_from("<Q", record, at)
    raw = unpack(compression, record[at + 8 : at + 8 + packed])
    return raw, len(raw) == size and (crc == 0 or zlib.crc32(raw) == crc)
