# SPDX-License-Identifier: Apache-2.0
"""Knives: a handle at -x, the point at +x, lying flat with the edge towards -y."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from func_corr_ros.data.objects.blade import Blade, ground_loft, scallops, shares, stations
from func_corr_ros.data.objects.functional_object import FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import Grip, laid
from func_corr_ros.data.objects.primitives import ball, bar, box, rod
from func_corr_ros.data.objects.solids import Solid
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)
_STEEL = ("steel",)
_HELD = ("wood", "dark wood", "plastic", "rubber")


@dataclass(frozen=True)
class Knife:
    """A kitchen or outdoor knife."""

    length: float = setting(0.18, "length of the blade", unit="m", at_least=0.1, at_most=0.24)
    height: float = setting(0.2, "height of the blade at the heel over its length", at_least=0.15, at_most=0.26)
    thickness: float = setting(0.0022, "thickness at the spine", unit="m", at_least=0.0016, at_most=0.0032)
    belly: float = setting(3.0, "how late the edge bends up to the point (exponent)", at_least=2.2, at_most=4.0)
    drop: float = setting(0.3, "how far the point lies below the spine, over the height", at_least=0.1, at_most=0.55)
    grind: float = setting(0.3, "where the grind begins below the spine, over the width", at_least=0.15, at_most=0.6)
    edge_band: float = setting(0.0035, "width of the edge's bevel", unit="m", at_least=0.0028, at_most=0.0045)
    handle_length: float = setting(0.115, "length of the handle", unit="m", at_least=0.095, at_most=0.13)
    handle_width: float = setting(0.025, "width of the handle", unit="m", at_least=0.02, at_most=0.031)
    handle_thickness: float = setting(0.017, "thickness of the handle", unit="m", at_least=0.013, at_most=0.022)
    neck: float = setting(0.01, "length of the bolster before the blade", unit="m", at_least=0.006, at_most=0.018)
    blade_style: str = setting("chef", "outline of the blade", choices=("chef", "santoku", "bread", "clip", "fillet"))
    grip_style: str = setting("scales", "shape of the handle", choices=("scales", "contoured", "straight", "faceted"))

    def build(self) -> FunctionalObject:
        """Returns the knife: parts blade, bolster, edge, handle, spine, tip."""
        blade, grip = self.blade(), Grip(self.grip_style, self.handle_length, self.handle_width, self.handle_thickness)
        whole = blade.solid() + self._bolster(blade) + grip.solid()
        edge, tip = blade.at_edge(), blade.at_tip()
        return laid(FunctionalObject(
            "knife", *whole.mesh(),
            function_parts={"cut-with": ("edge",), "peel-with": ("edge",), "scrape-with": ("edge",), "pierce-with": ("tip",),
                            "dig-with": ("tip",), "pry-with": ("tip",), "lift-with": ("blade",), "mix-with": ("blade",),
                            "spread-with": ("blade",)},
            functional_frames={"cut-with": edge, "peel-with": edge, "scrape-with": edge, "pierce-with": tip, "dig-with": tip,
                               "pry-with": tip, "lift-with": blade.on_flat(0.5, 0.45), "mix-with": blade.on_flat(0.75, 0.5),
                               "spread-with": blade.on_flat(0.55, 0.5)},
            grasp_frames={"handle": grip.object_from_gripper()},
            substances=((("blade", "edge", "spine", "tip"), _STEEL), (("bolster",), ("steel", "brass")), (("handle",), _HELD)),
        ))

    def blade(self) -> Blade:
        """Returns the blade, its heel at x = neck."""
        serrated = self.blade_style == "bread"
        slim = {"bread": 0.8, "fillet": 0.6}.get(self.blade_style, 1.0)
        length, height = self.length, max(self.height * slim * self.length, 0.018)
        count = max(round(length / 0.009), 8)
        x = np.linspace(self.neck, self.neck + length, 8 * count + 1) if serrated else stations(self.neck, length)
        t, top = shares(x), 0.42 * self.handle_width
        point = top - self.drop * height
        spine, edge = _outline(self.blade_style, t, top, top - height, point, self.belly)
        if serrated:
            edge = edge + 0.0022 * scallops(t, count) * np.clip(12.0 * (1.0 - t), 0.0, 1.0)
        spine = np.maximum(spine, edge + 0.0012)
        return Blade(x, spine, edge, self.thickness, self.edge_band, self.grind, tip_from=x[-1] - max(0.06 * length, 0.009))

    def _bolster(self, blade: Blade) -> Solid:
        """Returns the block between handle and blade, with the tang."""
        half = 0.37 * self.handle_width
        low = np.array([-0.012, -half, -0.36 * self.handle_thickness])
        high = np.array([self.neck + 0.004, half, 0.36 * self.handle_thickness])
        return box(low, high, "bolster", rounding=0.0025)


def _outline(
    style: str, t: np.ndarray, top: float, bottom: float, point: float, belly: float
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the y of spine and edge over shares ``t`` of the length, both ending at ``point``."""
    edge = bottom + (point - bottom) * t**belly
    if style == "santoku":  # the spine falls in a quarter circle to a low point, the edge stays nearly straight
        low = bottom + 0.22 * (top - bottom)
        fall = np.clip((t - 0.72) / 0.28, 0.0, 1.0)
        return low + (top - low) * np.sqrt(1.0 - fall**2), bottom + (low - bottom) * t ** (2.0 * belly)
    if style == "bread":  # even width, then the edge turns up to a point near the spine
        fall = np.clip((t - 0.86) / 0.14, 0.0, 1.0)
        tip = 0.8 * top + 0.2 * bottom
        return top + (tip - top) * fall**3, bottom + (tip - bottom) * fall**1.8
    if style == "clip":  # a hollow clip takes the spine down to the point
        fall = np.clip((t - 0.6) / 0.4, 0.0, 1.0)
        return top - (top - point) * fall**0.75, bottom + (point - bottom) * np.clip((t - 0.35) / 0.65, 0.0, 1.0) ** belly
    if style == "fillet":  # slender, the point swept up to the spine's line
        tip = top + 0.1 * (top - bottom)
        return top + (tip - top) * t**3, bottom + (tip - bottom) * t ** (0.6 * belly)
    return top + (point - top) * t**2.6, edge


@dataclass(frozen=True)
class Cleaver:
    """A cleaver: a broad, heavy blade with a square end."""

    length: float = setting(0.17, "length of the blade", unit="m", at_least=0.13, at_most=0.22)
    height: float = setting(0.085, "height of the blade", unit="m", at_least=0.065, at_most=0.11)
    thickness: float = setting(0.0035, "thickness at the back", unit="m", at_least=0.0025, at_most=0.005)
    bow: float = setting(0.03, "how far the edge bows out, over the height", at_least=0.0, at_most=0.08)
    flare: float = setting(0.05, "how much higher the blade is at its end, over the height", at_least=-0.12, at_most=0.15)
    grind: float = setting(0.55, "where the grind begins below the back, over the height", at_least=0.45, at_most=0.7)
    edge_band: float = setting(0.004, "width of the edge's bevel", unit="m", at_least=0.003, at_most=0.006)
    hole: float = setting(0.006, "radius of the hole to hang it by", unit="m", at_least=0.004, at_most=0.009)
    handle_length: float = setting(0.12, "length of the handle", unit="m", at_least=0.1, at_most=0.14)
    handle_width: float = setting(0.03, "width of the handle", unit="m", at_least=0.024, at_most=0.034)
    handle_thickness: float = setting(0.021, "thickness of the handle", unit="m", at_least=0.017, at_most=0.026)
    nose_style: str = setting("square", "shape of the far end", choices=("square", "round", "slanted", "hooked"))
    grip_style: str = setting("scales", "shape of the handle", choices=("scales", "round", "faceted", "contoured"))

    def build(self) -> FunctionalObject:
        """Returns the cleaver: parts back (the spine), side (the flats), blade (what is ground), edge, handle."""
        blade, grip = self.blade(), Grip(self.grip_style, self.handle_length, self.handle_width, self.handle_thickness)
        here = 0.82 * self.length
        corner = np.array([here, np.interp(here, blade.x, blade.spine) - 0.12 * self.height - self.hole, 0.0])
        hole = rod(corner - 0.01 * _Z, corner + 0.01 * _Z, self.hole, "side")
        tang = box(np.array([-0.03, -0.3 * self.handle_width, -0.4 * self.thickness]),
                   np.array([0.004, 0.3 * self.handle_width, 0.4 * self.thickness]), "side")
        whole = (blade.solid() - hole) + tang + grip.solid()
        edge, back = blade.at_edge(), np.interp(0.5 * self.length, blade.x, blade.spine)
        struck = frame_from_axes(np.array([0.5 * self.length, back, 0.0]), _X, _Y)
        return laid(FunctionalObject(
            "cleaver", *whole.mesh(),
            function_parts={"cut-with": ("edge",), "scrape-with": ("edge",), "pound-with": ("back",), "spread-with": ("side",),
                            "lift-with": ("blade",)},
            functional_frames={"cut-with": edge, "scrape-with": edge, "pound-with": struck,
                               "spread-with": blade.on_flat(0.5, 0.3), "lift-with": blade.on_flat(0.5, 0.8)},
            grasp_frames={"handle": grip.object_from_gripper()},
            substances=((("back", "side", "blade", "edge"), _STEEL), (("handle",), _HELD)),
        ))

    def blade(self) -> Blade:
        """Returns the blade, its heel at x = 0."""
        x = stations(0.0, self.length)
        t, top = shares(x), 0.4 * self.handle_width
        spine = np.full_like(t, top)
        edge = top - self.height * (1.0 + self.flare * t + self.bow * 4.0 * t * (1.0 - t))
        corner = np.sqrt(1.0 - np.clip((t - 0.85) / 0.15, 0.0, 1.0) ** 2)
        if self.nose_style == "round":
            spine = top - 0.45 * self.height * (1.0 - np.sqrt(1.0 - np.clip((t - 0.7) / 0.3, 0.0, 1.0) ** 2))
        elif self.nose_style == "slanted":
            spine = top - 0.4 * self.height * np.clip((t - 0.75) / 0.25, 0.0, 1.0)
        elif self.nose_style == "hooked":
            spine = top + 0.16 * self.height * np.clip((t - 0.6) / 0.4, 0.0, 1.0) ** 2
        edge = edge + (0.12 if self.nose_style != "hooked" else 0.2) * self.height * (1.0 - corner)
        return Blade(x, spine, edge, self.thickness, self.edge_band, self.grind, back_part="back", flat_part="side")


@dataclass(frozen=True)
class Dagger:
    """A dagger: a straight or wavy blade with two edges, a guard and a pommel."""

    length: float = setting(0.2, "length of the blade", unit="m", at_least=0.15, at_most=0.27)
    width: float = setting(0.028, "width of the blade at the guard", unit="m", at_least=0.022, at_most=0.036)
    thickness: float = setting(0.005, "thickness of the ridge", unit="m", at_least=0.004, at_most=0.0065)
    taper: float = setting(0.3, "how much narrower the blade gets before the point", at_least=0.1, at_most=0.5)
    point: float = setting(0.2, "length of the point over the blade's", at_least=0.14, at_most=0.34)
    edge_band: float = setting(0.0035, "width of the edges' bevel", unit="m", at_least=0.003, at_most=0.0045)
    guard_span: float = setting(0.075, "length of the guard across", unit="m", at_least=0.05, at_most=0.11)
    guard_thickness: float = setting(0.01, "thickness of the guard along the blade", unit="m", at_least=0.007, at_most=0.013)
    pommel: float = setting(0.013, "radius of the pommel", unit="m", at_least=0.01, at_most=0.017)
    handle_length: float = setting(0.1, "length of the handle", unit="m", at_least=0.085, at_most=0.12)
    handle_width: float = setting(0.024, "width of the handle", unit="m", at_least=0.019, at_most=0.028)
    blade_style: str = setting("straight", "outline of the blade", choices=("straight", "leaf", "wavy", "stiletto"))
    guard_style: str = setting("cross", "shape of the guard", choices=("cross", "curved", "disc"))
    grip_style: str = setting("round", "shape of the handle", choices=("round", "ringed", "faceted"))

    def build(self) -> FunctionalObject:
        """Returns the dagger: parts blade, edge, guard, handle (with pommel), spine (the ridge), tip."""
        grip = Grip(self.grip_style, self.handle_length, self.handle_width, self.handle_width)
        pommel = ball(np.array([-self.handle_length, 0.0, 0.0]), self.pommel * np.array([0.8, 1.0, 1.0]), "handle")
        x, half = self._outline()
        whole = self._blade(x, half) + self._guard() + grip.solid() + pommel
        middle = 0.5 * self.length
        edge = frame_from_axes(np.array([middle, np.interp(middle, x, half[1] - half[0]), 0.0]), _Z, -_Y)
        tip = frame_from_axes(np.array([self.length, 0.0, 0.0]), _Z, _X)
        frames = {"cut-with": edge, "peel-with": edge, "scrape-with": edge, "pierce-with": tip, "pry-with": tip}
        return laid(FunctionalObject(
            "dagger", *whole.mesh(),
            function_parts={name: ("edge",) if frame is edge else ("tip",) for name, frame in frames.items()},
            functional_frames=frames,
            grasp_frames={"handle": grip.object_from_gripper()},
            symmetries={} if self.blade_style == "wavy" else {name: Symmetry(2, np.zeros(3), _X) for name in frames},
            substances=((("blade", "edge", "spine", "tip"), _STEEL), (("guard",), ("steel", "brass")),
                        (("handle",), ("wood", "dark wood", "brass", "rubber"))),
        ))

    def _outline(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the stations and, for each, half the width and where the middle lies in y (2, k)."""
        x = stations(-0.004, self.length + 0.004, 160)
        t = np.clip(x / self.length, 0.0, 1.0)
        swell = {"leaf": 0.28 * np.sin(np.pi * np.clip(t / 0.9, 0.0, 1.0)) ** 2 - 0.2 * np.exp(-(((t - 0.12) / 0.12) ** 2)),
                 "stiletto": -0.25 + 0.0 * t}.get(self.blade_style, np.zeros_like(t))
        point = np.clip((1.0 - t) / self.point, 0.0, 1.0)
        half = 0.5 * self.width * (1.0 - self.taper * t + swell) * (1.0 - (1.0 - point) ** 1.8)
        wave = 0.2 * self.width * np.sin(2.0 * np.pi * 3.0 * t) * (1.0 - t) if self.blade_style == "wavy" else 0.0 * t
        return x, np.stack([np.maximum(half, 0.0006), wave])

    def _blade(self, x: np.ndarray, outline: np.ndarray) -> Solid:
        half, middle = outline
        band, ridge = np.minimum(self.edge_band, 0.35 * half), np.minimum(0.0016, 0.2 * half)
        offsets = np.stack([half, half - band, ridge, -ridge, band - half, -half], axis=-1)
        thick = 0.5 * self.thickness * np.minimum(1.0, (half / (0.3 * half.max())) ** 0.7)
        thick = np.maximum(thick, 0.0004)[:, None] * np.array([0.08, 0.35, 1.0, 1.0, 0.35, 0.08])
        bands = ("edge", "blade", "spine", "blade", "edge")
        tip_from = self.length - max(0.06 * self.length, 0.011)
        return ground_loft(x, middle[:, None] + offsets, np.maximum(thick, 0.0002), bands, ("edge", "edge"), tip_from)

    def _guard(self) -> Solid:
        """Returns the guard before the handle, in the plane of the blade."""
        half, deep = 0.5 * self.guard_span, 0.5 * self.guard_thickness
        if self.guard_style == "disc":
            radius = 0.45 * half + 0.3 * self.handle_width
            return ball(np.array([0.0, 0.0, 0.0]), np.array([deep, max(radius, 0.75 * self.width), radius]), "guard")
        y = np.linspace(-half, half, 41)
        bend = 0.2 * half * (y / half) ** 2 if self.guard_style == "curved" else np.zeros_like(y)
        ends = np.sqrt(np.clip(1.0 - (np.abs(y) / half) ** 8, 0.04, 1.0)) * (1.0 - 0.25 * np.abs(y) / half)
        curve = np.stack([bend, y, np.zeros_like(y)], axis=-1)
        return bar(curve, np.stack([deep * ends, 0.45 * self.handle_width * ends], axis=-1), "guard", roundness=0.7)


@dataclass(frozen=True)
class Scalpel:
    """A scalpel: a small blade on a flat metal handle."""

    length: float = setting(0.035, "length of the blade beyond the handle", unit="m", at_least=0.024, at_most=0.05)
    width: float = setting(0.0095, "width of the blade", unit="m", at_least=0.007, at_most=0.013)
    thickness: float = setting(0.0009, "thickness of the blade", unit="m", at_least=0.0007, at_most=0.0012)
    edge_band: float = setting(0.0017, "width of the edge's bevel", unit="m", at_least=0.0014, at_most=0.0022)
    handle_length: float = setting(0.1, "length of the handle", unit="m", at_least=0.075, at_most=0.125)
    handle_width: float = setting(0.01, "width of the handle", unit="m", at_least=0.0075, at_most=0.015)
    handle_thickness: float = setting(0.0042, "thickness of the handle", unit="m", at_least=0.0032, at_most=0.006)
    neck: float = setting(0.016, "length of the shaft between handle and blade", unit="m", at_least=0.012, at_most=0.024)
    slim: float = setting(0.62, "width of the shaft over the handle's", at_least=0.5, at_most=0.75)
    blade_style: str = setting("curved", "outline of the blade", choices=("curved", "pointed", "hooked", "chisel"))
    grip_style: str = setting("straight", "shape of the handle", choices=("straight", "contoured", "ringed", "faceted"))

    def build(self) -> FunctionalObject:
        """Returns the scalpel: parts blade, edge, handle, shaft, tip."""
        wide = self.handle_width * (1.35 if self.grip_style == "contoured" else 1.0)
        blade, grip = self.blade(), Grip(self.grip_style, self.handle_length, wide, self.handle_thickness)
        half = 0.5 * self.slim * self.handle_width
        thin = 0.3 * self.handle_thickness
        ends = np.array([[-0.004, 0.0, 0.0], [0.35 * self.neck, 0.0, 0.0], [self.neck, 0.0, 0.0], [self.neck + 0.006, 0.0, 0.0]])
        sizes = np.array([[1.2 * half, 0.42 * self.handle_thickness], [half, thin], [half, thin], [0.7 * half, 0.5 * thin]])
        shaft = bar(ends, sizes, "shaft", roundness=0.5)
        whole = blade.solid() + shaft + grip.solid()
        edge, tip = blade.at_edge(0.6), blade.at_tip()
        frames = {"cut-with": edge, "peel-with": edge, "scrape-with": edge, "pierce-with": tip,
                  "mix-with": blade.on_flat(0.6, 0.5)}
        parts = {"pierce-with": ("tip",), "mix-with": ("blade",)}
        return laid(FunctionalObject(
            "scalpel", *whole.mesh(),
            function_parts={name: parts.get(name, ("edge",)) for name in frames},
            functional_frames=frames,
            grasp_frames={"handle": grip.object_from_gripper(0.7)},
            substances=((("blade", "edge", "tip"), _STEEL), (("handle", "shaft"), ("steel", "chrome", "plastic"))),
        ))

    def blade(self) -> Blade:
        """Returns the blade, its heel half-way along the shaft."""
        start = 0.55 * self.neck
        x = stations(start, self.neck + self.length - start)
        t, half = shares(x), 0.5 * self.width
        heel = np.clip(0.5 + t / 0.16, 0.5, 1.0)
        spine, edge = half * np.ones_like(t), -half * heel
        if self.blade_style == "curved":  # a round belly up to the spine
            edge = edge + self.width * (1.0 - np.sqrt(1.0 - np.clip((t - 0.45) / 0.55, 0.0, 1.0) ** 2))
        elif self.blade_style == "pointed":  # a straight edge, the spine falls to it
            spine = half - 1.02 * self.width * np.clip((t - 0.3) / 0.7, 0.0, 1.0)
        elif self.blade_style == "hooked":  # the edge is hollow, the point below
            fall = np.clip((t - 0.3) / 0.7, 0.0, 1.0)
            spine = half - 1.3 * self.width * fall**2.2
            edge = edge - 0.3 * self.width * fall**2 + 0.35 * half * np.sin(np.pi * fall)
        else:  # a straight slanted edge
            edge = edge + self.width * np.clip((t - 0.5) / 0.5, 0.0, 1.0)
        spine = np.maximum(spine, edge + 0.0007)
        return Blade(x, spine, edge, self.thickness, self.edge_band, tip_from=x[-1] - 0.0042, back_part="blade")
