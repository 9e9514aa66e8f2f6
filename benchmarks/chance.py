# SPDX-License-Identifier: Apache-2.0
"""Whether chance scores on a benchmark what theory says: a check of benchmark, metric and bookkeeping at once.

    python benchmarks/chance.py [BENCHMARK]     by default build/functional-v1-full/benchmark; about a minute

A pixel drawn evenly from the target's mask lies at an expected distance from a true point that is a plain sum over the mask,
and within t pixels of it with a probability that is a count. Both are averaged over points, directions and pairs as scores are.
Deviations are in standard errors of the mean over directions; more than 3 would be a fault.
"""
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from func_corr_ros.correspondence.baselines.chance import Chance
from func_corr_ros.correspondence.baselines.dense import pixels_of
from func_corr_ros.correspondence.baselines.method import Subject
from func_corr_ros.evaluation.benchmark import Benchmark, BenchmarkPair
from func_corr_ros.evaluation.label_transfer import THRESHOLDS, UNIT_PX, frame_scale, score_label_transfer

DEFAULT = Path(__file__).resolve().parents[1] / "build" / "functional-v1-full" / "benchmark"
# Truth points taken of one direction: the expectation is a mean over them, and so is the measured score.
POINTS = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", type=Path, nargs="?", default=DEFAULT)
    folder = parser.parse_args().benchmark
    if not (folder / "benchmark.json").is_file():
        print(f"{folder} is not here; make benchmark-table builds it")
        return
    benchmark, method = Benchmark.open(folder), Chance()
    rows = [row for pair in benchmark.pairs for row in directions(benchmark, pair, method)]
    measured, expected = (np.array(column) for column in zip(*rows, strict=True))
    print(f"{len(rows)} directions of {len(benchmark.pairs)} pairs of {benchmark.name}\n")
    print("| figure | measured | theory | off, in standard errors |\n|---|---:|---:|---:|")
    error = (measured - expected).std(axis=0) / np.sqrt(len(rows))
    for name, one, other, sigma in zip(["Norm. dist.", *(f"PCK@{t}" for t in THRESHOLDS)], measured.mean(axis=0),
                                       expected.mean(axis=0), error, strict=True):
        print(f"| {name} | {one:.4f} | {other:.4f} | {(one - other) / sigma:+.2f} |")


def directions(benchmark: Benchmark, pair: BenchmarkPair, method: Chance) -> list[tuple[list[float], list[float]]]:
    """Returns what chance scored and what it is expected to, from a to b and back."""
    truth, rows = pair.truth(), []
    ends = [(pair.a, truth.a), (pair.b, truth.b)]
    for (here, queries), (there, answers) in (ends, ends[::-1]):
        chosen = np.linspace(0, len(answers) - 1, min(POINTS, len(answers))).astype(int)
        a, b = (method.describe(Subject(benchmark.views[view].image, benchmark.views[view].mask, pair.function, None, view))
                for view in (here, there))
        scale, candidates = frame_scale(b.mask), pixels_of(b.mask)
        score = score_label_transfer(method.transfer(a, b, queries[chosen]).uv, answers[chosen], scale)
        distance = scale * np.linalg.norm(candidates[None] - answers[chosen][:, None], axis=2)
        rows.append(([score.normalised_distance, *map(score.pck, THRESHOLDS)],
                     [distance.mean() / UNIT_PX, *((distance <= t).mean() for t in THRESHOLDS)]))
    return rows


if __name__ == "__main__":
    main()
