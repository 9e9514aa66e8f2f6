# SPDX-License-Identifier: Apache-2.0
"""Phases may go with the world or with another object instead of the demonstrated one."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.errors import BadDemonstration, NoReference
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.transfer.demonstration import Demonstration, Phase
from func_corr_ros.transfer.demonstration_store import DemonstrationStore
from func_corr_ros.transfer.lift import LiftedMatches
from func_corr_ros.transfer.transfer import Refusal, Transfer, transfer_demonstration

UP = np.array([0.0, -1.0, 0.0])
POUR = make(about_axis(UP, 0.3), np.array([0.2, 0.0, 0.9]))
MOVED = make(about_axis(UP, np.radians(25.0)), np.array([0.05, 0.0, 0.1]))


def _shown(demonstration: Demonstration, relative_to: str) -> Demonstration:
    return replace(demonstration, phases=(*demonstration.phases, Phase("over_the_cup", "outlet", relative_to, POUR)))


def _matches(motion: np.ndarray) -> LiftedMatches:
    points = np.random.default_rng(0).uniform([-0.06, -0.05, 0.95], [0.06, 0.05, 1.05], (300, 3))
    return LiftedMatches(points, points @ motion[:3, :3].T + motion[:3, 3], np.full(300, 0.8), 1.0)


def test_a_phase_about_the_receiver_goes_with_the_receiver(demonstration: Demonstration) -> None:
    shown = _shown(demonstration, "@receiver")
    outcome = transfer_demonstration(shown, _matches(np.eye(4)), shown.support, anchors={"receiver": MOVED})
    assert isinstance(outcome, Transfer)
    np.testing.assert_allclose(outcome.phase("over_the_cup").camera_from_tool, MOVED @ POUR, atol=1e-12)
    np.testing.assert_allclose(outcome.phase("grasp").camera_from_tool, shown.phases[0].camera_from_tool, atol=1e-6)


def test_a_phase_about_the_world_stays_where_the_world_is(demonstration: Demonstration) -> None:
    shown = _shown(demonstration, "@world")
    outcome = transfer_demonstration(shown, _matches(MOVED), shown.support, anchors={"world": np.eye(4)})
    assert isinstance(outcome, Transfer)
    np.testing.assert_allclose(outcome.phase("over_the_cup").camera_from_tool, POUR)
    assert np.linalg.norm(outcome.phase("grasp").camera_from_tool[:3, 3] - shown.phases[0].camera_from_tool[:3, 3]) > 0.1


def test_an_anchor_that_nobody_gave_is_a_refusal_that_names_it(demonstration: Demonstration) -> None:
    shown = _shown(demonstration, "@receiver")
    outcome = transfer_demonstration(shown, _matches(np.eye(4)), shown.support, anchors={"world": np.eye(4)})
    assert isinstance(outcome, Refusal) and isinstance(outcome.error, NoReference)
    assert "receiver" in str(outcome.error) and "given: world" in str(outcome.error)


def test_anchors_are_stored_and_nonsense_is_refused(demonstration: Demonstration, tmp_path: Path) -> None:
    store = DemonstrationStore(tmp_path)
    store.record(_shown(demonstration, "@receiver"))
    assert store.load(demonstration.id).phases[-1].anchor == "receiver"
    assert store.load(demonstration.id).phases[0].anchor == ""
    for wrong in ("@", "@The Cup", "nowhere"):
        with pytest.raises(BadDemonstration):
            _shown(demonstration, wrong)
