# SPDX-License-Identifier: Apache-2.0
"""A known motion is found again in millimetres; what cannot be trusted is refused with its numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from transfer.vessels import TABLE, Vessel, matched, points_of, sided

from func_corr_ros.errors import DegenerateGeometry, HighResidual, TooFewPoints
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.se3 import about_axis, make, rotation_angle
from func_corr_ros.transfer.align import AlignSettings, align_objects
from func_corr_ros.transfer.carry import carried_keypoint
from func_corr_ros.transfer.demonstration import Keypoint, Phase
from func_corr_ros.transfer.lift import LiftedKeypoint, LiftedMatches
from func_corr_ros.transfer.transfer import Refusal, Transfer, TransferSettings, transfer_demonstration

UP = np.array([0.0, -1.0, 0.0])
LIVE_SUPPORT = Plane(UP, 0.3)
YAW = about_axis(UP, np.radians(40.0))
SHIFT = np.array([0.1, 0.02, 0.3])


def _object_points(count=300, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform([-0.06, -0.05, 0.95], [0.06, 0.05, 1.05], (count, 3))


def _lifted(motion=YAW, scale=1.0, outliers=0, noise=0.0, mirrored=False, seed=0):
    rng = np.random.default_rng(seed)
    reference = _object_points(seed=seed)
    live = scale * reference @ motion.T + SHIFT + rng.normal(0.0, noise, reference.shape)
    live[:outliers] = rng.uniform(-0.3, 0.3, (outliers, 3)) + live.mean(axis=0)
    return LiftedMatches(reference, live, np.full(len(live), 0.8), 1.0, mirrored)


def test_a_rigid_motion_carries_every_phase_exactly(demonstration):
    result = transfer_demonstration(demonstration, _lifted(), LIVE_SUPPORT)
    assert isinstance(result, Transfer)
    for phase, carried in zip(demonstration.phases, result.phases, strict=True):
        expected = make(YAW, SHIFT) @ phase.camera_from_tool
        assert np.linalg.norm(expected[:3, 3] - carried.camera_from_tool[:3, 3]) < 1e-6
        assert rotation_angle(expected[:3, :3], carried.camera_from_tool[:3, :3]) < 1e-6
        assert carried.tool_link == phase.tool_link
    assert result.score == 1.0 and result.alignment.rms < 1e-6


def test_two_matches_in_five_may_be_wrong(demonstration):
    result = transfer_demonstration(demonstration, _lifted(outliers=120, noise=0.003), LIVE_SUPPORT)
    assert isinstance(result, Transfer)
    expected = make(YAW, SHIFT) @ demonstration.phases[1].camera_from_tool
    carried = result.phase("action").camera_from_tool
    # 3 mm of noise on 180 points: the mean is good to a fraction of a millimetre, a wrong fit would be off by centimetres.
    assert np.linalg.norm(expected[:3, 3] - carried[:3, 3]) < 0.004
    assert np.degrees(rotation_angle(expected[:3, :3], carried[:3, :3])) < 2.0
    assert 0.55 < result.score < 0.7


def test_the_gripper_does_not_scale_with_the_object(demonstration):
    result = transfer_demonstration(demonstration, _lifted(scale=2.0), LIVE_SUPPORT)
    assert isinstance(result, Transfer)
    grasp, handle = result.phase("grasp").camera_from_tool[:3, 3], result.keypoints["handle"]
    assert np.linalg.norm(grasp - handle) == pytest.approx(0.05, abs=1e-6)
    np.testing.assert_allclose(handle, 2.0 * YAW @ demonstration.keypoint("handle").point + SHIFT, atol=1e-6)


def test_a_mirrored_object_gets_mirrored_positions_and_proper_rotations(demonstration):
    mirror = YAW @ np.diag([-1.0, 1.0, 1.0])
    result = transfer_demonstration(demonstration, _lifted(motion=mirror, mirrored=True), LIVE_SUPPORT)
    assert isinstance(result, Transfer) and result.mirrored
    for phase in result.phases:
        assert np.linalg.det(phase.camera_from_tool[:3, :3]) == pytest.approx(1.0, abs=1e-9)
    action, shown = result.phase("action").camera_from_tool, demonstration.phases[1].camera_from_tool
    np.testing.assert_allclose(action[:3, 3], mirror @ shown[:3, 3] + SHIFT, atol=1e-6)
    np.testing.assert_allclose(action[:3, 0], mirror @ shown[:3, 0], atol=1e-6)  # the direction of the pour is mirrored
    np.testing.assert_allclose(action[:3, 2], mirror @ shown[:3, 2], atol=1e-6)
    np.testing.assert_allclose(action[:3, 1], -mirror @ shown[:3, 1], atol=1e-6)  # the mirror axis turns back


def _bulging():
    """Matches under no motion at all, but for a bulge of 6 mm around the first point; and the points' alignment."""
    lifted = _lifted(motion=np.eye(3))
    near = np.linalg.norm(lifted.reference - lifted.reference[0], axis=1) < 0.03
    lifted = replace(lifted, live=lifted.live + np.where(near[:, None], [0.0, 0.0, 0.006], 0.0))
    return lifted, AlignSettings(local_radius=0.1)


def test_local_shape_is_followed_without_moving_far_places():
    lifted, settings = _bulging()
    alignment = align_objects(lifted, LIVE_SUPPORT, LIVE_SUPPORT, settings)
    moved = alignment.live_from_reference.apply(lifted.reference)

    def carried(index):
        return carried_keypoint(Keypoint("place", (0.0, 0.0), lifted.reference[index]), lifted, alignment, settings)

    assert np.linalg.norm(carried(0) - lifted.live[0]) < 0.6 * np.linalg.norm(moved[0] - lifted.live[0])
    far = int(np.argmax(np.linalg.norm(lifted.reference - lifted.reference[0], axis=1)))
    assert np.linalg.norm(carried(far) - moved[far]) < 0.001


def test_a_keypoints_own_match_corrects_it_unless_it_contradicts_the_motion():
    lifted, settings = _bulging()
    alignment = align_objects(lifted, LIVE_SUPPORT, LIVE_SUPPORT, settings)
    place = Keypoint("place", (0.0, 0.0), lifted.reference[0])
    truth = lifted.live[0] + [0.004, 0.0, 0.0]

    def error(match):
        return np.linalg.norm(carried_keypoint(place, replace(lifted, keypoints=match), alignment, settings) - truth)

    alone = error({})
    assert error({"place": LiftedKeypoint(truth, 0.9)}) < 0.6 * alone
    assert error({"place": LiftedKeypoint(truth, 0.0)}) == pytest.approx(alone)
    assert error({"place": LiftedKeypoint(truth + 0.1, 0.9)}) == pytest.approx(alone), "10 cm away is no shape difference"
    assert error({"elsewhere": LiftedKeypoint(truth, 0.9)}) == pytest.approx(alone)


def test_without_a_support_the_full_rotation_is_free(demonstration):
    tilted = about_axis(np.array([1.0, 0.0, 0.0]), 0.5) @ YAW
    result = transfer_demonstration(replace(demonstration, support=None), _lifted(motion=tilted), LIVE_SUPPORT)
    assert isinstance(result, Transfer) and not result.alignment.upright
    assert rotation_angle(result.alignment.live_from_reference.rotation, tilted) < 1e-6


def test_the_same_input_gives_the_same_pose(demonstration):
    one, other = (transfer_demonstration(demonstration, _lifted(outliers=100, noise=0.004), LIVE_SUPPORT) for _ in range(2))
    np.testing.assert_array_equal(one.phases[0].camera_from_tool, other.phases[0].camera_from_tool)


def test_too_few_points_are_refused(demonstration):
    few = LiftedMatches(_object_points(10), _object_points(10), np.ones(10), 1.0)
    result = transfer_demonstration(demonstration, few, LIVE_SUPPORT)
    assert isinstance(result, Refusal) and isinstance(result.error, TooFewPoints)
    assert "10 lifted matches" in str(result.error)


def test_unrelated_points_are_refused_with_the_share_explained(demonstration):
    lifted = replace(_lifted(), live=_object_points(seed=9))
    result = transfer_demonstration(demonstration, lifted, LIVE_SUPPORT, TransferSettings(min_inlier_ratio=0.6))
    assert isinstance(result, Refusal) and isinstance(result.error, HighResidual)
    assert "min_inlier_ratio" in str(result.error) and result.alignment is not None


def test_noise_beyond_the_limit_is_refused_in_millimetres(demonstration):
    result = transfer_demonstration(demonstration, _lifted(noise=0.01), LIVE_SUPPORT, TransferSettings(max_residual=0.02))
    assert isinstance(result, Refusal) and "mm" in str(result.error)


def test_an_absurd_scale_is_refused(demonstration):
    result = transfer_demonstration(demonstration, _lifted(scale=6.0), LIVE_SUPPORT)
    assert isinstance(result, Refusal) and "scale 0.25 to 4" in str(result.error)


def test_coincident_points_are_refused(demonstration):
    point = np.tile([[0.0, 0.0, 1.0]], (50, 1))
    result = transfer_demonstration(demonstration, LiftedMatches(point, point, np.ones(50), 1.0), LIVE_SUPPORT)
    assert isinstance(result, Refusal) and isinstance(result.error, DegenerateGeometry)


def test_a_grasp_by_a_handle_that_is_hidden_is_refused_though_a_spout_tells_a_turn(demonstration, monkeypatch):
    shown, seen, hidden = Vessel(), Vessel(turn=0.8), Vessel(turn=0.8)
    monkeypatch.setattr("func_corr_ros.transfer.transfer._shown_points", lambda _: points_of(shown))
    wide = replace(demonstration.frame, camera=replace(demonstration.frame.camera, fx=20.0, fy=20.0))
    grip = Keypoint("handle", tuple(wide.camera.project(shown.grip)[0]), shown.grip)
    shows = replace(demonstration, id="by_its_handle", frame=wide, keypoints=(grip,), support=TABLE,
                    phases=(Phase("grasp", "gripper", "handle", make(np.eye(3), shown.grip)),))
    found = transfer_demonstration(shows, sided(shown, seen)[0], TABLE, TransferSettings(min_probability=0.0))
    assert np.linalg.norm(found.keypoints["handle"] - seen.grip) < 0.012
    plain, rng = matched(shown, hidden, wall_turn=0.8, handle=False), np.random.default_rng(0)
    azimuth, level = rng.uniform(-0.1, 0.1, 120), rng.uniform(0.3, 0.7, 120)
    reference, live = shown.handle_points(azimuth, level), hidden.at(hidden.radius + 0.025, np.pi + azimuth, 0.06 + 0.05 * level)
    part = np.where(np.stack([plain.live[:, 2], plain.reference[:, 2]], axis=1) > 0.09, 0.9, 0.02)
    spouted = replace(
        plain, reference=np.concatenate([plain.reference, reference]), live=np.concatenate([plain.live, live]),
        weights=np.full(len(plain.weights) + 120, 0.5), part=np.concatenate([part, np.tile([0.9, 0.02], (120, 1))]),
    )
    refused = transfer_demonstration(shows, spouted, TABLE, TransferSettings(min_probability=0.0))
    assert isinstance(refused, Refusal) and isinstance(refused.error, DegenerateGeometry) and "hidden" in str(refused.error)
    assert not refused.alignment.bodies.turn_is_free, "handle on spout: a turn, and a wrong one"


def test_a_handle_that_is_the_part_is_not_hidden_where_its_ends_alone_are_matched(demonstration, monkeypatch):
    """Hanging: what the peg goes through is the part itself, and of the demonstrated handle the middle has no match."""
    shown, seen, rng = Vessel(), Vessel(turn=0.8), np.random.default_rng(0)
    monkeypatch.setattr("func_corr_ros.transfer.transfer._shown_points", lambda _: points_of(shown))
    wide = replace(demonstration.frame, camera=replace(demonstration.frame.camera, fx=20.0, fy=20.0))
    grip = Keypoint("handle", tuple(wide.camera.project(shown.grip)[0]), shown.grip)
    shows = replace(demonstration, id="hung_by_its_handle", frame=wide, keypoints=(grip,), support=TABLE,
                    phases=(Phase("action", "tool", "handle", make(np.eye(3), shown.grip)),))
    plain, azimuth, level = matched(shown, seen, handle=False), rng.uniform(-0.1, 0.1, 200), rng.uniform(0.1, 0.9, 200)
    ends, handle = shown.handle_points(azimuth, np.where(level < 0.5, 0.1, 0.9)), seen.handle_points(azimuth, level)
    lifted = replace(
        plain, reference=np.concatenate([plain.reference, ends]), live=np.concatenate([plain.live, handle]),
        weights=np.full(1400, 0.5), part=np.repeat([0.02, 0.95], [1200, 200])[:, None].repeat(2, axis=1),
    )
    found = transfer_demonstration(shows, lifted, TABLE, TransferSettings(min_probability=0.0))
    assert isinstance(found, Transfer) and np.linalg.norm(found.keypoints["handle"] - seen.grip) < 0.012
