# SPDX-License-Identifier: Apache-2.0
"""``func-corr compare RUN_A RUN_B``: is the second better or worse than the first, figure by figure, function by function?"""
from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from func_corr_ros.errors import BadSettings

if TYPE_CHECKING:
    from func_corr_ros.replay.run_comparison import Verdict

COLORS = {"better": "green", "worse": "red", "same": "default"}
# Latency depends on the machine, what a transfer says of itself measures nothing: compared only where a tolerance is given.
ONLY_IF_ASKED = ("latency_ms", "score")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    parser.add_argument("a", type=Path, metavar="RUN_A", help="what was: an --out folder of func-corr replay or evaluate")
    parser.add_argument("b", type=Path, metavar="RUN_B", help="what is: another over the same recording or benchmark")
    parser.add_argument("--tolerance", action="append", default=[], metavar="FIGURE=VALUE",
                        help="how much worse a figure may become, in its own unit: keypoint_mm=2 (default: 0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts there as well")


def run(arguments: argparse.Namespace) -> int:
    """Prints a table; returns 1 where a figure became worse by more than its tolerance, 0 otherwise."""
    from func_corr_ros.provenance import write_json
    from func_corr_ros.replay.run_comparison import compared, read_samples

    tolerances = dict(_tolerance(text) for text in arguments.tolerance)
    verdicts = [
        verdict for verdict in compared(read_samples(arguments.a), read_samples(arguments.b), tolerances)
        if verdict.figure not in ONLY_IF_ASKED or verdict.figure in tolerances
    ]
    if arguments.json is not None:
        write_json(arguments.json, [vars(verdict) for verdict in verdicts])
    _print(verdicts)
    regressions = [verdict for verdict in verdicts if verdict.regression]
    for verdict in regressions:
        print(f"regression: {verdict.function} {verdict.figure} {verdict.a:.4g} -> {verdict.b:.4g} "
              f"(tolerance {verdict.tolerance:g})")
    return 1 if regressions else 0


def _tolerance(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not equals or not number >= 0.0:
        raise BadSettings(f"--tolerance {text}: FIGURE=VALUE with a number of at least 0 is needed, such as keypoint_mm=2")
    return name.strip(), number


def _print(verdicts: Sequence[Verdict]) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    names = Column("function", no_wrap=True), Column("figure", no_wrap=True)
    table = Table(*names, "A", "B", "change", "95 % interval", "n", "verdict")
    for one in verdicts:
        table.add_row(
            one.function, one.figure, f"{one.a:.4g}", f"{one.b:.4g}", f"{one.change:+.3g}",
            f"[{one.interval[0]:+.3g}, {one.interval[1]:+.3g}]".replace("[", "\\["), str(one.n),
            f"[{COLORS[one.verdict]}]{one.verdict}[/]",
        )
    Console().print(table)
