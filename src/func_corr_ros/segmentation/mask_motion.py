# SPDX-License-Identifier: Apache-2.0
"""Masks of one image carried to later ones: optical flow (Lucas and Kanade, pyramids of Bouguet) of points on each object gives
its one affine motion, depth says which of its pixels are something else now."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8, UInt16

from func_corr_ros.geometry.rgbd_frame import RgbdFrame

# Flow is found on images whose longer side is no longer than this [px].
MAX_SIDE = 640
# Points on each object: corners, no nearer to each other and to the mask's edge than so [px], and as weak as so; where there are
# fewer than enough, some of a grid join them.
POINTS, SPACING_PX, INSET_PX, WEAKEST, ENOUGH = 150, 5, 3, 0.01, 30
# The search: a window of so many pixels on so many halvings of the image.
# More of them would mistake a small object for what is around it. A second search begins where the first one's motion ended.
# A window counts from so little structure on (a tenth of OpenCV's default): plain objects have no more, and the way back tells.
WINDOW_PX, LEVELS, SEARCHES, LEAST_STRUCTURE = 11, 1, 2, 1e-5
# There and back again a point returns so near to where it began; one motion explains it to so much [px of that image].
MAX_RETURN_PX, MAX_RESIDUAL_PX = 1.0, 2.0
# Fewer points say nothing of a motion; and from one key image to the next nothing grows or shrinks by more than this.
MIN_POINTS, MAX_GROWTH = 8, 2.0
# A pixel of an object may come nearer or go further than the object does on the whole by so much [m], and share of its depth:
# more is another surface.
MAX_DEPTH_CHANGE_M, MAX_DEPTH_CHANGE = 0.02, 0.02


@dataclass(frozen=True)
class CarriedMasks:
    """Labels in the later image, and for each object how much of it (0..1) was found again: of its points and of its pixels."""

    labels: UInt16[np.ndarray, "h w"]
    found: Mapping[int, float]


class MaskMotion:
    """Carries the labels of one key image to the images after it.

    Each image is compared with the key image itself, beginning where the object was in the image before: no error adds up, and
    between two images an object may move by some tens of pixels. Images are of one size.
    """

    def __init__(self, key: RgbdFrame, labels: UInt16[np.ndarray, "h w"]) -> None:
        self._key, self._labels = key, labels
        gray = _gray(key.color)
        # pixels of the full image are so many times those of the image that flow is found on
        self._scale = labels.shape[1] / gray.shape[1]
        self._gray = gray
        self._objects = {
            index: _Tracked(labels == index, gray, self._scale) for index in np.unique(labels[labels > 0]).tolist()
        }

    def carried(self, frame: RgbdFrame) -> CarriedMasks:
        """Returns the key image's labels where their pixels are in ``frame``."""
        result, found = np.zeros_like(self._labels), {}
        gray, shares = _gray(frame.color), []
        for _ in range(SEARCHES):
            shares = [item.follow(*places) for item, places in zip(self._objects.values(), self._places(gray), strict=True)]
        for (index, tracked), share in zip(self._objects.items(), shares, strict=True):
            kept, seen = self._consistent(tracked.mask, _scaled(tracked.motion, self._scale), frame.depth)
            result[kept & (result == 0)] = index
            found[index] = share * seen
        return CarriedMasks(result, found)

    def _places(self, now: UInt8[np.ndarray, "hs ws"]) -> list[tuple[Float32[np.ndarray, "n 2"], Bool[np.ndarray, " n"]]]:
        """Returns, object by object, where its points are now, and which of them come back from there."""
        tracked = self._objects.values()
        points = np.concatenate([item.points for item in tracked]) if tracked else np.zeros((0, 2), np.float32)
        if not len(points):
            return [(item.points, np.zeros(0, bool)) for item in tracked]
        begin = np.concatenate([item.expected() for item in tracked])
        window = {"winSize": (WINDOW_PX, WINDOW_PX), "maxLevel": LEVELS, "flags": cv2.OPTFLOW_USE_INITIAL_FLOW,
                  "minEigThreshold": LEAST_STRUCTURE}
        there, seen, _ = cv2.calcOpticalFlowPyrLK(self._gray, now, points, begin, **window)
        back, returned, _ = cv2.calcOpticalFlowPyrLK(now, self._gray, there, points.copy(), **window)
        good = (seen[:, 0] > 0) & (returned[:, 0] > 0) & (np.linalg.norm(back - points, axis=1) <= MAX_RETURN_PX)
        ends = np.cumsum([len(item.points) for item in tracked])[:-1]
        return list(zip(np.split(there, ends), np.split(good, ends), strict=True))

    def _consistent(
        self, mask: Bool[np.ndarray, "h w"], motion: Float64[np.ndarray, "2 3"], depth: Float32[np.ndarray, "h w"]
    ) -> tuple[Bool[np.ndarray, "h w"], float]:
        """Returns the moved mask without what is another surface now, and the share of it that this leaves."""
        size = depth.shape[::-1]
        moved = cv2.warpAffine(mask.astype(np.uint8), motion, size, flags=cv2.INTER_NEAREST) > 0
        before = cv2.warpAffine(self._key.depth, motion, size, flags=cv2.INTER_NEAREST, borderValue=float("nan"))
        change = (depth - before)[moved]
        known = change[np.isfinite(change)]
        step = np.float32(np.median(known)) if len(known) else np.float32(0.0)
        # no depth, then or now, speaks neither for nor against
        other = np.abs(change - step) > MAX_DEPTH_CHANGE_M + MAX_DEPTH_CHANGE * depth[moved]
        kept = moved.copy()
        kept[moved] = ~other
        grown = abs(float(np.linalg.det(motion[:, :2])))
        return kept, float(min(1.0, kept.sum() / max(mask.sum() * grown, 1.0)))


class _Tracked:
    """One object of the key image, and the affine motion that brought it to where it is in the newest one."""

    def __init__(self, mask: Bool[np.ndarray, "h w"], gray: UInt8[np.ndarray, "hs ws"], scale: float) -> None:
        self.mask = mask
        self.motion = np.eye(2, 3)
        small = mask if scale == 1.0 else cv2.resize(mask.astype(np.uint8), gray.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
        self.points = _points(small, gray)

    def expected(self) -> Float32[np.ndarray, "n 2"]:
        """Returns where the points were in the image before."""
        return np.asarray(self.points @ self.motion[:, :2].T + self.motion[:, 2], dtype=np.float32)

    def follow(self, there: Float32[np.ndarray, "n 2"], good: Bool[np.ndarray, " n"]) -> float:
        """Takes the motion of the ``good`` points; returns the share of all that agree with it, 0 where there is none."""
        if good.sum() < MIN_POINTS:
            return 0.0
        motion, agree = cv2.estimateAffine2D(self.points[good], there[good], ransacReprojThreshold=MAX_RESIDUAL_PX)
        if motion is None or not 1.0 / MAX_GROWTH < np.linalg.det(motion[:, :2]) < MAX_GROWTH:
            return 0.0
        self.motion = motion
        return float(agree.sum() / len(self.points))


def _points(mask: Bool[np.ndarray, "h w"], gray: UInt8[np.ndarray, "h w"]) -> Float32[np.ndarray, "n 2"]:
    """Returns points of an object that can be found again: its corners, and some of a grid where these are few."""
    inner = cv2.erode(np.pad(mask.astype(np.uint8), 1), np.ones((2 * INSET_PX + 1,) * 2, np.uint8))[1:-1, 1:-1]
    corners = cv2.goodFeaturesToTrack(gray, POINTS, WEAKEST, SPACING_PX, mask=inner)
    found = np.zeros((0, 2), np.float32) if corners is None else corners.reshape(-1, 2)
    if len(found) >= ENOUGH:
        return found
    rows, columns = np.nonzero(inner)
    grid = np.stack([columns, rows], axis=1)[:: max(1, len(rows) // ENOUGH)].astype(np.float32)
    return np.concatenate([found, grid])


def _scaled(motion: Float64[np.ndarray, "2 3"], scale: float) -> Float64[np.ndarray, "2 3"]:
    """Returns a motion of the small image as one of the full image (pixel centres at integers)."""
    shift = 0.5 * (scale - 1.0)
    linear = motion[:, :2]
    return np.column_stack([linear, scale * motion[:, 2] + shift - linear @ np.full(2, shift)])


def _gray(color: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "hs ws"]:
    gray = cv2.cvtColor(color, cv2.COLOR_RGB2GRAY)
    shrink = MAX_SIDE / max(gray.shape)
    return gray if shrink >= 1.0 else cv2.resize(gray, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
