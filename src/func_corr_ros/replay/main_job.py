# SPDX-License-Identifier: Apache-2.0
"""The main job end to end: recordings played into the nodes (or the pipeline, where there is no ROS), then scored and drawn."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from func_corr_ros.evaluation.case_pictures import write_case_pictures
from func_corr_ros.evaluation.metrics import pose_error
from func_corr_ros.evaluation.outcome import Outcome, as_record, outcome_of
from func_corr_ros.evaluation.pipeline_settings import PipelineSettings
from func_corr_ros.evaluation.report import CaseReport, ReportedPose
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.replay.bag_reader import read_frames
from func_corr_ros.replay.bag_replay import stage_percentiles
from func_corr_ros.replay.dds_replay import outcome_of_topics, play, running_nodes
from func_corr_ros.replay.demo_cases import DemoCase, demonstrations_folder
from func_corr_ros.transfer.pipeline import Pipeline

# The phase whose pose is scored: where the outlet is as the pour begins.
SCORED = "action"
RATE_HZ = 10.0
SEGMENTER = "tabletop"
# Frames are drawn by chance (the newest one counts), so a pose may take longer to settle: a recording is played up to so often.
PLAYS = 3


@dataclass(frozen=True)
class Played:
    """What one case brought: its outcome, how it was reached, and everything else that was seen on the way, as plain values.

    ``timings_ms`` is p50 and p95 of every stage over this case and those before it.
    """

    case: DemoCase
    outcome: Outcome
    method: str
    timings_ms: Mapping[str, Mapping[str, float]]
    weights: Mapping[str, str]
    details: Mapping[str, Any]


def played_over_dds(cases: tuple[DemoCase, ...], out: Path, results: int, say: Callable[[str], None]) -> Iterator[Played]:
    """Yields what each case brings when its recording is played into the running composed node; ``results`` answers are
    waited for. Raises NoInput, Timeout or MissingOptional with what to do and the logs."""
    latencies: list[dict[str, float]] = []
    say("starting the composed node func_corr (it loads the features first)")
    with running_nodes(demonstrations_folder(cases), out / "logs" / "func_corr.log") as nodes:
        for case in cases:
            say(f"playing {case.name} at {RATE_HZ:g} Hz over DDS: {case.demonstration.object} to {case.target}")
            folder = out / "cases" / case.name
            for patience in range(1, PLAYS + 1):
                answer = play(nodes, case.bag, case.demonstration.id, folder, results=patience * results, rate=RATE_HZ)
                if answer["accepted"] or patience == PLAYS:
                    break
                say(f"  nothing accepted yet ({answer['results'][-1]['reason']}); playing on")
            latencies += [{"image to result over DDS": 1e3 * result["latency_s"]} for result in answer["results"]]
            model = f"{answer['info']['model']}"
            yield Played(
                case=case,
                outcome=outcome_of_topics(answer, folder, case.demonstration),
                method=f"{model}, ROS 2 over DDS",
                timings_ms={**answer["timings_ms"], **stage_percentiles(latencies)},
                weights={model: answer["info"]["sha256"]},
                details={key: answer[key] for key in ("received", "missing_topics", "unknown_stamps", "frames_sent", "accepted")},
            )


def played_in_process(cases: tuple[DemoCase, ...], results: int, say: Callable[[str], None]) -> Iterator[Played]:
    """Yields what each case brings when ``results`` frames of its recording go through the pipeline in this process."""
    settings, timings = PipelineSettings(segmenter=SEGMENTER), []
    say("loading the features")
    model = settings.load_model()
    for case in cases:
        say(f"running {case.name} through the pipeline: {case.demonstration.object} to {case.target}")
        pipeline = Pipeline(settings.make_segmenter(), model, case.demonstration, settings.transfer)
        frames = islice(read_frames(case.bag), results)
        outcomes = [outcome_of(pipeline.run(frame), case.demonstration, frame) for frame in frames]
        timings += [{stage: 1e3 * seconds for stage, seconds in outcome.timings.items()} for outcome in outcomes]
        yield Played(
            case=case,
            outcome=([outcome for outcome in outcomes if not outcome.refused] or outcomes)[-1],
            method=f"{model.identity['name']}, pipeline in one process, without ROS",
            timings_ms=stage_percentiles(timings),
            weights={str(model.identity["name"]): str(model.identity["sha256"])},
            details={"frames": len(outcomes), "accepted": sum(not outcome.refused for outcome in outcomes)},
        )


def report_case(played: Played, out: Path) -> CaseReport:
    """Returns the case scored where its truth is known, its pictures written into ``out``."""
    case, outcome = played.case, played.outcome
    frame = next(iter(read_frames(case.bag)))
    translation_m, rotation_deg = pose_errors(case, outcome)
    notes = _notes(case, outcome, frame)
    words = notes
    if translation_m is not None:
        words = f"The outlet is {1e3 * translation_m:.0f} mm and {rotation_deg:.1f} deg from the truth (white, dashed). {notes}"
    pictures = write_case_pictures(
        out, case.name, case.demonstration, frame, outcome, case.target, case.truth.get(SCORED), case.marked, words
    )
    record = as_record(outcome, frame.stamp_ns)
    return CaseReport(
        name=case.name,
        function=case.demonstration.function,
        demonstration=f"{'real' if case.real else 'rendered'} {case.demonstration.object}",
        target=case.target,
        real=case.real,
        segmenter=SEGMENTER,
        method=played.method,
        matches=len(outcome.agreeing),
        agreeing=int(outcome.agreeing.sum()),
        residual_m=outcome.residual_m,
        refused=outcome.refused,
        reason=outcome.reason,
        poses=tuple(
            ReportedPose(item["name"], item["tool_link"], tuple(item["position"]), tuple(item["quaternion_xyzw"]))
            for item in record["phases"]
        ),
        translation_error_m=translation_m,
        rotation_error_deg=rotation_deg,
        pictures=pictures,
        notes=notes,
    )


def pose_errors(case: DemoCase, outcome: Outcome) -> tuple[float | None, float | None]:
    """Returns position [m] and rotation [deg] error of the scored phase, None where it is refused or its truth unknown."""
    pose = next((phase.camera_from_tool for phase in outcome.phases if phase.name == SCORED), None)
    if pose is None or SCORED not in case.truth:
        return None, None
    error = pose_error(pose, case.truth[SCORED])
    return error.translation_m, error.rotation_deg


def marked_distance(case: DemoCase, outcome: Outcome, frame: RgbdFrame) -> tuple[float, float] | None:
    """Returns how far the outlet lands from where a person marked it: pixels, and the share of the object's longer side."""
    pose = next((phase.camera_from_tool for phase in outcome.phases if phase.name == SCORED), None)
    if pose is None or case.marked is None or outcome.mask is None:
        return None
    uv, _ = frame.camera.project(pose[:3, 3])
    v, u = np.nonzero(outcome.mask)
    distance = float(np.linalg.norm(uv - np.asarray(case.marked)))
    return distance, distance / float(max(np.ptp(u), np.ptp(v)) + 1)


def _notes(case: DemoCase, outcome: Outcome, frame: RgbdFrame) -> str:
    notes = []
    marked = marked_distance(case, outcome, frame)
    if marked is not None:
        words = f"{marked[0]:.0f} px from where a person sees it (ring), {marked[1]:.0%} of the object's longer side"
        notes.append(f"The outlet lands {words}.")
    if outcome.mirrored:
        notes.append("The object stands the other way round: the demonstration's mirror image matched better.")
    return " ".join(notes)
