# SPDX-License-Identifier: Apache-2.0
"""Images lost and time lost between a camera and the nodes, over DDS, with a model that costs nothing.

    python benchmarks/dds_transport.py               30 Hz of 640x480 RGB-D, 15 s per case: about two minutes
    python benchmarks/dds_transport.py --seconds 60 --width 1280 --height 720

Camera and nodes are two processes. Cases: with the Fast DDS profile of config/ and without, best effort and reliable. The
target, with the profile: no images lost but those the mailbox counts, p95 of transport + conversion under 15 ms.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "build" / "benchmarks"
PROFILE = ROOT / "config" / "fastdds_large_images.xml"
CASES = [(False, "BEST_EFFORT"), (False, "RELIABLE"), (True, "BEST_EFFORT"), (True, "SENSOR_DATA"), (True, "RELIABLE")]
TARGET_MS = 15.0
# Frames sent before counting begins, so that both sides know each other and the caches are warm.
WARM_UP_S = 3.0


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("seconds", 15.0), ("rate", 30.0), ("width", 640), ("height", 480)):
        arguments.add_argument(f"--{name}", type=type(default), default=default)
    arguments.add_argument("--role", choices=("nodes", "camera"), help=argparse.SUPPRESS)
    asked, ros = arguments.parse_known_args()
    if asked.role == "nodes":
        raise SystemExit(run_nodes(["dds_transport", *ros]))
    if asked.role == "camera":
        raise SystemExit(run_camera(asked))
    from func_corr_ros.provenance import code_revision, write_json

    cases = [measured(asked, profile, qos) for profile, qos in CASES]
    print_table(cases)
    result = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": platform.node(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "revision": code_revision(),
        "asked": vars(asked),
        "target_ms": TARGET_MS,
        "cases": cases,
    }
    print("written to", write_json(RESULTS / f"dds_transport_{time.strftime('%Y%m%d_%H%M%S')}_{platform.node()}.json", result))


def measured(asked: argparse.Namespace, profile: bool, qos: str) -> dict[str, Any]:
    """Runs nodes and camera in a domain of their own; returns what the camera's process measured."""
    import json

    environment = {**os.environ, "ROS_DOMAIN_ID": str(20 + os.getpid() % 80), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    environment.pop("FASTDDS_DEFAULT_PROFILES_FILE", None)
    if profile:
        environment["FASTDDS_DEFAULT_PROFILES_FILE"] = str(PROFILE)
    words = [f"segmentation_node:input.{topic}_qos:={qos}" for topic in ("color", "depth", "camera_info")]
    with tempfile.TemporaryDirectory() as folder:
        words += [f"transfer_node:demonstrations:={folder}", "transfer_node:stability.agreeing:=1"]
        ros = ["--ros-args", *(word for setting in words for word in ("-p", setting))]
        nodes = subprocess.Popen([sys.executable, __file__, "--role", "nodes", *ros], env=environment, stderr=subprocess.DEVNULL)
        try:
            sizes = [word for name in ("seconds", "rate", "width", "height") for word in (f"--{name}", str(getattr(asked, name)))]
            camera = [sys.executable, __file__, "--role", "camera", *sizes]
            told = subprocess.run(camera, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
        finally:
            nodes.send_signal(signal.SIGINT)
            nodes.wait(30)
    return {"profile": profile, "qos": qos, **json.loads(told.splitlines()[-1])}


def run_nodes(words: list[str]) -> int:
    """The composed process with one object and a hundred matches that are always the same."""
    from types import SimpleNamespace

    import torch

    from func_corr_ros.correspondence.embedding import Embedding
    from func_corr_ros.correspondence.model import Matches
    from func_corr_ros.correspondence.object_crop import CropSettings, crop_window
    from func_corr_ros.nodes.func_corr import composed
    from func_corr_ros.nodes.process import run
    from func_corr_ros.segmentation.segmenter import Segmentation, SegmentedObject

    torch.set_num_threads(1)

    class ConstantSegmenter:
        def segment(self, frame: Any, prompts: Any = None) -> Segmentation:
            height, width = frame.depth.shape
            labels = np.zeros((height, width), dtype=np.uint16)
            labels[height // 3 : height // 2, width // 3 : width // 2] = 1
            return Segmentation(labels, (SegmentedObject(1, "", 1.0, (width // 3, height // 3, width // 2, height // 2)),))

    class ConstantModel:
        identity = {"name": "constant", "sha256": "", "conditioned": False}
        backbone = SimpleNamespace(device="cpu", dtype="none")

        def embed(self, image: Any, masks: Any, function: str, mirrored: bool = False) -> list[Embedding]:
            return [self._embedding(mask, mirrored) for mask in masks]

        def match(self, query: Embedding, target: Embedding, points: Any = None) -> Matches:
            uv = query.uv if points is None else points.astype(np.float32)
            zeros = np.zeros(len(uv), dtype=np.float32)
            return Matches(uv, target.uv[np.arange(len(uv)) % len(target.uv)], zeros + 1, zeros, zeros == 0)

        def _embedding(self, mask: np.ndarray, mirrored: bool) -> Embedding:
            v, u = np.nonzero(mask)
            uv = np.stack([u, v], axis=1).astype(np.float32)[:: max(len(u) // 100, 1)]
            grid = torch.zeros(1, 16, 16)
            size = (mask.shape[1], mask.shape[0])
            return Embedding(uv, torch.zeros(len(uv), 1), 10, size, grid, crop_window(mask, CropSettings()), mirrored)

    return run(lambda: composed(lambda settings: ConstantModel(), lambda name, settings: ConstantSegmenter()), words)


def run_camera(asked: argparse.Namespace) -> int:
    """Publishes, listens to diagnostics and results, and prints one line of JSON."""
    import json

    import rclpy
    from diagnostic_msgs.msg import DiagnosticArray
    from func_corr_ros.msg import CorrespondenceInfo
    from func_corr_ros.srv import SetReference
    from rclpy.executors import SingleThreadedExecutor
    from sensor_msgs.msg import CameraInfo, Image

    from func_corr_ros import encodings
    from func_corr_ros.geometry.camera import PinholeCamera
    from func_corr_ros.nodes.messages import camera_message, header_of, image_message, picture_message, stamp_ns
    from func_corr_ros.nodes.observations import Moment
    from func_corr_ros.nodes.rgbd_input import QOS

    rclpy.init()
    node = rclpy.create_node("camera")
    shape = (asked.height, asked.width)
    rng = np.random.default_rng(0)
    at = Moment(0, "camera")
    color = picture_message(rng.integers(0, 256, (*shape, 3), dtype=np.uint8), at)
    depth = image_message(encodings.encode_depth(rng.uniform(0.5, 1.5, shape).astype(np.float32)), at)
    info = camera_message(PinholeCamera(600.0, 600.0, asked.width / 2, asked.height / 2, asked.width, asked.height), at)
    topics = (
        (Image, "rgb/image_rect_color", color),
        (Image, "depth_registered/image_rect", depth),
        (CameraInfo, "rgb/camera_info", info),
    )
    publishers = [(node.create_publisher(kind, name, QOS["RELIABLE"]), message) for kind, name, message in topics]
    told: dict[str, dict[str, str]] = {}
    ages: list[float] = []

    def hear(message: DiagnosticArray) -> None:
        told.update({status.name: {pair.key: pair.value for pair in status.values} for status in message.status})

    def result(message: CorrespondenceInfo) -> None:
        if message.error_code == 0:
            ages.append((node.get_clock().now().nanoseconds - stamp_ns(message.header.stamp)) / 1e6)

    node.create_subscription(DiagnosticArray, "/diagnostics", hear, 10)
    node.create_subscription(CorrespondenceInfo, "correspondence_node/info", result, 100)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin)
    spinning.start()
    while not all(publisher.get_subscription_count() for publisher, _ in publishers) or "/segmentation_node" not in told:
        time.sleep(0.05)
    client = node.create_client(SetReference, "correspondence_node/set_reference")
    client.wait_for_service()
    mask = image_message(encodings.encode_mask(np.ones(shape, dtype=bool)), at)
    answer = client.call_async(SetReference.Request(reference_id="r", function="pour-with", color=color, mask=mask))
    while not answer.done():
        time.sleep(0.01)
    assert answer.result().error_code == 0, answer.result().error_msg

    def send(seconds: float) -> int:
        start, sent = time.monotonic(), 0
        while sent < seconds * asked.rate:
            time.sleep(max(0.0, start + sent / asked.rate - time.monotonic()))
            header = header_of(Moment(node.get_clock().now().nanoseconds, "camera"))
            for publisher, message in publishers:
                message.header = header
                publisher.publish(message)
            sent += 1
        time.sleep(2.5)  # diagnostics come once a second
        return sent

    send(WARM_UP_S)
    before = dict(told["/segmentation_node"])
    ages.clear()
    sent = send(asked.seconds)
    after = told["/segmentation_node"]
    counted = {
        key: int(after[key]) - int(before[key]) for key in after if key.endswith((".received", ".dropped", ".unmatched", ".sets"))
    }
    timings = {key: float(value) for key, value in after.items() if key.endswith("_ms") and "skew" not in key}
    percentiles = np.percentile(ages, (50, 95)).tolist() if ages else [float("nan")] * 2
    print(
        json.dumps(
            {
                "sent": sent,
                **counted,
                **timings,
                "results": len(ages),
                "result_p50_ms": percentiles[0],
                "result_p95_ms": percentiles[1],
            }
        )
    )
    executor.shutdown()
    spinning.join()
    node.destroy_node()
    rclpy.try_shutdown()
    return 0


COLUMNS = {
    "transport": lambda case: "profile" if case["profile"] else "default",
    "QoS": lambda case: case["qos"],
    "sent": lambda case: case["sent"],
    "colour": lambda case: case["color.received"],
    "depth": lambda case: case["depth.received"],
    "sets": lambda case: case["sync.sets"],
    "mailbox drops": lambda case: case["mailbox.dropped"],
    "results": lambda case: case["results"],
    "transport p50/p95 ms": lambda case: f"{case['transport.p50_ms']:.1f}/{case['transport.p95_ms']:.1f}",
    "conversion p50/p95 ms": lambda case: f"{case['decode.p50_ms']:.1f}/{case['decode.p95_ms']:.1f}",
    "sum p95 ms": lambda case: f"{added_p95(case):.1f}",
    "image to result p50/p95 ms": lambda case: f"{case['result_p50_ms']:.1f}/{case['result_p95_ms']:.1f}",
}


def added_p95(case: dict[str, Any]) -> float:
    """The sum of both p95: no smaller than the p95 of the sum."""
    return case["transport.p95_ms"] + case["decode.p95_ms"]


def print_table(cases: list[dict[str, Any]]) -> None:
    rows = [list(COLUMNS), *([str(column(case)) for column in COLUMNS.values()] for case in cases)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    good = [case for case in cases if case["profile"]]
    lost = sum(case["sent"] - case["sync.sets"] for case in good)
    worst = max(added_p95(case) for case in good)
    print(f"with the profile: {lost} sets lost on the way (target 0), p95 {worst:.1f} ms (target {TARGET_MS:g} ms)")


if __name__ == "__main__":
    main()
