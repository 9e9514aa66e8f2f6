# SPDX-License-Identifier: Apache-2.0
"""What one node tells the next about one colour image, whether in the same process or over topics."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from func_corr_ros.errors import FuncCorrError, NoInput, NoMask, NoReference, SizeMismatch
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.segmentation.segmenter import Segmentation
from func_corr_ros.transfer.align import Alignment
from func_corr_ros.transfer.demonstration import Demonstration
from func_corr_ros.transfer.lift import LiftedKeypoint, LiftedMatches, lift_matches
from func_corr_ros.transfer.transfer import Refusal, Transfer


@dataclass(frozen=True)
class Moment:
    """Stamp and optical frame of the colour image that everything of one moment carries."""

    stamp_ns: int
    frame_id: str


@dataclass(frozen=True)
class ObjectsSeen:
    """A frame and its objects, or the error that kept them from being seen (``frame`` may be there nevertheless)."""

    moment: Moment
    frame: RgbdFrame | None = None
    segmentation: Segmentation | None = None
    error: FuncCorrError | None = None

    def checked(self) -> tuple[RgbdFrame, Segmentation]:
        """Returns the frame and its objects; raises the error instead where there is one, SizeMismatch where they do not fit."""
        if self.error is not None:
            raise self.error
        if self.frame is None or self.segmentation is None:
            raise NoInput("no frame with its objects has been seen yet")
        (height, width), (rows, columns) = self.frame.color.shape[:2], self.segmentation.labels.shape
        if (height, width) != (rows, columns):
            raise SizeMismatch(f"the objects' label image is {columns}x{rows} px, the colour image {width}x{height} px; are they "
                               "of another camera?")
        return self.frame, self.segmentation


@dataclass(frozen=True)
class ReferencePicture:
    """What live images are compared with, before any model has looked at it."""

    id: str
    function: str
    image: UInt8[np.ndarray, "h w 3"]
    mask: Bool[np.ndarray, "h w"]
    keypoints: dict[str, tuple[float, float]]

    @staticmethod
    def of(demonstration: Demonstration) -> ReferencePicture:
        """Returns the picture of a demonstration."""
        keypoints = {item.name: item.uv for item in demonstration.keypoints}
        return ReferencePicture(
            demonstration.id, demonstration.function, demonstration.frame.color, demonstration.mask, keypoints
        )


@dataclass(frozen=True)
class SeenKeypoint:
    """A reference keypoint on the live object: its pixel, and the surface point behind it (NaN where no depth was seen)."""

    name: str
    uv: tuple[float, float]
    uv_reference: tuple[float, float]
    confidence: float
    point: Float64[np.ndarray, "3"]


@dataclass(frozen=True)
class PointMatches:
    """Live surface points [m] (NaN without depth), their pixels, and the reference pixels they correspond to. ``part`` is the
    probability that the live pixel (column 0) and the reference pixel (1) are in the functional part; None where none is known.
    """

    points: Float64[np.ndarray, "n 3"]
    uv: Float32[np.ndarray, "n 2"]
    uv_reference: Float32[np.ndarray, "n 2"]
    confidence: Float32[np.ndarray, " n"]
    part: Float32[np.ndarray, "n 2"] | None = None


NO_POINTS = PointMatches(np.zeros((0, 3)), *(np.zeros(s, dtype=np.float32) for s in ((0, 2), (0, 2), 0)))


@dataclass(frozen=True)
class MatchesSeen:
    """The correspondence of one moment, or the error that kept it from being found.

    ``frame`` and ``mask`` (the chosen object's) are there only in the process that made them; the rest travels.
    """

    moment: Moment
    reference_id: str = ""
    function: str = ""
    object_id: int = 0
    points: PointMatches | None = None
    keypoints: tuple[SeenKeypoint, ...] = ()
    mirrored: bool = False
    support: Plane | None = None
    stride: int = 0
    frame: RgbdFrame | None = None
    mask: Bool[np.ndarray, "h w"] | None = None
    error: FuncCorrError | None = None


@dataclass(frozen=True)
class Transferred:
    """What became of a demonstration at one moment. ``moment.frame_id`` is the frame of the poses, reached from the camera
    by ``target_from_camera``; ``error`` says why it was not accepted.
    """

    moment: Moment
    demonstration: Demonstration | None = None
    object_id: int = 0
    outcome: Transfer | Refusal | None = None
    target_from_camera: Float64[np.ndarray, "4 4"] = field(default_factory=lambda: np.eye(4))
    support: Plane | None = None
    accepted: bool = False
    error: FuncCorrError | None = None


def lifted(demonstration: Demonstration, seen: MatchesSeen) -> LiftedMatches:
    """Returns the matches of one moment as pairs of surface points; raises the error that was seen instead, or NoDepth."""
    if seen.error is not None:
        raise seen.error
    if seen.points is None or seen.reference_id != demonstration.id:
        raise NoReference(
            f"live objects are matched to {seen.reference_id!r}, not yet to {demonstration.id!r}; wait for the next image"
        )
    keypoints = {
        item.name: LiftedKeypoint(item.point, item.confidence) for item in seen.keypoints if np.isfinite(item.point).all()
    }
    points = seen.points
    return lift_matches(
        demonstration.frame, points.uv_reference, points.points, points.confidence, seen.mirrored, keypoints, points.part
    )


def inliers(seen: PointMatches, lifted: LiftedMatches, alignment: Alignment) -> PointMatches:
    """Returns those of the matches ``seen`` that the alignment's one motion explains."""
    index = {row.tobytes(): i for i, row in enumerate(seen.points)}
    kept = np.array([index[row.tobytes()] for row in lifted.live[alignment.inliers]], dtype=int)
    part = None if seen.part is None else seen.part[kept]
    return PointMatches(seen.points[kept], seen.uv[kept], seen.uv_reference[kept], seen.confidence[kept], part)


def object_mask(segmentation: Segmentation, uv: tuple[float, float] | None) -> Bool[np.ndarray, "h w"]:
    """Returns the mask of the object at pixel ``uv``, or of the best one without; raises NoMask where there is none."""
    if not segmentation.objects:
        raise NoMask("no object was found in the frame; give a mask, or move the object into view")
    if uv is None:
        return segmentation.mask(segmentation.objects[0].id)
    u, v = (round(value) if math.isfinite(value) else -1 for value in uv)
    height, width = segmentation.labels.shape
    label = int(segmentation.labels[v, u]) if 0 <= u < width and 0 <= v < height else 0
    if label == 0:
        boxes = {item.id: item.box for item in segmentation.objects}
        raise NoMask(f"no object lies at pixel ({uv[0]:.0f}, {uv[1]:.0f}); objects and their boxes: {boxes}")
    return segmentation.mask(label)
