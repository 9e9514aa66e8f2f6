# SPDX-License-Identifier: Apache-2.0
"""Tools that work with their point: screwdriver, awl, nail, skewer, stirrer; along the x axis, the point at +x."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import PchipInterpolator

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject
from func_corr_ros.data.objects.pointed import Substances, knob, pointed
from func_corr_ros.data.objects.primitives import along, ball, bar, box, rod, turned, union
from func_corr_ros.data.objects.solids import Solid, loft
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Screwdriver:
    """A screwdriver; its handle ends at x = 0. The blade of a slotted one is as wide as it lies on the table (along y)."""

    handle_length: float = setting(0.095, "length of the handle", unit="m", at_least=0.06, at_most=0.125)
    handle_radius: float = setting(0.015, "largest radius of the handle", unit="m", at_least=0.011, at_most=0.019)
    shaft_length: float = setting(0.1, "length of the shaft with its tip", unit="m", at_least=0.05, at_most=0.18)
    shaft_radius: float = setting(0.003, "radius of the shaft", unit="m", at_least=0.0022, at_most=0.0042)
    tip_length: float = setting(0.014, "length of the tip", unit="m", at_least=0.01, at_most=0.02)
    tip_ratio: float = setting(1.2, "width of a slotted tip over the shaft's", at_least=0.85, at_most=1.6)
    edge: float = setting(0.0011, "thickness of a slotted tip's edge", unit="m", at_least=0.0008, at_most=0.0016)
    collar_ratio: float = setting(0.5, "radius of the collar before the handle over the handle's", at_least=0.38, at_most=0.6)
    collar_length: float = setting(0.01, "length of the collar", unit="m", at_least=0.004, at_most=0.02)
    tip_style: str = setting("slotted", "shape of the tip", choices=("slotted", "cross"))
    handle_style: str = setting("fluted", "shape of the handle", choices=("fluted", "ball", "lobed"))

    def build(self) -> FunctionalObject:
        """Returns the screwdriver: parts collar, handle, shaft, tip."""
        r, bare = self.shaft_radius, self.shaft_length - self.tip_length
        collar = max(self.collar_ratio * self.handle_radius, r + 0.001)
        whole = union([
            knob(self.handle_style, self.handle_length, self.handle_radius),
            rod(-0.004 * _X, self.collar_length * _X, (collar, max(0.75 * collar, r + 0.0008)), "collar"),
            rod(np.zeros(3), bare * _X, r, "shaft"),
            self._slotted(bare) if self.tip_style == "slotted" else self._cross(bare),
        ])
        return pointed(
            "screwdriver", whole, self.shaft_length, -0.5 * self.handle_length,
            {"dig-with": ("tip",), "mix-with": ("shaft", "tip"), "pierce-with": ("tip",), "poke-with": ("tip",),
             "pry-with": ("tip",), "scrape-with": ("tip",)},
            ((("handle",), ("plastic", "rubber", "wood")), (("collar",), ("plastic", "brass")),
             (("shaft", "tip"), ("steel", "chrome"))),
            order=2 if self.tip_style == "slotted" else 4,
        )

    def _slotted(self, start: float) -> Solid:
        """Returns the tip: the shaft is forged flat into a blade, wide along y."""
        t = np.linspace(0.0, 1.0, 16)
        t[0] = -0.1  # begins inside the shaft
        swell = np.interp(t, [-0.1, 0.0, 0.45, 1.0], [0.95, 1.0, self.tip_ratio, 0.95 * self.tip_ratio])
        thin = self.edge / 2.0 + (self.shaft_radius - self.edge / 2.0) * np.minimum(1.0 - t, 0.96) ** 1.5
        power = 0.25 + 0.75 * np.minimum(1.0 - t, 1.0) ** 3  # round as the shaft where it begins, a rectangle at the edge
        angle = 2.0 * np.pi * (np.arange(40) + 0.5) / 40
        y = self.shaft_radius * swell[:, None] * _signed(np.cos(angle), power)
        z = thin[:, None] * _signed(np.sin(angle), power)
        x = np.broadcast_to((start + t * self.tip_length)[:, None], y.shape)
        return loft(np.stack([x, y, z], axis=-1), np.full(17, "tip"))

    def _cross(self, start: float) -> Solid:
        """Returns the tip: a blunt cone with four flutes."""
        end, r = start + self.tip_length, self.shaft_radius
        profile = np.array([[0.0, -0.1], [0.95, -0.1], [1.0, 0.0], [1.0, 0.35], [0.28, 0.95], [0.2, 1.0], [0.0, 1.0]])
        cone = turned(profile * [r, self.tip_length], ["tip"] * 6, along(start * _X, end * _X), segments=48)
        for turn in np.pi / 4.0 + np.pi / 2.0 * np.arange(4):
            out = np.array([0.0, np.cos(turn), np.sin(turn)])
            cone = cone - rod((start + 0.4 * self.tip_length) * _X + 1.05 * r * out, (end + 0.001) * _X + 0.55 * r * out,
                              0.45 * r, "tip", segments=20)
        return cone


@dataclass(frozen=True)
class Awl:
    """An awl: a wooden handle, a ferrule, a spike that runs into a point."""

    handle_length: float = setting(0.085, "length of the handle", unit="m", at_least=0.055, at_most=0.11)
    handle_radius: float = setting(0.016, "largest radius of the handle", unit="m", at_least=0.012, at_most=0.021)
    ferrule_length: float = setting(0.012, "length of the ferrule", unit="m", at_least=0.006, at_most=0.018)
    ferrule_radius: float = setting(0.0085, "radius of the ferrule at the handle", unit="m", at_least=0.0065, at_most=0.0105)
    spike_length: float = setting(0.075, "length of the spike with its tip", unit="m", at_least=0.045, at_most=0.12)
    spike_radius: float = setting(0.0028, "radius of the spike at the ferrule", unit="m", at_least=0.002, at_most=0.0045)
    tip_length: float = setting(0.016, "length of the tip", unit="m", at_least=0.01, at_most=0.022)
    taper: float = setting(0.75, "radius where the tip begins over that at the ferrule", at_least=0.5, at_most=0.95)
    point: float = setting(0.0004, "radius of the point", unit="m", at_least=0.0003, at_most=0.0006)
    handle_style: str = setting("pear", "shape of the handle", choices=("pear", "mushroom", "octagon"))
    spike_style: str = setting("round", "section of the spike", choices=("round", "square"))

    def build(self) -> FunctionalObject:
        """Returns the awl: parts ferrule, handle, shaft (the spike up to its tip), tip."""
        round_spike = self.spike_style == "round"
        sides = 32 if round_spike else 4
        before = self.spike_length - self.tip_length
        waist = self.taper * self.spike_radius
        ferrule, wide = self.ferrule_length * _X, self.ferrule_radius
        whole = union([
            knob(self.handle_style, self.handle_length, self.handle_radius),
            rod(-ferrule, 0.25 * ferrule, (wide, 0.8 * wide), "ferrule"),
            rod(np.zeros(3), before * _X, (self.spike_radius, waist), "shaft", sides),
            rod(before * _X, self.spike_length * _X, (waist, self.point), "tip", sides),
        ])
        return pointed(
            "awl", whole, self.spike_length, -0.5 * self.handle_length,
            {"dig-with": ("shaft", "tip"), "mix-with": ("shaft", "tip"), "pierce-with": ("tip",), "poke-with": ("tip",),
             "scrape-with": ("tip",)},
            ((("handle",), ("wood", "dark wood", "plastic")), (("ferrule",), ("brass", "steel")), (("shaft", "tip"), ("steel",))),
            order=ANY_ANGLE if round_spike else 4,
        )


@dataclass(frozen=True)
class Nail:
    """A nail; its head ends at x = 0."""

    length: float = setting(0.08, "length under the head", unit="m", at_least=0.035, at_most=0.13)
    slenderness: float = setting(22.0, "length over the shank's diameter", at_least=16.0, at_most=30.0)
    head_ratio: float = setting(2.4, "diameter of the head over the shank's", at_least=1.9, at_most=3.2)
    head_thickness: float = setting(0.7, "thickness of the head over the shank's diameter", at_least=0.45, at_most=1.0)
    tip_ratio: float = setting(2.0, "length of the tip over the shank's diameter", at_least=1.5, at_most=2.6)
    point: float = setting(0.12, "radius of the point over the shank's", at_least=0.08, at_most=0.2)
    rings: float = setting(0.6, "share of the shank that is ringed, on ringed ones", at_least=0.35, at_most=0.85)
    ring_depth: float = setting(0.14, "depth of the rings over the shank's radius", at_least=0.08, at_most=0.2)
    head_style: str = setting("flat", "shape of the head", choices=("flat", "countersunk", "dome", "double"))
    shank_style: str = setting("smooth", "shape of the shank", choices=("smooth", "ringed", "square"))

    def build(self) -> FunctionalObject:
        """Returns the nail: parts head, shank, tip."""
        r = 0.5 * self.length / self.slenderness
        before = self.length - 2.0 * r * self.tip_ratio
        sides = 4 if self.shank_style == "square" else 32
        # Four corners of a square whose sides are as far apart as the round shank's.
        girth = r * (np.sqrt(2.0) if sides == 4 else 1.0)
        parts = [self._shank(r, girth, before, sides), rod(before * _X, self.length * _X, (girth, self.point * r), "tip", sides)]
        whole = union([self._head(r), *parts])
        return pointed(
            "nail", whole, self.length, 0.45 * self.length,
            {function: ("tip",) for function in ("dig-with", "pierce-with", "poke-with", "scrape-with")},
            ((("head", "shank", "tip"), ("steel", "brass", "chrome")),), order=ANY_ANGLE if sides > 4 else 4,
        )

    def _shank(self, r: float, girth: float, end: float, sides: int) -> Solid:
        if self.shank_style != "ringed":
            return rod(-0.2 * r * _X, end * _X, float(girth), "shank", sides)
        first = end - self.rings * end
        count = int((end - first) / (0.9 * r))
        teeth = np.repeat(np.linspace(first, end - 0.2 * r, count + 1), 2)[1:-1]
        radii = np.tile([r * (1.0 + self.ring_depth), r * (1.0 - self.ring_depth)], count)
        profile = np.array([[0.0, -0.2 * r], [r, -0.2 * r], [r, first], *np.stack([radii, teeth], axis=-1), [r, end], [0.0, end]])
        profile[4::2, 1] -= 0.1 * r  # a tooth's steep side leans a little, so that no two rings coincide
        profile = np.delete(profile, -3, axis=0)
        return turned(profile, ["shank"] * (len(profile) - 1), along(np.zeros(3), _X), segments=24)

    def _head(self, r: float) -> Solid:
        wide, thick = self.head_ratio * r, 2.0 * self.head_thickness * r
        outline = {
            "flat": [(0.0, -thick), (0.92 * wide, -thick), (wide, -0.8 * thick), (wide, -0.2 * thick), (0.92 * wide, 0.0),
                     (0.0, 0.0)],
            "countersunk": [(0.0, -thick), (wide, -thick), (wide, -0.75 * thick), (r, 0.7 * thick), (0.0, 0.7 * thick)],
            "dome": [(0.0, -1.2 * thick), *_arc(wide, 1.2 * thick), (wide, 0.0), (0.0, 0.0)],
            "double": [(0.0, -thick), (wide, -thick), (wide, 0.0), (r, 0.1 * thick), (r, 2.2 * thick), (1.1 * wide, 2.3 * thick),
                       (1.1 * wide, 3.1 * thick), (0.0, 3.1 * thick)],
        }[self.head_style]
        return turned(np.array(outline), ["head"] * (len(outline) - 1), along(np.zeros(3), _X), segments=48)


@dataclass(frozen=True)
class Skewer:
    """A skewer of wood or metal, plain or with something to hold it by at x = 0."""

    length: float = setting(0.2, "length of shaft and tip", unit="m", at_least=0.14, at_most=0.26)
    radius: float = setting(0.0021, "radius of the shaft", unit="m", at_least=0.0016, at_most=0.003)
    tip_length: float = setting(0.016, "length of the tip", unit="m", at_least=0.01, at_most=0.024)
    point: float = setting(0.0005, "radius of the point", unit="m", at_least=0.0004, at_most=0.0007)
    holder_length: float = setting(0.032, "length of what it is held by", unit="m", at_least=0.022, at_most=0.045)
    holder_width: float = setting(0.013, "width of what it is held by", unit="m", at_least=0.01, at_most=0.02)
    holder_thickness: float = setting(0.0034, "thickness of what it is held by", unit="m", at_least=0.003, at_most=0.0045)
    flatness: float = setting(0.8, "thickness of the shaft over its width", at_least=0.6, at_most=1.0)
    style: str = setting("plain", "what it is held by", choices=("plain", "paddle", "ring", "bead"))

    def build(self) -> FunctionalObject:
        """Returns the skewer: parts shaft, tip and, but on plain ones, handle."""
        half = self.radius * np.array([1.0, self.flatness])
        before = self.length - self.tip_length
        end = np.minimum(self.point, 0.9 * half)
        pieces = [bar(np.stack([0.0 * _X, before * _X]), np.stack([half, half]), "shaft", segments=16),
                  bar(np.stack([before * _X, self.length * _X]), np.stack([half, end]), "tip", segments=16)]
        whole = union(pieces + ([] if self.style == "plain" else [self._holder()]))
        wooden = ("wood", "dark wood")
        made_of = ("steel", "chrome") if self.style == "ring" else wooden
        shaft = ((("shaft", "tip"), made_of),)
        held = {"plain": (), "paddle": ((("handle",), wooden),), "ring": ((("handle",), made_of),),
                "bead": ((("handle",), ("plastic", "wood", "glass")),)}[self.style]
        return pointed("skewer", whole, self.length, 0.3 * self.length,
                       {"mix-with": ("shaft", "tip"), "pierce-with": ("tip",), "poke-with": ("tip",)}, shaft + held)

    def _holder(self) -> Solid:
        long, wide, thick = self.holder_length, self.holder_width / 2.0, self.holder_thickness / 2.0
        if self.style == "paddle":
            x = np.linspace(-long, 0.006, 24)
            width = PchipInterpolator([-long, -0.92 * long, -0.5 * long, 0.006], [0.6 * wide, wide, wide, self.radius])(x)
            return bar(x[:, None] * _X, np.stack([width, np.full(24, thick)], axis=-1), "handle", roundness=0.3)
        if self.style == "ring":
            return _ring(np.array([-wide - 0.5 * thick, 0.0, 0.0]), float(wide), float(thick), "handle")
        end, neck = 1.7 * wide, self.radius + 0.0006
        line = [(0.0, -end), (0.3 * wide, -end), (0.62 * wide, -0.85 * end), (0.75 * wide, -0.6 * end), (0.75 * wide, -0.4 * end),
                (0.6 * wide, -0.12 * end), (neck, 0.0), (neck, 0.006), (0.0, 0.006)]
        return turned(np.array(line), ["handle"] * 8, along(np.zeros(3), _X), segments=20)


@dataclass(frozen=True)
class Stirrer:
    """A stirrer for drinks; what is dipped in is at +x."""

    length: float = setting(0.17, "length", unit="m", at_least=0.12, at_most=0.23)
    radius: float = setting(0.002, "radius of the shaft", unit="m", at_least=0.0016, at_most=0.0028)
    tip_length: float = setting(0.026, "length of the working end", unit="m", at_least=0.018, at_most=0.036)
    tip_width: float = setting(0.014, "width of the working end", unit="m", at_least=0.011, at_most=0.02)
    tip_thickness: float = setting(0.0028, "thickness of a paddle", unit="m", at_least=0.0024, at_most=0.0036)
    top_radius: float = setting(0.0055, "radius of the knob at the top", unit="m", at_least=0.004, at_most=0.008)
    stick_width: float = setting(0.008, "width of a stick", unit="m", at_least=0.0055, at_most=0.011)
    stick_thickness: float = setting(0.002, "thickness of a stick", unit="m", at_least=0.0016, at_most=0.0028)
    style: str = setting("paddle", "shape of the working end", choices=("paddle", "ball", "star", "stick"))

    def build(self) -> FunctionalObject:
        """Returns the stirrer: parts shaft, tip and, but on sticks, handle (the knob)."""
        begin = self.length - self.tip_length
        flat = self.style in ("paddle", "stick")
        substances: Substances
        if self.style == "stick":
            pieces = [self._stick(begin)]
            substances = ((("shaft", "tip"), ("wood", "plastic")),)
        else:
            thin = min(self.radius, 0.45 * self.tip_thickness) if flat else self.radius
            pieces = [rod(np.zeros(3), (self.length - 0.3 * self.tip_width) * _X, (self.radius, thin), "shaft", 24),
                      ball(np.zeros(3), self.top_radius, "handle"), self._end(begin)]
            substances = ((("shaft", "tip"), ("plastic", "steel", "glass")), (("handle",), ("plastic", "wood", "glass")))
        return pointed("stirrer", union(pieces), self.length, 0.35 * self.length,
                       {"mix-with": ("tip",), "poke-with": ("tip",)}, substances,
                       order=2 if flat else {"ball": ANY_ANGLE, "star": 6}[self.style])

    def _end(self, begin: float) -> Solid:
        """Returns the working end, from a little before the shaft's end to x = length."""
        wide, middle = self.tip_width / 2.0, (begin + self.length) / 2.0
        if self.style == "ball":
            return ball((self.length - 0.62 * wide) * _X, 0.62 * wide, "tip")
        if self.style == "paddle":
            x = begin + self.tip_length * (1.0 - np.cos(np.linspace(0.05, np.pi - 0.05, 28))) / 2.0
            x[-1] = self.length
            off = np.minimum(np.abs(x - middle) / (0.5 * self.tip_length), 0.95)
            width = wide * np.sqrt(1.0 - off**2)
            thick = np.full(28, self.tip_thickness / 2.0)
            return bar(x[:, None] * _X, np.stack([width, thick], axis=-1), "tip", roundness=0.25)
        hub = rod((self.length - 0.8 * wide) * _X, self.length * _X, 0.35 * wide, "tip", 24)
        spokes = [rod((self.length - 0.4 * wide) * _X, (self.length - 0.4 * wide) * _X
                      + wide * np.array([0.0, np.cos(a), np.sin(a)]), 0.2 * wide, "tip", 12) for a in np.pi / 3.0 * np.arange(6)]
        return union([hub, *spokes])

    def _stick(self, begin: float) -> Solid:
        half, thick, reach = self.stick_width / 2.0, self.stick_thickness / 2.0, self.length
        near = half * (1.0 - np.cos(np.linspace(0.15, np.pi / 2.0, 10)))
        x = np.concatenate([near - near[0], np.linspace(1.2 * half, reach - 1.2 * half, 24), reach - (near - near[0])[::-1]])
        width = half * np.sqrt(np.clip(1.0 - np.clip(1.0 - np.minimum(x, reach - x) / half, 0.0, 0.985) ** 2, 0.0, 1.0))
        stick = bar(x[:, None] * _X, np.stack([width, np.full(len(x), thick)], axis=-1), "shaft", roundness=0.4)
        region = box(np.array([begin, -1.0, -1.0]), np.array([reach + 1.0, 1.0, 1.0]), "tip")
        return stick.painted(region, "tip")


def _signed(value: Float64[np.ndarray, " n"], power: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, "k n"]:
    return np.sign(value) * np.abs(value) ** power[:, None]


def _arc(radius: float, height: float) -> list[tuple[float, float]]:
    """Returns (radius, z) of a dome from just beside its top, at z = -height, down to just above its foot."""
    return [(radius * np.sin(a), -height * np.cos(a)) for a in np.linspace(0.15, np.pi / 2.0, 12)[:-1]]


def _ring(middle: Float64[np.ndarray, " 3"], radius: float, thickness: float, part: str) -> Solid:
    """Returns a ring in the plane z = 0."""
    angle = 2.0 * np.pi * np.arange(24) / 24
    section = np.stack([radius + thickness * np.cos(angle), thickness * np.sin(angle)], axis=-1)
    turn = np.linspace(0.0, np.pi, 33)
    halves = []
    for start in (0.0, np.pi - 0.01):
        a = start + turn * (1.0 + 0.02 * (start > 0.0))
        rings = np.stack([section[None, :, 0] * np.cos(a)[:, None], section[None, :, 0] * np.sin(a)[:, None],
                          np.broadcast_to(section[:, 1], (33, 24))], axis=-1)
        halves.append(loft(middle + rings[:, ::-1], np.full(34, part)))
    return halves[0] + halves[1]
