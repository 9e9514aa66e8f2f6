# SPDX-License-Identifier: Apache-2.0
"""``func-corr replay BAG``: a recorded rosbag2 run through the pipeline, without ROS."""
from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from func_corr_ros.cli.pipeline_arguments import add_settings_arguments, settings_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    parser.add_argument("bag", type=Path, help="a rosbag2 (folder, .mcap or .db3) with colour, depth and camera info")
    parser.add_argument("--demonstration", type=Path, required=True, help="a demonstration's folder")
    parser.add_argument("--out", type=Path, default=Path("build/replay"), help="folder for the results (default: %(default)s)")
    parser.add_argument("--overwrite", action="store_true", help="replace results that were made with other settings")
    add_settings_arguments(parser, segmenter=True)


def run(arguments: argparse.Namespace) -> int:
    """Writes ``frames.jsonl``, ``summary.json`` and ``provenance.json``; returns 0, or 1 where no frame was accepted.

    A run that was broken off goes on where it stopped.
    """
    from func_corr_ros.evaluation.bag_replay import recording_hashes, replay
    from func_corr_ros.evaluation.rgbd_bag import read_frames
    from func_corr_ros.provenance import provenance
    from func_corr_ros.transfer.demonstration_store import read_demonstration

    settings = settings_of(arguments)
    hashes = {**recording_hashes(arguments.bag), **recording_hashes(arguments.demonstration)}
    pipeline = settings.pipeline(read_demonstration(arguments.demonstration))
    hashes[str(pipeline.model.identity["name"])] = str(pipeline.model.identity["sha256"])
    with _progress() as advance:
        summary = replay(
            read_frames(arguments.bag), pipeline, arguments.out, provenance(settings, hashes),
            overwrite=arguments.overwrite, on_frame=advance,
        )
    _print(summary)
    print(f"every frame: {arguments.out}/frames.jsonl")
    return 0 if summary["accepted"] else 1


@contextmanager
def _progress() -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("frames", total=None)

        def advance(record: Mapping[str, Any]) -> None:
            state = f"refused ({record['code']})" if record["refused"] else "accepted"
            progress.update(task, advance=1, description=f"frame {state}")

        yield advance


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
