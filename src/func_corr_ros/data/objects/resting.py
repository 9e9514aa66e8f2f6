# SPDX-License-Identifier: Apache-2.0
"""How an object lies when it is put down: on the facet of its convex hull that carries its weight."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float64, Int64
from scipy.spatial import ConvexHull

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.geometry.se3 import make, transform_points

# Facets that are tilted less than this against each other carry together.
_SAME_FACET_DEG = 0.5
# The middle of mass lies at least this far inside what carries it, in units of the object's size: less would topple.
_MARGIN = 1e-4


def put_down(thing: FunctionalObject, tilt_at_most_deg: float = 50.0) -> FunctionalObject:
    """Returns ``thing`` as it rests on z = 0, turned as little as that needs, with its frames and symmetries; an object that
    rests already is returned as it is. Raises DegenerateGeometry where no facet within ``tilt_at_most_deg`` of its underside
    carries it.
    """
    rotation = _resting_rotation(thing, tilt_at_most_deg)
    turned = thing.vertices @ rotation.T
    new_from_old = make(rotation, np.array([0.0, 0.0, -turned[:, 2].min()]))
    if np.allclose(new_from_old, np.eye(4), atol=1e-12):
        return thing
    return replace(
        thing,
        vertices=transform_points(new_from_old, thing.vertices),
        functional_frames={name: new_from_old @ frame for name, frame in thing.functional_frames.items()},
        grasp_frames={name: new_from_old @ frame for name, frame in thing.grasp_frames.items()},
        symmetries={
            name: replace(item, point=transform_points(new_from_old, item.point[None])[0], direction=rotation @ item.direction)
            for name, item in thing.symmetries.items()
        },
    )


def middle_of_mass(vertices: Float64[np.ndarray, "v 3"], faces: Int64[np.ndarray, "f 3"]) -> Float64[np.ndarray, " 3"]:
    """Returns the middle of mass of a closed surface filled evenly (divergence theorem: signed tetrahedra over its faces)."""
    a, b, c = vertices[faces].transpose(1, 0, 2)
    volumes = np.einsum("nk,nk->n", a, np.cross(b, c))
    return np.einsum("n,nk->k", volumes, a + b + c) / (4.0 * volumes.sum())


def _resting_rotation(thing: FunctionalObject, tilt_at_most_deg: float) -> Float64[np.ndarray, "3 3"]:
    hull = ConvexHull(thing.vertices)
    middle = middle_of_mass(thing.vertices, thing.faces)
    normals, offsets = hull.equations[:, :3], hull.equations[:, 3]
    size = float(np.ptp(thing.vertices, axis=0).max())
    for index in np.argsort(normals[:, 2]):
        normal = normals[index]
        if normal[2] > -np.cos(np.radians(tilt_at_most_deg)):
            break
        group = normals @ normal > np.cos(np.radians(_SAME_FACET_DEG))
        foot = middle - (middle @ normal + offsets[index]) * normal
        if _carries(thing.vertices[np.unique(hull.simplices[group])], normal, foot, _MARGIN * size):
            return _rotation_between(normal, np.array([0.0, 0.0, -1.0]))
    raise DegenerateGeometry(f"a {thing.category} rests on nothing within {tilt_at_most_deg:g} deg of its underside; "
                             "build it nearer to the way it lies")


def _carries(
    corners: Float64[np.ndarray, "n 3"], normal: Float64[np.ndarray, " 3"], foot: Float64[np.ndarray, " 3"], margin: float
) -> bool:
    """Returns whether ``foot`` lies at least ``margin`` inside the convex outline of ``corners``, seen along ``normal``."""
    first = np.cross(normal, np.eye(3)[np.abs(normal).argmin()])
    first /= np.linalg.norm(first)
    axes = np.stack([first, np.cross(normal, first)])
    outline = ConvexHull((corners - foot) @ axes.T)
    return bool((outline.equations[:, 2] <= -margin).all())


def _rotation_between(a: Float64[np.ndarray, " 3"], b: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, "3 3"]:
    """Returns the smallest rotation that takes unit vector a to unit vector b (not its opposite)."""
    if np.allclose(a, b, atol=1e-9):
        return np.eye(3)
    v = np.cross(a, b)
    skew = np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])
    return np.eye(3) + skew + skew @ skew / (1.0 + a @ b)
