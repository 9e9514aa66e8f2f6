# SPDX-License-Identifier: Apache-2.0
"""A recorded rosbag2 played into the nodes, and what they answer written to a folder; ends when that is done."""

import os
from pathlib import Path

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, RegisterEventHandler, SetEnvironmentVariable, Shutdown
from launch.event_handlers import OnProcessExit
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

PACKAGE = "func_corr_ros"
CONFIG = PathJoinSubstitution([FindPackageShare(PACKAGE), "config"])
# Fast DDS 2 knows the one name only; Fast DDS 3 complains about it.
FAST_DDS_2 = ("humble", "iron", "jazzy")
PROFILE_VARIABLE = f"{'FASTRTPS' if os.environ.get('ROS_DISTRO') in FAST_DDS_2 else 'FASTDDS'}_DEFAULT_PROFILES_FILE"
ARGUMENTS = {
    "out": ("replay", "folder for result.json, arrays.npz and pictures; an old one is replaced"),
    "rate": ("10.0", "frames per second"),
    "results": ("5", "transfer results that are waited for; the recording is repeated until then"),
    "timeout": ("120.0", "seconds until it gives up"),
    "clock": ("false", "keep the recording's stamps and publish /clock; give use_sim_time:=true as well"),
}
# Arguments of func_corr.launch.py that have another default here; all others can be given, too.
OVERRIDDEN = {
    "params_file": (PathJoinSubstitution([CONFIG, "replay.yaml"]), "YAML with overrides"),
    "demonstration": ("", "demonstration that is transferred"),
    "namespace": ("", "in front of every node, topic and service"),
}


def generate_launch_description() -> LaunchDescription:
    """Returns the nodes and the client that plays and listens; when any of them ends, everything does."""
    declared = [DeclareLaunchArgument("bag", description="rosbag2 folder with colour, registered depth and camera info")]
    for name, (default, words) in {**ARGUMENTS, **OVERRIDDEN}.items():
        declared.append(DeclareLaunchArgument(name, default_value=default, description=words))
    client = Node(
        package=PACKAGE,
        executable="replay_client",
        namespace=LaunchConfiguration("namespace"),
        arguments=[
            *("--bag", LaunchConfiguration("bag"), "--out", LaunchConfiguration("out")),
            *("--demonstration", LaunchConfiguration("demonstration"), "--rate", LaunchConfiguration("rate")),
            *("--results", LaunchConfiguration("results"), "--timeout", LaunchConfiguration("timeout")),
            *("--clock", LaunchConfiguration("clock")),
        ],
        output="screen",
    )
    included = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(Path(__file__).with_name("func_corr.launch.py"))),
        launch_arguments={name: LaunchConfiguration(name) for name in OVERRIDDEN}.items(),
    )
    profile = PathJoinSubstitution([CONFIG, "fastdds_large_images.xml"])
    images = SetEnvironmentVariable(PROFILE_VARIABLE, profile)
    end = RegisterEventHandler(OnProcessExit(on_exit=[Shutdown(reason="the replay has ended, or a node could not start")]))
    return LaunchDescription([*declared, images, included, client, end])
