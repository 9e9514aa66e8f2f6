# SPDX-License-Identifier: Apache-2.0
"""Several cameras: the nodes once for each, in a namespace of its own, as a YAML file says (config/cameras.yaml: an example)."""

from pathlib import Path

import yaml
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

EXAMPLE = PathJoinSubstitution([FindPackageShare("func_corr_ros"), "config", "cameras.yaml"])


def generate_launch_description() -> LaunchDescription:
    """Returns the argument and, once the file is known, the nodes of each camera."""
    words = "YAML with `cameras`: namespace -> arguments of func_corr.launch.py, and `all`: arguments of every camera"
    declared = DeclareLaunchArgument("cameras", default_value=EXAMPLE, description=words)
    return LaunchDescription([declared, OpaqueFunction(function=included)])


def included(context: LaunchContext) -> list[GroupAction]:
    """Returns one scope per camera: no camera's arguments reach another's nodes."""
    path = Path(LaunchConfiguration("cameras").perform(context))
    nodes = PythonLaunchDescriptionSource(str(Path(__file__).with_name("func_corr.launch.py")))
    return [
        GroupAction([IncludeLaunchDescription(nodes, launch_arguments=arguments.items())], scoped=True, forwarding=False)
        for arguments in read(path)
    ]


def read(path: Path) -> list[dict[str, str]]:
    """Returns the launch arguments of each camera; refuses a file of another form with what is needed."""
    asked = yaml.safe_load(path.read_text())
    if not isinstance(asked, dict) or not isinstance(asked.get("cameras"), dict) or set(asked) - {"all", "cameras"}:
        raise ValueError(f"{path}: `cameras` (namespace -> arguments) and perhaps `all` (arguments of every camera) are needed")
    for name, own in (("all", asked.get("all") or {}), *asked["cameras"].items()):
        if not isinstance(own, dict):
            raise ValueError(f"{path}: {name} holds {own!r}; arguments of func_corr.launch.py and their values are needed")
    return [
        {name: told(value) for name, value in {**(asked.get("all") or {}), **own, "namespace": namespace}.items()}
        for namespace, own in asked["cameras"].items()
    ]


def told(value: object) -> str:
    """Returns a YAML value as a launch argument's text."""
    return str(value).lower() if isinstance(value, bool) else str(value)
