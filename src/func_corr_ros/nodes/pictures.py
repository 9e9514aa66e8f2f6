# SPDX-License-Identifier: Apache-2.0
"""What a person watching the topics sees: objects, matches and keypoints drawn into the camera picture, and the dense field."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from func_corr_ros.evaluation.drawing import Picture, position_colors
from func_corr_ros.nodes.observations import PointMatches, SeenKeypoint
from func_corr_ros.segmentation.segmenter import Segmentation

CONFIDENT = (70, 220, 110)


def objects_picture(color: UInt8[np.ndarray, "h w 3"], found: Segmentation) -> UInt8[np.ndarray, "h w 3"]:
    """Returns the picture with every object's outline and id."""
    picture = Picture.whole(color, color.shape[1])
    for item in found.objects:
        picture.contour(found.mask(item.id))
        picture.label(np.array(item.box[:2], dtype=np.float64), str(item.id))
    return picture.rgb


def matches_picture(
    color: UInt8[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"], keypoints: Sequence[SeenKeypoint]
) -> UInt8[np.ndarray, "h w 3"]:
    """Returns the picture with the chosen object's outline and the keypoints found on it."""
    picture = Picture.whole(color, color.shape[1])
    picture.contour(mask, CONFIDENT)
    picture.keypoints({item.name: np.array(item.uv, dtype=np.float64) for item in keypoints})
    return picture.rgb


def dense_field(
    points: PointMatches, mask: Bool[np.ndarray, "h w"], stride: int
) -> tuple[Float32[np.ndarray, "h w 2"], Float32[np.ndarray, "h w"]]:
    """Returns (u_ref, v_ref) and the confidence at every pixel of ``mask`` near a match, NaN elsewhere.

    Each match speaks for the square of ``stride`` pixels around it.
    """
    height, width = mask.shape
    flow = np.full((height, width, 2), np.nan, dtype=np.float32)
    confidence = np.full((height, width), np.nan, dtype=np.float32)
    reach = np.arange(stride) - stride // 2
    u = (np.rint(points.uv[:, 0]).astype(int)[:, None, None] + reach[None, None, :]).clip(0, width - 1)
    v = (np.rint(points.uv[:, 1]).astype(int)[:, None, None] + reach[None, :, None]).clip(0, height - 1)
    flow[v, u] = points.uv_reference[:, None, None, :]
    confidence[v, u] = points.confidence[:, None, None]
    flow[~mask], confidence[~mask] = np.nan, np.nan
    return flow, confidence


def flow_picture(
    color: UInt8[np.ndarray, "h w 3"], flow: Float32[np.ndarray, "h w 2"], reference_mask: Bool[np.ndarray, "rh rw"]
) -> UInt8[np.ndarray, "h w 3"]:
    """Returns the picture, every matched pixel in the colour of the place in the reference that it corresponds to."""
    painted, found = color.copy(), np.isfinite(flow[..., 0])
    painted[found] = position_colors(flow[found], reference_mask)
    return painted
