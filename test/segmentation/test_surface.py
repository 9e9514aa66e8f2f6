# SPDX-License-Identifier: Apache-2.0
"""The lattice sees the same points as the image it is taken from, and its labels go back to the same pixels."""
import numpy as np
import pytest
from segmentation.ray_cast import TABLE, Box, cast, eye

from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.segmentation.support_plane import heights_above
from func_corr_ros.segmentation.surface import Surface, enlarged, lattice_camera
from func_corr_ros.segmentation.tabletop import TabletopSegmenter


@pytest.mark.parametrize("step", [1, 2, 3, 5, 8])
def test_a_lattice_pixel_is_a_pixel_of_the_image(step: int) -> None:
    camera = PinholeCamera(fx=613.2, fy=611.9, cx=310.3, cy=236.6, width=639, height=477)
    small = lattice_camera(camera, step)
    image = np.zeros((477, 639))[::step, ::step]
    assert (small.height, small.width) == image.shape
    uv = np.array([[0.0, 0.0], [7.0, 3.0], [small.width - 1.0, small.height - 1.0]])
    np.testing.assert_allclose(small.rays(uv), camera.rays(uv * step), atol=1e-12)


@pytest.mark.parametrize("step", [1, 2, 3])
def test_sampled_points_lie_where_they_are_seen(step: int) -> None:
    view = cast([TABLE, Box("box", (200, 0, 0), center=(0.0, 0.0, 0.05), size=(0.1, 0.1, 0.1))], eye(50))
    support = TabletopSegmenter().support(view.frame)
    heights = heights_above(support.plane, view.frame.depth, view.frame.camera)
    above = heights > 0.004
    surface = Surface.sampled(view.frame.depth, heights, above, view.frame.camera, support, step)
    assert len(surface.points) == len(surface.footprints) == surface.above.sum() == above[::step, ::step].sum()
    distance = support.plane.signed_distance(surface.points)
    np.testing.assert_allclose(distance, surface.heights[surface.above], atol=1e-5)  # float32
    # an upright wall seen from 50 deg above recedes by tan(50 deg)
    middle = tuple(size // 2 for size in surface.slopes.shape)
    assert surface.slopes[middle] == pytest.approx(np.tan(np.arcsin(-view.table.normal[2])), rel=0.01)
    # neighbours in the middle of the image are one pixel's width apart
    assert surface.spacing_m == pytest.approx(step * 0.72 / 500.0, rel=0.05)


def test_labels_come_back_to_the_pixels_above_only() -> None:
    above = np.zeros((7, 9), bool)
    above[2:6, 3:8] = True
    labels = np.where(above[::2, ::2], 5, 0).astype(np.int32)
    full, loose = enlarged(labels, labels > 0, above, np.ones((7, 9), np.float32), 2)
    assert full.shape == above.shape and full.dtype == np.int32
    np.testing.assert_array_equal(full > 0, above)
    assert set(full[above]) == {5} and loose[2, 4]


def test_a_label_that_is_not_above_is_kept_as_it_is() -> None:
    above = np.zeros((6, 6), bool)
    labels = np.zeros((3, 3), np.int32)
    labels[1, 1] = 7
    full, _ = enlarged(labels, np.zeros((3, 3), bool), above, np.ones((6, 6), np.float32), 2)
    expected = np.zeros((6, 6), np.int32)
    expected[2:4, 2:4] = 7
    np.testing.assert_array_equal(full, expected)


@pytest.mark.parametrize("step", [2, 3, 4])
def test_between_two_objects_depth_decides(step: int) -> None:
    depth = np.full((48, 60), 0.9, np.float32)
    near = np.hypot(*(np.indices(depth.shape) - np.array([[[24]], [[30]]]))) < 14.3
    depth[near] = 0.7
    labels = np.where(near[::step, ::step], 1, 2).astype(np.int32)
    full, _ = enlarged(labels, np.zeros(labels.shape, bool), np.ones(depth.shape, bool), depth, step)
    np.testing.assert_array_equal(full, np.where(near, 1, 2))
