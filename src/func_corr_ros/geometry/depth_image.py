# SPDX-License-Identifier: Apache-2.0
"""Depth images: sampling between pixels without mixing front and back, and back-projection to points."""
from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64

from func_corr_ros.errors import SizeMismatch
from func_corr_ros.geometry.camera import PinholeCamera


def sample_depth(
    depth: Float32[np.ndarray, "h w"], uv: Float[np.ndarray, "n 2"], radius_px: int = 2, max_step: float = 0.02
) -> tuple[Float32[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """Returns depth in metres at (u, v) (NaN where there is none), and where it is valid.

    Two depths are of one surface if they differ by at most the share ``max_step`` of the nearer one (2 %: 14 mm at
    0.7 m). No value ever mixes surfaces:

    1. Where the four pixels around (u, v) are valid and of one surface, inverse depth is interpolated bilinearly,
       which is exact on planes.
    2. Otherwise, where the pixel of (u, v) is valid, its own depth is taken.
    3. Otherwise, in a hole, the nearest valid pixel within ``radius_px`` is taken, if the valid pixels there are of
       one surface; a hole between front and back stays invalid.

    Outside the image, and for NaN coordinates, nothing is valid.
    """
    height, width = depth.shape
    with np.errstate(invalid="ignore"):
        inside = (uv[:, 0] >= -0.5) & (uv[:, 0] < width - 0.5) & (uv[:, 1] >= -0.5) & (uv[:, 1] < height - 0.5)
    z = np.full(len(uv), np.nan, dtype=np.float32)
    z[inside] = _in_hole(depth, uv[inside], radius_px, max_step)
    for better in (_nearest(depth, uv[inside]), _bilinear(depth, uv[inside], max_step)):
        z[inside] = np.where(np.isfinite(better), better, z[inside])
    return z, np.isfinite(z)


def back_project(
    depth: Float32[np.ndarray, "h w"], camera: PinholeCamera, mask: Bool[np.ndarray, "h w"] | None = None
) -> tuple[Float64[np.ndarray, "n 3"], Float64[np.ndarray, "n 2"]]:
    """Returns camera coordinates and (u, v) of every pixel with valid depth (inside ``mask``), row by row; n may be 0.

    Raises SizeMismatch where depth and camera are not of one size.
    """
    if depth.shape != (camera.height, camera.width):
        raise SizeMismatch(f"depth is {depth.shape[1]}x{depth.shape[0]} px, the camera {camera.width}x{camera.height} px; use "
                           "the camera info of the depth image, or camera.resized / camera.cropped")
    chosen = _valid(depth) if mask is None else _valid(depth) & mask
    rows, columns = np.nonzero(chosen)
    uv = np.stack([columns, rows], axis=-1).astype(np.float64)
    return camera.unproject(uv, depth[rows, columns].astype(np.float64)), uv


def _valid(depth: Float32[np.ndarray, "..."]) -> Bool[np.ndarray, "..."]:
    with np.errstate(invalid="ignore"):
        return np.isfinite(depth) & (depth > 0.0)


def _window(
    depth: Float32[np.ndarray, "h w"], first: Float[np.ndarray, "n 2"], size: int
) -> Float32[np.ndarray, "n s s"]:
    """Returns the ``size`` x ``size`` pixels from column, row ``first`` on; NaN where invalid or outside the image."""
    steps = np.arange(size)
    rows = first[:, 1].astype(np.int64)[:, None, None] + steps[:, None]
    columns = first[:, 0].astype(np.int64)[:, None, None] + steps
    inside = (rows >= 0) & (rows < depth.shape[0]) & (columns >= 0) & (columns < depth.shape[1])
    values = depth[np.clip(rows, 0, depth.shape[0] - 1), np.clip(columns, 0, depth.shape[1] - 1)]
    return np.where(inside & _valid(values), values, np.float32(np.nan))


def _one_surface(window: Float32[np.ndarray, "n s s"], max_step: float) -> Bool[np.ndarray, " n"]:
    """Returns where the window's valid depths, at least one, differ by no more than ``max_step``."""
    nearest = np.where(np.isnan(window), np.inf, window).min(axis=(1, 2), initial=np.inf)
    farthest = np.where(np.isnan(window), 0.0, window).max(axis=(1, 2), initial=0.0)
    return (farthest > 0.0) & (farthest <= nearest * (1.0 + max_step))


def _nearest(depth: Float32[np.ndarray, "h w"], uv: Float[np.ndarray, "n 2"]) -> Float32[np.ndarray, " n"]:
    return _window(depth, np.floor(uv + 0.5), 1)[:, 0, 0]


def _bilinear(depth: Float32[np.ndarray, "h w"], uv: Float[np.ndarray, "n 2"], max_step: float) -> Float32[np.ndarray, " n"]:
    first = np.floor(uv)
    corners = _window(depth, first, 2)  # a corner outside the image is NaN, and so is the result
    right, down = (uv - first).T
    inverse = 1.0 / corners.astype(np.float64)
    top = inverse[:, 0, 0] * (1.0 - right) + inverse[:, 0, 1] * right
    bottom = inverse[:, 1, 0] * (1.0 - right) + inverse[:, 1, 1] * right
    z = 1.0 / (top * (1.0 - down) + bottom * down)
    return np.where(_one_surface(corners, max_step), z, np.nan).astype(np.float32)


def _in_hole(
    depth: Float32[np.ndarray, "h w"], uv: Float[np.ndarray, "n 2"], radius_px: int, max_step: float
) -> Float32[np.ndarray, " n"]:
    centre = np.floor(uv + 0.5)
    window = _window(depth, centre - radius_px, 2 * radius_px + 1)
    steps = np.arange(-radius_px, radius_px + 1)
    off = uv - centre
    squares = (steps - off[:, :1])[:, None, :] ** 2 + (steps - off[:, 1:])[:, :, None] ** 2
    best = np.where(np.isnan(window), np.inf, squares).reshape(len(uv), len(steps) ** 2).argmin(axis=1)
    z = window.reshape(len(uv), len(steps) ** 2)[np.arange(len(uv)), best]
    return np.where(_one_surface(window, max_step), z, np.float32(np.nan))
