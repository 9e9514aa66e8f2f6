# SPDX-License-Identifier: Apache-2.0
"""The colours that a file gives its surface are found again where it has them, whatever way it gives them."""
import pickle
from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.data.assets import read_asset
from func_corr_ros.data.colored_surface import GREY, ColoredSurface, look_of
from func_corr_ros.data.materials import Material, linear
from func_corr_ros.data.object_view import STANDARD_CAMERA, orbit, view_object
from func_corr_ros.geometry.se3 import about_axis, make, transform_points

trimesh = pytest.importorskip("trimesh")
Image = pytest.importorskip("PIL.Image")

LEFT, RIGHT = (200, 30, 20), (20, 40, 190)


def textured_box(factor: list[int] | None = None) -> object:
    """A box of 0.2 x 0.1 x 0.05 m whose picture is of one colour where x < 0 and of another where x > 0."""
    mesh = trimesh.creation.box((0.2, 0.1, 0.05)).subdivide().subdivide()
    picture = np.zeros((8, 64, 3), dtype=np.uint8)
    picture[:, :32], picture[:, 32:] = LEFT, RIGHT
    uv = np.stack([mesh.vertices[:, 0] / 0.2 + 0.5, np.full(len(mesh.vertices), 0.5)], axis=-1)
    image = Image.fromarray(picture)
    if factor is None:
        material = trimesh.visual.material.SimpleMaterial(image=image)
    else:
        material = trimesh.visual.material.PBRMaterial(baseColorTexture=image, baseColorFactor=factor)
    mesh.visual = trimesh.visual.TextureVisuals(uv=uv, material=material)
    return mesh


def test_a_picture_is_found_again_on_both_sides_of_its_border() -> None:
    look = look_of([textured_box()], np.eye(4), samples=20_000)
    assert isinstance(look, ColoredSurface)
    points = np.array([[-0.06, 0.05, 0.0], [-0.01, -0.05, 0.01], [0.01, 0.02, 0.025], [0.08, 0.0, -0.025]])
    expected = linear(np.array([LEFT, LEFT, RIGHT, RIGHT], dtype=np.float32) / 255.0)
    np.testing.assert_allclose(look.albedo(points), expected, atol=1e-6)
    halfway = linear(np.array([LEFT, RIGHT], dtype=np.float32) / 255.0).mean(axis=0)
    np.testing.assert_allclose(linear(np.array(look.color, dtype=np.float32)), halfway, atol=0.01)  # of light, not bytes


def test_a_factor_dims_the_light_of_the_picture() -> None:
    look = look_of([textured_box([128, 128, 128, 255])], np.eye(4), samples=2000)
    expected = linear(np.array([LEFT], dtype=np.float32) / 255.0) * 128 / 255
    np.testing.assert_allclose(look.albedo(np.array([[-0.06, 0.05, 0.0]])), expected, atol=0.006)  # bytes of sRGB


def test_colours_of_faces_and_of_vertices_are_kept() -> None:
    mesh = trimesh.creation.box((0.2, 0.1, 0.05)).subdivide().subdivide()
    mesh.visual.face_colors = np.where(mesh.triangles_center[:, :1] < 0.0, (*LEFT, 255), (*RIGHT, 255)).astype(np.uint8)
    ends = np.array([[-0.09, 0.05, 0.0], [0.09, 0.05, 0.0]])
    expected = linear(np.array([LEFT, RIGHT], dtype=np.float32) / 255.0)
    np.testing.assert_allclose(look_of([mesh], np.eye(4), samples=5000).albedo(ends), expected, atol=1e-6)
    mesh = trimesh.creation.box((0.2, 0.1, 0.05)).subdivide().subdivide()
    mesh.visual.vertex_colors = np.where(mesh.vertices[:, :1] < 0.0, (*LEFT, 255), (*RIGHT, 255)).astype(np.uint8)
    np.testing.assert_allclose(look_of([mesh], np.eye(4), samples=5000).albedo(ends), expected, atol=1e-6)


def test_one_colour_is_a_plain_material_and_none_is_grey() -> None:
    plain = trimesh.creation.box((0.1, 0.1, 0.1))
    assert type(look_of([plain], np.eye(4))) is Material
    lost = trimesh.creation.box((0.1, 0.1, 0.1))
    lost.visual = trimesh.visual.TextureVisuals(uv=None)
    np.testing.assert_allclose(look_of([lost], np.eye(4)).color, GREY, atol=0.01)


def test_the_look_moves_with_its_object() -> None:
    look = look_of([textured_box()], np.eye(4), samples=5000)
    new_from_old = make(7.0 * about_axis(np.array([0.0, 0.0, 1.0]), 0.4), np.array([0.03, -0.01, 0.02]))
    points = np.random.default_rng(0).uniform(-0.1, 0.1, (50, 3))
    np.testing.assert_array_equal(look.moved(new_from_old).albedo(transform_points(new_from_old, points)), look.albedo(points))
    assert Material((0.1, 0.2, 0.3), scale=0.02).moved(new_from_old).scale == pytest.approx(0.14)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(look)).albedo(points), look.albedo(points))  # to other processes


@pytest.mark.parametrize("ending", [".glb", ".obj"])
def test_a_file_with_a_picture_is_seen_in_its_colours(ending: str, tmp_path: Path) -> None:
    textured_box().export(tmp_path / f"box{ending}")
    asset = read_asset(tmp_path / f"box{ending}")
    camera = STANDARD_CAMERA.resized(96, 96)
    view = view_object(asset.object, {"": asset.material}, camera, orbit(asset.object, camera, 90.0, 20.0))
    red, blue = view.color[..., 0].astype(int), view.color[..., 2].astype(int)
    left, right = (view.mask & (view.points[..., 0] * sign > 0.01) for sign in (-1.0, 1.0))
    assert (red > blue)[left].mean() > 0.99 and (blue > red)[right].mean() > 0.99
