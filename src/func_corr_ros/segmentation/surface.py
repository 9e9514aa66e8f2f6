# SPDX-License-Identifier: Apache-2.0
"""The lattice of pixels that objects are found on: every few pixels, with their depth and their height above the support."""
from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int, Int32

from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.depth_image import back_project
from func_corr_ros.segmentation.support_plane import Support

# Larger than any label.
UNLABELLED = 1 << 20


@dataclass(frozen=True)
class Surface:
    """A lattice of pixels with depth and height above the support; ``above`` says which of them may be of objects.

    ``camera`` is the lattice's own. ``slopes`` is how much an upright wall that faces each pixel recedes (depth over
    width): the tangent of the elevation from which the camera looks down there. ``points`` (metres, camera frame) and
    ``footprints`` (metres, along the support) are those of ``above``, row by row.
    """

    camera: PinholeCamera
    depth: Float32[np.ndarray, "h w"]
    heights: Float32[np.ndarray, "h w"]
    above: Bool[np.ndarray, "h w"]
    slopes: Float32[np.ndarray, "h w"]
    points: Float32[np.ndarray, "n 3"]
    footprints: Float32[np.ndarray, "n 2"]

    @classmethod
    def sampled(
        cls, depth: Float32[np.ndarray, "h w"], heights: Float32[np.ndarray, "h w"], above: Bool[np.ndarray, "h w"],
        camera: PinholeCamera, support: Support, step: int,
    ) -> Surface:
        """Returns the lattice of every ``step``-th pixel of an image, from pixel 0 on."""
        small = lattice_camera(camera, step)
        depth, heights, above = (np.ascontiguousarray(image[::step, ::step]) for image in (depth, heights, above))
        points = back_project(depth, small, above)[0].astype(np.float32)
        down = (np.float32(support.plane.offset) - heights) / depth  # sine of the elevation, for rays near the optical axis
        slopes = down / np.sqrt(np.maximum(np.float32(1.0) - down**2, np.float32(1e-4)))
        return cls(small, depth, heights, above, slopes, points, support.footprints(points))

    @property
    def spacing_m(self) -> float:
        """The median distance between neighbours on a surface that faces the camera."""
        return float(np.median(self.depth[self.above])) / self.camera.fx if self.above.any() else 0.0


def lattice_camera(camera: PinholeCamera, step: int) -> PinholeCamera:
    """Returns the camera of every ``step``-th pixel, from pixel 0 on."""
    width, height = -(-camera.width // step), -(-camera.height // step)
    shift = -0.5 * (step - 1)  # a resize keeps the image's edge where it is; here the first pixel's centre stays
    return camera.cropped(shift, shift, width * step, height * step).resized(width, height)


def enlarged(
    labels: Int32[np.ndarray, "hs ws"], loose: Bool[np.ndarray, "hs ws"], above: Bool[np.ndarray, "h w"],
    depth: Float32[np.ndarray, "h w"], step: int,
) -> tuple[Int32[np.ndarray, "h w"], Bool[np.ndarray, "h w"]]:
    """Returns a lattice's labels and looseness for every pixel of the image.

    A pixel in ``above`` is as the lattice point it belongs to; where that has no label, as one beside it; and where the
    points around have several labels, as the one that is nearest in depth. Any other pixel is as its lattice point,
    unless that one is labelled for being above itself.
    """
    height, width = above.shape
    around = cv2.dilate(labels.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32)
    least = -cv2.dilate(np.where(labels > 0, -labels, -UNLABELLED).astype(np.float32), np.ones((3, 3), np.uint8))
    contested = (around > 0) & (least < around)
    around, alone = np.where(labels > 0, labels, around), np.where(above[::step, ::step], 0, labels)
    around, alone, loose, contested = (
        image.repeat(step, axis=0).repeat(step, axis=1)[:height, :width] for image in (around, alone, loose, contested)
    )
    full = np.where(above, around, alone).astype(np.int32)
    rows, columns = np.nonzero(contested & above)
    full[rows, columns] = _nearest_in_depth(labels, depth, rows, columns, step)
    return full, loose


def _nearest_in_depth(
    labels: Int32[np.ndarray, "hs ws"], depth: Float32[np.ndarray, "h w"],
    rows: Int[np.ndarray, " n"], columns: Int[np.ndarray, " n"], step: int,
) -> Int32[np.ndarray, " n"]:
    """Returns, for pixels of the image, the label of the lattice point around whose depth is most like theirs."""
    sampled = np.where(labels > 0, depth[::step, ::step], np.float32(np.inf))
    sampled, labels = np.pad(sampled, 1, constant_values=np.inf), np.pad(labels, 1)
    best, found = np.full(len(rows), np.inf, np.float32), np.zeros(len(rows), np.int32)
    for down in (0, 1, 2):
        for right in (0, 1, 2):
            point = rows // step + down, columns // step + right
            difference = np.abs(sampled[point] - depth[rows, columns])
            nearer = difference < best
            best, found = np.where(nearer, difference, best), np.where(nearer, labels[point], found)
    return found
