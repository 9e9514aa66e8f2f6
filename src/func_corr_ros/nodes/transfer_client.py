# SPDX-License-Identifier: Apache-2.0
"""A planner's side of transfer_node: questions that are answered or refused by their deadline, whatever DDS loses."""

from __future__ import annotations

import threading
import time
from typing import Any

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from func_corr_ros.errors import NotActive, Timeout
from func_corr_ros.msg import TransferResult
from func_corr_ros.nodes.result_messages import error_from
from func_corr_ros.nodes.rgbd_input import SERVICE
from func_corr_ros.srv import ListDemonstrations, LoadDemonstration, TransferDemonstration

# A node that does not know its client yet loses the answer (DDS): what costs nothing is asked again and again, so long apart.
KNOCK_S = 1.0
# How much longer than the server's own deadline an answer is waited for: the server says itself what took too long.
GRACE_S = 2.0


class TransferClient:
    """Asks the transfer_node called ``name`` for poses, from a node of the planner's own.

    A node that no executor spins is spun here, while an answer is waited for; where an executor does, call from another thread
    than its own. Every method raises the error that the server answers with, NotActive where nobody serves and Timeout.
    """

    def __init__(self, node: Node, name: str = "transfer_node") -> None:
        self._node, self._name = node, name
        kinds = {"load_demonstration": LoadDemonstration, "transfer_demonstration": TransferDemonstration,
                 "list_demonstrations": ListDemonstrations}  # fmt: skip
        # DDS announces the endpoints of a process in their order: a server that answers the last client knows those before.
        self._clients = {key: node.create_client(kind, f"{name}/{key}", qos_profile=SERVICE) for key, kind in kinds.items()}
        self._met = False
        self._own = SingleThreadedExecutor(context=node.context)

    def load(self, demonstration_id: str, timeout: float = 30.0) -> LoadDemonstration.Response:
        """Makes a stored demonstration the one that is transferred; returns its function, keypoints and phases."""
        request = LoadDemonstration.Request(demonstration_id=demonstration_id, timeout=timeout)
        return self._ask("load_demonstration", request, timeout)

    def transfer(self, demonstration_id: str = "", timeout: float = 30.0) -> TransferResult:
        """Returns the poses of a demonstration (empty: the one that is loaded) on what the camera sees now."""
        request = TransferDemonstration.Request(demonstration_id=demonstration_id, timeout=timeout)
        found: TransferResult = self._ask("transfer_demonstration", request, timeout).result
        return found

    def _ask(self, key: str, request: Any, timeout: float) -> Any:
        deadline = time.monotonic() + timeout
        client = self._clients[key]
        if not client.wait_for_service(timeout):
            raise NotActive(f"nobody serves {client.srv_name}; start the nodes: ros2 launch func_corr_ros func_corr.launch.py")
        self._meet(deadline)
        response = self._answer(client, request, timeout + GRACE_S)
        if response is None:  # the server has come anew since it was met, and may not know this client
            self._met = False
            raise Timeout(f"{client.srv_name} did not answer within {timeout + GRACE_S:g} s; is its process still there?")
        error = error_from(response.error_code, response.error_msg)
        if error is not None:
            raise error
        return response

    def _meet(self, deadline: float) -> None:
        """Waits until the server has answered once; whatever the answer says."""
        while not self._met:
            if time.monotonic() > deadline:
                raise Timeout(f"{self._name} is there, but answers nothing; does it hang, or is a firewall in the way?")
            knock = ListDemonstrations.Request(function="nobody-asks-for-this")
            self._met = self._answer(self._clients["list_demonstrations"], knock, KNOCK_S) is not None

    def _answer(self, client: Any, request: Any, seconds: float) -> Any:
        """Returns the response, or None where none came in time."""
        answer = client.call_async(request)
        if self._node.executor in (None, self._own):  # a node remembers who spun it last
            self._own.add_node(self._node)
            self._own.spin_until_future_complete(answer, seconds)
            self._own.remove_node(self._node)
        else:
            done = threading.Event()
            answer.add_done_callback(lambda _: done.set())
            done.wait(seconds)
        if answer.done():
            return answer.result()
        client.remove_pending_request(answer)
        return None
