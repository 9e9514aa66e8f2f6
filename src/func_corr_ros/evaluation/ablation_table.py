# SPDX-License-Identifier: Apache-2.0
"""Many heads on one benchmark as one table: a row per recipe, its seeds averaged pair by pair, intervals over pairs."""
from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from func_corr_ros.evaluation.bootstrap import bootstrap_interval

# column of scores.csv -> heading
FIGURES: Mapping[str, str] = {
    "ap@23": "AP@23 ↑", "pck@23": "PCK@23 ↑", "pck@10": "PCK@10 ↑", "normalised_distance": "Norm. dist. ↓",
    "region_iou": "part IoU ↑",
}


@dataclass(frozen=True)
class AblationRow:
    """One recipe: ``runs`` are the folders of its seeds, as ``evaluate`` wrote them."""

    name: str
    about: str
    runs: Sequence[Path]


def ablation_table(rows: Sequence[AblationRow], against: str = "") -> str:
    """Returns one Markdown table for all pairs and one for each split; raises FileNotFoundError where a run was not scored.

    With ``against``, the name of a row, each table is followed by what that row has more than every other, pair by pair:
    intervals of paired differences are far narrower than those of the rows, for hard pairs are hard for all. Those without zero
    are bold.
    """
    read = {row.name: _pairs_of(row) for row in rows}
    splits = sorted({split for pairs in read.values() for split, _ in pairs.values()})
    text = []
    for title, split in (("all pairs", None), *((f"split {split}", split) for split in splits)):
        text.append(_table(title, rows, read, split))
        if against in read and len(read) > 1:
            text.append(_differences(title, read, against, split))
    return "\n".join(text)


def _pairs_of(row: AblationRow) -> dict[str, tuple[str, Float64[np.ndarray, " k"]]]:
    """Returns split and mean figures over directions and seeds of each pair."""
    found, splits = defaultdict(list), {}
    for run in row.runs:
        with (run / "scores.csv").open() as file:
            for line in csv.DictReader(file):
                found[line["pair"]].append([float(line[name] or "nan") for name in FIGURES])
                splits[line["pair"]] = line["split"]
    return {pair: (splits[pair], _mean(np.array(values))) for pair, values in found.items()}


def _table(
    title: str, rows: Sequence[AblationRow], read: Mapping[str, Mapping[str, tuple[str, np.ndarray]]], split: str | None
) -> str:
    lines = []
    for row in rows:
        values = np.stack([figures for at, figures in read[row.name].values() if split in (None, at)])
        ends = bootstrap_interval(values)
        cells = [_cell(*numbers) for numbers in zip(_mean(values), *ends, strict=True)]
        lines.append(f"| {row.name} | {row.about} | {len(row.runs)} | {len(values)} | {' | '.join(cells)} |")
    head = f"| Row | What it is | Seeds | Pairs | {' | '.join(FIGURES.values())} |\n|---|---|{'---:|' * (2 + len(FIGURES))}\n"
    return f"#### {title}\n\n{head}" + "\n".join(lines) + "\n"


def _differences(title: str, read: Mapping[str, Mapping[str, tuple[str, np.ndarray]]], against: str, split: str | None) -> str:
    lines, reference = [], read[against]
    for name, pairs in read.items():
        shared = [pair for pair, (at, _) in pairs.items() if pair in reference and split in (None, at)]
        if name == against or not shared:
            continue
        values = np.stack([reference[pair][1] - pairs[pair][1] for pair in shared])
        ends = bootstrap_interval(values)
        cells = [_difference(*numbers) for numbers in zip(_mean(values), *ends, strict=True)]
        lines.append(f"| {against} − {name} | {len(shared)} | {' | '.join(cells)} |")
    head = f"| Difference | Pairs | {' | '.join(FIGURES.values())} |\n|---|{'---:|' * (1 + len(FIGURES))}\n"
    return f"{title}, what {against} has more, paired:\n\n{head}" + "\n".join(lines) + "\n"


def _mean(values: Float64[np.ndarray, "n k"]) -> Float64[np.ndarray, " k"]:
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.divide(total, known.sum(axis=0), out=np.full(values.shape[1], np.nan), where=known.any(axis=0))


def _cell(value: float, low: float, high: float) -> str:
    return f"{value:.3f} [{low:.3f}, {high:.3f}]" if value == value else "–"


def _difference(value: float, low: float, high: float) -> str:
    if value != value:
        return "–"
    text = f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"
    return f"**{text}**" if low > 0.0 or high < 0.0 else text
