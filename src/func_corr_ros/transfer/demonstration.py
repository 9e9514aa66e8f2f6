# SPDX-License-Identifier: Apache-2.0
"""A demonstration: one RGB-D picture of an object in use, the pixels that matter, and where the tool was.

All poses and points are in the optical frame of the demonstration's camera. How a demonstration lies on disk is
:mod:`func_corr_ros.transfer.demonstration_store`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float64

from func_corr_ros.errors import BadDemonstration, NoDepth, NoMask, SizeMismatch
from func_corr_ros.geometry.depth_image import sample_depth
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.rgbd_frame import RgbdFrame

ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# "pour-with", and the taxonomy's "pick up-with".
FUNCTION_PATTERN = re.compile(r"[a-z]+([- ][a-z]+)*")
ANCHOR_MARK = "@"
ANCHOR_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,31}")
# A stored point must be the surface its pixel sees; more than this and one of the two was edited alone.
MAX_REPROJECTION_PX = 3.0


@dataclass(frozen=True)
class Keypoint:
    """A named place on the demonstrated object: pixel (u, v) and the surface point behind it, in metres."""

    name: str
    uv: tuple[float, float]
    point: Float64[np.ndarray, "3"]


@dataclass(frozen=True)
class Phase:
    """Where ``tool_link`` was during one step of the demonstration ("pregrasp", "grasp", "action", "retreat", ...).

    ``relative_to`` names the keypoint that the step is about: on another object the pose keeps its offset to it. Or it is an
    anchor, which begins with "@": "@world", or another thing such as "@receiver", the cup that is poured into. Such a pose does
    not go with the demonstrated object but with the anchor, whose motion since then whoever transfers has to give.
    The y axis of the tool is its mirror axis (the closing direction of a parallel gripper, the sideways axis of a pour
    outlet): on a mirrored object the pose is reflected and y turned back, so that it stays a rotation.
    """

    name: str
    tool_link: str
    relative_to: str
    camera_from_tool: Float64[np.ndarray, "4 4"]

    @property
    def anchor(self) -> str:
        """What the step is relative to where that is not the demonstrated object ("world", "receiver"), else empty."""
        return self.relative_to[1:] if self.relative_to.startswith(ANCHOR_MARK) else ""


@dataclass(frozen=True, eq=False)
class Demonstration:
    """One demonstration, checked: whoever holds one may use every field without looking twice. Two are equal if they are one.

    Raises BadDemonstration, NoMask or SizeMismatch, naming the field, where the parts do not hold together.
    ``support`` is the plane the object stands on, normal up, or None where it was not seen. ``anchors`` holds, by name, the
    ``camera_from_anchor`` [m] of what phases are relative to; one that is not there was not known when it was made.
    """

    id: str
    function: str
    object: str
    frame: RgbdFrame
    mask: Bool[np.ndarray, "h w"]
    keypoints: tuple[Keypoint, ...]
    phases: tuple[Phase, ...]
    support: Plane | None = None
    anchors: Mapping[str, Float64[np.ndarray, "4 4"]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not ID_PATTERN.fullmatch(self.id):
            raise BadDemonstration(f"id {self.id!r}: lower-case letters, digits, '_' and '-', at most 64")
        if not FUNCTION_PATTERN.fullmatch(self.function):
            raise BadDemonstration(f"{self.id}: function {self.function!r}; lower case, words with hyphens or spaces between, "
                                   "such as 'pour-with' or 'pick up-with'")
        if self.mask.shape != self.frame.depth.shape:
            raise SizeMismatch(f"{self.id}: the mask is {self.mask.shape}, the picture {self.frame.depth.shape} (rows, columns)")
        if not self.mask.any():
            raise NoMask(f"{self.id}: the mask is empty; it must cover the demonstrated object")
        if not self.phases:
            raise BadDemonstration(f"{self.id}: no phases; at least one pose (such as 'grasp') is needed")
        for keypoint in self.keypoints:
            self._check_keypoint(keypoint)
        for phase in self.phases:
            self._check_phase(phase)
        for name, camera_from_anchor in self.anchors.items():
            if name not in self.anchor_names:
                raise BadDemonstration(f"{self.id}: anchors hold {name!r}, which no phase is relative to; phases are relative to "
                                       f"{', '.join(self.anchor_names) or 'no anchor'}")
            self._check_rigid(f"anchor {name!r}: camera_from_anchor", camera_from_anchor)

    @property
    def anchor_names(self) -> tuple[str, ...]:
        """The anchors that phases are relative to, sorted, without their mark."""
        return tuple(sorted({phase.anchor for phase in self.phases} - {""}))

    def keypoint(self, name: str) -> Keypoint:
        """Returns the keypoint called ``name``; raises BadDemonstration that lists those there are."""
        for keypoint in self.keypoints:
            if keypoint.name == name:
                return keypoint
        raise BadDemonstration(f"{self.id}: no keypoint {name!r}; there are {[item.name for item in self.keypoints]}")

    def _check_keypoint(self, keypoint: Keypoint) -> None:
        uv, inside = self.frame.camera.project(keypoint.point)
        error = float(np.linalg.norm(uv - np.asarray(keypoint.uv)))
        if not bool(inside) or error > MAX_REPROJECTION_PX:
            raise BadDemonstration(
                f"{self.id}: keypoint {keypoint.name!r} is marked at {keypoint.uv} px, its point {keypoint.point.tolist()} m "
                f"projects to {np.round(uv, 1).tolist()} px ({error:.1f} px away, at most {MAX_REPROJECTION_PX})"
            )

    def _check_phase(self, phase: Phase) -> None:
        if not phase.tool_link:
            raise BadDemonstration(f"{self.id}: phase {phase.name!r} has no tool_link; a pose is of a link, name it")
        if not phase.relative_to.startswith(ANCHOR_MARK):
            self.keypoint(phase.relative_to)
        elif not ANCHOR_PATTERN.fullmatch(phase.anchor):
            raise BadDemonstration(f"{self.id}: phase {phase.name!r} is relative to {phase.relative_to!r}; an anchor is '@' and "
                                   "a name of lower-case letters, digits and '_', such as '@world'")
        self._check_rigid(f"phase {phase.name!r}: camera_from_tool", phase.camera_from_tool)

    def _check_rigid(self, what: str, transform: Float64[np.ndarray, "4 4"]) -> None:
        rotation = transform[:3, :3]
        orthogonal = np.isfinite(transform).all() and np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6)
        if not orthogonal or np.linalg.det(rotation) < 0:
            raise BadDemonstration(f"{self.id}: {what} is not a rigid transform")


def keypoint_at(
    frame: RgbdFrame, name: str, uv: tuple[float, float], mask: Bool[np.ndarray, "h w"] | None = None
) -> Keypoint:
    """Returns the keypoint that ``frame`` shows at pixel ``uv``, of the object in ``mask`` where given: rims and spouts are
    edges, and beside an edge the camera sees the table. Raises NoDepth where no depth of the object is near it."""
    pixel = np.asarray([uv], dtype=np.float64)
    depth, valid = sample_depth(frame.depth if mask is None else np.where(mask, frame.depth, np.float32("nan")), pixel)
    if not valid[0]:
        raise NoDepth(f"keypoint {name!r} at {uv} px: no valid depth of the object near it; mark a pixel on its surface")
    return Keypoint(name, uv, frame.camera.unproject(pixel, depth.astype(np.float64))[0])
