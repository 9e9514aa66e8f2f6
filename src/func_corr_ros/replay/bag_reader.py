# SPDX-License-Identifier: Apache-2.0
"""RGB-D frames out of a recording, without ROS: matched as the nodes match them, thinned as asked, and every loss counted."""
from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from func_corr_ros.errors import BadRecording, FuncCorrError
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.optional import require
from func_corr_ros.replay.bag_topics import RgbdTopics, check_topics, find_topics
from func_corr_ros.replay.damaged_recording import files_of, why_broken_off, why_unreadable
from func_corr_ros.replay.recorded_images import frame_of, stamp_ns
from func_corr_ros.settings import setting
from func_corr_ros.streams.synchronizer import JUMP_NS, Synchronizer

# Frames that come a little early still count as on time: stamps of a 30 Hz camera are not 33.3 ms apart to the nanosecond.
_EARLY = 0.95
_MOST_SLOP = 1.0


@dataclass(frozen=True)
class ReadingSettings:
    """Which frames of a recording are taken. Topics that are empty are guessed by type and name."""

    color: str = setting("", "colour topic; empty: guessed by type and name")
    depth: str = setting("", "topic of the depth registered to the colour; empty: guessed")
    camera_info: str = setting("", "camera info topic of the colour; empty: guessed")
    every: int = setting(1, "take only every so many complete frames", at_least=1)
    max_rate: float = setting(0.0, "take at most so many frames per second of recorded time; 0: all", unit="Hz", at_least=0.0)
    slop: float = setting(0.02, "largest difference of the stamps of one frame, as sync.slop of the nodes", unit="s",
                          at_least=0.0, at_most=_MOST_SLOP)
    fixed_frame: str = setting("", "TF frame that does not move, such as odom: stability is then judged in it")


@dataclass
class Account:
    """What became of a recording's messages. ``color`` and ``depth`` arrived; ``sets`` were complete, of which ``thinned`` were
    left out on request and ``broken`` could not be used, by error class (``examples`` has the first of each). ``late`` colour
    images were older than a frame already out, ``jumps`` of the clock went back by more than a second. ``skew``: the stamp of
    the last depth minus that of the colour image nearest to it [s].
    """

    color: int = 0
    depth: int = 0
    sets: int = 0
    thinned: int = 0
    late: int = 0
    jumps: int = 0
    skew: float | None = None
    broken: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def unmatched(self) -> int:
        """Colour images that never met a depth and a camera info."""
        return self.color - self.sets

    def as_record(self) -> dict[str, Any]:
        """Returns the counts as plain values."""
        return {**asdict(self), "unmatched": self.unmatched}

    def note(self, error: FuncCorrError, words: str) -> None:
        """Counts a frame that could not be used."""
        kind = type(error).__name__
        self.broken[kind] = self.broken.get(kind, 0) + 1
        self.examples.setdefault(kind, words)


class Recording:
    """The frames of a recording: rosbag2 folder (compressed or not, with or without metadata.yaml), .mcap, .db3, ROS 1 .bag.

    Opening it raises BadRecording for what cannot be read or lacks a topic. Iterating yields frames one at a time, in the order
    in which the nodes' synchroniser would complete them, and fills ``account``. A frame that cannot be used is counted and
    passed over, or raises BadRecording where ``strict``; so does a recording no frame of which can be used.
    """

    def __init__(self, path: Path, settings: ReadingSettings = ReadingSettings(), *, strict: bool = False) -> None:
        self.path, self.settings, self.strict = Path(path), settings, strict
        self.account = Account()
        with opened(self.path) as reader:
            counts = {name: info.msgcount for name, info in reader.topics.items()}
            self.topics = _topics(reader, settings)
            for name in (self.topics.color, self.topics.depth, self.topics.camera_info):
                if counts[name] == 0:
                    raise BadRecording(f"topic {name} holds no message; was its publisher running and its QoS compatible while "
                                       f"recording? Messages per topic: {_counted(counts)}")
        self.expected = -(-counts[self.topics.color] // settings.every)

    def at(self, stamps_ns: Collection[int]) -> Iterator[RgbdFrame]:
        """Yields the frames of these stamps; no other image is decoded, and ``account`` stays as it is."""
        wanted, account = set(stamps_ns), Account()
        with opened(self.path) as reader:
            for found in self._chosen(self._sets(reader, account), account):
                if stamp_ns(found["color"]) in wanted:
                    wanted.discard(stamp_ns(found["color"]))
                    frame = self._frame(found, account)
                    if frame is not None:
                        yield frame
                if not wanted:
                    return

    def __iter__(self) -> Iterator[RgbdFrame]:
        self.account = account = Account()
        used = 0
        with opened(self.path) as reader:
            for found in self._chosen(self._sets(reader, account), account):
                frame = self._frame(found, account)
                if frame is not None:
                    used += 1
                    yield frame
        if used == 0:
            raise BadRecording(self._why_nothing(account))

    def _sets(self, reader: Any, account: Account) -> Iterator[dict[str, Any]]:
        """Yields complete sets of messages; the clock of the synchroniser stands still, so nothing depends on this machine."""
        names = ("color", "depth", "camera_info")
        sync = Synchronizer(names[:2], names[2:], slop=self.settings.slop, clock=lambda: 0.0)
        newest = None
        for name, message in messages_of(reader, {getattr(self.topics, name): name for name in names}):
            stamp = stamp_ns(message)
            if name == "color":
                account.color += 1
                account.late += newest is not None and newest - JUMP_NS <= stamp < newest
                newest = stamp
            account.depth += name == "depth"
            found = sync.add(name, stamp, message)
            account.jumps, account.skew = sync.jumps, sync.states()["depth"].skew
            if found is not None:
                account.sets += 1
                yield found

    def _chosen(self, sets: Iterator[dict[str, Any]], account: Account) -> Iterator[dict[str, Any]]:
        period = _EARLY * 1e9 / self.settings.max_rate if self.settings.max_rate else 0.0
        last = None
        for number, found in enumerate(sets):
            stamp = stamp_ns(found["color"])
            early = last is not None and 0 <= stamp - last < period
            if number % self.settings.every or early:
                account.thinned += 1
                continue
            last = stamp
            yield found

    def _frame(self, found: Mapping[str, Any], account: Account) -> RgbdFrame | None:
        try:
            return frame_of(found["color"], found["depth"], found["camera_info"])
        except FuncCorrError as error:
            topics = self.topics
            words = (f"{self.path}: {topics.color}, {topics.depth} or {topics.camera_info} at {stamp_ns(found['color'])} ns: "
                     f"{type(error).__name__}: {error}")
            if self.strict:
                raise BadRecording(words) from error
            account.note(error, words)
            return None

    def _why_nothing(self, account: Account) -> str:
        if account.broken:
            return (f"none of the {account.sets - account.thinned} frames can be used "
                    f"({', '.join(f'{n} x {kind}' for kind, n in account.broken.items())}); the first: "
                    f"{next(iter(account.examples.values()))}. Other topics: --color, --depth, --camera-info")
        return (f"{self.path}: no image of {self.topics.color} has a depth of {self.topics.depth} within "
                f"{1e3 * self.settings.slop:g} ms and a camera info of {self.topics.camera_info}"
                f"{what_slop(account.skew, self.settings.slop)}")


def what_slop(skew: float | None, slop: float) -> str:
    """Returns how far the stamps of depth and colour are apart, and what to do about it; nothing where they are near."""
    if skew is None or abs(skew) <= slop:
        return ""
    words = f"; the nearest stamps of depth and colour are {1e3 * skew:+.0f} ms apart: "
    if abs(skew) > _MOST_SLOP / 1.1:
        return words + "their clocks differ, and they cannot be matched"
    return words + f"--slop {math.ceil(110.0 * abs(skew)) / 100:g} takes them together"


def read_frames(path: Path, topics: RgbdTopics | None = None) -> Iterator[RgbdFrame]:
    """Yields every frame of a recording; topics are found by type and name unless given. Raises BadRecording, naming topic and
    stamp, at the first frame that cannot be used.
    """
    topics = topics or RgbdTopics("", "", "")
    reading = ReadingSettings(color=topics.color, depth=topics.depth, camera_info=topics.camera_info)
    yield from Recording(path, reading, strict=True)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Opens a recording; whatever the reader cannot make sense of becomes BadRecording."""
    highlevel, stores = require("rosbags.highlevel"), require("rosbags.typesys")
    if not path.exists():
        raise BadRecording(f"{path} does not exist; a rosbag2 folder (or .mcap, .db3, ROS 1 .bag) is needed")
    try:
        store = stores.get_typestore(stores.Stores.ROS2_KILTED)
        reader = highlevel.AnyReader(_files(path), default_typestore=store)
        reader.open()
    except Exception as error:  # rosbags lets the errors of yaml, sqlite3, struct and its own through
        raise BadRecording(why_unreadable(path, error)) from error
    try:
        yield reader
    finally:
        reader.close()


def _files(path: Path) -> list[Path]:
    """Returns what to open: the folder, or the files in it where its metadata.yaml is lost."""
    if not path.is_dir() or (path / "metadata.yaml").exists():
        return [path]
    return files_of(path) or [path]


def _topics(reader: Any, settings: ReadingSettings) -> RgbdTopics:
    """Returns the three topics, the named ones as named, the others guessed among those that hold messages."""
    type_of = {name: info.msgtype or "" for name, info in reader.topics.items()}
    named = {"color": settings.color, "camera_info": settings.camera_info, "depth": settings.depth}
    if not all(named.values()):
        try:
            filled = {name: kind for name, kind in type_of.items() if reader.topics[name].msgcount}
            guessed = find_topics(filled, RgbdTopics(**named))
        except BadRecording:  # a topic without messages has its own complaint, later
            guessed = find_topics(type_of, RgbdTopics(**named))
        named = {key: name or getattr(guessed, key) for key, name in named.items()}
    topics = RgbdTopics(**named)
    check_topics(topics, type_of)
    return topics


def messages_of(reader: Any, name_of: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Yields (name of the topic in ``name_of``, message) in the order of recording; damage becomes BadRecording."""
    connections = [connection for connection in reader.connections if connection.topic in name_of]
    try:
        for connection, _, data in reader.messages(connections=connections):
            yield name_of[connection.topic], reader.deserialize(data, connection.msgtype)
    except Exception as error:
        raise BadRecording(why_broken_off(list(reader.paths), error)) from error


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
