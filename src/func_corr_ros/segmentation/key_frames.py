# SPDX-License-Identifier: Apache-2.0
"""A slow segmenter on a fast stream: it sees key images only, and its masks are carried to the images between them."""
from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from func_corr_ros.errors import FuncCorrError
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.segmentation.mask_motion import MaskMotion
from func_corr_ros.segmentation.segmenter import Prompts, Segmentation, Segmenter, box_iou, boxes_of
from func_corr_ros.segmentation.tabletop import TabletopSegmenter, TabletopSettings
from func_corr_ros.settings import setting

# A box prompt that moved is still the same one where it overlaps the object's box by so much (intersection over union).
SAME_BOX = 0.5


@dataclass(frozen=True)
class KeyFrameSettings:
    """How long masks are carried along before everything is segmented anew."""

    every: int = setting(
        10, "of so many images one is segmented, its masks carried to the others; 1: each is segmented", at_least=1, at_most=1000
    )
    min_found: float = setting(
        0.6, "share of every object that must be found again, or the image is segmented", at_least=0.0, at_most=1.0
    )


class KeyFrameSegmenter:
    """Gives every image of a stream its objects, and asks ``inner`` for them no more often than is needed.

    An image is segmented anew where ``every`` images have passed, where the carried masks are no longer sure, where prompts ask
    for something else, and after a change of size. What comes into view between two key images is seen with the next.
    Ids stay the same between two key images. Not thread-safe.
    """

    def __init__(self, inner: Segmenter, settings: KeyFrameSettings, support: TabletopSettings | None = None) -> None:
        self._inner, self.settings = inner, settings
        self._tabletop = TabletopSegmenter(support)
        self._key: tuple[RgbdFrame, Prompts | None, Segmentation] | None = None
        self._motion: MaskMotion | None = None
        self._since = 0
        self._last: Segmentation | None = None
        self.segmented = self.carried = 0
        self._found = 1.0

    def segment(self, frame: RgbdFrame, prompts: Prompts | None = None) -> Segmentation:
        """Returns the objects of ``frame``: carried along where that is sure, else as ``inner`` sees (and raises) them."""
        result = self._carry(frame, prompts)
        if result is None:
            self._key, self._motion, self._last, self._since = None, None, None, 0
            result = self._inner.segment(frame, prompts)
            self.segmented, self._found = self.segmented + 1, 1.0
            self._key = (frame, prompts, result)
        else:
            self.carried += 1
        self._last = result
        return result

    def counted(self) -> dict[str, object]:
        """Returns how many images were segmented and how many carried, and what was found again in the last of them."""
        return {"masks.segmented": self.segmented, "masks.carried": self.carried, "masks.found": f"{self._found:.2f}"}

    def forget(self) -> None:
        """Makes the next image a key image."""
        self._key = self._motion = self._last = None

    def _carry(self, frame: RgbdFrame, prompts: Prompts | None) -> Segmentation | None:
        """Returns the carried objects, or None where the image has to be segmented."""
        self._since += 1
        if self._key is None or self._last is None or self._since >= self.settings.every:
            return None
        key, asked, segmentation = self._key
        if frame.depth.shape != key.depth.shape or not _same_question(asked, prompts, self._last):
            return None
        self._motion = self._motion or MaskMotion(key, segmentation.labels)
        moved = self._motion.carried(frame)
        self._found = min(moved.found.values(), default=0.0)
        if self._found < self.settings.min_found:
            return None
        boxes = boxes_of(moved.labels)
        objects = tuple(replace(item, box=boxes[item.id]) for item in segmentation.objects if item.id in boxes)
        return Segmentation(moved.labels, objects, self._support(frame, moved.labels, segmentation.support))

    def _support(self, frame: RgbdFrame, labels: np.ndarray, known: Plane | None) -> Plane | None:
        try:
            return None if known is None else self._tabletop.support(frame, labels > 0).plane
        except FuncCorrError:
            return known


def _same_question(before: Prompts | None, now: Prompts | None, last: Segmentation) -> bool:
    """Returns whether the prompts ask for what is followed already; prompts move with their object."""
    before, now = before or Prompts.none(), now or Prompts.none()
    if (len(before.points), len(before.boxes), before.phrases, before.box_names) != (
        len(now.points), len(now.boxes), now.phrases, now.box_names,
    ):
        return False
    height, width = last.labels.shape
    for (u, v), label in zip(np.rint(now.points).astype(int).tolist(), now.point_labels.tolist(), strict=True):
        if not (0 <= u < width and 0 <= v < height) or bool(last.labels[v, u]) != (label != 0):
            return False
    return all(any(box_iou(item.box, box) >= SAME_BOX for item in last.objects) for box in now.boxes.tolist())
