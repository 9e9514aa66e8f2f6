# SPDX-License-Identifier: Apache-2.0
"""Two runs over the same frames, or two methods over the same pairs: better, worse or the same, with intervals."""
from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64

from func_corr_ros.errors import BadRecording, BadSettings
from func_corr_ros.evaluation.scores import COLUMNS
from func_corr_ros.replay.run_figures import BLOCK_NS, FIGURES, block_interval, figure_columns
from func_corr_ros.replay.run_table import FRAMES, read_run

BETTER, WORSE, SAME = "better", "worse", "same"
EVALUATED = "scores.csv"
# Of a benchmark's figures, those of which less is better.
_LESS = ("normalised_distance", "keypoint_mm")


@dataclass(frozen=True)
class Samples:
    """What is compared of one run: a row per frame or per pair, ``key`` naming what both runs saw, ``function`` per row.

    ``block`` are rows that belong together when intervals are drawn: a second of recording, or the two ways of a pair.
    """

    kind: str
    key: tuple[str, ...]
    function: tuple[str, ...]
    block: Int64[np.ndarray, " n"]
    columns: Mapping[str, Float64[np.ndarray, " n"]]
    higher: Mapping[str, bool]


@dataclass(frozen=True)
class Verdict:
    """One figure of one function in both runs: means over the ``n`` rows that both have, the mean ``change`` from a to b with its
    95 % interval, and what that is. ``regression``: worse, and by more than the tolerance.
    """

    function: str
    figure: str
    a: float
    b: float
    change: float
    interval: tuple[float, float]
    n: int
    verdict: str
    tolerance: float
    regression: bool


def read_samples(folder: Path) -> Samples:
    """Returns what func-corr replay or func-corr evaluate left in ``folder``; raises BadRecording for anything else."""
    folder = Path(folder)
    if (folder / EVALUATED).exists():
        return _of_benchmark(folder / EVALUATED)
    if any((folder / name).exists() for name in (FRAMES, f"{FRAMES}.partial")):
        return _of_replay(folder)  # of one that was broken off it says so
    raise BadRecording(f"{folder} holds neither {FRAMES} of func-corr replay nor {EVALUATED} of func-corr evaluate; name the "
                       "folder that was given to --out")


def compared(a: Samples, b: Samples, tolerances: Mapping[str, float] | None = None) -> list[Verdict]:
    """Returns a verdict per function and figure, over the rows that both runs have a value for.

    The change is ``better`` or ``worse`` where its interval leaves out zero. Raises BadSettings where nothing is common to
    both, or for a tolerance of a figure that is not known.
    """
    tolerances = dict(tolerances or {})
    if a.kind != b.kind:
        raise BadSettings(f"one folder is of {a.kind}, the other of {b.kind}; compare two of one kind")
    for name in tolerances:
        if name not in a.higher:
            raise BadSettings(f"--tolerance {name}: no such figure; valid: {', '.join(a.higher)}")
    where = {key: row for row, key in enumerate(b.key)}
    rows = np.array([(row, where[key]) for row, key in enumerate(a.key) if key in where], dtype=np.int64).reshape(-1, 2)
    if len(rows) == 0:
        raise BadSettings(f"the two have no {'pair' if a.kind == 'evaluate' else 'stamp'} in common; compare runs over the same "
                          f"{'benchmark' if a.kind == 'evaluate' else 'recording'}")
    functions = np.array(a.function)[rows[:, 0]]
    return [
        verdict for function in dict.fromkeys(functions.tolist())
        for verdict in _of_function(function, rows[functions == function], a, b, tolerances)
    ]


def _of_function(
    function: str, rows: Int64[np.ndarray, "m 2"], a: Samples, b: Samples, tolerances: Mapping[str, float]
) -> Iterator[Verdict]:
    for name, higher in a.higher.items():
        before, after = a.columns[name][rows[:, 0]], b.columns[name][rows[:, 1]]
        known = np.isfinite(before) & np.isfinite(after)
        if not known.any():
            continue
        before, after, blocks = before[known], after[known], a.block[rows[known, 0]]
        change = after - before
        low, high = (float(end) for end in block_interval(change, blocks * BLOCK_NS))
        verdict = SAME if low <= 0.0 <= high else BETTER if (low > 0.0) == higher else WORSE
        tolerance, mean = tolerances.get(name, 0.0), float(change.mean())
        yield Verdict(
            function, name, float(before.mean()), float(after.mean()), mean, (low, high), int(known.sum()), verdict, tolerance,
            verdict == WORSE and abs(mean) > tolerance,
        )


def _of_replay(folder: Path) -> Samples:
    table = read_run(folder)
    truth = folder / "truth.json"
    columns = figure_columns(table, json.loads(truth.read_text()) if truth.exists() else [])
    scores = folder / "scores.json"
    function = str(json.loads(scores.read_text())["function"]) if scores.exists() else "unknown"
    first = int(table.stamp_ns.min()) if len(table) else 0
    return Samples(
        "replay", tuple(str(stamp) for stamp in table.stamp_ns.tolist()), (function,) * len(table),
        (table.stamp_ns - first) // BLOCK_NS, columns, {name: figure.higher for name, figure in FIGURES.items()},
    )


def _of_benchmark(path: Path) -> Samples:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    pairs = {pair: number for number, pair in enumerate(dict.fromkeys(row["pair"] for row in rows))}
    columns = {name: np.array([float(row[name] or "nan") for row in rows], dtype=np.float64) for name in COLUMNS}
    return Samples(
        "evaluate", tuple(f"{row['pair']} {row['way']}" for row in rows), tuple(row["function"] for row in rows),
        np.array([pairs[row["pair"]] for row in rows], dtype=np.int64), columns, {name: name not in _LESS for name in COLUMNS},
    )
