# SPDX-License-Identifier: Apache-2.0
"""Scissors lie flat, a little open, their blades at +x and their bows at -x."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from func_corr_ros.data.objects.blade import Blade, shares, stations
from func_corr_ros.data.objects.functional_object import FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import laid
from func_corr_ros.data.objects.plate import loop, plate, polygon, stroke
from func_corr_ros.data.objects.primitives import bar, rod, shifted
from func_corr_ros.data.objects.solids import Solid
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Scissors:
    """A pair of scissors, a little open; both halves turn on the pivot at the origin."""

    blade_length: float = setting(0.085, "length of the blades beyond the pivot", unit="m", at_least=0.06, at_most=0.12)
    blade_width: float = setting(0.17, "width of a blade at the pivot over its length", at_least=0.13, at_most=0.21)
    thickness: float = setting(0.0022, "thickness of a blade", unit="m", at_least=0.0018, at_most=0.003)
    opening: float = setting(18.0, "angle between the blades", unit="deg", at_least=6.0, at_most=42.0)
    edge_band: float = setting(0.0022, "width of the edges' bevel", unit="m", at_least=0.0018, at_most=0.003)
    shank: float = setting(0.03, "length from the pivot to the bows", unit="m", at_least=0.022, at_most=0.045)
    bow_length: float = setting(0.021, "half length of the finger bow", unit="m", at_least=0.017, at_most=0.026)
    bow_width: float = setting(0.015, "half width of the finger bow", unit="m", at_least=0.0125, at_most=0.018)
    bow_bar: float = setting(0.0042, "half thickness of the bows' bar", unit="m", at_least=0.0032, at_most=0.0052)
    pivot: float = setting(0.005, "radius of the pivot", unit="m", at_least=0.0038, at_most=0.0065)
    style: str = setting("office", "kind of scissors", choices=("office", "tailor", "kitchen", "snips"))

    def build(self) -> FunctionalObject:
        """Returns the scissors: parts blade, edges, handle, pivot, point, shaft (from the pivot to the bows)."""
        # The lower half is the upper one turned over about the x axis; so are blades, edges and points.
        turn = about_axis(_Z, np.radians(0.5 * self.opening))
        over = make(about_axis(_X, np.pi), np.zeros(3))
        blade, layer = self.blade(), shifted(z=0.5 * self.thickness + 0.0001)
        object_from_half = make(turn, np.zeros(3)) @ layer
        thumb = 0.85 if self.style in ("tailor", "kitchen") else 1.0
        upper = self._half(blade, 1.0).moved(object_from_half)
        lower = self._half(blade, thumb).moved(over @ object_from_half)
        head = self.thickness + 0.0014
        whole = upper + lower + rod(-head * _Z, head * _Z, self.pivot, "pivot")
        edge, tip = object_from_half @ blade.at_edge(0.55), object_from_half @ blade.at_tip()
        about = Symmetry(2, np.zeros(3), _X)
        frames = {"cut-with": edge, "scrape-with": edge.copy(), "pierce-with": tip}
        return laid(FunctionalObject(
            "scissors", *whole.mesh(),
            function_parts={"cut-with": ("edges",), "scrape-with": ("edges",), "pierce-with": ("point",)},
            functional_frames=frames, grasp_frames={"handle": self._grasp()},
            symmetries={name: about for name in frames},
            substances=((("blade", "edges", "point", "shaft"), ("steel",)), (("handle",), ("plastic", "rubber", "steel")),
                        (("pivot",), ("steel", "brass"))),
        ))

    def blade(self) -> Blade:
        """Returns one blade along x, its edge on the line through the pivot."""
        long = 0.62 * self.blade_length if self.style == "snips" else self.blade_length
        x = stations(-0.4 * self.pivot, long + 0.4 * self.pivot)
        t, width = shares(x), self.blade_width * self.blade_length
        spine = width * (1.0 - t ** {"office": 1.6, "tailor": 2.6, "kitchen": 4.0, "snips": 1.3}[self.style])
        edge = -0.001 - 0.0 * t
        tip_from = long - max(0.05 * long, 0.005)
        return Blade(x, np.maximum(spine, edge + 0.0009), edge, self.thickness, self.edge_band, tip_from=tip_from,
                     back_part="blade", edge_part="edges", tip_part="point")

    def _bow(self, size: float) -> tuple[np.ndarray, np.ndarray]:
        """Returns middle and half axes of a finger bow, on the other side than the blade."""
        grown = 1.45 if self.style == "tailor" and size == 1.0 else size
        half = np.array([grown * self.bow_length, self.bow_width * (1.15 if grown > 1.0 else 1.0)])
        back = self.shank * (1.7 if self.style == "snips" else 1.0)
        return np.array([-back - half[0], -half[1] - self.bow_bar - 0.0012]), half

    def _half(self, blade: Blade, size: float) -> Solid:
        """Returns one half in the frame of its blade: blade, shank across the pivot, bow."""
        middle, half = self._bow(size)
        width = self.blade_width * self.blade_length
        joint = middle + [half[0], 0.3 * half[1]]
        near = np.array([[0.06 * self.blade_length, 0.5 * width], [0.0, 0.3 * width - 0.0005]])
        steel = stroke(np.concatenate([near, np.linspace(near[-1], joint, 12)[1:]]), np.linspace(0.46 * width, 0.005, 13))
        keep = polygon(np.array([[-1.0, -1.0], [0.0, -1.0], [0.0, -0.001], [1.0, -0.001], [1.0, 1.0], [-1.0, 1.0]]))
        shank = plate(steel ^ keep, self.thickness, "shaft", 0.0004)
        angle = 2.0 * np.pi * np.arange(72) / 72
        ring = np.stack([middle[0] + half[0] * np.cos(angle), middle[1] + half[1] * np.sin(angle), 0.0 * angle], axis=-1)
        section = (1.2, 1.2) if self.style == "tailor" else (1.0, 1.15)
        axes = self.bow_bar * np.tile(section, (len(ring), 1))
        stem = bar(np.linspace([*(0.45 * near[-1] + 0.55 * joint), 0.0], [*joint, 0.0], 9), 0.95 * self.bow_bar, "handle")
        # Bows lie in the middle between both layers.
        return blade.solid() + shank + (loop(ring, axes, "handle") + stem).moved(shifted(z=-0.5 * self.thickness))

    def _grasp(self) -> np.ndarray:
        """Returns the grasp of the pivot from above, closing across both blades."""
        return frame_from_axes(np.zeros(3), -_Z, _X)
