# SPDX-License-Identifier: Apache-2.0
"""Pictures per second of objects alone: one process, two, and the ratio to rendering them as a whole scene.

    python benchmarks/rendering.py          about a minute on 2 cores

Views of 448 px with truth, one sample per pixel, lamps with soft shadow, ambient light and gloss; building the objects is not
counted, making their ray structures is. Compare absolute figures only on a machine that does nothing else.
"""
from __future__ import annotations

import argparse
import multiprocessing
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np

from func_corr_ros.data.dress import dress
from func_corr_ros.data.object_view import STANDARD_CAMERA, ObjectStage, orbit
from func_corr_ros.data.ray_scene import PlacedObject
from func_corr_ros.data.render import render
from func_corr_ros.data.render_job import drawn_object
from func_corr_ros.geometry.se3 import inverse
from func_corr_ros.provenance import code_revision, write_json

CATEGORIES = ("mug", "pitcher")
VIEWS = 8
REPEATS = 3
RESULTS = Path(__file__).resolve().parents[1] / "build" / "benchmarks"


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    rows = [measured(category) for category in CATEGORIES]
    two = two_processes()
    print_table(rows, two)
    result = {"date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": platform.node(), "revision": code_revision(),
              "rows": rows, "two_processes_per_s": two}
    print("written to", write_json(RESULTS / f"rendering_{time.strftime('%Y%m%d_%H%M%S')}_{platform.node()}.json", result))


def measured(category: str) -> dict[str, Any]:
    """Returns the pictures per second of one process both ways; they take turns, and the best of REPEATS counts."""
    thing, look, poses = stage_setting(category)
    best = {ours: float("inf"), whole_scene: float("inf")}
    for _ in range(REPEATS):
        for way in best:
            start = time.monotonic()
            way(thing, look, poses)
            best[way] = min(best[way], time.monotonic() - start)
    return {"category": category, "faces": len(thing.faces), "ours_per_s": VIEWS / best[ours],
            "whole_scene_per_s": VIEWS / best[whole_scene], "ratio": best[whole_scene] / best[ours]}


def stage_setting(category: str) -> tuple[Any, Any, list[np.ndarray]]:
    """Returns an object, its materials, and the poses to look at it from."""
    thing = drawn_object(category, 0)
    poses = [orbit(thing, STANDARD_CAMERA, 360.0 * i / VIEWS, 25.0) for i in range(VIEWS)]
    return thing, dress(thing, np.random.default_rng(0)), poses


def ours(thing: Any, look: Any, poses: list[np.ndarray]) -> None:
    stage = ObjectStage(thing, look)
    for pose in poses:
        stage.view(STANDARD_CAMERA, pose)


def whole_scene(thing: Any, look: Any, poses: list[np.ndarray]) -> None:
    """A scene built for each picture and rays through all of its pixels, as tabletop scenes do."""
    for pose in poses:
        render([PlacedObject(thing, np.eye(4), look)], STANDARD_CAMERA, inverse(pose), supersampling=1)


def two_processes() -> float:
    """Returns the pictures per second of two processes that render at the same time."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(2)
    times = context.Queue()
    workers = [context.Process(target=_work, args=(category, ready, times)) for category in CATEGORIES]
    for worker in workers:
        worker.start()
    slowest = max(times.get() for _ in workers)
    for worker in workers:
        worker.join()
    return len(workers) * REPEATS * VIEWS / slowest


def _work(category: str, ready: Any, times: Any) -> None:
    thing, look, poses = stage_setting(category)
    ready.wait()
    start = time.monotonic()
    for _ in range(REPEATS):
        ours(thing, look, poses)
    times.put(time.monotonic() - start)


def print_table(rows: list[dict[str, Any]], two: float) -> None:
    print(f"{'448 px, 1 sample':20}{'faces':>8}{'ours [1/s]':>12}{'whole scene [1/s]':>19}{'ratio':>8}")
    for row in rows:
        print(f"{row['category']:20}{row['faces']:>8}{row['ours_per_s']:>12.1f}{row['whole_scene_per_s']:>19.1f}{row['ratio']:>8.2f}")
    print(f"two processes together: {two:.1f} pictures a second")


if __name__ == "__main__":
    main()
