# SPDX-License-Identifier: Apache-2.0
"""What the readers of damaged recordings share: messages as they were stored, the account of what is lost, torn records."""
from __future__ import annotations

import bz2
import importlib
import os
import sys
from dataclasses import dataclass
from io import BufferedIOBase
from typing import Any, NamedTuple

# No image, and no chunk of a recorder, is that large: a longer record is a length that damage wrote. Nothing is allocated for it.
MOST = 2**28


class Topic(NamedTuple):
    """Where messages belong. ``qos`` is the recorder's YAML; ``digest`` and ``latching`` are of ROS 1."""

    name: str
    kind: str
    definition: str = ""
    encoding: str = "cdr"
    qos: str = ""
    digest: str = ""
    latching: int | None = None


class Stored(NamedTuple):
    """One message as it was stored, with the time of its recording."""

    topic: Topic
    stamp_ns: int
    data: bytes


@dataclass
class Damage:
    """What is lost of a file: chunks or stretches of rows that are damaged, messages of a topic that it does not name (any more),
    and in words what is wrong with its end.
    """

    stretches: int = 0
    nameless: int = 0
    end: str = ""

    def words(self) -> str:
        """Returns the loss in words; nothing where there is none."""
        stretches = f"{self.stretches} damaged stretch{'es' if self.stretches > 1 else ''} left out" if self.stretches else ""
        plural = "s" if self.nameless > 1 else ""
        nameless = f"{self.nameless} message{plural} left out, whose topic the file does not name" if self.nameless else ""
        return ", ".join(words for words in (stretches, nameless, self.end) if words)


class Torn(Exception):
    """What follows cannot be read."""


def breaks_off(content: BufferedIOBase, at: int) -> str:
    """Returns the end of a file in words: its last record that is not whole begins ``at`` this byte."""
    return f"breaks off in the record at byte {at} of {content.seek(0, os.SEEK_END)}"


def record(content: BufferedIOBase, length: int, *, partly: bool = False) -> bytes:
    """Returns the next ``length`` bytes, with ``partly`` those that are there; raises Torn where they are not."""
    found = content.read(length) if length <= MOST else b""
    if len(found) < length and not (partly and found):
        raise Torn
    return found


def unpack(compression: str, data: bytes) -> bytes:
    """Returns what ``data`` unpacks to, as far as it goes."""
    if compression in ("", "none"):
        return data
    unpacker: Any = {
        "zstd": lambda: zstd_package().ZstdDecompressor(),
        "lz4": lambda: importlib.import_module("lz4.frame").LZ4FrameDecompressor(),
        "bz2": bz2.BZ2Decompressor,
    }[compression]()
    parts, left = [], MOST
    # Piece by piece: where one is damaged, those before it are there.
    for at in range(0, len(data), 2**14):
        try:
            parts.append(unpacker.decompress(data[at : at + 2**14], left))
        except Exception:  # each package has its own classes, some of which it does not name
            break
        left -= len(parts[-1])
        if unpacker.eof or left <= 0:
            break
    return b"".join(parts)


def zstd_package() -> Any:
    """Returns the package for Zstandard that the reader of recordings brought along."""
    return importlib.import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
