# SPDX-License-Identifier: Apache-2.0
"""A view's frame, masks and poses agree with one another, and names that are not there are refused."""
import numpy as np
import pytest

from func_corr_ros.data.materials import Material
from func_corr_ros.data.objects.vessels import Mug, Pitcher
from func_corr_ros.data.ray_scene import PlacedObject
from func_corr_ros.data.sensor_noise import SensorNoiseSettings
from func_corr_ros.data.tabletop_scene import REALSENSE, SceneView, TabletopScene, looking_down, on_table
from func_corr_ros.errors import BadSettings, UnknownFunction
from func_corr_ros.geometry.se3 import inverse, transform_points

BLUE = Material((0.1, 0.2, 0.6))
SCENE = TabletopScene(
    (PlacedObject(Mug().build(), on_table(0.0, 0.08, 80.0), {"": BLUE}, "mug"),
     PlacedObject(Pitcher().build(), on_table(0.05, -0.12, 110.0), {"": BLUE}, "pitcher")),
    looking_down(0.75, 38.0), REALSENSE.resized(320, 240),
)


@pytest.fixture(scope="module")
def view() -> SceneView:
    return SCENE.view(supersampling=0)


def test_on_table_stands_upright_where_it_is_put() -> None:
    placed = on_table(0.1, -0.2, 90.0)
    np.testing.assert_allclose(placed[:3, 3], [0.1, -0.2, 0.0])
    np.testing.assert_allclose(placed[:3, 0], [0.0, 1.0, 0.0], atol=1e-15)
    np.testing.assert_allclose(placed[:3, 2], [0.0, 0.0, 1.0], atol=1e-15)


def test_the_camera_looks_from_where_it_is_asked_to() -> None:
    eye = looking_down(0.6, 30.0, 0.0, height=0.1)
    np.testing.assert_allclose(eye[:3, 3], [-0.6 * np.cos(np.pi / 6), 0.0, 0.1 + 0.3], atol=1e-12)
    centre = transform_points(inverse(eye), np.array([[0.0, 0.0, 0.1], [0.0, 0.1, 0.1]]))
    np.testing.assert_allclose(centre[0], [0.0, 0.0, 0.6], atol=1e-12)
    assert centre[1, 0] < 0.0  # y is to the left of the picture


def test_every_pixel_of_an_object_back_projects_onto_its_surface(view: SceneView) -> None:
    for name, shape in (("mug", Mug()), ("pitcher", Pitcher())):
        mask = view.mask(name)
        v, u = np.nonzero(mask)
        points = view.frame.camera.unproject(np.stack([u, v], -1).astype(float), view.frame.depth[mask].astype(float))
        on_object = transform_points(inverse(view.camera_from_object(name)), points)
        thing = view.scene.objects[view.scene.index(name)].object
        low, high = thing.vertices.min(axis=0), thing.vertices.max(axis=0)
        assert mask.sum() > 500
        assert (on_object > low - 1e-6).all() and (on_object < high + 1e-6).all()
        assert on_object[:, 2].max() > shape.height - 0.005


def test_parts_make_up_the_object(view: SceneView) -> None:
    total = np.zeros_like(view.mask("pitcher"), dtype=int)
    for part in view.scene.objects[1].object.part_names:
        total += view.part_mask("pitcher", part)
    np.testing.assert_array_equal(total, view.mask("pitcher").astype(int))
    serving = view.part_mask("pitcher", "spout") | view.part_mask("pitcher", "channel")
    np.testing.assert_array_equal(view.serves("pitcher", "pour-with"), serving)
    assert serving.sum() > 30


def test_functional_frames_project_to_the_parts_that_serve(view: SceneView) -> None:
    for name in ("mug", "pitcher"):
        frame = view.camera_from_function(name, "pour-with")
        uv, inside = view.frame.camera.project(frame[:3, 3])
        v, u = np.nonzero(view.serves(name, "pour-with"))
        assert inside and np.hypot(u - uv[0], v - uv[1]).min() < 1.5
        np.testing.assert_allclose(frame[:3, 2], view.support.normal, atol=1e-12)


def test_the_support_is_the_table_that_is_seen(view: SceneView) -> None:
    table = view.exact.mask(2)
    v, u = np.nonzero(table)
    points = view.frame.camera.unproject(np.stack([u, v], -1).astype(float), view.frame.depth[table].astype(float))
    top = np.abs(view.support.signed_distance(points)) < 1e-6  # the rest is the table's edge
    assert top.mean() > 0.95
    assert view.support.signed_distance(np.zeros(3)) == pytest.approx(0.05 + 0.75 * np.sin(np.radians(38.0)), rel=1e-12)


def test_noise_changes_the_frame_but_not_the_truth(view: SceneView) -> None:
    noisy = SCENE.view(SensorNoiseSettings(), seed=3, supersampling=0)
    np.testing.assert_array_equal(noisy.exact.depth, view.exact.depth)
    valid = np.isfinite(noisy.frame.depth) & (noisy.exact.depth < 1.0)
    error = noisy.frame.depth[valid] - noisy.exact.depth[valid]
    assert 0.0003 < error.std() < 0.004 and np.isnan(noisy.frame.depth[noisy.mask("mug")]).mean() < 0.4
    again = SCENE.view(SensorNoiseSettings(), seed=3, supersampling=0)
    np.testing.assert_array_equal(again.frame.depth, noisy.frame.depth)
    np.testing.assert_array_equal(again.frame.color, noisy.frame.color)


def test_stamp_and_frame_travel_with_the_frame() -> None:
    frame = SCENE.view(stamp_ns=123, supersampling=0).frame
    assert frame.stamp_ns == 123 and frame.frame_id == "camera_color_optical_frame"


def test_names_that_are_not_there_are_refused_with_those_that_are(view: SceneView) -> None:
    with pytest.raises(BadSettings, match="no object 'cup' on this table; there are: mug, pitcher"):
        view.mask("cup")
    with pytest.raises(BadSettings, match="mug has no part 'spout'; it has: base, body"):
        view.part_mask("mug", "spout")
    with pytest.raises(UnknownFunction, match="cut-with"):
        view.camera_from_function("mug", "cut-with")
