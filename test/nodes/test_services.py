# SPDX-License-Identifier: Apache-2.0
"""What planners ask the running nodes is answered, with poses in millimetres or with an error code, and never left open."""

import numpy as np
import pytest
from func_corr_ros.srv import (
    GetCorrespondence,
    ListDemonstrations,
    LoadDemonstration,
    RecordDemonstration,
    Segment,
    SetReference,
    TransferDemonstration,
)
from sensor_msgs.msg import Image

from func_corr_ros.errors import ErrorCode

pytestmark = pytest.mark.ros


def test_unknown_demonstration_names_those_there_are(robot, blocks, good, loaded, assert_good) -> None:
    for kind, name in ((LoadDemonstration, "load_demonstration"), (TransferDemonstration, "transfer_demonstration")):
        answer = robot.call(kind, f"transfer_node/{name}", demonstration_id="bloks")
        assert answer.error_code == ErrorCode.UNKNOWN_DEMONSTRATION and "'blocks'" in answer.error_msg
    for name in ("../blocks", "/etc", ""):
        answer = robot.call(LoadDemonstration, "transfer_node/load_demonstration", demonstration_id=name)
        assert answer.error_code == ErrorCode.UNKNOWN_DEMONSTRATION
    assert_good()


def test_transfer_of_one_image(robot, blocks, good, loaded) -> None:
    make, world_from_object = good
    color, depth, info = make(robot.now_ns())
    answer = robot.call(
        TransferDemonstration,
        "transfer_node/transfer_demonstration",
        demonstration_id="blocks",
        color=color,
        depth=depth,
        camera_info=info,
    )
    assert (answer.error_code, answer.result.accepted) == (0, True), answer.error_msg
    assert answer.result.header == color.header
    robot.assert_pose(answer.result.phases[1], blocks.truth(world_from_object))


def test_services_answer_bad_images_with_their_code(robot, good, loaded, bad) -> None:
    code, spoil = bad
    color, depth, info = spoil(*good[0](robot.now_ns()))
    images = {"color": color, "depth": depth, "camera_info": info}
    for kind, name in (
        (TransferDemonstration, "transfer_node/transfer_demonstration"),
        (Segment, "segmentation_node/segment"),
        (GetCorrespondence, "correspondence_node/get_correspondence"),
    ):
        answer = robot.call(kind, name, **images)
        assert answer.error_code == code and answer.error_msg, (name, answer.error_code, answer.error_msg)
    answer = robot.call(
        RecordDemonstration, "transfer_node/record_demonstration", demonstration_id="bad", function="pour-with", **images
    )
    assert answer.error_code == code, answer.error_msg


def test_services_use_the_newest_frame(robot, blocks, good, loaded, assert_good) -> None:
    assert_good()
    segmented = robot.call(Segment, "segmentation_node/segment")
    while segmented.error_code == ErrorCode.STALE_INPUT:
        assert_good()
        segmented = robot.call(Segment, "segmentation_node/segment")
    assert (segmented.error_code, len(segmented.objects.objects)) == (0, 1), segmented.error_msg
    clicked = robot.call(Segment, "segmentation_node/segment", point_u=[5.0], point_v=[5.0])
    assert clicked.error_code in (ErrorCode.NO_MASK, ErrorCode.STALE_INPUT)


def test_pixels_asked_for_are_found(robot, blocks, good, loaded) -> None:
    make, world_from_object = good
    color, depth, info = make(robot.now_ns())
    keypoint = blocks.demonstration().keypoints[0]
    answer = robot.call(
        GetCorrespondence,
        "correspondence_node/get_correspondence",
        color=color,
        depth=depth,
        camera_info=info,
        query_names=["top"],
        query_u=[keypoint.uv[0]],
        query_v=[keypoint.uv[1]],
    )
    assert answer.error_code == 0, answer.error_msg
    (found,) = answer.keypoints.keypoints
    expected = blocks.CAMERA_FROM_WORLD @ world_from_object @ np.array([*blocks.KEYPOINT_IN_OBJECT, 1.0])
    assert found.name == "top" and found.has_depth
    assert np.linalg.norm(np.array([found.point.x, found.point.y, found.point.z]) - expected[:3]) < 0.01
    assert len(answer.flow.data) == 0 and answer.info.reference_id == "blocks"


def test_record_list_and_transfer(robot, blocks, good, loaded, running) -> None:
    make, world_from_object = good
    color, depth, info = make(robot.now_ns())
    named = blocks.demonstration()
    phases = robot.call(
        TransferDemonstration, "transfer_node/transfer_demonstration", color=color, depth=depth, camera_info=info
    ).result.phases
    keypoint = blocks.CAMERA.project(
        (blocks.CAMERA_FROM_WORLD @ world_from_object @ np.array([*blocks.KEYPOINT_IN_OBJECT, 1.0]))[:3]
    )[0]
    fields = {
        "demonstration_id": "recorded",
        "function": "pour-with",
        "object": "blocks",
        "color": color,
        "depth": depth,
        "camera_info": info,
        "keypoint_names": ["top"],
        "keypoint_u": [float(keypoint[0])],
        "keypoint_v": [float(keypoint[1])],
        "phases": phases,
    }
    answer = robot.call(RecordDemonstration, "transfer_node/record_demonstration", **fields)
    assert (answer.error_code, answer.demonstration_id) == (0, "recorded"), answer.error_msg
    again = robot.call(RecordDemonstration, "transfer_node/record_demonstration", **fields)
    assert again.error_code == ErrorCode.BAD_DEMONSTRATION
    listed = robot.call(ListDemonstrations, "transfer_node/list_demonstrations", function="pour-with")
    assert (listed.error_code, list(listed.demonstration_ids), listed.loaded) == (0, ["blocks", "recorded"], "blocks")
    assert list(robot.call(ListDemonstrations, "transfer_node/list_demonstrations", function="cut-with").demonstration_ids) == []
    # back to where the first demonstration was recorded: the two carry the tool there and back
    first = running.rgbd_messages(blocks.frame(blocks.DEMONSTRATED), robot.now_ns())
    back = robot.call(
        TransferDemonstration,
        "transfer_node/transfer_demonstration",
        demonstration_id="recorded",
        color=first[0],
        depth=first[1],
        camera_info=first[2],
    )
    assert back.error_code == 0, back.error_msg
    robot.assert_pose(back.result.phases[1], named.phases[1].camera_from_tool)


def test_a_reference_set_by_hand(robot, blocks, good, loaded, assert_good, running) -> None:
    seen = blocks.demonstration()
    color, _, _ = running.rgbd_messages(seen.frame, 0)
    mask = Image(height=480, width=640, encoding="mono8", step=640, data=(seen.mask.astype(np.uint8) * 255).tobytes())
    empty = robot.call(SetReference, "correspondence_node/set_reference", reference_id="hand", function="pour-with", color=color)
    assert empty.error_code == ErrorCode.BAD_IMAGE and "mask" in empty.error_msg
    fields = {"reference_id": "hand", "color": color, "mask": mask}
    unnamed = robot.call(SetReference, "correspondence_node/set_reference", **fields)
    assert unnamed.error_code == ErrorCode.UNKNOWN_FUNCTION
    answer = robot.call(SetReference, "correspondence_node/set_reference", function="pour-with", **fields)
    assert (answer.error_code, answer.reference_id, answer.mask_pixels) == (0, "hand", int(seen.mask.sum())), answer.error_msg
    # transfer_node notices that its demonstration is no longer what is matched, and sets it again by itself
    result = robot.answer(good[0])
    assert result.accepted or result.error_code == ErrorCode.NO_REFERENCE
    assert_good()


def test_a_request_that_cannot_be_done_in_time_says_so(robot, good, loaded) -> None:
    color, depth, info = good[0](robot.now_ns())
    answer = robot.call(Segment, "segmentation_node/segment", color=color, depth=depth, camera_info=info, timeout=1e-4)
    assert answer.error_code == ErrorCode.TIMEOUT and "timeout" in answer.error_msg


def test_many_requests_at_once_all_get_their_answer(robot, good, loaded) -> None:
    answers = robot.call_many(ListDemonstrations, "transfer_node/list_demonstrations", 50)
    assert [answer.error_code for answer in answers] == [0] * 50
