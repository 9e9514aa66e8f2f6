# SPDX-License-Identifier: Apache-2.0
"""The three nodes around one camera: composed in one process, or each in its own (composed:=false)."""

import tempfile

import yaml
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

PACKAGE = "func_corr_ros"
ARGUMENTS = {
    "params_file": ("", "YAML with overrides, such as config/cpu.yaml; empty: the nodes' own defaults"),
    "namespace": ("", "in front of every node, topic and service"),
    "use_sim_time": ("false", "take the time from /clock"),
    "autostart": ("", "false: wait for a lifecycle manager"),
    "device": ("", "where the model runs: auto, cpu, cuda"),
    "rgb_topic": ("rgb/image_rect_color", "rectified colour image"),
    "depth_topic": ("depth_registered/image_rect", "depth image, registered to the colour image"),
    "camera_info_topic": ("rgb/camera_info", "camera info of the colour image"),
    "target_frame": ("", "frame of the poses, by TF at the image's stamp; empty: the camera's own"),
    "function": ("", "function of references that name none, such as pour-with"),
    "demonstrations": ("", "folder that holds the demonstrations"),
    "demonstration": ("", "demonstration that is loaded at start"),
    "segmenter": ("", "how objects are found: tabletop, given_mask, sam"),
    "text_prompt": ("", "only what these words mean, such as 'red mug'; needs grounding.model in params_file"),
    "detections_topic": ("", "boxes of a detector (vision_msgs/Detection2DArray): these objects alone; empty: all"),
    "rviz": ("false", "start RViz with rviz/func_corr.rviz"),
    "composed": ("true", "one process with one model; false: one process per node"),
    "log_level": ("info", "debug, info, warn, error"),
}
# Launch argument -> the nodes whose parameter of that name it sets. One that is empty sets nothing: params_file decides.
PARAMETERS = {
    "autostart": ("segmentation_node", "correspondence_node", "transfer_node"),
    "device": ("correspondence_node",),
    "target_frame": ("transfer_node",),
    "function": ("correspondence_node",),
    "demonstrations": ("transfer_node",),
    "demonstration": ("transfer_node",),
    "segmenter": ("segmentation_node",),
    "text_prompt": ("segmentation_node",),
}
CAMERA = {
    "rgb/image_rect_color": "rgb_topic",
    "depth_registered/image_rect": "depth_topic",
    "rgb/camera_info": "camera_info_topic",
}
LINKS = {
    "objects": "segmentation_node/objects",
    "keypoints": "correspondence_node/keypoints",
    "points": "correspondence_node/points",
}


def generate_launch_description() -> LaunchDescription:
    """Returns the arguments, the nodes, and RViz where it is asked for."""
    rviz = Node(
        package="rviz2",
        executable="rviz2",
        namespace=LaunchConfiguration("namespace"),
        arguments=["-d", PathJoinSubstitution([FindPackageShare(PACKAGE), "rviz", "func_corr.rviz"])],
        parameters=[{"use_sim_time": LaunchConfiguration("use_sim_time")}],
        condition=IfCondition(LaunchConfiguration("rviz")),
    )
    declared = [DeclareLaunchArgument(name, default_value=value, description=words) for name, (value, words) in ARGUMENTS.items()]
    return LaunchDescription([*declared, OpaqueFunction(function=nodes), rviz])


def nodes(context: LaunchContext) -> list[Node]:
    """Returns one composed process, or three that are linked by topics; each is told only what was asked for."""
    asked = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    composed = asked["composed"].lower() in ("true", "1")
    executables = ["func_corr"] if composed else ["segmentation_node", "correspondence_node", "transfer_node"]
    camera = [(topic, asked[name]) for topic, name in CAMERA.items()]
    camera += [("detections", asked["detections_topic"])] if asked["detections_topic"] else []
    arguments = ["--log-level", asked["log_level"], "-p", f"use_sim_time:={asked['use_sim_time']}"]
    for path in (asked["params_file"], overrides(asked)):
        arguments += ["--params-file", path] if path else []
    return [
        Node(
            package=PACKAGE,
            executable=executable,
            namespace=asked["namespace"],
            remappings=[*camera, *(LINKS.items() if not composed else ())],
            ros_arguments=arguments,
            output="screen",
        )
        for executable in executables
    ]


def overrides(asked: dict[str, str]) -> str:
    """Writes what was asked for to a parameter file, node by node, and returns its path.

    Launch's own ``parameters`` reach every node of a process, and ours refuse parameters they do not know; rcl takes
    ``-p node:name:=value`` only outside a namespace.
    """
    given: dict[str, dict[str, dict[str, object]]] = {}
    for name, owners in PARAMETERS.items():
        for owner in owners if asked[name] else ():
            value = asked[name].lower() in ("true", "1") if name == "autostart" else asked[name]
            given.setdefault(f"/**/{owner}", {"ros__parameters": {}})["ros__parameters"][name] = value
    if asked["detections_topic"]:
        given.setdefault("/**/segmentation_node", {"ros__parameters": {}})["ros__parameters"]["detections"] = {"enabled": True}
    with tempfile.NamedTemporaryFile("w", prefix="func_corr_", suffix=".yaml", delete=False) as file:
        yaml.safe_dump(given, file)
    return file.name
