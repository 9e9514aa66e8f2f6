# SPDX-License-Identifier: Apache-2.0
"""A method on a benchmark, from pictures to a report: predict once, then score what was written."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from func_corr_ros.correspondence.baselines.method import Method
from func_corr_ros.errors import BadBenchmark
from func_corr_ros.evaluation.benchmark import Benchmark, BenchmarkPair, NegativePair
from func_corr_ros.evaluation.confidence_scores import calibration, existence
from func_corr_ros.evaluation.discovery import MODES
from func_corr_ros.evaluation.negative_predictions import predict_negatives
from func_corr_ros.evaluation.predictions import made_with, predict
from func_corr_ros.evaluation.report import write_whole
from func_corr_ros.evaluation.score_page import write_score_page
from func_corr_ros.evaluation.score_tables import as_csv, as_markdown
from func_corr_ros.evaluation.scores import UNITS, DirectionScore, curves, score_predictions, summarise
from func_corr_ros.provenance import code_revision, write_json
from func_corr_ros.settings import setting

Pair = TypeVar("Pair", BenchmarkPair, NegativePair)


@dataclass(frozen=True)
class EvaluationSettings:
    """Which pairs are taken, and how matches are scored."""

    mode: str = setting("compat", "compat: as published, at 1..100 % of the ranking; strict: at every match", choices=MODES)
    limit: int = setting(
        0, "take only this many pairs, and negatives, as many of each function; 0 is all", at_least=0
    )


def evaluate(
    benchmark: Benchmark, method: Method, out: Path, settings: EvaluationSettings = EvaluationSettings(), *,
    overwrite: bool = False, on_pair: Callable[[str, BenchmarkPair | NegativePair], None] = lambda stage, pair: None,
) -> dict[str, Any]:
    """Returns the scores of ``method``, and writes ``predictions/``, ``scores.json``, ``scores.csv``, ``scores.md`` and
    ``report.html`` into ``out``.

    Negative pairs are asked about where the method says of any pair whether there is a correspondence at all, and is not told
    the true parts (``identity["told"]``).
    A run that was broken off goes on where it was. ``on_pair`` is called for each pair with "predict" and then with "score",
    and for each negative pair that is asked about with "negatives".
    Raises BadBenchmark for one without pairs, and what :func:`predict` raises.
    """
    out, pairs = Path(out), chosen(benchmark.pairs, settings.limit)
    if not pairs:
        raise BadBenchmark(f"{benchmark.folder / 'pairs.json'} has no pairs; there is nothing to score")
    made = made_with(benchmark, method)  # once: a commit while this runs changes none of the code that is loaded
    folder = predict(
        benchmark, method, out, pairs, overwrite=overwrite, on_pair=lambda pair: on_pair("predict", pair), made=made
    )
    scores = score_predictions(benchmark, folder, pairs, settings.mode, lambda pair: on_pair("score", pair))
    # A method that cannot tell is not asked about negatives, nor one that must be told the parts: b has none.
    asked = "told" not in method.identity and any(score.exists == score.exists for score in scores)
    negatives = chosen(benchmark.negatives, settings.limit) if asked else []
    answered = predict_negatives(
        benchmark, method, out, negatives, made=made, on_pair=lambda pair: on_pair("negatives", pair)
    )
    result = result_of(benchmark, method, settings, scores, answered)
    write_json(out / "scores.json", result)
    write_whole(out / "scores.csv", as_csv(scores))
    write_whole(out / "scores.md", as_markdown(result))
    write_score_page(out / "report.html", benchmark, result, scores, folder)
    return result


def chosen(pairs: Sequence[Pair], limit: int) -> list[Pair]:
    """Returns ``limit`` of ``pairs`` in their order, always the same; all of them for 0.

    Every function keeps its share, and within it they are drawn: every so manieth would be what a plan put there every so often.
    """
    if limit == 0 or limit >= len(pairs):
        return list(pairs)
    drawn = np.random.default_rng(0).permutation(len(pairs))
    by_function = sorted(range(len(pairs)), key=lambda index: (pairs[index].function, drawn[index]))
    return [pairs[index] for index in sorted(by_function[i * len(pairs) // limit] for i in range(limit))]


def result_of(
    benchmark: Benchmark, method: Method, settings: EvaluationSettings, scores: Sequence[DirectionScore],
    negatives: Mapping[str, float],
) -> dict[str, Any]:
    """Returns what scores.json holds; ``negatives`` has what the method says of negative pairs, by id."""
    identity: Mapping[str, Any] = dict(method.identity)
    summaries = summarise(scores)
    return {
        "method": method.name,
        "benchmark": benchmark.name,
        "benchmark_version": benchmark.version,
        "benchmark_sha256": benchmark.sha256,
        "negatives_sha256": benchmark.negatives_sha256,
        "mode": settings.mode,
        "pixels": identity.get("max_pixels"),
        "n_pairs": summaries["overall"]["n_pairs"],
        "n_pairs_of_benchmark": len(benchmark.pairs),
        "units": UNITS,
        **summaries,
        "curves": curves(scores),
        "calibration": calibration(scores, identity),
        "negatives": existence(scores, benchmark.negatives, negatives, identity),
        "method_identity": identity,
        "scored_by_revision": code_revision(),
    }
