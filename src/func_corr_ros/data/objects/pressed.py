# SPDX-License-Identifier: Apache-2.0
"""Sheets cut from an outline and pressed into shape: bowls of spoons, blades of shovels, tines of forks."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float64

from func_corr_ros.data.objects.plate import plate, polygon
from func_corr_ros.data.objects.primitives import bar
from func_corr_ros.data.objects.solids import Solid
from func_corr_ros.geometry.frames import frame_from_axes

Height = Callable[[Float64[np.ndarray, "*s"], Float64[np.ndarray, "*s"]], np.ndarray]
_STEP = 1e-5  # of the differences that give the sheet's normal, m


@dataclass(frozen=True)
class Sheet:
    """A sheet of even ``thickness`` over the outline ``section`` (a manifold3d CrossSection, metres), its middle surface lifted
    to ``height(x, y)``, in triangles of edges at most ``step`` long. "Above" is the side of +z. ``cut`` is the outline of holes.
    """

    section: Any
    thickness: float
    height: Height
    step: float
    cut: Any = None

    def solid(self, part: str, regions: list[tuple[Any, str]], under: str | None = None) -> Solid:
        """Returns the sheet as ``part``, its underside as ``under``, and every region (outline, name) of it, both sides, as that
        name; a later region paints over an earlier one.
        """
        flat = plate(self.section, self.thickness, part, 0.34 * self.thickness)
        if under is not None:
            flat = flat.painted(prism(self.section.offset(self.thickness), -self.thickness, 0.0, under), under)
        for region, name in regions:
            flat = flat.painted(prism(region, -self.thickness, self.thickness, name), name)
        if self.cut is not None:
            flat = flat - prism(self.cut, -self.thickness, self.thickness, part)
        return Solid(flat.manifold.refine_to_length(self.step).warp_batch(self._lifted), flat.part_of_id)

    def at(self, x: float, y: float, side: float = 0.0) -> Float64[np.ndarray, " 3"]:
        """Returns the point over (x, y) in the middle of the sheet (``side`` 0), on it (1) or under it (-1)."""
        return self._lifted(np.array([[x, y, side * self.thickness / 2.0]]))[0]

    def normal(self, x: float, y: float) -> Float64[np.ndarray, " 3"]:
        """Returns the unit normal of the upper side over (x, y)."""
        return self._normals(np.array([x]), np.array([y]))[0]

    def frame(self, x: float, y: float, side: float, ahead: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, "4 4"]:
        """Returns the frame at ``at(x, y, side)`` whose z is the upper normal there and whose x is as near to ``ahead`` as it can
        be.
        """
        return frame_from_axes(self.at(x, y, side), self.normal(x, y), ahead)

    def _lifted(self, points: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3"]:
        x, y, z = points.T
        middle = np.stack([x, y, self.height(x, y)], axis=-1)
        return middle + z[:, None] * self._normals(x, y)

    def _normals(self, x: Float64[np.ndarray, " n"], y: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
        along = (self.height(x + _STEP, y) - self.height(x - _STEP, y)) / (2.0 * _STEP)
        across = (self.height(x, y + _STEP) - self.height(x, y - _STEP)) / (2.0 * _STEP)
        normals = np.stack([-along, -across, np.ones_like(x)], axis=-1)
        return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def prism(section: Any, low: float, high: float, part: str) -> Solid:
    """Returns the prism between two heights over an outline with or without holes."""
    made = section.extrude(high - low).translate((0.0, 0.0, low)).as_original()
    return Solid(made, {made.original_id(): part})


def rectangle(start: float, end: float, half_width: float) -> Any:
    """Returns the rectangle between two x, symmetric about y = 0."""
    return polygon(np.array([[start, -half_width], [end, -half_width], [end, half_width], [start, half_width]]))


def border(section: Any, width: float) -> Any:
    """Returns the outline of the band ``width`` wide along the border of ``section``, and as far outside it."""
    return section.offset(width) - section.offset(-width)


def stem(
    curve: Float[np.ndarray, "k 3"], half_axes: Float[np.ndarray, "k 2"], part: str, *, roundness: float = 1.0,
    up: tuple[float, float, float] = (0.0, 0.0, 1.0), segments: int = 24,
) -> Solid:
    """Returns ``bar`` with its last end rounded off."""
    radius = float(half_axes[-1].min())
    tangent = curve[-1] - curve[-2]
    tangent = tangent / np.linalg.norm(tangent)
    turn = np.linspace(0.0, 1.4, 7)[1:]
    cap = curve[-1] + radius * np.sin(turn)[:, None] * tangent
    caps = half_axes[-1] - radius * (1.0 - np.cos(turn))[:, None]
    return bar(np.concatenate([curve, cap]), np.concatenate([half_axes, caps]), part, up=up, segments=segments,
               roundness=roundness)
