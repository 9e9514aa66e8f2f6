# SPDX-License-Identifier: Apache-2.0
"""The probability of a transfer falls with each thing that makes transfers wrong, and refusals go by it."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from transfer.sticks import TABLE, laid_out, stick
from transfer.vessels import Vessel, sided

from func_corr_ros.errors import LowConfidence
from func_corr_ros.geometry.depth_image import back_project
from func_corr_ros.transfer.align import AlignSettings, align_objects
from func_corr_ros.transfer.demonstration import Keypoint
from func_corr_ros.transfer.lift import LiftedKeypoint, LiftedMatches
from func_corr_ros.transfer.part_box import boxed_place
from func_corr_ros.transfer.revolved import align_revolved
from func_corr_ros.transfer.transfer import Refusal, Transfer, TransferSettings, transfer_demonstration
from func_corr_ros.transfer.trust import OTHER, ROUND, evidence, model_of, probability
from func_corr_ros.transfer.turn import believed_turn

TIP = Keypoint("tip", (0.0, 0.0), np.array([0.15, 0.0, 0.01]))


def _measured(lifted: LiftedMatches, part_ratio: float | None = None) -> dict[str, float]:
    """Returns the evidence of sticks, of a motion that explains ``part_ratio`` of the part's matches, or as much as it does."""
    belief = believed_turn(*laid_out(lifted))
    alignment = align_objects(lifted, TABLE, TABLE, belief=belief)
    alignment = alignment if part_ratio is None else replace(alignment, part_ratio=part_ratio)
    return evidence(lifted, alignment, belief, TIP, boxed_place(TIP.point, belief))


def _measured_vessels(live: Vessel, turned: float = 0.0, own_off: float | None = None) -> dict[str, float]:
    """Returns the evidence of vessels with a handle each, of a motion that is ``turned`` away from the right one [rad]; the
    outlet's own match is ``own_off`` [m] below it, or there is none.
    """
    lifted, bodies, belief = sided(Vessel(), live)
    if own_off is not None:
        lifted = replace(lifted, keypoints={"outlet": LiftedKeypoint(live.outlet - [0.0, 0.0, own_off], 0.9)})
    alignment = align_revolved(lifted, *bodies, AlignSettings(), belief)
    alignment = replace(alignment, bodies=replace(alignment.bodies, turn=alignment.bodies.turn + turned))
    return evidence(lifted, alignment, belief, Keypoint("outlet", (0.0, 0.0), Vessel().outlet), live.outlet)


def test_what_is_measured_is_what_the_probability_is_of() -> None:
    measured = _measured(stick(0.4))
    assert set(measured) == set(OTHER.coefficients) and model_of(measured) is OTHER
    vessels = _measured_vessels(Vessel(turn=0.5))
    assert set(vessels) == set(ROUND.coefficients) and model_of(vessels) is ROUND


def test_a_turn_that_handles_deny_costs_trust() -> None:
    agrees, denied = (_measured_vessels(Vessel(turn=0.5), turned) for turned in (0.0, 1.5))
    assert agrees["sides"] == 1.0 and denied["sides"] == -1.0
    assert probability(agrees) > probability(denied) + 0.1


def test_an_object_of_the_same_shape_is_trusted_more_than_one_of_another() -> None:
    same, other = stick(0.4), stick(0.4)
    rng = np.random.default_rng(3)
    ball = rng.normal(size=(400, 3))
    ball = 0.1 * ball / np.linalg.norm(ball, axis=1)[:, None] + [0.0, 0.0, 0.1]
    other = replace(other, live=ball, part=np.stack([np.clip(ball[:, 0] > 0.05, 0.02, 0.95), other.part[:, 1]], axis=1))
    assert probability(_measured(same)) > 0.8 > probability(_measured(other)) + 0.1


def test_a_keypoints_own_match_elsewhere_costs_vessels_trust() -> None:
    near, far, none = (probability(_measured_vessels(Vessel(turn=0.5), own_off=off)) for off in (0.0, 0.03, None))
    assert near > none + 0.01 > 0.9 and near > far + 0.01


def test_a_motion_that_explains_the_part_is_trusted_more() -> None:
    all_of_it, little, unknown = (_measured(stick(0.4), share) for share in (1.0, 0.2, float("nan")))
    assert probability(all_of_it) > probability(little) + 0.05 and probability(little) > probability(unknown)
    assert unknown["part_explained"] == 0.0, "where nothing of the part is matched with it, nothing speaks for the motion"


def test_a_transfer_is_refused_by_its_probability_with_the_numbers(demonstration) -> None:
    points = back_project(demonstration.frame.depth, demonstration.frame.camera, demonstration.mask)[0][::5]
    part = np.where(points[:, :1] > 0.03, 0.9, 0.05) * np.ones((1, 2))
    lifted = LiftedMatches(points, points, np.full(len(points), 0.8), 1.0, part=part)
    refused = transfer_demonstration(demonstration, lifted, demonstration.support, TransferSettings(min_probability=1.0))
    assert isinstance(refused, Refusal) and isinstance(refused.error, LowConfidence)
    assert "min_probability" in str(refused.error) and refused.alignment is not None and refused.score is not None
    assert f"probability of {int(100.0 * refused.score)}%" in str(refused.error)
    accepted = transfer_demonstration(demonstration, lifted, demonstration.support, TransferSettings(min_probability=0.0))
    assert isinstance(accepted, Transfer) and 0.0 < accepted.score < 1.0
    looks = transfer_demonstration(demonstration, replace(lifted, part=None), demonstration.support)
    assert isinstance(looks, Transfer) and looks.score == pytest.approx(1.0), "looks alone have the share explained"
