# SPDX-License-Identifier: Apache-2.0
"""``func-corr ablate --benchmark DIR --out DIR``: what each ingredient of the recipes is worth, trained and scored row by row."""
from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from func_corr_ros.cli.pipeline_arguments import assignment

if TYPE_CHECKING:
    from func_corr_ros.correspondence.baselines.method import Method
    from func_corr_ros.correspondence.baselines.trained import TrainedMethod
    from func_corr_ros.correspondence.trained_head import TrainedHead
    from func_corr_ros.training.ablation import Variant


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    parser.add_argument("--benchmark", type=Path, required=True, nargs="+", metavar="DIR",
                        help="folders from func-corr benchmark build")
    parser.add_argument("--out", type=Path, required=True, help="folder for heads, scores and table.md; goes on where it stopped")
    parser.add_argument("--rows", default="", metavar="NAME[,NAME...]", help="only these rows of training/ablation.py")
    parser.add_argument("--read", default="", metavar="HEAD",
                        help="train nothing: this head (func-corr-s, a file, ...) is ours, and only rows that read it are made")
    parser.add_argument("--steps", type=int, default=2500, help="steps of each run; 0: as the recipe says (default: 2500)")
    parser.add_argument("--seeds", type=int, default=3, help="at most so many seeds of a row (default: %(default)s)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of every row")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only N pairs, as many of each function")
    parser.add_argument("--baselines", default="chance,dino-224,dino-448", help="methods that are scored beside")
    parser.add_argument("--data", type=Path, default=Path("build/training"), help="views and features, as for func-corr train")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1 ... or auto (the default)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="processes that render (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Trains and scores what is missing, writes and prints the table; returns 0."""
    from func_corr_ros.correspondence.baselines.method import MethodSettings, load_method
    from func_corr_ros.evaluation.ablation_table import AblationRow, ablation_table
    from func_corr_ros.evaluation.benchmark import Benchmark
    from func_corr_ros.evaluation.evaluate import EvaluationSettings, evaluate
    from func_corr_ros.evaluation.report import write_whole
    from func_corr_ros.training.ablation import variants

    benchmarks, settings = [Benchmark.open(folder) for folder in arguments.benchmark], EvaluationSettings(limit=arguments.limit)
    rows: dict[str, list[AblationRow]] = {benchmark.name: [] for benchmark in benchmarks}

    def scored(name: str, method: Callable[[], Method]) -> dict[str, Path]:
        """Returns the scores of a method on each benchmark; what was scored before is not made again."""
        found = {benchmark.name: arguments.out / "scores" / benchmark.name / name for benchmark in benchmarks}
        missing = [benchmark for benchmark in benchmarks if not (found[benchmark.name] / "scores.csv").exists()]
        ready = method() if missing else None
        for benchmark in missing:
            evaluate(benchmark, ready, found[benchmark.name], settings)
        return found

    def write(name: str, about: str, runs: Sequence[Mapping[str, Path]]) -> None:
        """Writes the table anew, after every row, so that a long run can be looked at."""
        for benchmark, known in rows.items():
            known.append(AblationRow(name, about, [run[benchmark] for run in runs]))
        tables = [f"### {benchmark}\n\n{ablation_table(known, 'ours')}" for benchmark, known in rows.items()]
        write_whole(arguments.out / "table.md", "\n".join(tables))

    for name in filter(None, arguments.baselines.split(",")):
        write(name, "baseline", [scored(name, partial(load_method, name, MethodSettings(device=arguments.device)))])
    whose = f"{Path(arguments.read).stem}-" if arguments.read else ""  # in one folder with heads that were trained there
    for variant in variants(arguments.rows, arguments.read):
        runs = []
        for seed in range(min(variant.seeds, arguments.seeds)):
            runs.append(scored(f"{whose}{variant.name}-{seed}", partial(_method, variant, seed, arguments)))
            print(f"{variant.name}, seed {seed}: done", flush=True)
        write(variant.name, variant.about, runs)
    print((arguments.out / "table.md").read_text())
    return 0


def _head(variant: Variant, seed: int, arguments: argparse.Namespace) -> TrainedHead:
    """Returns the head of one row and seed, trained where it is not there yet."""
    from func_corr_ros.correspondence.backbone import chosen_device
    from func_corr_ros.correspondence.trained_head import TrainedHead
    from func_corr_ros.settings import override
    from func_corr_ros.training.train_head import prepare, train_head

    if arguments.read:
        return variant.read(TrainedHead.from_pretrained(arguments.read))
    if variant.reads:
        return variant.read(TrainedHead.load(arguments.out / "heads" / f"{variant.reads}-{seed}" / "head.safetensors"))
    folder = arguments.out / "heads" / f"{variant.name}-{seed}"
    recipe = override(variant.settings(seed, arguments.steps), dict(map(assignment, arguments.set)), source="--set")
    if not (folder / "head.safetensors").exists():
        device = str(chosen_device(arguments.device))
        data = prepare(recipe, arguments.data, device=device, processes=arguments.processes)
        train_head(recipe, data, folder, device=device, calibrate=False)  # what is scored here needs no thresholds
    return TrainedHead.load(folder / "head.safetensors")


def _method(variant: Variant, seed: int, arguments: argparse.Namespace) -> TrainedMethod:
    """Returns the head of one row and seed as a method."""
    from func_corr_ros.training.ablation import remembering

    return remembering(_head(variant, seed, arguments), arguments.out / "features", arguments.device)
