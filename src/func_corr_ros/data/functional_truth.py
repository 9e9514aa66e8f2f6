# SPDX-License-Identifier: Apache-2.0
"""Which point of one object serves a function as which point of another: dense truth, from functional frames alone.

Both objects are put into one frame, the functional one, where their serving parts have the same size; there, even samples of
the two surfaces are assigned to each other one-to-one at the least sum of squared distances (arXiv 2509.03893, section 3, with
the faults of its release left out: nothing is shifted, distances are squared, hidden partners are dropped).
"""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from func_corr_ros.data.object_view import ObjectView
from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, Symmetry
from func_corr_ros.data.surface_samples import ServingSamples, serving_samples
from func_corr_ros.geometry.se3 import about_axis, inverse, make, transform_points

# Squared distances are in units of the parts' RMS size; opposite normals count as much as this distance.
_OTHER_SIDE = 0.3
# What lies further apart than this is nobody's partner: the back of a cup's rim has none on a spout.
_TOO_FAR = 0.5
# Cosine between two normals below which the surfaces look to different sides, and so serve differently.
_SAME_SIDE = 0.5
# A turned part flatter than this (disc, thin rim) has no length along its axis that could be compared.
_FLAT = 0.02
# A point is seen where the picture's depth is its own: to this share of the object's size, or one pixel's footprint.
_DEPTH_SHARE = 0.005
# Cosine between the normal and the way to the camera below which a point is not seen: a pixel there is too long to be one place.
_FACING = 0.1


@dataclass(frozen=True)
class SurfacePairs:
    """Points of a and b, each in its own object's frame, that serve as each other; row by row, no sample twice.
    ``residual`` is how far they lie apart in the common frame, over the RMS size of the parts; ``index_a`` and ``index_b`` say
    which of the ServingSamples they are.
    """

    a: Float64[np.ndarray, "n 3"]
    b: Float64[np.ndarray, "n 3"]
    normals_a: Float64[np.ndarray, "n 3"]
    normals_b: Float64[np.ndarray, "n 3"]
    residual: Float64[np.ndarray, " n"]
    index_a: Int64[np.ndarray, " n"]
    index_b: Int64[np.ndarray, " n"]


@dataclass(frozen=True)
class TruthPair:
    """Where the points of SurfacePairs that both cameras see lie in their pictures (u, v); ``points`` in a's frame. ``common`` is
    their share of all that the camera sees which sees more of them: near 0 where the cameras look at opposite sides.
    """

    a: Float32[np.ndarray, "n 2"]
    b: Float32[np.ndarray, "n 2"]
    points: Float32[np.ndarray, "n 3"]
    common: float


def aligned(a: FunctionalObject, b: FunctionalObject, function: str, turn_deg: float = 0.0) -> Float64[np.ndarray, "4 4"]:
    """Returns the similarity ``b_from_a`` that lays a's functional frame on b's and makes the serving parts as large: their RMS
    distance from the frame's origin agrees. Where both may be turned by any angle about one direction, lengths along it and
    across it agree each by itself: a pen rolls as a jar does. Of several working ends (ServingSamples.ends) only the frame's own
    counts, but where both objects have the same. ``turn_deg`` turns a first, about the axis of its symmetry or, where it has
    none, about b's. Raises UnknownFunction.
    """
    turned_from_a, turned_from_b = unit_frames(serving_samples(a, function), serving_samples(b, function), turn_deg)
    return np.linalg.inv(turned_from_b) @ turned_from_a


def surface_pairs(a: FunctionalObject, b: FunctionalObject, function: str, turn_deg: float = 0.0) -> SurfacePairs:
    """Returns which sample of a's serving parts is which of b's, after :func:`aligned`: one-to-one at the least sum of squared
    distances, where a surface turned away counts as a little further off, and one turned by more than 60 deg as no partner: the
    back of a blade carries nothing, however near to the face of a tray it lies. Raises UnknownFunction.
    """
    return sample_pairs(serving_samples(a, function), serving_samples(b, function), turn_deg)


def sample_pairs(a: ServingSamples, b: ServingSamples, turn_deg: float = 0.0) -> SurfacePairs:
    """Returns :func:`surface_pairs` of objects of which no more than their samples is known."""
    unit_from_a, unit_from_b = unit_frames(a, b, turn_deg)
    kept_a, kept_b = _partners(a, b, unit_from_a, unit_from_b)
    in_a = _with_normals(unit_from_a, a.points[kept_a], a.normals[kept_a])
    in_b = _with_normals(unit_from_b, b.points[kept_b], b.normals[kept_b])
    cost = cdist(in_a, in_b, "sqeuclidean")
    cost[in_a[:, 3:] @ in_b[:, 3:].T < _SAME_SIDE * (0.5 * _OTHER_SIDE) ** 2] = _TOO_FAR**2
    rows, columns = linear_sum_assignment(np.minimum(cost, _TOO_FAR**2))
    near = cost[rows, columns] < _TOO_FAR**2
    rows, columns = rows[near], columns[near]
    residual = np.linalg.norm(in_a[rows, :3] - in_b[columns, :3], axis=1)
    at_a, at_b = kept_a[rows], kept_b[columns]
    return SurfacePairs(a.points[at_a], b.points[at_b], a.normals[at_a], b.normals[at_b], residual, at_a, at_b)


def visible_pairs(a: ObjectView, b: ObjectView, function: str) -> TruthPair:
    """Returns the truth between two views: the pairs whose points both cameras see, as exact projections (not pixel centres).

    Where a symmetry leaves the turn free, it is the one at which both cameras see the parts from the same side
    (:func:`turn_between`). Raises UnknownFunction.
    """
    pairs = surface_pairs(a.thing, b.thing, function, turn_between(a, b, function))
    uv_a, seen_a = seen_points(a, pairs.a, pairs.normals_a)
    uv_b, seen_b = seen_points(b, pairs.b, pairs.normals_b)
    both = seen_a & seen_b
    common = float(both.sum() / max(seen_a.sum(), seen_b.sum(), 1))
    uv_a, uv_b, points = (values[both].astype(np.float32) for values in (uv_a, uv_b, pairs.a))
    return TruthPair(uv_a, uv_b, points, common)


def turn_between(a: ObjectView, b: ObjectView, function: str) -> float:
    """Returns the turn of a in degrees, of those its and b's symmetries for ``function`` allow, at which the two cameras are
    nearest to the same side of the axis; 0 where neither has a symmetry.
    """
    eye_a, eye_b = inverse(a.camera_from_object)[:3, 3], inverse(b.camera_from_object)[:3, 3]
    return free_turn(serving_samples(a.thing, function), serving_samples(b.thing, function), eye_a, eye_b)


def free_turn(
    a: ServingSamples, b: ServingSamples, eye_a: Float64[np.ndarray, " 3"], eye_b: Float64[np.ndarray, " 3"]
) -> float:
    """Returns :func:`turn_between` cameras that stand at ``eye_a`` and ``eye_b``, each in its object's frame."""
    symmetry, of_a = _leading(a, b)
    if symmetry is None:
        return 0.0
    turned_from_a, turned_from_b = unit_frames(a, b, 0.0)
    b_from_a = np.linalg.inv(turned_from_b) @ turned_from_a
    if of_a:
        eye_b = transform_points(np.linalg.inv(b_from_a), eye_b)
    else:
        eye_a = transform_points(b_from_a, eye_a)
    across = make(_square_to(symmetry.direction), np.zeros(3))[:3, :2]
    angle_a, angle_b = (math.atan2(y, x) for x, y in ((eye - symmetry.point) @ across for eye in (eye_a, eye_b)))
    turn = math.degrees(angle_b - angle_a) % 360.0
    if symmetry.order == ANY_ANGLE:
        return turn
    step = 360.0 / symmetry.order
    return round(turn / step) % symmetry.order * step


def _leading(a: ServingSamples, b: ServingSamples) -> tuple[Symmetry | None, bool]:
    """Returns the symmetry that leaves more turns free, and whether it is a's; its order counts b's turns too where the axes
    of both are one line's direction in the common frame.
    """
    mine, other = a.symmetry, b.symmetry
    if mine is None or other is None:
        return (mine, True) if mine is not None else (other, False)
    if ANY_ANGLE in (mine.order, other.order):
        return (mine, True) if mine.order == ANY_ANGLE else (other, False)
    if _same_direction(a, b):
        return Symmetry(math.lcm(mine.order, other.order), mine.point, mine.direction), True
    return (mine, True) if mine.order >= other.order else (other, False)


def unit_frames(
    a: ServingSamples, b: ServingSamples, turn_deg: float
) -> tuple[Float64[np.ndarray, "4 4"], Float64[np.ndarray, "4 4"]]:
    """Returns ``unit_from_a`` and ``unit_from_b``, which lay both objects on each other as :func:`aligned` says, in units of the
    serving parts' RMS distance from the functional frame's origin.
    """
    whole = _same_ends(a, b)
    unit_from_a, unit_from_b = _unit_frame(a, whole), _unit_frame(b, whole)
    if all(one.symmetry is not None and one.symmetry.order == ANY_ANGLE for one in (a, b)) and _same_direction(a, b):
        stretch = np.sqrt(_proportions(b, unit_from_b) / _proportions(a, unit_from_a))
        axis = _axis(a)
        unit_from_a, unit_from_b = _stretched(axis, stretch) @ unit_from_a, _stretched(axis, 1.0 / stretch) @ unit_from_b
    symmetry, of_a = _leading(a, b)
    if symmetry is None or turn_deg == 0.0:
        return unit_from_a, unit_from_b
    rotation = about_axis(symmetry.direction, math.radians(turn_deg))
    turn = make(rotation, symmetry.point - rotation @ symmetry.point)
    if of_a:
        return unit_from_a @ turn, unit_from_b
    return unit_from_b @ turn @ np.linalg.inv(unit_from_b) @ unit_from_a, unit_from_b


def _unit_frame(one: ServingSamples, whole: bool) -> Float64[np.ndarray, "4 4"]:
    function_from_object = inverse(one.object_from_function)
    points = one.points if whole else one.points[one.of_end == 0]
    size = float(np.sqrt(np.square(transform_points(function_from_object, points)).sum(axis=1).mean()))
    return np.diag([1.0 / size, 1.0 / size, 1.0 / size, 1.0]) @ function_from_object


def _same_ends(a: ServingSamples, b: ServingSamples) -> bool:
    """Returns whether both objects have as many working ends, about one direction: then all of them have partners."""
    return len(a.ends) == len(b.ends) and (len(a.ends) == 1 or _same_direction(a, b))


def _partners(
    a: ServingSamples, b: ServingSamples, unit_from_a: Float64[np.ndarray, "4 4"], unit_from_b: Float64[np.ndarray, "4 4"]
) -> tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " m"]]:
    """Returns which samples of a and of b may be partners: those of the two working ends that lie on each other."""
    if _same_ends(a, b):
        return np.arange(len(a.points)), np.arange(len(b.points))
    apart = cdist(transform_points(unit_from_a, a.ends), transform_points(unit_from_b, b.ends))
    end_a, end_b = np.unravel_index(np.round(apart, 6).argmin(), apart.shape)
    return np.flatnonzero(a.of_end == end_a), np.flatnonzero(b.of_end == end_b)


def _axis(one: ServingSamples) -> Float64[np.ndarray, " 3"]:
    """Returns the direction of the symmetry's axis in the functional frame; of what has none, zeros."""
    return np.zeros(3) if one.symmetry is None else one.object_from_function[:3, :3].T @ one.symmetry.direction


def _same_direction(a: ServingSamples, b: ServingSamples) -> bool:
    return bool(abs(_axis(a) @ _axis(b)) > 0.99)


def _proportions(one: ServingSamples, unit_from_object: Float64[np.ndarray, "4 4"]) -> Float64[np.ndarray, " 2"]:
    """Returns the RMS distances of a turned body's samples across its axis (from it) and along it (from the frame's origin)."""
    axis, point = _axis(one), np.zeros(3) if one.symmetry is None else one.symmetry.point
    points = transform_points(unit_from_object, one.points)
    off = points - transform_points(unit_from_object, point)
    across = np.linalg.norm(off - np.outer(off @ axis, axis), axis=1)
    return np.maximum(np.sqrt(np.mean(np.square([across, points @ axis]), axis=1)), _FLAT)


def _stretched(axis: Float64[np.ndarray, " 3"], stretch: Float64[np.ndarray, " 2"]) -> Float64[np.ndarray, "4 4"]:
    """Returns the map that lengthens by ``stretch`` across ``axis`` and along it."""
    along = np.outer(axis, axis)
    return make(stretch[0] * (np.eye(3) - along) + stretch[1] * along, np.zeros(3))


def _with_normals(
    unit_from_object: Float64[np.ndarray, "4 4"], points: Float64[np.ndarray, "n 3"], normals: Float64[np.ndarray, "n 3"]
) -> Float64[np.ndarray, "n 6"]:
    turned = normals @ np.linalg.inv(unit_from_object[:3, :3])
    turned = turned / np.linalg.norm(turned, axis=1, keepdims=True)
    return np.hstack([transform_points(unit_from_object, points), 0.5 * _OTHER_SIDE * turned])


def seen_points(
    view: ObjectView, points: Float64[np.ndarray, "n 3"], normals: Float64[np.ndarray, "n 3"]
) -> tuple[Float64[np.ndarray, "n 2"], Bool[np.ndarray, " n"]]:
    """Returns where surface points given in the object's frame are in the picture, and which of them the camera sees."""
    in_camera = transform_points(view.camera_from_object, points)
    uv, seen = view.camera.project(in_camera)
    towards = -in_camera / np.linalg.norm(in_camera, axis=1, keepdims=True)
    seen &= np.einsum("nk,nk->n", normals @ view.camera_from_object[:3, :3].T, towards) > _FACING
    size = float(np.ptp(view.thing.vertices, axis=0).max())
    column, row = np.rint(uv[seen]).astype(np.int64).T
    tolerance = np.maximum(_DEPTH_SHARE * size, in_camera[seen, 2] / view.camera.fx)
    with np.errstate(invalid="ignore"):
        seen[seen] = np.abs(view.depth[row, column] - in_camera[seen, 2]) <= tolerance  # NaN, beside the object: not seen
    return uv, seen


def _square_to(direction: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, "3 3"]:
    """Returns a rotation whose columns are two directions square to ``direction``, and ``direction``."""
    hint = np.eye(3)[int(np.abs(direction).argmin())]
    first = np.cross(hint, direction)
    first = first / np.linalg.norm(first)
    return np.stack([first, np.cross(direction, first), direction], axis=-1)
