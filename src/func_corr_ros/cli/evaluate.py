# SPDX-License-Identifier: Apache-2.0
"""``func-corr evaluate --benchmark DIR --method NAME``: a method's answers to a benchmark, their scores, and a report."""
from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from func_corr_ros.errors import BadSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    from func_corr_ros.correspondence.baselines import HEADS, METHODS

    parser.add_argument("--benchmark", type=Path, required=True, metavar="DIR", help="folder from func-corr benchmark build")
    parser.add_argument("--method", required=True, metavar="NAME[,NAME...]",
                        help="what is scored: the file of a trained head, or " + ", ".join([*HEADS, *METHODS]))
    parser.add_argument("--out", type=Path, required=True, help="folder for predictions, scores and report.html (of several "
                        "methods, a folder each, and table.md); a run that was broken off goes on")
    parser.add_argument("--mode", default="compat", help="compat: as published; strict: average precision at every match")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only N pairs, as many of each function")
    parser.add_argument("--pixels", default="4096", help="most pixels of an object in discovery; all: the exact protocol, slow")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1 ... or auto (the default)")
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="threads of a CPU; 0 is as many as torch likes")
    parser.add_argument("--overwrite", action="store_true", help="make predictions anew that were made otherwise")


def run(arguments: argparse.Namespace) -> int:
    """Writes predictions and scores, prints the table; returns 0."""
    from func_corr_ros.correspondence.baselines.method import MethodSettings, load_method
    from func_corr_ros.evaluation.benchmark import Benchmark
    from func_corr_ros.evaluation.benchmark_table import write_benchmark_table
    from func_corr_ros.evaluation.evaluate import EvaluationSettings, chosen, evaluate
    from func_corr_ros.settings import override

    wanted = {"mode": arguments.mode, "limit": arguments.limit}
    settings = override(EvaluationSettings(), wanted, source="command line")
    wanted = {"max_pixels": _pixels(arguments.pixels), "device": arguments.device}
    asked = override(MethodSettings(), wanted, source="command line")
    set_threads(arguments.threads)
    benchmark, names = Benchmark.open(arguments.benchmark), arguments.method.split(",")
    pairs, negatives = len(chosen(benchmark.pairs, settings.limit)), len(chosen(benchmark.negatives, settings.limit))
    with _progress(names, {"predict": pairs, "score": pairs, "negatives": negatives}) as on_pair:
        if len(names) > 1:
            table = write_benchmark_table(
                benchmark, names, arguments.out, settings, asked, overwrite=arguments.overwrite, on_pair=on_pair
            )
        else:
            result = evaluate(
                benchmark, load_method(names[0], asked), arguments.out, settings, overwrite=arguments.overwrite,
                on_pair=lambda stage, pair: on_pair(names[0], stage, pair),
            )
    if len(names) > 1:
        print(table.read_text())
    else:
        _print(result)
    print(f"report.html, scores.json, scores.csv (each pair) and scores.md are in {arguments.out}"
          + ("/<method>; the table is table.md" if len(names) > 1 else ""))
    return 0


def _pixels(text: str) -> int:
    if text == "all":
        return 0
    if not text.isdigit() or int(text) == 0:
        raise BadSettings(f"--pixels {text}: a number of pixels, at least 1, or all")
    return int(text)


def set_threads(count: int) -> None:
    """Lets torch use ``count`` threads of the CPU, 0 as many as it likes; raises BadSettings below 0."""
    if count < 0:
        raise BadSettings(f"--threads {count}: at least 1, or 0 for as many as torch likes")
    if count:
        import torch

        torch.set_num_threads(count)


@contextmanager
def _progress(names: list[str], totals: dict[str, int]) -> Iterator[Callable[[str, str, Any], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        stages = [(name, stage) for name in names for stage in totals]
        # Not every method is asked about negatives: their bar is shown once it moves.
        tasks = {at: progress.add_task(" ".join(at), total=totals[at[1]], visible=at[1] != "negatives") for at in stages}

        def on_pair(name: str, stage: str, pair: Any) -> None:
            progress.update(tasks[name, stage], advance=1, visible=True)

        yield on_pair


def _print(result: dict[str, Any]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    from func_corr_ros.evaluation.score_tables import HEADINGS, groups, shown

    title = f"{result['method']} on {result['benchmark']} (mode {result['mode']})"
    columns = [Column(escape(heading), min_width=6) for heading in HEADINGS]
    first = Column("pairs of", no_wrap=True)
    table = Table(first, "N", *columns, title=title, padding=(0, 1, 0, 0), box=SIMPLE_HEAD, pad_edge=False)
    for name, part in groups(result):
        table.add_row(name, str(part["n_pairs"]), *(cell.partition(" ")[0] for cell in shown(part)))
    Console().print(table)
