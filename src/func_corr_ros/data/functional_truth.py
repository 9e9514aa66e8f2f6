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
from jaxtyping import Bool, Float32, Float64
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from func_corr_ros.data.object_view import ObjectView
from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, Symmetry
from func_corr_ros.data.surface_samples import serving_samples
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
    ``residual`` is how far they lie apart in the common frame, over the RMS size of the parts.
    """

    a: Float64[np.ndarray, "n 3"]
    b: Float64[np.ndarray, "n 3"]
    normals_a: Float64[np.ndarray, "n 3"]
    normals_b: Float64[np.ndarray, "n 3"]
    residual: Float64[np.ndarray, " n"]


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
    turned_from_a, turned_from_b = _unit_frames(a, b, function, turn_deg)
    return np.linalg.inv(turned_from_b) @ turned_from_a


def surface_pairs(a: FunctionalObject, b: FunctionalObject, function: str, turn_deg: float = 0.0) -> SurfacePairs:
    """Returns which sample of a's serving parts is which of b's, after :func:`aligned`: one-to-one at the least sum of squared
    distances, where a surface turned away counts as a little further off, and one turned by more than 60 deg as no partner: the
    back of a blade carries nothing, however near to the face of a tray it lies. Raises UnknownFunction.
    """
    unit_from_a, unit_from_b = _unit_frames(a, b, function, turn_deg)
    points_a, normals_a, points_b, normals_b = _partners(a, b, function, unit_from_a, unit_from_b)
    in_a, in_b = _with_normals(unit_from_a, points_a, normals_a), _with_normals(unit_from_b, points_b, normals_b)
    cost = cdist(in_a, in_b, "sqeuclidean")
    cost[in_a[:, 3:] @ in_b[:, 3:].T < _SAME_SIDE * (0.5 * _OTHER_SIDE) ** 2] = _TOO_FAR**2
    rows, columns = linear_sum_assignment(np.minimum(cost, _TOO_FAR**2))
    near = cost[rows, columns] < _TOO_FAR**2
    rows, columns = rows[near], columns[near]
    residual = np.linalg.norm(in_a[rows, :3] - in_b[columns, :3], axis=1)
    return SurfacePairs(points_a[rows], points_b[columns], normals_a[rows], normals_b[columns], residual)


def visible_pairs(a: ObjectView, b: ObjectView, function: str) -> TruthPair:
    """Returns the truth between two views: the pairs whose points both cameras see, as exact projections (not pixel centres).

    Where a symmetry leaves the turn free, it is the one at which both cameras see the parts from the same side
    (:func:`turn_between`). Raises UnknownFunction.
    """
    pairs = surface_pairs(a.thing, b.thing, function, turn_between(a, b, function))
    uv_a, seen_a = _seen(a, pairs.a, pairs.normals_a)
    uv_b, seen_b = _seen(b, pairs.b, pairs.normals_b)
    both = seen_a & seen_b
    common = float(both.sum() / max(seen_a.sum(), seen_b.sum(), 1))
    uv_a, uv_b, points = (values[both].astype(np.float32) for values in (uv_a, uv_b, pairs.a))
    return TruthPair(uv_a, uv_b, points, common)


def turn_between(a: ObjectView, b: ObjectView, function: str) -> float:
    """Returns the turn of a in degrees, of those its and b's symmetries for ``function`` allow, at which the two cameras are
    nearest to the same side of the axis; 0 where neither has a symmetry.
    """
    symmetry, of_a = _leading(a.thing, b.thing, function)
    if symmetry is None:
        return 0.0
    eyes = inverse(a.camera_from_object)[:3, 3], inverse(b.camera_from_object)[:3, 3]
    b_from_a = aligned(a.thing, b.thing, function)
    eye_a, eye_b = (eyes[0], transform_points(np.linalg.inv(b_from_a), eyes[1])) if of_a else (
        transform_points(b_from_a, eyes[0]), eyes[1])
    across = make(_square_to(symmetry.direction), np.zeros(3))[:3, :2]
    angle_a, angle_b = (math.atan2(y, x) for x, y in ((eye - symmetry.point) @ across for eye in (eye_a, eye_b)))
    turn = math.degrees(angle_b - angle_a) % 360.0
    if symmetry.order == ANY_ANGLE:
        return turn
    step = 360.0 / symmetry.order
    return round(turn / step) % symmetry.order * step


def _leading(a: FunctionalObject, b: FunctionalObject, function: str) -> tuple[Symmetry | None, bool]:
    """Returns the symmetry that leaves more turns free, and whether it is a's; its order counts b's turns too where the axes
    of both are one line's direction in the common frame.
    """
    mine, other = a.symmetries.get(function), b.symmetries.get(function)
    if mine is None or other is None:
        return (mine, True) if mine is not None else (other, False)
    if ANY_ANGLE in (mine.order, other.order):
        return (mine, True) if mine.order == ANY_ANGLE else (other, False)
    if _same_direction(a, b, function):
        return Symmetry(math.lcm(mine.order, other.order), mine.point, mine.direction), True
    return (mine, True) if mine.order >= other.order else (other, False)


def _unit_frames(
    a: FunctionalObject, b: FunctionalObject, function: str, turn_deg: float
) -> tuple[Float64[np.ndarray, "4 4"], Float64[np.ndarray, "4 4"]]:
    """Returns ``unit_from_a`` and ``unit_from_b``: the functional frame in units of the serving parts' RMS distance from it."""
    whole = _same_ends(a, b, function)
    unit_from_a, unit_from_b = (_unit_frame(thing, function, whole) for thing in (a, b))
    symmetries = [thing.symmetries.get(function) for thing in (a, b)]
    if all(item is not None and item.order == ANY_ANGLE for item in symmetries) and _same_direction(a, b, function):
        stretch = np.sqrt(_proportions(b, function, unit_from_b) / _proportions(a, function, unit_from_a))
        axis = _axis(a, function)
        unit_from_a, unit_from_b = _stretched(axis, stretch) @ unit_from_a, _stretched(axis, 1.0 / stretch) @ unit_from_b
    symmetry, of_a = _leading(a, b, function)
    if symmetry is None or turn_deg == 0.0:
        return unit_from_a, unit_from_b
    rotation = about_axis(symmetry.direction, math.radians(turn_deg))
    turn = make(rotation, symmetry.point - rotation @ symmetry.point)
    if of_a:
        return unit_from_a @ turn, unit_from_b
    return unit_from_b @ turn @ np.linalg.inv(unit_from_b) @ unit_from_a, unit_from_b


def _unit_frame(thing: FunctionalObject, function: str, whole: bool) -> Float64[np.ndarray, "4 4"]:
    function_from_object, samples = inverse(thing.object_from_function(function)), serving_samples(thing, function)
    points = samples.points if whole else samples.points[samples.of_end == 0]
    size = float(np.sqrt(np.square(transform_points(function_from_object, points)).sum(axis=1).mean()))
    return np.diag([1.0 / size, 1.0 / size, 1.0 / size, 1.0]) @ function_from_object


def _same_ends(a: FunctionalObject, b: FunctionalObject, function: str) -> bool:
    """Returns whether both objects have as many working ends, about one direction: then all of them have partners."""
    counts = [len(serving_samples(thing, function).ends) for thing in (a, b)]
    return counts[0] == counts[1] and (counts[0] == 1 or _same_direction(a, b, function))


def _partners(
    a: FunctionalObject, b: FunctionalObject, function: str,
    unit_from_a: Float64[np.ndarray, "4 4"], unit_from_b: Float64[np.ndarray, "4 4"],
) -> tuple[Float64[np.ndarray, "n 3"], Float64[np.ndarray, "n 3"], Float64[np.ndarray, "m 3"], Float64[np.ndarray, "m 3"]]:
    """Returns points and normals of a and of b that may be partners: those of the two working ends that lie on each other."""
    of_a, of_b = serving_samples(a, function), serving_samples(b, function)
    if _same_ends(a, b, function):
        return of_a.points, of_a.normals, of_b.points, of_b.normals
    apart = cdist(transform_points(unit_from_a, of_a.ends), transform_points(unit_from_b, of_b.ends))
    end_a, end_b = np.unravel_index(np.round(apart, 6).argmin(), apart.shape)
    kept_a, kept_b = of_a.of_end == end_a, of_b.of_end == end_b
    return of_a.points[kept_a], of_a.normals[kept_a], of_b.points[kept_b], of_b.normals[kept_b]


def _axis(thing: FunctionalObject, function: str) -> Float64[np.ndarray, " 3"]:
    """Returns the direction of the symmetry's axis in the functional frame."""
    return thing.object_from_function(function)[:3, :3].T @ thing.symmetries[function].direction


def _same_direction(a: FunctionalObject, b: FunctionalObject, function: str) -> bool:
    return bool(abs(_axis(a, function) @ _axis(b, function)) > 0.99)


def _proportions(
    thing: FunctionalObject, function: str, unit_from_object: Float64[np.ndarray, "4 4"]
) -> Float64[np.ndarray, " 2"]:
    """Returns the RMS distances of a turned body's samples across its axis (from it) and along it (from the frame's origin)."""
    axis = _axis(thing, function)
    points = transform_points(unit_from_object, serving_samples(thing, function).points)
    off = points - transform_points(unit_from_object, thing.symmetries[function].point)
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


def _seen(
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
