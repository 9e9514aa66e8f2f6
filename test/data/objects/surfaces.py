# SPDX-License-Identifier: Apache-2.0
"""What tests of objects look at: an object's surface as a mesh, and the corners of one of its parts."""
import numpy as np
import pytest

from func_corr_ros.data.objects.functional_object import FunctionalObject

trimesh = pytest.importorskip("trimesh")


def surface_of(thing: FunctionalObject) -> "trimesh.Trimesh":
    """Returns the surface, nothing repaired."""
    return trimesh.Trimesh(thing.vertices, thing.faces, process=False)


def points_of(thing: FunctionalObject, part: str, frame: str | None = None) -> np.ndarray:
    """Returns the corners of ``part``, in the frame of a function where one is named."""
    points = thing.vertices[np.unique(thing.faces[thing.part_of_face == thing.part_names.index(part)])]
    if frame is None:
        return points
    inside = np.linalg.inv(thing.object_from_function(frame))
    return points @ inside[:3, :3].T + inside[:3, 3]
