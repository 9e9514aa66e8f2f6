# SPDX-License-Identifier: Apache-2.0
"""Where a method puts the true points of a benchmark's pairs, both ways, as one JSON file that anyone's program reads."""
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from func_corr_ros.correspondence.baselines.method import Method, PointMatches
from func_corr_ros.evaluation.benchmark import Benchmark, BenchmarkPair
from func_corr_ros.evaluation.predictions import Descriptions
from func_corr_ros.evaluation.report import write_whole


@dataclass(frozen=True)
class MatchedPair:
    """Row i of ``a_to_b`` answers ``truth.a[i]`` of the pair ``id`` by a pixel of b, row i of ``b_to_a`` ``truth.b[i]``."""

    id: str
    a_to_b: PointMatches
    b_to_a: PointMatches


def match_pairs(benchmark: Benchmark, method: Method, pairs: Iterable[BenchmarkPair]) -> Iterator[MatchedPair]:
    """Yields what ``method`` answers for each of ``pairs``: objects are described and points carried over, nothing else.

    Raises BadBenchmark, naming file and field, where a pair does not hold together.
    """
    described = Descriptions(benchmark, method)
    for pair in pairs:
        truth = pair.truth()
        a, b = described.of(pair.a, pair.function, pair.part_a), described.of(pair.b, pair.function, pair.part_b)
        yield MatchedPair(pair.id, method.transfer(a, b, truth.a), method.transfer(b, a, truth.b))


def write_pair_matches(path: Path, found: Iterable[MatchedPair]) -> Path:
    """Writes ``{id: {"a_to_b": [[u, v], ...], "b_to_a": [...], "confidence_a_to_b": [...], "confidence_b_to_a": [...]}}``, a line
    for each pair, whole or not at all, and returns ``path``. A point without an answer is ``[null, null]``, its confidence null.
    """
    lines = [f"{json.dumps(pair.id)}: {json.dumps(_plain(pair))}" for pair in found]
    return write_whole(path, "{\n" + ",\n".join(lines) + "\n}\n")


def plain_numbers(values: Float32[np.ndarray, "n *k"]) -> list[Any]:
    """Returns ``values`` as JSON can hold them: the shortest decimals that are the same float32, None for what is not finite."""
    shortest = values.astype(str).astype(np.float64)
    return np.where(np.isfinite(shortest), shortest.astype(object), None).tolist()


def _plain(pair: MatchedPair) -> dict[str, list[Any]]:
    ways = {"a_to_b": _answered(pair.a_to_b), "b_to_a": _answered(pair.b_to_a)}
    points = {way: plain_numbers(answers.uv) for way, answers in ways.items()}
    return points | {f"confidence_{way}": plain_numbers(answers.confidence) for way, answers in ways.items()}


def _answered(answers: PointMatches) -> PointMatches:
    """Half an answer is none: all three numbers of a point are NaN where a coordinate is not finite."""
    there = np.isfinite(answers.uv).all(axis=1)
    nothing = np.float32(np.nan)
    return PointMatches(np.where(there[:, None], answers.uv, nothing), np.where(there, answers.confidence, nothing))
