# SPDX-License-Identifier: Apache-2.0
"""docs/ros_api.md is what the code says; whoever changes a parameter, a topic or a message writes it anew."""

import re
from pathlib import Path

import pytest
import yaml

from func_corr_ros import srv
from func_corr_ros.nodes import api_page, replay_client
from func_corr_ros.nodes.process import take_down
from func_corr_ros.settings import leaves, override

PAGE = Path(__file__).parents[2] / "docs" / "ros_api.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == api_page.page(), "write it again: python -m func_corr_ros.nodes.api_page docs/ros_api.md"


def test_every_parameter_topic_service_and_message_is_on_it() -> None:
    text = api_page.page()
    for _, settings in api_page.NODES.values():
        for info in leaves(settings):
            assert f"`{info.name}`" in text or ".tabletop." in info.name
            assert info.description
    for name in ("ErrorCode", "TransferResult", *(kind for group in api_page.SERVICES.values() for kind, _ in group.values())):
        assert f"### {name}\n" in text
    assert {kind for group in api_page.SERVICES.values() for kind, _ in group.values()} == {
        name for name in dir(srv) if name[0].isupper() and not name.endswith(("_Request", "_Response", "_Event"))
    }


def test_the_parameter_file_holds_every_default_and_is_taken_by_its_node() -> None:
    written = yaml.safe_load(api_page.parameter_file())
    assert set(written) == {f"/**/{name}" for name in api_page.NODES}
    for name, (_, settings) in api_page.NODES.items():
        values = written[f"/**/{name}"]["ros__parameters"]
        assert override(settings(), values) == settings()
        named = set(re.findall(r"^ *(?:# )?(\w+): .*  # ", api_page.parameter_file(), re.MULTILINE))
        assert {info.name.rpartition(".")[2] for info in leaves(settings)} <= named


@pytest.mark.ros
def test_ros_reads_the_parameter_file(tmp_path) -> None:
    import rclpy

    from func_corr_ros.nodes.func_corr import composed

    path = tmp_path / "mine.yaml"
    path.write_text(api_page.parameter_file().replace("max_input_age: 2.0", "max_input_age: 7.5"))
    rclpy.init(args=["--ros-args", "--params-file", str(path)])
    nodes = composed()
    assert [node.settings for node in nodes] == [override(made(), {"max_input_age": 7.5}) for _, made in api_page.NODES.values()]
    take_down(nodes)
    rclpy.try_shutdown()


def test_the_replay_client_listens_to_every_output() -> None:
    heard = {topic for topic, _ in replay_client.OUTPUTS.values()} | set(replay_client.MARKERS.values())
    published = {f"{node}/{topic}" for node, topics in api_page.OUTPUTS.items() for topic in topics}
    assert published - heard == {
        "segmentation_node/overlay",
        "correspondence_node/reference/image",
        "correspondence_node/reference/mask",
    }
    assert heard <= published
