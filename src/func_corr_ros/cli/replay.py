# SPDX-License-Identifier: Apache-2.0
"""``func-corr replay BAG``: a recording run through the pipeline, without ROS."""
from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from func_corr_ros.cli.pipeline_arguments import add_settings_arguments, settings_of

if TYPE_CHECKING:
    from func_corr_ros.evaluation.pipeline_settings import PipelineSettings
    from func_corr_ros.replay.annotations import Annotations
    from func_corr_ros.replay.bag_reader import ReadingSettings, Recording
    from func_corr_ros.transfer.demonstration import Demonstration


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    parser.add_argument("bag", type=Path, help="a rosbag2 (folder, .mcap or .db3) or ROS 1 bag with colour, depth, camera info")
    parser.add_argument("--demonstration", type=Path, required=True, help="a demonstration's folder")
    parser.add_argument("--function", help="refuse a demonstration of another function, such as pour-with")
    parser.add_argument("--annotations", type=Path, metavar="FILE", help="YAML with the truth on some frames (docs/replay.md)")
    parser.add_argument("--out", type=Path, default=Path("build/replay"), help="folder for the results (default: %(default)s)")
    parser.add_argument("--overwrite", action="store_true", help="replace results that were made with other settings")
    for topic, words in (("color", "colour"), ("depth", "depth registered to the colour"), ("camera-info", "camera info")):
        parser.add_argument(f"--{topic}", metavar="TOPIC", help=f"topic of the {words}; guessed by type and name without")
    parser.add_argument("--topics", action="store_true", help="only say which topics would be read, and leave")
    parser.add_argument("--every", type=int, metavar="N", help="take every N-th frame")
    parser.add_argument("--max-rate", type=float, metavar="HZ", help="take at most so many frames per recorded second")
    parser.add_argument("--slop", type=float, metavar="S", help="largest difference of stamps within a frame (default: 0.02)")
    parser.add_argument("--fixed-frame", metavar="FRAME", help="TF frame that does not move: stability is judged in it")
    parser.add_argument("--write", default="", metavar="FORM[,FORM...]",
                        help="write the results as well as mcap (topics for Foxglove and RViz), csv, parquet, video, rerun")
    add_settings_arguments(parser, segmenter=True)


def run(arguments: argparse.Namespace) -> int:
    """Writes ``frames.jsonl``, ``scores.json``, ``summary.json``, ``report.html`` and ``provenance.json``; returns 0, or 1 where
    no frame was accepted. A run that was broken off goes on where it stopped.
    """
    from func_corr_ros.replay.bag_reader import Recording
    from func_corr_ros.replay.replay_results import check_forms, score_and_report, write_forms

    reading, pipeline_settings = _reading(arguments), settings_of(arguments)
    recording = Recording(arguments.bag, reading)
    found = recording.topics
    print(f"colour {found.color}, depth {found.depth}, camera info {found.camera_info}; about {recording.expected} frames")
    if arguments.topics:
        return 0
    forms = [form for form in arguments.write.split(",") if form]
    check_forms(forms)
    demonstration = _demonstration(arguments)
    annotations = _annotations(arguments)
    summary = _replay(arguments, recording, pipeline_settings, demonstration)
    _print(summary)
    score_and_report(arguments.out, recording, demonstration, annotations)
    for path in write_forms(arguments.out, forms, recording, demonstration, annotations):
        print(f"written: {path}")
    _print_account(arguments.out)
    print(f"{arguments.out}/report.html shows it; scores.json has the figures, frames.jsonl every frame")
    return 0 if summary["accepted"] else 1


def _reading(arguments: argparse.Namespace) -> ReadingSettings:
    from func_corr_ros.replay.bag_reader import ReadingSettings
    from func_corr_ros.settings import override

    names = ("color", "depth", "camera_info", "every", "max_rate", "slop", "fixed_frame")
    given = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    return override(ReadingSettings(), given, source="command line")


def _demonstration(arguments: argparse.Namespace) -> Demonstration:
    from func_corr_ros.errors import UnknownFunction
    from func_corr_ros.transfer.demonstration_store import read_demonstration

    demonstration = read_demonstration(arguments.demonstration)
    if arguments.function and arguments.function != demonstration.function:
        raise UnknownFunction(f"--function {arguments.function}, but {arguments.demonstration} demonstrates "
                              f"{demonstration.function}; give another demonstration, or leave --function out")
    return demonstration


def _annotations(arguments: argparse.Namespace) -> Annotations | None:
    from func_corr_ros.replay.annotations import read_annotations

    return None if arguments.annotations is None else read_annotations(arguments.annotations)


def _replay(
    arguments: argparse.Namespace, recording: Recording, settings: PipelineSettings, demonstration: Demonstration
) -> dict[str, Any]:
    from func_corr_ros.provenance import provenance
    from func_corr_ros.replay.bag_replay import recording_hashes, replay
    from func_corr_ros.replay.bag_transforms import RecordedTransforms
    from func_corr_ros.replay.replay_results import account_of
    from func_corr_ros.settings import as_dict

    hashes = {**recording_hashes(arguments.bag), **recording_hashes(arguments.demonstration)}
    pipeline = settings.pipeline(demonstration)
    hashes[str(pipeline.model.identity["name"])] = str(pipeline.model.identity["sha256"])
    made_with = provenance({**as_dict(settings), "reading": as_dict(recording.settings)}, hashes)
    fixed = recording.settings.fixed_frame
    with _progress(recording.expected) as advance, (
        RecordedTransforms(arguments.bag, fixed) if fixed else nullcontext()
    ) as transforms:
        return replay(
            recording, pipeline, arguments.out, made_with, overwrite=arguments.overwrite, on_frame=advance,
            account=lambda: account_of(recording, transforms),
            **({} if transforms is None else {"pose_of": transforms.fixed_from}),
        )


@contextmanager
def _progress(expected: int) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("frames", total=expected)

        def advance(record: Mapping[str, Any]) -> None:
            state = f"refused ({record['code']})" if record["refused"] else "accepted"
            progress.update(task, advance=1, description=f"frame {state}")

        yield advance


def _print_account(out: Path) -> None:
    import json

    from func_corr_ros.replay.replay_results import account_lines

    for line in account_lines(json.loads((out / "reading.json").read_text())):
        print(f"note: {line}")


def _print(summary: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    refused = ", ".join(f"{count} x {name}" for name, count in summary["refused"].items()) or "none"
    console.print(f"{summary['frames']} frames: {summary['accepted']} accepted; refused: {refused}", highlight=False)
    times = Table("stage", "p50 [ms]", "p95 [ms]", title="time per stage")
    for stage, values in summary["timings_ms"].items():
        times.add_row(stage, f"{values['p50']:.1f}", f"{values['p95']:.1f}")
    console.print(times)
    poses = Table("phase", "poses", "half within", "all within", "half within", "all within", title="around the median pose")
    for phase, values in summary["spread"].items():
        millimetres = (f"{1e3 * values[key]:.1f} mm" for key in ("position_p50_m", "position_max_m"))
        degrees = (f"{values[key]:.1f} deg" for key in ("rotation_p50_deg", "rotation_max_deg"))
        poses.add_row(phase, str(values["count"]), *millimetres, *degrees)
    console.print(poses)
