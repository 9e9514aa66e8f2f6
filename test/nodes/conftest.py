# SPDX-License-Identifier: Apache-2.0
"""Tests of the nodes need ROS 2 and the built interfaces; without them they skip and say so."""

import gc
import importlib
import importlib.util
import os
from pathlib import Path

import pytest

from func_corr_ros.errors import ErrorCode
from func_corr_ros.transfer.demonstration_store import DemonstrationStore

# No test may hear another's topics, nor those of a robot on the same network. From 40 on they are `dds_replay`'s.
os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 36)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
# Without it most images are lost on a busy machine (benchmarks/dds_transport.py).
os.environ["FASTDDS_DEFAULT_PROFILES_FILE"] = str(Path(__file__).parents[2] / "config" / "fastdds_large_images.xml")


def _why_no_ros() -> str:
    for module, remedy in (("rclpy", "source a ROS 2 installation"), ("func_corr_ros.msg", "build the interfaces: colcon build")):
        try:
            importlib.import_module(module)
        except ImportError:
            return f"{module} is not there: make setup, or {remedy}"
    return ""


WHY_NO_ROS = _why_no_ros()


class SkippedModule(pytest.Module):
    """A test file that is not imported where there is no ROS."""

    def collect(self):
        pytest.skip(WHY_NO_ROS, allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    return SkippedModule.from_parent(parent, path=module_path) if WHY_NO_ROS else None


@pytest.fixture(autouse=True, scope="module")
def no_node_is_left():
    """A node that outlives its test stands in the graph beside those of later tests, often under the same name."""
    yield
    if not WHY_NO_ROS:
        nodes = _living_nodes()
        names = [node.get_fully_qualified_name() for node in nodes]
        for node in nodes:
            node.destroy_node()
        assert not names, f"these were not destroyed: {', '.join(names)}"


@pytest.fixture
def ros():
    """A running rclpy context in this process."""
    import rclpy

    rclpy.init()
    yield rclpy
    rclpy.try_shutdown()


@pytest.fixture(scope="session")
def blocks():
    """The scene with a known answer (two_blocks.py)."""
    return _beside("two_blocks")


@pytest.fixture(scope="session")
def color_backbone():
    """The model of colours that the nodes under test have (color_backbone.py)."""
    return _beside("color_backbone")


@pytest.fixture(scope="session")
def running():
    """Processes of nodes and a robot to talk to them (running_nodes.py)."""
    return _beside("running_nodes")


@pytest.fixture(scope="module")
def store(tmp_path_factory, blocks) -> DemonstrationStore:
    made = DemonstrationStore(tmp_path_factory.mktemp("demonstrations"))
    made.record(blocks.demonstration())
    return made


@pytest.fixture(scope="module")
def process(tmp_path_factory, store, running):
    settings = {"transfer_node:demonstrations": str(store.folder), "transfer_node:stability.agreeing": "1"}
    log = tmp_path_factory.mktemp("log") / "func_corr.log"
    child = running.Process(log, [str(running.HERE / "composed_with_colors.py")], settings)
    yield child
    if child.alive():
        assert child.stop() == 0, log.read_text()


@pytest.fixture(scope="module")
def robot(process, running):
    import rclpy

    rclpy.init()
    made = running.Robot()
    yield made
    made.close()
    rclpy.try_shutdown()


@pytest.fixture
def good(blocks, running):
    """Makes the messages of a good frame, and where the object is in it."""
    world_from_object = blocks.moved(0.05, 0.03, 30.0)
    frame = blocks.frame(world_from_object)
    return (lambda stamp: running.rgbd_messages(frame, stamp)), world_from_object


@pytest.fixture
def loaded(robot, process) -> None:
    from func_corr_ros.srv import LoadDemonstration

    answer = None
    while answer is None or answer.error_code == ErrorCode.NOT_ACTIVE:
        assert process.alive(), process.log.read_text()
        answer = robot.call(LoadDemonstration, "transfer_node/load_demonstration", demonstration_id="blocks")
    assert (answer.error_code, answer.function, list(answer.phase_names)) == (0, "pour-with", ["pregrasp", "action"])


@pytest.fixture
def assert_good(robot, blocks, good):
    """Asserts that a good frame gives the right pose; returns its stamp."""

    from func_corr_ros.nodes.messages import stamp_ns

    def check() -> int:
        make, world_from_object = good
        result = robot.answer(lambda stamp: make(stamp))
        while not result.accepted and result.error_code in (ErrorCode.NO_REFERENCE, ErrorCode.STALE_INPUT):
            result = robot.answer(lambda stamp: make(stamp))
        assert result.accepted, f"{result.error_code}: {result.error_msg}"
        assert result.header.frame_id == "camera_color_optical_frame"
        robot.assert_pose(result.phases[1], blocks.truth(world_from_object))
        return stamp_ns(result.header.stamp)

    return check


@pytest.fixture
def diagnosed(robot):
    """Waits for a status of a node that is as asked for; returns its message and values."""
    from diagnostic_msgs.msg import DiagnosticArray

    statuses = {}

    def hear(message) -> None:
        with robot._changed:
            statuses.update({status.name: status for status in message.status})
            robot._changed.notify_all()

    # Kept: destroying it while another thread spins would end that thread.
    robot.create_subscription(DiagnosticArray, "/diagnostics", hear, 10)

    def until(node: str, ready):
        statuses.pop(node, None)
        try:
            robot.wait_for(lambda: node in statuses and ready(statuses[node]))
        except AssertionError as error:
            raise AssertionError(f"{node} last said {statuses.get(node)}") from error
        return statuses[node].message, {pair.key: pair.value for pair in statuses[node].values}

    return until


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for ``bad`` runs once for every kind of bad input: (error code, spoil(color, depth, info))."""
    if "bad" in metafunc.fixturenames:
        cases = _beside("bad_input").BAD
        metafunc.parametrize("bad", cases.values(), ids=cases)


def _living_nodes() -> list:
    from rclpy.node import Node

    return [one for one in gc.get_objects() if issubclass(type(one), Node) and _is_there(one)]


def _is_there(node) -> bool:
    from rclpy.exceptions import InvalidHandle

    try:
        with node.handle:
            return True
    except InvalidHandle:
        return False


def _beside(name: str):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
