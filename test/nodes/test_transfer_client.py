# SPDX-License-Identifier: Apache-2.0
"""A planner's client over DDS: poses, refusals as errors, nobody there, and a server that loses the first answers."""

import subprocess
import sys
import time

import pytest
from nodes.running_nodes import LONG

from func_corr_ros.errors import NotActive, Timeout, UnknownDemonstration

pytestmark = pytest.mark.ros
# Counts the knocks; the transfer of the demonstration "lost" is answered when nobody waits any more.
SERVER = """
import sys, time, rclpy
from func_corr_ros.msg import TransferPhase
from func_corr_ros.srv import ListDemonstrations, LoadDemonstration, TransferDemonstration
knocks = []

def listed(request, response):
    knocks.append(1)
    return response

def transferred(request, response):
    if request.demonstration_id == "lost":
        time.sleep(60.0)
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
    assert int(phase.tool_link.split()[1]) >= 1
    (again,) = client.transfer(timeout=LONG).phases
    assert again.tool_link == phase.tool_link, "once met, it does not knock again"
    with pytest.raises(UnknownDemonstration, match="no demonstration 'nothing'"):
        client.transfer("nothing", timeout=LONG)
    with pytest.raises(Timeout, match="did not answer within 2.5 s"):
        client.transfer("lost", timeout=0.5)
    node.destroy_node()


def test_answers_that_are_lost_cost_a_knock_and_no_question(ros, monkeypatch) -> None:
    """The first two answers never come; the question itself is asked once, and a server that came anew is knocked at again."""
    import rclpy
    from func_corr_ros.srv import TransferDemonstration

    from func_corr_ros.nodes.transfer_client import TransferClient

    node = rclpy.create_node("planner")
    client, asked = TransferClient(node), []

    def answer(kind, request, seconds):
        asked.append(type(request).__qualname__.split("_")[0])
        lost = len(asked) < 3 or len(asked) == 5
        return None if lost else TransferDemonstration.Response()

    monkeypatch.setattr(client, "_answer", answer)
    monkeypatch.setattr(type(client._clients["transfer_demonstration"]), "wait_for_service", lambda self, timeout: True)
    assert client.transfer(timeout=LONG).error_code == 0
    knock, question = "ListDemonstrations", "TransferDemonstration"
    assert asked == [knock, knock, knock, question]
    with pytest.raises(Timeout, match="is its process still there"):
        client.transfer(timeout=LONG)
    client.transfer(timeout=LONG)
    assert asked[4:] == [question, knock, question]
    node.destroy_node()


def test_a_server_that_answers_nothing_is_given_up_at_the_deadline(ros, monkeypatch) -> None:
    import rclpy

    from func_corr_ros.nodes.transfer_client import TransferClient

    node = rclpy.create_node("planner")
    client = TransferClient(node)
    monkeypatch.setattr(client, "_answer", lambda *given: time.sleep(0.01))
    monkeypatch.setattr(type(client._clients["transfer_demonstration"]), "wait_for_service", lambda self, timeout: True)
    with pytest.raises(Timeout, match="answers nothing"):
        client.transfer(timeout=0.2)
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
