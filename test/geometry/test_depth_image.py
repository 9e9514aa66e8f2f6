# SPDX-License-Identifier: Apache-2.0
"""Depth sampling never mixes surfaces; back-projection agrees with the camera."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from func_corr_ros.errors import SizeMismatch
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.depth_image import back_project, sample_depth
from func_corr_ros.geometry.plane import Plane

CAMERA = PinholeCamera(fx=150.0, fy=150.0, cx=79.5, cy=59.5, width=160, height=120)
FRONT, BACK = np.float32(0.6), np.float32(0.9)


def pixels(camera: PinholeCamera) -> np.ndarray:
    rows, columns = np.mgrid[: camera.height, : camera.width]
    return np.stack([columns, rows], axis=-1).astype(np.float64)


def depth_of_plane(plane: Plane, uv: np.ndarray) -> np.ndarray:
    return -plane.offset / (CAMERA.rays(uv) @ plane.normal)


def step_edge() -> np.ndarray:
    """Front surface in columns 0..79, back surface from 80 on."""
    depth = np.full((120, 160), BACK, dtype=np.float32)
    depth[:, :80] = FRONT
    return depth


def test_a_slanted_plane_is_sampled_exactly_between_pixels(rng: np.random.Generator) -> None:
    plane = Plane.through(np.array([0.0, 0.0, 0.8]), np.array([0.3, -0.5, -1.0]))
    uv = rng.uniform([0.0, 0.0], [159.0, 119.0], (500, 2))
    z, valid = sample_depth(depth_of_plane(plane, pixels(CAMERA)).astype(np.float32), uv)
    assert valid.all() and z.dtype == np.float32
    np.testing.assert_allclose(z, depth_of_plane(plane, uv), rtol=3e-7)  # float32 rounds at 6e-8


def test_the_border_half_pixel_takes_the_border_pixel() -> None:
    depth = np.arange(12, dtype=np.float32).reshape(3, 4) + 1.0
    z, valid = sample_depth(depth, np.array([[-0.5, -0.5], [3.49, 2.49], [3.3, 0.0]]))
    np.testing.assert_array_equal(z, [1.0, 12.0, 4.0])
    assert valid.all()


@given(u=st.floats(70.0, 90.0), v=st.floats(0.0, 119.0), holes=st.floats(0.0, 0.95), seed=st.integers(0, 99))
def test_a_step_edge_with_holes_gives_front_or_back_but_nothing_between(u: float, v: float, holes: float, seed: int) -> None:
    depth = step_edge()
    depth[np.random.default_rng(seed).random(depth.shape) < holes] = np.nan
    z, valid = sample_depth(depth, np.array([[u, v]]))
    assert not valid[0] and np.isnan(z[0]) or min(abs(z[0] - FRONT), abs(z[0] - BACK)) < 1e-6


def test_each_side_of_a_step_edge_keeps_its_own_depth() -> None:
    z, valid = sample_depth(step_edge(), np.array([[79.0, 5.0], [79.4, 5.3], [79.6, 5.3], [80.0, 5.0]]))
    np.testing.assert_allclose(z, [FRONT, FRONT, BACK, BACK], rtol=1e-6)
    assert valid.all()


def test_a_hole_inside_a_surface_is_filled_by_its_nearest_pixel() -> None:
    depth = np.full((9, 9), 0.7, dtype=np.float32)
    depth[4, 4] = np.nan
    depth[4, 5] = np.float32(0.705)  # the nearest valid pixel of (4.3, 4)
    z, valid = sample_depth(depth, np.array([[4.3, 4.0]]))
    assert valid[0] and z[0] == np.float32(0.705)


def test_a_hole_between_front_and_back_stays_a_hole() -> None:
    depth = step_edge()
    depth[:, 79:81] = np.nan  # the shadow that a stereo camera has beside an edge
    z, valid = sample_depth(depth, np.array([[79.0, 50.0], [80.0, 50.0], [78.0, 50.0], [81.0, 50.0]]))
    np.testing.assert_array_equal(valid, [False, False, True, True])
    assert np.isnan(z[:2]).all()


def test_a_hole_wider_than_the_reach_stays_a_hole() -> None:
    depth = np.full((20, 20), 0.7, dtype=np.float32)
    depth[5:12, 5:12] = np.nan
    uv = np.array([[8.0, 8.0]])
    assert not sample_depth(depth, uv, radius_px=3)[1][0]
    assert sample_depth(depth, uv, radius_px=4)[1][0]


@pytest.mark.parametrize("invalid", [0.0, -1.0, np.inf, np.nan])
def test_only_positive_finite_depth_counts(invalid: float) -> None:
    z, valid = sample_depth(np.full((5, 5), invalid, dtype=np.float32), np.array([[2.0, 2.0]]))
    assert not valid[0] and np.isnan(z[0])


def test_outside_the_image_nothing_is_valid() -> None:
    uv = np.array([[-0.6, 1.0], [1.0, -0.6], [4.5, 1.0], [1.0, 4.5], [np.nan, 1.0], [1.0, np.inf]])
    assert not sample_depth(np.ones((5, 5), dtype=np.float32), uv)[1].any()


def test_no_pixels_give_no_samples() -> None:
    z, valid = sample_depth(step_edge(), np.zeros((0, 2)))
    assert z.shape == valid.shape == (0,)


def test_back_projected_points_project_onto_their_pixels(rng: np.random.Generator) -> None:
    depth = rng.uniform(0.3, 2.0, (120, 160)).astype(np.float32)
    depth[rng.random(depth.shape) < 0.3] = np.nan
    points, uv = back_project(depth, CAMERA)
    assert len(points) == np.isfinite(depth).sum() and points.dtype == np.float64
    np.testing.assert_allclose(CAMERA.project(points)[0], uv, atol=1e-9)
    np.testing.assert_array_equal(points[:, 2], depth[np.isfinite(depth)])


def test_back_projection_keeps_to_the_mask() -> None:
    mask = np.zeros((120, 160), dtype=bool)
    mask[10, 20] = mask[11, 90] = True
    _, uv = back_project(step_edge(), CAMERA, mask)
    np.testing.assert_array_equal(uv, [[20.0, 10.0], [90.0, 11.0]])


def test_a_depth_image_of_another_size_is_refused() -> None:
    with pytest.raises(SizeMismatch, match="depth is 8x6 px, the camera 160x120"):
        back_project(np.ones((6, 8), dtype=np.float32), CAMERA)
