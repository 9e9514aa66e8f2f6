# SPDX-License-Identifier: Apache-2.0
"""``func-corr match-pairs --benchmark DIR --method NAME --out FILE``: where the true points of every pair go, both ways."""
from __future__ import annotations

import argparse
from pathlib import Path

from func_corr_ros.errors import BadBenchmark, BadSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    from func_corr_ros.correspondence.baselines import HEADS, METHODS

    parser.add_argument("--benchmark", type=Path, required=True, metavar="DIR", help="a folder in the benchmark format, anyone's")
    parser.add_argument("--method", required=True, metavar="NAME",
                        help="who answers: the file of a trained head, or " + ", ".join([*HEADS, *METHODS]))
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="predictions.json, say: written whole, at the "
                        "end; beside it predictions.provenance.json, what made it")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only N pairs, as many of each function")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1 ... or auto (the default)")


def run(arguments: argparse.Namespace) -> int:
    """Writes the answers and what made them; returns 0."""
    from rich.console import Console
    from rich.progress import track

    from func_corr_ros.correspondence.baselines.method import MethodSettings, load_method
    from func_corr_ros.evaluation.benchmark import Benchmark
    from func_corr_ros.evaluation.evaluate import EvaluationSettings, chosen
    from func_corr_ros.evaluation.pair_matches import match_pairs, write_pair_matches
    from func_corr_ros.evaluation.predictions import made_with
    from func_corr_ros.provenance import write_json
    from func_corr_ros.settings import override

    if arguments.out.is_dir():
        raise BadSettings(f"--out {arguments.out} is a folder; a file is written, such as {arguments.out / 'predictions.json'}")
    limit = override(EvaluationSettings(), {"limit": arguments.limit}, source="command line").limit
    benchmark = Benchmark.open(arguments.benchmark)
    pairs = chosen(benchmark.pairs, limit)
    if not pairs:
        raise BadBenchmark(f"{benchmark.folder / 'pairs.json'} has no pairs; there is nothing to answer")
    method = load_method(arguments.method, override(MethodSettings(), {"device": arguments.device}, source="command line"))
    shown = track(pairs, description=method.name, console=Console(stderr=True))
    write_pair_matches(arguments.out, match_pairs(benchmark, method, shown))
    write_json(arguments.out.with_suffix(".provenance.json"), made_with(benchmark, method))
    print(f"{len(pairs)} pairs of {benchmark.name}, both ways, answered by {method.name}: {arguments.out}")
    return 0
