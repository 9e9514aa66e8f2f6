# SPDX-License-Identifier: Apache-2.0
"""Edges of object masks: holes of the depth image are filled, and what depth leaves open follows the colour image."""
from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int, UInt8

# A hole of at most so many pixels is a speck; one of at most this share of the mask's pixels is small.
SPECK_PX, MAX_HOLE = 12, 0.03
# Colours are compared within windows of this radius [px], so that a label or a shadow counts only where it is; their
# statistics vary slowly and are taken at this fraction of the resolution.
WINDOW_PX, SHRINK = 14, 4
# Spread of what is one colour to a camera (8-bit counts).
COLOR_NOISE = 8.0
# A window in which fewer pixels than this share are known says nothing about colour.
MIN_KNOWN = 0.002
# Below this share of the height threshold, and so far from the mask, a pixel is the table's: colour and depth images fit
# on one another to about that many pixels.
TABLE_SHARE, REGISTRATION_PX = 0.35, 2.0
# Evidence is a log likelihood ratio, positive for the object. That of colour is limited, so that one glint does not outvote
# its surroundings; where no surroundings are near it is ALONE; what depth says is added.
MAX_EVIDENCE, ALONE = 4.0, 1.0
ABOVE, LOOSE, BLIND, LOW = 1.0, 0.3, -0.5, -1.0
# Evidence is averaged over windows of this size; parts that only colour sees and that are narrower are whiskers [px].
SMOOTH_PX, WHISKER_PX = 5, 5


def filled(
    mask: Bool[np.ndarray, "h w"], heights: Float32[np.ndarray, "h w"], threshold_m: float
) -> Bool[np.ndarray, "h w"]:
    """Returns ``mask`` without specks and small holes, unless the table is seen through them.

    A hole is small up to MAX_HOLE of the mask's pixels. The table is seen where most of the hole has depth and its median
    height is below TABLE_SHARE of ``threshold_m``, as in the loop of a handle.
    """
    result, limit = mask.copy(), MAX_HOLE * float(mask.sum())
    for hole in _holes(mask):
        size, seen = len(hole[0]), heights[hole]
        seen = seen[np.isfinite(seen)]
        if size <= SPECK_PX or (size <= limit and (2 * len(seen) < size or np.median(seen) > TABLE_SHARE * threshold_m)):
            result[hole] = True
    return result


def color_refined(
    color: UInt8[np.ndarray, "h w 3"], heights: Float32[np.ndarray, "h w"], mask: Bool[np.ndarray, "h w"],
    loose: Bool[np.ndarray, "h w"], others: Bool[np.ndarray, "h w"], *, threshold_m: float, band_px: int, reach_px: int,
) -> Bool[np.ndarray, "h w"]:
    """Returns ``mask`` with its edge where the colour image has it.

    Decided anew are pixels within ``band_px`` of the boundary, those without depth within ``reach_px`` of the mask, and
    ``loose`` ones. Each goes to the side, object or surroundings, whose colours around it fit its own better, with what
    depth says as prior. Pixels of ``others`` stay theirs. ``threshold_m`` is the height above which a pixel is no table.
    """
    inner = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    outer = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)
    # of parts thinner than the band (handles) the middle line is certain
    ridge = (inner >= cv2.dilate(inner, np.ones((3, 3), np.uint8))) & (inner >= 2.0)
    certain = mask & ~loose & ((inner > band_px) | ridge)
    blind = ~np.isfinite(heights)
    undecided = (mask & ~certain) | (~mask & ~others & ((outer <= band_px) | (blind & (outer <= reach_px))))
    table = ~mask & (heights < TABLE_SHARE * threshold_m) & (outer > REGISTRATION_PX)
    prior = np.select([mask & ~loose, mask, blind], [ABOVE, LOOSE, BLIND], LOW).astype(np.float32)
    evidence = _color_evidence(color, certain, (~mask & ~undecided) | table) + prior
    result = certain | (undecided & (evidence > 0.0))
    whisker = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (WHISKER_PX, WHISKER_PX))
    broad = cv2.morphologyEx(result.astype(np.uint8), cv2.MORPH_OPEN, whisker) > 0
    return _attached(result & (mask | broad), certain)


def _holes(mask: Bool[np.ndarray, "h w"]) -> Iterator[tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]]:
    """Yields rows and columns of each region outside ``mask`` that does not reach the border."""
    height, width = mask.shape
    _, regions, boxes, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    for index, (left, top, w, h, _) in enumerate(boxes[1:], start=1):
        if left > 0 and top > 0 and left + w < width and top + h < height:
            rows, columns = np.nonzero(regions[top : top + h, left : left + w] == index)
            yield rows + top, columns + left


def _color_evidence(
    color: UInt8[np.ndarray, "h w 3"], own: Bool[np.ndarray, "h w"], foreign: Bool[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w"]:
    """Returns how much better each pixel's colour fits ``own`` pixels around it than ``foreign`` ones."""
    image = color.astype(np.float32)
    of_own, of_foreign = _misfit(image, own), _misfit(image, foreign)
    evidence = np.clip(0.5 * (of_foreign - of_own), -MAX_EVIDENCE, MAX_EVIDENCE)
    evidence[np.isnan(of_own)] = 0.0
    evidence[np.isnan(of_foreign)] = ALONE
    return cv2.blur(evidence, (SMOOTH_PX, SMOOTH_PX))


def _misfit(color: Float32[np.ndarray, "h w 3"], where: Bool[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """Returns -2 log likelihood of each pixel's colour under a normal fitted to ``where`` around it, NaN without any."""
    height, width = where.shape
    small, side = (-(-width // SHRINK), -(-height // SHRINK)), 2 * (WINDOW_PX // SHRINK) + 1
    # every second pixel is a sample of the window
    sample, known = color[::2, ::2], where[::2, ::2].astype(np.float32)
    weighted = sample * known[..., None]
    share, first, second = (
        cv2.blur(cv2.resize(moment, small, interpolation=cv2.INTER_AREA), (side, side))
        for moment in (known, weighted, weighted * sample)
    )
    divisor = np.maximum(share, np.float32(1e-6))[..., None]
    mean = first / divisor
    variance = np.maximum(second / divisor - mean**2, np.float32(0.0)) + np.float32(COLOR_NOISE**2)
    offset = np.where(share > MIN_KNOWN, np.log(variance).sum(axis=2), np.float32(np.nan))
    mean, precision, offset = (
        cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR) for image in (mean, 1.0 / variance, offset)
    )
    difference = color - mean
    difference *= difference
    difference *= precision
    return cv2.transform(difference, np.ones((1, 3), np.float32)) + offset


def _attached(mask: Bool[np.ndarray, "h w"], certain: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Returns ``mask`` without the islands that hold nothing certain."""
    count, islands = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    keep = np.zeros(count, bool)
    keep[np.unique(islands[certain])] = True
    keep[0] = False
    return keep[islands]
