# SPDX-License-Identifier: Apache-2.0
"""What every segmenter takes and returns."""
from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int, Integer, UInt16
from scipy.ndimage import find_objects

from func_corr_ros.errors import NoMask
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.rgbd_frame import RgbdFrame

# Ids are 16-bit.
MAX_ID = 65535
# An object is as large as it needs to be when it fills this share of the image.
LARGE_SHARE = 0.05
# A box prompt hits an object when their boxes overlap at least so much (intersection over union).
MIN_BOX_IOU = 0.3


@dataclass(frozen=True)
class Prompts:
    """Hints where the objects are, in (u, v) pixels: clicks (label 1 on the object, 0 off it) and boxes (u0, v0, u1, v1).

    ``box_names`` says what each box is said to hold, where that is known (as many as boxes, or none). ``phrases`` ("red mug")
    ask for objects in words; only ``text_prompted`` understands them.
    """

    points: Float[np.ndarray, "p 2"]
    point_labels: Int[np.ndarray, " p"]
    boxes: Float[np.ndarray, "b 4"]
    box_names: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()

    @staticmethod
    def none() -> Prompts:
        """Returns prompts that hint at nothing."""
        return Prompts(np.zeros((0, 2)), np.zeros(0, dtype=np.int64), np.zeros((0, 4)))


@dataclass(frozen=True)
class SegmentedObject:
    """One object of a label image. ``box`` is half-open (u0, v0, u1, v1) in whole pixels; ``score`` 0..1, NaN if unknown."""

    id: int
    class_name: str
    score: float
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class Segmentation:
    """A label image (0 = background, otherwise an object's id), its objects (best first), and the plane they stand on.

    ``support`` is in the camera's optical frame, its normal pointing to the side of the objects; None where unknown.
    """

    labels: UInt16[np.ndarray, "h w"]
    objects: tuple[SegmentedObject, ...]
    support: Plane | None = None

    def mask(self, object_id: int) -> Bool[np.ndarray, "h w"]:
        """Returns where object ``object_id`` is; raises NoMask, listing the ids there are, for another."""
        if object_id not in {item.id for item in self.objects}:
            raise NoMask(f"no object {object_id} in this frame; there are {[item.id for item in self.objects]}")
        return self.labels == object_id

    def masks(self) -> dict[int, Bool[np.ndarray, "h w"]]:
        """Returns every object's mask by id, best first."""
        return {item.id: self.labels == item.id for item in self.objects}

    def named(self, prompts: Prompts) -> Segmentation:
        """Returns the same with each object called what the prompt's box that fits it best is said to hold."""
        named = []
        for item in self.objects:
            overlap = [box_iou(item.box, box) for box in prompts.boxes.tolist()[: len(prompts.box_names)]]
            best = int(np.argmax(overlap)) if overlap else 0
            fits = bool(overlap) and overlap[best] >= MIN_BOX_IOU
            named.append(replace(item, class_name=prompts.box_names[best]) if fits else item)
        return replace(self, objects=tuple(named))

    def narrowed(self, prompts: Prompts) -> Segmentation:
        """Returns the objects that ``prompts`` hit: those under a positive click, and for each box the one that fits it
        best; objects under a negative click are left out. Without any positive hint all others stay.

        Raises NoMask, with the boxes of the objects there are, where nothing is hit.
        """
        kept = _hit(self, prompts)
        if not kept:
            boxes = {item.id: item.box for item in self.objects}
            raise NoMask(f"the prompts (points {prompts.points.tolist()}, boxes {prompts.boxes.tolist()}) hit none of the "
                         f"{len(boxes)} objects; they are at (u0, v0, u1, v1) {boxes}")
        labels = np.where(np.isin(self.labels, list(kept)), self.labels, np.uint16(0))
        return Segmentation(labels, tuple(item for item in self.objects if item.id in kept), self.support)


@runtime_checkable
class Segmenter(Protocol):
    """Finds objects in an RGB-D frame. Raises NoMask, with the numbers, where there are none."""

    def segment(self, frame: RgbdFrame, prompts: Prompts | None = None) -> Segmentation:
        """Returns the objects of ``frame``; ``prompts`` narrow the search where the segmenter can use them."""
        ...


def ranked(
    labels: Int[np.ndarray, "h w"], support: Plane | None = None, *, qualities: Mapping[int, float] | None = None,
    renumber: bool = True, max_objects: int = MAX_ID,
) -> Segmentation:
    """Returns the objects of a label image (0 = background), best first, and numbered in that order if ``renumber``.

    The score is ``qualities``' where given. Otherwise it is (1 - r) * sqrt(min(1, a / LARGE_SHARE)): r the distance of
    the object's centre of mass from the image centre over half the diagonal, a the object's share of the image.
    """
    boxes = _windows(labels)
    score = {index: _prominence(labels, index, box) if qualities is None else qualities[index] for index, box in boxes.items()}
    best = sorted(boxes, key=lambda index: (-score[index], index))[:max_objects]
    ids = np.zeros(max(boxes, default=0) + 1, np.uint16)
    ids[best] = np.arange(1, len(best) + 1) if renumber else best
    objects = tuple(SegmentedObject(int(ids[index]), "", score[index], _box(boxes[index])) for index in best)
    return Segmentation(ids[labels], objects, support)


def _prominence(labels: Int[np.ndarray, "h w"], index: int, box: tuple[slice, slice]) -> float:
    height, width = labels.shape
    rows, columns = np.nonzero(labels[box] == index)
    off_centre = math.hypot(columns.mean() + box[1].start - 0.5 * (width - 1), rows.mean() + box[0].start - 0.5 * (height - 1))
    nearness = 1.0 - off_centre / (0.5 * math.hypot(width, height))
    return nearness * math.sqrt(min(1.0, len(rows) / (LARGE_SHARE * labels.size)))


def boxes_of(labels: Integer[np.ndarray, "h w"]) -> dict[int, tuple[int, int, int, int]]:
    """Returns the half-open box (u0, v0, u1, v1) of each label above 0."""
    return {index: _box(window) for index, window in _windows(labels.astype(np.int32)).items()}


def _windows(labels: Int[np.ndarray, "h w"]) -> dict[int, tuple[slice, slice]]:
    return {index: box for index, box in enumerate(find_objects(labels), start=1) if box is not None}


def _box(window: tuple[slice, slice]) -> tuple[int, int, int, int]:
    rows, columns = window
    return int(columns.start), int(rows.start), int(columns.stop), int(rows.stop)


def _hit(found: Segmentation, prompts: Prompts) -> set[int]:
    height, width = found.labels.shape
    finite = np.nan_to_num(np.rint(prompts.points), nan=-1.0).clip(-1.0, 1e9)  # what is no number is beside the picture
    uv = finite.astype(np.int64)
    inside = ((uv >= 0) & (uv < (width, height))).all(axis=1)
    under, positive = found.labels[uv[inside, 1], uv[inside, 0]], prompts.point_labels[inside] != 0
    kept = set(under[positive].tolist()) - {0}
    for box in prompts.boxes.tolist():
        overlap = {item.id: box_iou(item.box, box) for item in found.objects}
        best = max(overlap, key=lambda index: overlap[index])
        if overlap[best] >= MIN_BOX_IOU:
            kept.add(best)
    hinted = len(prompts.boxes) > 0 or bool((prompts.point_labels != 0).any())
    return (kept if hinted else {item.id for item in found.objects}) - set(under[~positive].tolist())


def box_iou(first: Sequence[int | float], second: Sequence[int | float]) -> float:
    """Returns the intersection over union of two boxes (u0, v0, u1, v1)."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    common = max(width, 0.0) * max(height, 0.0)
    union = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)) - common
    return common / union if union > 0.0 else 0.0
