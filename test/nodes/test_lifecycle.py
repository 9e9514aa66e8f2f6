# SPDX-License-Identifier: Apache-2.0
"""A node that is not active says so, one that was deactivated works again, and parameters that are wrong end the process."""

import pytest
from func_corr_ros.srv import ListDemonstrations, Segment
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState

from func_corr_ros.errors import ErrorCode
from func_corr_ros.transfer.demonstration_store import DemonstrationStore

pytestmark = pytest.mark.ros
NODES = ("segmentation_node", "correspondence_node", "transfer_node")


@pytest.fixture(scope="module")
def process(tmp_path_factory, blocks, running):
    store = DemonstrationStore(tmp_path_factory.mktemp("demonstrations"))
    store.record(blocks.demonstration())
    parameters = {
        "transfer_node:demonstrations": str(store.folder),
        "transfer_node:demonstration": "blocks",
        "transfer_node:stability.agreeing": "1",
        **{f"{name}:autostart": "false" for name in NODES},
    }
    log = tmp_path_factory.mktemp("log") / "func_corr.log"
    child = running.Process(log, [str(running.HERE / "composed_with_colors.py")], parameters)
    yield child
    assert child.stop() == 0, log.read_text()


@pytest.fixture(scope="module")
def robot(process, running):
    import rclpy

    rclpy.init()
    made = running.Robot()
    yield made
    made.close()
    rclpy.try_shutdown()


def change(robot, transition: int) -> None:
    for name in NODES:
        assert robot.call(ChangeState, f"{name}/change_state", transition=Transition(id=transition)).success, name


def states(robot) -> set[int]:
    return {robot.call(GetState, f"{name}/get_state").current_state.id for name in NODES}


def test_without_autostart_services_answer_that_they_are_not_active(robot, diagnosed) -> None:
    for name in NODES:
        diagnosed(f"/{name}", lambda status: True)
    assert states(robot) == {State.PRIMARY_STATE_UNCONFIGURED}
    for kind, name in ((Segment, "segmentation_node/segment"), (ListDemonstrations, "transfer_node/list_demonstrations")):
        answer = robot.call(kind, name)
        assert answer.error_code == ErrorCode.NOT_ACTIVE and "not active" in answer.error_msg


def test_activated_deactivated_and_activated_again(robot, blocks, running) -> None:
    world_from_object = blocks.moved(0.02, 0.04, 15.0)
    frame = blocks.frame(world_from_object)

    def pose_comes() -> None:
        result = robot.answer(lambda stamp: running.rgbd_messages(frame, stamp))
        while not result.accepted:
            assert result.error_code in (ErrorCode.NO_REFERENCE, ErrorCode.STALE_INPUT), result.error_msg
            result = robot.answer(lambda stamp: running.rgbd_messages(frame, stamp))
        robot.assert_pose(result.phases[1], blocks.truth(world_from_object))

    change(robot, Transition.TRANSITION_CONFIGURE)
    change(robot, Transition.TRANSITION_ACTIVATE)
    pose_comes()
    change(robot, Transition.TRANSITION_DEACTIVATE)
    assert states(robot) == {State.PRIMARY_STATE_INACTIVE}
    assert robot.call(Segment, "segmentation_node/segment").error_code == ErrorCode.NOT_ACTIVE
    change(robot, Transition.TRANSITION_ACTIVATE)
    pose_comes()
    change(robot, Transition.TRANSITION_DEACTIVATE)
    change(robot, Transition.TRANSITION_CLEANUP)
    change(robot, Transition.TRANSITION_CONFIGURE)
    change(robot, Transition.TRANSITION_ACTIVATE)
    pose_comes()


@pytest.mark.parametrize(
    ("parameter", "value", "words"),
    [
        ("segmentation_node:segmentor", "tabletop", "did you mean 'segmenter'"),
        ("segmentation_node:input.color_qos", "FAST", "valid: BEST_EFFORT, SENSOR_DATA, RELIABLE, DEFAULT"),
        ("transfer_node:stability.agreeing", "0", "at least 1"),
    ],
)
def test_parameters_that_are_wrong_end_the_process_with_a_sentence(running, tmp_path, parameter, value, words) -> None:
    child = running.Process(tmp_path / "log", [str(running.HERE / "composed_with_colors.py")], {parameter: value})
    assert child.child.wait(running.LONG) == 2
    log = child.log.read_text()
    assert words in log and "BadSettings" in log and "Traceback" not in log


def test_without_a_gpu_that_is_needed_nothing_starts(running, tmp_path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    parameters = {"correspondence_node:require_gpu": "true"}
    child = running.Process(tmp_path / "log", [str(running.HERE / "composed_with_colors.py")], parameters)
    assert child.child.wait(running.LONG) == 1
    log = child.log.read_text()
    assert "cannot configure: BadSettings: device is 'cuda', which cannot be used here" in log and "Traceback" not in log


def test_a_demonstration_that_is_not_there_fails_the_start(running, tmp_path) -> None:
    parameters = {"transfer_node:demonstrations": str(tmp_path), "transfer_node:demonstration": "nothing"}
    child = running.Process(tmp_path / "log", [str(running.HERE / "composed_with_colors.py")], parameters)
    assert child.child.wait(running.LONG) == 1
    assert "cannot configure: UnknownDemonstration" in child.log.read_text()
