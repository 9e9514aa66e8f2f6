# SPDX-License-Identifier: Apache-2.0
"""A demonstration from files: a frame, the object's mask, and a file of marks (which pixels matter, where the tool was)."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from jaxtyping import Bool

from func_corr_ros.errors import BadDemonstration
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import from_quaternion_xyzw
from func_corr_ros.segmentation.given_mask import GivenMaskSegmenter
from func_corr_ros.transfer.demonstration import Demonstration, Phase, keypoint_at

KEYS = ("function", "object", "keypoints", "phases")
PHASE_KEYS = ("name", "tool_link", "relative_to", "position", "quaternion_xyzw")


def demonstration_of(
    frame: RgbdFrame, mask: Bool[np.ndarray, "h w"], marks: Mapping[str, Any], demonstration_id: str
) -> Demonstration:
    """Returns the demonstration that ``marks`` make of ``frame``: its keypoints on the surface that their pixels show, its
    support found from depth beside the object.

    ``marks`` hold KEYS: ``keypoints`` is {name: [u, v]}, ``phases`` a list with PHASE_KEYS each (metres, x y z w, in the camera's
    optical frame). Raises BadDemonstration, naming the key, and NoDepth where a keypoint's pixel shows no depth of the object.
    """
    _check(marks, KEYS, "the marks")
    keypoints = [keypoint_at(frame, str(name), _pixel(name, uv), mask) for name, uv in _mapping(marks["keypoints"]).items()]
    phases = marks["phases"]
    if not isinstance(phases, list):
        raise BadDemonstration(f"phases is {type(phases).__name__}; a list is needed, one entry with {list(PHASE_KEYS)} per step")
    return Demonstration(
        id=demonstration_id, function=str(marks["function"]), object=str(marks["object"]), frame=frame, mask=mask,
        keypoints=tuple(keypoints), phases=tuple(_phase(item, number) for number, item in enumerate(phases)),
        support=GivenMaskSegmenter(mask).segment(frame).support,
    )


def read_marks(path: Path) -> Mapping[str, Any]:
    """Returns the marks in a YAML or JSON file; raises BadDemonstration where it is neither."""
    try:
        marks = yaml.safe_load(Path(path).read_text())
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadDemonstration(f"{path} cannot be read as YAML or JSON: {error}") from error
    _check(marks, KEYS, str(path))
    return dict(marks)


def _phase(item: Any, number: int) -> Phase:
    _check(item, PHASE_KEYS, f"phase {number}")
    pose = from_quaternion_xyzw(_numbers(item, "quaternion_xyzw", 4), _numbers(item, "position", 3))
    return Phase(str(item["name"]), str(item["tool_link"]), str(item["relative_to"]), pose)


def _numbers(item: Mapping[str, Any], key: str, count: int) -> np.ndarray:
    try:
        values = np.asarray(item[key], dtype=np.float64)
    except (TypeError, ValueError):
        values = np.zeros(0)
    if values.shape != (count,) or not np.isfinite(values).all():
        raise BadDemonstration(f"{key} is {item[key]!r}; {count} finite numbers are needed")
    return values


def _pixel(name: Any, uv: Any) -> tuple[float, float]:
    u, v = _numbers({f"keypoint {name}": uv}, f"keypoint {name}", 2)
    return float(u), float(v)


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadDemonstration(f"keypoints is {type(value).__name__}; a mapping from name to [u, v] is needed")
    return value


def _check(value: Any, keys: tuple[str, ...], what: str) -> None:
    if not isinstance(value, Mapping):
        raise BadDemonstration(f"{what}: {type(value).__name__} instead of a mapping with {list(keys)}")
    missing, unknown = [key for key in keys if key not in value], [key for key in value if key not in keys]
    if missing or unknown:
        raise BadDemonstration(f"{what}: missing {missing}, unknown {unknown}; keys are {list(keys)}")
