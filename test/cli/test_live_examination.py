# SPDX-License-Identifier: Apache-2.0
"""Each fault of a running graph is named, with its numbers and its cure, and a healthy graph is left in peace."""
from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from func_corr_ros.cli import live_examination
from func_corr_ros.cli.live_examination import as_text, heard, judged
from func_corr_ros.cli.main import main
from func_corr_ros.errors import MissingOptional

IMAGE = {"received": 100, "rate_hz": 30.0, "frame_id": "optical", "refused": "", "age_s": 0.03, "publishers": ["/camera"],
         "subscribers": ["/segmentation_node"], "deaf": [], "valid_share": None, "size": [480, 640]}
HEALTHY: dict[str, Any] = {
    "seconds": 5.0,
    "nodes": [{"name": "/segmentation_node", "level": 0, "message": "ok", "values": {"last_error": ""}}],
    "parameters": {"sync.slop": 0.02, "max_input_age": 2.0, "use_sim_time": False},
    "clock_publishers": 0,
    "topics": {
        "color": {**IMAGE, "topic": "/rgb/image_rect_color", "encoding": "rgb8", "types": ["sensor_msgs/msg/Image"]},
        "depth": {**IMAGE, "topic": "/depth/image", "encoding": "16UC1", "types": ["sensor_msgs/msg/Image"], "valid_share": 0.8},
        "camera_info": {**IMAGE, "topic": "/rgb/camera_info", "encoding": "", "types": ["sensor_msgs/msg/CameraInfo"]},
    },
    "skew_s": 0.001,
    "transforms": [
        {"target": name, "wanted_by": key, "source": "optical", "problem": "",
         "frames": ["base_link", "camera_link", "cup", "optical"], "joined": True, "link": "base_link -> camera_link",
         "silence_s": 0.02, "age_s": 0.01}
        for name, key in (("base_link", "target_frame"), ("cup", "anchor_frames"))
    ],
    "others": {"Image": ["/depth/image", "/rgb/image_rect_color"], "CompressedImage": [], "CameraInfo": ["/rgb/camera_info"]},
}


def with_fault(path: str, value: Any, **more: Any) -> dict[str, Any]:
    found = copy.deepcopy(HEALTHY)
    for where, what in {path: value, **more}.items():
        *parents, last = where.split("/")
        place = found
        for name in parents:
            place = place[int(name) if name.isdigit() else name]
        place[last] = what
    return found


def test_a_healthy_graph_has_no_problem() -> None:
    assert judged(HEALTHY) == []
    old = {"last_error": "NO_REFERENCE: none is set", "last_error_age_s": "5.1"}
    assert judged(with_fault("nodes", [{"name": "/a", "level": 0, "message": "ok", "values": old}])) == [], "that was before"
    text = as_text(HEALTHY, [])
    assert "nothing is wrong here" in text and "30.0 Hz 640x480 16UC1 30 ms old 80 % valid" in text


FAULTS = [
    (with_fault("nodes", []), "no node of this package is heard", "ros2 launch", True),
    (with_fault("nodes", [{"name": "/a", "level": 1, "message": "not active", "values": {}}]),
     "/a is not active", "activate", True),
    (with_fault("nodes", [{"name": "/a", "level": 0, "message": "ok",
                           "values": {"last_error": "TF_ERROR: x", "last_error_age_s": "0.3"}}]),
     "/a said last: TF_ERROR: x", "troubleshooting", False),
    (with_fault("nodes", [{"name": "/a", "level": 2, "message": "stuck in match for 40 s", "values": {}}]),
     "/a: stuck in match for 40 s", "restart", True),
    (with_fault("topics/depth/publishers", []), "nobody publishes /depth/image", "there are: /depth/image", True),
    (with_fault("topics/color/types", ["std_msgs/msg/String"]), "carries std_msgs/msg/String, not Image", "rgb_topic", True),
    (with_fault("topics/color/deaf", [{"publisher": "/camera", "subscriber": "/segmentation_node", "reason": "Best effort"}]),
     "/segmentation_node cannot hear /camera on /rgb/image_rect_color: Best effort", "input.color_qos", True),
    (with_fault("topics/color/received", 0), "publishes /rgb/image_rect_color, but nothing arrives", "fastdds_", True),
    (with_fault("topics/color/refused", "encoding 'yuv422'"), "cannot be read: encoding 'yuv422'", "sensors.md", True),
    (with_fault("topics/depth/valid_share", 0.02), "only 2 % of /depth/image have a depth", "emitter", True),
    (with_fault("topics/depth/size", [240, 320]), "/depth/image 320x240", "registered", True),
    (with_fault("topics/depth/frame_id", "depth_optical"), "depth in 'depth_optical'", "registered", False),
    (with_fault("skew_s", -0.08), "-80.0 ms apart, sync.slop is 20 ms", "sync.slop", True),
    (with_fault("topics/depth/rate_hz", 6.0), "depth at 6.0 Hz", "fastdds", False),
    (with_fault("parameters/use_sim_time", True), "take their time from /clock, which nobody publishes", "--clock", True),
    (with_fault("topics/color/age_s", 7.5), "images are 7.5 s old when they arrive", "chrony", True),
    (with_fault("topics/color/age_s", 7.5, clock_publishers=1), "images are 7.5 s old", "use_sim_time:=true", True),
    (with_fault("topics/color/age_s", -9.0), "9.0 s in the future", "clocks", True),
    (with_fault("transforms/0/frames", []), "'base_link', but nobody publishes /tf", "static_transform_publisher", True),
    (with_fault("transforms/0/joined", False), "TF does not join 'optical' to 'base_link': they are of two trees", "publish",
     True),
    (with_fault("transforms/0/joined", False, **{"transforms/0/target": "base_lnk"}), "nobody knows 'base_lnk'",
     "nearest to 'base_lnk': 'base_link'", True),
    (with_fault("transforms/0/silence_s", 12.0), "TF's base_link -> camera_link is 12.0 s old", "tf_static", True),
    (with_fault("transforms/0/age_s", -3.0), "TF's base_link -> camera_link is from 3.0 s in the future", "chrony", True),
    (with_fault("transforms/1/joined", False, **{"transforms/1/target": "cupp", "transforms/1/link": ""}),
     "TF does not join 'optical' to 'cupp': nobody knows 'cupp'",
     "nearest to 'cupp': 'cup'), or name another frame by transfer_node's anchor_frames", True),
    (with_fault("transforms/1/silence_s", 12.0, **{"transforms/1/link": "base_link -> cup"}),
     "TF's base_link -> cup is 12.0 s old", "tf_static", True),
    (with_fault("transforms/0/silence_s", 12.0, **{"transforms/1/silence_s": 12.0}),
     "base_link -> camera_link is 12.0 s old", "tf_", True),
    (with_fault("transforms/0/problem", "tf2_msgs is not installed"), "TF cannot be looked at here", "tf2_msgs", False),
]


@pytest.mark.parametrize(("found", "what", "do", "core"), FAULTS, ids=[fault[1] for fault in FAULTS])
def test_a_fault_is_named_alone_with_its_cure(found: dict[str, Any], what: str, do: str, core: bool) -> None:
    (problem,) = judged(found)
    assert what in problem["what"] and do in problem["do"] and problem["core"] is core
    assert ("!" if core else "-") + " " + problem["what"] in as_text(found, [problem])


def test_a_missing_topic_offers_the_nearest_names_of_its_kind() -> None:
    found = with_fault("topics/color/publishers", [], **{
        "topics/color/received": 0, "topics/color/size": [0, 0], "skew_s": None,
        "others/Image": ["/camera/color/image_rect_color", "/camera/depth/image", "/segmentation_node/overlay"],
    })
    (problem,) = judged(found)
    assert "there are: /camera/color/image_rect_color" in problem["do"] and "overlay" not in problem["do"]
    (none,) = judged({**found, "others": {**found["others"], "Image": []}})
    assert "does the camera driver run?" in none["do"]


def test_exit_codes_and_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for found, code in ((HEALTHY, 0), (FAULTS[12][0], 1), (FAULTS[11][0], 0)):
        monkeypatch.setattr(live_examination, "heard", lambda *given, found=found, **named: found)
        assert main(["doctor", "--live", "--json"]) == code
        assert len(json.loads(capsys.readouterr().out)["problems"]) == (0 if found is HEALTHY else 1)


def test_without_ros_it_says_what_to_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_examination, "why_no_ros", lambda: "ROS 2 (rclpy) is not installed or not sourced")
    with pytest.raises(MissingOptional, match="source a ROS 2"):
        heard(1.0, {})
