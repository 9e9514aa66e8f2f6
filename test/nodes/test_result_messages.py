# SPDX-License-Identifier: Apache-2.0
"""Our messages carry what was seen, or the error with its code; unknown numbers are NaN, never 0."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from sensor_msgs.msg import PointCloud2

from func_corr_ros import msg, srv
from func_corr_ros.errors import ErrorCode, FuncCorrError, HighResidual, NoMask
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.revolution import Revolution
from func_corr_ros.geometry.rigid_fit import Similarity
from func_corr_ros.nodes import messages, result_messages
from func_corr_ros.nodes.observations import NO_POINTS, MatchesSeen, Moment, ObjectsSeen, PointMatches, SeenKeypoint, Transferred
from func_corr_ros.segmentation.segmenter import Segmentation, SegmentedObject
from func_corr_ros.transfer.align import Alignment, Bodies
from func_corr_ros.transfer.transfer import Refusal

MOMENT = Moment(5_000_000_007, "camera")
SUPPORT = Plane(np.array([0.0, -0.6, -0.8]), 0.5)
ROOT = Path(__file__).parents[2]


def some_objects() -> Segmentation:
    labels = np.zeros((4, 6), dtype=np.uint16)
    labels[1:3, 2:5] = 7
    return Segmentation(labels, (SegmentedObject(7, "mug", 0.5, (2, 1, 5, 3)),), SUPPORT)


def test_error_codes_of_python_and_of_the_message_are_the_same() -> None:
    text = (ROOT / "msg" / "ErrorCode.msg").read_text()
    written = {name: int(value) for name, value in re.findall(r"^uint16 (\w+)=(\d+)", text, re.MULTILINE)}
    assert written == {code.name: int(code) for code in ErrorCode}
    assert all(getattr(msg.ErrorCode, name) == value for name, value in written.items())


def test_every_result_and_every_response_says_why() -> None:
    results = (msg.ObjectMaskArray, msg.FunctionalKeypointArray, msg.CorrespondenceInfo, msg.TransferResult)
    kinds = [getattr(srv, path.stem).Response for path in (ROOT / "srv").glob("*.srv")]
    assert len(kinds) == 7
    for kind in (*results, *kinds):
        fields = kind.get_fields_and_field_types()
        assert (fields["error_code"], fields["error_msg"]) == ("uint16", "string"), kind


@pytest.mark.parametrize("kind", [kind for kind in FuncCorrError.__subclasses__() if "code" in vars(kind)])
def test_errors_keep_their_class_and_words(kind: type[FuncCorrError]) -> None:
    back = result_messages.error_from(*result_messages.error_fields(kind("why")))
    assert type(back) is kind and str(back) == "why"


def test_no_error_and_unknown_codes() -> None:
    assert result_messages.error_fields(None) == (0, "")
    assert result_messages.error_from(0, "") is None
    assert type(result_messages.error_from(398, "later")) is FuncCorrError


def test_objects_round_trip() -> None:
    message = result_messages.objects_message(ObjectsSeen(MOMENT, None, some_objects()), "tabletop", 0.25)
    assert (message.segmenter, message.age, message.error_code) == ("tabletop", 0.25, 0)
    back = result_messages.segmentation_of(message)
    assert np.array_equal(back.labels, some_objects().labels) and back.objects == some_objects().objects
    assert np.allclose(back.support.normal, SUPPORT.normal) and back.support.offset == SUPPORT.offset


def test_an_error_instead_of_objects() -> None:
    message = result_messages.objects_message(ObjectsSeen(MOMENT, error=NoMask("nothing there")), "tabletop", 0.1)
    assert (message.error_code, message.error_msg) == (ErrorCode.NO_MASK, "nothing there")
    assert all(math.isnan(value) for value in message.support_plane)
    back = result_messages.segmentation_of(message)
    assert isinstance(back, NoMask)


def some_matches() -> MatchesSeen:
    points = PointMatches(
        np.array([[0.1, 0.2, 0.5], [np.nan] * 3]),
        *(np.ones((2, 2), dtype=np.float32),) * 2,
        np.array([0.5, 1.0], dtype=np.float32),
    )
    keypoints = (
        SeenKeypoint("rim", (10.0, 20.0), (30.0, 40.0), 0.75, np.array([0.0, 0.25, 0.5])),
        SeenKeypoint("handle", (11.0, 21.0), (31.0, 41.0), 0.5, np.full(3, np.nan)),
    )
    return MatchesSeen(MOMENT, "mug-1", "pour-with", 7, points, keypoints, True, SUPPORT, stride=3)


def test_matches_round_trip() -> None:
    seen = some_matches()
    message = result_messages.keypoints_message(seen)
    assert [item.has_depth for item in message.keypoints] == [True, False]
    back = result_messages.matches_of(message, messages.points_message(seen.points, MOMENT))
    assert (back.reference_id, back.function, back.object_id, back.mirrored) == ("mug-1", "pour-with", 7, True)
    assert [item.name for item in back.keypoints] == ["rim", "handle"] and back.keypoints[0].uv_reference == (30.0, 40.0)
    assert np.array_equal(back.keypoints[1].point, seen.keypoints[1].point, equal_nan=True)
    assert np.allclose(back.points.points, seen.points.points, equal_nan=True)


def test_matches_that_do_not_hold_together_become_an_error_of_their_moment() -> None:
    seen = MatchesSeen(MOMENT, "blocks", "pour-with")
    for plane, cloud, code in (
        ([0.0, 0.0, 0.0, 1.0], messages.points_message(NO_POINTS, MOMENT), ErrorCode.DEGENERATE_GEOMETRY),
        ([0.0, 0.0, -1.0, 1.0], PointCloud2(width=3, height=1), ErrorCode.BAD_IMAGE),
    ):
        message = result_messages.keypoints_message(seen)
        message.support_plane = plane
        back = result_messages.matches_of(message, cloud)
        assert (back.moment, back.reference_id, back.error.code, back.points) == (MOMENT, "blocks", code, None)
        message.error_code, message.error_msg = int(ErrorCode.NO_MASK), "none"
        assert result_messages.matches_of(message, cloud).error.code == ErrorCode.NO_MASK, "the first error is the reason"


def test_info_counts_what_was_matched() -> None:
    identity = {"name": "dinov2-small", "sha256": "abc", "conditioned": False}
    info = result_messages.info_message(some_matches(), identity, 0.5)
    assert (info.model_id, info.weights_sha256, info.conditioned, info.matches) == ("dinov2-small", "abc", False, 2)
    assert (info.mean_score, info.depth_valid_ratio, info.lattice_stride) == (0.75, 0.5, 3.0)
    empty = result_messages.info_message(MatchesSeen(MOMENT, error=NoMask("none")), identity, 0.5)
    assert empty.matches == 0 and math.isnan(empty.mean_score) and math.isnan(empty.lattice_stride)


def aligned_vessel(turn_is_free: bool) -> Alignment:
    """A cylinder on itself whose turn is, or is not, determined; it stands along the live camera's -y axis."""
    basis = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    body = Revolution(np.zeros(3), basis, np.array([0.0, 0.1]), np.array([0.04, 0.04]), 1.0)
    bodies = Bodies(body, body, 1.0, 1.0, 0.0, turn_is_free)
    motion = Similarity(1.0, np.eye(3), np.zeros(3))
    return Alignment(motion, np.ones(3, bool), np.zeros((3, 3)), 0.001, 1.0, 0.1, True, bodies)


def test_a_vessel_that_looks_the_same_from_every_side_has_a_free_turn_about_its_axis() -> None:
    error = HighResidual("whatever")
    free, fixed = (
        result_messages.transfer_message(Transferred(MOMENT, outcome=Refusal(error, aligned_vessel(free)), error=error), 0.5)
        for free in (True, False)
    )
    assert free.symmetry_order == -1 and math.isclose(free.free_angle, 2.0 * math.pi, rel_tol=1e-6)
    assert np.allclose([free.symmetry_axis.x, free.symmetry_axis.y, free.symmetry_axis.z], [0.0, -1.0, 0.0])
    assert fixed.symmetry_order == 1 and fixed.free_angle == 0.0 and math.isnan(fixed.symmetry_axis.x)


def test_a_refused_transfer_has_no_poses_and_no_invented_numbers() -> None:
    seen = Transferred(MOMENT, outcome=Refusal(HighResidual("too far off")), error=HighResidual("too far off"), support=SUPPORT)
    message = result_messages.transfer_message(seen, 0.5)
    assert (message.accepted, message.error_code, len(message.phases)) == (False, ErrorCode.HIGH_RESIDUAL, 0)
    numbers = (
        message.score,
        message.rms_residual,
        message.inlier_ratio,
        message.scale,
        message.free_angle,
        message.symmetry_axis.x,
    )
    assert all(math.isnan(value) for value in numbers)
    assert message.symmetry_order == 0
    assert np.allclose(message.support_plane, [0.0, -0.6, -0.8, 0.5])
