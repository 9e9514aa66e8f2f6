# SPDX-License-Identifier: Apache-2.0
"""Every pixel of a view tells the surface point it shows, exactly; orbits frame any object as asked."""
import numpy as np
import pytest

from func_corr_ros.data.lighting import studio
from func_corr_ros.data.materials import Material
from func_corr_ros.data.object_view import STANDARD_CAMERA, ObjectStage, ObjectView, bounding_sphere, orbit, view_object
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.vessels import Mug
from func_corr_ros.errors import SizeMismatch, UnknownFunction
from func_corr_ros.geometry.se3 import transform_points

SMALL = STANDARD_CAMERA.resized(112, 112)
RED = {"": Material((0.8, 0.1, 0.1))}


@pytest.fixture(scope="module")
def mug() -> FunctionalObject:
    return Mug().build()


@pytest.fixture(scope="module")
def view(mug: FunctionalObject) -> ObjectView:
    return view_object(mug, RED, SMALL, orbit(mug, SMALL, 60.0, 30.0, 20.0), supersampling=1, seed=3)


def test_every_point_projects_to_its_pixel_at_its_depth(view: ObjectView) -> None:
    v, u = np.nonzero(view.mask)
    in_camera = transform_points(view.camera_from_object, view.points[v, u])
    uv, valid = view.camera.project(in_camera)
    assert len(v) > 1000 and valid.all()
    np.testing.assert_allclose(uv, np.stack([u, v], axis=-1), atol=1e-9)
    np.testing.assert_allclose(view.depth[v, u], in_camera[:, 2], rtol=1e-7)


def test_points_lie_in_their_face_and_faces_have_their_part(view: ObjectView) -> None:
    face, points = view.face_index[view.mask], view.points[view.mask]
    a, b, c = view.thing.vertices[view.thing.faces[face]].transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    assert np.abs(np.einsum("nk,nk->n", points - a, normal)).max() < 1e-12
    np.testing.assert_array_equal(view.part_index[view.mask], view.thing.part_of_face[face])


def test_all_images_agree_on_where_the_object_is(view: ObjectView) -> None:
    for there in (np.isfinite(view.depth), np.isfinite(view.points).all(-1), view.part_index >= 0, view.face_index >= 0):
        np.testing.assert_array_equal(there, view.mask)
    assert (view.color[~view.mask] == round(0.93 * 255)).all()
    assert np.ptp(view.color[view.mask].astype(int), axis=-1).mean() > 30.0  # red


def test_the_part_mask_is_that_of_the_serving_parts(view: ObjectView) -> None:
    rim = view.thing.part_names.index("rim")
    assert view.thing.function_parts["pour-with"] == ("rim",)
    np.testing.assert_array_equal(view.part_mask("pour-with"), view.part_index == rim)
    assert view.part_mask("pour-with").sum() > 20
    with pytest.raises(UnknownFunction, match="a mug has no function 'cut-with'"):
        view.part_mask("cut-with")


@pytest.mark.parametrize(
    ("azimuth", "elevation", "roll"), [(0.0, 0.0, 0.0), (60.0, 30.0, 0.0), (200.0, 90.0, 45.0), (310.0, -90.0, 10.0)])
@pytest.mark.parametrize("fill", [0.4, 0.75])
def test_an_orbit_fills_the_picture_as_asked_from_any_side(
    mug: FunctionalObject, azimuth: float, elevation: float, roll: float, fill: float
) -> None:
    pose = orbit(mug, STANDARD_CAMERA, azimuth, elevation, roll, fill)
    np.testing.assert_allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-12)
    uv, valid = STANDARD_CAMERA.project(transform_points(pose, mug.vertices))
    assert valid.all()
    assert np.ptp(uv, axis=0).max() == pytest.approx(fill * 448, rel=1e-3)
    np.testing.assert_allclose(0.5 * (uv.min(axis=0) + uv.max(axis=0)), 223.5, atol=0.1)
    angle = np.radians(elevation)
    assert pose[2, 2] == pytest.approx(-np.sin(angle))  # the camera's axis points down by the elevation


def test_an_orbit_frames_a_long_thin_thing_even_end_on() -> None:
    corners = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.01, 0.01) for z in (0.0, 0.02)])
    faces = np.array([[0, 1, 2], [5, 6, 7]])
    rod = FunctionalObject("rod", corners, faces, np.zeros(2, dtype=np.int64), ("all",))
    for azimuth in (0.0, 5.0, 90.0):
        uv, valid = STANDARD_CAMERA.project(transform_points(orbit(rod, STANDARD_CAMERA, azimuth, 0.0), corners))
        assert valid.all() and np.ptp(uv, axis=0).max() == pytest.approx(0.75 * 448, rel=1e-3)


def test_azimuth_roll_and_up_mean_what_they_say(mug: FunctionalObject) -> None:
    level = orbit(mug, SMALL, 0.0, 0.0)
    np.testing.assert_allclose(level[:3, :3] @ [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], atol=1e-12)  # looks along x
    np.testing.assert_allclose(level[:3, :3] @ [0.0, 0.0, 1.0], [0.0, -1.0, 0.0], atol=1e-12)  # z is up in the picture
    rolled = orbit(mug, SMALL, 0.0, 0.0, 90.0)
    np.testing.assert_allclose(rolled[:3, :3] @ [0.0, 0.0, 1.0], [1.0, 0.0, 0.0], atol=1e-12)  # clockwise: up goes right


def test_the_bounding_sphere_holds_everything_and_is_tight(mug: FunctionalObject, ball) -> None:
    middle, radius = bounding_sphere(mug)
    assert (np.linalg.norm(mug.vertices - middle, axis=1) <= radius + 1e-12).all()
    middle, radius = bounding_sphere(ball(radius=0.2).object)
    assert 0.2 <= radius < 0.21 and np.linalg.norm(middle) < 0.01


def test_the_same_seed_gives_the_same_view_and_truth_needs_no_seed(mug: FunctionalObject) -> None:
    stage, pose = ObjectStage(mug, RED), orbit(mug, SMALL, 30.0, 40.0)
    first, again, other = (stage.view(SMALL, pose, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.color, again.color)
    np.testing.assert_array_equal(first.points, other.points)
    assert (first.color != other.color).any()


def test_supersampling_mixes_outline_and_background_and_leaves_the_truth(mug: FunctionalObject) -> None:
    black = Material((0.02, 0.02, 0.02), specular=0.0, roughness=1.0)
    stage, pose = ObjectStage(mug, {"": black}), orbit(mug, SMALL, 30.0, 40.0)
    sharp, smooth, none = (stage.view(SMALL, pose, background=(1.0, 1.0, 1.0), supersampling=n) for n in (1, 3, 0))
    def middling(color: np.ndarray) -> int:
        return int(((color > 110) & (color < 245)).all(axis=-1).sum())
    assert middling(smooth.color) > 100 > middling(sharp.color)
    assert (none.color == 255).all()
    np.testing.assert_array_equal(sharp.depth, none.depth)
    np.testing.assert_array_equal(sharp.mask, smooth.mask)


def test_a_picture_serves_as_background_if_it_has_the_cameras_size(mug: FunctionalObject, rng: np.random.Generator) -> None:
    behind = rng.integers(0, 255, (112, 112, 3), dtype=np.uint8)
    kept = behind.copy()
    seen = view_object(mug, RED, SMALL, orbit(mug, SMALL, 0.0, 30.0), background=behind)
    np.testing.assert_array_equal(seen.color[~seen.mask], behind[~seen.mask])
    np.testing.assert_array_equal(behind, kept)
    with pytest.raises(SizeMismatch, match="the background is 112x100 px, the camera's image 112x112"):
        view_object(mug, RED, SMALL, orbit(mug, SMALL, 0.0, 30.0), background=behind[:100])


def test_an_object_out_of_sight_leaves_the_background_alone(mug: FunctionalObject) -> None:
    away = orbit(mug, SMALL, 0.0, 30.0)
    away[0, 3] += 5.0
    behind = orbit(mug, SMALL, 0.0, 30.0)
    behind[2, 3] *= -1.0
    for pose in (away, behind):
        seen = view_object(mug, RED, SMALL, pose)
        assert not seen.mask.any() and np.isnan(seen.depth).all() and np.ptp(seen.color) == 0


def test_light_comes_from_the_studios_side_whatever_the_objects_pose(ball) -> None:
    thing = ball(radius=0.1).object
    light = studio(0.1)
    assert light.lamps[0].position[1] > 0.0  # the key lamp stands to the left
    for azimuth, roll in ((0.0, 0.0), (130.0, 70.0)):
        pose = orbit(thing, SMALL, azimuth, 20.0, roll)
        seen = view_object(thing, {"": Material((0.5, 0.5, 0.5))}, SMALL, pose, lighting=light)
        left, right = seen.color[:, :56][seen.mask[:, :56]].mean(), seen.color[:, 56:][seen.mask[:, 56:]].mean()
        assert left > right + 4.0
