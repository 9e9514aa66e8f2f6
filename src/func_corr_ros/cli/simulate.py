# SPDX-License-Identifier: Apache-2.0
"""``func-corr simulate --suite NAME --method NAME``: transferred poses carried out in a physics engine, judged and reported.

Names with commas between, or several noises or clutters, make a table: one run per combination, each in its own folder.
"""
from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from func_corr_ros.simulation.cells import Cell

Number = TypeVar("Number", int, float)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    from func_corr_ros.simulation import SUITES

    parser.add_argument("--suite", required=True, metavar="NAME", help=", ".join(SUITES) + "; several with commas between; all")
    parser.add_argument("--method", default="func-corr-s", metavar="NAME",
                        help="func-corr-s, dino-448, oracle (the true frame), chance, or the file of a trained head; several "
                        "with commas between (default: %(default)s)")
    parser.add_argument("--trials", type=int, default=100, metavar="N",
                        help="trials, even ones within a category, odd ones across (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives every method the same trials")
    parser.add_argument("--noise", default="1", metavar="X", help="sensor noise, in units of a RealSense D435's; 0 is none; "
                        "several with commas between (default: %(default)s)")
    parser.add_argument("--clutter", default="0", metavar="N", help="other things on the table, 0 to 4; several with commas "
                        "between (default: %(default)s)")
    parser.add_argument("--instances", type=int, default=4, metavar="N", help="objects of each category to act with, in turn "
                        "(default: %(default)s); each is cut into convex parts once, some seconds")
    parser.add_argument("--films", type=int, default=2, metavar="N", help="films of the first N of each outcome")
    parser.add_argument("--out", type=Path, required=True, help="folder for success.json, report.html, films and every trial's "
                        "record; a run that was broken off goes on")
    parser.add_argument("--device", default="auto", help="where the network runs: cpu, cuda, cuda:1 ... or auto (the default)")
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="threads of a CPU; 0 is as many as torch likes")


def run(arguments: argparse.Namespace) -> int:
    """Runs what is missing of the trials, of one cell or of a table of them, prints the rates; returns 0."""
    from func_corr_ros.cli.evaluate import set_threads
    from func_corr_ros.simulation import SUITES
    from func_corr_ros.simulation.cells import cells, table, write_table

    suites = list(SUITES) if arguments.suite == "all" else arguments.suite.split(",")
    asked = list(cells(suites, arguments.method.split(","), _numbers(arguments.noise, "--noise", float),
                       _numbers(arguments.clutter, "--clutter", int)))
    set_threads(arguments.threads)
    if len(asked) == 1:
        _print(_simulated(asked[0], arguments.out, arguments))
        print(f"success.json, report.html, films/ and trials/ are in {arguments.out}")
        return 0
    done = []
    for cell in asked:
        done.append((cell, _simulated(cell, cell.folder(arguments.out), arguments)))
        write_table(arguments.out / "table.md", done)
    print(table(done))
    print(f"table.md, and every cell's success.json, report.html, films/ and trials/, are in {arguments.out}")
    return 0


def _simulated(cell: Cell, out: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    from func_corr_ros.settings import override
    from func_corr_ros.simulation.methods import load_simulated
    from func_corr_ros.simulation.simulate import SimulationSettings, simulate
    from func_corr_ros.simulation.suite import load_suite

    wanted = {"trials": arguments.trials, "films": arguments.films, "staging.seed": arguments.seed,
              "staging.noise": cell.noise, "staging.clutter": cell.clutter, "staging.instances": arguments.instances}
    settings = override(SimulationSettings(), wanted, source="command line")
    suite = load_suite(cell.suite)
    method = load_simulated(cell.method, arguments.device)
    with _progress(f"{suite.name}, {method.name}", settings.trials) as (on_trial, say):
        return simulate(suite, method, out, settings, on_trial, say)


def _numbers(words: str, flag: str, kind: type[Number]) -> list[Number]:
    from func_corr_ros.errors import BadSettings

    try:
        return [kind(word) for word in words.split(",")]
    except ValueError as error:
        raise BadSettings(f"{flag} is {words!r}; a number is needed, or several with commas between") from error


@contextmanager
def _progress(what: str, total: int) -> Iterator[tuple[Callable[[dict[str, Any]], None], Callable[[str], None]]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
               TextColumn("{task.fields[so_far]}"))
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task, succeeded = progress.add_task(what, total=total, so_far=""), [0, 0]

        def on_trial(record: dict[str, Any]) -> None:
            succeeded[0] += record["outcome"] == "success"
            succeeded[1] += 1
            progress.update(task, advance=1, so_far=f"{succeeded[0]} of {succeeded[1]} succeeded")

        yield on_trial, lambda words: progress.console.print(words)


def _print(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("trials", "N", "success", "95 % interval", "wrong and confident", "refused")
    for name, part in (("all", result), *result["by_relation"].items(), *result["by_category"].items()):
        if part["trials"]:
            low, high = part["ci95"]
            table.add_row(name, str(part["trials"]), f"{part['success_rate']:.0%}", f"{low:.0%} to {high:.0%}",
                          f"{part['wrong_and_confident_rate']:.0%}", f"{part['refused_rate']:.0%}")
    console = Console()
    console.print(table)
    place, turn = result["translation_error_mm"], result["rotation_error_deg"]
    if place["n"]:
        console.print(f"error of the {place['n']} poses given: median {place['median']:.1f} mm, {turn['median']:.1f} deg")
    causes = {name: sum(counts.values()) for name, counts in result["failures_by_cause"].items()}
    console.print("failures: " + (", ".join(f"{name} {count}" for name, count in causes.items() if count) or "none"))
