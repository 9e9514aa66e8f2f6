# SPDX-License-Identifier: Apache-2.0
"""A recording played into running nodes over DDS, and everything that they answer written into one folder."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import rclpy
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Path as PathMessage
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.utilities import remove_ros_args
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from visualization_msgs.msg import MarkerArray

from func_corr_ros import encodings
from func_corr_ros.errors import ErrorCode, FuncCorrError, NoInput, Timeout
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.msg import CorrespondenceInfo, FunctionalKeypointArray, ObjectMaskArray, TransferResult
from func_corr_ros.nodes.messages import camera_message, image_message, picture_message
from func_corr_ros.nodes.observations import Moment
from func_corr_ros.nodes.replay_record import ReplayRecord
from func_corr_ros.nodes.result_messages import error_from
from func_corr_ros.nodes.rgbd_input import QOS
from func_corr_ros.srv import LoadDemonstration

OUTPUTS = {
    "objects": ("segmentation_node/objects", ObjectMaskArray),
    "info": ("correspondence_node/info", CorrespondenceInfo),
    "keypoints": ("correspondence_node/keypoints", FunctionalKeypointArray),
    "points": ("correspondence_node/points", PointCloud2),
    "flow": ("correspondence_node/flow", Image),
    "confidence": ("correspondence_node/confidence", Image),
    "camera_info": ("correspondence_node/camera_info", CameraInfo),
    "overlay": ("correspondence_node/overlay", Image),
    "flow_color": ("correspondence_node/flow_color", Image),
    "transfer": ("transfer_node/transfer", TransferResult),
    "inliers": ("transfer_node/inliers", PointCloud2),
    "transferred_pose": ("transfer_node/transferred_pose", PoseStamped),
    "transferred_path": ("transfer_node/transferred_path", PathMessage),
}
# Without stamps of their own: only counted.
MARKERS = {"correspondence_markers": "correspondence_node/markers", "transfer_markers": "transfer_node/markers"}
# Absent where nothing was matched, or nothing was accepted.
WHERE_MATCHED = {"flow", "confidence", "camera_info", "overlay", "flow_color", "correspondence_markers"}
# Diagnostics come once a second from each node: how long the last of them are waited for, and one stage that each one times.
SETTLE_S = 5.0
TIMED = {"segment", "match", "transfer"}
WHERE_ACCEPTED = {"transferred_pose", "transferred_path", "inliers", "transfer_markers"}
# A server that does not know its client yet loses the answer (DDS): after so long it is asked again.
PATIENCE_S = 20.0


class ReplayClient(Node):
    """Publishes frames like a camera and listens to every output of the three nodes."""

    def __init__(self, frames: Sequence[RgbdFrame], rate: float, clock: bool) -> None:
        super().__init__("replay_client")
        self.record = ReplayRecord()
        self._messages = [_messages(frame) for frame in frames]
        self._stamps = [frame.stamp_ns for frame in frames]
        self._next, self._keeps_stamps = 0, clock
        qos = QOS["RELIABLE"]
        self._cameras = (
            self.create_publisher(Image, "rgb/image_rect_color", qos),
            self.create_publisher(Image, "depth_registered/image_rect", qos),
            self.create_publisher(CameraInfo, "rgb/camera_info", qos),
        )
        self._time = self.create_publisher(Clock, "/clock", 10) if clock else None
        for key, (topic, kind) in OUTPUTS.items():
            self.create_subscription(kind, topic, self._taker(key), QOS["DEFAULT"])
        for key, topic in MARKERS.items():
            self.create_subscription(MarkerArray, topic, self._counter(key), QOS["DEFAULT"])
        self.create_subscription(DiagnosticArray, "/diagnostics", self.record.take_diagnostics, QOS["DEFAULT"])
        self._period, self._timer = 1.0 / rate, None

    def load_demonstration(self, demonstration_id: str, spin: Callable[[], None], deadline: float) -> None:
        """Asks transfer_node to load ``demonstration_id``, again while it is not active; raises what it answers."""
        client = self.create_client(LoadDemonstration, "transfer_node/load_demonstration")
        request = LoadDemonstration.Request(demonstration_id=demonstration_id)
        while True:
            while not client.service_is_ready():
                _in_time(deadline, f"nobody serves {client.srv_name}; is transfer_node (or func_corr) running in this domain?")
                spin()
            answer, again = client.call_async(request), time.monotonic() + PATIENCE_S
            while not answer.done():
                _in_time(deadline, f"{client.srv_name} does not answer")
                if time.monotonic() > again:
                    answer, again = client.call_async(request), time.monotonic() + PATIENCE_S
                spin()
            error = error_from(answer.result().error_code, answer.result().error_msg)
            if error is None:
                return
            if error.code != ErrorCode.NOT_ACTIVE:
                raise error
            _in_time(deadline, str(error))

    def heard(self) -> bool:
        """Returns whether someone listens to all three camera topics."""
        return all(publisher.get_subscription_count() > 0 for publisher in self._cameras)

    def start(self) -> None:
        """Begins to publish."""
        self._timer = self.create_timer(self._period, self._publish_next)

    def stop(self) -> None:
        """Ends publishing."""
        if self._timer is not None:
            self._timer.cancel()

    def missing(self) -> list[str]:
        """Returns the outputs that nothing came back on, though something should."""
        accepted = any(result["accepted"] for result in self.record.results)
        wanted = {*OUTPUTS, *MARKERS} - (set() if accepted else WHERE_ACCEPTED)
        wanted -= set() if self.record.matched else WHERE_MATCHED
        return sorted(key for key in wanted if not self.record.counts[key])

    def timed(self) -> bool:
        """Returns whether every node has reported its timings."""
        return TIMED <= set(self.record.timings_ms())

    def _publish_next(self) -> None:
        frame = self._next % len(self._messages)
        stamp = self._own_stamp() if self._keeps_stamps else self.get_clock().now().nanoseconds
        self._next += 1
        self.record.sent[stamp] = (frame, self._stamps[frame])
        seconds, nanoseconds = divmod(stamp, 1_000_000_000)
        if self._time is not None:
            self._time.publish(Clock(clock=Time(sec=seconds, nanosec=nanoseconds)))
        for publisher, message in zip(self._cameras, self._messages[frame], strict=True):
            message.header.stamp = Time(sec=seconds, nanosec=nanoseconds)
            publisher.publish(message)

    def _own_stamp(self) -> int:
        around, frame = divmod(self._next, len(self._stamps))
        length = self._stamps[-1] - self._stamps[0] + round(1e9 * self._period)
        return self._stamps[frame] + around * length  # time goes on when the recording begins anew

    def _taker(self, key: str) -> Callable[[Any], None]:
        return lambda message: self.record.take(key, message, self._now_ns())

    def _counter(self, key: str) -> Callable[[Any], None]:
        return lambda message: self.record.counts.update([key])

    def _now_ns(self) -> int:
        return max(self.record.sent, default=0) if self._keeps_stamps else self.get_clock().now().nanoseconds


def play(
    frames: Iterable[RgbdFrame],
    out: Path,
    *,
    demonstration: str = "",
    rate: float = 10.0,
    results: int = 5,
    timeout: float = 120.0,
    clock: bool = False,
    asked: dict[str, Any] | None = None,
) -> int:
    """Plays ``frames`` over and over at ``rate`` Hz until ``results`` transfer results came back, and writes ``out``.

    Returns 0 where a pose was accepted and every output came, 1 where none was accepted, 2 where an output is missing or
    the nodes did not answer in ``timeout`` seconds. rclpy must be initialised.
    """
    held = list(frames)
    if not held:
        raise NoInput("the recording holds no RGB-D frame")
    client = ReplayClient(held, rate, clock)
    executor = SingleThreadedExecutor()
    executor.add_node(client)
    deadline = time.monotonic() + timeout

    def spin() -> None:
        executor.spin_once(timeout_sec=0.1)

    try:
        if demonstration:
            client.load_demonstration(demonstration, spin, deadline)
        while not client.heard():
            _in_time(deadline, "nobody listens to the camera topics; is segmentation_node (or func_corr) active in this domain?")
            spin()
        client.start()
        while len(client.record.results) < results or client.missing() or client.record.last_complete() is None:
            if time.monotonic() > deadline:
                break
            spin()
        client.stop()
        settle = min(deadline, time.monotonic() + SETTLE_S)
        while time.monotonic() < settle and not client.timed():
            spin()
        missing = client.missing()
        client.record.write(out, asked or {}, missing)
        if missing or not client.record.results:
            print(f"replay: nothing came back on {', '.join(missing)} in {timeout:g} s", file=sys.stderr)
            return 2
        return 0 if any(result["accepted"] for result in client.record.results) else 1
    finally:
        executor.remove_node(client)
        client.destroy_node()


def main(arguments: Sequence[str] | None = None) -> int:
    """Plays the recording named on the command line; returns the exit code of :func:`play`, 2 for a mistake."""
    words = remove_ros_args(list(sys.argv if arguments is None else ["replay_client", *arguments]))[1:]
    asked = _parser().parse_args(words)
    rclpy.init(args=None if arguments is None else list(arguments))
    try:
        from func_corr_ros.replay.bag_reader import read_frames

        return play(
            read_frames(asked.bag),
            asked.out,
            demonstration=asked.demonstration,
            rate=asked.rate,
            results=asked.results,
            timeout=asked.timeout,
            clock=asked.clock == "true",
            asked={key: str(value) for key, value in vars(asked).items()},
        )
    except FuncCorrError as error:
        print(f"replay: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, ExternalShutdownException):
        return 130
    finally:
        rclpy.try_shutdown()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="replay_client", description=__doc__)
    parser.add_argument("--bag", type=Path, required=True, help="rosbag2 folder with colour, registered depth and camera info")
    parser.add_argument("--out", type=Path, required=True, help="folder that is written; an old one is replaced")
    parser.add_argument("--demonstration", default="", help="loaded first; empty: the one the nodes have")
    parser.add_argument("--rate", type=float, default=10.0, help="frames per second [Hz]")
    parser.add_argument("--results", type=int, default=5, help="transfer results that are waited for; the recording is repeated")
    parser.add_argument("--timeout", type=float, default=120.0, help="[s]")
    parser.add_argument("--clock", nargs="?", const="true", default="false", choices=("true", "false"),
                        help="keep the recording's stamps and publish /clock (use_sim_time)")
    return parser


def _messages(frame: RgbdFrame) -> tuple[Image, Image, CameraInfo]:
    moment = Moment(frame.stamp_ns, frame.frame_id or "camera_color_optical_frame")
    depth = image_message(encodings.encode_depth(frame.depth), moment)
    return picture_message(frame.color, moment), depth, camera_message(frame.camera, moment)


def _in_time(deadline: float, complaint: str) -> None:
    if time.monotonic() > deadline:
        raise Timeout(complaint)


if __name__ == "__main__":
    raise SystemExit(main())
