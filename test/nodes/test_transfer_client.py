# SPDX-License-Identifier: Apache-2.0
"""A planner's client over DDS: poses, refusals as errors, nobody there, and a server that loses the first answers."""

import subprocess
import sys
import time

import pytest
from nodes.running_nodes import LONG

from func_corr_ros.errors import NotActive, Timeout, UnknownDemonstration

pytestmark = pytest.mark.ros
# Answers no knock before the third, and then no transfer at all of the demonstration "lost".
SERVER = """
import sys, time, rclpy
from func_corr_ros.msg import TransferPhase
from func_corr_ros.srv import ListDemonstrations, LoadDemonstration, TransferDemonstration
knocks = []

def listed(request, response):
    knocks.append(1)
    if len(knocks) < 3:
        time.sleep(1.5)  # longer than a client waits before it knocks again: as good as lost
    return response

def transferred(request, response):
    if request.demonstration_id == "lost":
        time.sleep(4.0)
    if request.demonstration_id == "nothing":
        response.error_code, response.error_msg = 400, "no demonstration 'nothing'"
    response.result.phases = [TransferPhase(name="grasp", tool_link=f"after {len(knocks)} knocks")]
    return response

rclpy.init()
node = rclpy.create_node("transfer_node")
for kind, name, answer in ((ListDemonstrations, "list", listed), (TransferDemonstration, "transfer", transferred)):
    node.create_service(kind, f"~/{name}_demonstration" + ("s" if name == "list" else ""), answer)
rclpy.spin(node)
"""


@pytest.fixture
def server(ros):
    child = subprocess.Popen([sys.executable, "-c", SERVER])
    yield child
    child.kill()
    child.wait()


def test_it_knocks_until_it_is_heard_and_then_asks(server) -> None:
    import rclpy

    from func_corr_ros.nodes.transfer_client import TransferClient

    node = rclpy.create_node("planner")
    client = TransferClient(node)
    (phase,) = client.transfer(timeout=LONG).phases
    knocks = int(phase.tool_link.split()[1])
    assert knocks >= 3
    (again,) = client.transfer(timeout=LONG).phases
    assert again.tool_link == phase.tool_link, "once met, it does not knock again"
    with pytest.raises(UnknownDemonstration, match="no demonstration 'nothing'"):
        client.transfer("nothing", timeout=LONG)
    start = time.monotonic()
    with pytest.raises(Timeout, match="did not answer within 2.5 s"):
        client.transfer("lost", timeout=0.5)
    assert time.monotonic() - start < LONG
    node.destroy_node()


def test_it_works_beside_an_executor_of_the_planner_s_own(server) -> None:
    import threading

    import rclpy
    from rclpy.executors import SingleThreadedExecutor

    from func_corr_ros.nodes.transfer_client import TransferClient

    node, executor = rclpy.create_node("planner"), SingleThreadedExecutor()
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    try:
        assert TransferClient(node).transfer(timeout=LONG).phases[0].name == "grasp"
    finally:
        executor.shutdown()
        thread.join(LONG)
        node.destroy_node()


def test_nobody_there_is_said_at_the_deadline(ros) -> None:
    import rclpy

    from func_corr_ros.nodes.transfer_client import TransferClient

    node = rclpy.create_node("planner")
    with pytest.raises(NotActive, match="nobody serves .*nowhere/transfer_demonstration; start the nodes"):
        TransferClient(node, "nowhere").transfer(timeout=0.3)
    node.destroy_node()
