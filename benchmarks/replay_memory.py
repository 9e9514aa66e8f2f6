# SPDX-License-Identifier: Apache-2.0
"""Whether a replay's memory grows with the recording, and what reading costs beside the network.

    python benchmarks/replay_memory.py [--frames N]     640x480 at 30 Hz, JPEG colour and PNG depth

The pipeline is cut off at its first stage (every frame is refused), so that what is left is what
the replay itself holds and computes: reading, matching, decoding, a record per frame; then the table, scores and the page.
Memory is the resident set of this process; time is its own processor time, which other processes do not lengthen.
"""
from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer

from func_corr_ros import encodings
from func_corr_ros.errors import NoMask
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.replay.bag_reader import Recording
from func_corr_ros.replay.bag_replay import replay
from func_corr_ros.replay.bag_topics import COMPRESSED, RgbdTopics
from func_corr_ros.replay.replay_report import write_replay_report
from func_corr_ros.replay.replay_scores import score_run
from func_corr_ros.replay.result_bag import typestore
from func_corr_ros.replay.rgbd_bag import _messages
from func_corr_ros.transfer.demonstration_store import read_demonstration
from func_corr_ros.transfer.pipeline import PipelineResult
from func_corr_ros.transfer.transfer import Refusal

DEMONSTRATION = Path(__file__).resolve().parents[1] / "test/data/demonstrations/red_mug_pour"
TOPICS = RgbdTopics("/c/color/image_raw/compressed", "/c/color/camera_info", "/c/depth_registered/compressedDepth")
CAMERA = PinholeCamera(600.0, 600.0, 319.5, 239.5, 640, 480)
PICTURES, STEPS = 8, 6
# A frame, and the name of the format and the bytes of its colour and of its depth.
Compressed = tuple[RgbdFrame, tuple[str, bytes], tuple[str, bytes]]


class FirstStageOnly:
    """Has what a replay asks of a pipeline, and no network."""

    demonstration = read_demonstration(DEMONSTRATION)

    def run(self, frame: RgbdFrame) -> PipelineResult:
        return PipelineResult(Refusal(NoMask("this benchmark looks for nothing")), None, None, None, {"segmentation": 0.0})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=3000)
    count = parser.parse_args().frames
    with tempfile.TemporaryDirectory() as folder:
        bag = record(Path(folder) / "bag", count)
        size = sum(path.stat().st_size for path in bag.iterdir()) / 2**20
        print(f"{count} frames ({count / 1800:.1f} min at 30 Hz), a bag of {size:.0f} MiB\n")
        print("| frames | resident [MiB] | processor time [ms/frame] |\n|---:|---:|---:|")
        marks, began, seen = [], time.process_time(), 0

        def advance(record: Mapping[str, Any]) -> None:
            nonlocal seen
            seen += 1
            if seen % (count // STEPS) == 0:
                marks.append((seen, resident_mib()))
                print(f"| {seen} | {marks[-1][1]:.0f} | {1e3 * (time.process_time() - began) / seen:.1f} |", flush=True)

        recording, out = Recording(bag), Path(folder) / "out"
        replay(recording, FirstStageOnly(), out, {}, on_frame=advance)  # type: ignore[arg-type]
        scores = score_run(out, recording, FirstStageOnly.demonstration)
        page = write_replay_report(out, recording, scores)
        slope = np.polyfit(*np.array(marks[1:]).T, 1)[0]
        print(f"\nslope {1024 * slope:.2f} KiB/frame, {slope * 18000:.0f} MiB over ten minutes; with scores and page "
              f"{resident_mib():.0f} MiB; page {page.stat().st_size / 2**20:.1f} MiB")


def record(path: Path, count: int, taken: Iterable[Compressed] | None = None) -> Path:
    """Writes ``count`` frames at 30 Hz of those in ``taken`` (else of smooth noise), over and over, each compressed once."""
    store, stamped = typestore(), list(taken or pictures())
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        kinds = ((TOPICS.camera_info, "sensor_msgs/msg/CameraInfo"), (TOPICS.color, COMPRESSED), (TOPICS.depth, COMPRESSED))
        info = _messages(stamped[0][0], "16UC1", store)[0]
        connections = [writer.add_connection(name, kind, typestore=store) for name, kind in kinds]
        for number in range(count):
            _, color, depth = stamped[number % len(stamped)]
            stamp = (number + 1) * 33_333_333
            header = store.types["std_msgs/msg/Header"](
                store.types["builtin_interfaces/msg/Time"](stamp // 10**9, stamp % 10**9), "camera"
            )
            packed = [store.types[COMPRESSED](header, words, np.frombuffer(data, np.uint8)) for words, data in (color, depth)]
            for connection, message in zip(connections, (replace(info, header=header), *packed), strict=True):
                writer.write(connection, stamp, store.serialize_cdr(message, connection.msgtype))
    return path


def compressed(frame: RgbdFrame) -> Compressed:
    """Returns a frame with its compressed colour and depth."""
    return frame, encodings.encode_compressed_color(frame.color), encodings.encode_compressed_depth(frame.depth)


def pictures() -> Iterator[Compressed]:
    """Yields frames of smooth noise with their compressed colour and depth."""
    for number in range(PICTURES):
        rng = np.random.default_rng(number)
        color = np.kron(rng.integers(0, 256, (60, 80, 3)), np.ones((8, 8, 1))).astype(np.uint8)
        depth = np.kron(rng.uniform(0.5, 1.5, (60, 80)), np.ones((8, 8))).astype(np.float32)
        yield compressed(RgbdFrame(color, depth, CAMERA, 0, "camera"))


def resident_mib() -> float:
    """Returns this process's resident set, see proc(5)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


if __name__ == "__main__":
    main()
