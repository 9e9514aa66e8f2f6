# SPDX-License-Identifier: Apache-2.0
"""The scores of a replayed run: the same bytes for the same run, wherever and however often it is scored."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from func_corr_ros.errors import BadAnnotations
from func_corr_ros.provenance import write_json
from func_corr_ros.replay.annotations import Annotations
from func_corr_ros.replay.bag_reader import Recording
from func_corr_ros.replay.bag_replay import code_name, percentiles
from func_corr_ros.replay.run_figures import FIGURES, TIMED, figure_columns, summary_of
from func_corr_ros.replay.run_table import FRAMES, RunTable, read_run, records_of
from func_corr_ros.replay.stability import flips, jitters, mirror_changes
from func_corr_ros.replay.truth_scores import truth_rows, truth_summary
from func_corr_ros.transfer.demonstration import Demonstration

# Moments that are named, per figure.
WORST = 5


def score_run(
    folder: Path, recording: Recording, demonstration: Demonstration, annotations: Annotations | None = None
) -> dict[str, Any]:
    """Returns the scores of the run in ``folder`` and writes ``scores.json``, ``timings.json`` and, where there is truth,
    ``truth.json`` (a row per annotated frame). ``recording`` is read again, at the annotated frames only.

    Raises BadAnnotations where they are of another function, name none of the demonstration's keypoints or phases, or none of
    their frames was replayed.
    """
    table, folder = read_run(folder), Path(folder)
    rows = [] if annotations is None else _truth(folder, recording, demonstration, table, annotations)
    columns = figure_columns(table, rows)
    scores = {
        "function": demonstration.function,
        "demonstration": demonstration.id,
        "frames": len(table),
        "accepted": int(table.accepted.sum()),
        "refused": _refusals(table),
        "figures": {name: summary_of(columns[name], table.stamp_ns) for name in FIGURES if name not in TIMED},
        "units": {name: figure.unit for name, figure in FIGURES.items() if name not in TIMED},
        "jitter": _jitter(table),
        "flips": np.nonzero(flips(table))[0].tolist(),
        "mirror_changes": np.nonzero(mirror_changes(table))[0].tolist(),
        "truth": truth_summary(rows) if rows else None,
        "annotated_but_not_replayed": None if annotations is None else len(annotations.frames) - len(rows),
        "worst": {name: worst(columns[name], name) for name in FIGURES if name not in TIMED},
    }
    write_json(folder / "scores.json", scores)
    write_json(folder / "timings.json", percentiles(table.timings_ms))
    (write_json(folder / "truth.json", rows) if rows else (folder / "truth.json").unlink(missing_ok=True))
    return scores


def worst(values: np.ndarray, name: str, count: int = WORST) -> list[int]:
    """Returns the frames at which the figure ``name`` is worst, worst first; frames as good as the best are not listed."""
    badness = -values if FIGURES[name].higher else values
    known = np.nonzero(np.isfinite(badness))[0]
    if len(known) == 0:
        return []
    known = known[badness[known] > badness[known].min()]
    order = known[np.argsort(-badness[known], kind="stable")]
    return [int(frame) for frame in order[:count]]


def _truth(
    folder: Path, recording: Recording, demonstration: Demonstration, table: RunTable, annotations: Annotations
) -> list[dict[str, Any]]:
    if annotations.function != demonstration.function:
        raise BadAnnotations(f"{annotations.path} is about {annotations.function!r}, the run about {demonstration.function!r}; "
                             "annotate the function that is demonstrated")
    marked = {item.stamp_ns for item in annotations.frames}
    replayed = marked & set(table.stamp_ns.tolist())
    if not replayed:
        first, last = (int(table.stamp_ns[i]) for i in (0, -1)) if len(table) else (0, 0)
        raise BadAnnotations(f"{annotations.path}: none of its {len(marked)} stamps is a replayed frame's (those go from {first} "
                             f"to {last} ns); a stamp must be a colour image's exactly, and --every may have left it out")
    records = {record["stamp_ns"]: record for record in records_of(folder / FRAMES) if record["stamp_ns"] in replayed}
    keypoints = [item.name for item in demonstration.keypoints]
    rows = list(truth_rows(annotations, recording.at(replayed), records, keypoints))
    if not any(row["keypoints"] or row["phases"] or row["region_iou"] is not None for row in rows):
        raise BadAnnotations(f"{annotations.path} says nothing that {demonstration.id} can be held to; its keypoints are "
                             f"{', '.join(keypoints)}, its phases {', '.join(item.name for item in demonstration.phases)}")
    return rows


def _refusals(table: RunTable) -> dict[str, Any]:
    found = {}
    for code in sorted({int(code) for code in table.code if code}):
        at = np.nonzero(table.code == code)[0]
        found[code_name(code)] = {"count": len(at), "first_frame": int(at[0]), "first_reason": table.reasons[code]}
    return found


def _jitter(table: RunTable) -> Mapping[str, Any]:
    millimetres, degrees = jitters(table)
    return {"mm": _ends(millimetres), "deg": _ends(degrees)}


def _ends(columns: Mapping[str, np.ndarray]) -> dict[str, Any]:
    counts: Sequence[tuple[str, int]] = [(name, int(np.isfinite(values).sum())) for name, values in columns.items()]
    found = percentiles(columns)
    return {name: {**found.get(name, {"p50": None, "p95": None}), "n": n} for name, n in counts}
