# SPDX-License-Identifier: Apache-2.0
"""The thin wall of a vessel, base to rim and down inside, as one skin around a true cavity."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.solids import Solid, loft

SEGMENTS = 96
# Where a wall runs steeply outward (a spout's flank), measuring its thickness along the radius would thin it; beyond this
# factor the inner surface would cross itself.
MAX_SLOPE_FACTOR = 2.0

Surface = Callable[[Float64[np.ndarray, "*s"], Float64[np.ndarray, "*s"]], np.ndarray]


def no_rise(z: Float64[np.ndarray, "*s"], angle: Float64[np.ndarray, "*s"]) -> Float64[np.ndarray, "*s"]:
    """Returns the rise of a level rim: 0 everywhere."""
    return np.zeros_like(z)


@dataclass(frozen=True)
class Wall:
    """A wall's measures in metres. ``radius`` and ``rise`` are functions of height and angle (from x, radians): the outer
    surface, and how far it is lifted there (a spout's tip); ``spout`` says where the wall is the spout.
    """

    radius: Surface
    height: float
    thickness: float
    fillet: float
    foot: float  # height of the foot ring, 0 for a flat base
    rim_band: float  # how far below its crest the rim reaches
    rise: Surface = no_rise
    spout: Surface | None = None

    @property
    def floor(self) -> float:
        """Height of the cavity's floor."""
        return self.foot + 1.3 * self.thickness

    def points(
        self, z: Float64[np.ndarray, "*s"], inset: Float64[np.ndarray, "*s"], angle: Float64[np.ndarray, "*s"]
    ) -> Float64[np.ndarray, "*s 3"]:
        """Returns points ``inset`` metres inside the outer surface, at height ``z`` before the rise."""
        step = 1e-4
        r = self.radius(z, angle)
        slope = (self.radius(z, angle + step) - self.radius(z, angle - step)) / (2.0 * step * r)
        r = r - inset * np.minimum(np.sqrt(1.0 + slope**2), MAX_SLOPE_FACTOR)
        return np.stack([r * np.cos(angle), r * np.sin(angle), z + self.rise(z, angle)], axis=-1)

    def crest(self, angle: float) -> Float64[np.ndarray, " 3"]:
        """Returns the highest point of the rim at ``angle``: what is poured there flows over it."""
        return self.points(*(np.array([value]) for value in (self.height, self.thickness / 2.0, angle)))[0]

    def solid(self) -> Solid:
        """Returns the wall with the parts "base", "body", "rim", "interior" and, where there is one, "spout" and
        its inner side from the crest on, "channel".
        """
        stations = [*self._under(), *self._outside(), *self._over(), *self._inside()]
        z, inset = np.array([(height, depth) for height, depth, _ in stations]).T
        bands = np.array([part for *_, part in stations])
        parts = np.broadcast_to(bands[:, None], (len(bands), SEGMENTS))
        if self.spout is not None:
            middle = np.concatenate([z[:1], (z[1:] + z[:-1]) / 2.0])[:, None]
            angle = 2.0 * np.pi * (np.arange(SEGMENTS) + 0.5) / SEGMENTS
            is_spout = self.spout(*np.broadcast_arrays(middle, angle)) & (parts != "base")
            parts = np.where(is_spout, np.where(inset[:, None] > 0.0, "channel", "spout"), parts)
        parts = np.concatenate([parts, np.full((1, SEGMENTS), "interior")])
        return loft(self._rings(z, inset), parts, np.array([0.0, 0.0, self.foot]), np.array([0.0, 0.0, self.floor]))

    def filling(self, inset: float, above_rim: float) -> Solid:
        """Returns what fills the vessel from its floor to ``above_rim`` metres over the rim, ``inset`` metres inside the outer
        surface: the cavity itself at inset = thickness, what trims a handle's ends at half of it.
        """
        z = np.linspace(self.floor, self.height, 40)
        rings = self._rings(z, np.full(len(z), inset))
        rings = np.concatenate([rings, rings[-1:] + np.array([0.0, 0.0, above_rim])]) if above_rim > 0.0 else rings
        return loft(rings, np.full(len(rings) + 1, "interior"))

    def _rings(self, z: Float64[np.ndarray, " k"], inset: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, "k n 3"]:
        angle = 2.0 * np.pi * np.arange(SEGMENTS) / SEGMENTS
        return self.points(*(np.broadcast_to(item, (len(z), SEGMENTS)) for item in (z[:, None], inset[:, None], angle)))

    # Stations run from the middle of the base outward, up, over the rim and down inside: (height, inset, part of the band
    # that ends there).

    def _under(self) -> list[tuple[float, float, str]]:
        foot = [(self.foot, self.fillet + 2.2 * self.thickness), (0.0, self.fillet + 1.2 * self.thickness)]
        arc = [(self.fillet * (1.0 - np.cos(a)), self.fillet * (1.0 - np.sin(a))) for a in np.linspace(0.0, np.pi / 2.0, 7)]
        return [(z, inset, "base") for z, inset in ([*foot, *arc] if self.foot > 0.0 else arc)]

    def _outside(self) -> list[tuple[float, float, str]]:
        neck = self.height - self.rim_band
        body = [(z, 0.0, "body") for z in np.linspace(self.fillet, neck, 40)[1:]]
        return [*body, *((z, 0.0, "rim") for z in np.linspace(neck, self.height - self.thickness / 2.0, 4)[1:])]

    def _over(self) -> list[tuple[float, float, str]]:
        half = self.thickness / 2.0
        return [(self.height - half + half * np.sin(a), half * (1.0 - np.cos(a)), "rim") for a in np.linspace(0.0, np.pi, 9)[1:]]

    def _inside(self) -> list[tuple[float, float, str]]:
        t, neck = self.thickness, self.height - self.rim_band
        f = max(self.fillet - t, t)
        rim = [(z, t, "rim") for z in np.linspace(self.height - t / 2.0, neck, 4)[1:]]
        down = [(z, t, "interior") for z in np.linspace(neck, self.floor + f, 40)[1:]]
        corner = [(self.floor + f * (1.0 - np.sin(a)), t + f * (1.0 - np.cos(a))) for a in np.linspace(0.0, np.pi / 2.0, 7)[1:]]
        return [*rim, *down, *((z, inset, "interior") for z, inset in corner)]
