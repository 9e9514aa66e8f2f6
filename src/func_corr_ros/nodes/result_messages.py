# SPDX-License-Identifier: Apache-2.0
"""The messages of this package, to and from values: objects, correspondences, transfers, and the errors they carry."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Path
from sensor_msgs.msg import CameraInfo, PointCloud2

from func_corr_ros import encodings
from func_corr_ros.errors import ErrorCode, FuncCorrError
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.msg import (
    CorrespondenceInfo,
    FunctionalKeypoint,
    FunctionalKeypointArray,
    ObjectMask,
    ObjectMaskArray,
    TransferPhase,
    TransferResult,
)
from func_corr_ros.nodes.messages import (
    Numbers,
    box_of,
    frame_of,
    header_of,
    image_message,
    moment_of,
    point_message,
    points_of,
    pose_message,
    raw_image,
    roi_message,
    vector_message,
)
from func_corr_ros.nodes.observations import MatchesSeen, Moment, ObjectsSeen, SeenKeypoint, Transferred
from func_corr_ros.segmentation.segmenter import Segmentation, SegmentedObject
from func_corr_ros.transfer.transfer import Transfer


def error_fields(error: FuncCorrError | None) -> tuple[int, str]:
    """Returns ``(error_code, error_msg)``; (0, "") without an error."""
    return (int(error.code), str(error)) if error is not None else (int(ErrorCode.NONE), "")


def error_from(code: int, message: str) -> FuncCorrError | None:
    """Returns the error that a message carries, None for code 0; a code of another version becomes the base class."""
    if code == ErrorCode.NONE:
        return None
    kinds = {int(kind.code): kind for kind in reversed(FuncCorrError.__subclasses__()) if "code" in vars(kind)}
    return kinds.get(code, FuncCorrError)(message)


def support_field(support: Plane | None) -> list[float]:
    """Returns (nx, ny, nz, d), NaN where unknown."""
    return [math.nan] * 4 if support is None else [*(float(value) for value in support.normal), float(support.offset)]


def support_of(values: Numbers) -> Plane | None:
    """Returns the plane of a support_plane field, or None for NaN."""
    numbers = np.asarray(values, dtype=np.float64)
    return Plane(numbers[:3], float(numbers[3])) if np.isfinite(numbers).all() else None


def objects_message(seen: ObjectsSeen, segmenter: str, age: float) -> ObjectMaskArray:
    """Returns the message of the objects seen, or of the error."""
    code, text = error_fields(seen.error)
    message = ObjectMaskArray(header=header_of(seen.moment), segmenter=segmenter, age=age, error_code=code, error_msg=text)
    found = seen.segmentation
    message.support_plane = support_field(found.support if found else None)
    if found is not None:
        message.labels = image_message(encodings.encode_labels(found.labels), seen.moment)
        message.objects = [
            ObjectMask(id=item.id, class_name=item.class_name, score=item.score, roi=roi_message(item.box))
            for item in found.objects
        ]
    return message


def segmentation_of(message: ObjectMaskArray) -> Segmentation | FuncCorrError:
    """Returns the segmentation that a message carries, or its error."""
    error = error_from(message.error_code, message.error_msg)
    if error is not None:
        return error
    objects = tuple(SegmentedObject(item.id, item.class_name, float(item.score), box_of(item.roi)) for item in message.objects)
    return Segmentation(encodings.decode_labels(*raw_image(message.labels)), objects, support_of(message.support_plane))


def objects_seen(color: Any, depth: Any, camera_info: CameraInfo, objects: ObjectMaskArray) -> ObjectsSeen:
    """Returns a frame and its objects as they arrive over topics; what is wrong with them becomes its error."""
    moment = moment_of(color.header)
    try:
        found = segmentation_of(objects)
        if isinstance(found, FuncCorrError):
            return ObjectsSeen(moment, error=found)
        return ObjectsSeen(moment, frame_of(color, depth, camera_info), found)
    except FuncCorrError as error:
        return ObjectsSeen(moment, error=error)


def keypoints_message(seen: MatchesSeen) -> FunctionalKeypointArray:
    """Returns the message of the reference's keypoints on the live object, or of the error."""
    code, text = error_fields(seen.error)
    message = FunctionalKeypointArray(header=header_of(seen.moment), error_code=code, error_msg=text, mirrored=seen.mirrored)
    message.function, message.reference_id, message.object_id = seen.function, seen.reference_id, seen.object_id
    message.support_plane = support_field(seen.support)
    message.keypoints = [_keypoint_message(item) for item in seen.keypoints]
    return message


def matches_of(keypoints: FunctionalKeypointArray, points: PointCloud2 | None) -> MatchesSeen:
    """Returns what a correspondence node saw, from its messages of one stamp; what is wrong with them becomes its error."""
    error = error_from(keypoints.error_code, keypoints.error_msg)
    seen = MatchesSeen(
        moment=moment_of(keypoints.header),
        reference_id=keypoints.reference_id,
        function=keypoints.function,
        object_id=keypoints.object_id,
        keypoints=tuple(_keypoint_of(item) for item in keypoints.keypoints),
        mirrored=keypoints.mirrored,
        error=error,
    )
    try:
        seen = replace(seen, support=support_of(keypoints.support_plane))
        return seen if error is not None or points is None else replace(seen, points=points_of(points))
    except FuncCorrError as broken:
        return replace(seen, error=error or broken)


def info_message(seen: MatchesSeen, identity: Mapping[str, str | bool], age: float) -> CorrespondenceInfo:
    """Returns what the correspondence of one moment was made with, or the error."""
    code, text = error_fields(seen.error)
    message = CorrespondenceInfo(header=header_of(seen.moment), age=age, error_code=code, error_msg=text, mirrored=seen.mirrored)
    message.function, message.reference_id, message.object_id = seen.function, seen.reference_id, seen.object_id
    message.model_id, message.weights_sha256 = str(identity["name"]), str(identity["sha256"])
    message.conditioned = bool(identity["conditioned"])
    message.support_plane = support_field(seen.support)
    message.mean_score = message.depth_valid_ratio = message.lattice_stride = math.nan
    if seen.points is not None and len(seen.points.uv):
        message.matches = len(seen.points.uv)
        message.mean_score = float(np.mean(seen.points.confidence))
        message.depth_valid_ratio = float(np.mean(np.isfinite(seen.points.points[:, 2])))
    if seen.stride:
        message.lattice_stride = float(seen.stride)
    return message


def transfer_message(seen: Transferred, age: float) -> TransferResult:
    """Returns the message of a transfer, or of why there is none."""
    code, text = error_fields(seen.error)
    message = TransferResult(header=header_of(seen.moment), age=age, accepted=seen.accepted, error_code=code, error_msg=text)
    message.object_id = seen.object_id
    support = seen.support.transformed(seen.target_from_camera) if seen.support is not None else None
    message.support_plane = support_field(support)
    message.symmetry_axis = vector_message([math.nan] * 3)
    message.score = message.rms_residual = message.inlier_ratio = message.scale = message.free_angle = math.nan
    if seen.demonstration is not None:
        message.demonstration_id, message.function = seen.demonstration.id, seen.demonstration.function
    alignment = seen.outcome.alignment if seen.outcome is not None else None
    if alignment is not None:
        message.rms_residual, message.inlier_ratio = float(alignment.rms), float(alignment.inlier_ratio)
        message.inliers, message.scale = int(alignment.inliers.sum()), float(alignment.live_from_reference.scale)
    if alignment is not None and alignment.bodies is not None:
        free = alignment.bodies.turn_is_free
        message.symmetry_order, message.free_angle = (-1, 2.0 * math.pi) if free else (1, 0.0)
        if free:
            message.symmetry_axis = vector_message(seen.target_from_camera[:3, :3] @ alignment.bodies.live.basis[:, 2])
    if isinstance(seen.outcome, Transfer):
        message.score, message.mirrored = float(seen.outcome.score), seen.outcome.mirrored
        message.phases = _phase_messages(seen.outcome, seen)
    return message


def _phase_messages(transfer: Transfer, seen: Transferred) -> list[TransferPhase]:
    ties = {phase.name: phase.relative_to for phase in seen.demonstration.phases} if seen.demonstration is not None else {}
    header = header_of(seen.moment)
    return [
        TransferPhase(
            name=phase.name,
            tool_link=phase.tool_link,
            relative_to=ties.get(phase.name, ""),
            pose=PoseStamped(header=header, pose=pose_message(seen.target_from_camera @ phase.camera_from_tool)),
        )
        for phase in transfer.phases
    ]


def path_message(phases: Sequence[TransferPhase], moment: Moment) -> Path:
    """Returns the phases' poses in their order."""
    return Path(header=header_of(moment), poses=[phase.pose for phase in phases])


def _keypoint_message(item: SeenKeypoint) -> FunctionalKeypoint:
    message = FunctionalKeypoint(name=item.name, point=point_message(item.point), confidence=float(item.confidence))
    (message.u, message.v), (message.u_ref, message.v_ref) = item.uv, item.uv_reference
    message.has_depth = bool(np.isfinite(item.point).all())
    return message


def _keypoint_of(message: FunctionalKeypoint) -> SeenKeypoint:
    point = np.array([message.point.x, message.point.y, message.point.z])
    uv = (message.u, message.v)
    return SeenKeypoint(message.name, uv, (message.u_ref, message.v_ref), message.confidence, point)
