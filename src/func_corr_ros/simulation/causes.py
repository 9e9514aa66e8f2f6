# SPDX-License-Identifier: Apache-2.0
"""Why a trial failed, by tests that were measured on it; docs/simulation.md says them in words."""
from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float64

from func_corr_ros.errors import FuncCorrError, NoDepth
from func_corr_ros.evaluation.metrics import PoseError, pose_error
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import about_axis, inverse, make, transform_points
from func_corr_ros.simulation.methods import Answer, Transferred
from func_corr_ros.simulation.staging import KEYPOINT, PHASE, TARGET, Trial, true_pose
from func_corr_ros.simulation.suite import Suite
from func_corr_ros.transfer.pipeline import PipelineResult, lift
from func_corr_ros.transfer.transfer import Refusal, Transfer, transfer_demonstration

CAUSES = ("mask", "correspondence", "depth", "alignment", "symmetry", "physics")
# A mask that overlaps the true one by less than this (intersection over union) is of something else.
LEAST_IOU = 0.7


def error_of(suite: Suite, camera_from_tool: Float64[np.ndarray, "4 4"], truth: Float64[np.ndarray, "4 4"]) -> PoseError:
    """Returns how far a pose is from the truth; where turns about one axis of the suite's frame do not count, the rotation error
    is the angle between these axes.
    """
    error = pose_error(camera_from_tool, truth)
    if not suite.free_about:
        return error
    axis = "xyz".index(suite.free_about)
    cosine = float(np.clip(camera_from_tool[:3, axis] @ truth[:3, axis], -1.0, 1.0))
    return replace(error, rotation_deg=math.degrees(math.acos(cosine)))


def is_near(suite: Suite, camera_from_tool: Float64[np.ndarray, "4 4"], truth: Float64[np.ndarray, "4 4"]) -> bool:
    """Returns whether a pose counts as good (``Suite.near_m``, ``near_deg``)."""
    error = error_of(suite, camera_from_tool, truth)
    return error.translation_m <= suite.near_m and error.rotation_deg <= suite.near_deg


def cause_of(trial: Trial, suite: Suite, method: object, answer: Answer) -> str:
    """Returns the first of these that is so, for a trial that was refused or came to nothing: the pose is good (physics); the
    mask is of something else (mask); with perfect depth the same matches give a good pose, or too few had depth (depth); all but
    a turn about the object's upright axis is right, or the turn was found to be free (symmetry); the demonstrated place itself
    was matched to a wrong place (correspondence); else the motion drawn from the matches is wrong (alignment).
    """
    truth, result = true_pose(trial, suite), answer.result
    if answer.camera_from_tool is not None and is_near(suite, answer.camera_from_tool, truth):
        return "physics"
    if result is None or not isinstance(method, Transferred):
        return "correspondence"  # chance matches nothing
    if iou(_chosen(result), trial.view.mask(TARGET)) < LEAST_IOU:
        return "mask"
    if isinstance(result.outcome, Refusal) and isinstance(result.outcome.error, NoDepth):
        return "depth"
    again = with_perfect_depth(trial, method, result)
    if isinstance(again, Transfer) and is_near(suite, again.phase(PHASE).camera_from_tool, truth):
        return "depth"
    if turned_only(trial, suite, answer.camera_from_tool, truth) or _turn_was_free(result):
        return "symmetry"
    return "alignment" if _place_is_right(trial, suite, result, truth) else "correspondence"


def iou(a: Bool[np.ndarray, "h w"] | None, b: Bool[np.ndarray, "h w"]) -> float:
    """Returns intersection over union, 0 without a mask."""
    return 0.0 if a is None else float((a & b).sum() / max(int((a | b).sum()), 1))


def with_perfect_depth(trial: Trial, method: Transferred, result: PipelineResult) -> Transfer | Refusal:
    """Returns what the transfer makes of the very same matches where the sensor's depth had been exact."""
    frame, found, segmentation = trial.view.frame, result.correspondence, result.segmentation
    assert found is not None and segmentation is not None
    exact = RgbdFrame(frame.color, trial.view.exact.depth, frame.camera, frame.stamp_ns, frame.frame_id)
    try:
        return transfer_demonstration(
            trial.demonstration, lift(trial.demonstration, found, exact), trial.view.support, method.settings
        )
    except FuncCorrError as error:
        return Refusal(error)


def _chosen(result: PipelineResult) -> Bool[np.ndarray, "h w"] | None:
    if result.segmentation is None or result.correspondence is None:
        return None
    return result.segmentation.mask(result.correspondence.object_id)


def turned_only(
    trial: Trial, suite: Suite, pose: Float64[np.ndarray, "4 4"] | None, truth: Float64[np.ndarray, "4 4"]
) -> bool:
    """Returns whether a turn about the object's upright axis, by any angle, makes a wrong pose a good one."""
    if pose is None:
        return False
    camera_from_object = trial.view.camera_from_object(TARGET)
    for angle in np.radians(np.arange(0.0, 360.0, 3.0)):
        turn = make(about_axis(np.array([0.0, 0.0, 1.0]), float(angle)), np.zeros(3))
        if is_near(suite, camera_from_object @ turn @ inverse(camera_from_object) @ pose, truth):
            return True
    return False


def _turn_was_free(result: PipelineResult) -> bool:
    alignment = result.outcome.alignment
    return isinstance(result.outcome, Refusal) and alignment is not None and alignment.bodies is not None and (
        alignment.bodies.turn_is_free
    )


def _place_is_right(trial: Trial, suite: Suite, result: PipelineResult, truth: Float64[np.ndarray, "4 4"]) -> bool:
    """Returns whether the marked place was matched, by itself, to within ``near_m`` of where it truly belongs."""
    match = None if result.lifted is None else result.lifted.keypoints.get(KEYPOINT)
    if match is None:
        return False
    demonstration = trial.demonstration
    belongs = truth @ inverse(demonstration.phases[0].camera_from_tool)
    place = transform_points(belongs, demonstration.keypoint(KEYPOINT).point[None])[0]
    return bool(np.linalg.norm(match.point - place) <= suite.near_m)
