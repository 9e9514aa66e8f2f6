# SPDX-License-Identifier: Apache-2.0
"""What planners ask the running nodes is answered, with poses in millimetres or with an error code, and never left open."""

from dataclasses import replace

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
from sensor_msgs.msg import Image, RegionOfInterest

from func_corr_ros.errors import ErrorCode
from func_corr_ros.nodes.rgbd_input import LATCHED

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


def test_clicks_and_boxes_of_a_request_choose_the_object_and_words_need_a_model(robot, blocks, loaded, running) -> None:
    poses = blocks.moved(-0.14, 0.0, 0.0), blocks.moved(0.14, 0.02, 20.0)
    color, depth, info = running.rgbd_messages(blocks.frame_with(*poses), robot.now_ns())

    def segmented(**prompts) -> np.ndarray:
        answer = robot.call(
            Segment, "segmentation_node/segment", color=color, depth=depth, camera_info=info, **prompts
        )
        assert answer.error_code == 0, answer.error_msg
        labels = answer.objects.labels
        return np.frombuffer(labels.data, dtype="<u2").reshape(labels.height, labels.width)

    assert len(np.unique(segmented())) == 3, "the ground and two objects"
    masks = [blocks.mask(pose) for pose in poses]
    for own, other in (masks, masks[::-1]):
        v, u = np.argwhere(own)[own.sum() // 2]
        low, high = np.argwhere(own).min(axis=0), np.argwhere(own).max(axis=0)
        box = RegionOfInterest(y_offset=int(low[0]), x_offset=int(low[1]), height=int(high[0] - low[0] + 1),
                               width=int(high[1] - low[1] + 1))
        for prompts in ({"point_u": [float(u)], "point_v": [float(v)]}, {"boxes": [box]}):
            found = segmented(**prompts) > 0
            assert (found & own).sum() > 0.9 * own.sum() and not (found & other).any(), list(prompts)
    words = robot.call(Segment, "segmentation_node/segment", color=color, depth=depth, camera_info=info, text="right blocks")
    assert words.error_code == ErrorCode.BAD_PROMPT and "grounding.model" in words.error_msg


def test_reference_and_function_change_while_images_stream(robot, blocks, good, loaded, store, assert_good) -> None:
    """Another demonstration, of another function, and back: no image in between is an error."""
    store.record(replace(blocks.demonstration("hung"), function="hang-onto"))
    assert_good()

    def streamed(id: str, function: str, since: int) -> bool:
        return any(
            keypoints.function == function and keypoints.reference_id == id and stamp > since
            for stamp, heard in list(robot.heard.items()) if (keypoints := heard.get("keypoints")) is not None
        )

    began = robot.now_ns()
    with robot.streaming(good[0], 0.1):
        robot.wait_for(lambda: streamed("blocks", "pour-with", began))
        for id, function in (("hung", "hang-onto"), ("blocks", "pour-with")):
            asked = robot.now_ns()
            answer = robot.call(LoadDemonstration, "transfer_node/load_demonstration", demonstration_id=id)
            assert (answer.error_code, answer.function) == (0, function), answer.error_msg
            robot.wait_for(lambda id=id, function=function, asked=asked: streamed(id, function, asked))
    seen = [heard["keypoints"] for stamp, heard in sorted(robot.heard.items()) if stamp >= began and "keypoints" in heard]
    assert {one.error_code for one in seen} <= {0, ErrorCode.STALE_INPUT}  # of a busy machine
    changes = [one.function for before, one in zip([None, *seen], seen, strict=False)
               if before is None or one.function != before.function]
    assert changes == ["pour-with", "hang-onto", "pour-with"]


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


def test_a_keypoint_that_is_no_number_is_no_object_s(robot, good, loaded) -> None:
    color, depth, info = good[0](robot.now_ns())
    answer = robot.call(RecordDemonstration, "transfer_node/record_demonstration", demonstration_id="nan", function="pour-with",
                        color=color, depth=depth, camera_info=info, keypoint_names=["top"], keypoint_u=[float("nan")],
                        keypoint_v=[9.0])
    assert answer.error_code == ErrorCode.NO_MASK and "no object lies at pixel (nan, 9)" in answer.error_msg


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
    latched: list[Image] = []  # whoever comes later sees it too
    robot.create_subscription(Image, "correspondence_node/reference/mask", lambda m: (latched.append(m), robot.notify()), LATCHED)
    robot.wait_for(lambda: latched)
    assert (latched[0].header.frame_id, bytes(latched[0].data)) == ("hand", bytes(mask.data))
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
