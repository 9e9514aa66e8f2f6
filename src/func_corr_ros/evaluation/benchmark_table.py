# SPDX-License-Identifier: Apache-2.0
"""Several methods on one benchmark, side by side in a Markdown table."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from func_corr_ros.correspondence.baselines.method import MethodSettings, load_method
from func_corr_ros.errors import BadWeights, MissingOptional
from func_corr_ros.evaluation.benchmark import Benchmark, BenchmarkPair, NegativePair
from func_corr_ros.evaluation.evaluate import EvaluationSettings, evaluate
from func_corr_ros.evaluation.report import write_whole
from func_corr_ros.evaluation.score_tables import CONFIDENCE_WORDS, comparison, confidence_groups, confidence_table, groups

TABLE = "table.md"


def write_benchmark_table(
    benchmark: Benchmark, names: Sequence[str], out: Path, settings: EvaluationSettings = EvaluationSettings(),
    asked: MethodSettings = MethodSettings(), *, overwrite: bool = False,
    on_pair: Callable[[str, str, BenchmarkPair | NegativePair], None] = lambda name, stage, pair: None,
) -> Path:
    """Evaluates each method of ``names`` into ``out/<name>`` and returns the table that compares them, ``out/table.md``.

    What was evaluated before is only scored again. A method whose weights or packages are not here is named below the table
    with what it lacks; every other error is raised. ``on_pair`` is called with method, stage and pair.
    """
    results, absent = [], {}
    for name in names:
        try:
            method = load_method(name, asked)
        except (MissingOptional, BadWeights) as error:
            absent[name] = " ".join(str(error).split())
            continue

        def told(stage: str, pair: BenchmarkPair | NegativePair, name: str = name) -> None:
            on_pair(name, stage, pair)

        results.append(evaluate(benchmark, method, Path(out) / name, settings, overwrite=overwrite, on_pair=told))
    return write_whole(Path(out) / TABLE, table_of(benchmark, settings, results, absent))


def table_of(
    benchmark: Benchmark, settings: EvaluationSettings, results: Sequence[Mapping[str, Any]], absent: Mapping[str, str]
) -> str:
    """Returns one table over all pairs, one for each group of pairs but the functions, the same of the confidence of methods that
    say something of it, and what was not run.
    """
    text = [f"# {benchmark.name} {benchmark.version} (SHA-256 {benchmark.sha256[:12]}), mode {settings.mode}\n"]
    methods = [str(result["method"]) for result in results]
    names = [name for name, _ in groups(results[0]) if name not in results[0]["by_function"]] if results else []
    parts, confident = ([dict(each(result)) for result in results] for each in (groups, confidence_groups))
    for name in names:
        text.append(f"## Pairs of: {name}\n\n{comparison([(one, part[name]) for one, part in zip(methods, parts, strict=True)])}")
    for name in names:
        if known := [(one, part[name]) for one, part in zip(methods, confident, strict=True) if name in part]:
            words = f"{CONFIDENCE_WORDS}\n\n" if name == names[0] else ""
            text.append(f"## Confidence: {name}\n\n{words}{confidence_table('Method', known)}")
    for words, kind in (("PCK@23", "pck"), ("AP@23", "ap")):
        text.append(f"## {words} by function\n\n{by_function(results, kind, '23')}")
    text += [f"Not run: {name} ({reason})\n" for name, reason in absent.items()]
    return "\n".join(text)


def by_function(results: Sequence[Mapping[str, Any]], kind: str, threshold: str) -> str:
    """Returns one Markdown table of figure ``kind`` ("pck", "ap") at ``threshold``: a row per function, a column per method."""
    names = [str(result["method"]) for result in results]
    rows = [
        f"| {function} | {part['n_pairs']} | "
        + " | ".join(f"{result['by_function'][function][kind][threshold]:.3f}" for result in results) + " |"
        for function, part in (results[0]["by_function"].items() if results else ())
    ]
    head = f"| Function | N | {' | '.join(names)} |\n|---|{'---:|' * (len(names) + 1)}\n"
    return head + "\n".join(rows) + "\n"
