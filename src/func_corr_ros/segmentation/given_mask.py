# SPDX-License-Identifier: Apache-2.0
"""Objects whose masks are known already: from a file, from another program, or from a person."""
from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, Int, Integer

from func_corr_ros.errors import BadImage, FuncCorrError, NoMask, SizeMismatch
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.segmentation.segmenter import MAX_ID, Prompts, Segmentation, ranked
from func_corr_ros.segmentation.tabletop import TabletopSegmenter, TabletopSettings
from func_corr_ros.settings import setting


@dataclass(frozen=True)
class GivenMaskSettings:
    """Where the mask is, and how its support is found."""

    path: str = setting("", "image file: one object where it is brighter than half its brightest value, or a label image")
    label_image: bool = setting(False, "every value above 0 is the id of an object of its own")
    tabletop: TabletopSettings = field(default_factory=TabletopSettings)


class GivenMaskSegmenter:
    """Returns the same masks for every frame, with the support that the frame's depth shows beside them.

    ``mask`` is one object where it is True, or above half of its largest value (so 0/1 and 0/255 masks are alike); with
    ``label_image`` each value above 0 is an object, and its id. Raises BadImage for anything else, NoMask for an empty one.
    """

    def __init__(
        self, mask: Bool[np.ndarray, "h w"] | Integer[np.ndarray, "h w"], label_image: bool = False,
        settings: TabletopSettings | None = None,
    ) -> None:
        if mask.size == 0:
            raise BadImage(f"the mask is empty (shape {mask.shape}); an H x W image is needed")
        if not mask.any():
            raise NoMask(f"the mask of {mask.shape[1]}x{mask.shape[0]} px has no pixel above 0, so it shows no object")
        self.labels = _labels(mask, label_image)
        self._tabletop = TabletopSegmenter(settings or TabletopSettings())

    @classmethod
    def from_file(
        cls, path: Path | str, label_image: bool = False, settings: TabletopSettings | None = None
    ) -> GivenMaskSegmenter:
        """Returns the segmenter of a mask file (PNG or another 8- or 16-bit image); raises BadImage, NoMask."""
        return cls(read_mask(path), label_image, settings)

    @classmethod
    def from_settings(cls, settings: GivenMaskSettings) -> GivenMaskSegmenter:
        """Returns the segmenter of ``settings.path``; raises NoMask where that is not set."""
        if not settings.path:
            raise NoMask("the segmenter given_mask has no mask; set given_mask.path to an image file of the camera's size")
        return cls.from_file(settings.path, settings.label_image, settings.tabletop)

    def segment(self, frame: RgbdFrame, prompts: Prompts | None = None) -> Segmentation:
        """Returns the objects given, in the order of ``segmenter.ranked``; the support is None where depth shows none.

        Raises SizeMismatch where ``frame`` is of another size than the mask, NoMask where ``prompts`` hit nothing.
        """
        if self.labels.shape != frame.depth.shape:
            raise SizeMismatch(f"the mask is {self.labels.shape[1]}x{self.labels.shape[0]} px, the frame "
                               f"{frame.depth.shape[1]}x{frame.depth.shape[0]} px; both must be of the same pixels")
        try:
            support = self._tabletop.support(frame, self.labels > 0).plane
        except FuncCorrError:  # depth is not needed to know a mask
            support = None
        found = ranked(self.labels, support, renumber=False)
        return found if prompts is None else found.narrowed(prompts)


def read_mask(path: Path | str) -> Integer[np.ndarray, "h w"]:
    """Returns the single channel of an image file; raises BadImage where there is no such image."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED) if Path(path).is_file() else None
    if image is None:
        raise BadImage(f"{path} {'is not an image that can be read' if Path(path).exists() else 'does not exist'}; "
                       "a mask file is a single-channel PNG of the camera's size")
    if image.ndim == 3 and (image[..., :1] == image[..., :3]).all():
        image = image[..., 0]  # grey, saved as colour
    if image.ndim != 2 or image.dtype.kind != "u":
        raise BadImage(f"{path} is a {image.dtype} image of shape {image.shape}; a mask file has one channel of 8 or 16 bits")
    return image


def _labels(mask: Bool[np.ndarray, "h w"] | Integer[np.ndarray, "h w"], label_image: bool) -> Int[np.ndarray, "h w"]:
    lowest, highest = int(mask.min()), int(mask.max())
    if lowest < 0 or (label_image and highest > MAX_ID):
        raise BadImage(f"the mask holds values from {lowest} to {highest}; valid: 0 (no object) to {MAX_ID}")
    return mask.astype(np.int32) if label_image else (mask > highest / 2).astype(np.int32)
