# SPDX-License-Identifier: Apache-2.0
"""The whole messages of a rosbag2 in SQLite, cut short or damaged."""
from __future__ import annotations

import mmap
import os
import shutil
import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from func_corr_ros.replay.whole_messages import MOST, Damage, Stored, Topic, Torn

# Kinds of integers in a row -> their bytes.
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 8: 0, 9: 0}


def sqlite_messages(file: Path, workplace: Path, damage: Damage) -> Iterator[Stored]:
    """Yields the messages of a copy in ``workplace``, and notes in ``damage`` what cannot be read; raises nothing."""
    copy = workplace / f"{file.name}.copy"
    for ending in ("", "-wal", "-journal"):  # what a killed recorder had not yet put into the file
        if file.with_name(file.name + ending).exists():
            shutil.copyfile(file.with_name(file.name + ending), copy.with_name(copy.name + ending))
    try:
        _cut_to_pages(copy, damage)
        database = sqlite3.connect(copy)
        database.text_factory = lambda raw: raw.decode(errors="replace")
        topics = _topics(database)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        with copy.open("rb") as file_of_pages, mmap.mmap(file_of_pages.fileno(), 0, access=mmap.ACCESS_READ) as content:
            for number, stamp, data in _rows(content, damage):
                if number in topics:
                    yield Stored(topics[number], stamp, data)
                else:
                    damage.nameless += 1
    except (sqlite3.DatabaseError, struct.error, KeyError, ValueError, ZeroDivisionError):
        damage.end = "no table of messages was found"
    finally:
        for ending in ("", "-wal", "-journal", "-shm"):
            copy.with_name(copy.name + ending).unlink(missing_ok=True)


def _page_size(head: bytes | mmap.mmap) -> int:
    (size,) = struct.unpack_from(">H", head, 16)
    return 65536 if size == 1 else int(size)


def _cut_to_pages(copy: Path, damage: Damage) -> None:
    """SQLite opens no database that is shorter than its header says; the header is told the truth."""
    with copy.open("r+b") as content:
        head = content.read(100)
        page, (count,) = _page_size(head), struct.unpack_from(">I", head, 28)
        there = os.path.getsize(copy) // page
        if there < count:
            damage.end = f"the last {(count - there) * page} bytes are missing"
            content.seek(28)
            content.write(struct.pack(">I", there))
            content.truncate(there * page)


def _topics(database: sqlite3.Connection) -> dict[int, Topic]:
    def rows(table: str) -> list[dict[str, Any]]:
        found = database.execute(f"SELECT * FROM {table}")
        return [dict(zip((column[0] for column in found.description), row, strict=True)) for row in found]

    try:
        definitions = {row["topic_type"]: row["encoded_message_definition"] for row in rows("message_definitions")}
    except sqlite3.DatabaseError:  # ROS 2 Humble and older wrote none
        definitions = {}
    return {
        row["id"]: Topic(row["name"], row["type"], definitions.get(row["type"], ""), row.get("serialization_format", "cdr"),
                         row.get("offered_qos_profiles") or "")
        for row in rows("topics")
        if isinstance(row["name"], str) and isinstance(row["type"], str)
    }


def _rows(content: mmap.mmap, damage: Damage) -> Iterator[tuple[int, int, bytes]]:
    """Yields (topic, time, data) of every leaf of the table of messages, in the order in which pages were added.

    The tree above them is not needed, a page of which, when lost, would take thousands of messages along: leaves of tables say
    what they are, and no other table of a rosbag2 has rows like these. Format: sqlite.org/fileformat2.html.
    """
    size, unread = _page_size(content), False
    for page in range(len(content) // size):
        at = page * size
        start = at + 100 * (page == 0)
        # Leaves and inner pages of tables and indexes; 0: an overflow page, with the upper byte of the next one's number.
        known = content[start] in (0x00, 0x02, 0x05, 0x0A, 0x0D)
        damage.stretches += unread and known
        unread = not known
        if content[start] == 0x0D:
            (count,) = struct.unpack_from(">H", content, start + 3)
            for place in struct.unpack_from(f">{min(count, size // 4)}H", content, start + 8):
                try:
                    row = _row(content, at + place, size)
                except (Torn, IndexError, struct.error):
                    damage.stretches += not damage.end
                else:
                    if row is not None:
                        yield row


def _row(content: mmap.mmap, at: int, page: int) -> tuple[int, int, bytes] | None:
    """Returns the row of messages that begins ``at`` this byte, None for another table's; raises Torn where it breaks off."""
    length, at = _varint(content, at)
    _, at = _varint(content, at)  # its number
    usable = page - content[20]
    least = (usable - 12) * 32 // 255 - 23
    here = least + (length - least) % (usable - 4)
    here = length if length <= usable - 35 else here if here <= usable - 35 else least
    end, after = _varint(content, at)
    kinds = []
    while after < at + end and len(kinds) < 5:
        kind, after = _varint(content, after)
        kinds.append(kind)
    sizes = [_INTEGERS.get(kind) for kind in kinds[1:3]]
    if len(kinds) != 4 or kinds[0] != 0 or None in sizes or kinds[3] < 12 or kinds[3] % 2:
        return None
    if length > MOST or after + sum(sizes) > at + here:
        raise Torn
    topic, stamp = (
        kind - 8 if kind in (8, 9) else int.from_bytes(content[begin : begin + size], "big", signed=True)
        for kind, begin, size in zip(kinds[1:3], (after, after + sizes[0]), sizes, strict=True)
    )
    parts, missing = [content[after + sum(sizes) : at + here]], length - here
    following = struct.unpack_from(">I", content, at + here)[0] if missing else 0
    while missing > 0:
        place = (following - 1) * page
        if following == 0 or place + page > len(content):
            raise Torn
        parts.append(content[place + 4 : place + min(usable, 4 + missing)])
        missing -= len(parts[-1])
        (following,) = struct.unpack_from(">I", content, place)
    data = b"".join(parts)
    if len(data) != (kinds[3] - 12) // 2:
        raise Torn
    return topic, stamp, data


def _varint(content: mmap.mmap, at: int) -> tuple[int, int]:
    """Returns a number of one to nine bytes, and where the next begins."""
    value = 0
    for place in range(at, at + 8):
        value = value << 7 | content[place] & 0x7F
        if content[place] < 0x80:
            return value, place + 1
    return value << 8 | content[at + 8], at + 9
