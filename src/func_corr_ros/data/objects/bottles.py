# SPDX-License-Identifier: Apache-2.0
"""Vessels with a neck and no handle, turned about z: bottles, jars and decanters."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.shell import Shell, fluted, lip, ring, rounded, spline, unchanged
from func_corr_ros.data.objects.solids import Solid
from func_corr_ros.data.objects.vessel_functions import about_z, clasp, outlet, pinch, pounding_side, pressing_base, rolling_body
from func_corr_ros.settings import setting

_FACETS = 10
_Z = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Bottle:
    """An open bottle: of wine (high shoulders), of beer (long slope), a round flask, or of water with a waist and grooves."""

    height: float = setting(0.27, "height of the mouth", unit="m", at_least=0.19, at_most=0.32)
    body_radius: float = setting(0.036, "radius of the body", unit="m", at_least=0.03, at_most=0.041)
    neck_radius: float = setting(0.0145, "outer radius of the neck", unit="m", at_least=0.0125, at_most=0.018)
    neck_share: float = setting(0.27, "length of the neck over the height", at_least=0.18, at_most=0.34)
    shoulder_share: float = setting(0.15, "height of the shoulder over the height", at_least=0.08, at_most=0.22)
    taper: float = setting(0.97, "radius at the base over that below the shoulder", at_least=0.88, at_most=1.0)
    fillet: float = setting(0.006, "rounding of the base edge", unit="m", at_least=0.003, at_most=0.01)
    punt: float = setting(0.006, "how far the base is pushed in", unit="m", at_least=0.002, at_most=0.014)
    wall: float = setting(0.003, "wall thickness", unit="m", at_least=0.002, at_most=0.004)
    collar: float = setting(0.002, "how far the ring at the mouth stands out", unit="m", at_least=0.001, at_most=0.003)
    style: str = setting("wine", "the kind of bottle", choices=("wine", "beer", "flask", "water"))

    def build(self) -> FunctionalObject:
        """Returns the bottle: parts base, body, interior, mouth (the upper end with its ring), neck and shoulder; functions
        pound-with, pour-with, press-with and roll-onto.
        """
        shell = self.shell()
        crest, around = float(shell.crest(0.0)[2]), shell.filling(self.wall / 2.0, above=0.01)
        whole = shell.solid() + ring(shell.radius(crest - 0.008), crest - 0.008, (self.collar, 0.0045), "mouth", around)
        low, high = self.fillet, self._body_top()
        side = shell.warp(np.array([[[shell.radius(0.45 * high), 0.0, 0.45 * high]]]))[0, 0]
        frames = {"pound-with": pounding_side(side), "pour-with": outlet(shell.crest(0.0)),
                  "press-with": pressing_base(self.punt), "roll-onto": rolling_body(low, high)}
        material = ("plastic", "glass") if self.style == "water" else ("glass",)
        return FunctionalObject(
            "bottle", *whole.mesh(),
            function_parts={"pound-with": ("body",), "pour-with": ("mouth", "neck"), "press-with": ("base",),
                            "roll-onto": ("body",)},
            functional_frames=frames,
            grasp_frames={"neck": clasp(0.5 * (self._neck_from() + self.height) * _Z),
                          **({} if self.style == "flask" else {"body": clasp(0.5 * high * _Z)})},
            symmetries={function: about_z() for function in frames},
            substances=((("base", "body", "interior", "mouth", "neck", "shoulder"), material),),
        )

    def shell(self) -> Shell:
        """Returns the bottle without the ring at its mouth."""
        h, r, neck, top = self.height, self.body_radius, self.neck_radius, self._body_top()
        neck_from = self._neck_from()
        b = self.taper * r
        base = [(0.0, self.punt), (0.5 * b, 0.6 * self.punt), (b - self.fillet, 0.0), (b, 0.0)]
        corners, radii = {
            "wine": ([(r, top), (1.1 * neck, neck_from), (neck, h)], [0.02, 0.025]),
            "beer": ([(r, top), (1.25 * neck, neck_from), (neck, h)], [0.06, 0.09]),
            "water": ([(r, top), (1.5 * neck, neck_from), (1.5 * neck, h)], [0.03, 0.01]),
            "flask": ([(neck, h)], []),
        }[self.style]
        if self.style == "flask":
            foot = 0.62 * b
            belly = [(foot - 0.002, 0.0), (1.2 * foot, 0.0), (1.32 * r, 0.16 * h), (1.32 * r, 0.4 * h), (0.9 * neck, 0.52 * h),
                     (neck, 0.7 * h), (neck, h)]
            outline = np.concatenate([[(0.0, self.punt), (0.7 * foot, 0.4 * self.punt)], spline(belly, 48)])
        else:
            outline = rounded([*base, *corners], [0.004, 0.002, self.fillet, *radii])
        warp = self._waist(top) if self.style == "water" else unchanged
        bands = (("base", self.fillet), ("body", top), ("shoulder", neck_from), ("neck", h - 0.018), ("mouth", 1.0))
        return Shell(outline, bands, self.wall, warp=warp)

    def _body_top(self) -> float:
        share = {"wine": 0.6, "beer": 1.3, "flask": 0.8, "water": 0.8}[self.style]
        return self._neck_from() - share * self.shoulder_share * self.height

    def _neck_from(self) -> float:
        return (1.0 - self.neck_share * (0.55 if self.style == "water" else 1.0)) * self.height

    def _waist(self, top: float) -> Callable[[np.ndarray], np.ndarray]:
        """Returns the warp that presses a waist and grooves into the body."""

        def warp(points: Float64[np.ndarray, "k n 3"]) -> Float64[np.ndarray, "k n 3"]:
            t = np.clip((points[..., 2] - 0.12 * top) / (0.84 * top), 0.0, 1.0)
            share = 0.1 * np.exp(-((t - 0.62) / 0.16) ** 2) + 0.035 * np.sin(6.0 * np.pi * t) ** 2
            return points * np.stack([1.0 - share, 1.0 - share, np.ones_like(share)], axis=-1)

        return warp


@dataclass(frozen=True)
class Jar:
    """An open jar: a preserving jar with a thread, a bellied pot, or one with facets."""

    height: float = setting(0.125, "height of the mouth", unit="m", at_least=0.085, at_most=0.19)
    body_radius: float = setting(0.044, "radius of the body", unit="m", at_least=0.035, at_most=0.058)
    mouth_ratio: float = setting(0.8, "radius of the mouth over the body's", at_least=0.68, at_most=0.9)
    neck_height: float = setting(0.018, "height of the neck", unit="m", at_least=0.013, at_most=0.024)
    shoulder_share: float = setting(0.1, "height of the shoulder over the height", at_least=0.06, at_most=0.16)
    shoulder_fillet: float = setting(0.012, "rounding of the shoulder", unit="m", at_least=0.006, at_most=0.02)
    fillet: float = setting(0.008, "rounding of the base edge", unit="m", at_least=0.004, at_most=0.014)
    base_ratio: float = setting(0.95, "radius at the base over the body's", at_least=0.85, at_most=1.0)
    wall: float = setting(0.0035, "wall thickness", unit="m", at_least=0.0025, at_most=0.0045)
    bead: float = setting(0.0018, "how far the thread or the lip stands out", unit="m", at_least=0.0012, at_most=0.0026)
    style: str = setting("preserving", "the kind of jar", choices=("preserving", "bellied", "faceted"))

    def build(self) -> FunctionalObject:
        """Returns the jar: parts base, body, interior, mouth (the upper end), neck and shoulder; functions pound-with, pour-with,
        press-with and roll-onto.
        """
        shell = self.shell()
        whole, high = shell.solid() + self._beads(shell), self._shoulder_from()
        side = shell.warp(np.array([[[shell.radius(0.5 * high), 0.0, 0.5 * high]]]))[0, 0]
        body = about_z(_FACETS) if self.style == "faceted" else about_z()
        frames = {"pound-with": pounding_side(side), "pour-with": outlet(shell.crest(0.0)),
                  "press-with": pressing_base(0.0), "roll-onto": rolling_body(self.fillet, high)}
        return FunctionalObject(
            "jar", *whole.mesh(),
            function_parts={"pound-with": ("body",), "pour-with": ("mouth", "neck"), "press-with": ("base",),
                            "roll-onto": ("body",)},
            functional_frames=frames,
            grasp_frames={"mouth": pinch(shell.in_wall(0.004, np.pi / 2.0)), **self._around(0.5 * high)},
            symmetries={"pound-with": body, "pour-with": about_z(), "press-with": about_z(), "roll-onto": body},
            substances=((("base", "body", "interior", "mouth", "neck", "shoulder"),
                         ("ceramic", "stoneware") if self.style == "bellied" else ("glass",)),),
        )

    def shell(self) -> Shell:
        """Returns the jar without thread and lip."""
        h, r, mouth, shoulder = self.height, self.body_radius, self.mouth_ratio * self.body_radius, self._shoulder_from()
        base, neck_from = self.base_ratio * r, self._neck_from()
        if self.style == "bellied":
            foot = 0.8 * base
            belly = [(foot - 0.004, 0.0), (1.1 * foot, 0.0), (1.2 * r, 0.3 * h), (1.12 * r, 0.8 * h), (0.86 * mouth, 0.86 * h),
                     (0.92 * mouth, h)]
            outline = np.concatenate([[(0.0, 0.0), (0.7 * foot, 0.0)], spline(belly, 40)])
        else:
            outline = rounded([(0.0, 0.0), (base, 0.0), (r, shoulder), (mouth, neck_from), (mouth, h)],
                              [self.fillet, self.shoulder_fillet, 0.006])
        facets = fluted(_FACETS, 1.0 - float(np.cos(np.pi / _FACETS)), 0.4 * self.fillet, shoulder, sharp=1.0)
        warp = facets if self.style == "faceted" else unchanged
        bands = (("base", 0.5 * self.fillet), ("body", shoulder), ("shoulder", neck_from), ("neck", h - 0.008), ("mouth", 1.0))
        return Shell(outline, bands, self.wall, warp=warp)

    def _neck_from(self) -> float:
        return self.height - self.neck_height

    def _shoulder_from(self) -> float:
        return self._neck_from() - self.shoulder_share * self.height

    def _beads(self, shell: Shell) -> Solid:
        """Returns the thread's two turns and the transfer ring below, or the lip."""
        around, crest = shell.filling(self.wall / 2.0, above=0.01), float(shell.crest(0.0)[2])
        if self.style == "bellied":
            return ring(shell.radius(crest - 0.004), crest - 0.004, (self.bead, 0.0025), "mouth", around)
        low, high = self._neck_from() + 0.004, self.height - 0.002
        turns = ((low, 1.2 * self.bead, "neck"), (0.5 * (low + high), self.bead, "neck"), (high - 0.001, self.bead, "mouth"))
        beads = [ring(shell.radius(z), z, (out, 0.0011), part, around) for z, out, part in turns]
        return beads[0] + beads[1] + beads[2]

    def _around(self, height: float) -> dict[str, Float64[np.ndarray, "4 4"]]:
        return {"body": clasp(height * _Z)} if self.body_radius < 0.039 and self.style != "bellied" else {}


@dataclass(frozen=True)
class Decanter:
    """A decanter for wine: a wide belly under a long neck that flares to its mouth; a captain's, a globe or a slender one."""

    height: float = setting(0.25, "height of the mouth", unit="m", at_least=0.21, at_most=0.3)
    belly_radius: float = setting(0.085, "radius of the belly", unit="m", at_least=0.07, at_most=0.1)
    belly_share: float = setting(0.42, "height of the belly over the height", at_least=0.34, at_most=0.5)
    neck_radius: float = setting(0.018, "radius where the neck is narrowest", unit="m", at_least=0.014, at_most=0.024)
    mouth_radius: float = setting(0.033, "radius of the mouth", unit="m", at_least=0.026, at_most=0.042)
    base_ratio: float = setting(0.6, "radius of the base over the belly's", at_least=0.48, at_most=0.7)
    wall: float = setting(0.003, "wall thickness", unit="m", at_least=0.0022, at_most=0.0038)
    punt: float = setting(0.006, "how far the base is pushed in", unit="m", at_least=0.002, at_most=0.014)
    lip_reach: float = setting(0.01, "how far the lip is drawn out, where it is", unit="m", at_least=0.006, at_most=0.014)
    style: str = setting("globe", "shape of the belly", choices=("globe", "captain", "slender"))
    lip_style: str = setting("round", "a round mouth, or one with a lip for pouring", choices=("round", "drawn"))

    def build(self) -> FunctionalObject:
        """Returns the decanter: parts base, body (the belly), interior, mouth (its upper end), neck; function pour-with."""
        shell = self.shell()
        grip = 0.5 * (self._neck_from() + self.height) * _Z
        return FunctionalObject(
            "decanter", *shell.solid().mesh(),
            function_parts={"pour-with": ("mouth", "neck")},
            functional_frames={"pour-with": outlet(shell.crest(0.0))},
            grasp_frames={"neck": clasp(grip)},
            symmetries={"pour-with": about_z()} if self.lip_style == "round" else {},
            substances=((("base", "body", "interior", "mouth", "neck"), ("glass",)),),
        )

    def shell(self) -> Shell:
        """Returns the whole decanter."""
        h, r, neck, b = self.height, self.belly_radius, self.neck_radius, self.base_ratio * self.belly_radius
        top = self.belly_share * h
        belly = {
            "globe": [(b, 0.0), (1.0 * r, 0.0), (1.22 * r, 0.5 * top), (0.95 * r, 1.02 * top), (0.8 * neck, 1.05 * top)],
            "captain": [(r, 0.0), (1.12 * r, 0.0), (1.02 * r, 0.28 * top), (0.55 * r, 0.6 * top), (0.75 * neck, 1.0 * top)],
            "slender": [(0.75 * b, 0.0), (0.9 * r, 0.02 * h), (0.86 * r, 0.62 * top), (0.42 * r, 1.05 * top),
                        (0.85 * neck, 1.3 * top)],
        }[self.style]
        inward = 0.8 * belly[0][0]
        upper = [(0.9 * neck, 0.75 * h), (0.95 * neck, 0.86 * h), (self.mouth_radius, h)]
        under = [(0.0, self.punt), (0.6 * inward, 0.5 * self.punt), (inward, 0.0)]
        outline = np.concatenate([under, spline([*belly, *upper], 60)])
        warp = lip(self.lip_reach, 0.25 * self.lip_reach, 0.8, 0.9 * h, h) if self.lip_style == "drawn" else unchanged
        bands = (("base", 0.004), ("body", self._neck_from()), ("neck", 0.93 * h), ("mouth", 1.0))
        return Shell(outline, bands, self.wall, warp=warp)

    def _neck_from(self) -> float:
        return {"globe": 1.08, "captain": 0.95, "slender": 1.25}[self.style] * self.belly_share * self.height
