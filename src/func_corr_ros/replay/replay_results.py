# SPDX-License-Identifier: Apache-2.0
"""What a replay leaves behind for people and programs, once every frame has its record."""
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from func_corr_ros.errors import BadSettings
from func_corr_ros.optional import require
from func_corr_ros.replay.annotations import Annotations
from func_corr_ros.replay.bag_reader import Recording
from func_corr_ros.replay.bag_transforms import RecordedTransforms
from func_corr_ros.replay.replay_pictures import drawn_frames
from func_corr_ros.replay.replay_report import write_replay_report
from func_corr_ros.replay.replay_scores import score_run
from func_corr_ros.replay.rerun_log import write_rerun
from func_corr_ros.replay.result_bag import write_result_bag
from func_corr_ros.replay.run_figures import figure_columns
from func_corr_ros.replay.run_files import frame_columns, write_csv, write_parquet, write_video
from func_corr_ros.replay.run_table import FRAMES, RunTable, read_run, records_of
from func_corr_ros.transfer.demonstration import Demonstration

# What a run can be written as beside its own files, and the optional packages that it takes.
FORMS: Mapping[str, tuple[str, ...]] = {
    "mcap": ("rosbags.rosbag2",), "csv": (), "parquet": ("pyarrow.parquet",), "video": (), "rerun": ("rerun",),
}


def account_of(recording: Recording, transforms: RecordedTransforms | None) -> dict[str, Any]:
    """Returns what became of the recording's messages, and of its TF where that was asked for."""
    found: dict[str, Any] = {"topics": vars(recording.topics), **recording.account.as_record()}
    if transforms is not None:
        found["without_transform"], found["transform_example"] = transforms.missing, transforms.example
    return found


def account_lines(account: Mapping[str, Any]) -> list[str]:
    """Returns what was lost on the way from the recording to the frames, and what to do about it; nothing where all is well."""
    lines = []
    if account.get("unmatched"):
        lines.append(f"colour images that met no depth and camera info in time, recorded with gaps or stamped further apart than "
                     f"--slop: {account['unmatched']} of {account['color']}")
    for kind, count in account.get("broken", {}).items():
        lines.append(f"frames that could not be used ({kind}) and were passed over: {count} of {account['sets']}; the first: "
                     f"{account['examples'][kind]}")
    if account.get("late"):
        lines.append(f"colour images stamped before the one recorded before them, and passed over where a newer frame was out "
                     f"already: {account['late']} of {account['color']}; is the camera's clock synchronised?")
    if account.get("jumps"):
        lines.append(f"times that the clock went back by more than a second, after which frames were matched anew: "
                     f"{account['jumps']}; are these two recordings in one?")
    if account.get("without_transform"):
        lines.append(f"frames without a transform to the fixed frame, left out where steadiness is judged: "
                     f"{account['without_transform']}; the first: {account['transform_example']}")
    return lines


def score_and_report(
    out: Path, recording: Recording, demonstration: Demonstration, annotations: Annotations | None
) -> dict[str, Any]:
    """Writes everything that is made from the records of the run in ``out``; returns the scores."""
    scores = score_run(out, recording, demonstration, annotations)
    account = json.loads((out / "reading.json").read_text())
    write_replay_report(out, recording, scores, account_lines(account), annotations)
    return scores


def check_forms(forms: Sequence[str]) -> None:
    """Raises BadSettings for a form that is none of FORMS, MissingOptional where what writes it is not installed: before a run of
    an hour, not after it.
    """
    for form in forms:
        if form not in FORMS:
            raise BadSettings(f"--write {form}: no such form; valid: {', '.join(FORMS)}")
        for package in FORMS[form]:
            require(package)


def write_forms(
    out: Path, forms: Sequence[str], recording: Recording, demonstration: Demonstration, annotations: Annotations | None
) -> list[Path]:
    """Writes the run in ``out`` in each of ``forms`` and returns the paths; raises as :func:`check_forms`."""
    check_forms(forms)
    table, truth = read_run(out), out / "truth.json"
    figures = figure_columns(table, json.loads(truth.read_text()) if truth.exists() else ())

    def pictures() -> Iterator[tuple[int, bytes]]:
        return drawn_frames(zip(recording, records_of(out / FRAMES), strict=True), annotations)

    made = []
    for form in dict.fromkeys(forms):
        if form == "mcap":
            frame_id = next((frame.frame_id for frame in recording.at(table.stamp_ns[:1].tolist())), "")
            made.append(write_result_bag(out, out / "results", frame_id, demonstration.function, demonstration.id, pictures()))
        elif form == "video":
            made.append(write_video(out / "overlay.mp4", pictures(), rate_of(table)))
        elif form == "rerun":
            made.append(write_rerun(out / "run.rrd", table, figures, pictures()))
        else:
            columns = frame_columns(table, figures)
            made.append({"csv": write_csv, "parquet": write_parquet}[form](out / f"frames.{form}", columns))
    return made


def rate_of(table: RunTable) -> float:
    """Returns the frames per second of recorded time, by the median step, 1 to 120; 10 where there are too few to tell."""
    steps = np.diff(table.stamp_ns)
    steps = steps[steps > 0]
    return float(np.clip(1e9 / np.median(steps), 1.0, 120.0)) if len(steps) else 10.0
