# SPDX-License-Identifier: Apache-2.0
"""Memory and time of matching against the plain N x M way, and time of every stage of a frame.

    python benchmarks/matching.py           ratios at 160² x 160² pixels, stages at 224 and 448 px: about two minutes on 2 cores
    python benchmarks/matching.py --full    also 448² x 448² pixels at 384 channels, once: several minutes on 2 cores

Each matcher runs in a process of its own, because a process's peak memory never falls again. Ratios are of one run on one
machine; compare absolute times only on a machine that does nothing else.
"""
from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from func_corr_ros.correspondence import CorrespondenceSettings, CropSettings, FunctionalCorrespondence, nearest_neighbours
from func_corr_ros.provenance import code_revision, write_json

THREADS = 2
REPEATS = 7
RESULTS = Path(__file__).resolve().parents[1] / "build" / "benchmarks"
MIB = 1 << 20


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--full", action="store_true", help="match 448² against 448² pixels at 384 channels, too")
    arguments.add_argument("--one", nargs=3, metavar=("MATCHER", "SIDE", "CHANNELS"), help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    torch.set_num_threads(THREADS)
    if asked.one:
        print(json.dumps(measure(asked.one[0], int(asked.one[1]), int(asked.one[2]))))
        return
    matching = [in_own_process(name, 160, 384) for name in ("plain", "blocked")]
    if asked.full:
        matching.append(in_own_process("blocked", 448, 384))
    stages = stage_times((224, 448))
    print_tables(matching, stages)
    result = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": platform.node(), "processor": processor(), "threads": THREADS,
        "torch": torch.__version__, "revision": code_revision(), "matching": matching, "stages": stages,
    }
    print("written to", write_json(RESULTS / f"matching_{time.strftime('%Y%m%d_%H%M%S')}_{platform.node()}.json", result))


def plain(a: torch.Tensor, b: torch.Tensor) -> None:
    """The N x M similarities, all at once."""
    similarity = a @ b.T
    similarity.max(dim=1)
    similarity.max(dim=0)


def measure(matcher: str, side: int, channels: int) -> dict[str, Any]:
    """Returns time and peak memory [MiB] of one matcher in this process; ``added`` is the peak above what was there before."""
    torch.manual_seed(0)
    # Made a piece at a time, so that what comes before the match does not set the peak.
    a, b = (torch.empty(side * side, channels) for _ in range(2))
    for piece in (*a.split(4096), *b.split(4096)):
        piece.normal_()
        piece /= piece.norm(dim=1, keepdim=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    start = time.monotonic()
    {"plain": plain, "blocked": nearest_neighbours}[matcher](a, b)
    seconds = time.monotonic() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "matcher": matcher, "side_px": side, "channels": channels, "seconds": seconds, "added_mib": (peak - before) / MIB,
        "peak_mib": peak / MIB, "features_mib": 2 * a.nbytes / MIB, "similarities_mib": 4 * side**4 / MIB,
    }


def in_own_process(matcher: str, side: int, channels: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--one", matcher, str(side), str(channels)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def stage_times(sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    """Returns milliseconds of a frame's stages with DINOv2-S and default settings but the crop's size, for each of ``sizes``.

    The sizes take turns, and the best of REPEATS counts, so that what else the machine does touches all alike and little.
    """
    stages = {size: stages_at(size) for size in sizes}
    best = {size: dict.fromkeys(stages[size], float("inf")) for size in sizes}
    for _ in range(REPEATS + 1):
        for name in stages[sizes[0]]:
            for size in sizes:
                start = time.monotonic()
                stages[size][name]()
                best[size][name] = min(best[size][name], 1e3 * (time.monotonic() - start))
    return [{"size_px": size, "ms": best[size]} for size in sizes]


def stages_at(size: int) -> dict[str, Callable[[], Any]]:
    model = FunctionalCorrespondence.from_pretrained(settings=CorrespondenceSettings(crop=CropSettings(size=size)), device="cpu")
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, size=(480, 640, 3), dtype=np.uint8)
    v, u = np.mgrid[:480, :640]
    masks = [((u - centre) / 70) ** 2 + ((v - 240) / 80) ** 2 < 1 for centre in (150, 320, 500)]
    crops = rng.integers(0, 256, size=(3, size, size, 3), dtype=np.uint8)
    first, second = model.embed(image, masks[:2], "pour-with")
    return {
        "backbone, 1 object": lambda: model.backbone.patch_features(crops[:1]),
        "backbone, 3 objects": lambda: model.backbone.patch_features(crops),
        "embed, 1 object": lambda: model.embed(image, masks[:1], "pour-with"),
        f"match, {len(first.uv)} pixels": lambda: model.match(first, second),
        "match, 10 points": lambda: model.match(first, second, points=first.uv[:10]),
    }


def processor() -> str:
    """Returns the processor's name where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def print_tables(matching: list[dict[str, Any]], stages: list[dict[str, Any]]) -> None:
    print(f"{'matching':10}{'pixels':>16}{'channels':>10}{'seconds':>10}{'added MiB':>11}{'process peak MiB':>18}")
    for row in matching:
        pixels = f"{row['side_px']}² x {row['side_px']}²"
        print(f"{row['matcher']:10}{pixels:>16}{row['channels']:>10}{row['seconds']:>10.2f}{row['added_mib']:>11.0f}{row['peak_mib']:>18.0f}")
    naive, ours = matching[:2]
    memory, seconds = naive["added_mib"] / ours["added_mib"], ours["seconds"] / naive["seconds"]
    print(f"blocked against plain: 1/{memory:.1f} of the memory, {seconds:.2f} of the time")
    print(f"\n{f'stage [ms, best of {REPEATS}]':24}" + "".join(f"{row['size_px']:>7} px" for row in stages) + "   ratio")
    for name in stages[0]["ms"]:
        times = [row["ms"][name] for row in stages]
        print(f"{name:24}" + "".join(f"{value:>10.1f}" for value in times) + f"{times[1] / times[0]:>8.2f}")


if __name__ == "__main__":
    main()
