# SPDX-License-Identifier: Apache-2.0
"""The nodes around a camera whose driver is known: starts the driver as it has to be told (registered depth, one clock for both
images) and the nodes on its topics. `camera:=realsense | zed | oak | orbbec`; everything of func_corr.launch.py can be given too.
"""

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

# Camera -> package and launch file of its driver, what that has to be told, and where it then publishes (docs/sensors.md says
# from which version on).
CAMERAS = {
    "realsense": {
        "driver": ("realsense2_camera", "rs_launch.py"),
        "told": {"align_depth.enable": "true", "enable_sync": "true"},
        "rgb_topic": "/camera/camera/color/image_raw",
        "depth_topic": "/camera/camera/aligned_depth_to_color/image_raw",
        "camera_info_topic": "/camera/camera/color/camera_info",
    },
    "zed": {
        "driver": ("zed_wrapper", "zed_camera.launch.py"),
        "told": {"camera_name": "zed"},
        "rgb_topic": "/zed/zed_node/rgb/color/rect/image",
        "depth_topic": "/zed/zed_node/depth/depth_registered",
        "camera_info_topic": "/zed/zed_node/rgb/color/rect/camera_info",
    },
    "oak": {
        "driver": ("depthai_ros_driver", "camera.launch.py"),
        "told": {"rectify_rgb": "true"},
        "rgb_topic": "/oak/rgb/image_rect",
        "depth_topic": "/oak/stereo/image_raw",
        "camera_info_topic": "/oak/rgb/camera_info",
    },
    "orbbec": {
        "driver": ("orbbec_camera", "gemini_330_series.launch.py"),
        "told": {"depth_registration": "true"},
        "rgb_topic": "/camera/color/image_raw",
        "depth_topic": "/camera/depth/image_raw",
        "camera_info_topic": "/camera/color/camera_info",
    },
}
TOPICS = ("rgb_topic", "depth_topic", "camera_info_topic")
ARGUMENTS = {
    "driver": ("true", "false: the driver runs already"),
    "driver_launch": ("", "another launch file of the driver's package, such as driver.launch.py of depthai_ros_driver 3"),
    "model": ("zed2i", "camera_model of zed_wrapper; other drivers find out"),
}


def generate_launch_description() -> LaunchDescription:
    """Returns the arguments and, once they are known, driver and nodes."""
    declared = [DeclareLaunchArgument("camera", choices=sorted(CAMERAS), description=f"one of {', '.join(sorted(CAMERAS))}")]
    for name, (value, words) in {**ARGUMENTS, **dict.fromkeys(TOPICS, ("", "empty: the camera's own"))}.items():
        declared.append(DeclareLaunchArgument(name, default_value=value, description=words))
    return LaunchDescription([*declared, OpaqueFunction(function=included)])


def included(context: LaunchContext) -> list[GroupAction | IncludeLaunchDescription]:
    """Returns the driver, where it is wanted, and the nodes on its topics."""
    asked = {name: LaunchConfiguration(name).perform(context) for name in ("camera", *ARGUMENTS, *TOPICS)}
    camera = CAMERAS[asked["camera"]]
    topics = {name: asked[name] or camera[name] for name in TOPICS}
    nodes = PythonLaunchDescriptionSource(str(Path(__file__).with_name("func_corr.launch.py")))
    launched: list[GroupAction | IncludeLaunchDescription] = [IncludeLaunchDescription(nodes, launch_arguments=topics.items())]
    if asked["driver"].lower() in ("true", "1"):
        package, file = camera["driver"]
        told = {**camera["told"], **({"camera_model": asked["model"]} if asked["camera"] == "zed" else {})}
        path = PathJoinSubstitution([FindPackageShare(package), "launch", asked["driver_launch"] or file])
        driver = IncludeLaunchDescription(PythonLaunchDescriptionSource(path), launch_arguments=told.items())
        # Drivers have arguments of our names (params_file, namespace): neither side may see the other's.
        launched.insert(0, GroupAction([driver], scoped=True, forwarding=False))
    return launched
