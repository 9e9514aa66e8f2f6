# SPDX-License-Identifier: Apache-2.0
"""What RViz and Foxglove are told to show is what the nodes publish: names, types and fields; their clicks are heard."""

import json
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
import yaml

from func_corr_ros.nodes.api_page import INPUTS, OUTPUTS

ROOT = Path(__file__).parents[2]
PUBLISHED = {f"{node}/{topic}": kind for node, topics in OUTPUTS.items() for topic, (kind, _) in topics.items()}
# A panel or display -> what it can draw.
FOXGLOVE = {"Image": {"sensor_msgs/Image"},
            "3D": {"sensor_msgs/PointCloud2", "visualization_msgs/MarkerArray", "nav_msgs/Path", "geometry_msgs/PoseStamped"}}
RVIZ = {"Image": "sensor_msgs/Image", "PointCloud2": "sensor_msgs/PointCloud2", "MarkerArray": "visualization_msgs/MarkerArray",
        "Path": "nav_msgs/Path"}
LATCHED = {"correspondence_node/reference/image", "correspondence_node/reference/mask"}


@pytest.fixture(scope="module")
def layout() -> dict[str, Any]:
    return json.loads((ROOT / "config" / "foxglove_layout.json").read_text())


def has_field(kind: str, path: str) -> bool:
    """Returns whether a message type has a (plain) field of this name."""
    package, _, name = kind.partition("/")
    return path in resolve_name(f"{package}.msg:{name}").get_fields_and_field_types()


def panels(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    else:
        yield from panels(node["first"])
        yield from panels(node["second"])


def test_every_panel_of_the_layout_is_placed_once(layout: dict[str, Any]) -> None:
    assert sorted(panels(layout["layout"])) == sorted(layout["configById"])


def test_foxglove_shows_what_is_published_and_can_be_drawn(layout: dict[str, Any]) -> None:
    shown = set()
    for name, panel in layout["configById"].items():
        kind = name.split("!")[0]
        topics = [*panel.get("topics", {}), *([panel["imageMode"]["imageTopic"]] if kind == "Image" else [])]
        for topic in topics:
            assert PUBLISHED[topic.removeprefix("/")] in FOXGLOVE[kind], f"{name}: {topic}"
        shown |= {topic.removeprefix("/") for topic in topics}
        for path in [one["value"] for one in panel.get("paths", [])]:
            topic, _, field = path.removeprefix("/").partition(".")
            assert has_field(PUBLISHED[topic], field), path
        if "topicPath" in panel:
            assert panel["topicPath"].removeprefix("/") in PUBLISHED
    assert {"correspondence_node/overlay", "correspondence_node/points", "transfer_node/markers"} <= shown


def test_foxglove_points_where_the_nodes_listen(layout: dict[str, Any]) -> None:
    from func_corr_ros.nodes.clicked_point import TOPIC
    from func_corr_ros.nodes.live_graph import HARDWARE_ID

    assert layout["configById"]["3D!scene"]["publish"]["pointTopic"] == f"/{TOPIC}" and TOPIC in INPUTS["segmentation_node"]
    summary = layout["configById"]["DiagnosticSummary!nodes"]
    assert (summary["topicToRender"], summary["hardwareIdFilter"]) == ("/diagnostics", HARDWARE_ID)


def test_a_cloud_is_coloured_by_a_field_that_it_has(layout: dict[str, Any]) -> None:
    from func_corr_ros.nodes.messages import PART_FIELDS, POINT_FIELDS

    fields = {*POINT_FIELDS, *PART_FIELDS}
    clouds = layout["configById"]["3D!scene"]["topics"]
    assert {cloud["colorField"] for cloud in clouds.values() if "colorField" in cloud} <= fields
    displays = yaml.safe_load((ROOT / "rviz" / "func_corr.rviz").read_text())["Visualization Manager"]["Displays"]
    assert {display["Channel Name"] for display in displays if "Channel Name" in display} <= fields


def test_rviz_shows_what_is_published_with_a_qos_that_hears_it() -> None:
    manager = yaml.safe_load((ROOT / "rviz" / "func_corr.rviz").read_text())["Visualization Manager"]
    shown = {}
    for display in manager["Displays"]:
        kind = display["Class"].split("/")[1]
        if "Topic" in display:
            topic = display["Topic"]["Value"]
            assert PUBLISHED[topic] == RVIZ[kind], topic
            shown[topic] = display["Topic"]["Durability Policy"]
    assert {topic for topic, durability in shown.items() if durability == "Transient Local"} <= LATCHED
    assert shown["correspondence_node/reference/image"] == "Transient Local", "or it is missed by whoever starts later"
    assert "rviz_default_plugins/PublishPoint" in {tool["Class"] for tool in manager["Tools"]}
