# SPDX-License-Identifier: Apache-2.0
"""Nodes in processes of their own, and a camera and a planner in this one that talk to them over DDS."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rcl_interfaces.srv import ListParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from func_corr_ros import encodings
from func_corr_ros.nodes.messages import camera_message, image_message, picture_message, stamp_ns, transform_of
from func_corr_ros.nodes.observations import Moment
from func_corr_ros.nodes.replay_client import OUTPUTS
from func_corr_ros.nodes.rgbd_input import QOS, SERVICE

LONG = 60.0  # seconds; how long a test waits for what must come, on a busy machine
# Two images of one camera are never nearer to each other than the synchroniser's slop.
CAMERA_PERIOD_NS = 50_000_000
HERE = Path(__file__).parent


@contextmanager
def repeated(call, period: float):
    """Calls ``call`` every ``period`` seconds in a thread of its own while the body runs."""
    done = threading.Event()

    def run() -> None:
        while not done.wait(period):
            call()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


class Process:
    """One process of nodes, with its output in a file."""

    def __init__(
        self, log: Path, command: list[str], parameters: dict[str, str], remappings: dict[str, str] | None = None
    ) -> None:
        words = [word for name, value in parameters.items() for word in ("-p", f"{name}:={value}")]
        words += [word for name, value in (remappings or {}).items() for word in ("-r", f"{name}:={value}")]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self.log = log
        with log.open("w") as file:
            ros = ["--ros-args", *words] if words else []
            self.child = subprocess.Popen(
                [sys.executable, *command, *ros], stdout=file, stderr=subprocess.STDOUT, env=environment
            )

    def alive(self) -> bool:
        return self.child.poll() is None

    def stop(self) -> int:
        if self.alive():
            self.child.send_signal(signal.SIGINT)
        try:
            return self.child.wait(LONG)
        except subprocess.TimeoutExpired:
            self.child.kill()
            raise


def composed_beside(folder: str, log: Path, settings: dict[str, str]) -> Iterator[Process]:
    """Yields the nodes in one process, which finds the modules of ``folder`` before those installed: a TF that a test tells."""
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = f"{HERE / folder}{os.pathsep}{before}"
    try:
        child = Process(log, [str(HERE / "composed_with_colors.py")], settings)
    finally:
        os.environ["PYTHONPATH"] = before
    yield child
    if child.alive():
        assert child.stop() == 0, log.read_text()


class Planner:
    """Calls services, from a DDS participant of its own.

    A participant may find a node and some of its services, and never the others (seen once in CI, for two minutes; see
    ros2/rmw_fastrtps#792). Like a planner that is started again, another is asked then.
    """

    def __init__(self) -> None:
        self.context = Context()
        self.context.init()
        self.node = Node("planner", context=self.context)
        self._clients: dict[str, object] = {}
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._executor.spin, daemon=True)
        self._thread.start()

    def finds(self, kind, name: str) -> bool:
        """Returns whether somebody serves ``name`` within LONG, and knows all clients that were created up to now."""
        if name not in self._clients:
            self._clients[name] = self.node.create_client(kind, name, qos_profile=SERVICE)
            self._meet(name.rpartition("/")[0])
        return self._clients[name].wait_for_service(timeout_sec=LONG)

    def answers(self, kind, name: str, count: int, fields: dict) -> list:
        """Returns the responses to ``count`` requests that are sent at once to whom was found."""
        answers = [self._clients[name].call_async(kind.Request(**fields)) for _ in range(count)]
        for answer in answers:
            assert self._done(answer, LONG), f"{name} did not answer in {LONG} s"
        return [answer.result() for answer in answers]

    def _meet(self, node: str) -> None:
        """Waits until ``node`` knows every client that was created up to now.

        A client may know its server before the server knows the client, and then loses its answer. DDS announces the endpoints of
        a process in their order, so that a node that answers a later client knows the earlier ones; what is asked here may be
        asked again.
        """
        probe = self.node.create_client(ListParameters, f"{node}/list_parameters")
        deadline = time.monotonic() + LONG
        while time.monotonic() < deadline:
            if probe.wait_for_service(timeout_sec=1.0) and self._done(probe.call_async(ListParameters.Request()), 2.0):
                return
        raise AssertionError(f"{node} did not answer in {LONG} s")

    @staticmethod
    def _done(answer, seconds: float) -> bool:
        done = threading.Event()
        answer.add_done_callback(lambda _: done.set())
        return done.wait(seconds)

    def close(self) -> None:
        self._executor.shutdown()
        self._thread.join(LONG)
        self.node.destroy_node()
        self.context.try_shutdown()


class Robot(Node):
    """A camera that publishes frames, a listener to every output, and a planner that calls services."""

    def __init__(self) -> None:
        super().__init__("robot")
        qos = QOS["RELIABLE"]
        self.color = self.create_publisher(Image, "rgb/image_rect_color", qos)
        self.depth = self.create_publisher(Image, "depth_registered/image_rect", qos)
        self.info = self.create_publisher(CameraInfo, "rgb/camera_info", qos)
        self._newest = 0
        self._changed = threading.Condition()
        self._planner = Planner()
        self.heard: dict[int, dict[str, object]] = defaultdict(dict)
        for key, (topic, kind) in OUTPUTS.items():
            self.create_subscription(kind, topic, lambda message, key=key: self._hear(key, message), QOS["DEFAULT"])
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self)
        self._thread = threading.Thread(target=self._executor.spin, daemon=True)
        self._thread.start()

    def _hear(self, key: str, message) -> None:
        with self._changed:
            self.heard[stamp_ns(message.header.stamp)][key] = message
            self._changed.notify_all()

    def notify(self) -> None:
        """Has whoever waits look again."""
        with self._changed:
            self._changed.notify_all()

    def now_ns(self) -> int:
        return self.get_clock().now().nanoseconds

    def publish(self, color: Image, depth: Image, info: CameraInfo) -> None:
        self.color.publish(color)
        self.depth.publish(depth)
        self.info.publish(info)

    def streaming(self, make, period: float):
        """Publishes ``make(stamp)`` every ``period`` seconds while the body of a with statement runs."""
        return repeated(lambda: self.publish(*make(self.now_ns())), period)

    def answer(self, make, key: str = "transfer", stamp: int | None = None, seconds: float = LONG):
        """Publishes ``make(stamp)`` (color, depth, info) again and again, each time with a fresh stamp, until a message came
        back on ``key`` for one of them; returns it."""
        stamps: list[int] = []
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._newest = max(self.now_ns(), self._newest + CAMERA_PERIOD_NS)
            stamps.append(self._newest if stamp is None else stamp)
            self.publish(*make(stamps[-1]))
            with self._changed:
                if self._changed.wait_for(lambda: any(key in self.heard[s] for s in stamps), timeout=1.0):
                    return next(self.heard[s][key] for s in stamps if key in self.heard[s])
        raise AssertionError(f"nothing came back on {key} in {seconds} s")

    def wait_for(self, ready, seconds: float = LONG):
        """Returns what ``ready()`` returns once it is true."""
        with self._changed:
            assert self._changed.wait_for(ready, timeout=seconds), "what must come did not come"
            return ready()

    def call(self, kind, name: str, **fields):
        """Returns the response of a service."""
        return self.call_many(kind, name, 1, **fields)[0]

    def call_many(self, kind, name: str, count: int, **fields):
        """Returns the responses to ``count`` requests that are sent at once."""
        if not self._planner.finds(kind, name):
            self._planner.close()
            self._planner = Planner()
            assert self._planner.finds(kind, name), f"nobody serves {name}"
        return self._planner.answers(kind, name, count, fields)

    @staticmethod
    def assert_pose(phase, camera_from_tool: np.ndarray, millimetres: float = 3.0, degrees: float = 1.0) -> None:
        """Colours find the same surface point to a lattice step of 3 px, 4 mm here; hundreds of them average out."""
        found = transform_of(phase.pose.pose)
        away = 1e3 * np.linalg.norm(found[:3, 3] - camera_from_tool[:3, 3])
        turned = np.degrees(np.arccos(np.clip((np.trace(found[:3, :3].T @ camera_from_tool[:3, :3]) - 1) / 2, -1.0, 1.0)))
        assert away < millimetres and turned < degrees, f"{away:.1f} mm, {turned:.2f} deg"

    def close(self) -> None:
        self._planner.close()
        self._executor.shutdown()
        self._thread.join(LONG)
        self.destroy_node()


def rgbd_messages(frame, stamp: int) -> tuple[Image, Image, CameraInfo]:
    """The three messages of a frame at ``stamp``."""
    moment = Moment(stamp, frame.frame_id)
    depth = image_message(encodings.encode_depth(frame.depth), moment)
    return picture_message(frame.color, moment), depth, camera_message(frame.camera, moment)
