# SPDX-License-Identifier: Apache-2.0
"""Writes docs/ros_api.md from what the nodes really declare: ``python -m func_corr_ros.nodes.api_page docs/ros_api.md``; with
``--parameters`` prints a parameter file of all that can be set.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from func_corr_ros.nodes.correspondence_node import CorrespondenceNodeSettings
from func_corr_ros.nodes.segmentation_node import SegmentationNodeSettings
from func_corr_ros.nodes.transfer_node import TransferNodeSettings
from func_corr_ros.settings import SettingInfo, leaves
from func_corr_ros.share import share_folder

NODES: dict[str, tuple[str, type]] = {
    "segmentation_node": ("RGB-D images in, the objects in them out.", SegmentationNodeSettings),
    "correspondence_node": ("Objects in, corresponding pixels and points of one of them out.", CorrespondenceNodeSettings),
    "transfer_node": ("Corresponding points in, the demonstrated tool poses out.", TransferNodeSettings),
}
CAMERA = {
    "rgb/image_rect_color": (
        "sensor_msgs/Image",
        "rectified colour: rgb8, bgr8, rgba8, bgra8 or mono8; or JPEG or PNG under `/compressed`",
    ),
    "depth_registered/image_rect": (
        "sensor_msgs/Image",
        "depth registered to it: 16UC1 [mm], 0 invalid, or 32FC1 [m]; or under `/compressedDepth`",
    ),
    "rgb/camera_info": ("sensor_msgs/CameraInfo", "of the colour image; with every image or only now and then"),
}
INPUTS = {
    "segmentation_node": {
        **CAMERA,
        "clicked_point": ("geometry_msgs/PointStamped", "optional: RViz's *publish point*; that object alone from then on"),
        "detections": ("vision_msgs/Detection2DArray", "with `detections.enabled`: a detector's boxes; these objects alone"),
        "text_prompt": ("std_msgs/String", "optional: sets the parameter of that name"),
    },
    "correspondence_node": {**CAMERA, "objects": ("func_corr_ros/ObjectMaskArray", "what segmentation_node publishes")},
    "transfer_node": {
        "keypoints": ("func_corr_ros/FunctionalKeypointArray", "what correspondence_node publishes"),
        "points": ("sensor_msgs/PointCloud2", "what correspondence_node publishes"),
    },
}
OUTPUTS = {
    "segmentation_node": {
        "objects": ("func_corr_ros/ObjectMaskArray", "label image, objects (best first), support plane"),
        "overlay": ("sensor_msgs/Image", "the picture with every object's outline"),
    },
    "correspondence_node": {
        "info": ("func_corr_ros/CorrespondenceInfo", "always: what the rest was made with, or why there is none"),
        "keypoints": (
            "func_corr_ros/FunctionalKeypointArray",
            "the reference's keypoints on the live object, with a no-depth flag",
        ),
        "points": (
            "sensor_msgs/PointCloud2",
            "x, y, z, u, v, u_ref, v_ref, confidence, part, part_ref of every matched pixel; empty on an error",
        ),
        "flow": ("sensor_msgs/Image", "32FC2: (u_ref, v_ref) in the reference at each pixel of the object, NaN where none"),
        "confidence": ("sensor_msgs/Image", "32FC1: 0..1 at each of these pixels, NaN where none"),
        "camera_info": ("sensor_msgs/CameraInfo", "of flow and confidence"),
        "overlay": ("sensor_msgs/Image", "the picture with the chosen object and its keypoints"),
        "flow_color": ("sensor_msgs/Image", "the object in the colours of the places in the reference"),
        "markers": ("visualization_msgs/MarkerArray", "the keypoints"),
        "reference/image": ("sensor_msgs/Image", "latched: the reference"),
        "reference/mask": ("sensor_msgs/Image", "latched: its object"),
    },
    "transfer_node": {
        "transfer": ("func_corr_ros/TransferResult", "always: phases with poses and numbers, or the reason why not"),
        "transferred_pose": ("geometry_msgs/PoseStamped", "the pose of one phase (parameter `phase`); only when accepted"),
        "transferred_path": ("nav_msgs/Path", "the poses of all phases in their order; only when accepted"),
        "inliers": ("sensor_msgs/PointCloud2", "the matches that one motion explains, as in points"),
        "markers": ("visualization_msgs/MarkerArray", "axes and names of the phases"),
    },
}
SERVICES = {
    "segmentation_node": {"segment": ("Segment", "objects of one image, with clicks, boxes or words as hints")},
    "correspondence_node": {
        "set_reference": ("SetReference", "what live images are matched to"),
        "get_correspondence": ("GetCorrespondence", "pixels of the reference, or the whole field, in one image"),
    },
    "transfer_node": {
        "record_demonstration": ("RecordDemonstration", "store one"),
        "load_demonstration": ("LoadDemonstration", "make one the one that is transferred"),
        "list_demonstrations": ("ListDemonstrations", "what the store holds"),
        "transfer_demonstration": ("TransferDemonstration", "one image, once; not gated for stability"),
    },
}
HEAD = """# ROS API

Written by `python -m func_corr_ros.nodes.api_page docs/ros_api.md` from the code; a test holds the two together.

`func_corr` runs the three nodes in one process around one model, linked by values; the topics and services are the same. All
names are relative; outputs and services are under the node's own name. Every output carries the stamp and frame of the colour
image it was made from, and every result and every answer an `error_code` and an `error_msg` (see ErrorCode below). Outputs that
cost something are made only while someone listens. Each node also publishes `/diagnostics` once a second and is a lifecycle node.
An empty image in a request means the newest one that the nodes have seen.

`python -m func_corr_ros.nodes.api_page --parameters` prints all parameters with their defaults and words as a parameter file, of
which to keep what you change; `ros2 param dump /segmentation_node` prints those of a running node.
"""


def page() -> str:
    """Returns the page as Markdown."""
    parts = [HEAD]
    for name, (purpose, settings) in NODES.items():
        parts.append(f"## {name}\n\n{purpose}\n")
        parts.append(
            "Subscribes (separate processes; the composed one subscribes to the camera once)\n"
            if name != "segmentation_node"
            else "Subscribes\n"
        )
        parts.append(
            _table(("topic", "type", "what"), [(f"`{topic}`", kind, words) for topic, (kind, words) in INPUTS[name].items()])
        )
        parts.append("Publishes\n")
        parts.append(
            _table(("topic", "type", "what"), [(f"`~/{topic}`", kind, words) for topic, (kind, words) in OUTPUTS[name].items()])
        )
        parts.append("Serves\n")
        parts.append(
            _table(("service", "type", "what"), [(f"`~/{key}`", kind, words) for key, (kind, words) in SERVICES[name].items()])
        )
        parts.append("Parameters\n")
        parts.append(_table(("name", "default", "valid", "changes", "what"), _parameters(settings)))
    for kind in ("msg", "srv"):
        parts.append(f"## {'Messages' if kind == 'msg' else 'Services'}\n")
        for path in sorted((share_folder() / kind).glob(f"*.{kind}")):
            parts.append(f"### {path.stem}\n\n```\n{path.read_text().rstrip()}\n```\n")
    return "\n".join(parts)


def parameter_file() -> str:
    """Returns every parameter of every node with its default as YAML for ``params_file``, each with its words. Empty lists are
    commented out: ROS cannot tell what they are lists of.
    """
    lines = ["# Keep what you change: what is not there has the same default."]
    for name, (_, settings) in NODES.items():
        lines += [f"/**/{name}:", "  ros__parameters:"]
        above: list[str] = []
        for info in leaves(settings):
            *groups, last = info.name.split(".")
            for depth, group in enumerate(groups):
                if groups[: depth + 1] != above[: depth + 1]:
                    lines.append(f"{'  ' * (depth + 2)}{group}:")
            above = groups
            value = "[]" if info.default == () else yaml.safe_dump(_plain(info.default), default_flow_style=True).split("\n")[0]
            unit = f" [{info.unit}]" if info.unit else ""
            pad = f"{'  ' * (len(groups) + 2)}{'# ' if value == '[]' else ''}"
            lines.append(f"{pad}{last}: {value}  # {info.description}{unit} ({_valid(info)}{', live' if info.live else ''})")
    return "\n".join(lines) + "\n"


def main(words: Sequence[str] | None = None) -> int:
    """Writes the page to the path given, or to standard output; with ``--parameters`` prints a parameter file."""
    words = sys.argv[1:] if words is None else words
    if list(words) == ["--parameters"]:
        print(parameter_file(), end="")
    elif words:
        Path(words[0]).write_text(page())
    else:
        print(page(), end="")
    return 0


def _parameters(settings: type) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for info in leaves(settings):
        group, inside, _ = info.name.partition(".tabletop.")
        if inside:
            row = (f"`{group}.tabletop.*`", "", "", "", "as `tabletop.*`, for this segmenter")
            rows += [row] if row not in rows else []
            continue
        unit = f" [{info.unit}]" if info.unit else ""
        rows.append(
            (f"`{info.name}`", f"`{_shown(info.default)}`", _valid(info), "live" if info.live else "", info.description + unit)
        )
    return rows


def _valid(info: SettingInfo) -> str:
    if info.choices:
        return ", ".join(info.choices)
    low = f"{info.at_least:g}" if info.at_least is not None else ""
    high = f"{info.at_most:g}" if info.at_most is not None else ""
    return f"{low}..{high}" if low or high else info.kind.__name__


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(list(value)) if isinstance(value, tuple) else str(value) or "''"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
