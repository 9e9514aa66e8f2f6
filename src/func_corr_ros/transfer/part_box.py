# SPDX-License-Identifier: Apache-2.0
"""A place on the functional part of one object, on that of another: it keeps its rank along, across and above.

Parts of one function differ in size and shape more than any one scale follows: a knife's edge is long, a pizza cutter's short.
Each part is therefore boxed, and what lies at a share of one box lies at the same share of the other.
"""
from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from func_corr_ros.geometry.revolution import Revolution
from func_corr_ros.geometry.se3 import about_axis
from func_corr_ros.transfer.layout import LEAST
from func_corr_ros.transfer.protrusion import protrudes
from func_corr_ros.transfer.turn import TurnBelief

# The box holds all of the part's weight but this share at either end, so that single wrong pixels do not stretch it.
OUTSIDE = 0.04
# Thinner than this [m], a box has no inside: places are kept in metres from its middle.
THIN_M = 1e-3
# Of a whole object's box, no side counts as thinner than this share of the longest.
THINNEST = 0.02


def boxed_place(point: Float64[np.ndarray, "3"], belief: TurnBelief) -> Float64[np.ndarray, "3"]:
    """Returns where on the live object's functional part ``point`` of the reference's lies (live camera's frame, metres)."""
    along = about_axis(np.array([0.0, 0.0, 1.0]), -belief.live.long_axis.azimuth)
    to_axes = along @ belief.about_vertical
    shown, seen = belief.reference.points @ to_axes.T, belief.live.points @ along.T
    place = to_axes @ belief.reference.local(point[None])[0]
    found = np.array([
        _carried(place[axis], _ends(shown[:, axis], belief.reference.of_part), _ends(seen[:, axis], belief.live.of_part))
        for axis in range(3)
    ])
    return belief.live.world((along.T @ found)[None])[0]


def ringed_place(
    point: Float64[np.ndarray, "3"], belief: TurnBelief, bodies: tuple[Revolution, Revolution], turn: float
) -> Float64[np.ndarray, "3"]:
    """Returns where on the live body's functional part ``point`` of the reference body's lies (live camera's frame, metres): at
    the same share of the part's radii and heights, ``turn`` [rad] further round. A bottle's mouth becomes a bowl's rim,
    and a spout's tip, which is outside of both, the outermost of it.
    """
    ends = []
    for body, layout in zip(bodies, (belief.reference, belief.live), strict=True):
        points = layout.world(layout.points)
        radius, _, height = body.cylindrical(points)
        weights = layout.of_part * ~protrudes(body, points) + LEAST
        ends.append([_ends(values, weights) for values in (radius, height)])
    at, azimuth, level = (float(value[0]) for value in bodies[0].cylindrical(point[None]))
    if protrudes(bodies[0], point[None])[0]:
        at, level = (float(np.clip(value, *shown)) for value, shown in zip((at, level), ends[0], strict=True))
    out, up = (_carried(value, shown, seen) for value, shown, seen in zip((at, level), *ends, strict=True))
    return bodies[1].foot + bodies[1].basis @ np.array([out * np.cos(azimuth + turn), out * np.sin(azimuth + turn), up])


def boxed_points(belief: TurnBelief) -> tuple[Float64[np.ndarray, "n 3"], Float64[np.ndarray, "m 3"], float]:
    """Returns the reference's points, turned as believed and scaled so that the whole object's box becomes the live one's, the
    live points, and the diagonal of that box [m]; along the live object's axes.
    """
    along = about_axis(np.array([0.0, 0.0, 1.0]), -belief.live.long_axis.azimuth)
    shown, seen = belief.reference.points @ (along @ belief.about_vertical).T, belief.live.points @ along.T
    ends = [np.array([_ends(points[:, axis], np.ones(len(points))) for axis in range(3)]) for points in (shown, seen)]
    (low, high), (least, most) = ends[0].T, ends[1].T
    scale = (most - least) / np.maximum(high - low, THINNEST * (high - low).max())
    return (shown - 0.5 * (low + high)) * scale, seen - 0.5 * (least + most), float(np.linalg.norm(most - least))


def _carried(place: float, of_reference: tuple[float, float], of_live: tuple[float, float]) -> float:
    (low, high), (least, most) = of_reference, of_live
    if high - low < THIN_M:
        return 0.5 * (least + most) + place - 0.5 * (low + high)
    return least + (place - low) / (high - low) * (most - least)


def _ends(values: Float64[np.ndarray, " n"], weights: Float64[np.ndarray, " n"]) -> tuple[float, float]:
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    low, high = np.interp([OUTSIDE, 1.0 - OUTSIDE], share, values[order])
    return float(low), float(high)
