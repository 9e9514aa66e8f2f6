# SPDX-License-Identifier: Apache-2.0
"""Laws, known answers and refusals of the pinhole camera."""
import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from func_corr_ros.errors import BadCamera
from func_corr_ros.geometry.camera import PinholeCamera

CAMERA = PinholeCamera(fx=610.0, fy=605.0, cx=318.2, cy=243.7, width=640, height=480)


def points_in_view(rng: np.random.Generator, n: int = 50, camera: PinholeCamera = CAMERA) -> np.ndarray:
    uv = rng.uniform([-0.5, -0.5], [camera.width - 0.5, camera.height - 0.5], (n, 2))
    return camera.unproject(uv, rng.uniform(0.3, 3.0, n))


def test_a_point_on_the_axis_is_seen_at_the_principal_point() -> None:
    uv, valid = CAMERA.project(np.array([[0.0, 0.0, 0.5], [0.1, -0.2, 1.0]]))
    np.testing.assert_allclose(uv, [[318.2, 243.7], [318.2 + 61.0, 243.7 - 121.0]])
    assert valid.all()


def test_projection_is_that_of_opencv(rng: np.random.Generator) -> None:
    points = points_in_view(rng)
    expected, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), CAMERA.matrix, None)
    np.testing.assert_allclose(CAMERA.project(points)[0], expected[:, 0], atol=1e-9)


@pytest.mark.parametrize("dtype, tolerance", [(np.float32, 2e-4), (np.float64, 1e-10)])  # px; float32 has 24 bits for 640 px
@pytest.mark.parametrize("library", [np.asarray, torch.as_tensor])
def test_unproject_undoes_project_and_keeps_library_and_dtype(rng: np.random.Generator, library, dtype, tolerance: float) -> None:
    uv = library(rng.uniform(0.0, 479.0, (4, 5, 2)).astype(dtype))
    points = CAMERA.unproject(uv, library(rng.uniform(0.3, 3.0, (4, 5)).astype(dtype)))
    back, valid = CAMERA.project(points)
    assert type(back) is type(uv) and back.dtype == uv.dtype == points.dtype and bool(valid.all())
    np.testing.assert_allclose(np.asarray(back), np.asarray(uv), atol=tolerance)


def test_rays_have_unit_depth_and_pass_through_the_point(rng: np.random.Generator) -> None:
    points = points_in_view(rng)
    rays = CAMERA.rays(CAMERA.project(points)[0])
    np.testing.assert_allclose(rays, points / points[:, 2:], atol=1e-12)


@pytest.mark.parametrize("point", [[0.0, 0.0, 0.0], [0.1, 0.1, -1.0], [np.nan, 0.0, 1.0], [0.0, 0.0, np.nan], [np.inf, 0.0, 1.0]])
def test_what_is_not_in_front_of_the_camera_has_no_pixel(point: list[float]) -> None:
    uv, valid = CAMERA.project(np.array(point))
    assert np.isnan(uv).all() and not valid


def test_validity_ends_where_the_image_ends() -> None:
    uv = np.array([[-0.5, -0.5], [639.49, 479.49], [-0.51, 0.0], [0.0, -0.51], [639.51, 0.0], [0.0, 479.51]])
    back, valid = CAMERA.project(CAMERA.unproject(uv, np.ones(6)))
    np.testing.assert_allclose(back, uv, atol=1e-9)  # in front but outside: the pixel is still the true one
    np.testing.assert_array_equal(valid[1:], [True, False, False, False, False])


@given(width=st.integers(1, 2000), height=st.integers(1, 2000))
def test_resizing_commutes_with_projection(width: int, height: int) -> None:
    points = points_in_view(np.random.default_rng(0))
    expected = (CAMERA.project(points)[0] + 0.5) * [width / 640, height / 480] - 0.5
    resized = CAMERA.resized(width, height)
    np.testing.assert_allclose(resized.project(points)[0], expected, atol=1e-9)
    assert (resized.width, resized.height) == (width, height)


def test_resized_camera_sees_what_a_resized_image_shows() -> None:
    """A blob drawn by the camera, shrunk by area, has its centroid where the resized camera puts it."""
    point = np.array([0.1, -0.05, 1.0])
    (u, v), _ = CAMERA.project(point)
    rows, columns = np.mgrid[:480, :640]
    image = np.exp(-((columns - u) ** 2 + (rows - v) ** 2) / 200.0)
    small = cv2.resize(image, (160, 120), interpolation=cv2.INTER_AREA)
    rows, columns = np.mgrid[:120, :160]
    centroid = [(small * columns).sum() / small.sum(), (small * rows).sum() / small.sum()]
    np.testing.assert_allclose(CAMERA.resized(160, 120).project(point)[0], centroid, atol=1e-3)  # half a pixel would be 0.4 off


@given(u0=st.integers(-300, 600), v0=st.integers(-300, 400))
def test_cropping_shifts_projection(u0: int, v0: int) -> None:
    points = points_in_view(np.random.default_rng(0))
    cropped = CAMERA.cropped(u0, v0, 96, 64)
    np.testing.assert_allclose(cropped.project(points)[0], CAMERA.project(points)[0] - [u0, v0], atol=1e-9)
    assert (cropped.width, cropped.height) == (96, 64)


def test_resizing_and_back_is_the_same_camera() -> None:
    np.testing.assert_allclose(CAMERA.resized(123, 77).resized(640, 480).matrix, CAMERA.matrix, atol=1e-10)


def test_matrix_round_trip() -> None:
    assert PinholeCamera.from_matrix(CAMERA.matrix, 640, 480) == CAMERA


def test_gradients_of_projection_and_back_projection(rng: np.random.Generator) -> None:
    points = torch.as_tensor(points_in_view(rng, 5)).requires_grad_()
    uv = torch.as_tensor(rng.uniform(0.0, 400.0, (5, 2))).requires_grad_()
    depth = torch.as_tensor(rng.uniform(0.5, 2.0, 5)).requires_grad_()
    assert torch.autograd.gradcheck(lambda p: CAMERA.project(p)[0], points)
    assert torch.autograd.gradcheck(CAMERA.unproject, (uv, depth))


def test_points_behind_the_camera_do_not_spoil_the_gradient_of_others() -> None:
    points = torch.tensor([[0.1, 0.2, 1.0], [0.1, 0.2, 0.0]], dtype=torch.float64, requires_grad=True)
    uv, valid = CAMERA.project(points)
    uv[valid].sum().backward()
    np.testing.assert_allclose(points.grad[0], [610.0, 605.0, -0.1 * 610.0 - 0.2 * 605.0])
    assert torch.isfinite(points.grad).all()


@pytest.mark.parametrize("change, words", [
    ({"fx": 0.0}, "fx=0"),
    ({"fy": -600.0}, "fy=-600"),
    ({"cx": float("nan")}, "not all finite"),
    ({"fy": float("inf")}, "not all finite"),
    ({"width": 0}, "0x480"),
    ({"cx": 1e4}, "cx=10000 px lies 9360.5 px outside"),
    ({"cy": -5000.0}, "cy=-5000"),
])
def test_impossible_intrinsics_are_refused(change: dict, words: str) -> None:
    fields = {"fx": 610.0, "fy": 605.0, "cx": 318.2, "cy": 243.7, "width": 640, "height": 480}
    with pytest.raises(BadCamera, match=words):
        PinholeCamera(**{**fields, **change})


def test_a_matrix_with_skew_is_refused() -> None:
    matrix = CAMERA.matrix.copy()
    matrix[0, 1] = 3.0
    with pytest.raises(BadCamera, match="K must be"):
        PinholeCamera.from_matrix(matrix, 640, 480)


def test_shape_errors_are_caught_in_tests() -> None:
    """The import hook of conftest is on: without it every annotation of the package would be untested."""
    with pytest.raises(Exception, match="Type-check error"):
        CAMERA.project(np.zeros((3, 2)))
