# SPDX-License-Identifier: Apache-2.0
"""What goes wrong on a robot, over real DDS: each fault shows in an output or in the diagnostics, by name and number, and when it
is over the next good frame gives the pose in millimetres.
"""

import itertools
import os
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from func_corr_ros.msg import TransferResult
from func_corr_ros.srv import GetCorrespondence
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from nodes.running_nodes import LONG, rgbd_messages
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CompressedImage

from func_corr_ros import encodings
from func_corr_ros.encodings import encode_compressed_color, encode_compressed_depth
from func_corr_ros.errors import ErrorCode
from func_corr_ros.nodes.messages import header_of, image_message, moment_of, stamp_ns
from func_corr_ros.nodes.observations import Moment

pytestmark = pytest.mark.ros
DEPTH_TOPIC = "/depth_registered/image_rect"


@pytest.fixture(scope="module")
def process(tmp_path_factory, store, running):
    folder = tmp_path_factory.mktemp("faults")
    os.environ["FAULT"] = str(folder / "fault")
    settings = {"transfer_node:demonstrations": str(store.folder), "transfer_node:stability.agreeing": "1",
                "segmentation_node:sync.patience": "1.0"}  # fmt: skip
    child = running.Process(folder / "func_corr.log", [str(running.HERE / "composed_with_faults.py")], settings)
    yield child
    if child.alive():
        assert child.stop() == 0, child.log.read_text()


@pytest.fixture
def compressed(robot, loaded, assert_good):
    """Has the running node read compressed images while the test runs: taken down, told so and set up again."""

    def read(color: str, depth: str) -> None:
        for transition in (Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP):
            change(robot, transition)
        set_parameter(robot, "segmentation_node", "input.color_transport", color)
        set_parameter(robot, "segmentation_node", "input.depth_transport", depth)
        for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
            change(robot, transition)

    read("compressed", "compressedDepth")
    yield "rgb/image_rect_color/compressed", "depth_registered/image_rect/compressedDepth"
    read("raw", "raw")
    assert_good()


def change(robot, transition: int, node: str = "segmentation_node") -> None:
    answer = robot.call(ChangeState, f"{node}/change_state", transition=Transition(id=transition))
    assert answer.success


def set_parameter(robot, node: str, name: str, value) -> None:
    answer = robot.call(SetParameters, f"{node}/set_parameters", parameters=[Parameter(name, value=value).to_parameter_msg()])
    assert answer.results[0].successful, answer.results[0].reason


def result_of(robot, make, ready):
    """Returns the first result that is as asked for while ``make`` streams; results that came before do not count."""
    old = {stamp for stamp, heard in robot.heard.items() if "transfer" in heard}

    def found():
        results = [heard["transfer"] for stamp, heard in robot.heard.items() if stamp not in old and "transfer" in heard]
        return next((result for result in results if ready(result)), None)

    with robot.streaming(make, 0.3):
        return robot.wait_for(found)


def results_since(robot, stamp: int) -> list[TransferResult]:
    """Returns the results of images that have been shown since."""
    return [heard["transfer"] for one, heard in sorted(robot.heard.items()) if one > stamp and "transfer" in heard]


def warns_of(words: str):
    return lambda status: words in status.message and status.level == DiagnosticStatus.WARN


def test_one_input_stops(robot, good, loaded, assert_good, diagnosed) -> None:
    """Nothing comes of images without depth, the topic is named, and the last pose is withdrawn."""
    last, depth = assert_good(), robot.depth
    robot.depth, begun = SimpleNamespace(publish=lambda message: None), robot.now_ns()
    try:
        with robot.streaming(good[0], 0.1):
            _, values = diagnosed("/segmentation_node", warns_of(f"no message on {DEPTH_TOPIC}"))
            robot.wait_for(lambda: any("withdrawn" in result.error_msg for result in results_since(robot, last - 1)))
    finally:
        robot.depth = depth
    assert values["depth.topic"] == DEPTH_TOPIC and 0.5 < float(values["depth.valid_share"]) < 1.0
    assert not results_since(robot, begun)
    (gone,) = (result for result in results_since(robot, last - 1) if "withdrawn" in result.error_msg)
    assert (gone.error_code, gone.accepted, len(gone.phases)) == (ErrorCode.STALE_INPUT, False, 0)
    assert_good()


def test_depth_is_200_ms_late(robot, good, loaded, assert_good, diagnosed) -> None:
    assert_good()
    begun = robot.now_ns()

    def skewed(stamp: int):
        color, depth, info = good[0](stamp)
        return color, good[0](stamp + 200_000_000)[1], info

    # Seldom enough that no other image is nearer.
    with robot.streaming(skewed, 0.9):
        message, values = diagnosed("/segmentation_node", warns_of("do not match"))
    assert not results_since(robot, begun)
    assert "+200.0 ms apart, sync.slop is 20.0 ms" in message and values["depth.skew_ms"] == "+200.0"
    assert_good()


def test_the_clock_jumps_back(robot, blocks, good, loaded, assert_good, diagnosed) -> None:
    assert_good()
    for node in ("segmentation_node", "transfer_node"):
        set_parameter(robot, node, "max_input_age", 0.0)
    try:
        hour = 3600 * 10**9
        before = robot.now_ns() - hour // 2
        result = result_of(
            robot, lambda stamp: good[0](stamp - hour), lambda result: result.accepted and stamp_ns(result.header.stamp) < before
        )
        robot.assert_pose(result.phases[1], blocks.truth(good[1]))
        _, values = diagnosed("/segmentation_node", lambda status: True)
        assert int(values["sync.clock_jumps"]) >= 1
    finally:
        for node in ("segmentation_node", "transfer_node"):
            set_parameter(robot, node, "max_input_age", 2.0)
    assert_good()


NODES = ("/segmentation_node", "/correspondence_node", "/transfer_node")


def without_complaint(node: str, diagnosed, assert_good) -> dict[str, str]:
    """Returns what a node says when nothing is wrong, while good images come: of what has stopped coming it does complain."""
    said = []
    while "ok" not in said:
        assert_good()
        message, values = diagnosed(node, lambda status: True)
        said.append(message)
        assert len(said) < 20, f"{node} says {said}"
    return values


def assert_no_fault(robot, diagnosed, begun: int, assert_good) -> None:
    """No image since was refused, but for those that a busy machine was too late for, and no node complains."""
    codes = {result.error_code for result in results_since(robot, begun)}
    assert 0 in codes and codes <= {0, ErrorCode.STALE_INPUT}, codes
    for node in NODES:
        without_complaint(node, diagnosed, assert_good)


def test_the_resolution_changes_in_mid_stream(robot, blocks, good, loaded, assert_good, diagnosed) -> None:
    begun = assert_good()
    small = blocks.thinned(blocks.frame(good[1]))
    result = result_of(robot, lambda stamp: rgbd_messages(small, stamp), lambda result: result.accepted)
    # Every fourth pixel only: 16 mm apart on the object.
    robot.assert_pose(result.phases[1], blocks.truth(good[1]), millimetres=8.0, degrees=4.0)
    assert_no_fault(robot, diagnosed, begun, assert_good)


def test_the_encodings_change_in_mid_stream(robot, blocks, good, loaded, assert_good, diagnosed) -> None:
    begun = assert_good()
    frame = blocks.frame(good[1])

    def other(stamp: int):
        color, depth, info = good[0](stamp)
        color.encoding, color.step = "bgra8", 4 * color.width
        color.data = np.dstack([frame.color[..., ::-1], np.full(frame.depth.shape, 255, np.uint8)]).tobytes()
        return color, image_message(encodings.encode_depth(frame.depth, "32FC1"), moment_of(depth.header)), info

    result = result_of(robot, other, lambda result: result.accepted)
    robot.assert_pose(result.phases[1], blocks.truth(good[1]))
    assert_no_fault(robot, diagnosed, begun, assert_good)


def test_a_pose_counts_once_it_has_settled(robot, blocks, good, loaded, assert_good) -> None:
    assert_good()
    set_parameter(robot, "transfer_node", "stability.agreeing", 3)
    try:
        begun = robot.now_ns()
        result = result_of(robot, good[0], lambda result: result.accepted)
        before = [one for one in results_since(robot, begun) if stamp_ns(one.header.stamp) < stamp_ns(result.header.stamp)]
        robot.assert_pose(result.phases[1], blocks.truth(good[1]))
        unsettled = [one for one in before if one.error_code == ErrorCode.LOW_CONFIDENCE]
        assert len(unsettled) >= 2 and "has not settled: 1 estimates held, 3 must agree" in unsettled[0].error_msg
        assert not any(one.accepted or "transferred_pose" in robot.heard[stamp_ns(one.header.stamp)] for one in before)
    finally:
        set_parameter(robot, "transfer_node", "stability.agreeing", 1)
    assert_good()


def test_one_compressed_frame_in_a_hundred_is_corrupted(robot, blocks, good, loaded, assert_good, diagnosed, compressed) -> None:
    """Cut, changed in the middle, or no picture at all: that frame is refused, the others give their pose."""
    small = blocks.thinned(blocks.frame(good[1]))
    (colour_format, colour), (depth_format, depth) = encode_compressed_color(small.color), encode_compressed_depth(small.depth)
    info, topics = rgbd_messages(small, 0)[2], [robot.create_publisher(CompressedImage, topic, 5) for topic in compressed]
    spoilt: dict[int, bytes] = {}
    damages = itertools.cycle([colour[: len(colour) // 2], colour[:900] + bytes(200) + colour[1100:], b"", bytes(len(colour))])

    def publish(number: int) -> int:
        stamp = robot.now_ns()
        if number % 100 == 10:
            spoilt[stamp] = next(damages)
        header = info.header = header_of(Moment(stamp, "camera_color_optical_frame"))
        robot.info.publish(info)
        topics[1].publish(CompressedImage(header=header, format=depth_format, data=depth))
        topics[0].publish(CompressedImage(header=header, format=colour_format, data=spoilt.get(stamp, colour)))
        return stamp

    def results(of_spoilt: bool) -> list[TransferResult]:
        sent = {stamp: heard["transfer"] for stamp, heard in dict(robot.heard).items() if stamp >= first and "transfer" in heard}
        return [result for stamp, result in sent.items() if (stamp in spoilt) == of_spoilt]

    first, deadline = robot.now_ns(), time.monotonic() + LONG
    for number in itertools.count():
        stamp = publish(number)
        with robot._changed:  # one that comes too soon might be overwritten, unseen
            robot._changed.wait_for(lambda stamp=stamp: "transfer" in robot.heard[stamp], timeout=0.5)
        if len(results(of_spoilt=True)) >= 2 or time.monotonic() > deadline:
            break
    refused, others = results(of_spoilt=True), results(of_spoilt=False)
    assert len(refused) >= 2 and {result.error_code for result in refused} == {ErrorCode.BAD_IMAGE}, refused
    assert {result.error_code for result in others} <= {0, ErrorCode.STALE_INPUT}, [result.error_msg for result in others]
    robot.assert_pose(next(result for result in reversed(others) if result.accepted).phases[1], blocks.truth(good[1]), 8.0, 4.0)
    # The image that was refused was the last one.
    diagnosed("/segmentation_node", lambda status: {pair.key: pair.value for pair in status.values}["last_error"].startswith(
        "BAD_IMAGE: the compressed colour image"))


@pytest.mark.parametrize(("fault", "code", "words"), [
    ("raise", ErrorCode.CORRESPONDENCE_UNKNOWN, "ZeroDivisionError: the model tripped"),
    ("memory", ErrorCode.OUT_OF_MEMORY, "the device ran out of memory; lower crop.size, or fewer objects"),
])  # fmt: skip
def test_the_model_fails_once(robot, good, loaded, assert_good, diagnosed, fault: str, code: ErrorCode, words: str) -> None:
    begun = assert_good()
    Path(os.environ["FAULT"]).write_text(fault)
    result = result_of(robot, good[0], lambda result: result.error_code == code)
    assert words in result.error_msg and not result.accepted
    _, values = diagnosed("/correspondence_node", lambda status: True)
    assert values["last_error"].startswith(code.name)
    assert_good()
    assert [one.error_code for one in results_since(robot, begun)].count(code) == 1, "that image only"


def test_the_worker_is_stuck(robot, good, loaded, assert_good, diagnosed) -> None:
    assert_good()
    set_parameter(robot, "correspondence_node", "watchdog", 1.0)
    Path(os.environ["FAULT"]).write_text("sleep 5")
    first = robot.now_ns()
    with robot.streaming(good[0], 0.3):
        message, values = diagnosed("/correspondence_node", lambda status: status.level == DiagnosticStatus.ERROR)
    assert "stuck in correspondence for" in message and values["busy"].startswith("correspondence for")
    answer = robot.call(GetCorrespondence, "correspondence_node/get_correspondence", timeout=0.3)
    assert answer.error_code in (ErrorCode.TIMEOUT, ErrorCode.STALE_INPUT), answer.error_msg
    diagnosed("/correspondence_node", lambda status: status.level != DiagnosticStatus.ERROR)

    # The image that was being worked on is too old for a pose by now; those that waited were so before they were begun.
    def results() -> list[TransferResult]:
        return [heard["transfer"] for stamp, heard in list(robot.heard.items()) if stamp >= first and "transfer" in heard]

    robot.wait_for(lambda: any(result.age > 4.0 and "pose_expiry" in result.error_msg for result in results()))
    assert {result.error_code for result in results() if result.age > 3.0} == {ErrorCode.STALE_INPUT}
    set_parameter(robot, "correspondence_node", "watchdog", 30.0)
    assert_good()


def test_a_subscriber_that_asks_for_more_is_named(robot, process, loaded, assert_good, diagnosed) -> None:
    greedy = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    heard: list[TransferResult] = []
    robot.create_subscription(TransferResult, "transfer_node/transfer", heard.append, greedy)
    said = "a subscriber of ~/transfer asks for another DURABILITY than is offered"
    deadline = time.monotonic() + LONG
    while said not in process.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert said in process.log.read_text()
    diagnosed("/transfer_node", lambda status: {pair.key: pair.value for pair in status.values}["outputs.unheard"] ==
              "~/transfer (DURABILITY)")
    assert_good()
    assert not heard, "others are heard, it is not"


def test_fifty_requests_at_once_while_images_stream(robot, good, loaded, assert_good, diagnosed) -> None:
    begun = assert_good()
    color, depth, info = good[0](robot.now_ns())
    with robot.streaming(good[0], 0.1):
        robot.wait_for(lambda: results_since(robot, begun))
        asked = robot.now_ns()
        answers = robot.call_many(GetCorrespondence, "correspondence_node/get_correspondence", 50, color=color, depth=depth,
                                  camera_info=info, timeout=55.0)
        answered = robot.now_ns()
        robot.wait_for(lambda: any(result.accepted for result in results_since(robot, answered)))
    assert {answer.error_code for answer in answers} == {0}, {answer.error_msg for answer in answers}
    found = [answer.keypoints.keypoints[0] for answer in answers]
    assert len({(keypoint.u, keypoint.v) for keypoint in found}) == 1
    streamed = results_since(robot, asked)
    assert {result.error_code for result in streamed} <= {0, ErrorCode.STALE_INPUT}, "late at most, for requests go first"
    values = without_complaint("/segmentation_node", diagnosed, assert_good)
    assert int(values["mailbox.received"]) - int(values["mailbox.dropped"]) > 0


def test_activated_and_deactivated_a_hundred_times(robot, process, loaded, assert_good, diagnosed) -> None:
    def held() -> tuple[int, int]:
        status = Path(f"/proc/{process.child.pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        return int(fields["Threads"]), int(fields["VmRSS"].split()[0]) // 1024

    assert_good()
    seen = []
    for number in range(100):
        for transition in (Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_ACTIVATE):
            for node in ("segmentation_node", "correspondence_node", "transfer_node"):
                change(robot, transition, node)
        if number % 10 == 9:
            seen.append(held())
    threads, megabytes = np.array(seen).T
    slope = np.polyfit(10 * np.arange(5), megabytes[5:], 1)[0]  # by then what earlier tests left has been given back
    assert np.ptp(threads) <= 1 and slope < 0.1, f"(threads, MB) after each ten: {seen}; {slope:.3f} MB each time"
    for node in NODES:
        without_complaint(node, diagnosed, assert_good)
