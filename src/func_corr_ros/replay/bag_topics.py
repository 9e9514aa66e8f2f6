# SPDX-License-Identifier: Apache-2.0
"""Which topics of a recording are its colour, its depth and its camera info."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from func_corr_ros.errors import BadRecording

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED = "sensor_msgs/msg/CompressedImage"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
# Names that say a topic is the one, in falling order; pictures that our own or other nodes draw carry none of them.
_COLOR_WORDS = ("rgb/image_rect_color", "color/image_rect", "rgb/image", "color/image", "color", "rgb", "image_raw", "image")
_DEPTH_WORDS = ("depth_registered", "aligned_depth", "depth_to_color", "depth_to_rgb", "depth")
_DRAWN = ("overlay", "confidence", "flow", "mask", "label", "normals", "infra", "theora", "reference")


@dataclass(frozen=True)
class RgbdTopics:
    """The three topics of an RGB-D camera; the depth is registered to the colour."""

    color: str = "/camera/rgb/image_rect_color"
    camera_info: str = "/camera/rgb/camera_info"
    depth: str = "/camera/depth_registered/image_rect"


def find_topics(type_of: Mapping[str, str], named: RgbdTopics = RgbdTopics("", "", "")) -> RgbdTopics:
    """Returns the topics of an RGB-D camera among ``type_of`` (topic -> message type): those that are ``named``, the others
    judged by their names.

    Raw images are preferred to compressed ones, registered depth to any other. Raises BadRecording, listing the topics
    there are, where one of the three is missing.
    """
    pictures = [name for name, kind in type_of.items() if kind in (IMAGE, COMPRESSED) and not any(w in name for w in _DRAWN)]
    depths = [name for name in pictures if "depth" in name]
    colors = [name for name in pictures if "depth" not in name]
    color = named.color or _best(colors, _COLOR_WORDS, type_of, "colour image", "color")
    depth = named.depth or _best(depths, _DEPTH_WORDS, type_of, "depth image", "depth")
    if named.camera_info:
        return RgbdTopics(color, named.camera_info, depth)
    infos = [name for name, kind in type_of.items() if kind == CAMERA_INFO]
    beside = [name for name in infos if _parent(name) == _parent(color.removesuffix("/compressed"))]
    others = [name for name in infos if "depth" not in name]
    info = beside[0] if beside else _best(others, _COLOR_WORDS, type_of, "camera info", "camera-info")
    return RgbdTopics(color, info, depth)


def check_topics(topics: RgbdTopics, type_of: Mapping[str, str]) -> None:
    """Raises BadRecording where one of ``topics`` is not in the recording or of another type than it must be."""
    picture = (IMAGE, COMPRESSED)
    for name, kinds in ((topics.color, picture), (topics.depth, picture), (topics.camera_info, (CAMERA_INFO,))):
        if type_of.get(name) not in kinds:
            found = f"it is of type {type_of[name]}" if name in type_of else "it is not in the recording"
            raise BadRecording(f"topic {name} of type {' or '.join(kinds)} is needed; {found}. "
                               f"The recording has: {_listed(type_of)}")


def _best(names: list[str], words: tuple[str, ...], type_of: Mapping[str, str], what: str, field: str) -> str:
    def rank(name: str) -> tuple[int, bool, int, str]:
        place = next((i for i, word in enumerate(words) if word in name), len(words))
        return place, type_of[name] == COMPRESSED, len(name), name

    if not names:
        raise BadRecording(f"no topic looks like the {what}; name it (--{field} TOPIC). The recording has: {_listed(type_of)}")
    return min(names, key=rank)


def _parent(topic: str) -> str:
    return topic.rsplit("/", 1)[0]


def _listed(type_of: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in sorted(type_of.items())) or "nothing"
