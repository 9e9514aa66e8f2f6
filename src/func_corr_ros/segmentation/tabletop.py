# SPDX-License-Identifier: Apache-2.0
"""Objects on a table from one RGB-D frame, without a network: a support plane, and what stands on it."""
from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int32, UInt8
from scipy.ndimage import find_objects

from func_corr_ros.errors import NoDepth, NoMask
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.depth_image import back_project
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.segmentation.clusters import fragments, grouped
from func_corr_ros.segmentation.mask_edges import color_refined, filled
from func_corr_ros.segmentation.segmenter import Prompts, Segmentation, ranked
from func_corr_ros.segmentation.support_plane import Support, find_support, heights_above
from func_corr_ros.segmentation.surface import Surface, enlarged, lattice_camera
from func_corr_ros.settings import setting

# Planes are fitted to every so many-th point of the lattice that objects are found on, and to more of a small image.
PLANE_STRIDE, MIN_PLANE_POINTS = 3, 4000
# A piece is an object's, not the room's behind the table, where this share of it is above the support.
MIN_CARRIED = 0.5
# The smallest piece that counts by itself, as a share of the smallest object, and at least so many lattice points.
PIECE_SHARE, MIN_PIECE = 0.25, 12
# In height thresholds: below the first a point may be the table's, blurred by the camera, and colour decides; an object rises
# above the second, or it may be a warp of the table in the depth image.
LOW, MIN_RISE = 2.0, 2.5
# Room around an object for the colours of its surroundings [px].
MARGIN_PX = 24


@dataclass(frozen=True)
class TabletopSettings:
    """What counts as a table, and as an object on it."""

    max_distance_m: float = setting(2.0, "depth beyond this is ignored", unit="m", at_least=0.1, at_most=10.0)
    plane_tolerance_m: float = setting(0.01, "points so near to a plane are of it", unit="m", at_least=0.001, at_most=0.1)
    plane_min_share: float = setting(0.08, "share of the valid depth that the support holds at least", at_least=0.01, at_most=1.0)
    planes: int = setting(4, "planes that are tried as the support", at_least=1, at_most=8)
    min_height_m: float = setting(
        0.004, "points so high above the support are an object's; where depth is noisy, 4 standard deviations are needed",
        unit="m", at_least=0.001, at_most=0.2,
    )
    max_height_m: float = setting(0.4, "higher points are ignored", unit="m", at_least=0.02, at_most=3.0)
    min_object_height_m: float = setting(0.015, "flatter objects are ignored", unit="m", at_least=0.0, at_most=1.0)
    min_object_px: int = setting(400, "smaller objects are ignored", unit="px", at_least=1)
    max_objects: int = setting(20, "at most so many objects, best first", at_least=1, at_most=1000)
    keep_cut_objects: bool = setting(True, "keep objects that the image border cuts")
    gap_m: float = setting(0.015, "loose parts join an object within this distance", unit="m", at_least=0.0, at_most=0.1)
    max_slope: float = setting(1.9, "a surface that recedes more (depth over width) is taken for two", at_least=0.5, at_most=20.0)
    stride: int = setting(2, "objects are found on every so many-th pixel; edges come at full resolution", at_least=1, at_most=8)
    color_edges: bool = setting(True, "move mask edges to where the colour image has them")
    edge_band_px: int = setting(4, "colour decides so near to an edge", unit="px", at_least=1, at_most=20)
    hole_reach_px: int = setting(14, "colour decides where depth is missing so near to it", unit="px", at_least=0, at_most=100)
    seed: int = setting(0, "seed of the plane fit", at_least=0)


class TabletopSegmenter:
    """Finds what stands on the plane that most stands on, near the camera.

    The score of an object is that of ``segmenter.ranked``: large and near the image centre is best. Things that touch
    over an area come as one object; so does what stands on another object. ``class_name`` is empty. Prompts select
    among the objects found.
    """

    def __init__(self, settings: TabletopSettings | None = None) -> None:
        self.settings = settings or TabletopSettings()

    def segment(self, frame: RgbdFrame, prompts: Prompts | None = None) -> Segmentation:
        """Returns the objects of ``frame``, best first, and their support plane with its normal towards the camera.

        Raises NoDepth where no pixel has a depth within ``max_distance_m``; NoMask, with the numbers, where there is no
        support plane, nothing stands on it, or the prompts hit nothing.
        """
        settings, camera = self.settings, frame.camera
        depth = self._near(frame.depth)
        support = self._support(depth, camera)
        heights = heights_above(support.plane, depth, camera)
        threshold = support.threshold_m(settings.min_height_m)
        above = (heights > threshold) & (heights < settings.max_height_m)
        labels, loose = self._objects(Surface.sampled(depth, heights, above, camera, support, settings.stride), support)
        labels = self._refined(frame.color, heights, *enlarged(labels, loose, above, depth, settings.stride), threshold)
        if not labels.any():
            raise NoMask(
                f"nothing stands on the support plane, which holds {support.share:.0%} of the valid depth: {int(above.sum())} px "
                f"are {threshold * 1e3:.1f} mm to {settings.max_height_m:g} m above it, but none form an object of "
                f"{settings.min_object_px} px (min_object_px) and {settings.min_object_height_m * 1e3:g} mm height "
                "(min_object_height_m) on its visible part")
        found = ranked(labels, support.plane, max_objects=settings.max_objects)
        return found if prompts is None else found.narrowed(prompts)

    def support(self, frame: RgbdFrame, objects: Bool[np.ndarray, "h w"] | None = None) -> Support:
        """Returns the support alone, where known from the pixels that are not of ``objects``; raises NoDepth, NoMask."""
        return self._support(self._near(frame.depth), frame.camera, objects)

    def _near(self, depth: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
        near = np.where((depth > 0.0) & (depth <= self.settings.max_distance_m), depth, np.float32(np.nan))
        if np.isnan(near).all():
            raise NoDepth(f"none of {depth.size} pixels has a depth within {self.settings.max_distance_m:g} m (max_distance_m), "
                          f"{int((depth > 0.0).sum())} have one beyond; check that the depth camera runs, that its image is "
                          "registered to colour, and its unit")
        return near

    def _support(
        self, depth: Float32[np.ndarray, "h w"], camera: PinholeCamera, objects: Bool[np.ndarray, "h w"] | None = None
    ) -> Support:
        settings = self.settings
        step = max(1, min(settings.stride * PLANE_STRIDE, int(math.sqrt(depth.size / MIN_PLANE_POINTS))))
        small, camera = depth[::step, ::step], lattice_camera(camera, step)
        beside = None if objects is None else ~objects[::step, ::step]
        standing = None if beside is None else back_project(small, camera, ~beside)[0]
        return find_support(back_project(small, camera, beside)[0], standing, tolerance_m=settings.plane_tolerance_m,
                            min_share=settings.plane_min_share, planes=settings.planes, seed=settings.seed)

    def _objects(self, surface: Surface, support: Support) -> tuple[Int32[np.ndarray, "h w"], Bool[np.ndarray, "h w"]]:
        settings = self.settings
        pieces = fragments(surface, max_slope=settings.max_slope, noise_m=support.noise_m)
        of_point = pieces[surface.above]
        sizes = np.bincount(of_point, minlength=1)
        carried = np.bincount(of_point, weights=support.carries(surface.points), minlength=1)
        pieces[(carried < MIN_CARRIED * sizes)[pieces]] = 0
        smallest = max(MIN_PIECE, int(PIECE_SHARE * settings.min_object_px / settings.stride**2))
        low = LOW * support.threshold_m(settings.min_height_m)
        return grouped(surface, pieces, min_points=smallest, gap_m=settings.gap_m, low_m=low)

    def _refined(
        self, color: UInt8[np.ndarray, "h w 3"], heights: Float32[np.ndarray, "h w"], labels: Int32[np.ndarray, "h w"],
        loose: Bool[np.ndarray, "h w"], threshold_m: float,
    ) -> Int32[np.ndarray, "h w"]:
        """Returns the labels of the objects that count, with holes filled and edges refined."""
        settings, result = self.settings, np.zeros_like(labels)
        for index, window in _windows(labels):
            mask, high = labels[window] == index, heights[window]
            others = (labels[window] > 0) & ~mask | (result[window] > 0)
            mask = filled(mask, high, threshold_m) & ~others
            if settings.color_edges:
                mask = color_refined(color[window], high, mask, loose[window], others, threshold_m=threshold_m,
                                     band_px=settings.edge_band_px, reach_px=settings.hole_reach_px)
                mask = filled(mask, high, threshold_m) & ~others
            if self._counts(mask, high, threshold_m) and (settings.keep_cut_objects or not _is_cut(mask, window, labels.shape)):
                result[window][mask] = index
        return result

    def _counts(self, mask: Bool[np.ndarray, "h w"], heights: Float32[np.ndarray, "h w"], threshold_m: float) -> bool:
        seen = heights[mask & np.isfinite(heights)]
        if len(seen) == 0 or mask.sum() < self.settings.min_object_px:
            return False
        return bool(np.percentile(seen, 95) >= max(self.settings.min_object_height_m, MIN_RISE * threshold_m))


def _windows(labels: Int32[np.ndarray, "h w"]) -> Iterator[tuple[int, tuple[slice, slice]]]:
    """Yields every label with its bounding box, widened by a margin inside the image."""
    for index, box in enumerate(find_objects(labels), start=1):
        if box is not None:
            rows, columns = (slice(max(0, side.start - MARGIN_PX), min(size, side.stop + MARGIN_PX))
                             for side, size in zip(box, labels.shape, strict=True))
            yield index, (rows, columns)


def _is_cut(mask: Bool[np.ndarray, "h w"], window: tuple[slice, slice], shape: tuple[int, ...]) -> bool:
    """Returns whether a mask, given in a window of the image, reaches the image border."""
    rows, columns = window
    return bool((rows.start == 0 and mask[0].any()) or (rows.stop == shape[0] and mask[-1].any())
                or (columns.start == 0 and mask[:, 0].any()) or (columns.stop == shape[1] and mask[:, -1].any()))
