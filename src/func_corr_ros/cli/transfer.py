# SPDX-License-Identifier: Apache-2.0
"""``func-corr transfer DEMONSTRATION FRAME``: the demonstrated poses on the object in one RGB-D frame, or why not."""
from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from func_corr_ros.cli.pipeline_arguments import add_settings_arguments, settings_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    parser.add_argument("demonstration", type=Path, help="a demonstration's folder")
    parser.add_argument("frame", type=Path, help="a folder with color.png, depth.png and frame.json, or another demonstration's")
    parser.add_argument("--out", type=Path, default=Path("build/transfer"), help="folder for the results (default: %(default)s)")
    add_settings_arguments(parser, segmenter=True)


def run(arguments: argparse.Namespace) -> int:
    """Prints the poses and writes pictures, ``outcome.json`` and ``provenance.json``; returns 0, or 1 where it is refused."""
    from func_corr_ros.evaluation.case_pictures import write_case_pictures
    from func_corr_ros.evaluation.frame_folder import read_frame
    from func_corr_ros.evaluation.outcome import as_record, outcome_of
    from func_corr_ros.provenance import provenance, write_json
    from func_corr_ros.transfer.demonstration_store import read_demonstration

    beside = arguments.frame / "mask.png"
    if arguments.segmenter == "given_mask" and arguments.mask is None and beside.is_file():
        arguments.mask = beside
    settings = settings_of(arguments)
    demonstration = read_demonstration(arguments.demonstration)
    frame = read_frame(arguments.frame)
    pipeline = settings.pipeline(demonstration)
    outcome = outcome_of(pipeline.run(frame), demonstration, frame)
    record = as_record(outcome, frame.stamp_ns)
    pictures = write_case_pictures(arguments.out, "case", demonstration, frame, outcome, arguments.frame.name)
    write_json(arguments.out / "outcome.json", record)
    identity = pipeline.model.identity
    write_json(arguments.out / "provenance.json", provenance(settings, {str(identity["name"]): str(identity["sha256"])}))
    _print(record)
    print("pictures: " + ", ".join(str(picture.path) for picture in pictures))
    return 1 if outcome.refused else 0


def _print(record: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    fit = "no fit" if record["residual_m"] is None else f"residual {1e3 * record['residual_m']:.1f} mm"
    console.print(f"{record['agreeing']} of {record['matches']} matches agree with one motion, {fit}", highlight=False)
    if record["refused"]:
        console.print(f"refused ({record['code']}): {record['reason']}", style="red", highlight=False, markup=False)
        return
    table = Table("phase", "link", "position [m]", "quaternion xyzw", title="poses in the camera's optical frame")
    for phase in record["phases"]:
        position, quaternion = (" ".join(f"{v:+.4f}" for v in phase[key]) for key in ("position", "quaternion_xyzw"))
        table.add_row(phase["name"], phase["tool_link"], position, quaternion)
    console.print(table)
