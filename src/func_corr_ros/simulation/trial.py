# SPDX-License-Identifier: Apache-2.0
"""One trial from picture to verdict, as plain values that outlive the run."""
from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from func_corr_ros.errors import FuncCorrError
from func_corr_ros.simulation.causes import cause_of, error_of
from func_corr_ros.simulation.convex_parts import convex_parts
from func_corr_ros.simulation.judgement import Judgement
from func_corr_ros.simulation.methods import Answer, SimulatedMethod
from func_corr_ros.simulation.staging import Trial, believed, true_pose
from func_corr_ros.simulation.suite import Suite

OUTCOMES = ("success", "wrong", "refused")


def tried(
    trial: Trial, suite: Suite, method: SimulatedMethod, say: Callable[[str], None] = lambda _: None
) -> tuple[dict[str, Any], Answer, Judgement | None]:
    """Returns the record of a trial, the method's answer, and what the physics said (None where the method refused).

    The record's ``outcome`` is "success", "refused" (no pose was given) or "wrong" (a pose was given, and failed); errors are
    None where there is no pose; times are CPU seconds of this process.
    """
    began = time.process_time()
    answer = method.answer(trial, suite)
    answered = time.process_time()
    judgement = translation = rotation = None
    if answer.camera_from_tool is not None:
        convex_parts(trial.thing, say=say)
        error = error_of(suite, answer.camera_from_tool, true_pose(trial, suite))
        translation, rotation = 1e3 * error.translation_m, error.rotation_deg
        physics = time.process_time()
        judgement = judged(trial, suite, answer)
        answered, physics = answered - began, time.process_time() - physics
    else:
        answered, physics = answered - began, 0.0
    outcome = "refused" if judgement is None else "success" if judgement.success else "wrong"
    record = {
        "number": trial.number, "relation": trial.relation, "shown": trial.shown, "acted": trial.acted,
        "demonstration": trial.demonstration.id, "outcome": outcome, "reason": answer.reason,
        "cause": "" if outcome == "success" else cause_of(trial, suite, method, answer),
        "translation_error_mm": translation, "rotation_error_deg": rotation,
        "measures": {} if judgement is None else {name: float(value) for name, value in judgement.measures.items()},
        "answer_s": round(answered, 3), "physics_s": round(physics, 3),
    }
    return record, answer, judgement


def judged(trial: Trial, suite: Suite, answer: Answer) -> Judgement:
    """Returns what comes of acting on ``answer``; raises FuncCorrError where the suite cannot be done with the object at all."""
    assert answer.camera_from_tool is not None
    if not np.isfinite(answer.camera_from_tool).all():
        raise FuncCorrError(f"trial {trial.number}: the pose is not finite")
    return suite.judge(trial.thing, believed(trial, answer.camera_from_tool))
