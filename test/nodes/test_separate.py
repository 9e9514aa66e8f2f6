# SPDX-License-Identifier: Apache-2.0
"""Three processes linked by topics and services do what the composed one does, and find each other again after a restart."""

import signal
import time

import pytest
from func_corr_ros.srv import LoadDemonstration, RecordDemonstration, TransferDemonstration
from nodes.running_nodes import LONG

from func_corr_ros.errors import ErrorCode, FuncCorrError
from func_corr_ros.nodes.transfer_client import TransferClient
from func_corr_ros.transfer.demonstration_store import DemonstrationStore

pytestmark = pytest.mark.ros


@pytest.fixture(scope="module")
def store(tmp_path_factory, blocks) -> DemonstrationStore:
    made = DemonstrationStore(tmp_path_factory.mktemp("demonstrations"))
    made.record(blocks.demonstration())
    return made


@pytest.fixture(scope="module")
def start(tmp_path_factory, store, running):
    """Starts one of the three nodes by its name."""
    log = tmp_path_factory.mktemp("log")
    commands = {
        "segmentation_node": (["-m", "func_corr_ros.nodes.segmentation_node"], {}, {}),
        "correspondence_node": (
            [str(running.HERE / "correspondence_with_colors.py")],
            {},
            {"objects": "segmentation_node/objects"},
        ),
        "transfer_node": (
            ["-m", "func_corr_ros.nodes.transfer_node"],
            {
                "transfer_node:demonstrations": str(store.folder),
                "transfer_node:demonstration": "blocks",
                "transfer_node:stability.agreeing": "1",
            },
            {"keypoints": "correspondence_node/keypoints", "points": "correspondence_node/points"},
        ),
    }

    def make(name: str):
        command, parameters, remappings = commands[name]
        return running.Process(log / f"{name}.log", command, parameters, remappings)

    return make


@pytest.fixture(scope="module")
def processes(start):
    made = {name: start(name) for name in ("segmentation_node", "correspondence_node", "transfer_node")}
    yield made
    codes = {name: process.stop() for name, process in made.items()}
    assert codes == dict.fromkeys(made, 0), {name: process.log.read_text() for name, process in made.items()}


@pytest.fixture(scope="module")
def robot(processes, running):
    import rclpy

    rclpy.init()
    made = running.Robot()
    yield made
    made.close()
    rclpy.try_shutdown()


@pytest.fixture
def good(blocks, running):
    world_from_object = blocks.moved(-0.04, 0.05, -40.0)
    frame = blocks.frame(world_from_object)
    return (lambda stamp: running.rgbd_messages(frame, stamp)), world_from_object


def accepted(robot, make, tries: int = 30):
    """Returns the first accepted result; until the reference has reached the other process there are refusals."""
    for _ in range(tries):
        result = robot.answer(make)
        if result.accepted:
            return result
        assert result.error_code in (ErrorCode.NO_REFERENCE, ErrorCode.STALE_INPUT), result.error_msg
    raise AssertionError(result.error_msg)


def test_the_pose_is_the_same_as_in_one_process(robot, blocks, good) -> None:
    make, world_from_object = good
    robot.assert_pose(accepted(robot, make).phases[1], blocks.truth(world_from_object))


def test_errors_travel_from_node_to_node(robot, blocks, good, running) -> None:
    empty = blocks.frame(blocks.moved(5.0, 0.0, 0.0))
    result = robot.answer(lambda stamp: running.rgbd_messages(empty, stamp))
    assert result.error_code == ErrorCode.NO_MASK and "stands on the support plane" in result.error_msg
    accepted(robot, good[0])


def test_one_image_asks_through_all_three(robot, blocks, good) -> None:
    make, world_from_object = good
    color, depth, info = make(robot.now_ns())
    images = {"color": color, "depth": depth, "camera_info": info}
    answer = robot.call(TransferDemonstration, "transfer_node/transfer_demonstration", **images)
    assert answer.error_code == 0, answer.error_msg
    robot.assert_pose(answer.result.phases[1], blocks.truth(world_from_object))


def test_what_another_process_cannot_know_is_refused(robot, good) -> None:
    answer = robot.call(RecordDemonstration, "transfer_node/record_demonstration", demonstration_id="new", function="pour-with")
    assert answer.error_code == ErrorCode.NO_INPUT and "without a camera" in answer.error_msg


def test_a_planner_goes_on_when_nodes_are_killed_and_started_again(robot, blocks, good, processes, start) -> None:
    """Its client asks all the while: no question hangs, and when the node is back there are poses, without a word from it."""
    make, world_from_object = good
    accepted(robot, make)
    planner = TransferClient(robot)
    with robot.streaming(make, 0.2):
        robot.assert_pose(transferred(planner).phases[1], blocks.truth(world_from_object))
        for dead in ("correspondence_node", "transfer_node"):
            processes[dead].child.kill()
            assert processes[dead].child.wait(LONG) == -signal.SIGKILL
            begun = time.monotonic()
            with pytest.raises(FuncCorrError) as refused:
                planner.transfer(timeout=2.0)
            assert refused.value.code in AWAY and time.monotonic() - begun < LONG, refused.value
            if dead == "correspondence_node":
                name = "transfer_node/load_demonstration"  # what DDS remembers of the dead decides which of the two it is
                answer = robot.call(LoadDemonstration, name, demonstration_id="blocks", timeout=1.0)
                assert answer.error_code in (ErrorCode.NOT_ACTIVE, ErrorCode.TIMEOUT) and "set_reference" in answer.error_msg
            processes[dead] = start(dead)
            robot.assert_pose(transferred(planner).phases[1], blocks.truth(world_from_object))


# What a planner is told while a node is away, or new.
AWAY = {ErrorCode.NOT_ACTIVE, ErrorCode.TIMEOUT, ErrorCode.NO_INPUT, ErrorCode.STALE_INPUT, ErrorCode.NO_REFERENCE}


def transferred(planner: TransferClient):
    """Returns the first pose that a planner gets who does not give up."""
    deadline = time.monotonic() + 2 * LONG
    while True:
        try:
            return planner.transfer(timeout=5.0)
        except FuncCorrError as error:
            assert error.code in AWAY and time.monotonic() < deadline, error
