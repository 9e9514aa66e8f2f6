# SPDX-License-Identifier: Apache-2.0
"""A suite of trials: run one by one, each kept at once, and summed up as success.json and report.html."""
from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from func_corr_ros.evaluation.case_pictures import transfer_picture, write_png
from func_corr_ros.evaluation.outcome import outcome_of
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.provenance import hold_to, provenance, write_json
from func_corr_ros.settings import setting
from func_corr_ros.simulation.causes import CAUSES
from func_corr_ros.simulation.film import write_film
from func_corr_ros.simulation.judgement import Judgement
from func_corr_ros.simulation.methods import Answer, SimulatedMethod
from func_corr_ros.simulation.simulation_page import write_simulation_page
from func_corr_ros.simulation.staging import StagingSettings, Trial, staged, true_pose
from func_corr_ros.simulation.suite import Suite
from func_corr_ros.simulation.trial import OUTCOMES, tried


@dataclass(frozen=True)
class SimulationSettings:
    """How many trials, of what, and how many of them are filmed."""

    trials: int = setting(100, "trials, half of them within a category, half across", at_least=1, at_most=100000)
    films: int = setting(2, "films of the first successes, and as many of the first failures", at_least=0)
    staging: StagingSettings = field(default_factory=StagingSettings)


def simulate(
    suite: Suite, method: SimulatedMethod, out: Path, settings: SimulationSettings = SimulationSettings(),
    on_trial: Callable[[dict[str, Any]], None] = lambda _: None, say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Returns the sums of ``settings.trials`` trials, written to ``out / "success.json"`` beside report.html, the films and every
    trial's record. Trials that lie in ``out`` already are not run again; raises BadSettings where they were made otherwise (more
    trials of the same kind are welcome).
    """
    made_with = provenance(
        {"suite": suite.name, "method": method.name, "staging": asdict(settings.staging)}, dict(method.weights)
    )
    hold_to(out, made_with)
    records: list[dict[str, Any]] = []
    for number in range(settings.trials):
        path = out / "trials" / f"{number:05d}.json"
        if path.exists():
            record = json.loads(path.read_text())
        else:
            trial = staged(suite, number, settings.staging)
            record, answer, judgement = tried(trial, suite, method, say)
            record |= _shown(trial, suite, answer, judgement, records, record, out, settings.films)
            write_json(path, record)
        records.append(record)
        on_trial(record)
    result = {**summed(suite.name, method.name, records), "weights": dict(method.weights), "made_with": made_with}
    write_json(out / "success.json", result)
    write_simulation_page(out / "report.html", suite, result, records, out)
    return result


def _shown(
    trial: Trial, suite: Suite, answer: Answer, judgement: Judgement | None, before: Sequence[dict[str, Any]],
    record: dict[str, Any], out: Path, films: int,
) -> dict[str, str]:
    """Writes film and picture of a trial that is among the first of its outcome; returns their paths relative to ``out``."""
    same = sum(item["outcome"] == record["outcome"] for item in before)
    shown: dict[str, str] = {}
    if same >= films:
        return shown
    stem = f"trial_{trial.number:05d}"
    if judgement is not None:
        shown["film"] = str(write_film(out / "films" / f"{stem}.gif", judgement).relative_to(out))
    if answer.result is not None:
        demonstration = trial.demonstration
        frame: RgbdFrame = trial.view.frame
        picture = transfer_picture(
            demonstration, frame, outcome_of(answer.result, demonstration, frame), trial.acted,
            true_pose(trial, suite) if not suite.grasp else None,
        )
        shown["picture"] = str(write_png(out / "pictures" / f"{stem}.png", picture).relative_to(out))
    return shown


def summed(suite: str, method: str, records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Returns the figures of a run. Rates are of all trials; errors are of the poses that were given; seconds are CPU seconds."""
    failed = [item for item in records if item["outcome"] != "success"]
    return {
        "suite": suite, "method": method, **_rates(records),
        "by_relation": {name: _rates([item for item in records if item["relation"] == name]) for name in ("within", "across")},
        "by_category": {name: _rates([item for item in records if item["acted"] == name])
                        for name in sorted({item["acted"] for item in records})},
        "translation_error_mm": _spread([item["translation_error_mm"] for item in records]),
        "rotation_error_deg": _spread([item["rotation_error_deg"] for item in records]),
        "failures_by_cause": {cause: {
            "refused": sum(item["cause"] == cause and item["outcome"] == "refused" for item in failed),
            "wrong": sum(item["cause"] == cause and item["outcome"] == "wrong" for item in failed),
        } for cause in CAUSES},
        "seconds_per_trial": float(np.mean([item["answer_s"] + item["physics_s"] for item in records])),
        "physics_seconds": _spread([item["physics_s"] for item in records if item["physics_s"] > 0.0]),
    }


def _rates(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    count = {outcome: sum(item["outcome"] == outcome for item in records) for outcome in OUTCOMES}
    total = len(records)
    share = {outcome: number / total if total else float("nan") for outcome, number in count.items()}
    return {
        "trials": total, "success_rate": share["success"], "ci95": wilson(count["success"], total),
        "wrong_and_confident_rate": share["wrong"], "refused_rate": share["refused"],
    }


def wilson(successes: int, trials: int) -> list[float]:
    """Returns Wilson's 95 % interval of a rate (Wilson 1927), which has a width even where all or none succeeded; the whole range
    without trials.
    """
    from scipy.stats import binomtest

    if trials == 0:
        return [0.0, 1.0]
    interval = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    return [float(interval.low), float(interval.high)]


def _spread(values: Sequence[float | None]) -> dict[str, float | int]:
    known = np.array([value for value in values if value is not None], dtype=np.float64)
    if not len(known):
        return {"n": 0, "median": float("nan"), "p90": float("nan")}
    return {"n": len(known), "median": float(np.median(known)), "p90": float(np.quantile(known, 0.9))}
