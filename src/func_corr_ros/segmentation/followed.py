# SPDX-License-Identifier: Apache-2.0
"""The one object that somebody pointed at, from image to image."""
from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np

from func_corr_ros.segmentation.segmenter import Prompts, Segmentation


class FollowedObject:
    """Finds the object that was pointed at in every next image, by the pixel that lies deepest inside of where it was.

    Right as long as an object moves less than half its width between two images; a robot's table is such a place. What is not
    found again for ``patience`` seconds is given up. Not thread-safe: one thread points and looks.
    """

    def __init__(self, patience: float = 2.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.uv: tuple[float, float] | None = None
        self.patience = patience
        self._clock = clock
        self._last_found = 0.0

    def point_at(self, uv: tuple[float, float] | None) -> None:
        """Follows what lies under the pixel (u, v) from the next image on; None follows nothing."""
        self.uv, self._last_found = uv, self._clock()

    def prompts(self) -> Prompts | None:
        """Returns the click that asks a segmenter for the object; None while nothing is followed."""
        if self.uv is None:
            return None
        return Prompts(np.array([self.uv], dtype=np.float64), np.ones(1, dtype=np.int64), np.zeros((0, 4)))

    def found(self, segmentation: Segmentation) -> None:
        """Takes what the segmenter found for :meth:`prompts`; its best object is the one."""
        if self.uv is not None and segmentation.objects:
            self.uv, self._last_found = deepest_pixel(segmentation, segmentation.objects[0].id), self._clock()

    def missed(self) -> bool:
        """Takes that nothing was found; returns True, once, where the object is given up now."""
        if self.uv is None or self._clock() - self._last_found < self.patience:
            return False
        self.uv = None
        return True


def deepest_pixel(segmentation: Segmentation, object_id: int) -> tuple[float, float]:
    """Returns (u, v) of the pixel of an object that is farthest from everything else, the image's border included."""
    mask = np.pad(segmentation.mask(object_id).astype(np.uint8), 1)
    v, u = np.unravel_index(int(cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).argmax()), mask.shape)
    return float(u) - 1.0, float(v) - 1.0
