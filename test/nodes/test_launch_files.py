# SPDX-License-Identifier: Apache-2.0
"""The launch files offer what the documentation promises, and what they pass on is what the nodes accept.

Real launch is not to be had from the registries: stand-ins record what the files declare, and where launch is installed it
reads them as well.
"""

import importlib.util
import sys
import types
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from func_corr_ros.errors import BadSettings
from func_corr_ros.nodes.api_page import INPUTS, NODES, OUTPUTS
from func_corr_ros.settings import override

ROOT = Path(__file__).parents[2]
# What users are promised (the design of the ROS side), and where the demonstrations lie.
PROMISED = {
    "params_file", "namespace", "use_sim_time", "autostart", "device", "rgb_topic", "depth_topic", "camera_info_topic",
    "target_frame", "function", "demonstration", "segmenter", "rviz", "composed", "log_level", "demonstrations",
    "text_prompt", "detections_topic",
}  # fmt: skip


@dataclass
class Recorded:
    """Whatever a launch file makes, with what it was made of."""

    given: tuple = ()
    named: dict = field(default_factory=dict)

    def perform(self, context: dict) -> str:
        return context[self.given[0]]


@pytest.fixture
def stand_ins(monkeypatch) -> None:
    names = {
        "launch": ("LaunchContext", "LaunchDescription"),
        "launch.actions": (
            "DeclareLaunchArgument", "GroupAction", "IncludeLaunchDescription", "OpaqueFunction", "RegisterEventHandler",
            "SetEnvironmentVariable", "Shutdown",
        ),
        "launch.conditions": ("IfCondition",),
        "launch.event_handlers": ("OnProcessExit",),
        "launch.launch_description_sources": ("PythonLaunchDescriptionSource",),
        "launch.substitutions": ("LaunchConfiguration", "PathJoinSubstitution"),
        "launch_ros": (),
        "launch_ros.actions": ("Node",),
        "launch_ros.substitutions": ("FindPackageShare",),
    }  # fmt: skip
    for name, kinds in names.items():
        module = types.ModuleType(name)
        for kind in kinds:
            made = type(kind, (Recorded,), {"__init__": lambda self, *given, **named: Recorded.__init__(self, given, named)})
            setattr(module, kind, made)
        monkeypatch.setitem(sys.modules, name, module)


def launch_file(name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name.split(".")[0] + "_launch", ROOT / "launch" / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def asked(file: types.ModuleType, **changes: str) -> dict[str, str]:
    return {**{name: value for name, (value, _) in file.ARGUMENTS.items()}, **changes}


def test_the_arguments_are_those_promised_and_explained(stand_ins) -> None:
    file = launch_file("func_corr.launch.py")
    assert set(file.ARGUMENTS) == PROMISED
    assert all(words for _, words in file.ARGUMENTS.values())
    (actions,) = file.generate_launch_description().given
    declared = [action.given[0] for action in actions if type(action).__name__ == "DeclareLaunchArgument"]
    assert declared == list(file.ARGUMENTS)


@pytest.mark.parametrize(("composed", "executables"), [("true", ["func_corr"]), ("false", list(NODES))])
def test_one_process_or_three(stand_ins, composed: str, executables: list[str]) -> None:
    file = launch_file("func_corr.launch.py")
    nodes = file.nodes(asked(file, composed=composed, rgb_topic="/cam/color", namespace="left"))
    assert [node.named["executable"] for node in nodes] == executables
    for node in nodes:
        assert node.named["package"] == "func_corr_ros" and node.named["namespace"] == "left" and "name" not in node.named
        remapped = dict(node.named["remappings"])
        assert remapped["rgb/image_rect_color"] == "/cam/color"
        # RViz publishes it by that name; a detector is heard where one is named
        inputs = {topic for name in NODES for topic in INPUTS[name]} - {"clicked_point", "detections", "text_prompt"}
        assert set(remapped) >= inputs if composed == "false" else True


def test_the_links_of_separate_processes_are_published_topics(stand_ins) -> None:
    file = launch_file("func_corr.launch.py")
    for topic, published in file.LINKS.items():
        node, _, name = published.partition("/")
        assert name in OUTPUTS[node] and any(topic in INPUTS[other] for other in NODES)


def test_every_argument_that_is_a_parameter_is_accepted_by_its_node(stand_ins) -> None:
    file = launch_file("func_corr.launch.py")
    values = {
        "autostart": "false", "device": "cpu", "target_frame": "base", "function": "pour-with", "demonstrations": "mine",
        "demonstration": "007", "segmenter": "sam", "text_prompt": "red mug",
    }  # fmt: skip
    assert set(values) == set(file.PARAMETERS)
    path = Path(file.overrides(asked(file, **values)))
    written = yaml.safe_load(path.read_text())
    path.unlink()
    changed = {name: override(NODES[name][1](), written[f"/**/{name}"]["ros__parameters"]) for name in NODES}
    assert not any(settings.autostart for settings in changed.values())
    assert (changed["correspondence_node"].device, changed["correspondence_node"].function) == ("cpu", "pour-with")
    transfer = changed["transfer_node"]
    assert (transfer.target_frame, transfer.demonstrations, transfer.demonstration) == ("base", "mine", "007")
    segmentation = changed["segmentation_node"]
    assert (segmentation.segmenter, segmentation.text_prompt, segmentation.detections.enabled) == ("sam", "red mug", False)


def test_a_detector_that_is_named_is_listened_to(stand_ins) -> None:
    file = launch_file("func_corr.launch.py")
    (node,) = file.nodes(asked(file, detections_topic="/yolo/detections"))
    assert dict(node.named["remappings"])["detections"] == "/yolo/detections"
    path = Path(file.overrides(asked(file, detections_topic="/yolo/detections")))
    written = yaml.safe_load(path.read_text())
    path.unlink()
    assert override(NODES["segmentation_node"][1](), written["/**/segmentation_node"]["ros__parameters"]).detections.enabled


def test_what_was_not_asked_for_overrides_nothing(stand_ins) -> None:
    file = launch_file("func_corr.launch.py")
    path = Path(file.overrides(asked(file)))
    assert yaml.safe_load(path.read_text()) == {}
    path.unlink()


def test_the_replay_passes_its_arguments_on(stand_ins) -> None:
    file, nodes = launch_file("replay.launch.py"), launch_file("func_corr.launch.py")
    (actions,) = file.generate_launch_description().given
    declared = {action.given[0] for action in actions if type(action).__name__ == "DeclareLaunchArgument"}
    assert declared == {"bag", *file.ARGUMENTS, *file.OVERRIDDEN}
    assert set(file.OVERRIDDEN) <= set(nodes.ARGUMENTS) and not set(file.ARGUMENTS) & set(nodes.ARGUMENTS)
    (client,) = (action for action in actions if type(action).__name__ == "Node")
    words = [word for word in client.named["arguments"] if isinstance(word, str)]
    from func_corr_ros.nodes import replay_client

    known = {word for action in replay_client._parser()._actions for word in action.option_strings}
    assert set(words) <= known


@pytest.mark.parametrize("camera", ["realsense", "zed", "oak", "orbbec"])
def test_a_camera_is_its_driver_and_the_nodes_on_its_topics(stand_ins, camera: str) -> None:
    file, nodes = launch_file("camera.launch.py"), launch_file("func_corr.launch.py")
    assert set(file.TOPICS) == set(nodes.CAMERA.values()) and camera in file.CAMERAS
    (actions,) = file.generate_launch_description().given
    declared = {action.given[0]: action.named for action in actions if type(action).__name__ == "DeclareLaunchArgument"}
    assert set(declared) == {"camera", *file.ARGUMENTS, *file.TOPICS} and declared["camera"]["choices"] == sorted(file.CAMERAS)
    defaults = {name: named.get("default_value") for name, named in declared.items()}
    group, ours = file.included({**defaults, "camera": camera})
    assert group.named == {"scoped": True, "forwarding": False}
    ((driver,),) = group.given
    package, launch = file.CAMERAS[camera]["driver"]
    (place,) = driver.given[0].given[0].given
    assert place[0].given == (package,) and place[1:] == ["launch", launch]
    told = dict(driver.named["launch_arguments"])
    assert told.get("camera_model") == ("zed2i" if camera == "zed" else None)
    topics = dict(ours.named["launch_arguments"])
    assert topics == {name: file.CAMERAS[camera][name] for name in file.TOPICS}
    (alone,) = file.included({**defaults, "camera": camera, "driver": "false", "depth_topic": "/mine"})
    assert dict(alone.named["launch_arguments"])["depth_topic"] == "/mine"


def test_every_camera_gets_its_own_nodes_in_its_own_namespace(stand_ins, tmp_path) -> None:
    file, nodes = launch_file("cameras.launch.py"), launch_file("func_corr.launch.py")
    groups = file.included({"cameras": str(ROOT / "config" / "cameras.yaml")})
    told = []
    for group in groups:
        assert group.named == {"scoped": True, "forwarding": False}
        ((include,),) = group.given
        told.append(dict(include.named["launch_arguments"]))
        assert set(told[-1]) <= set(nodes.ARGUMENTS) and all(isinstance(value, str) for value in told[-1].values())
    assert [one["namespace"] for one in told] == ["left", "right"]
    assert told[0]["rgb_topic"] == "/left/color/image_raw" and told[1]["demonstration"] == told[0]["demonstration"]
    (tmp_path / "mine.yaml").write_text("cameras: {top: {composed: false, rgb_topic: /c}}")
    assert file.read(tmp_path / "mine.yaml") == [{"composed": "false", "rgb_topic": "/c", "namespace": "top"}]
    for wrong in ("[1, 2]", "left: {rgb_topic: /c}", "cameras: {left: 3}"):
        (tmp_path / "wrong.yaml").write_text(wrong)
        with pytest.raises(ValueError, match="are needed"):
            file.read(tmp_path / "wrong.yaml")


PARAMETER_FILES = [path for path in sorted((ROOT / "config").glob("*.yaml")) if "ros__parameters" in path.read_text()]


@pytest.mark.parametrize("path", PARAMETER_FILES, ids=lambda path: path.name)
def test_parameter_files_override_what_there_is(path: Path) -> None:
    written = yaml.safe_load(path.read_text())
    for pattern, values in written.items():
        name = pattern.removeprefix("/**/")
        defaults = NODES[name][1]()
        assert override(defaults, values["ros__parameters"], str(path)) != defaults, f"{name}: repeats the defaults"


def test_a_parameter_file_with_a_slip_is_refused() -> None:
    with pytest.raises(BadSettings, match="did you mean 'stability.agreeing'"):
        override(NODES["transfer_node"][1](), {"stability": {"agreing": 2}})


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "launch").glob("*.launch.py")))
def test_real_launch_reads_the_files(name: str) -> None:
    pytest.importorskip("launch_ros.actions", reason="launch is not installed; it comes with a ROS 2 installation")
    from launch.launch_description_sources import get_launch_description_from_python_launch_file

    description = get_launch_description_from_python_launch_file(str(ROOT / "launch" / name))
    expected = {"camera.launch.py": {"camera", "driver", "rgb_topic"}, "cameras.launch.py": {"cameras"}}
    expected = expected.get(name, {"params_file", "demonstration", "namespace"})
    assert {argument.name for argument in description.get_launch_arguments()} >= expected
