# SPDX-License-Identifier: Apache-2.0
"""Phases that go with another thing go with its TF frame, over DDS: kept when recorded, followed within 1 mm, else refused."""

import importlib.util
import time
from dataclasses import replace

import numpy as np
import pytest
from func_corr_ros.srv import ListDemonstrations, LoadDemonstration, RecordDemonstration, TransferDemonstration
from geometry_msgs.msg import TransformStamped
from sensor_msgs.msg import Image

from func_corr_ros.errors import BadSettings, ErrorCode, TransformUnavailable
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.transfer.demonstration import Phase

pytestmark = pytest.mark.ros
CAMERA = "camera_color_optical_frame"
SHOWN = make(about_axis(np.array([0.0, -1.0, 0.0]), -0.4), np.array([0.15, 0.05, 0.6]))
MOVED = make(about_axis(np.array([0.3, -1.0, 0.2]), 0.5), np.array([-0.12, 0.08, 0.75]))
OVER = make(about_axis(np.array([1.0, 0.0, 0.0]), 2.0), np.array([0.15, -0.05, 0.6]))  # above the cup when it was shown
TF_TIMEOUT = 1.0


@pytest.fixture(scope="module")
def process(tmp_path_factory, store, running):
    settings = {
        "transfer_node:demonstrations": str(store.folder), "transfer_node:stability.agreeing": "1",
        "transfer_node:tf_timeout": str(TF_TIMEOUT), "transfer_node:anchor_frames": "['receiver=cup_1']",
    }
    yield from running.composed_beside("told_tf", tmp_path_factory.mktemp("log") / "func_corr.log", settings)


@pytest.fixture(scope="module")
def tell(robot, running):
    """Tells TF where a frame is from a stamp on."""
    from func_corr_ros.nodes.messages import pose_message

    spec = importlib.util.spec_from_file_location("told_tf", running.HERE / "told_tf" / "tf2_ros.py")
    told = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(told)
    publisher = robot.create_publisher(TransformStamped, told.TOPIC, told.KEPT)

    def tell(frame: str, camera_from_frame: np.ndarray, stamp: int) -> None:
        pose, message = pose_message(camera_from_frame), TransformStamped(child_frame_id=frame)
        message.header.frame_id = CAMERA
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 10**9)
        place, at = message.transform.translation, pose.position
        place.x, place.y, place.z = at.x, at.y, at.z
        message.transform.rotation = pose.orientation
        publisher.publish(message)

    return tell


def request(blocks, running, id: str, anchor: str, stamp: int) -> dict[str, object]:
    """What to record: the blocks as demonstrated, and a phase about an anchor."""
    from func_corr_ros.msg import TransferPhase

    from func_corr_ros.nodes.messages import pose_message

    shown = blocks.demonstration()
    phases = [*shown.phases, Phase("over", "tool0", anchor, OVER)]
    made = [TransferPhase(name=phase.name, tool_link=phase.tool_link, relative_to=phase.relative_to) for phase in phases]
    for message, phase in zip(made, phases, strict=True):
        message.pose.pose = pose_message(phase.camera_from_tool)
    color, depth, info = running.rgbd_messages(shown.frame, stamp)
    mask = Image(height=480, width=640, encoding="mono8", step=640, data=(shown.mask.astype(np.uint8) * 255).tobytes())
    (keypoint,) = shown.keypoints
    return {
        "demonstration_id": id, "function": "pour-with", "object": "blocks", "color": color, "depth": depth, "camera_info": info,
        "mask": mask, "keypoint_names": ["top"], "keypoint_u": [keypoint.uv[0]], "keypoint_v": [keypoint.uv[1]], "phases": made,
    }


def answered(robot, make_messages, ready):
    """Returns the first result of the stream that is about the loaded demonstration and current."""
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline:
        result = robot.answer(make_messages)
        if ready(result):
            return result
    raise AssertionError(f"{result.error_code}: {result.error_msg}")


def load(robot, id: str) -> None:
    answer = robot.call(LoadDemonstration, "transfer_node/load_demonstration", demonstration_id=id)
    assert answer.error_code == 0, answer.error_msg


def test_an_anchored_phase_follows_its_frame_and_the_others_stay(robot, loaded, blocks, running, store, tell, diagnosed) -> None:
    first = robot.now_ns()
    tell("cup_1", SHOWN, first)
    fields = request(blocks, running, "over_a_cup", "@receiver", first)
    answer = robot.call(RecordDemonstration, "transfer_node/record_demonstration", **fields)
    assert (answer.error_code, answer.demonstration_id) == (0, "over_a_cup"), answer.error_msg
    kept = store.load("over_a_cup").anchors
    assert list(kept) == ["receiver"]
    np.testing.assert_allclose(kept["receiver"], SHOWN, atol=1e-6)

    load(robot, "over_a_cup")
    diagnosed("/transfer_node", lambda status: any((one.key, one.value) == ("anchor_frames", "cup_1") for one in status.values))
    moved = robot.now_ns()
    tell("cup_1", MOVED, moved)
    frame = blocks.frame(blocks.DEMONSTRATED)
    streamed = answered(robot, lambda stamp: running.rgbd_messages(frame, stamp), lambda result: result.accepted)
    color, depth, info = running.rgbd_messages(frame, moved - 1)  # an image of before the cup moved
    asked = robot.call(TransferDemonstration, "transfer_node/transfer_demonstration", color=color, depth=depth, camera_info=info)
    assert asked.result.accepted, asked.error_msg
    for result, over in ((streamed, MOVED @ np.linalg.inv(SHOWN) @ OVER), (asked.result, OVER)):
        assert [phase.name for phase in result.phases] == ["pregrasp", "action", "over"]
        robot.assert_pose(result.phases[1], blocks.truth(blocks.DEMONSTRATED))
        robot.assert_pose(result.phases[2], over, millimetres=1.0, degrees=0.1)
    with pytest.raises(AssertionError):
        robot.assert_pose(streamed.phases[2], OVER)


def test_an_anchor_without_a_frame_is_not_recorded(robot, loaded, blocks, running, store) -> None:
    fields = request(blocks, running, "over_a_tray", "@tray", robot.now_ns())
    answer = robot.call(RecordDemonstration, "transfer_node/record_demonstration", **fields)
    assert answer.error_code == ErrorCode.TF_ERROR
    for words in ("phase 'over' is relative to '@tray'", f"from 'tray' to '{CAMERA}' at ", "does not exist", "tf_timeout",
                  "anchor_frames: ['tray=FRAME']", "nothing was stored"):
        assert words in answer.error_msg
    listed = robot.call(ListDemonstrations, "transfer_node/list_demonstrations").demonstration_ids
    assert "over_a_tray" not in listed and not (store.folder / "over_a_tray").exists()


@pytest.mark.parametrize(("anchors", "said"), [
    ({"bowl": SHOWN}, f"no transform from 'bowl' to '{CAMERA}'"), ({}, "over_a_bowl holds no pose of 'bowl'"),
])
def test_an_anchor_that_is_not_known_is_refused_and_the_stream_goes_on(
    robot, loaded, blocks, running, store, good, assert_good, anchors, said
) -> None:
    shown = blocks.demonstration("over_a_bowl")
    phases = (*shown.phases, Phase("over", "tool0", "@bowl", OVER))
    store.record(replace(shown, phases=phases, anchors=anchors), replace=True)
    references: list[int] = []
    heard = robot.create_subscription(
        Image, "correspondence_node/reference/image", lambda message: references.append(len(message.data)), 10
    )
    load(robot, "over_a_bowl")
    result = answered(robot, good[0], lambda result: "bowl" in result.error_msg and "not yet" not in result.error_msg)
    assert (result.error_code, result.accepted, list(result.phases)) == (ErrorCode.NO_REFERENCE, False, [])
    assert "phases are relative to bowl" in result.error_msg and said in result.error_msg
    color, depth, info = good[0](robot.now_ns())
    asked = robot.call(TransferDemonstration, "transfer_node/transfer_demonstration", color=color, depth=depth, camera_info=info)
    assert asked.error_code == ErrorCode.NO_REFERENCE and said in asked.error_msg
    before = len(references)
    for _ in range(3):
        assert said in robot.answer(good[0]).error_msg
        time.sleep(0.3)  # longer than it takes the node to notice that upstream has lost its reference
    assert len(references) == before, "the reference was set again and again, though only the anchor is not known"
    load(robot, "blocks")
    assert_good()
    robot.destroy_subscription(heard)


def test_a_frame_can_be_named_while_the_node_runs_and_nonsense_cannot(robot, loaded) -> None:
    from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
    from rcl_interfaces.srv import SetParameters

    for words, good in ((["receiver"], False), (["receiver=a", "@receiver=b"], False), (["receiver=cup_1"], True)):
        value = ParameterValue(type=ParameterType.PARAMETER_STRING_ARRAY, string_array_value=words)
        asked = [Parameter(name="anchor_frames", value=value)]
        answer = robot.call(SetParameters, "transfer_node/set_parameters", parameters=asked)
        (result,) = answer.results
        assert result.successful is good and ("anchor_frames" in result.reason) is not good, result.reason


def test_names_and_frames() -> None:
    from func_corr_ros.nodes.anchor_frames import AnchorFrames

    frames = AnchorFrames(["receiver=cup_1", "@world=map"])
    assert [frames.frame(name) for name in ("receiver", "world", "tray")] == ["cup_1", "map", "tray"]
    for words, said in ((["receiver"], "NAME=FRAME is needed"), (["receiver="], "NAME=FRAME"), (["The Cup=cup"], "NAME=FRAME"),
                        (["a=b", "a=c"], "'a' twice")):
        with pytest.raises(BadSettings, match=said):
            AnchorFrames(words)


def test_what_tf_says_of_nonsense_is_a_reason_and_no_crash(blocks) -> None:
    from func_corr_ros.nodes.anchor_frames import AnchorFrames
    from func_corr_ros.nodes.observations import Moment
    from func_corr_ros.nodes.transform_lookup import ImageTransforms

    class Unturned:
        def lookup_transform(self, target, source, time, timeout):
            found = TransformStamped()
            found.transform.rotation.w = 0.0
            return found

    transforms = ImageTransforms(Unturned(), Moment(1, CAMERA), "", 0.0)
    shown = replace(blocks.demonstration(), phases=(Phase("over", "tool0", "@bowl", OVER),), anchors={"bowl": SHOWN})
    motions, reasons = AnchorFrames([]).motions(shown, transforms)
    assert motions == {} and len(reasons) == 1 and "has length 0" in reasons[0] and "Publish the frame 'bowl'" in reasons[0]
    with pytest.raises(TransformUnavailable, match="has length 0"):
        AnchorFrames([]).recorded(shown, transforms)
