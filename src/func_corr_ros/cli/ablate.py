# SPDX-License-Identifier: Apache-2.0
"""``func-corr ablate --benchmark DIR --out DIR``: what each ingredient of the recipes is worth, trained and scored row by row."""
from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from func_corr_ros.cli.pipeline_arguments import assignment

if TYPE_CHECKING:
    from func_corr_ros.correspondence.baselines.trained import TrainedMethod
    from func_corr_ros.correspondence.trained_head import TrainedHead
    from func_corr_ros.training.ablation import Variant


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    parser.add_argument("--benchmark", type=Path, required=True, metavar="DIR", help="folder from func-corr benchmark build")
    parser.add_argument("--out", type=Path, required=True, help="folder for heads, scores and table.md; goes on where it stopped")
    parser.add_argument("--rows", default="", metavar="NAME[,NAME...]", help="only these rows of training/ablation.py")
    parser.add_argument("--steps", type=int, default=2500, help="steps of each run; 0: as the recipe says (default: 2500)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of every row")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only N pairs, spread evenly over the benchmark")
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

    benchmark, settings = Benchmark.open(arguments.benchmark), EvaluationSettings(limit=arguments.limit)
    rows = []
    for name in filter(None, arguments.baselines.split(",")):
        out = arguments.out / "scores" / name
        if not (out / "scores.csv").exists():
            evaluate(benchmark, load_method(name, MethodSettings(device=arguments.device)), out, settings)
        rows.append(AblationRow(name, "baseline", [out]))
    for variant in variants(arguments.rows):
        runs = []
        for seed in range(variant.seeds):
            runs.append(arguments.out / "scores" / f"{variant.name}-{seed}")
            if not (runs[-1] / "scores.csv").exists():
                evaluate(benchmark, _method(_head(variant, seed, arguments), arguments), runs[-1], settings)
            print(f"{variant.name}, seed {seed}: done", flush=True)
        rows.append(AblationRow(variant.name, variant.about, runs))
        # After every row, so that a long run can be looked at.
        table = write_whole(arguments.out / "table.md", ablation_table(rows, "ours"))
    print(table.read_text())
    return 0


def _head(variant: Variant, seed: int, arguments: argparse.Namespace) -> TrainedHead:
    """Returns the head of one row and seed, trained where it is not there yet."""
    from func_corr_ros.correspondence.backbone import chosen_device
    from func_corr_ros.correspondence.trained_head import TrainedHead
    from func_corr_ros.settings import override
    from func_corr_ros.training.train_head import prepare, train_head

    if variant.reads:
        head = TrainedHead.load(arguments.out / "heads" / f"{variant.reads}-{seed}" / "head.safetensors")
        return TrainedHead(head.network, replace(head.spec, decoding=variant.decoding), head.functions)
    folder = arguments.out / "heads" / f"{variant.name}-{seed}"
    recipe = override(variant.settings(seed, arguments.steps), dict(map(assignment, arguments.set)), source="--set")
    if not (folder / "head.safetensors").exists():
        device = str(chosen_device(arguments.device))
        train_head(recipe, prepare(recipe, arguments.data, device=device, processes=arguments.processes), folder, device=device)
    return TrainedHead.load(folder / "head.safetensors")


def _method(head: TrainedHead, arguments: argparse.Namespace) -> TrainedMethod:
    """Returns the head as a method that remembers what the backbone saw, for all rows alike."""
    from func_corr_ros.correspondence.backbone import load_backbone
    from func_corr_ros.correspondence.baselines.method import MethodSettings
    from func_corr_ros.correspondence.baselines.trained import TrainedMethod
    from func_corr_ros.correspondence.model import CorrespondenceSettings, FunctionalCorrespondence
    from func_corr_ros.correspondence.remembered_backbone import RememberedBackbone
    from func_corr_ros.settings import as_dict
    from func_corr_ros.training.recipe import OURS

    kept = OURS.features(OURS.kept_layers)
    backbone = load_backbone(head.spec.backbone, arguments.device, settings=kept)
    channels = replace(OURS, layers=head.spec.features.layers).channels(head.spec.layer_channels)
    remembered = RememberedBackbone(backbone, arguments.out / "features", as_dict(kept), channels)
    settings = CorrespondenceSettings(max_pixels=MethodSettings().max_pixels)
    return TrainedMethod(head.name, FunctionalCorrespondence(remembered, settings, head))
