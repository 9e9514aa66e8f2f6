# SPDX-License-Identifier: Apache-2.0
"""``func-corr transfer``: the demonstrated poses on the object in one RGB-D frame, or why not.

The frame is a folder (``func-corr transfer DEMONSTRATION FRAME``), or three files wherever they lie (``--demonstration DIR
--color FILE --depth FILE --camera frame.json``).
"""
from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from func_corr_ros.cli.pipeline_arguments import add_settings_arguments, settings_of
from func_corr_ros.errors import BadSettings

if TYPE_CHECKING:
    from func_corr_ros.geometry.rgbd_frame import RgbdFrame


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    parser.add_argument("folder", type=Path, nargs="?", metavar="DEMONSTRATION", help="a demonstration's folder")
    parser.add_argument("frame", type=Path, nargs="?", metavar="FRAME",
                        help="a folder with color.png, depth.png and frame.json, or another demonstration's")
    parser.add_argument("--demonstration", type=Path, metavar="DIR", action="append",
                        help="the demonstration, where it is not the first word; given again, the one that matches best is taken")
    parser.add_argument("--color", type=Path, metavar="FILE", help="the frame's colour image, where it is no folder")
    parser.add_argument("--depth", type=Path, metavar="FILE", help="its depth image: 16 bits, registered to the colour image")
    parser.add_argument("--camera", type=Path, metavar="FILE", help="its frame.json: K, width, height, depth_scale_m_per_count")
    parser.add_argument("--anchor", metavar="NAME[=FILE]", action="append", default=[],
                        help="what phases relative to @NAME go with; FILE.json: {\"shown\": 4x4, \"live\": 4x4}, its "
                             "camera_from_object at the demonstration and now; {\"live\": 4x4} is enough where the demonstration "
                             "holds the other (recorded by the node); without a file it has not moved")
    parser.add_argument("--out", type=Path, default=Path("build/transfer"), help="folder for the results (default: %(default)s)")
    add_settings_arguments(parser, segmenter=True)


def run(arguments: argparse.Namespace) -> int:
    """Prints the poses and writes pictures, ``transfer.json``, ``outcome.json`` and ``provenance.json``; returns 0, or 1 where
    it is refused.
    """
    from func_corr_ros.evaluation.case_pictures import write_case_pictures
    from func_corr_ros.evaluation.outcome import as_record, outcome_of
    from func_corr_ros.evaluation.transfer_file import transfer_record
    from func_corr_ros.provenance import provenance, write_json
    from func_corr_ros.transfer.anchor_file import anchors_of
    from func_corr_ros.transfer.choice import nearest
    from func_corr_ros.transfer.demonstration_store import read_demonstration
    from func_corr_ros.transfer.pipeline import Pipeline

    folders = arguments.demonstration or ([arguments.folder] if arguments.folder else [])
    if not folders or (arguments.demonstration and arguments.folder):
        raise BadSettings("name one demonstration: as the first word, or by --demonstration DIR")
    frame, name = _frame(arguments)
    beside = None if arguments.frame is None else arguments.frame / "mask.png"
    if arguments.segmenter == "given_mask" and arguments.mask is None and beside is not None and beside.is_file():
        arguments.mask = beside
    settings = settings_of(arguments)
    shown = [read_demonstration(folder) for folder in folders]
    if arguments.anchor and len(shown) > 1:
        raise BadSettings(f"--anchor says what has moved since one demonstration; {len(shown)} are given")
    first = settings.pipeline(shown[0], anchors_of(arguments.anchor, shown[0]))
    others = [Pipeline(first.segmenter, first.model, other, first.settings) for other in shown[1:]]
    pipeline, result = nearest([first, *others], frame)
    demonstration = pipeline.demonstration
    if others:
        print(f"of {len(shown)} demonstrations, {demonstration.id} matches best")
    outcome = outcome_of(result, demonstration, frame)
    record = as_record(outcome, frame.stamp_ns)
    pictures = write_case_pictures(arguments.out, "case", demonstration, frame, outcome, name)
    write_json(arguments.out / "outcome.json", record)
    write_json(arguments.out / "transfer.json", transfer_record(result.outcome, demonstration))
    identity = pipeline.model.identity
    write_json(arguments.out / "provenance.json", provenance(settings, {str(identity["name"]): str(identity["sha256"])}))
    _print(record)
    print("pictures: " + ", ".join(str(picture.path) for picture in pictures))
    return 1 if outcome.refused else 0


def _frame(arguments: argparse.Namespace) -> tuple[RgbdFrame, str]:
    """Returns the frame that the words or the flags name, and what to call it; raises BadSettings where they name none or two."""
    from func_corr_ros.evaluation.frame_folder import read_frame, read_frame_files

    files = {"--color": arguments.color, "--depth": arguments.depth, "--camera": arguments.camera}
    missing = [flag for flag, path in files.items() if path is None]
    if arguments.frame is not None and len(missing) == len(files):
        return read_frame(arguments.frame), arguments.frame.name
    if arguments.frame is None and not missing:
        return read_frame_files(arguments.color, arguments.depth, arguments.camera), arguments.color.stem
    raise BadSettings("name one frame: a folder as the second word, or all of --color, --depth and --camera"
                      + (f" (missing: {', '.join(missing)})" if 0 < len(missing) < len(files) else ""))


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
