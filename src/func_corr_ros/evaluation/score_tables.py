# SPDX-License-Identifier: Apache-2.0
"""Scores as text: one CSV row per direction of a pair, one Markdown table per method, one row per method of several."""
from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from func_corr_ros.evaluation.label_transfer import THRESHOLDS
from func_corr_ros.evaluation.scores import COLUMNS, DirectionScore

# What a table leads with: the figures at the coarsest threshold, as published, and the finest.
HEADINGS = ("Norm. dist. ↓", "PCK@23 ↑", "PCK@5 ↑", "best F1@23 ↑", "AP@23 ↑", "AP@5 ↑", "3D error [mm] ↓")
_SHOWN = (
    ("normalised_distance", None), ("pck", "23"), ("pck", "5"), ("best_f1", "23"), ("ap", "23"), ("ap", "5"),
    ("keypoint_mm", None),
)
# Of confidence: heading, and where scores.json has the figure.
_CONFIDENCE = (
    ("Confidence", "calibration", "mean_confidence"), ("PCK@23", "calibration", "accuracy"), ("ECE ↓", "calibration", "ece"),
    ("Brier ↓", "calibration", "brier"), ("AURC ↓", "calibration", "aurc"),
    ("Coverage", "calibration", "coverage"), ("Risk ↓", "calibration", "risk"), ("AUROC ↑", "negatives", "auroc"),
    ("Neg. refused ↑", "negatives", "refused_negatives"), ("Pairs refused ↓", "negatives", "refused_pairs"),
)
_SPLITS, _FUNCTIONS = (("by_split", "split {}"),), (("by_function", "{}"),)
_UNKNOWN = "–"
CONFIDENCE_HEADINGS = tuple(heading for heading, _, _ in _CONFIDENCE)
CONFIDENCE_WORDS = (
    "Confidence of points asked for, against what came right; coverage and risk at the method's own threshold. Then pairs told "
    "from negatives, and what the method's own threshold refuses of either."
)
Confidence = Mapping[str, Mapping[str, Any]]


def as_csv(scores: Sequence[DirectionScore]) -> str:
    """Returns a header and one row per direction of a pair; a figure that does not exist is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["pair", "way", "function", "split", "relation", "points", "missing", "matches", "fallback", *COLUMNS])
    for score in scores:
        pair = score.pair
        writer.writerow([
            pair.id, score.way, pair.function, pair.split, "within" if pair.within_category else "across",
            len(score.transfer.distance_px), score.transfer.missing, score.discovery.matches, int(score.fallback),
            *("" if value != value else f"{value:.6f}" for value in score.figures),
        ])
    return text.getvalue()


def as_markdown(result: Mapping[str, Any]) -> str:
    """Returns the figures of one method: whole, upright, by split, by relation of the categories, by function."""
    pixels = {0: "all pixels", None: "the method's own pixels"}.get(result["pixels"], f"at most {result['pixels']} pixels")
    head = (
        f"# {result['method']} on {result['benchmark']} {result['benchmark_version']}\n\n"
        f"{result['n_pairs']} of {result['n_pairs_of_benchmark']} pairs, both directions; mode {result['mode']}, discovery on "
        f"{pixels} of each object. Macro means over pairs and directions; in brackets the bootstrap 95 % interval. "
        f"Thresholds ({', '.join(map(str, THRESHOLDS))}) are pixels of the 224-px frame around the object.\n\n"
    )
    rows = [f"| {name} | {part['n_pairs']} | {' | '.join(shown(part))} |" for name, part in groups(result)]
    text = head + table_head("Pairs of", "N") + "\n".join(rows) + "\n"
    confident = list(confidence_groups(result))
    return text + (f"\n## Confidence\n\n{CONFIDENCE_WORDS}\n\n{confidence_table('Pairs of', confident)}" if confident else "")


def comparison(parts: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Returns one Markdown table with a row per method: its name, and its summary of the same group of pairs."""
    rows = [f"| {name} | {part['n_pairs']} | {' | '.join(shown(part))} |" for name, part in parts]
    return table_head("Method", "N") + "\n".join(rows) + "\n"


def groups(result: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields every group of pairs that is not empty, with its name."""
    yield "all", result["overall"]
    if result["upright"]["n_pairs"]:
        yield "both upright", result["upright"]
    for key, words in (*_SPLITS, ("by_kind", "kind {}"), ("by_category_relation", "{} category"), *_FUNCTIONS):
        for name, part in result[key].items():
            yield words.format(name), part


def confidence_groups(result: Mapping[str, Any]) -> Iterator[tuple[str, Confidence]]:
    """Yields the groups of pairs of which the method says how confident it is or whether there is a correspondence at all: their
    names, and for "calibration" and "negatives" what is known.
    """
    known = {kind: result[kind] for kind in ("calibration", "negatives") if result[kind]}
    if known:
        yield "all", {kind: whole["overall"] for kind, whole in known.items()}
    for key, words in (*_SPLITS, *_FUNCTIONS):
        names = sorted({name for whole in known.values() for name in whole.get(key, ())})
        for name in names:
            yield words.format(name), {kind: whole[key][name] for kind, whole in known.items() if name in whole.get(key, ())}


def confidence_table(first: str, rows: Sequence[tuple[str, Confidence]]) -> str:
    """Returns one Markdown table of confidence with a row per group of pairs, or per method."""
    body = "".join(f"| {name} | {' | '.join(confidence_shown(part))} |\n" for name, part in rows)
    return _head(first, *CONFIDENCE_HEADINGS) + body


def confidence_shown(part: Confidence) -> list[str]:
    """Returns the figures of CONFIDENCE_HEADINGS with their intervals."""
    return [
        _cell(part[kind][name], part[kind]["ci95"][name], 3) if kind in part else _UNKNOWN for _, kind, name in _CONFIDENCE
    ]


def shown(part: Mapping[str, Any]) -> list[str]:
    """Returns the figures of HEADINGS with their intervals."""

    def one(values: Mapping[str, Any], kind: str, threshold: str | None) -> Any:
        return values[kind] if threshold is None else values[kind][threshold]

    cells = ((which[0] == "keypoint_mm", one(part, *which), one(part["ci95"], *which)) for which in _SHOWN)
    return [_cell(value, ends, 1 if metric else 3) for metric, value, ends in cells]


def _cell(value: float, ends: Sequence[float], digits: int) -> str:
    return f"{value:.{digits}f} [{ends[0]:.{digits}f}, {ends[1]:.{digits}f}]" if value == value else _UNKNOWN


def table_head(*first: str) -> str:
    """Returns the two lines that begin a Markdown table with columns ``first`` and HEADINGS; figures are right-aligned."""
    return _head(*first, *HEADINGS)


def _head(*names: str) -> str:
    return f"| {' | '.join(names)} |\n|{'|'.join(['---'] + ['---:'] * (len(names) - 1))}|\n"
