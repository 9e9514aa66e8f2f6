# SPDX-License-Identifier: Apache-2.0
"""Goes the way of docs/first_steps.md through running nodes, over DDS, and draws its pictures from what they answer.

    python tools/first_steps_pictures.py FOLDER [OUT]

FOLDER holds the real frames kgn_1, tabletop_blue_mug and tabletop_red_mug; pictures are written to OUT, docs/images without it.

The frames are published like a camera's, at 5 Hz with fresh stamps, as a recording that stands still would be; the operator's
click, requests and what is listened to are messages. Prints what `func-corr doctor --live` says before a reference is set, and
at the end. Ends with an error where a step does not lead to the next.
"""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from func_corr_ros import encodings
from func_corr_ros.evaluation.case_pictures import draw_phases
from func_corr_ros.evaluation.drawing import Picture
from func_corr_ros.evaluation.frame_folder import read_frame
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.replay.dds_replay import running_nodes
from func_corr_ros.transfer.transfer import TransferredPhase

ROOT = Path(__file__).resolve().parents[1]
IMAGES, DEMONSTRATIONS = ROOT / "docs" / "images", ROOT / "test" / "data" / "demonstrations"
# The mug of kgn_1: where it is clicked on, and its keypoints, as the page names them [px].
CLICK, KEYPOINTS = (450.0, 230.0), {"lip": (412.0, 152.0), "handle": (534.0, 206.0)}
# What is shown of each picture (left, top, right, bottom) [px].
TABLE, MUG, TOOLS = (120, 40, 620, 370), (140, 90, 500, 380), (140, 70, 640, 400)
PERIOD_S, PATIENCE_S, GAP, QUALITY = 0.2, 60.0, 8, 88


def main() -> int:
    """Goes the way; returns 0 at its end."""
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else IMAGES
    frames = {name: read_frame(Path(sys.argv[1]) / name) for name in ("kgn_1", "tabletop_blue_mug", "tabletop_red_mug")}
    with tempfile.TemporaryDirectory() as folder, running_nodes(
        DEMONSTRATIONS, Path(folder) / "nodes.log", parameters={"transfer_node:stability.agreeing": "1"}
    ) as nodes:
        os.environ.update({key: nodes.environment[key] for key in
                           ("ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE", "FASTDDS_DEFAULT_PROFILES_FILE")})
        operator = made_operator(frames["kgn_1"])
        try:
            walked(operator, frames, partial(written, out))
        finally:
            operator.close()
    return 0


def walked(operator: Any, frames: dict[str, RgbdFrame], keep: Callable[..., None]) -> None:
    """Takes each step, and the picture of what is seen then."""
    from func_corr_ros.srv import LoadDemonstration, SetReference

    table = frames["kgn_1"]
    keep("camera", [table.color, depth_picture(table)], TABLE)
    every = operator.until("segmentation_node/overlay", lambda: operator.objects() > 1)
    keep("objects", [every], TABLE)
    doctor()
    operator.click(CLICK)
    keep("click", [every, operator.until("segmentation_node/overlay", lambda: operator.objects() == 1)], TABLE)
    names, pixels = list(KEYPOINTS), np.array(list(KEYPOINTS.values()))
    operator.ask(SetReference, "correspondence_node/set_reference", reference_id="my_mug", function="pour-with",
                 keypoint_names=names, keypoint_u=pixels[:, 0].tolist(), keypoint_v=pixels[:, 1].tolist())
    shown, mask = (operator.until(f"correspondence_node/reference/{name}", latched=True) for name in ("image", "mask"))
    keep("reference", [shown, mask], TABLE)
    matched = []
    for name in ("tabletop_blue_mug", "tabletop_red_mug"):
        operator.click((-50.0, -50.0))  # beside the picture: lets go
        operator.show(frames[name])
        matched += [operator.until(f"correspondence_node/{topic}") for topic in ("overlay", "flow_color")]
    keep("match", matched, MUG)
    operator.show(frames["tabletop_blue_mug"])
    operator.ask(LoadDemonstration, "transfer_node/load_demonstration", demonstration_id="red_mug_pour")
    keep("poses", [drawn(frames["tabletop_blue_mug"], operator.transfer())], TOOLS)
    time.sleep(10.0)  # what was wrong before is over by then
    doctor()


def doctor() -> None:
    """Prints what is wrong with the running graph."""
    subprocess.run([sys.executable, "-m", "func_corr_ros.cli.main", "doctor", "--live"], check=True)


def depth_picture(frame: RgbdFrame) -> np.ndarray:
    """Returns depth in colours, near ones dark; black where none was measured."""
    near, far = np.nanpercentile(frame.depth, (2, 98))
    share = np.nan_to_num((frame.depth - near) / (far - near)).clip(0.0, 1.0)
    colors = cv2.applyColorMap((share * 255).astype(np.uint8), cv2.COLORMAP_VIRIDIS)[..., ::-1]
    return np.where(np.isnan(frame.depth)[..., None], np.uint8(0), colors)


def drawn(frame: RgbdFrame, result: Any) -> np.ndarray:
    """Returns the picture with the tool poses of an accepted result, which are in the camera's frame."""
    from func_corr_ros.nodes.messages import transform_of

    picture = Picture.whole(frame.color, 2 * frame.color.shape[1])
    draw_phases(picture, frame.camera, [TransferredPhase(phase.name, phase.tool_link, transform_of(phase.pose.pose))
                                        for phase in result.phases])
    return cv2.resize(picture.rgb, frame.color.shape[1::-1], interpolation=cv2.INTER_AREA)


def written(out: Path, name: str, pictures: list[np.ndarray], shown: tuple[int, int, int, int]) -> None:
    """Writes parts of pictures side by side to ``out``/first_steps_<name>.jpg."""
    left, top, right, bottom = shown
    three = [picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2) for picture in pictures]
    gap = np.full((bottom - top, GAP, 3), 255, np.uint8)
    row = np.concatenate([part for picture in three for part in (picture[top:bottom, left:right], gap)][:-1], axis=1)
    scale = min(1.0, 1200 / row.shape[1])
    row = cv2.resize(row, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    path = out / f"first_steps_{name}.jpg"
    cv2.imwrite(str(path), row[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    print(f"{path} {row.shape[1]}x{row.shape[0]}")


def made_operator(frame: RgbdFrame) -> Any:
    """Returns a camera and an operator; made here, for ROS must not be imported before its environment is set."""
    import rclpy
    from func_corr_ros.msg import ObjectMaskArray, TransferResult
    from geometry_msgs.msg import Point, PointStamped
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.time import Time
    from sensor_msgs.msg import CameraInfo, Image

    from func_corr_ros.nodes.messages import camera_message, header_of, image_message, picture_message, raw_image
    from func_corr_ros.nodes.observations import Moment
    from func_corr_ros.nodes.rgbd_input import LATCHED, QOS

    class Operator:
        def __init__(self) -> None:
            rclpy.init(args=[])
            self.node, self.executor = rclpy.create_node("operator"), SingleThreadedExecutor()
            self.executor.add_node(self.node)
            topics = ((Image, "rgb/image_rect_color"), (Image, "depth_registered/image_rect"), (CameraInfo, "rgb/camera_info"))
            self.cameras = [self.node.create_publisher(kind, name, QOS["RELIABLE"]) for kind, name in topics]
            self.clicks = self.node.create_publisher(PointStamped, "clicked_point", 1)
            self.newest: dict[str, Any] = {}
            for kind, topic in ((ObjectMaskArray, "segmentation_node/objects"), (TransferResult, "transfer_node/transfer")):
                self.node.create_subscription(kind, topic, lambda message, topic=topic: self.newest.update({topic: message}), 10)
            self.show(frame)
            self.node.create_timer(PERIOD_S, self.publish)
            self.spinning = threading.Thread(target=self.executor.spin, daemon=True)
            self.spinning.start()

        def show(self, frame: RgbdFrame) -> None:
            self.frame, self.since = replace(frame, frame_id="camera_color_optical_frame"), self.node.get_clock().now()

        def publish(self) -> None:
            now = Moment(self.node.get_clock().now().nanoseconds, self.frame.frame_id)
            depth = image_message(encodings.encode_depth(self.frame.depth), now)
            messages = picture_message(self.frame.color, now), depth, camera_message(self.frame.camera, now)
            for camera, message in zip(self.cameras, messages, strict=True):
                camera.publish(message)

        def click(self, uv: tuple[float, float]) -> None:
            self.waited(lambda: self.clicks.get_subscription_count() > 0, "somebody who hears clicks")
            point = self.frame.camera.rays(np.array([uv]))[0] * 0.6
            if 0 <= uv[0] < self.frame.camera.width:
                point = self.frame.points_at(np.array([uv], dtype=np.float32))[0][0]
            header = header_of(Moment(self.node.get_clock().now().nanoseconds, self.frame.frame_id))
            self.clicks.publish(PointStamped(header=header, point=Point(**dict(zip("xyz", map(float, point), strict=True)))))
            self.since = self.node.get_clock().now()

        def fresh(self, message: Any) -> bool:
            return message is not None and Time.from_msg(message.header.stamp) > self.since

        def objects(self) -> int:
            message = self.newest.get("segmentation_node/objects")
            return len(message.objects) if self.fresh(message) else 0

        def until(self, topic: str, ready: Any = lambda: True, latched: bool = False) -> np.ndarray:
            """Returns the picture on ``topic`` of what is shown now, once ``ready``."""
            got: list[Any] = []
            hearing = self.node.create_subscription(Image, topic, got.append, LATCHED if latched else 1)
            self.waited(lambda: ready() and got and (latched or self.fresh(got[-1])), topic)
            got.clear() if not latched else None
            self.waited(lambda: got, topic)  # one more: of a time when all was ready
            self.node.destroy_subscription(hearing)
            image = raw_image(got[-1])
            return encodings.decode_color(*image)

        def transfer(self) -> Any:
            """Returns the first accepted result of what is shown now."""
            topic = "transfer_node/transfer"
            self.waited(lambda: self.fresh(self.newest.get(topic)) and self.newest[topic].accepted, "an accepted transfer")
            return self.newest[topic]

        def ask(self, kind: Any, name: str, **fields: Any) -> None:
            client = self.node.create_client(kind, name)
            self.waited(client.service_is_ready, name)
            answer = client.call_async(kind.Request(**fields, timeout=30.0))
            self.waited(answer.done, name)
            assert answer.result().error_code == 0, answer.result().error_msg

        def waited(self, ready: Any, what: str) -> None:
            deadline = time.monotonic() + PATIENCE_S
            while not ready():
                assert time.monotonic() < deadline, f"{what} was waited for in vain; {self.newest.get('transfer_node/transfer')}"
                time.sleep(0.02)

        def close(self) -> None:
            self.executor.shutdown()
            self.spinning.join(10.0)
            self.node.destroy_node()
            rclpy.try_shutdown()

    return Operator()


if __name__ == "__main__":
    sys.exit(main())
