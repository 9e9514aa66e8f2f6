# SPDX-License-Identifier: Apache-2.0
"""Hours of a robot's day, shortened: a camera at 30 Hz and the running nodes with their model, watched for growth and staleness.

    python benchmarks/soak.py                    30 minutes of 640x480 RGB-D
    python benchmarks/soak.py --minutes 3        the short form (`make soak`)

Exit code 1 where one of these does not hold: after the warm-up memory does not grow, and threads do not at all; no pose is older
than ``pose_expiry``; every image that was not worked on is one that the mailbox counts; a pose comes out to the end. None of that
depends on how fast the machine is; ages and rates do, and are not judged.

**Growth** is the slope of the resident memory over the time after the warm-up (Theil and Sen: the median of the slopes of all
pairs of samples), and fails where even the lower end of its 95 % interval lies above the limit. The absolute size does not count.
The limit is LEAK_MB_PER_MINUTE, 1.1 kB for each of 30 images a second; one image that is kept (0.9 MB) for each result would be a
hundred times as much. In a short run the allocator's own steps are as large as that: ALLOCATOR_MB in all are allowed, so that 3
minutes (2 of them watched) have a limit of 9.5 MB a minute, which is 35 kB a result at 4.5 results a second, and 30 minutes the
full 2.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import theilslopes

from func_corr_ros.errors import ErrorCode
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.provenance import code_revision, write_json
from func_corr_ros.replay.dds_replay import RunningNodes, running_nodes
from func_corr_ros.transfer.demonstration_store import DemonstrationStore

ROOT = Path(__file__).resolve().parents[1]
DEMONSTRATIONS, DEMONSTRATION = ROOT / "test/data/demonstrations", "red_mug_pour"
LEAK_MB_PER_MINUTE, ALLOCATOR_MB = 2.0, 20.0
# The first results load libraries and fill caches: growth is measured after this share of the time, and so many seconds at most.
SETTLING, LONGEST_SETTLING_S = 0.3, 300.0
# What the nodes are told: images older than that are refused, and poses that are not ready by then.
MAX_AGE_S = 2.0
# Between the node's look at its clock and the age it writes into the result.
TICK_S = 0.1
WITHDRAWN = "the pose is withdrawn"
# How long the nodes may take to start, and to end what they have begun.
START_S, LAST_S = 120.0, 30.0


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--minutes", type=float, default=30.0)
    arguments.add_argument("--rate", type=float, default=30.0, help="images per second")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_nodes(DEMONSTRATIONS, Path(folder) / "func_corr.log") as nodes:
        os.environ.update({key: nodes.environment[key] for key in
                           ("ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE", "FASTDDS_DEFAULT_PROFILES_FILE")})
        frame = DemonstrationStore(DEMONSTRATIONS).load(DEMONSTRATION).frame
        found = watched(nodes, asked.minutes * 60.0, asked.rate, frame).summary()
    result = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": platform.node(), "cores": os.cpu_count(),
        "load": os.getloadavg()[0], "revision": code_revision(), "asked": vars(asked), **found,
    }
    print_table(found)
    name = f"soak_{time.strftime('%Y%m%d_%H%M%S')}_{platform.node()}.json"
    print("written to", write_json(ROOT / "build/benchmarks" / name, result))
    print("FAILED: " + "; ".join(found["failed"]) if found["failed"] else "held")
    return 1 if found["failed"] else 0


def watched(nodes: RunningNodes, seconds: float, rate: float, frame: RgbdFrame) -> Any:
    """Returns the watcher of the nodes after a camera that shows ``frame`` has run for so long."""
    import rclpy
    from func_corr_ros.srv import LoadDemonstration
    from rclpy.parameter import Parameter
    from rclpy.parameter_client import AsyncParameterClient

    rclpy.init(args=[])
    watch = watcher(nodes.process.pid)
    load = watch.node.create_client(LoadDemonstration, "transfer_node/load_demonstration")
    told = {name: AsyncParameterClient(watch.node, name) for name in ("segmentation_node", "transfer_node")}
    spinning = threading.Thread(target=watch.executor.spin, daemon=True)
    spinning.start()
    try:
        if not load.wait_for_service(timeout_sec=START_S):
            raise SystemExit(f"the nodes did not start within {START_S:g} s; {nodes.log.read_text()[-2000:]}")
        # config/replay.yaml is patient with recordings; a robot is not.
        settled(told["segmentation_node"].set_parameters([Parameter("max_input_age", value=MAX_AGE_S)]))
        expiry = [Parameter(name, value=MAX_AGE_S) for name in ("max_input_age", "pose_expiry")]
        settled(told["transfer_node"].set_parameters(expiry))
        settled(load.call_async(LoadDemonstration.Request(demonstration_id=DEMONSTRATION)))
        watch.film(seconds, rate, frame)
        ended = time.monotonic()
        while time.monotonic() < ended + LAST_S and (time.monotonic() < ended + 3.0 or watch.missing()):
            time.sleep(0.5)  # the last images are worked on, and the nodes speak once more
    finally:
        watch.executor.shutdown()
        spinning.join(10.0)
        watch.node.destroy_node()
        rclpy.try_shutdown()
    return watch


def settled(answer: Any) -> None:
    """Waits for the answer to a request; another thread spins."""
    done = threading.Event()
    answer.add_done_callback(lambda _: done.set())
    if not done.wait(START_S):
        raise SystemExit(f"a request was not answered within {START_S:g} s")


def watcher(pid: int) -> Any:
    """Returns the camera and listener; made here, for ROS must not be imported before its environment is set."""
    import rclpy
    from diagnostic_msgs.msg import DiagnosticArray
    from func_corr_ros.msg import TransferResult
    from rclpy.executors import SingleThreadedExecutor
    from sensor_msgs.msg import CameraInfo, Image

    from func_corr_ros import encodings
    from func_corr_ros.nodes.messages import camera_message, header_of, image_message, picture_message
    from func_corr_ros.nodes.observations import Moment
    from func_corr_ros.nodes.rgbd_input import QOS

    class Watch:
        def __init__(self) -> None:
            self.node, self.executor = rclpy.create_node("soak"), SingleThreadedExecutor()
            self.executor.add_node(self.node)
            topics = ((Image, "rgb/image_rect_color"), (Image, "depth_registered/image_rect"), (CameraInfo, "rgb/camera_info"))
            self.publishers = [self.node.create_publisher(kind, name, QOS["RELIABLE"]) for kind, name in topics]
            self.node.create_subscription(TransferResult, "transfer_node/transfer", self.hear, 10)
            self.node.create_subscription(DiagnosticArray, "/diagnostics", self.diagnose, 10)
            self.started, self.sent, self.withdrawn = time.monotonic(), 0, 0
            self.results: list[tuple[float, float, int]] = []  # seconds, age, error code
            self.held: list[tuple[float, int, int]] = []  # seconds, MB, threads
            self.values: dict[str, dict[str, str]] = {}

        def film(self, seconds: float, rate: float, frame: RgbdFrame) -> None:
            nothing = Moment(0, "camera_color_optical_frame")
            depth = image_message(encodings.encode_depth(frame.depth), nothing)
            messages = (picture_message(frame.color, nothing), depth, camera_message(frame.camera, nothing))
            self.started, next_one = time.monotonic(), time.monotonic()
            while time.monotonic() - self.started < seconds:
                header = header_of(Moment(self.node.get_clock().now().nanoseconds, nothing.frame_id))
                for publisher, message in zip(self.publishers, messages, strict=True):
                    message.header = header
                    publisher.publish(message)
                self.sent += 1
                next_one += 1.0 / rate
                time.sleep(max(next_one - time.monotonic(), 0.0))

        def hear(self, message: TransferResult) -> None:
            if WITHDRAWN in message.error_msg:  # of no image: a pose that none followed
                self.withdrawn += 1
            else:
                self.results.append((time.monotonic() - self.started, message.age, message.error_code))

        def diagnose(self, message: DiagnosticArray) -> None:
            for status in message.status:
                self.values[status.name] = {pair.key: pair.value for pair in status.values}
                if status.name == "/segmentation_node":
                    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
                    megabytes = int(fields["VmRSS"].split()[0]) // 1024
                    self.held.append((time.monotonic() - self.started, megabytes, int(fields["Threads"])))

        def counts(self) -> tuple[int, int, int]:
            """Returns how many sets were received, dropped by the first mailbox, and overtaken on the way to the last node."""
            later = (int(self.values[name]["mailbox.dropped"]) for name in ("/correspondence_node", "/transfer_node"))
            first = self.values["/segmentation_node"]
            return int(first["mailbox.received"]), int(first["mailbox.dropped"]), sum(later)

        def missing(self) -> int:
            """Returns how many images neither ended in a result nor were counted as dropped or overtaken."""
            received, dropped, overtaken = self.counts()
            return received - dropped - overtaken - len(self.results)

        def summary(self) -> dict[str, Any]:
            seconds, megabytes, threads = (np.array(column, dtype=float) for column in zip(*self.held, strict=True))
            late = seconds > min(SETTLING * seconds.max(), LONGEST_SETTLING_S)
            slope, _, lowest, _ = (float(value) for value in theilslopes(megabytes[late], seconds[late] / 60.0))
            limit = growth_limit(float(np.ptp(seconds[late])) / 60.0)
            if not self.results:
                raise SystemExit(f"no result came back; the nodes say {self.values}")
            at, ages, codes = (np.array(column, dtype=float) for column in zip(*self.results, strict=True))
            (received, dropped, overtaken), missing = self.counts(), self.missing()
            oldest = float(ages[codes == 0].max(initial=0.0))
            failed = [
                *([f"memory grows by {lowest:.1f} MB a minute or more, {limit:.1f} are allowed"] if lowest > limit else []),
                *([f"threads grew from {threads[late][0]:.0f} to {threads[-1]:.0f}"] if threads[-1] > threads[late][0] else []),
                *([f"a pose was {oldest:.2f} s old"] if oldest > MAX_AGE_S + TICK_S else []),
                *([f"{missing} images are neither results nor counted as dropped"] if abs(missing) > 2 else []),
                *(["no pose in the last tenth of the time"] if not (codes[at > 0.9 * at.max()] == 0).any() else []),
            ]
            return {
                "minutes": float(seconds.max() / 60.0), "images_sent": self.sent, "sets_received": received, "dropped": dropped,
                "overtaken": overtaken, "results": len(self.results), "results_hz": len(self.results) / float(at.max()),
                "with_error": dict(Counter(ErrorCode(int(code)).name for code in codes[codes != 0])),
                "withdrawn": self.withdrawn, "age_p50_s": float(np.median(ages)), "age_max_s": float(ages.max()),
                "pose_age_max_s": oldest,
                "memory_mb": [float(megabytes[late][0]), float(megabytes[-1])], "memory_slope_mb_per_minute": slope,
                "memory_slope_at_least": lowest, "memory_slope_limit": limit,
                "threads": [int(threads[late][0]), int(threads[-1])],
                "latency_ms": {key: value for key, value in self.values["/correspondence_node"].items() if "_ms" in key},
                "failed": failed,
            }

    return Watch()


def growth_limit(minutes: float) -> float:
    """Returns how many MB a minute memory may grow by in so many minutes that are watched."""
    return max(LEAK_MB_PER_MINUTE, ALLOCATOR_MB / max(minutes, 1e-3))


def print_table(found: dict[str, Any]) -> None:
    for key, value in found.items():
        print(f"{key:<28} {value}")


if __name__ == "__main__":
    sys.exit(main())
