# SPDX-License-Identifier: Apache-2.0
"""What label noise costs a trained head: exact labels, pseudo-labels as voted, cleaned, mixed; same objects, views and steps.

    func-corr label run --library CATEGORY ... --objects 12 --out build/pseudo12 --set views.supersampling=0 --set views.size=224
    python benchmarks/pseudo_training.py --pseudo build/pseudo12 --benchmark build/functional-v1-mini/benchmark

Goes on where it was broken off: a row that has its head, or its scores, is not made again. What the first row has more than each
other, pair by pair, stands below each table.
"""
from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from func_corr_ros.cli.pipeline_arguments import assignment
from func_corr_ros.correspondence.trained_head import TrainedHead
from func_corr_ros.evaluation.ablation_table import AblationRow, ablation_table
from func_corr_ros.evaluation.benchmark import Benchmark
from func_corr_ros.evaluation.evaluate import EvaluationSettings, evaluate
from func_corr_ros.settings import override
from func_corr_ros.training.ablation import remembering
from func_corr_ros.training.pseudo_pool import PseudoSource
from func_corr_ros.training.recipe import OURS, Recipe
from func_corr_ros.training.train_head import Watch, prepare, train_head


@dataclass(frozen=True)
class Row:
    """One way to learn: ``exact`` labels or pseudo-labels, cleaned or as voted, with ``changes`` of the recipe."""

    about: str
    cleaned: bool = True
    exact: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)


ROWS = {
    "exact": Row("exact labels", exact=True),
    "raw": Row("pseudo-labels as voted", cleaned=False),
    "cleaned": Row("pseudo-labels, cleaned"),
    "no-frames": Row("cleaned, no matches between objects", changes={"pseudo.frames": "none"}),
    "mixed": Row("cleaned, exact pairs from none to half", changes={"pseudo.exact_last": 0.5}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pseudo", type=Path, required=True, help="folder of func-corr label run --library ...")
    parser.add_argument("--data", type=Path, default=Path("build/training"), help="views and features, as for func-corr train")
    parser.add_argument("--benchmark", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("build/pseudo-training"))
    parser.add_argument("--rows", default=",".join(ROWS), help="(default: %(default)s)")
    parser.add_argument("--steps", type=int, default=900, help="steps of each row (default: %(default)s)")
    parser.add_argument("--limit", type=int, default=300, help="pairs of the benchmark, evenly spread; 0: all (default: 300)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of every row's recipe")
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    benchmark, settings = Benchmark.open(arguments.benchmark), EvaluationSettings(limit=arguments.limit)
    done: list[AblationRow] = []
    for name in arguments.rows.split(","):
        out = arguments.out / name
        if not (out / "scores" / "scores.csv").exists():
            method = remembering(head_of(name, arguments), arguments.out / "features")
            evaluate(benchmark, method, out / "scores", settings)
        done.append(AblationRow(name, ROWS[name].about, [out / "scores"]))
        print(ablation_table(done, done[0].name), flush=True)
    (arguments.out / "table.md").write_text(ablation_table(done, done[0].name))


def head_of(name: str, arguments: argparse.Namespace) -> TrainedHead:
    """Returns the head of one row, trained where it is not there yet; not calibrated: rankings do not need that."""
    file, row = arguments.out / name / "head.safetensors", ROWS[name]
    if not file.exists():
        base = {"train.steps": arguments.steps, "train.validate_every": arguments.steps, **row.changes}
        recipe: Recipe = override(override(OURS, base), dict(map(assignment, arguments.set)), source="--set")
        source = PseudoSource(arguments.pseudo, same_views=True, cleaned=row.cleaned, exact=row.exact)
        data = prepare(recipe, arguments.data, device="cpu", processes=arguments.processes, pseudo=source)
        print(f"{name}: {len(data.learnt.objects)} objects learnt from, {len(data.held_out.objects)} validate", flush=True)
        watch = Watch(step=lambda step, losses: None if step % 50 else print(name, step, losses, flush=True))
        train_head(recipe, data, file.parent, watch=watch, calibrate=False)
    return TrainedHead.load(file)


if __name__ == "__main__":
    main()
