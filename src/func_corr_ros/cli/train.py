# SPDX-License-Identifier: Apache-2.0
"""``func-corr train --recipe ours --out DIR``: a trained head from the library of objects; what was broken off goes on."""
from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from func_corr_ros.cli.pipeline_arguments import assignment
from func_corr_ros.errors import BadSettings

if TYPE_CHECKING:
    from func_corr_ros.training.pseudo_pool import PseudoSource
    from func_corr_ros.training.recipe import Recipe
    from func_corr_ros.training.train_head import Watch


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    parser.add_argument("--recipe", default="ours", help="ours (the default) or paper (arXiv 2509.03893)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="YAML with settings of the recipe")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting: train.steps=2000")
    parser.add_argument("--out", type=Path, required=True, help="folder for head.safetensors, checkpoints and logs")
    parser.add_argument("--data", type=Path, default=Path("build/training"),
                        help="folder for views and features, 14 GB; what is missing is made (default: %(default)s)")
    parser.add_argument("--pseudo", type=Path, metavar="FOLDER",
                        help="learn from the shards of this folder of func-corr label run; exact views still validate")
    parser.add_argument("--same-views", action="store_true", help="put the labels of --pseudo on the training views of --data "
                        "instead, for objects of the library: labels are all that differs")
    parser.add_argument("--uncleaned", action="store_true", help="with --same-views, keep the parts that cleaning left out")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1 ... or auto (the default)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="processes that render (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=0, help="processes that draw batches ahead, useful with a GPU")


def run(arguments: argparse.Namespace) -> int:
    """Trains, shows progress on stderr, prints where the head is; returns 0."""
    from func_corr_ros.correspondence.backbone import chosen_device
    from func_corr_ros.training.train_head import prepare, train_head

    pseudo = _pseudo(arguments)
    recipe, device, accelerator = recipe_of(arguments), str(chosen_device(arguments.device)), _accelerator()
    shown = accelerator is None or accelerator.is_main_process
    with _watched(recipe, arguments.out, shown) as watch:
        data = prepare(recipe, arguments.data, device=device, processes=arguments.processes, watch=watch, pseudo=pseudo)
        train_head(recipe, data, arguments.out, device=device, workers=arguments.workers, accelerator=accelerator, watch=watch)
    if shown:
        print(f"the head is {arguments.out}/head.safetensors; score it: func-corr evaluate --benchmark DIR --method "
              f"{arguments.out}/head.safetensors --out DIR")
    return 0


def _pseudo(arguments: argparse.Namespace) -> PseudoSource | None:
    from func_corr_ros.training.pseudo_pool import PseudoSource

    if arguments.pseudo is None and (arguments.same_views or arguments.uncleaned):
        raise BadSettings("--same-views and --uncleaned say how --pseudo FOLDER is learnt from; give that too")
    if arguments.uncleaned and not arguments.same_views:
        raise BadSettings("--uncleaned needs --same-views: shards hold what cleaning kept; for others, label with "
                          "--set cleaning.agreement=0 --set cleaning.expected=0 --set cleaning.odd_size=99")
    return None if arguments.pseudo is None else PseudoSource(arguments.pseudo, arguments.same_views, not arguments.uncleaned)


def recipe_of(arguments: argparse.Namespace) -> Recipe:
    """Returns the recipe that the command line asks for: by name, then --config, then --set; raises BadSettings."""
    from func_corr_ros.settings import load_yaml, override
    from func_corr_ros.training.recipe import RECIPES

    if arguments.recipe not in RECIPES:
        raise BadSettings(f"--recipe {arguments.recipe}: valid: {', '.join(RECIPES)}")
    recipe = RECIPES[arguments.recipe]
    if arguments.config is not None:
        if not arguments.config.is_file():
            raise BadSettings(f"--config {arguments.config} is no file")
        recipe = load_yaml(recipe, arguments.config)
    return override(recipe, dict(assignment(text) for text in arguments.set), source="--set")


def _accelerator() -> Any:
    """Returns accelerate's view of this process where ``accelerate launch`` or ``torchrun`` started several, else None."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return None
    from func_corr_ros.optional import require

    return require("accelerate").Accelerator()


@contextmanager
def _watched(recipe: Recipe, out: Path, shown: bool) -> Iterator[Watch]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from func_corr_ros.training.train_head import Watch

    if not shown:
        yield Watch()
        return
    told = TextColumn("{task.fields[told]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), told)
    board = _board(out)
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, Any] = {}

        def advanced(stage: str, done: int, of: int, told: str = "") -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=of, told="")
            progress.update(tasks[stage], completed=done, told=told)

        now = [0]

        def step(number: int, losses: Mapping[str, float]) -> None:
            now[0] = number
            advanced("training", number, recipe.train.steps, f"loss {losses['total']:.3f}")
            if board is not None and number % 20 == 0:
                for name, value in losses.items():
                    board.add_scalar(f"loss/{name}", value, number)

        def validation(name: str, score: Any) -> None:
            progress.console.print(f"step {now[0]}, held-out {name}: PCK@23p {score.pck23:.3f}, PCK@10p {score.pck10:.3f}, "
                                   f"normalised distance {score.distance:.3f}, part AP {score.region:.3f}")
            if board is not None:
                for what, value in vars(score).items():
                    board.add_scalar(f"{name}/{what}", value, now[0])

        yield Watch(advanced, step, validation)
    if board is not None:
        board.close()


def _board(out: Path) -> Any:
    """Returns a writer of TensorBoard files, None where tensorboard is not installed (pip install 'func_corr_ros[train]')."""
    from importlib.util import find_spec

    if find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(out / "board"))
