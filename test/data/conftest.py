# SPDX-License-Identifier: Apache-2.0
"""Simple things with known geometry to render: a fine ball and a square plate."""
import numpy as np
import pytest

from func_corr_ros.data.materials import Material
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.ray_scene import PlacedObject
from func_corr_ros.geometry.se3 import make

pytest.importorskip("embreex")
pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")

WHITE = Material((0.9, 0.9, 0.9), specular=0.0, roughness=1.0)


def _placed(name: str, mesh: "trimesh.Trimesh", at: tuple[float, float, float], material: Material) -> PlacedObject:
    faces = np.asarray(mesh.faces, dtype=np.int64)
    vertices, part_of_face = np.asarray(mesh.vertices, dtype=np.float64), np.zeros(len(faces), dtype=np.int64)
    thing = FunctionalObject(name, vertices, faces, part_of_face, ("all",))
    return PlacedObject(thing, make(np.eye(3), np.array(at)), {"": material}, name)


@pytest.fixture
def ball():
    """ball(radius, at, material): a ball of 20480 faces."""
    return lambda radius=0.1, at=(0.0, 0.0, 0.0), material=WHITE: _placed(
        "ball", trimesh.creation.icosphere(subdivisions=5, radius=radius), at, material)


@pytest.fixture
def plate():
    """plate(size, at, material): a level square plate, its top at ``at``."""
    def make_plate(size: float = 2.0, at: tuple = (0.0, 0.0, 0.0), material: Material = WHITE) -> PlacedObject:
        mesh = trimesh.creation.box((size, size, 0.02))
        mesh.apply_translation((0.0, 0.0, -0.01))
        return _placed("plate", mesh, at, material)

    return make_plate
