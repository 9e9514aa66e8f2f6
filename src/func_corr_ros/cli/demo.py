# SPDX-License-Identifier: Apache-2.0
"""``func-corr demo``: a demonstrated pour carried to objects never seen before, through running ROS 2 nodes, with a report."""
from __future__ import annotations

import argparse
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from func_corr_ros.evaluation.report import CaseReport, Report
    from func_corr_ros.replay.main_job import Played

# Answers of the nodes that are waited for per case; a pose has to settle over three of them.
RESULTS, RESULTS_SHORT = 10, 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    parser.add_argument("--short", action="store_true", help=f"{RESULTS_SHORT} answers per case instead of {RESULTS}, no film")
    parser.add_argument("--out", type=Path, default=Path("build/demo"), help="folder for the results (default: %(default)s)")
    parser.add_argument("--without-ros", action="store_true", help="run the same recordings through the pipeline in this process")
    parser.add_argument("--case", action="append", metavar="NAME", help="run only this case (may be given again)")


def run(arguments: argparse.Namespace) -> int:
    """Writes ``report.html``, ``result.json``, ``details.json`` and the pictures; returns 0, or 1 where a rendered case of the
    demonstration's own category is refused."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the nodes are ended whoever ends the demo
    began = time.monotonic()

    def say(words: str) -> None:
        print(f"[{time.monotonic() - began:6.1f} s] {words}", flush=True)

    say("gathering the cases")
    report, details = _carried_out(arguments, say)
    from func_corr_ros.evaluation.report import write_report
    from func_corr_ros.provenance import provenance, write_json

    page = write_report(report, arguments.out)
    write_json(arguments.out / "details.json", details)
    write_json(arguments.out / "provenance.json", provenance(report.settings, report.weights))
    _print(report)
    say(f"done; open {page}")
    return 1 if any(case.refused for case in report.cases if case.name == "rendered_mug_to_mug") else 0


def real_frames(repository: Path) -> Path | None:
    """Returns the folder of shared real frames, None without: in FUNC_CORR_DATA where that is set, else beside the repository."""
    data = Path(os.environ.get("FUNC_CORR_DATA") or repository.parent / "shared" / "data") / "rgbd"
    return data if data.is_dir() else None


def _carried_out(arguments: argparse.Namespace, say: Any) -> tuple[Report, dict[str, Any]]:
    from func_corr_ros.evaluation.outcome import as_record
    from func_corr_ros.replay.dds_replay import why_no_ros
    from func_corr_ros.replay.demo_cases import recorded_cases
    from func_corr_ros.replay.main_job import played_in_process, played_over_dds, report_case
    from func_corr_ros.share import share_folder

    repository, notes = share_folder(), []
    data = real_frames(repository)
    if data is None or not (repository / "test" / "data").is_dir():
        data = None
        notes.append("The real camera frames are not here (FUNC_CORR_DATA, or ../shared/data): only the rendered cases were run.")
    no_ros = "you asked for a run without ROS" if arguments.without_ros else why_no_ros()
    if no_ros is not None:
        notes.append(f"Without ROS 2: {no_ros}. The same recordings went through the pipeline in one process.")
    for note in notes:
        say(note)
    cases = _chosen(recorded_cases(arguments.out / "recordings", repository, data, say), arguments.case)
    results = RESULTS_SHORT if arguments.short else RESULTS
    played = played_in_process(cases, results, say) if no_ros else played_over_dds(cases, arguments.out, results, say)
    reports, details = [], {}
    timings: dict[str, Any] = {}
    weights: dict[str, str] = {}
    for item in played:
        reports.append(_filmed(report_case(item, arguments.out), item, arguments, say))
        timings, weights = dict(item.timings_ms), {**weights, **item.weights}
        details[item.case.name] = {**item.details, **as_record(item.outcome, 0)}
        say(f"  {reports[-1].verdict}" + (f": {reports[-1].reason}" if reports[-1].refused else _errors(reports[-1])))
    return _report(tuple(reports), timings, weights, tuple(notes), results), details


def _filmed(report: CaseReport, played: Played, arguments: argparse.Namespace, say: Any) -> CaseReport:
    """Returns the report with a film of the transferred pour, carried out, where the object's true shape is known."""
    from func_corr_ros.replay.demo_cases import RENDERED_TARGETS

    case = played.case
    if arguments.short or report.refused or case.name not in RENDERED_TARGETS:
        return report
    from func_corr_ros.data.demo_scenes import demo_objects
    from func_corr_ros.errors import MissingOptional
    from func_corr_ros.replay.main_job import SCORED
    from func_corr_ros.simulation.filmed_pour import filmed_pour

    pose = next(phase.camera_from_tool for phase in played.outcome.phases if phase.name == SCORED)
    thing = demo_objects()[RENDERED_TARGETS[case.name][1]]
    say(f"  pouring from the {thing.category} in the physics engine")
    try:
        film = filmed_pour(thing, pose, case.truth[SCORED], arguments.out / f"{case.name}_pour.gif")
    except MissingOptional as error:
        say(f"  no film of the pour: {error}")
        return report
    return replace(report, pictures=(*report.pictures, film))


def _report(
    cases: tuple[Any, ...], timings: dict[str, Any], weights: dict[str, str], notes: tuple[str, ...], results: int
) -> Report:
    import platform

    from func_corr_ros.evaluation.pipeline_settings import PipelineSettings
    from func_corr_ros.evaluation.report import Report
    from func_corr_ros.provenance import code_revision, package_version
    from func_corr_ros.settings import as_dict

    made_with = {
        "func_corr_ros": f"{package_version()}, {code_revision() or 'not in a repository'}",
        "ROS 2": os.environ.get("ROS_DISTRO", "not sourced"),
        "Python": f"{platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores",
    }
    settings = {"results per case": results, **as_dict(PipelineSettings())}
    return Report("One pour, carried to other objects", cases, timings, weights, settings, made_with, notes)


def _chosen(cases: tuple[Any, ...], names: list[str] | None) -> tuple[Any, ...]:
    from func_corr_ros.errors import BadSettings

    known = [case.name for case in cases]
    unknown = sorted(set(names or []) - set(known))
    if unknown:
        raise BadSettings(f"no case {', '.join(unknown)}; there are: {', '.join(known)}")
    return tuple(case for case in cases if not names or case.name in names)


def _errors(case: Any) -> str:
    if case.translation_error_m is None:
        return f". {case.notes}" if case.notes else ""
    return f", {1e3 * case.translation_error_m:.1f} mm and {case.rotation_error_deg:.1f} deg from the truth"


def _print(report: Report) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console = Console(width=200)  # a log has no edge to wrap at
    cases = Table("case", "function", "to", "outcome", "matches", "agree", "residual", "outlet at (x y z), m", "position error",
                  "rotation error")
    for case in report.cases:
        place = next((" ".join(f"{v:+.3f}" for v in pose.position) for pose in case.poses if pose.phase == "action"), "-")
        residual, error = (f"{1e3 * v:.1f} mm" if v is not None else "-" for v in (case.residual_m, case.translation_error_m))
        angle = f"{case.rotation_error_deg:.1f} deg" if case.rotation_error_deg is not None else "-"
        verdict = f"[red]{case.verdict}[/red]" if case.refused else f"[green]{case.verdict}[/green]"
        cases.add_row(case.name, case.function, case.target, verdict, str(case.matches), str(case.agreeing), residual, place,
                      error, angle)
    console.print(cases)
    times = Table("stage", "p50 [ms]", "p95 [ms]")
    for stage, values in report.timings_ms.items():
        times.add_row(stage, f"{values['p50']:.1f}", f"{values['p95']:.1f}")
    console.print(times)
