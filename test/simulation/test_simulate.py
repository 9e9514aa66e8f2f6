# SPDX-License-Identifier: Apache-2.0
"""A run sums up its trials, goes on where it stopped, and tells failures apart by tests that can be checked."""
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.errors import BadSettings
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.simulation.judgement import Judgement
from func_corr_ros.simulation.methods import Answer, Chance, Oracle, load_simulated
from func_corr_ros.simulation.physical_world import Recording
from func_corr_ros.simulation.simulate import SimulationSettings, simulate, summed, wilson
from func_corr_ros.simulation.staging import StagingSettings
from func_corr_ros.simulation.suite import Suite, load_suite

SMALL = SimulationSettings(trials=2, films=1, staging=StagingSettings(noise=0.0))


def strict(thing: FunctionalObject, object_from_tool: np.ndarray) -> Judgement:
    """A judge without physics: the place must be right to a centimetre."""
    off = float(np.linalg.norm(object_from_tool[:3, 3] - thing.object_from_function("pour-with")[:3, 3]))
    poses = np.stack([np.eye(4), make(np.eye(3), np.array([0.0, 0.0, 0.1]))])
    return Judgement(off < 0.01, {"off_m": off}, Recording(np.array([0.0, 0.1]), {"vessel": poses}), {"vessel": thing})


def quick_suite() -> Suite:
    return replace(load_suite("pour"), judge=strict, categories=("mug", "pitcher"))


def record(outcome: str, relation: str = "within", cause: str = "") -> dict[str, Any]:
    given = None if outcome == "refused" else 10.0
    return {"outcome": outcome, "relation": relation, "acted": "mug", "cause": cause, "translation_error_mm": given,
            "rotation_error_deg": given, "answer_s": 1.0, "physics_s": 2.0}


def test_success_json_has_what_others_rely_on(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []
    simulate(quick_suite(), Oracle(), tmp_path, SMALL, seen.append)
    text = json.loads((tmp_path / "success.json").read_text())
    assert {"suite", "method", "trials", "success_rate", "ci95", "by_relation", "translation_error_mm", "rotation_error_deg",
            "wrong_and_confident_rate", "refused_rate", "failures_by_cause", "seconds_per_trial"} <= set(text)
    assert (text["suite"], text["method"], text["trials"], text["success_rate"]) == ("pour", "oracle", 2, 1.0)
    assert text["translation_error_mm"]["median"] == pytest.approx(0.0, abs=1e-6)
    assert text["by_relation"]["across"]["trials"] == 1
    page = (tmp_path / "report.html").read_text()
    assert "data:image/gif;base64," in page and "100 % succeed" in page
    assert len(seen) == 2 and len(list((tmp_path / "films").glob("*.gif"))) == 1


def test_a_run_goes_on_where_it_stopped_and_is_held_to_its_settings(tmp_path: Path) -> None:
    suite = quick_suite()
    simulate(suite, Oracle(), tmp_path, replace(SMALL, trials=1))
    kept = tmp_path / "trials" / "00000.json"
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"outcome": "refused", "cause": "mask"}))
    assert simulate(suite, Oracle(), tmp_path, SMALL)["refused_rate"] == pytest.approx(0.5)
    with pytest.raises(BadSettings, match="other settings"):
        simulate(suite, Oracle(), tmp_path, replace(SMALL, staging=StagingSettings(seed=1, noise=0.0)))


class Turned:
    """The truth, turned about the vertical axis of the object: what a wrong handedness or a free turn brings."""

    name, weights = "turned", {}

    def answer(self, trial: Any, suite: Suite) -> Answer:
        camera_from_object = trial.view.camera_from_object("target")
        turn = make(about_axis(np.array([0.0, 0.0, 1.0]), 2.0), np.zeros(3))
        return Answer(camera_from_object @ turn @ suite.object_from_tool(trial.thing))


def test_a_wrong_pose_is_wrong_and_confident(tmp_path: Path) -> None:
    result = simulate(quick_suite(), Turned(), tmp_path, replace(SMALL, trials=1, films=0))
    assert result["wrong_and_confident_rate"] == 1.0 and result["refused_rate"] == 0.0
    assert result["rotation_error_deg"]["median"] == pytest.approx(np.degrees(2.0), abs=1e-3)


def test_chance_finds_the_object_and_is_the_same_again(tmp_path: Path) -> None:
    first, again = (simulate(quick_suite(), Chance(), tmp_path / name, replace(SMALL, trials=1, films=0)) for name in "ab")
    assert first["refused_rate"] == 0.0
    assert first["translation_error_mm"] == again["translation_error_mm"]
    assert 0.0 < first["translation_error_mm"]["median"] < 300.0


def test_sums_are_those_of_the_records() -> None:
    records = [record("success"), record("success", "across"), record("wrong", "across", "symmetry"),
               record("refused", "within", "mask")]
    result = summed("pour", "some", records)
    assert (result["success_rate"], result["wrong_and_confident_rate"], result["refused_rate"]) == (0.5, 0.25, 0.25)
    assert result["by_relation"]["within"]["success_rate"] == 0.5
    assert result["failures_by_cause"]["symmetry"] == {"refused": 0, "wrong": 1}
    assert result["failures_by_cause"]["mask"] == {"refused": 1, "wrong": 0}
    assert result["translation_error_mm"] == {"n": 3, "median": 10.0, "p90": 10.0}
    assert result["seconds_per_trial"] == pytest.approx(3.0)


def test_wilsons_interval_of_known_counts() -> None:
    assert wilson(8, 10) == pytest.approx([0.4902, 0.9433], abs=1e-4)  # Newcombe 1998's formula, by hand
    assert wilson(10, 10)[1] == pytest.approx(1.0) and wilson(10, 10)[0] < 0.75
    assert wilson(0, 0) == [0.0, 1.0]


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(BadSettings, match="oracle"):
        load_simulated("telepathy")
