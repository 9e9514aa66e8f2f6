# SPDX-License-Identifier: Apache-2.0
"""What an image costs on its way from the camera to a result, stage by stage, over DDS; for a quiet machine.

    python benchmarks/latency.py                       every scenario, 30 s each: about three minutes
    python benchmarks/latency.py --scenario overhead   one of them

| scenario | segmenter and model | images | asked |
|---|---|---|---|
| overhead | stand-ins that answer at once: transport, decoding and messages are left | 1280x720 at 30 Hz | p95 below 25 ms |
| tabletop | the table top, colours of 64 pixels for a model | 640x480 at 30 Hz | |
| embedded | the table top, func-corr-s (224 px), on the CPU | 640x480 at 30 Hz | 2 results a second |
| gpu | the table top, dinov2-small at 448 px; left out without a GPU | 640x480 at 30 Hz | 30 results a second |

A result's age is the time from the stamp of its image to publishing. Exit code 1 where what is asked does not hold.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from soak import DEMONSTRATION, DEMONSTRATIONS, ROOT, watched

from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.provenance import code_revision, write_json
from func_corr_ros.replay.dds_replay import running_nodes
from func_corr_ros.transfer.demonstration_store import DemonstrationStore

# Scenario -> parameters of the nodes, whether images are large, the least rate [Hz], and the largest p95 of the age [s].
SCENARIOS: dict[str, tuple[dict[str, str], bool, float, float]] = {
    "overhead": ({}, True, 0.0, 0.025),
    "tabletop": ({}, False, 0.0, np.inf),
    "embedded": ({"correspondence_node:device": "cpu"}, False, 2.0, np.inf),
    "gpu": ({"correspondence_node:require_gpu": "true", "correspondence_node:model": "dinov2-small",
             "correspondence_node:correspondence.crop.size": "448", "correspondence_node:dtype": "fp16"}, False, 30.0, np.inf),
}
FAKE_MODEL, AT_ONCE = ("overhead", "tabletop"), "overhead"
# The first results load libraries.
SETTLING_S = 5.0


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--scenario", choices=SCENARIOS, action="append")
    arguments.add_argument("--seconds", type=float, default=30.0)
    arguments.add_argument("--rate", type=float, default=30.0, help="images per second")
    arguments.add_argument("--serve", choices=SCENARIOS, help=argparse.SUPPRESS)
    asked, ros = arguments.parse_known_args()
    if asked.serve:
        return serve(asked.serve, ros)
    rows = [measured(name, asked.seconds, asked.rate) for name in asked.scenario or SCENARIOS if name != "gpu" or has_gpu()]
    print_tables(rows)
    result = {"date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": platform.node(), "cores": os.cpu_count(),
              "load": os.getloadavg()[0], "revision": code_revision(), "rows": rows}
    print("written to", write_json(ROOT / f"build/benchmarks/latency_{time.strftime('%Y%m%d_%H%M%S')}.json", result))
    return 1 if any(row["missed"] for row in rows) else 0


def measured(name: str, seconds: float, rate: float) -> dict[str, Any]:
    """Returns ages, rates and stages of one scenario."""
    parameters, large, least_hz, most_s = SCENARIOS[name]
    command = [str(Path(__file__).resolve()), "--serve", name]
    with tempfile.TemporaryDirectory() as folder, running_nodes(
        DEMONSTRATIONS, Path(folder) / "nodes.log", command, {"transfer_node:stability.agreeing": "1", **parameters}
    ) as nodes:
        os.environ.update({key: nodes.environment[key] for key in
                           ("ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE", "FASTDDS_DEFAULT_PROFILES_FILE")})
        watch = watched(nodes, seconds + SETTLING_S, rate, picture(large))
    at, ages, codes = (np.array(column, dtype=float) for column in zip(*watch.results, strict=True))
    late = at > SETTLING_S
    if not late.any():
        raise SystemExit(f"{name}: no result after {SETTLING_S:g} s; the nodes say {watch.values}")
    span = float(at[late].max() - SETTLING_S)
    row: dict[str, Any] = {
        "scenario": name, "results_hz": float(late.sum() / span), "images_hz": watch.sent / (seconds + SETTLING_S),
        "age_p50_s": float(np.median(ages[late])), "age_p95_s": float(np.percentile(ages[late], 95)),
        "with_error": int((codes[late] != 0).sum()), "received": int(watch.values["/segmentation_node"]["mailbox.received"]),
        "dropped": int(watch.values["/segmentation_node"]["mailbox.dropped"]),
        "stages_ms": stages(watch.values),
    }
    missed = [*([f"fewer than {least_hz:g} results/s"] if row["results_hz"] < least_hz else []),
              *([f"p95 above {1e3 * most_s:g} ms"] if row["age_p95_s"] > most_s else [])]
    return {**row, "missed": f"FAILED: {', '.join(missed)}" if missed else ""}


def print_tables(rows: list[dict[str, Any]]) -> None:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{os.cpu_count()} cores, load {load} (the nodes, the camera and what else ran)\n")
    print("| scenario | images/s | results/s | age p50 | age p95 | sets received | dropped | |")
    print("|---|---:|---:|---:|---:|---:|---:|---|")
    for row in rows:
        print(f"| {row['scenario']} | {row['images_hz']:.1f} | {row['results_hz']:.1f} | {1e3 * row['age_p50_s']:.1f} ms | "
              f"{1e3 * row['age_p95_s']:.1f} ms | {row['received']} | {row['dropped']} | {row['missed'] or 'held'} |")
    stages = list(dict.fromkeys(stage for row in rows for stage in row["stages_ms"]))
    print("\n| p50 / p95 [ms] | " + " | ".join(stages) + " |\n|---|" + "---:|" * len(stages))
    for row in rows:
        times = (row["stages_ms"].get(stage) for stage in stages)
        told = ("" if time is None else f"{time['p50']:.1f} / {time['p95']:.1f}" for time in times)
        print(f"| {row['scenario']} | " + " | ".join(told) + " |")


def stages(values: dict[str, dict[str, str]]) -> dict[str, dict[str, float]]:
    """Returns median and 95th percentile of every stage that the nodes time."""
    found: dict[str, dict[str, float]] = {}
    for node in ("/segmentation_node", "/correspondence_node", "/transfer_node"):
        for key, value in values.get(node, {}).items():
            stage, _, which = key.removesuffix("_ms").rpartition(".")
            if key.endswith("_ms") and which in ("p50", "p95"):
                found.setdefault(stage, {})[which] = float(value)
    return found


def picture(large: bool) -> RgbdFrame:
    """Returns the demonstration's frame, or its middle at 1280x720."""
    frame = DemonstrationStore(DEMONSTRATIONS).load(DEMONSTRATION).frame
    if not large:
        return frame
    color, depth = (image[60:420].repeat(2, axis=0).repeat(2, axis=1) for image in (frame.color, frame.depth))
    return replace(frame, color=color, depth=depth, camera=frame.camera.cropped(0, 60, 640, 360).resized(1280, 720))


def has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def serve(name: str, ros: list[str]) -> int:
    """Runs the composed nodes with the scenario's stand-ins."""
    import torch

    from func_corr_ros.correspondence.model import CorrespondenceSettings, FunctionalCorrespondence
    from func_corr_ros.errors import LowConfidence
    from func_corr_ros.nodes.correspondence_node import load_model
    from func_corr_ros.nodes.func_corr import composed
    from func_corr_ros.nodes.observations import NO_POINTS, MatchesSeen, ObjectsSeen, Transferred
    from func_corr_ros.nodes.process import run
    from func_corr_ros.segmentation import make_segmenter
    from func_corr_ros.segmentation.segmenter import Segmentation, ranked

    class Colors:
        name, weights_sha256, patch_size = "colors", "0" * 64, 14

        def patch_features(self, images: np.ndarray) -> torch.Tensor:
            pixels = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float()
            return torch.nn.functional.avg_pool2d(pixels, self.patch_size)

    class Given:
        found: Segmentation | None = None

        def segment(self, frame: RgbdFrame, prompts: Any = None) -> Segmentation:
            if self.found is None:
                height, width = frame.depth.shape
                labels = np.zeros((height, width), np.int32)
                labels[height // 4 : -height // 4, width // 3 : -width // 3] = 1
                self.found = ranked(labels)
            return self.found

    def matched(seen: ObjectsSeen, reference: Any) -> MatchesSeen:
        return MatchesSeen(seen.moment, "", "", 1, NO_POINTS, frame=seen.frame, error=seen.error)

    def refused(demonstration: Any, matches: MatchesSeen) -> tuple[Transferred, None]:
        return Transferred(matches.moment, error=LowConfidence("a stand-in")), None

    def nodes() -> list[Any]:
        if name not in FAKE_MODEL:
            return composed(load_model)
        fake = FunctionalCorrespondence(Colors(), CorrespondenceSettings(max_pixels=64))
        made = composed(lambda settings: fake, (lambda *_: Given()) if name == AT_ONCE else make_segmenter)
        if name == AT_ONCE:
            made[1]._match, made[2].transfer = matched, refused
        return made

    return run(nodes, ros)


if __name__ == "__main__":
    sys.exit(main())
