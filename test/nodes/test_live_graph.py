# SPDX-License-Identifier: Apache-2.0
"""The listener hears a real graph over DDS: a healthy camera, and one with each fault that only a live graph shows."""

from contextlib import contextmanager

import numpy as np
import pytest

from func_corr_ros.cli.live_examination import judged

pytestmark = pytest.mark.ros
COLOR, DEPTH = "rgb/image_rect_color", "depth_registered/image_rect"


@contextmanager
def camera(
    skew: float = 0.0, age: float = 0.0, encoding: str = "", depth: float = 1.0, reliable_listener: bool = False,
    says_so: str = "/correspondence_node",
):
    """A camera at 20 Hz and, beside it, what a node of ours would say; faults as asked for.

    A segmentation node would be asked for its parameters, which the one that is not there takes two seconds to leave unanswered.
    """
    from diagnostic_msgs.msg import DiagnosticArray
    from nodes.running_nodes import repeated
    from rclpy.node import Node
    from sensor_msgs.msg import CameraInfo, Image

    from func_corr_ros import encodings
    from func_corr_ros.geometry.camera import PinholeCamera
    from func_corr_ros.nodes.diagnostics import diagnostic_message
    from func_corr_ros.nodes.messages import camera_message, image_message, picture_message
    from func_corr_ros.nodes.observations import Moment
    from func_corr_ros.nodes.rgbd_input import QOS

    node = Node("camera")
    publishers = [node.create_publisher(kind, name, QOS["BEST_EFFORT"])
                  for kind, name in ((Image, COLOR), (Image, DEPTH), (CameraInfo, "rgb/camera_info"))]
    says = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
    if reliable_listener:
        node.create_subscription(Image, COLOR, lambda message: None, QOS["RELIABLE"])
    picture, metres = np.full((48, 64, 3), 90, np.uint8), np.full((48, 64), depth, np.float32)

    def publish() -> None:
        now = node.get_clock().now().nanoseconds - round(age * 1e9)
        moment, late = Moment(now, "optical"), Moment(now + round(skew * 1e9), "optical")
        color = picture_message(picture, moment)
        color.encoding = encoding or color.encoding
        messages = (color, image_message(encodings.encode_depth(metres), late),
                    camera_message(PinholeCamera(60.0, 60.0, 31.5, 23.5, 64, 48), moment))
        for publisher, message in zip(publishers, messages, strict=True):
            publisher.publish(message)

    def say() -> None:
        stamp = node.get_clock().now().to_msg()
        says.publish(diagnostic_message(says_so, "func_corr_ros", stamp, None, {"color.topic": f"/{COLOR}"}))

    try:
        with repeated(publish, 0.05), repeated(say, 0.5):
            yield
    finally:
        node.destroy_node()


def problems(expected: int, monkeypatch: pytest.MonkeyPatch, **faults) -> list[str]:
    """Listens for a short while, and once more as long as the doctor does where a busy machine needs that to hear all."""
    from func_corr_ros.nodes import live_graph

    with camera(**faults):
        for discovery, seconds in ((1.0, 1.5), (live_graph.DISCOVERY_S, 2.5)):
            monkeypatch.setattr(live_graph, "DISCOVERY_S", discovery)
            found = [problem["what"] for problem in judged(live_graph.listen(seconds, {}))]
            if len(found) == expected and not any("no node of this package" in what for what in found):
                break
    return found


def test_a_healthy_camera_is_measured(ros) -> None:
    from func_corr_ros.nodes.live_graph import listen

    with camera(says_so="/segmentation_node"):
        found = listen(2.5, {})
    assert judged(found) == []
    color, depth = found["topics"]["color"], found["topics"]["depth"]
    assert color["publishers"] == ["/camera"] and color["received"] > 5 and 2.0 < color["rate_hz"] < 25.0
    assert (color["size"], color["encoding"], depth["encoding"]) == ((48, 64), "rgb8", "16UC1")
    assert depth["valid_share"] == 1.0 and abs(found["skew_s"]) < 1e-6 and 0.0 <= color["age_s"] < 0.5


def test_skew_of_a_live_camera_is_measured_in_milliseconds(ros, monkeypatch) -> None:
    # Half a period of the camera would be ambiguous; 22 of 50 ms is not.
    assert problems(1, monkeypatch, skew=0.022) == ["depth and colour are +22.0 ms apart, sync.slop is 20 ms: no set is complete"]


def test_old_images_and_a_blind_sensor_are_told_apart(ros, monkeypatch) -> None:
    found = problems(2, monkeypatch, age=60.0, depth=0.0)
    assert len(found) == 2 and found[0].startswith("only 0 % of /depth_registered/image_rect")
    assert found[1].startswith("images are 6")


def test_who_cannot_hear_whom_and_what_cannot_be_read(ros, monkeypatch) -> None:
    found = problems(2, monkeypatch, reliable_listener=True, encoding="yuv422_yuy2")
    assert found[0].startswith("/camera cannot hear /camera on /rgb/image_rect_color")
    assert "yuv422_yuy2" in found[1] and len(found) == 2


def test_nobody_there(ros, monkeypatch) -> None:
    from func_corr_ros.nodes import live_graph

    monkeypatch.setattr(live_graph, "DISCOVERY_S", 0.5)
    found = [problem["what"] for problem in judged(live_graph.listen(0.5, {"color": "/my/color"}))]
    assert found[0].startswith("no node of this package")
    assert found[1:] == [f"nobody publishes {topic}" for topic in ("/my/color", f"/{DEPTH}", "/rgb/camera_info")]
