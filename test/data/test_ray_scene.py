# SPDX-License-Identifier: Apache-2.0
"""Rays meet what is there, at exactly the distance it has, and smooth surfaces have smooth normals."""
import numpy as np
import pytest

from func_corr_ros.data.materials import Material, linear
from func_corr_ros.data.objects.vessels import Mug
from func_corr_ros.data.ray_scene import PlacedObject, RayScene, corner_normals
from func_corr_ros.errors import BadSettings


def test_first_hit_takes_the_nearest_object(ball, plate) -> None:
    scene = RayScene([plate(), ball(at=(0.0, 0.0, 0.5))])
    origins = np.array([[0.0, 0.0, 2.0], [0.5, 0.0, 2.0], [5.0, 0.0, 2.0]])
    faces = scene.first_hit(origins, np.broadcast_to([0.0, 0.0, -1.0], (3, 3)))
    assert scene.object_of_face[faces[0]] == 1 and scene.object_of_face[faces[1]] == 0 and faces[2] == -1


def test_distance_is_float64_exact_on_a_plane(plate, rng: np.random.Generator) -> None:
    scene = RayScene([plate()])
    origins = np.column_stack([rng.uniform(-0.5, 0.5, (200, 2)), rng.uniform(0.3, 1.0, 200)])
    directions = np.column_stack([rng.uniform(-0.3, 0.3, (200, 2)), np.full(200, -1.0)])
    distance = scene.distance(origins, directions, scene.first_hit(origins, directions))
    np.testing.assert_allclose(distance, origins[:, 2], rtol=1e-14)  # the top is z = 0


def test_occlusion_reaches_just_as_far_as_asked(ball) -> None:
    scene = RayScene([ball(radius=0.1, at=(0.0, 0.0, 1.0))])
    start, up = np.zeros((3, 3), dtype=np.float32), np.broadcast_to(np.float32([0.0, 0.0, 2.0]), (3, 3))
    reach = np.array([0.44, 0.46, 5.0], dtype=np.float32)  # the ball begins at z = 0.9, 0.45 times the direction
    assert scene.occluded(start, up, reach).tolist() == [False, True, True]


def test_normals_of_a_fine_ball_are_radial(ball, rng: np.random.Generator) -> None:
    scene = RayScene([ball(radius=0.1)])
    directions = rng.normal(size=(500, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    origins = directions.copy()
    faces = scene.first_hit(origins, -directions)
    points = origins - scene.distance(origins, -directions, faces)[:, None] * directions
    normals = scene.smooth_normals(points, faces)
    assert np.degrees(np.arccos(np.clip((normals * directions).sum(axis=1), -1.0, 1.0))).max() < 0.2  # a facet spans 2 deg


def test_corners_sharper_than_the_crease_stay_sharp(plate) -> None:
    thing = plate().object
    normals = corner_normals(thing.vertices, thing.faces)
    assert np.isclose(np.abs(normals).max(axis=2), 1.0).all()  # every corner keeps the normal of its own side


def test_albedo_is_each_parts_own_in_the_objects_coordinates() -> None:
    red, white = Material((0.8, 0.1, 0.1), specular=0.02), Material((0.9, 0.9, 0.9), roughness=0.7)
    placed = PlacedObject(Mug().build(), np.diag([-1.0, -1.0, 1.0, 1.0]), {"": red, "rim": white}, "mug")
    scene = RayScene([placed])
    centres = scene.triangles.mean(axis=1)
    look = scene.albedo(centres, np.arange(len(centres)))
    rim = scene.part_of_face == placed.object.part_names.index("rim")
    np.testing.assert_allclose(look[rim, :3], linear(np.float32([0.9] * 3))[0], rtol=1e-6)
    np.testing.assert_allclose(look[rim, 4], 0.7, rtol=1e-6)
    np.testing.assert_allclose(look[~rim, 0], linear(np.float32([0.8]))[0], rtol=1e-6)
    np.testing.assert_allclose(look[~rim, 3], 0.02, rtol=1e-6)


def test_a_part_without_material_is_named() -> None:
    with pytest.raises(BadSettings, match="cup: no material for base, body, handle, interior;"):
        PlacedObject(Mug().build(), np.eye(4), {"rim": Material((1.0, 1.0, 1.0))}, "cup")
