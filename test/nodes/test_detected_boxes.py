# SPDX-License-Identifier: Apache-2.0
"""A detector's boxes become prompts: their edges, names, scores and age; without vision_msgs the error says what to install."""

import math
import sys
import types

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from func_corr_ros.errors import MissingOptional, NoInput, NoMask
from func_corr_ros.settings import override

pytestmark = pytest.mark.ros


def detection(u: float, v: float, width: float, height: float, *named: tuple[str, float]) -> types.SimpleNamespace:
    """The fields of vision_msgs/Detection2D (version 4) that count."""
    center = types.SimpleNamespace(position=types.SimpleNamespace(x=u, y=v), theta=0.0)
    results = [types.SimpleNamespace(hypothesis=types.SimpleNamespace(class_id=name, score=score)) for name, score in named]
    return types.SimpleNamespace(bbox=types.SimpleNamespace(center=center, size_x=width, size_y=height), results=results)


def boxes(*detections, **changed):
    from func_corr_ros.nodes.detected_boxes import DetectionSettings, detection_prompts

    return detection_prompts(list(detections), override(DetectionSettings(), changed))


def test_boxes_have_edges_and_the_name_of_their_best_guess() -> None:
    found = boxes(detection(100.0, 50.0, 40.0, 20.0, ("mug", 0.4), ("cup", 0.8)), detection(10.0, 20.0, 6.0, 8.0))
    np.testing.assert_allclose(found.boxes, [[80.0, 40.0, 120.0, 60.0], [7.0, 16.0, 13.0, 24.0]])
    assert found.box_names == ("cup", "") and len(found.points) == 0


def test_weak_ones_other_classes_and_nonsense_are_left_out() -> None:
    strong, weak, other = (detection(50.0, 50.0, 10.0, 10.0, guess) for guess in (("mug", 0.9), ("mug", 0.1), ("person", 0.9)))
    nonsense = [detection(math.nan, 1.0, 5.0, 5.0, ("mug", 1.0)), detection(1.0, 1.0, 0.0, 5.0, ("mug", 1.0))]
    assert boxes(strong, weak, other, *nonsense, classes=["mug"]).box_names == ("mug",)
    with pytest.raises(NoMask, match=r"none of 3 detections counts: .*min_score is 0.3, detections.classes \['kettle'\]"):
        boxes(strong, weak, other, classes=["kettle"])
    with pytest.raises(NoMask, match="none of 0 detections counts"):
        boxes()


def test_a_flood_of_boxes_is_cut_to_the_best() -> None:
    found = boxes(*(detection(50.0, 50.0, 10.0, 10.0, (str(number), 0.3 + number / 2000.0)) for number in range(1000)))
    assert len(found.boxes) == 50 and found.box_names[0] == "999"


NUMBER = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(-50.0, 700.0))
GUESS = st.tuples(st.text(max_size=20), NUMBER)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(NUMBER, NUMBER, NUMBER, NUMBER, st.lists(GUESS, max_size=2)), max_size=4))
def test_whatever_a_detector_says_gives_finite_boxes_or_a_refusal(said) -> None:
    try:
        found = boxes(*(detection(u, v, width, height, *named) for u, v, width, height, named in said))
    except NoMask:
        return
    assert np.abs(found.boxes).max() < 1e6 and (found.boxes[:, 2:] > found.boxes[:, :2]).all()
    assert 1 <= len(found.boxes) == len(found.box_names) <= 50


@pytest.fixture
def vision_msgs(monkeypatch):
    """A message that travels in place of Detection2DArray, which is not to be had from the registries: it has a header, too."""
    from sensor_msgs.msg import PointCloud2

    package, messages = types.ModuleType("vision_msgs"), types.ModuleType("vision_msgs.msg")
    messages.Detection2DArray = PointCloud2
    monkeypatch.setitem(sys.modules, "vision_msgs", package)
    monkeypatch.setitem(sys.modules, "vision_msgs.msg", messages)


def test_detections_count_for_images_of_about_their_time(ros, vision_msgs) -> None:
    from builtin_interfaces.msg import Time
    from rclpy.node import Node
    from std_msgs.msg import Header

    from func_corr_ros.nodes.detected_boxes import DetectedBoxes, DetectionSettings
    from func_corr_ros.nodes.observations import Moment

    node = Node("detector_test")
    detected = DetectedBoxes(node)
    with pytest.raises(NoInput, match="no detections have arrived on /detections yet"):
        detected.prompts(Moment(0, "camera"), DetectionSettings())
    message = types.SimpleNamespace(header=Header(stamp=Time(sec=5)), detections=[detection(9.0, 9.0, 4.0, 4.0, ("mug", 0.9))])
    detected._take(message)
    assert detected.prompts(Moment(5_400_000_000, "camera"), DetectionSettings()).box_names == ("mug",)
    for seconds in (4.0, 6.0):
        with pytest.raises(NoInput, match="1.00 s from the image, detections.max_age is 0.5 s"):
            detected.prompts(Moment(round(seconds * 1e9), "camera"), DetectionSettings())
    detected.close()
    node.destroy_node()


def test_without_vision_msgs_it_says_what_to_install(ros, monkeypatch) -> None:
    from rclpy.node import Node

    from func_corr_ros.nodes.detected_boxes import DetectedBoxes

    monkeypatch.setitem(sys.modules, "vision_msgs.msg", None)
    node = Node("detector_test")
    with pytest.raises(MissingOptional, match="sudo apt install ros-.*-vision-msgs"):
        DetectedBoxes(node)
    node.destroy_node()
