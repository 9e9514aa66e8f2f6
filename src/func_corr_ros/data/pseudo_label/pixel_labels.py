# SPDX-License-Identifier: Apache-2.0
"""From labelled points of a cloud to labelled pixels of any view of it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Int64
from scipy.spatial import cKDTree

NOWHERE = -1


def nearest_points(
    uv: Float32[np.ndarray, "n 2"], seen: Bool[np.ndarray, " n"], pixels: Float32[np.ndarray, "k 2"]
) -> Int64[np.ndarray, " k"]:
    """Returns for each of ``pixels`` (u, v) the number of the seen point that lies nearest in the picture; NOWHERE where no point
    is seen. Pixels of the object are meant: what a pixel shows and a point beside it that is seen are one surface, but at
    outlines.
    """
    numbers = np.flatnonzero(seen)
    if not len(numbers) or not len(pixels):
        return np.full(len(pixels), NOWHERE, dtype=np.int64)
    return numbers[cKDTree(uv[numbers]).query(pixels)[1]].astype(np.int64)


def part_pixels(
    points: Bool[np.ndarray, " n"], uv: Float32[np.ndarray, "n 2"], seen: Bool[np.ndarray, " n"], mask: Bool[np.ndarray, "h w"]
) -> Bool[np.ndarray, "h w"]:
    """Returns the pixels of ``mask`` whose nearest seen point is one of ``points``."""
    rows, columns = np.nonzero(mask)
    nearest = nearest_points(uv, seen, np.stack([columns, rows], axis=1).astype(np.float32))
    shown = np.zeros_like(mask)
    shown[rows, columns] = np.append(points, False)[nearest]  # NOWHERE is the last, False
    return shown
