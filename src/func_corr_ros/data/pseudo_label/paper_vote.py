# SPDX-License-Identifier: Apache-2.0
"""The paper's way to labels (arXiv 2509.03893), to compare ours with: counts of boxes, Otsu's threshold, blurred splats."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Float64

from func_corr_ros.data.pseudo_label.answers import Answers
from func_corr_ros.data.pseudo_label.label_views import LabelViews

# Views with fewer boxes do not vote; labels below this share of the largest heat are none.
LEAST_BOXES = 3
FLOOR = 64.0 / 255.0
_FALLBACK = 128.0 / 255.0
_BINS = 256


def paper_heat(answers: Answers, views: LabelViews, edge: Float64[np.ndarray, " n"] | None) -> Float64[np.ndarray, " n"]:
    """Returns the heat 0..1 of each point: every visible point gets 1 from each box that holds its pixel, in views with at least
    LEAST_BOXES boxes; times the probability of an ``edge`` where the part is one; stretched from least to greatest.
    """
    heat = np.zeros(views.seen.shape[1])
    rows = np.flatnonzero(answers.answered)
    for view in np.unique(answers.view[rows]):
        here = rows[answers.view[rows] == view]
        if len(here) < LEAST_BOXES:
            continue
        uv, seen = views.uv[view], views.seen[view]
        for box in answers.box[here]:
            heat += seen & (uv >= box[:2]).all(axis=1) & (uv <= box[2:]).all(axis=1)
    if edge is not None:
        heat *= edge
    reach = float(np.ptp(heat))
    return (heat - heat.min()) / reach if reach > 0.0 else np.zeros_like(heat)


def paper_points(heat: Float64[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """Returns which points are of the part, by the paper's floor and Otsu's threshold over the points that pass it."""
    return heat > max(otsu(heat[heat > FLOOR]), FLOOR)


def paper_pixels(
    heat: Float64[np.ndarray, " n"],
    uv: Float32[np.ndarray, "n 2"],
    seen: Bool[np.ndarray, " n"],
    mask: Bool[np.ndarray, "h w"],
) -> Bool[np.ndarray, "h w"]:
    """Returns the part's pixels: heat splatted where points are seen, below the floor none, blurred, Otsu's threshold (128 of 255
    where there is none), closed, and cut by the object's mask. The splat's reach grows with the gaps between points.
    """
    import cv2

    height, width = mask.shape
    image = np.zeros((height, width), dtype=np.float32)
    column, row = np.rint(uv[seen]).astype(np.int64).T
    np.maximum.at(image, (np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)), heat[seen].astype(np.float32))
    gap = max(int(np.ceil(np.sqrt(mask.sum() / max(seen.sum(), 1)))), 1)
    image = cv2.dilate(image, np.ones((gap + 1, gap + 1), np.uint8))
    image[image < FLOOR] = 0.0
    image = cv2.GaussianBlur(image, (0, 0), max(0.5 * gap, 1.0))
    found = image > otsu(image[image > 0.0])
    closed = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((2 * gap + 1, 2 * gap + 1), np.uint8))
    return (closed > 0) & mask


def otsu(values: np.ndarray) -> float:
    """Returns the threshold that parts ``values`` (0..1) into two classes as far apart as can be (Otsu 1979); the paper's
    fallback where all are alike.
    """
    if len(values) < 2 or np.ptp(values) <= 0.0:
        return _FALLBACK
    count, ends = np.histogram(values, _BINS, (0.0, 1.0))
    weight = np.cumsum(count) / count.sum()
    middle = 0.5 * (ends[1:] + ends[:-1])
    mean = np.cumsum(count * middle) / count.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mean[-1] * weight - mean) ** 2 / (weight * (1.0 - weight))
    if not np.isfinite(between).any():
        return _FALLBACK
    return float(ends[1 + int(np.nanargmax(np.where(np.isfinite(between), between, np.nan)))])
