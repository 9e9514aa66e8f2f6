# SPDX-License-Identifier: Apache-2.0
"""Time and memory of scoring one direction of one pair by both protocols, against loops over the points.

    python benchmarks/scoring.py            about half a minute on one core

The loops are written as the protocols are put in words. All run in one process on one thread; compare the ratios, not the times.
Memory is what Python and NumPy hold beyond the inputs, at its peak (tracemalloc).
"""
from __future__ import annotations

import math
import platform
import statistics
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from func_corr_ros.evaluation.discovery import ranking, score_discovery
from func_corr_ros.evaluation.label_transfer import THRESHOLDS, score_label_transfer
from func_corr_ros.provenance import code_revision, write_json

RESULTS = Path(__file__).resolve().parents[1] / "build" / "benchmarks"
# Matches and truths of one direction: the default lattice, and every pixel of an object of 250 x 250 px.
SIZES = ((4096, 400), (62_500, 400))
REPEATS = 7
MIB = 1 << 20


def main() -> None:
    rows = []
    for matches, truths in SIZES:
        data = inputs(matches, truths)
        rows.append(row("this package", matches, truths, data, together, REPEATS))
        if matches == SIZES[0][0]:  # the loops' time is in proportion to both numbers
            rows.append(row("a loop over matches, NumPy over truths", matches, truths, data, loop_over_matches, 1))
            rows.append(row("a loop over every match and truth", matches, truths, data, loop_over_points, 1))
    ours = rows[0]["seconds"]
    print("| scored by | matches | truths | time | against this package | memory at its peak |\n|---|---:|---:|---:|---:|---:|")
    for one in rows:
        ratio = f"{one['seconds'] / ours:.0f}x" if one["matches"] == SIZES[0][0] else ""
        print(f"| {one['scored_by']} | {one['matches']} | {one['truths']} | {1e3 * one['seconds']:.1f} ms | {ratio} | "
              + (f"{one['peak_mib']:.1f} MiB |" if math.isfinite(one["peak_mib"]) else "|"))
    result = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": platform.node(), "numpy": np.__version__,
        "revision": code_revision(), "rows": rows,
    }
    print("written to", write_json(RESULTS / f"scoring_{time.strftime('%Y%m%d_%H%M%S')}_{platform.node()}.json", result))


def inputs(matches: int, truths: int) -> dict[str, np.ndarray]:
    """Returns a direction like a real one: truths on a fifth of the object, a third of the matches right within some pixels."""
    rng = np.random.default_rng(0)
    a = rng.uniform((0.0, 0.0), (80.0, 90.0), (truths, 2)).astype(np.float32)
    p = rng.uniform(0.0, 187.0, (matches, 2)).astype(np.float32)
    near = p + rng.normal(scale=8.0, size=p.shape)
    q = np.where(rng.random((matches, 1)) < 0.35, near, rng.uniform(0.0, 187.0, p.shape)).astype(np.float32)
    return {"p": p, "q": q, "score": rng.random(matches).astype(np.float32), "a": a, "b": a.copy(), "predicted": near[:truths]}


def row(
    name: str, matches: int, truths: int, data: dict[str, np.ndarray], scorer: Callable[..., Any], repeats: int
) -> dict[str, Any]:
    """Returns what ``scorer`` took, after a check that it finds the same figures as this package does."""
    seconds, found = [], None
    for _ in range(repeats):
        start = time.perf_counter()
        found = scorer(**data)
        seconds.append(time.perf_counter() - start)
    expected = together(**data)
    assert np.allclose(found, expected, atol=1e-6), f"{name} gives {found}, not {expected}"
    tracemalloc.start()
    if repeats > 1:  # tracing slows a loop down a hundredfold; loops hold nothing anyway
        scorer(**data)
    peak = tracemalloc.get_traced_memory()[1] / MIB if repeats > 1 else math.nan
    tracemalloc.stop()
    return {"scored_by": name, "matches": matches, "truths": truths, "seconds": statistics.median(seconds), "peak_mib": peak}


def together(p, q, score, a, b, predicted) -> list[float]:
    order = ranking(score)
    found = score_discovery(p[order], q[order], a, b)
    asked = score_label_transfer(predicted, b, 1.0)
    return [asked.normalised_distance, *(asked.pck(t) for t in THRESHOLDS), *found.best_f1, *found.ap]


def loop_over_matches(p, q, score, a, b, predicted) -> list[float]:
    first = {t: {} for t in THRESHOLDS}
    correct = {t: [] for t in THRESHOLDS}
    for rank, at in enumerate(np.argsort(-score, kind="stable")):
        far = np.maximum(np.linalg.norm(a - p[at], axis=1), np.linalg.norm(b - q[at], axis=1))
        for t in THRESHOLDS:
            near = np.flatnonzero(far <= t)
            correct[t].append(len(near) > 0)
            for i in near:
                first[t].setdefault(int(i), rank)
    distance = [float(np.linalg.norm(one - other)) for one, other in zip(predicted, b, strict=True)]
    return figures(distance, correct, first, len(a))


def loop_over_points(p, q, score, a, b, predicted) -> list[float]:
    p, q, a, b, predicted = (one.tolist() for one in (p, q, a, b, predicted))
    first = {t: {} for t in THRESHOLDS}
    correct = {t: [] for t in THRESHOLDS}
    for rank, at in enumerate(sorted(range(len(p)), key=lambda i: -score[i])):
        far = [max(math.dist(p[at], one), math.dist(q[at], other)) for one, other in zip(a, b, strict=True)]
        for t in THRESHOLDS:
            near = [i for i, distance in enumerate(far) if distance <= t]
            correct[t].append(len(near) > 0)
            for i in near:
                first[t].setdefault(i, rank)
    return figures([math.dist(one, other) for one, other in zip(predicted, b, strict=True)], correct, first, len(a))


def figures(distance: list[float], correct: dict[int, list[bool]], first: dict[int, dict[int, int]], truths: int) -> list[float]:
    best_f1, ap = [], []
    for t in THRESHOLDS:
        best = area = before = 0.0
        for k in range(1, 101):
            top = math.ceil(k * len(correct[t]) / 100)
            precision = sum(correct[t][:top]) / top
            recall = sum(rank < top for rank in first[t].values()) / truths
            best = max(best, 2.0 * precision * recall / max(precision + recall, 1e-12))
            area, before = area + (recall - before) * precision, recall
        best_f1.append(best)
        ap.append(area)
    pck = [sum(one <= t for one in distance) / len(distance) for t in THRESHOLDS]
    return [sum(distance) / len(distance) / 223.0, *pck, *best_f1, *ap]


if __name__ == "__main__":
    main()
