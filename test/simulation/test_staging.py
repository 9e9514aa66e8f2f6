# SPDX-License-Identifier: Apache-2.0
"""Trials are drawn evenly and again the same; what is demonstrated is never what is acted with."""
from __future__ import annotations

import numpy as np
import pytest

from func_corr_ros.errors import BadSettings
from func_corr_ros.geometry.se3 import about_axis, inverse, make
from func_corr_ros.simulation.causes import cause_of, error_of, iou, is_near, turned_only
from func_corr_ros.simulation.methods import Answer, Oracle
from func_corr_ros.simulation.staging import (
    KEYPOINT,
    PHASE,
    TARGET,
    StagingSettings,
    Trial,
    _pair,
    believed,
    instance,
    staged,
    true_pose,
)
from func_corr_ros.simulation.suite import load_suite

PLAIN = StagingSettings(noise=0.0)


@pytest.fixture(scope="module")
def trial() -> Trial:
    """The first trial of pouring, seen by a perfect sensor."""
    return staged(load_suite("pour"), 0, PLAIN)


def test_even_trials_stay_within_a_category_and_odd_ones_meet_every_other_pair() -> None:
    kinds = ("a", "b", "c")
    pairs = [_pair(kinds, number) for number in range(12)]
    assert all((shown == acted) == (number % 2 == 0) for number, (shown, acted) in enumerate(pairs))
    assert {pair for pair in pairs if pair[0] != pair[1]} == {(x, y) for x in kinds for y in kinds if x != y}


def test_a_trial_is_the_same_again_and_its_demonstration_another_object(trial: Trial) -> None:
    first, again = trial, staged(load_suite("pour"), 0, PLAIN)
    np.testing.assert_array_equal(first.view.frame.color, again.view.frame.color)
    assert first.relation == "within" and first.demonstration.function == "pour-with"
    shown = instance("mug", PLAIN.instances + 100).vertices
    assert shown.shape != first.thing.vertices.shape or not np.allclose(shown, first.thing.vertices)
    with pytest.raises(BadSettings, match="unicorn"):
        instance("unicorn", 0)


def test_the_demonstration_is_exact_and_its_place_lies_on_the_object(trial: Trial) -> None:
    phase, place = trial.demonstration.phases[0], trial.demonstration.keypoint(KEYPOINT)
    assert phase.name == PHASE
    assert np.linalg.norm(phase.camera_from_tool[:3, 3] - place.point) < 0.02
    assert trial.view.mask(TARGET).sum() > 2000


def test_the_truth_is_believed_to_be_the_true_frame(trial: Trial) -> None:
    suite = load_suite("grasp")
    np.testing.assert_allclose(believed(trial, true_pose(trial, suite)), suite.object_from_tool(trial.thing), atol=1e-12)


def test_a_failure_has_the_first_cause_that_is_so(trial: Trial) -> None:
    suite, oracle, truth = load_suite("pour"), Oracle(), true_pose(trial, load_suite("pour"))
    assert cause_of(trial, suite, oracle, Answer(truth)) == "physics"
    assert cause_of(trial, suite, oracle, Answer(None, "no object")) == "correspondence"
    camera_from_object = trial.view.camera_from_object(TARGET)
    turn = make(about_axis(np.array([0.0, 0.0, 1.0]), 2.0), np.zeros(3))
    turned = camera_from_object @ turn @ inverse(camera_from_object) @ truth
    assert not is_near(suite, turned, truth) and turned_only(trial, suite, turned, truth)
    lifted = make(turned[:3, :3], turned[:3, 3] + 0.05)
    assert not turned_only(trial, suite, lifted, truth) and not turned_only(trial, suite, None, truth)


def test_errors_count_what_the_suite_says_counts() -> None:
    from dataclasses import replace

    suite, truth = load_suite("pour"), np.eye(4)
    turned = make(about_axis(np.array([1.0, 0.0, 0.0]), np.radians(90.0)), np.array([0.0, 0.01, 0.0]))
    error = error_of(suite, turned, truth)
    assert error.translation_m == pytest.approx(0.01) and error.rotation_deg == pytest.approx(90.0)
    assert error_of(replace(suite, free_about="x"), turned, truth).rotation_deg == pytest.approx(0.0, abs=1e-5)
    assert not is_near(suite, turned, truth) and is_near(replace(suite, free_about="x"), turned, truth)


def test_masks_overlap_by_what_they_share() -> None:
    a = np.zeros((4, 4), dtype=bool)
    a[:2] = True
    assert iou(a, a) == 1.0 and iou(a, ~a) == 0.0 and iou(None, a) == 0.0
    assert iou(a, np.ones_like(a)) == pytest.approx(0.5)


def test_a_suite_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadSettings, match="pour"):
        load_suite("juggle")
