# SPDX-License-Identifier: Apache-2.0
"""Points above a support become objects: the lattice is cut where the surface breaks, and pieces that belong together are
joined again by where they stand, touch, hang or open."""
from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Int, Int32
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from func_corr_ros.errors import FuncCorrError
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.revolution import fit_revolution
from func_corr_ros.segmentation.surface import Surface

# Neighbours whose height differs by less than this share of their depth difference lie on a level surface, as the table
# does; such a surface is seen at any slant, so its links may be so many times as long.
LEVEL_SHARE, LEVEL_STRETCH = 0.25, 4.0
# An upright wall is one surface however steeply it is seen: links may be so much steeper than one that faces the camera.
WALL_STRETCH = 1.5
# Neighbours of one surface may differ by so many standard deviations of the depth's noise.
LINK_SIGMAS = 1.5
# Pieces are one object where their outlines, seen from above, share this much of the smaller one, which has some area [m^2].
MIN_OVERLAP, SPECK_M2 = 0.4, 1e-6
# Pieces are one object where at least so many points of one come this close to the other [m] (or lattice spacings).
CONTACT_POINTS, CONTACT_M, CONTACT_SPACINGS = 3, 0.005, 1.5
# A piece so many times smaller than another is part of it where it comes this near (where a handle joins is hidden) [m].
MUCH_LARGER, JOINT_M = 3, 0.01
# The inside of a container: halfway between two of its points there is often air before the surface, hardly ever matter [m].
MIN_CONCAVE, MAX_CONVEX, CHORDS, CLEARANCE_M = 0.2, 0.05, 400, 0.003
# Fewer points are no inside [points].
MIN_INSIDE = 60
# Its front wall stands within this share of its width, and both end at the same rim [m].
WALL_SHARE, RIM_DIFFERENCE_M = 0.5, 0.02
# Pieces of at least so many points are one vessel (its inside and its front wall, say, parted by a rim without depth) where
# this share of both together, and this of either, lies on one upright surface of revolution, whose wall is so thick as a share
# of its width. From a deep vessel's inside to its front wall it is as far as it is wide.
MIN_VESSEL_POINTS, MIN_REVOLVED, MIN_REVOLVED_EACH, WALL = 100, 0.8, 0.6, 0.03
# How far from an object its small floating parts may be, and bars in the air: what is between has no depth, or is hidden [m].
FAR_M = 0.05
# A bar is so many times longer than wide and high; in the air, its lowest points are so many times higher than those that would
# be seen of a round bar on the table.
BAR, IN_THE_AIR = 4.0, 1.3
# A piece smaller than this share of its object's largest is loose if it reaches down to where the table may be.
SMALL_SHARE = 0.1
# Specks join an object, specks beside them follow, and so on.
ROUNDS = 4

Indices = Int[np.ndarray, " _"]


def fragments(surface: Surface, *, max_slope: float, noise_m: float) -> Int32[np.ndarray, "h w"]:
    """Returns labels of the pieces of unbroken surface in ``surface.above``: 0 outside, pieces from 1.

    Two neighbours are of one piece where the line between them is less steep than ``max_slope`` (depth over width) or
    than an upright wall seen from above, or where they lie on a level surface.
    """
    above = surface.above
    rows, columns = above.shape
    # points at even positions, the links between them at odd ones: one pass of image labelling finds the components
    links = np.zeros((2 * rows - 1, 2 * columns - 1), np.uint8)
    links[::2, ::2] = above
    for axis, focal in ((0, surface.camera.fy), (1, surface.camera.fx)):
        here, there = (np.s_[:-1], np.s_[1:]) if axis == 0 else (np.s_[:, :-1], np.s_[:, 1:])
        jump = np.abs(surface.depth[there] - surface.depth[here])
        slope = np.maximum(WALL_STRETCH * surface.slopes[here], np.float32(max_slope))
        limit = np.maximum(surface.depth[here] * slope / np.float32(focal), np.float32(LINK_SIGMAS * noise_m))
        level = np.abs(surface.heights[there] - surface.heights[here]) < LEVEL_SHARE * jump
        linked = (jump < limit) | (level & (jump < LEVEL_STRETCH * limit))
        links[axis == 0 :: 2, axis == 1 :: 2] = linked & above[here] & above[there]
    _, labels = cv2.connectedComponents(links, connectivity=4, ltype=cv2.CV_32S)
    return np.ascontiguousarray(labels[::2, ::2])


def grouped(
    surface: Surface, fragment: Int32[np.ndarray, "h w"], *, min_points: int, gap_m: float, low_m: float
) -> tuple[Int32[np.ndarray, "h w"], Bool[np.ndarray, "h w"]]:
    """Returns labels of objects (0 for none, objects from 1) made of a surface's fragments, and where these are loose.

    Fragments of at least ``min_points`` are one object where they overlap seen from above, or touch. The inside of an
    open container joins its front wall, and is filled to its convex hull. A fragment that is nowhere lower than ``low_m``
    floats: it joins what it hangs on, and a fragment of fewer points the object it is nearest to, both within ``gap_m``.
    Loose, that is, perhaps the table's or a blur of front and back, are the fragments of fewer points, whatever is lower
    than ``low_m``, and all of a fragment small for its object that reaches so low.
    """
    of_point = fragment[surface.above]
    names, sizes = np.unique(of_point, return_counts=True)
    names = names[(sizes >= min_points) & (names > 0)]
    labels, loose = np.zeros(fragment.shape, np.int32), np.zeros(fragment.shape, bool)
    if len(names) == 0:
        return labels, loose
    pieces = [np.flatnonzero(of_point == name) for name in names]
    insides = [is_open_inside(surface, piece) for piece in pieces]
    groups = _groups(surface, pieces, insides, gap_m, low_m)
    label, is_loose = np.zeros(len(of_point), np.int32), surface.heights[surface.above] < low_m
    for piece, group in zip(pieces, groups, strict=True):
        label[piece] = group + 1
        largest = max(len(other) for other, peer in zip(pieces, groups, strict=True) if peer == group)
        is_loose[piece] |= len(piece) < SMALL_SHARE * largest and is_loose[piece].any()
    is_loose |= label == 0
    _attach_rest(surface.points, label, of_point, gap_m)
    labels[surface.above], loose[surface.above] = label, is_loose
    for piece, group, inside in zip(pieces, groups, insides, strict=True):
        if inside:
            hull = _hull_in_image(surface.above, piece) & ((labels == 0) | (labels == group + 1))
            labels[hull], loose[hull] = group + 1, False
    return labels, loose


def is_open_inside(surface: Surface, piece: Indices) -> bool:
    """Returns whether a piece of surface (indices of points) is the inside of a bowl or mug.

    Its chords run through the air in front of it: halfway between two of its points there is that air, and behind it
    the piece itself (behind the chords of a handle there is what its loop shows).
    """
    if len(piece) < MIN_INSIDE:
        return False
    points = surface.points[piece]
    ends = np.random.default_rng(0).integers(len(points), size=(2, CHORDS))
    middle = 0.5 * (points[ends[0]] + points[ends[1]])
    uv, seen = surface.camera.project(middle)
    column, row = np.rint(uv[seen]).astype(np.int64).T
    clearance = (surface.depth[row, column] - middle[seen, 2])[_image_of(surface.above, piece)[row, column]]
    concave, convex = (clearance > CLEARANCE_M).sum() / CHORDS, (clearance < -CLEARANCE_M).sum() / CHORDS
    return bool(concave >= MIN_CONCAVE and convex <= MAX_CONVEX)


def _groups(
    surface: Surface, pieces: list[Indices], insides: list[bool], gap_m: float, low_m: float
) -> Int[np.ndarray, " f"]:
    """Returns the group that each piece belongs to."""
    joined = _overlap(surface.footprints, pieces) >= MIN_OVERLAP
    widths = [_width(surface.footprints[piece]) for piece in pieces]
    reaches = [max(FAR_M, width if inside else gap_m) for width, inside in zip(widths, insides, strict=True)]
    gaps, contacts = _gaps(surface.points, pieces, max(CONTACT_M, CONTACT_SPACINGS * surface.spacing_m), reaches)
    joined |= contacts >= CONTACT_POINTS
    heights, sizes = surface.heights[surface.above], np.array([len(piece) for piece in pieces])
    lowest, highest = (np.array([np.percentile(heights[piece], q) for piece in pieces]) for q in (2, 98))
    for index in range(len(pieces)):
        to_larger = np.where(sizes > MUCH_LARGER * sizes[index], gaps[index], np.inf)
        _join_nearest(joined, index, to_larger, FAR_M if lowest[index] > low_m else JOINT_M)
        if lowest[index] > low_m:
            _join_nearest(joined, index, gaps[index], gap_m)
        if insides[index]:
            wall = (np.abs(highest - highest[index]) < RIM_DIFFERENCE_M) & (lowest <= low_m)
            _join_nearest(joined, index, np.where(wall, gaps[index], np.inf), max(FAR_M, WALL_SHARE * widths[index]))
    for a, b in zip(*np.nonzero(np.triu(np.isfinite(gaps) & ~joined & ~joined.T, 1)), strict=True):
        joined[a, b] = _is_vessel(surface, pieces[a], pieces[b])
    _join_floating(surface, joined, pieces, gaps, lowest > low_m, gap_m)
    return _components(joined)


def _join_floating(
    surface: Surface, joined: Bool[np.ndarray, "f f"], pieces: list[Indices], gaps: Float[np.ndarray, "f f"],
    floats: Bool[np.ndarray, " f"], gap_m: float,
) -> None:
    """Joins what is nowhere low, one piece or several together, to what is nearest to it: something carries it. A bar in the air
    is carried at an end, which may be hidden.
    """
    found = True
    while found:
        group, found = _components(joined), False
        for name in np.unique(group[floats]):
            members = np.flatnonzero(group == name)
            if not floats[members].all():
                continue
            to_others = np.where(group == name, np.inf, gaps[members])
            piece, other = np.unravel_index(int(np.argmin(to_others)), to_others.shape)
            limit_m = FAR_M if _is_bar_in_the_air(surface, np.concatenate([pieces[member] for member in members])) else gap_m
            if to_others[piece, other] < limit_m:
                joined[members[piece], other] = found = True


def _components(joined: Bool[np.ndarray, "f f"]) -> Int[np.ndarray, " f"]:
    return connected_components(joined, directed=False)[1]


def _is_bar_in_the_air(surface: Surface, piece: Indices) -> bool:
    """Returns whether points are of a bar that lies higher than one on the table, of which the underside is not seen either: of a
    round one of the same top, down to where it turns away from the camera.
    """
    heights, flat = surface.heights[surface.above][piece], surface.footprints[piece]
    lowest, top = np.percentile(heights, (2, 98))
    along = np.linalg.svd(flat - flat.mean(axis=0), full_matrices=False)[2]
    length, width = np.ptp(np.percentile(flat @ along.T, (2, 98), axis=0), axis=0)
    down = np.arctan(np.median(surface.slopes[surface.above][piece]))
    return bool(length > BAR * max(width, top - lowest) and lowest > IN_THE_AIR * 0.5 * top * (1.0 - np.sin(down)))


def _is_vessel(surface: Surface, one: Indices, other: Indices) -> bool:
    """Returns whether two pieces, neither of them small, are walls of one body of revolution."""
    if min(len(one), len(other)) < MIN_VESSEL_POINTS:
        return False
    both = np.concatenate([one, other])
    standing = np.column_stack([surface.footprints[both], surface.heights[surface.above][both]]).astype(np.float64)
    tolerance = WALL * _width(surface.footprints[both])
    try:
        body = fit_revolution(standing, Plane(np.array([0.0, 0.0, 1.0]), 0.0), tolerance_m=tolerance)
    except FuncCorrError:
        return False
    radius, _, height = body.cylindrical(standing)
    on_wall = np.abs(radius - body.radius_at(height)) < tolerance
    each = min(on_wall[: len(one)].mean(), on_wall[len(one) :].mean())
    return bool(body.ratio >= MIN_REVOLVED and each >= MIN_REVOLVED_EACH)


def _width(footprints: Float32[np.ndarray, "n 2"]) -> float:
    return float((footprints.max(axis=0) - footprints.min(axis=0)).max())


def _join_nearest(joined: Bool[np.ndarray, "f f"], index: int, gaps: Float[np.ndarray, " f"], limit_m: float) -> None:
    nearest = int(np.argmin(gaps))
    if gaps[nearest] < limit_m:
        joined[index, nearest] = True


def _overlap(footprints: Float32[np.ndarray, "n 2"], pieces: list[Indices]) -> Float[np.ndarray, "f f"]:
    """Returns how much of the smaller outline two pieces have in common, seen from above."""
    outlines = [cv2.convexHull(footprints[piece] - footprints[0]) for piece in pieces]
    areas = [max(cv2.contourArea(outline), SPECK_M2) for outline in outlines]
    low, high = (np.array([pick(outline[:, 0], axis=0) for outline in outlines]) for pick in (np.min, np.max))
    overlap = np.eye(len(pieces))
    for a in range(len(pieces)):
        for b in range(a):
            if (np.minimum(high[a], high[b]) > np.maximum(low[a], low[b])).all():
                common, _ = cv2.intersectConvexConvex(outlines[a], outlines[b])
                overlap[a, b] = overlap[b, a] = common / min(areas[a], areas[b])
    return overlap


def _gaps(
    points: Float32[np.ndarray, "n 3"], pieces: list[Indices], contact_m: float, reaches: list[float]
) -> tuple[Float[np.ndarray, "f f"], Int[np.ndarray, "f f"]]:
    """Returns the smallest distance between any two pieces, inf beyond what either reaches, and how many points are in
    contact."""
    count = len(pieces)
    gaps, contacts = np.full((count, count), np.inf), np.zeros((count, count), np.int64)
    trees: dict[int, Any] = {}
    low, high = (np.array([pick(points[piece], axis=0) for piece in pieces]) for pick in (np.min, np.max))
    for a in range(count):
        for b in range(a):
            limit_m = max(reaches[a], reaches[b])
            if (np.maximum(low[a] - high[b], low[b] - high[a]) > limit_m).any():
                continue
            near = points[pieces[b]]
            near = near[((near > low[a] - limit_m) & (near < high[a] + limit_m)).all(axis=1)]
            if len(near):
                if a not in trees:
                    trees[a] = cKDTree(points[pieces[a]])
                distance, _ = trees[a].query(near, distance_upper_bound=limit_m)
                gaps[a, b] = gaps[b, a] = distance.min()
                contacts[a, b] = contacts[b, a] = (distance < contact_m).sum()
    return gaps, contacts


def _attach_rest(
    points: Float32[np.ndarray, "n 3"], label: Int32[np.ndarray, " n"], fragment: Int32[np.ndarray, " n"], gap_m: float
) -> None:
    """Gives small fragments the label of the labelled point nearest to them, within ``gap_m``, and those beyond in turn."""
    fresh, choice = np.flatnonzero(label), np.zeros(int(fragment.max()) + 1, np.int32)
    for _ in range(ROUNDS):
        rest = np.flatnonzero((label == 0) & (fragment > 0))
        if len(rest) == 0 or len(fresh) == 0:
            break
        distance, index = cKDTree(points[fresh]).query(points[rest], distance_upper_bound=gap_m)
        nearest_last = np.argsort(-distance, kind="stable")[np.isinf(distance).sum() :]
        choice[fragment[rest[nearest_last]]] = label[fresh[index[nearest_last]]]
        label[rest] = choice[fragment[rest]]
        fresh = rest[label[rest] > 0]


def _image_of(above: Bool[np.ndarray, "h w"], piece: Indices) -> Bool[np.ndarray, "h w"]:
    image = np.zeros(above.shape, bool)
    image.flat[np.flatnonzero(above)[piece]] = True
    return image


def _hull_in_image(above: Bool[np.ndarray, "h w"], piece: Indices) -> Bool[np.ndarray, "h w"]:
    """Returns the convex hull of a piece in the image: all that is seen through a round opening."""
    hull = np.zeros(above.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(cv2.findNonZero(_image_of(above, piece).astype(np.uint8))), 1)
    return hull > 0
