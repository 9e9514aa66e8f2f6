# SPDX-License-Identifier: Apache-2.0
"""A replayed run as one self-contained page: a timeline to scrub through, the worst moments first, each number with its frame."""
from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64
from jinja2 import Environment, StrictUndefined

from func_corr_ros.evaluation.bootstrap import bootstrap_interval
from func_corr_ros.evaluation.report import write_whole
from func_corr_ros.evaluation.score_charts import reliability
from func_corr_ros.replay.annotations import Annotations
from func_corr_ros.replay.bag_reader import Recording
from func_corr_ros.replay.bag_replay import code_name
from func_corr_ros.replay.replay_page import PAGE
from func_corr_ros.replay.replay_pictures import drawn_frames, pictured_frames
from func_corr_ros.replay.replay_scores import worst
from func_corr_ros.replay.run_figures import FIGURES, figure_columns, summary_of
from func_corr_ros.replay.run_table import FRAMES, RunTable, read_run, records_of

# Whose worst frames are listed first; what is known of the truth comes before what is not.
LISTED = ("pose_mm", "keypoint_mm", "keypoint_px", "pose_deg", "region_iou", "jitter_mm", "jitter_deg", "flip", "residual_mm",
          "cycle", "latency_ms")
MOMENTS = 8
_FLIPPED = "a tool turned by more than 90 degrees since the frame before"
# A column with values at fewer frames than this share is drawn as dots.
_SPARSE = 0.5
# Fewer annotated frames say too little about a confidence; so many make five bins.
_CALIBRATED = 20


def write_replay_report(
    folder: Path, recording: Recording, scores: Mapping[str, Any], notes: Sequence[str] = (),
    annotations: Annotations | None = None,
) -> Path:
    """Writes ``report.html`` into the run's folder and returns its path; the recording is read again for the pictures."""
    folder, table = Path(folder), read_run(folder)
    truth, beside, timings = (folder / name for name in ("truth.json", "provenance.json", "timings.json"))
    columns = figure_columns(table, json.loads(truth.read_text()) if truth.exists() else ())
    drawn = pictured_frames(len(table), [moment["frame"] for moment in worst_moments(table, columns)] + _named_frames(scores))
    page = replay_html(
        f"{scores['demonstration']} ({scores['function']}) on {recording.path.name}", table, columns, scores["refused"],
        _pictures(folder, recording, table, drawn, annotations), notes,
        json.loads(timings.read_text()) if timings.exists() else {}, json.loads(beside.read_text()) if beside.exists() else {},
    )
    return write_whole(folder / "report.html", page)


def replay_html(
    title: str, table: RunTable, columns: Mapping[str, Float64[np.ndarray, " n"]], refused: Mapping[str, Any],
    pictures: Sequence[tuple[int, bytes]], notes: Sequence[str] = (), timings: Mapping[str, Any] | None = None,
    made_with: Mapping[str, Any] | None = None,
) -> str:
    """Returns the page; ``pictures`` are JPEGs by frame, which the page decodes one at a time, ``refused`` as in scores.json."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(PAGE).render(
        title=title, frames=max(len(table), 1), tiles=_tiles(table, columns), notes=notes,
        moments=worst_moments(table, columns), refusals=refused, timings=timings or {},
        figures=[_figure_row(name, columns[name], table) for name in FIGURES if np.isfinite(columns[name]).any()],
        calibration=_calibration(table, columns), made_with=json.dumps(made_with or {}, indent=2),
        data=_data(table, columns, sorted(frame for frame, _ in pictures)),
        pictures=[(frame, base64.b64encode(jpeg).decode("ascii")) for frame, jpeg in pictures],
    )


def worst_moments(table: RunTable, columns: Mapping[str, Float64[np.ndarray, " n"]]) -> list[dict[str, Any]]:
    """Returns the frames that should be looked at first: the worst of each figure in turn, then each code's first refusal."""
    found: dict[int, str] = {}
    queues = {name: worst(columns[name], name) for name in LISTED if name in columns}
    for place in range(max((len(queue) for queue in queues.values()), default=0)):
        for name, queue in queues.items():
            if place < len(queue) and len(found) < MOMENTS:
                found.setdefault(queue[place], _words(name, columns[name][queue[place]]))
    for code in sorted({int(code) for code in table.code if code}):
        first = int(np.nonzero(table.code == code)[0][0])
        found[first] = "; ".join([f"first refusal of {code_name(code)}", *([found[first]] if first in found else [])])
    return [{"frame": frame, "words": f"frame {frame}: {words}"} for frame, words in found.items()]


def _words(name: str, value: float) -> str:
    return _FLIPPED if name == "flip" else f"{name} {shown(value)} {FIGURES[name].unit} ({FIGURES[name].words})"


def shown(value: float) -> str:
    """Returns a number with three significant digits, or all digits before the point, and never an exponent."""
    if abs(value) >= 100.0:
        return f"{value:.0f}"
    return f"{float(f'{value:.3g}'):g}" if abs(value) >= 1e-3 or value == 0.0 else "<0.001"


def _tiles(table: RunTable, columns: Mapping[str, Float64[np.ndarray, " n"]]) -> list[dict[str, Any]]:
    accepted, n = int(table.accepted.sum()), len(table)
    refused = np.nonzero(~table.accepted)[0]
    share, first_refused = f"{accepted / n:.1%}" if n else "–", int(refused[0]) if len(refused) else None
    tiles: list[dict[str, Any]] = [{"value": str(n), "words": "frames replayed", "frame": None},
             {"value": share, "words": "gave poses", "frame": first_refused}]
    for name in ("pose_mm", "keypoint_mm", "keypoint_px", "jitter_mm", "jitter_deg", "latency_ms"):
        values = columns[name][np.isfinite(columns[name])]
        if len(values):
            first = worst(columns[name], name, 1)
            tiles.append({"value": f"{shown(float(np.median(values)))} {FIGURES[name].unit}", "words": f"{name}, median",
                          "frame": first[0] if first else None})
    return tiles


def _figure_row(name: str, values: Float64[np.ndarray, " n"], table: RunTable) -> dict[str, Any]:
    summary, figure = summary_of(values, table.stamp_ns), FIGURES[name]
    low, high = summary["ci95"]
    return {
        "words": f"{name}: {figure.words}", "unit": figure.unit,
        "mean": f"{shown(summary['mean'])} [{shown(low)}, {shown(high)}]",
        "median": shown(summary["median"]), "p95": shown(summary["p95"]), "n": summary["n"], "worst": worst(values, name),
    }


def _named_frames(scores: Mapping[str, Any]) -> list[int]:
    named = [frame for frames in scores["worst"].values() for frame in frames]
    return [*named, *(item["first_frame"] for item in scores["refused"].values()), *scores["flips"][:20]]


def _calibration(table: RunTable, columns: Mapping[str, Float64[np.ndarray, " n"]]) -> str:
    """Returns the chart of the transfers' scores against PCK over the annotated frames that gave poses; nothing where those are
    too few to say much.
    """
    confidence, right = table.figures["score"], columns["pck"]
    known = np.nonzero(table.accepted & np.isfinite(confidence) & np.isfinite(right))[0]
    if len(known) < _CALIBRATED:
        return ""
    bins = np.array_split(known[np.argsort(confidence[known], kind="stable")], _CALIBRATED // 4)
    rows: list[dict[str, Any]] = [
        {"mean_confidence": float(confidence[one].mean()), "accuracy": float(right[one].mean()), "share": len(one) / len(known),
         "ci95": bootstrap_interval(right[one][:, None])[:, 0].tolist()}
        for one in bins
    ]
    error = sum(row["share"] * abs(row["mean_confidence"] - row["accuracy"]) for row in rows)
    return reliability({"bins": rows, "ece": error})


def _data(table: RunTable, columns: Mapping[str, Float64[np.ndarray, " n"]], drawn: Sequence[int]) -> str:
    """Returns the page's data as JSON that cannot end the element it stands in."""
    known = {name: values for name, values in columns.items() if np.isfinite(values).any()}
    data = {
        "seconds": _packed(_elapsed(table)), "codes": _packed(table.code.astype(np.float64)),
        "code_names": {str(code): code_name(int(code)) for code in set(table.code.tolist())},
        "stamps": [str(stamp) for stamp in table.stamp_ns.tolist()], "pictures": list(drawn),
        "columns": [
            {"name": name, "unit": FIGURES[name].unit, "words": FIGURES[name].words, "values": _packed(values),
             "plotted": name not in ("accepted", "flip", "mirror_change"), "sparse": bool(np.isfinite(values).mean() < _SPARSE)}
            for name, values in known.items()
        ],
    }
    return json.dumps(data).replace("<", "\\u003c")


def _elapsed(table: RunTable) -> Float64[np.ndarray, " n"]:
    """Returns the seconds since the first frame; where the clock was set back, time goes on as if nothing lay between."""
    steps = np.diff(table.stamp_ns, prepend=table.stamp_ns[:1])
    return np.cumsum(np.where(steps < 0, 0, steps)) / 1e9


def _packed(values: Float64[np.ndarray, " n"]) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")


def _pictures(
    folder: Path, recording: Recording, table: RunTable, drawn: Sequence[int], annotations: Annotations | None
) -> list[tuple[int, bytes]]:
    place = {int(table.stamp_ns[frame]): frame for frame in drawn}
    records = {record["stamp_ns"]: record for record in records_of(folder / FRAMES) if record["stamp_ns"] in place}
    pairs = ((frame, records[frame.stamp_ns]) for frame in recording.at(records))
    return [(place[stamp], jpeg) for stamp, jpeg in drawn_frames(pairs, annotations)]
