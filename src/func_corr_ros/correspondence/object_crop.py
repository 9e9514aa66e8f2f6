# SPDX-License-Identifier: Apache-2.0
"""The square picture of one object that the backbone sees, and the way between its pixels and the image's."""
from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8

from func_corr_ros.errors import NoMask
from func_corr_ros.settings import setting

# What surrounds the object. "mean" is ImageNet's mean colour, which the backbone sees as zero.
BACKGROUNDS = {"white": (255, 255, 255), "mean": (124, 116, 104)}


@dataclass(frozen=True)
class CropSettings:
    """How an object is cut out of the image."""

    size: int = setting(224, "side of the picture that the backbone sees, a multiple of 14", unit="px", at_least=14, at_most=1400)
    margin: float = setting(1.2, "side of the crop over the longer side of the mask's bounding box", at_least=1.0, at_most=4.0)
    background: str = setting("mean", "what surrounds the object", choices=("white", "mean", "original"))


@dataclass(frozen=True)
class CropWindow:
    """A square of ``side`` whole image pixels, the first at (``u0``, ``v0``), resized to ``size`` px; it may leave the image."""

    u0: int
    v0: int
    side: int
    size: int

    @property
    def scale(self) -> float:
        """Crop pixels per image pixel."""
        return self.size / self.side

    def crop_from_image(self, uv: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
        """Returns crop pixels of image pixels; dtype is kept."""
        return (uv - np.array([self.u0, self.v0], dtype=uv.dtype) + 0.5) * self.scale - 0.5

    def image_from_crop(self, uv: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
        """Returns image pixels of crop pixels; dtype is kept."""
        return (uv + 0.5) / self.scale - 0.5 + np.array([self.u0, self.v0], dtype=uv.dtype)


def crop_object(
    image: UInt8[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"], settings: CropSettings = CropSettings()
) -> tuple[UInt8[np.ndarray, "size size 3"], CropWindow]:
    """Returns the picture of the masked object, centred on the mask's bounding box, and its window.

    Raises NoMask for an empty mask.
    """
    window = crop_window(mask, settings)
    return cut(image, mask, window, settings.background), window


def crop_window(mask: Bool[np.ndarray, "h w"], settings: CropSettings) -> CropWindow:
    """Returns the square around ``mask``; raises NoMask where it is empty."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if len(columns) == 0:
        raise NoMask(f"the mask ({mask.shape[1]}x{mask.shape[0]} px) is empty; an object of at least one pixel is needed")
    left, right, top, bottom = int(columns[0]), int(columns[-1]) + 1, int(rows[0]), int(rows[-1]) + 1
    side = max(ceil(settings.margin * max(right - left, bottom - top)), 1)
    return CropWindow((left + right - side) // 2, (top + bottom - side) // 2, side, settings.size)


def cut(
    image: UInt8[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"], window: CropWindow, background: str
) -> UInt8[np.ndarray, "size size 3"]:
    """Returns what ``window`` shows; beyond the image it shows the background, or its border repeated for "original"."""
    shown = image
    if background != "original":
        shown = np.where(mask[..., None], image, np.array(BACKGROUNDS[background], dtype=np.uint8))
    height, width = mask.shape
    u0, v0, u1, v1 = window.u0, window.v0, window.u0 + window.side, window.v0 + window.side
    inside = shown[max(v0, 0) : min(v1, height), max(u0, 0) : min(u1, width)]
    beyond = (max(-v0, 0), max(v1 - height, 0), max(-u0, 0), max(u1 - width, 0))
    if background == "original":
        square = cv2.copyMakeBorder(inside, *beyond, borderType=cv2.BORDER_REPLICATE)
    else:
        square = cv2.copyMakeBorder(inside, *beyond, borderType=cv2.BORDER_CONSTANT, value=BACKGROUNDS[background])
    # Averaging keeps a shrunk picture free of aliasing; cubic keeps an enlarged one sharp. Both hold u' = (u + 0.5) s - 0.5.
    interpolation = cv2.INTER_AREA if window.scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(square, (window.size, window.size), interpolation=interpolation)


def cut_mask(mask: Bool[np.ndarray, "h w"], window: CropWindow) -> Bool[np.ndarray, "size size"]:
    """Returns the mask as :func:`cut` shows it; beyond the image there is no object."""
    painted = np.repeat(mask[..., None], 3, axis=2).astype(np.uint8) * np.uint8(255)
    height, width = mask.shape
    whole = window.u0 >= 0 and window.v0 >= 0 and window.u0 + window.side <= width and window.v0 + window.side <= height
    if whole:
        return cut(painted, mask, window, "original")[..., 0] > 127
    pad = window.side
    padded = np.pad(painted, ((pad, pad), (pad, pad), (0, 0)))
    moved = CropWindow(window.u0 + pad, window.v0 + pad, window.side, window.size)
    return cut(padded, padded[..., 0] > 0, moved, "original")[..., 0] > 127


def patch_coverage(mask: Bool[np.ndarray, "*b size size"], patch: int) -> Float32[np.ndarray, "*b g g"]:
    """Returns the object's share of each ``patch`` x ``patch`` px cell of a cut-out mask."""
    *batch, size, _ = mask.shape
    cells = size // patch
    whole = mask[..., : cells * patch, : cells * patch].reshape(*batch, cells, patch, cells, patch)
    return whole.mean(axis=(-3, -1), dtype=np.float32)
