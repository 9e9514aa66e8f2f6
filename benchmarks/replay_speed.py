# SPDX-License-Identifier: Apache-2.0
"""Ten minutes of a camera at 30 Hz replayed with the model: how much slower than the model alone, and how much memory beside it.

    python benchmarks/replay_speed.py                             18,000 frames of 640x480: hours on a CPU
    python benchmarks/replay_speed.py --frames 18000 --every 30   one frame a second: reads all, works on 600
    python benchmarks/replay_speed.py --frames 60 --every 6       a try

Frames are the demonstration's own picture, shifted and with noise, JPEG colour and PNG depth. *Model only* is the pipeline on
frames that are in memory already; *replay* is the same with reading, matching, decoding and the record; scores and page are told
apart. Exit code 1 where replay is below 0.8 of the model-only speed, by processor time, or takes 1.5 GB or more beyond what the
process held when the model had run.
"""
from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace as replaced
from pathlib import Path
from typing import Any

import numpy as np
from replay_memory import DEMONSTRATION, compressed, record, resident_mib

from func_corr_ros.evaluation.pipeline_settings import PipelineSettings
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.provenance import code_revision, write_json
from func_corr_ros.replay.bag_reader import ReadingSettings, Recording
from func_corr_ros.replay.bag_replay import replay
from func_corr_ros.replay.replay_report import write_replay_report
from func_corr_ros.replay.replay_scores import score_run
from func_corr_ros.settings import override
from func_corr_ros.transfer.demonstration_store import read_demonstration
from func_corr_ros.transfer.pipeline import Pipeline

ROOT = Path(__file__).resolve().parents[1]
PICTURES, MODEL_ONLY = 16, 30
LEAST_SPEED, MOST_MIB = 0.8, 1.5e9 / 2**20


def main() -> int:
    """Prints and writes the figures; returns 1 where a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=18_000, help="frames of the recording (default: %(default)s)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="work on every N-th (default: %(default)s)")
    parser.add_argument("--max-rate", type=float, default=0.0, metavar="HZ", help="work on at most so many a second; 0: all")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the pipeline")
    asked = parser.parse_args()
    demonstration = read_demonstration(DEMONSTRATION)
    settings = override(PipelineSettings(), dict(text.split("=", 1) for text in asked.set))
    pipeline = settings.pipeline(demonstration)
    shown = list(shaken(demonstration.frame))
    for frame in shown[:3]:
        pipeline.run(frame)
    alone, warm = model_only(pipeline, shown), resident_mib()
    with tempfile.TemporaryDirectory() as folder:
        bag = record(Path(folder) / "bag", asked.frames, map(compressed, shown))
        found = {"model_only_ms": alone, "resident_with_model_mib": warm, "bag_mib": size_mib(bag)}
        found |= replayed(bag, pipeline, Path(folder) / "out", asked)
    found |= {"speed": alone / found["replay_ms"], "beyond_model_mib": found["most_resident_mib"] - warm}
    for name, value in found.items():
        print(f"{name:24} {value:10.2f}")
    failed = [f"speed {found['speed']:.2f} is below {LEAST_SPEED}"] if found["speed"] < LEAST_SPEED else []
    if found["beyond_model_mib"] >= MOST_MIB:
        failed.append(f"{found['beyond_model_mib']:.0f} MiB beyond the model, {MOST_MIB:.0f} are allowed")
    beside = {"date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": platform.node(), "cores": os.cpu_count(),
              "load": os.getloadavg()[0], "revision": code_revision(), "asked": vars(asked), "failed": failed}
    name = f"replay_speed_{time.strftime('%Y%m%d_%H%M%S')}_{platform.node()}.json"
    print("written to", write_json(ROOT / "build/benchmarks" / name, {**beside, **found}))
    print("FAILED: " + "; ".join(failed) if failed else "held")
    return 1 if failed else 0


def shaken(frame: RgbdFrame) -> Iterator[RgbdFrame]:
    """Yields PICTURES frames: ``frame`` shifted by up to 6 px, with noise in colour and depth."""
    for number in range(PICTURES):
        rng = np.random.default_rng(number)
        shift = tuple(int(value) for value in rng.integers(-6, 7, 2))
        color = np.roll(frame.color, shift, (0, 1)).astype(np.float64) + rng.normal(0.0, 3.0, frame.color.shape)
        depth = np.roll(frame.depth, shift, (0, 1)) + rng.normal(0.0, 1e-3, frame.depth.shape)
        yield replaced(frame, color=color.clip(0, 255).round().astype(np.uint8), depth=depth.astype(np.float32), stamp_ns=number)


def model_only(pipeline: Pipeline, frames: list[RgbdFrame]) -> float:
    """Returns the processor time [ms] that the pipeline takes for a frame that is in memory."""
    began = time.process_time()
    for number in range(MODEL_ONLY):
        pipeline.run(frames[number % len(frames)])
    return 1e3 * (time.process_time() - began) / MODEL_ONLY


def replayed(bag: Path, pipeline: Pipeline, out: Path, asked: argparse.Namespace) -> dict[str, float]:
    """Returns processor time [ms] per frame worked on, scores and page apart [s], frames, and the most memory held [MiB]."""
    most = [0.0]
    recording = Recording(bag, override(ReadingSettings(), {"every": asked.every, "max_rate": asked.max_rate}))

    def seen(_: Mapping[str, Any]) -> None:
        most[0] = max(most[0], resident_mib())

    began = time.process_time()
    count = replay(recording, pipeline, out, {}, on_frame=seen)["frames"]
    ended = time.process_time()
    page = write_replay_report(out, recording, score_run(out, recording, pipeline.demonstration))
    after = time.process_time() - ended
    most[0] = max(most[0], resident_mib())
    return {"frames": float(count), "replay_ms": 1e3 * (ended - began) / count, "scores_and_page_s": after,
            "page_mib": page.stat().st_size / 2**20, "most_resident_mib": most[0]}


def size_mib(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.iterdir()) / 2**20


if __name__ == "__main__":
    sys.exit(main())
