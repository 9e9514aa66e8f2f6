# SPDX-License-Identifier: Apache-2.0
"""Turned handles for tools that work with a point, and the frames that such a tool's functions share."""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.interpolate import PchipInterpolator

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import laid
from func_corr_ros.data.objects.solids import Solid, loft
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import make

# Parts that are one piece, and what that may be made of; as in FunctionalObject.substances.
Substances = tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]

_MIN_FACES = 2000
_X, _Y, _Z = np.eye(3)
# Radius over the largest one along a handle, from butt to front, and how many lobes or flutes go round it how deep. The belly
# is a short cylinder, not one ring: a handle whose weight hangs just over a single ring lies on nothing.
_HANDLES = {
    "fluted": ([0.0, 0.7, 0.8, 0.88, 1.0], [0.98, 1.0, 0.72, 0.74, 0.9], 6, 0.06),
    "ball": ([0.0, 0.32, 0.44, 0.75, 1.0], [0.9, 1.0, 1.0, 0.72, 0.5], 10, 0.025),
    "lobed": ([0.0, 0.3, 0.4, 0.62, 0.85, 1.0], [0.85, 1.0, 1.0, 0.9, 0.62, 0.8], 3, 0.07),
    "pear": ([0.0, 0.22, 0.32, 0.6, 0.85, 1.0], [0.9, 1.0, 1.0, 0.72, 0.5, 0.52], 0, 0.0),
    "mushroom": ([0.0, 0.18, 0.25, 0.45, 0.6, 1.0], [0.95, 1.0, 1.0, 0.6, 0.48, 0.5], 0, 0.0),
    "octagon": ([0.0, 0.42, 0.54, 1.0], [0.9, 1.0, 1.0, 0.66], 8, 0.04),
}


def pointed(
    category: str, whole: Solid, tip: float, held: float, function_parts: Mapping[str, tuple[str, ...]],
    substances: Substances, order: int | None = ANY_ANGLE,
    rolls: tuple[str, float] | None = None,
) -> FunctionalObject:
    """Returns a tool along the x axis, laid down, that does all of ``function_parts`` with its tip: the frame of each is at x =
    ``tip`` with x out of it and z up, and repeats after a turn of 360 deg / ``order`` about x (None: it does not). It is
    grasped at x = ``held`` from above. ``rolls`` names the part that it rolls on, if any, and the x of that part's middle.
    """
    # Slender tools are a few long triangles; what takes vertices for points of the surface wants more of them.
    splits = int(np.ceil(np.sqrt(_MIN_FACES / whole.manifold.num_tri())))
    fine = Solid(whole.manifold.refine(splits), whole.part_of_id) if splits > 1 else whole
    frame = make(np.eye(3), tip * _X)
    symmetry = {} if order is None else {name: Symmetry(order, tip * _X, _X) for name in function_parts}
    serving, frames = dict(function_parts), {name: frame for name in function_parts}
    if rolls is not None:
        serving["roll-onto"] = (rolls[0],)
        frames["roll-onto"] = frame_from_axes(rolls[1] * _X, _X, _Y)
        symmetry["roll-onto"] = Symmetry(ANY_ANGLE, rolls[1] * _X, _X)
    return laid(FunctionalObject(
        category, *fine.mesh(), function_parts=serving, functional_frames=frames,
        grasp_frames={"middle": frame_from_axes(held * _X, -_Z, _X)}, symmetries=symmetry, substances=substances,
    ))


def knob(style: str, length: float, radius: float) -> Solid:
    """Returns a turned handle from x = -``length`` to 0 with a round butt: "fluted", "ball", "lobed", "pear", "mushroom" or
    "octagon".
    """
    knots, radii, lobes, depth = _HANDLES[style]
    t = 0.5 - 0.5 * np.cos(np.linspace(0.12, np.pi, 48))
    t = (t - t[0]) / (1.0 - t[0])
    butt = np.sqrt(1.0 - (1.0 - np.clip(t * length / (0.75 * radius), 0.03, 1.0)) ** 2)
    angle = 2.0 * np.pi * np.arange(48) / 48
    round_ = 1.0 + depth * np.cos(lobes * angle) if lobes else np.ones(48)
    around = radius * (PchipInterpolator(knots, radii)(t) * butt)[:, None] * round_
    x = np.broadcast_to(((t - 1.0) * length)[:, None], around.shape)
    return loft(np.stack([x, around * np.cos(angle), around * np.sin(angle)], axis=-1), np.full(49, "handle"))
