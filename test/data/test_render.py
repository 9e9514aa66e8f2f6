# SPDX-License-Identifier: Apache-2.0
"""Depth and labels are what analysis says they must be, and a picture is made of its seed alone."""
import numpy as np
import pytest

from func_corr_ros.data.render import render
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.se3 import inverse, look_at, transform_points

CAMERA = PinholeCamera(150.0, 152.0, 79.0, 61.0, 160, 120)
WORLD_FROM_CAMERA = look_at(np.array([-0.5, 0.1, 0.6]), np.array([0.0, 0.0, 0.05]), np.array([0.0, 0.0, 1.0]))


def analytic_ray(camera: PinholeCamera) -> np.ndarray:
    v, u = np.mgrid[0 : camera.height, 0 : camera.width].astype(float)
    return camera.rays(np.stack([u, v], axis=-1))


def test_depth_of_a_plane_is_exact(plate) -> None:
    seen = render([plate(size=20.0)], CAMERA, WORLD_FROM_CAMERA, supersampling=0)
    camera_from_world = inverse(WORLD_FROM_CAMERA)
    normal, point = camera_from_world[:3, 2], camera_from_world[:3, 3]
    expected = (normal @ point) / (analytic_ray(CAMERA) @ normal)
    ground = seen.object_index == 0
    assert ground.all()
    np.testing.assert_allclose(seen.depth, expected, rtol=1e-7)  # float32 rounding alone
    np.testing.assert_allclose(seen.normals, np.broadcast_to(normal, seen.normals.shape), atol=1e-6)


def test_depth_of_a_ball_is_that_of_its_sphere_to_the_height_of_a_facet(ball) -> None:
    radius = 0.15
    seen = render([ball(radius=radius)], CAMERA, WORLD_FROM_CAMERA, supersampling=0)
    ray = analytic_ray(CAMERA)
    centre = inverse(WORLD_FROM_CAMERA)[:3, 3]
    a, b, c = (ray**2).sum(-1), ray @ centre, centre @ centre - radius**2
    root = b**2 - a * c
    expected = np.where(root > 0.0, (b - np.sqrt(np.maximum(root, 0.0))) / a, np.nan)
    hit = seen.object_index == 0
    assert (hit != (root > 0.0)).sum() <= 0.02 * hit.sum()  # facets cut the outermost rim of the sphere
    steep = root > 0.05 * root.max()
    np.testing.assert_allclose(seen.depth[hit & steep], expected[hit & steep], atol=2.5e-4)  # sagitta of a facet: 4e-5 m, leaning
    assert np.isnan(seen.depth[~hit]).all() and np.isnan(seen.normals[~hit]).all()


def test_masks_faces_and_depth_speak_of_the_same_pixels(plate, ball) -> None:
    placed = [plate(), ball(radius=0.1, at=(0.0, 0.05, 0.1))]
    seen = render(placed, CAMERA, WORLD_FROM_CAMERA, supersampling=0)
    assert np.array_equal(seen.object_index >= 0, np.isfinite(seen.depth))
    mask = seen.mask(1)
    v, u = np.nonzero(mask)
    assert len(v) > 500
    points = CAMERA.unproject(np.stack([u, v], axis=-1).astype(float), seen.depth[mask].astype(float))
    in_ball = transform_points(inverse(placed[1].world_from_object) @ WORLD_FROM_CAMERA, points)
    np.testing.assert_allclose(np.linalg.norm(in_ball, axis=1), 0.1, atol=1e-4)
    corners = placed[1].object.vertices[placed[1].object.faces[seen.face_index[mask]]]
    off = np.einsum("nk,nk->n", np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), in_ball - corners[:, 0])
    assert np.abs(off).max() < 1e-10  # volume of a sliver: the point lies in the face's plane


def test_a_pixel_sees_what_its_centre_sees(plate) -> None:
    """On the plate's top lie exactly those pixels whose central ray meets z = 0 within the plate."""
    seen = render([plate(size=0.2)], CAMERA, WORLD_FROM_CAMERA, supersampling=0)
    ray = analytic_ray(CAMERA) @ WORLD_FROM_CAMERA[:3, :3].T
    meets = WORLD_FROM_CAMERA[:2, 3] - ray[..., :2] * (WORLD_FROM_CAMERA[2, 3] / ray[..., 2:])
    inside = (np.abs(meets) < 0.1).all(axis=-1)
    on_top = seen.mask(0) & (np.abs(seen.normals @ inverse(WORLD_FROM_CAMERA)[:3, 2] - 1.0) < 1e-3)
    assert on_top.sum() > 800
    np.testing.assert_array_equal(on_top, inside)


def test_the_same_seed_gives_the_same_picture_and_the_geometry_does_not_depend_on_it(plate, ball) -> None:
    placed = [plate(), ball(at=(0.0, 0.0, 0.1))]
    first, again, other = (render(placed, CAMERA, WORLD_FROM_CAMERA, supersampling=1, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.color, again.color)
    np.testing.assert_array_equal(first.depth, other.depth)
    assert (first.color != other.color).any()
    assert np.abs(first.color.astype(int) - other.color).mean() < 12.0  # it is the same scene under another grain


def test_supersampling_smooths_the_grain_and_zero_leaves_the_picture_black(plate) -> None:
    coarse, fine, none = (render([plate(size=20.0)], CAMERA, WORLD_FROM_CAMERA, supersampling=n) for n in (1, 3, 0))
    def grain(picture: np.ndarray) -> float:
        return float(np.abs(np.diff(picture.astype(float), axis=1)).mean())
    assert grain(fine.color) <= grain(coarse.color)
    assert not none.color.any() and coarse.color.mean() > 60.0


def test_nothing_in_view_is_a_black_frame_without_depth(ball) -> None:
    away = render([ball(at=(-5.0, 0.0, 0.6))], CAMERA, WORLD_FROM_CAMERA, supersampling=1)
    assert np.isnan(away.depth).all() and (away.object_index == -1).all() and not away.color.any()
    assert away.part_index.max() == -1 and away.face_index.max() == -1


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_a_ball_further_away_is_deeper_and_smaller(ball, shift: float) -> None:
    seen = render([ball(at=(shift, 0.0, -shift))], CAMERA, WORLD_FROM_CAMERA, supersampling=0)
    near = render([ball()], CAMERA, WORLD_FROM_CAMERA, supersampling=0)
    assert (np.nanmin(seen.depth) >= np.nanmin(near.depth)) and seen.mask(0).sum() <= near.mask(0).sum()
