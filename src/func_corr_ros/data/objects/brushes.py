# SPDX-License-Identifier: Apache-2.0
"""Brushes that are held by a handle: scrubbing brush, hairbrush, toothbrush (lying on their backs), and paintbrush."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import PchipInterpolator

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject
from func_corr_ros.data.objects.pointed import pointed
from func_corr_ros.data.objects.primitives import bar, bristles, union
from func_corr_ros.data.objects.solids import Solid, loft
from func_corr_ros.data.objects.tufts import field, lying_on_its_back, slab, standing, superellipse
from func_corr_ros.geometry.se3 import make
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Brush:
    """A brush with a handle to scrub or dust with: a round dish brush, an oblong scrubbing brush, a long bench brush."""

    head_size: float = setting(1.0, "size of the head over the usual one of its style", at_least=0.8, at_most=1.2)
    head_ratio: float = setting(1.0, "width of the head over the usual one of its style", at_least=0.82, at_most=1.2)
    head_thickness: float = setting(0.016, "thickness of the head", unit="m", at_least=0.011, at_most=0.022)
    handle_length: float = setting(1.0, "length of the handle over the usual one of its style", at_least=0.8, at_most=1.25)
    handle_width: float = setting(0.02, "width of the handle", unit="m", at_least=0.015, at_most=0.026)
    handle_rise: float = setting(0.01, "how far the handle bends away from the bristles", unit="m", at_least=-0.015, at_most=0.03)
    bristle_length: float = setting(1.0, "length of the bristles over the usual one of its style", at_least=0.75, at_most=1.25)
    tuft_radius: float = setting(0.0019, "radius of a tuft", unit="m", at_least=0.0016, at_most=0.0023)
    spacing: float = setting(2.6, "distance of tufts over their radius", at_least=2.35, at_most=2.85)
    splay: float = setting(0.25, "how far outer tufts lean out, over their length", at_least=0.05, at_most=0.4)
    style: str = setting("dish", "what kind of brush it is", choices=("dish", "scrub", "bench"))
    handle_shape: str = setting("waisted", "outline of the handle", choices=("waisted", "paddle", "tapered"))

    def build(self) -> FunctionalObject:
        """Returns the brush: parts bristles, handle, head; functions brush-, mix-, scrape-, spread- and sweep-with."""
        long, wide, power, reach, tall = {"dish": (0.028, 0.028, 1.0, 0.17, 0.024), "scrub": (0.068, 0.027, 0.55, 0.1, 0.024),
                                          "bench": (0.09, 0.021, 0.4, 0.12, 0.05)}[self.style]
        half = self.head_size * np.array([long, wide * (1.0 if self.style == "dish" else self.head_ratio)])
        top, tall = self.head_thickness, tall * self.bristle_length
        edge = 0.25 * top
        levels = [(edge, 0.0), (0.3 * edge, 0.3 * edge), (0.0, edge), (0.0, top - edge), (edge, top)]
        head = slab(half, power, levels, ["head"] * 6)
        roots = field(half - 1.2 * edge - self.tuft_radius, power, self.spacing * self.tuft_radius)
        tufts = bristles(*standing(roots, 0.8 * top, top + tall, self.splay * tall, 0.0012), self.tuft_radius, "bristles")
        reach *= self.handle_length
        handle = self._handle(half[0], reach, 0.5 * top)
        order = ANY_ANGLE if self.style == "dish" else 2
        return lying_on_its_back(
            "brush", union([head, handle, tufts]), (top + tall) * _Z,
            ("brush-with", "mix-with", "scrape-with", "spread-with", "sweep-with"),
            self._spine(half[0], reach, 0.5 * top, np.array([0.6]))[0],
            ((("bristles",), ("bristle",)), (("handle", "head"), ("wood", "plastic", "dark wood"))), order,
        )

    def _handle(self, head: float, reach: float, middle: float) -> Solid:
        """Returns the handle from inside the head back to x = -(head + reach)."""
        t = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, 48))
        knots, ratios = {
            "waisted": ([0.0, 0.25, 0.7, 1.0], [1.0, 0.7, 1.0, 0.75]),
            "paddle": ([0.0, 0.2, 0.5, 1.0], [0.85, 0.6, 0.8, 1.25]),
            "tapered": ([0.0, 0.4, 1.0], [1.1, 0.9, 0.62]),
        }[self.handle_shape]
        butt = np.sqrt(1.0 - np.clip((t - 0.93) / 0.0705, 0.0, 1.0) ** 2)
        across = 0.5 * self.handle_width * PchipInterpolator(knots, ratios)(t) * butt
        thick = np.minimum(0.46 * self.head_thickness, across)
        return bar(self._spine(head, reach, middle, t), np.stack([across, thick], axis=-1), "handle", roundness=0.8)

    def _spine(self, head: float, reach: float, middle: float, t: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, "k 3"]:
        """Returns the points of the handle's middle line at ``t`` of its length, 0 inside the head, 1 at the butt."""
        return np.stack([-0.8 * head - t * (reach + 0.2 * head), 0.0 * t, middle + self.handle_rise * t**2], axis=-1)


@dataclass(frozen=True)
class Hairbrush:
    """A hairbrush with pins on a cushion: a square paddle, an oval, or a slim one."""

    head_length: float = setting(1.0, "length of the head over the usual one of its style", at_least=0.85, at_most=1.15)
    head_width: float = setting(1.0, "width of the head over the usual one of its style", at_least=0.85, at_most=1.18)
    thickness: float = setting(0.013, "thickness of the head", unit="m", at_least=0.01, at_most=0.017)
    cushion: float = setting(0.004, "height of the cushion", unit="m", at_least=0.0025, at_most=0.007)
    rim: float = setting(0.16, "width of the rim round the cushion over the head's half width", at_least=0.1, at_most=0.24)
    pin_length: float = setting(0.017, "length of the pins", unit="m", at_least=0.012, at_most=0.022)
    pin_radius: float = setting(0.0009, "radius of the pins", unit="m", at_least=0.0008, at_most=0.0012)
    spacing: float = setting(0.0068, "distance of the pins", unit="m", at_least=0.0058, at_most=0.0085)
    handle_length: float = setting(0.115, "length of the handle", unit="m", at_least=0.095, at_most=0.135)
    handle_width: float = setting(0.024, "width of the handle", unit="m", at_least=0.019, at_most=0.03)
    neck: float = setting(0.62, "width of the neck over the handle's", at_least=0.5, at_most=0.8)
    style: str = setting("oval", "shape of the head", choices=("paddle", "oval", "slim"))
    handle_shape: str = setting("swelled", "shape of the handle", choices=("swelled", "tapered", "knobbed"))

    def build(self) -> FunctionalObject:
        """Returns the hairbrush: parts back, bristles, handle, head (its sides), pad; functions brush-, pound- and sweep-with."""
        long, wide, power = {"paddle": (0.052, 0.039, 0.5), "oval": (0.06, 0.031, 1.0), "slim": (0.06, 0.017, 0.7)}[self.style]
        half = np.array([long * self.head_length, wide * self.head_width])
        top, rim = self.thickness, self.rim * half[1]
        dome = [(0.55 * half[1], 0.0), (0.3 * half[1], 0.08 * top), (0.12 * half[1], 0.25 * top), (0.02 * half[1], 0.5 * top),
                (0.0, 0.65 * top), (0.02 * half[1], 0.9 * top), (0.08 * half[1], top)]
        head = slab(half, power, dome, ["back"] * 4 + ["head"] * 4)
        pad_half, high = half - rim, top + self.cushion
        pad = slab(pad_half, power, [(0.0, 0.7 * top), (0.0, top), (0.12 * pad_half[1], top + 0.5 * self.cushion),
                                     (0.35 * pad_half[1], top + 0.88 * self.cushion), (0.6 * pad_half[1], high)], ["pad"] * 6)
        roots = field(pad_half - 0.1 * half[1] - self.pin_radius, power, self.spacing)
        low, ends = standing(roots, 0.95 * top, high + self.pin_length, 0.15 * self.pin_length, 0.0)
        pins = bristles(low, ends, self.pin_radius, "bristles")
        made = union([head, pad, pins, self._handle(half[0])])
        tips = (high + self.pin_length) * _Z
        pound = make(np.stack([-_Z, np.cross(_X, -_Z), _X], axis=-1), np.zeros(3))
        return lying_on_its_back(
            "hairbrush", made, tips, ("brush-with", "sweep-with"), (-half[0] - 0.55 * self.handle_length) * _X + 0.5 * top * _Z,
            ((("back", "handle", "head"), ("wood", "plastic", "dark wood")), (("bristles",), ("plastic", "bristle", "wood")),
             (("pad",), ("rubber",))),
            2, also={"pound-with": (("back",), pound, 2)},
        )

    def _handle(self, head: float) -> Solid:
        t = np.concatenate([np.linspace(0.0, 0.9, 40), 0.9 + 0.1 * np.sin(np.linspace(0.1, 0.5 * np.pi, 12))])
        knots, ratios = {
            "swelled": ([0.0, 0.22, 0.65, 0.95, 1.0], [1.2, self.neck, 1.0, 0.8, 0.75]),
            "tapered": ([0.0, 0.22, 0.4, 1.0], [1.2, self.neck, 0.9, 0.62]),
            "knobbed": ([0.0, 0.22, 0.55, 0.78, 0.92, 1.0], [1.2, self.neck, 0.85, 0.62, 0.95, 0.9]),
        }[self.handle_shape]
        butt = np.sqrt(1.0 - np.clip((t - 0.9) / 0.1005, 0.0, 1.0) ** 2)
        across = 0.5 * self.handle_width * PchipInterpolator(knots, ratios)(t) * butt
        thick = np.minimum(0.46 * self.thickness * (1.0 + 0.25 * t), across)
        x = -0.86 * head - t * (self.handle_length + 0.14 * head)
        curve = x[:, None] * _X + 0.5 * self.thickness * _Z
        return bar(curve, np.stack([across, thick], axis=-1), "handle", roundness=0.85)


@dataclass(frozen=True)
class Toothbrush:
    """A toothbrush."""

    length: float = setting(0.185, "length", unit="m", at_least=0.15, at_most=0.2)
    head_length: float = setting(0.028, "length of the head", unit="m", at_least=0.022, at_most=0.034)
    head_width: float = setting(0.0125, "width of the head", unit="m", at_least=0.0105, at_most=0.0145)
    head_thickness: float = setting(0.005, "thickness of the head", unit="m", at_least=0.0042, at_most=0.006)
    neck: float = setting(0.0055, "width of the neck", unit="m", at_least=0.0045, at_most=0.007)
    handle_width: float = setting(0.0135, "width of the handle", unit="m", at_least=0.011, at_most=0.017)
    handle_thickness: float = setting(0.0095, "thickness of the handle", unit="m", at_least=0.0065, at_most=0.0125)
    bristle_length: float = setting(0.0105, "length of the bristles", unit="m", at_least=0.009, at_most=0.0125)
    tuft_radius: float = setting(0.00085, "radius of a tuft", unit="m", at_least=0.00075, at_most=0.00095)
    trim_depth: float = setting(0.002, "how much uneven bristles differ in length", unit="m", at_least=0.001, at_most=0.003)
    arch: float = setting(0.004, "how far a bent handle rises", unit="m", at_least=0.002, at_most=0.008)
    trim: str = setting("flat", "how the bristles are cut", choices=("flat", "waves", "raised tip"))
    handle_shape: str = setting("straight", "shape of the handle", choices=("straight", "bent", "thumb grip", "slat"))

    def build(self) -> FunctionalObject:
        """Returns the toothbrush: parts bristles, handle (with the neck), head; functions brush-, mix- and poke-with."""
        half = 0.5 * np.array([self.head_length, self.head_width])
        top, edge = self.head_thickness, 0.2 * self.head_thickness
        head = slab(half, 0.7, [(edge, 0.0), (0.0, edge), (0.0, top - edge), (edge, top)], ["head"] * 5)
        roots = field(half - edge - self.tuft_radius, 0.7, 2.45 * self.tuft_radius)
        along = roots[:, 0] / half[0]
        drop = {"flat": 0.0 * along, "waves": 0.5 - 0.5 * np.cos(3.0 * np.pi * along),
                "raised tip": np.clip(1.4 - 2.0 * along, 0.0, 1.0)}[self.trim]
        low, tips = standing(roots, 0.8 * top, top + self.bristle_length, 0.06 * self.bristle_length, 0.0002)
        tips[:, 2] -= self.trim_depth * drop
        tufts = bristles(low, tips, self.tuft_radius, "bristles")
        nearest = tips[np.linalg.norm(roots, axis=1).argmin()]
        poke = make(np.eye(3), half[0] * _X + 0.5 * top * _Z)
        return lying_on_its_back(
            "toothbrush", union([head, self._handle(half[0]), tufts]), nearest[2] * _Z, ("brush-with", "mix-with"),
            self._middle(half[0], np.array([0.72]))[0],
            ((("bristles",), ("bristle",)), (("handle", "head"), ("plastic", "wood"))),
            None if self.trim == "raised tip" else 2, also={"poke-with": (("head",), poke, None)},
        )

    def _handle(self, head: float) -> Solid:
        """Returns neck and handle, from inside the head back to the butt."""
        t = np.concatenate([np.linspace(0.0, 0.95, 64), 0.95 + 0.05 * np.sin(np.linspace(0.1, 0.5 * np.pi, 12))])
        width, thick, neck = self.handle_width, self.handle_thickness, self.neck
        if self.handle_shape == "thumb grip":
            knots = [0.0, 0.08, 0.28, 0.42, 0.5, 0.58, 0.8, 1.0]
            across = [neck, neck, 0.8 * neck, width, 0.8 * width, 0.95 * width, width, 0.6 * width]
            tall = [0.7 * self.head_thickness, 0.9 * neck, 0.8 * neck, 0.9 * thick, 1.45 * thick, 1.2 * thick, thick, 0.6 * thick]
        elif self.handle_shape == "slat":
            knots, across = [0.0, 0.1, 0.25, 0.5, 1.0], [1.2 * neck, 1.15 * neck, 0.95 * width, width, width]
            tall = [0.9 * self.head_thickness, self.head_thickness, 0.6 * thick, 0.6 * thick, 0.6 * thick]
        else:
            # As thick all along where its weight hangs: it lies on that.
            knots, across = [0.0, 0.1, 0.3, 0.5, 0.75, 1.0], [neck, neck, 0.8 * neck, width, 0.98 * width, 0.85 * width]
            tall = [0.7 * self.head_thickness, 0.9 * neck, 0.85 * neck, thick, thick, 0.8 * thick]
        butt = np.sqrt(1.0 - np.clip((t - 0.95) / 0.0502, 0.0, 1.0) ** 2)
        half = 0.5 * np.stack([PchipInterpolator(knots, across)(t) * butt, PchipInterpolator(knots, tall)(t) * butt], axis=-1)
        return bar(self._middle(head, t), half, "handle", roundness=0.75)

    def _middle(self, head: float, t: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, "k 3"]:
        """Returns the middle line of neck and handle at shares ``t`` of the way to the butt."""
        lift = self.arch * np.sin(np.pi * np.clip((t - 0.2) / 0.8, 0.0, 1.0)) if self.handle_shape == "bent" else 0.0 * t
        return np.stack([-0.75 * head - t * (self.length - 1.75 * head), 0.0 * t, 0.5 * self.head_thickness + lift], axis=-1)


@dataclass(frozen=True)
class Paintbrush:
    """A paintbrush: a painter's flat one, a slanted one for sashes, or an artist's round one; its ferrule begins at x = 0."""

    width: float = setting(0.042, "width of a flat brush", unit="m", at_least=0.024, at_most=0.075)
    thickness: float = setting(0.013, "thickness of a flat brush", unit="m", at_least=0.01, at_most=0.018)
    radius: float = setting(0.0058, "radius of a round brush", unit="m", at_least=0.004, at_most=0.009)
    bristle_length: float = setting(0.048, "length of the bristles", unit="m", at_least=0.036, at_most=0.06)
    ferrule_length: float = setting(0.036, "length of the ferrule", unit="m", at_least=0.026, at_most=0.045)
    handle_length: float = setting(0.125, "length of the handle", unit="m", at_least=0.1, at_most=0.16)
    handle_width: float = setting(0.022, "width of a flat brush's handle", unit="m", at_least=0.017, at_most=0.028)
    taper: float = setting(0.45, "thickness of the bristles' ends over their beginnings", at_least=0.3, at_most=0.65)
    slant: float = setting(0.35, "slope of a slanted brush's ends", at_least=0.2, at_most=0.5)
    tuft_radius: float = setting(0.0011, "radius of a tuft", unit="m", at_least=0.0009, at_most=0.0014)
    style: str = setting("flat", "shape of the bristles", choices=("flat", "slanted", "round"))
    handle_shape: str = setting("beaver tail", "shape of a flat brush's handle", choices=("beaver tail", "pencil"))

    def build(self) -> FunctionalObject:
        """Returns the paintbrush: parts bristles, ferrule, handle; functions brush-, poke- and write-with."""
        size = 0.5 * np.array([self.width, self.thickness])
        if self.style == "round":
            size = np.array([self.radius, self.radius])
        whole = union([self._handle(size), self._ferrule(size), self._bristles(size)])
        return pointed(
            "paintbrush", whole, self.ferrule_length + self._reach(), -0.3 * self.handle_length,
            {name: ("bristles",) for name in ("brush-with", "poke-with", "write-with")},
            ((("bristles",), ("bristle",)), (("ferrule",), ("steel", "chrome", "brass")),
             (("handle",), ("wood", "plastic", "dark wood", "enamel"))),
            {"flat": 2, "slanted": None, "round": ANY_ANGLE}[self.style],
        )

    def _reach(self) -> float:
        return 0.55 * self.bristle_length if self.style == "round" else self.bristle_length

    def _bristles(self, size: Float64[np.ndarray, " 2"]) -> Solid:
        """Returns tufts round a core, from inside the ferrule; round ones swell, then run into a point."""
        begin, reach, r = self.ferrule_length - 0.004, self._reach() + 0.004, self.tuft_radius
        slope = self.slant if self.style == "slanted" else 0.0
        t = np.linspace(0.0, 1.0, 14)
        if self.style == "round":
            swell = np.interp(t, [0.0, 0.3, 0.6, 0.85, 1.0], [0.85, 1.0, 0.8, 0.4, 0.12])
            return bar((begin + t * reach)[:, None] * _X, swell[:, None] * size, "bristles", segments=28)
        # Tufts stand half out of the core all round it, so that no hollows are shut in between them.
        fine = superellipse(size - 0.8 * r, 0.45, 400)
        run = np.insert(np.cumsum(np.linalg.norm(np.diff(fine, axis=0), axis=1)), 0, 0.0)
        even = np.linspace(0.0, run[-1], int(run[-1] / (2.3 * r)))[:-1]
        roots = np.stack([np.interp(even, run, fine[:, k]) for k in range(2)], axis=-1)
        wander = np.random.default_rng(0).uniform(-0.02, 0.02, len(roots)) * reach
        ends = np.stack([begin + reach - slope * roots[:, 0] + wander, 1.04 * roots[:, 0], self.taper * roots[:, 1]], axis=-1)
        tufts = bristles(np.insert(roots, 0, begin, axis=1), ends, r, "bristles")
        rings = [np.insert(fine[::8] * [1.0 + 0.04 * share, 1.0 + (self.taper - 1.0) * share], 0,
                           begin + share * (0.98 * reach - slope * fine[::8, 0]), axis=1) for share in (0.0, 1.0)]
        return tufts + loft(np.array(rings), np.full(3, "bristles"))

    def _ferrule(self, size: Float64[np.ndarray, " 2"]) -> Solid:
        long, out = self.ferrule_length, size + 0.0006
        x = np.array([0.0, 0.02, 0.1, 0.12, 0.16, 0.18, 0.6, 0.62, 0.66, 0.68, 0.98, 1.0]) * long
        bead = np.array([0.0, 0.0005, 0.0005, 0.0, 0.0, 0.0005, 0.0005, 0.0, 0.0, 0.0005, 0.0005, 0.0])
        back = np.interp(x / long, [0.0, 1.0], [0.72, 1.0]) if self.style == "round" else np.ones(12)
        return bar(x[:, None] * _X, back[:, None] * out + bead[:, None], "ferrule", roundness=self._roundness(), segments=40)

    def _handle(self, size: Float64[np.ndarray, " 2"]) -> Solid:
        reach = self.handle_length * (1.45 if self.style == "round" else 1.0)
        t = np.concatenate([np.linspace(0.0, 0.93, 48), 0.93 + 0.07 * np.sin(np.linspace(0.1, 0.5 * np.pi, 12))])
        butt = np.sqrt(1.0 - np.clip((t - 0.93) / 0.0702, 0.0, 1.0) ** 2)
        if self.style == "round":
            wide = PchipInterpolator([0.0, 0.18, 0.6, 1.0], np.array([0.7, 1.0, 0.75, 0.5]) * size[0])(t)
            thick = wide
        else:
            grip, shoulder = 0.5 * self.handle_width, 0.97 * size[0]
            ends = [0.78, 1.15, 1.0] if self.handle_shape == "beaver tail" else [0.8, 0.7, 0.5]
            wide = PchipInterpolator([0.0, 0.06, 0.3, 0.75, 1.0], [shoulder, 0.94 * shoulder, *(grip * np.array(ends))])(t)
            thick = PchipInterpolator([0.0, 0.3, 0.75, 1.0], np.array([0.95, 0.8, 0.75, 0.6]) * size[1])(t)
        curve = (0.004 - t * (reach + 0.004))[:, None] * _X
        return bar(curve, np.stack([wide * butt, np.minimum(thick, 1.2 * wide) * butt], axis=-1), "handle", roundness=0.9)

    def _roundness(self) -> float:
        return 1.0 if self.style == "round" else 0.45
