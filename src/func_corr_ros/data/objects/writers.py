# SPDX-License-Identifier: Apache-2.0
"""Things to write with: pencil, pen, marker, crayon; along the x axis, their back at x = 0, their tip at +x."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject
from func_corr_ros.data.objects.pointed import Substances, pointed
from func_corr_ros.data.objects.primitives import along, bar, box, turned, union
from func_corr_ros.data.objects.solids import Solid, extrude, loft
from func_corr_ros.geometry.se3 import make
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)
_ALONG = along(np.zeros(3), _X)
_SEGMENTS = 32


@dataclass(frozen=True)
class Pencil:
    """A sharpened pencil; where a cornered barrel meets the cone, the paint ends in scallops."""

    length: float = setting(0.16, "length of the wooden part with the point", unit="m", at_least=0.09, at_most=0.185)
    radius: float = setting(0.0037, "half the width across the flats", unit="m", at_least=0.0034, at_most=0.0048)
    cone_length: float = setting(0.02, "length of the sharpened cone", unit="m", at_least=0.015, at_most=0.026)
    lead_ratio: float = setting(0.34, "radius of the lead where it shows over the barrel's", at_least=0.31, at_most=0.44)
    point: float = setting(0.0004, "radius of the point", unit="m", at_least=0.0003, at_most=0.0006)
    ferrule_length: float = setting(0.011, "length of the eraser's ferrule", unit="m", at_least=0.008, at_most=0.015)
    eraser_length: float = setting(0.008, "length of the eraser", unit="m", at_least=0.004, at_most=0.012)
    edge_rounding: float = setting(0.3, "rounding of the barrel's edges over its radius", at_least=0.15, at_most=0.5)
    section: str = setting("hexagon", "section of the barrel", choices=("hexagon", "round", "triangle"))
    end: str = setting("eraser", "what the back ends in", choices=("eraser", "dip", "cut"))

    def build(self) -> FunctionalObject:
        """Returns the pencil: parts barrel, cone (bare wood), tip (the lead) and, by its end, ferrule and eraser, or cap."""
        widest = self.radius * {"hexagon": 1.16, "round": 1.0, "triangle": 1.7}[self.section]
        shape = widest * _rounded_polygon({"hexagon": 6, "round": 0, "triangle": 3}[self.section], self.edge_rounding)
        blank = extrude(shape, self.length + 0.001, "barrel").moved(_ALONG)
        steep = self.cone_length / self.radius  # along over across, the same on the lead as on the wood
        lead, over = self.lead_ratio * self.radius, 1.05 * widest
        ends = self.length - steep * (np.array([over, lead, self.point]) - self.point)
        profile = [(0.0, -0.001), (over, -0.001), (over, ends[0]), (lead, ends[1]), (self.point, ends[2]), (0.0, ends[2])]
        sharp = blank & turned(np.array(profile), ["barrel", "barrel", "cone", "tip", "tip"], _ALONG)
        back, made_of = self._back()
        return pointed(
            "pencil", sharp + back if back else sharp, self.length, 0.5 * self.length,
            {name: ("tip",) for name in ("mix-with", "pierce-with", "poke-with", "scrape-with", "write-with")},
            ((("barrel",), ("wood", "dark wood", "enamel")), (("cone",), ("wood",)), (("tip",), ("graphite",)), *made_of),
        )

    def _back(self) -> tuple[Solid | None, Substances]:
        """Returns what the back ends in, and its substances."""
        r, ferrule, rubber = 1.06 * self.radius, self.ferrule_length, self.eraser_length
        if self.end == "cut":
            return None, ()
        if self.end == "dip":
            profile = [(0.0, -0.0016), (0.55 * r, -0.0012), (0.9 * r, -0.0004), (r, 0.0006), (r, 0.008), (0.0, 0.008)]
            return turned(np.array(profile), ["cap"] * 5, _ALONG, _SEGMENTS), ((("cap",), ("enamel", "plastic")),)
        x = np.array([0.0, 0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0, 1.0]) * ferrule - 0.7 * ferrule
        out = np.array([0.0, 1.08, 1.08, 1.0, 1.08, 1.0, 1.0, 1.08, 1.0, 1.08, 1.08, 0.0]) * r
        sleeve = turned(np.stack([out, x], axis=-1), ["ferrule"] * 11, _ALONG, _SEGMENTS)
        end = x[0] - rubber
        stub = [(0.0, end), (0.7 * r, end), (0.92 * r, end + 0.15 * rubber), (r, end + 0.35 * rubber), (r, x[1] + 0.001),
                (0.0, x[1] + 0.001)]
        made_of = ((("ferrule",), ("brass", "chrome", "steel")), (("eraser",), ("rubber",)))
        return sleeve + turned(np.array(stub), ["eraser"] * 5, _ALONG, _SEGMENTS), made_of


@dataclass(frozen=True)
class Pen:
    """A pen without its cap on the tip: a click pen, a cornered stick with its cap behind, or a fountain pen."""

    length: float = setting(0.142, "length", unit="m", at_least=0.125, at_most=0.155)
    radius: float = setting(0.0052, "radius of the barrel", unit="m", at_least=0.004, at_most=0.0068)
    cone_length: float = setting(0.014, "length of the cone or section before the tip", unit="m", at_least=0.01, at_most=0.022)
    tip_length: float = setting(0.0055, "length of a ballpoint's tip", unit="m", at_least=0.004, at_most=0.008)
    tip_radius: float = setting(0.0014, "radius of a ballpoint's tip where it begins", unit="m", at_least=0.0012, at_most=0.0018)
    grip_share: float = setting(0.27, "length of the grip over the pen's", at_least=0.2, at_most=0.36)
    waist: float = setting(0.92, "radius of the grip over the barrel's", at_least=0.84, at_most=1.0)
    clip_length: float = setting(0.042, "length of the clip", unit="m", at_least=0.032, at_most=0.05)
    clip_width: float = setting(0.0042, "width of the clip", unit="m", at_least=0.003, at_most=0.0055)
    nib_length: float = setting(0.021, "length of a fountain pen's nib", unit="m", at_least=0.017, at_most=0.025)
    style: str = setting("click", "what kind of pen it is", choices=("click", "stick", "fountain"))

    def build(self) -> FunctionalObject:
        """Returns the pen: parts barrel, clip, tip and, by its style, button, cap, grip, cone."""
        body, made_of = {"click": self._click, "stick": self._stick, "fountain": self._fountain}[self.style]()
        tip = {name: ("tip",) for name in ("mix-with", "pierce-with", "scrape-with", "write-with")}
        whole = body + self._clip()
        return pointed("pen", whole, self.length, 0.6 * self.length, tip, made_of,
                       None if self.style == "fountain" else ANY_ANGLE, rolls=("barrel", 0.5 * self.length))

    def _click(self) -> tuple[Solid, Substances]:
        r, end, grip = self.radius, self.length - self.tip_length, self.waist * self.radius
        front = end - self.cone_length
        first = front - self.grip_share * self.length
        line = [(0.0, 0.0, "button"), (0.5 * r, 0.0, "button"), (0.55 * r, 0.001, "button"), (0.55 * r, 0.009, "barrel"),
                (0.85 * r, 0.009, "barrel"), (r, 0.013, "barrel"), (r, first, "grip")]
        for x in np.linspace(first + 0.001, front - 0.002, 9):  # rings of the rubber grip
            line += [(1.03 * grip, x, "grip"), (0.97 * grip, x + 0.0012, "grip")]
        line += [(grip, front, "cone"), (0.75 * grip, front + 0.5 * self.cone_length, "cone"),
                 (1.15 * self.tip_radius, end, "tip"), (self.tip_radius, end, "tip"),
                 (0.0005, self.length, "tip"), (0.0, self.length, "tip")]
        metal = ("steel", "chrome", "brass")
        return _turned(line), ((("barrel",), ("plastic", "enamel", "chrome")), (("grip",), ("rubber",)),
                               (("cone", "tip"), metal), (("button", "clip"), ("plastic", *metal)))

    def _stick(self) -> tuple[Solid, Substances]:
        r, end, cap = 0.82 * self.radius, self.length - self.tip_length, 0.36 * self.length
        front = end - self.cone_length
        barrel = extrude(1.08 * r * _rounded_polygon(6, 0.25), front, "barrel").moved(_ALONG)
        shoulder = front + 0.2 * self.cone_length
        cone = [(0.0, front - 0.001, "cone"), (0.97 * r, front - 0.001, "cone"), (0.9 * r, shoulder, "cone"),
                (1.15 * self.tip_radius, end, "tip"), (self.tip_radius, end, "tip"), (0.0005, self.length, "tip"),
                (0.0, self.length, "tip")]
        posted = [(0.0, -0.004, "cap"), (0.6 * r, -0.004, "cap"), (self.radius, 0.001, "cap"),
                  (1.06 * self.radius, cap, "cap"), (0.0, cap, "cap")]
        return union([barrel, _turned(cone), _turned(posted)]), (
            (("barrel",), ("plastic", "enamel")), (("cone", "tip"), ("brass", "steel")), (("cap", "clip"), ("plastic",)))

    def _fountain(self) -> tuple[Solid, Substances]:
        r, collar = 1.1 * self.radius, self.length - self.nib_length
        first = collar - self.grip_share * self.length
        line = [(0.0, 0.0, "barrel"), (0.4 * r, 0.0, "barrel"), (0.72 * r, 0.004, "barrel"), (0.94 * r, 0.03, "barrel"),
                (r, 0.06, "barrel"), (r, first - 0.004, "cone"), (1.06 * r, first - 0.003, "cone"),
                (1.06 * r, first - 0.001, "cone"), (0.9 * self.waist * r, first, "grip"),
                (0.72 * r, collar - 0.004, "grip"), (0.8 * r, collar - 0.001, "grip"),
                (0.74 * r, collar, "grip"), (0.0, collar, "grip")]
        t = np.linspace(0.0, 1.0, 14)[:, None]
        wide = np.interp(t[:, 0], [0.0, 0.25, 0.5, 0.8, 1.0], [0.7, 0.92, 0.72, 0.3, 0.1])[:, None] * r
        turn = np.linspace(-1.0, 1.0, 13)
        # An arc of metal over the feed; it flattens to the tip, which lies on the pen's axis.
        arch = wide * (0.75 - 0.35 * t) * (np.cos(1.2 * turn) - np.cos(1.2)) + 0.1 * r * (1.0 - t)
        x = np.broadcast_to(collar - 0.004 + t * (self.nib_length + 0.004), arch.shape)
        outer = np.stack([x, wide * turn, arch + 0.0004], axis=-1)
        rings = np.concatenate([outer[:, ::-1], outer - 0.0008 * _Z], axis=1)
        nib = loft(rings, np.full(15, "tip"))
        feed = bar(np.linspace(collar - 0.004, collar + 0.72 * self.nib_length, 12)[:, None] * _X - 0.0006 * _Z,
                   np.stack([np.linspace(0.4, 0.08, 12) * r, np.linspace(0.5, 0.12, 12) * r], axis=-1), "grip")
        return union([_turned(line), feed, nib]), (
            (("barrel",), ("plastic", "enamel", "wood")), (("grip",), ("plastic",)),
            (("cone", "clip", "tip"), ("steel", "brass", "chrome")))

    def _clip(self) -> Solid:
        """Returns the clip along the top, standing off the barrel but for its root and its ball."""
        half, start = self.clip_width / 2.0, 0.013
        top = self.radius * {"click": 1.0, "stick": 1.06, "fountain": 1.06}[self.style]
        back = 0.0 if self.style != "fountain" else 0.012
        x = start + back + np.array([0.0, 0.0, 0.06, 0.5, 0.86, 0.93, 1.0]) * self.clip_length
        z = top + np.array([-0.0025, 0.0003, 0.0018, 0.0018, 0.0006, 0.0001, 0.0012])
        line = np.stack([x, np.zeros(7), z], axis=-1)
        even = np.linspace(0.0, 6.0, 40)
        curve = np.stack([np.interp(even, np.arange(7), line[:, k]) for k in range(3)], axis=-1)
        return bar(curve, np.array([[half, 0.00065]] * 40), "clip", up=(-1.0, 0.0, 0.0), segments=16, roundness=0.4)


@dataclass(frozen=True)
class Marker:
    """A felt-tip marker, its cap off or stuck on the back."""

    length: float = setting(0.125, "length", unit="m", at_least=0.105, at_most=0.145)
    radius: float = setting(0.0085, "radius of the body", unit="m", at_least=0.0065, at_most=0.0125)
    tip_length: float = setting(0.007, "how far the felt stands out", unit="m", at_least=0.005, at_most=0.011)
    tip_ratio: float = setting(0.32, "radius of the felt over the body's", at_least=0.26, at_most=0.44)
    nozzle_length: float = setting(0.011, "length of the nozzle that holds the felt", unit="m", at_least=0.007, at_most=0.016)
    seat_length: float = setting(0.022, "length of the seat of the cap", unit="m", at_least=0.014, at_most=0.03)
    seat_ratio: float = setting(0.82, "radius of the cap's seat over the body's", at_least=0.7, at_most=0.9)
    back_ratio: float = setting(0.9, "radius of the back over the body's", at_least=0.6, at_most=1.0)
    cap_share: float = setting(0.33, "length of the cap over the marker's", at_least=0.26, at_most=0.4)
    slant: float = setting(0.5, "how far a chisel tip's edge slants, over its width", at_least=0.3, at_most=0.7)
    tip_style: str = setting("bullet", "shape of the felt", choices=("bullet", "chisel"))
    cap_style: str = setting("off", "where the cap is", choices=("off", "posted"))

    def build(self) -> FunctionalObject:
        """Returns the marker: parts body, nozzle (with the cap's seat), tip and, where it is posted, cap."""
        r, felt = self.radius, self.length - self.tip_length
        seat, front = felt - self.nozzle_length - self.seat_length, felt - self.nozzle_length
        tip, back = self.tip_ratio * r, self.back_ratio * r
        line = [(0.0, 0.0, "body"), (0.8 * back, 0.0, "body"), (back, 0.002, "body"), (0.5 * (back + r), 0.35 * seat, "body"),
                (r, 0.6 * seat, "body"), (r, seat - 0.001, "body"), (0.97 * r, seat, "body"),
                (self.seat_ratio * r, seat, "nozzle"), (self.seat_ratio * r, front, "nozzle"),
                (0.92 * self.seat_ratio * r, front + 0.001, "nozzle"),
                (1.55 * tip, felt - 0.004, "nozzle"), (1.35 * tip, felt, "nozzle"), (0.0, felt, "nozzle")]
        pieces = [_turned(line), self._felt(tip, felt)]
        if self.cap_style == "posted":
            cap = self.cap_share * self.length
            pieces.append(_turned([(0.0, -0.012, "cap"), (0.8 * r, -0.012, "cap"), (1.02 * r, -0.009, "cap"),
                                   (1.08 * r, cap, "cap"), (0.0, cap, "cap")]))
        made_of = ((("body",), ("plastic", "enamel")), (("nozzle",), ("plastic",)), (("tip",), ("fabric",)))
        return pointed("marker", union(pieces), self.length, 0.55 * self.length, {"write-with": ("tip",)},
                       made_of + (((("cap",), ("plastic",)),) if self.cap_style == "posted" else ()),
                       ANY_ANGLE if self.tip_style == "bullet" else None, rolls=("body", 0.5 * seat))

    def _felt(self, r: float, start: float) -> Solid:
        """Returns the felt tip; a chisel's edge runs along y, its far end back by ``slant``."""
        long = self.tip_length
        if self.tip_style == "bullet":
            dome = [(r * np.cos(a), self.length - 1.2 * r * (1.0 - np.sin(a)), "tip") for a in np.linspace(0.0, 1.45, 9)]
            inside = start - 0.003
            return _turned([(0.0, inside, "tip"), (1.1 * r, inside, "tip"), *dome, (0.0, self.length, "tip")])
        wide, thick = 1.1 * r, 0.72 * r
        block = box(np.array([start - 0.003, -wide, -thick]), np.array([self.length, wide, thick]), "tip", 0.0003)
        for side in (1.0, -1.0):  # two flats run towards the edge, which stays about 1 mm thick
            wedge = np.array([[start + 0.25 * long, side * 1.1 * thick], [self.length + 0.01, side * 1.1 * thick],
                              [self.length + 0.01, side * 0.0005], [self.length, side * 0.0005]])[::int(side)]
            block = block - extrude(wedge[::-1], 0.04, "tip", -0.02).moved(make(np.stack([_X, _Z, -_Y], axis=-1), np.zeros(3)))
        drop = self.slant * 2.0 * wide
        far = self.length + 0.01
        corner = np.array([[self.length, 0.0], [far, 0.0], [far, 1.001 * wide], [self.length - 0.5 * drop, 1.001 * wide]])
        return block - extrude(corner, 0.04, "tip", -0.02)


@dataclass(frozen=True)
class Crayon:
    """A wax crayon, in its paper or bare."""

    length: float = setting(0.085, "length", unit="m", at_least=0.05, at_most=0.1)
    radius: float = setting(0.0042, "radius", unit="m", at_least=0.0038, at_most=0.0072)
    tip_length: float = setting(0.01, "length of the tip", unit="m", at_least=0.007, at_most=0.014)
    tip_ratio: float = setting(0.4, "radius of the tip's end over the crayon's", at_least=0.22, at_most=0.55)
    shoulder: float = setting(0.82, "radius where the tip begins over the crayon's", at_least=0.7, at_most=0.95)
    paper_start: float = setting(0.06, "where the paper begins, over the length", at_least=0.03, at_most=0.1)
    paper_end: float = setting(0.76, "where the paper ends, over the length", at_least=0.66, at_most=0.8)
    paper_thickness: float = setting(0.0004, "thickness of the paper", unit="m", at_least=0.0003, at_most=0.0006)
    style: str = setting("papered", "in paper, a bare triangle, or short and thick", choices=("papered", "triangle", "stub"))

    def build(self) -> FunctionalObject:
        """Returns the crayon: parts body, tip and, on papered ones, wrapper."""
        corners = 3 if self.style == "triangle" else 0
        length = 0.6 * self.length if self.style == "stub" else self.length
        r = self.radius * (1.35 if self.style == "stub" else 1.0)
        start, end = length - self.tip_length, self.tip_ratio * r
        line = [(0.0, 0.0, "body"), (0.9 * r, 0.0, "body"), (r, 0.0008, "body"), (r, start - 0.0015, "body"),
                (self.shoulder * r, start, "tip"), (1.1 * end, length - 0.0012, "tip"), (0.9 * end, length - 0.0003, "tip"),
                (0.6 * end, length, "tip"), (0.0, length, "tip")]
        if corners:
            wide = 1.0 / np.cos(np.pi / corners)
            cone = [(wide * radius if x < start else radius, x, part) for radius, x, part in line]
            cone[3] = (1.02 * wide * r, start - 0.0015, "body")
            whole = extrude(1.06 * r * _rounded_polygon(corners, 0.4), length + 0.001, "body").moved(_ALONG) & _turned(cone)
        else:
            whole = _turned(line)
        wrapper: Substances = ()
        if not corners:
            low, high = self.paper_start * length, min(self.paper_end * length, start - 0.004)
            out = r + self.paper_thickness
            whole = whole + _turned([(radius, x, "wrapper") for radius, x in ((0.0, low), (out, low), (out, high), (0.0, high))])
            wrapper = ((("wrapper",), ("paper",)),)
        return pointed("crayon", whole, length, 0.5 * length, {"poke-with": ("tip",), "write-with": ("tip",)},
                       ((("body", "tip"), ("wax",)), *wrapper), order=corners or ANY_ANGLE)


def _turned(line: list[tuple[float, float, str]]) -> Solid:
    """Returns the solid turned about the x axis through (radius, x, part of the step to the next) points."""
    profile = np.array([(radius, x) for radius, x, _ in line])
    return turned(profile, [part for _, _, part in line[:-1]], _ALONG, _SEGMENTS)


def _rounded_polygon(corners: int, rounding: float) -> Float64[np.ndarray, "n 2"]:
    """Returns a polygon of circumradius 1 with a flat side below, its corners rounded with radius ``rounding``; a circle for
    no corners.
    """
    angle = 2.0 * np.pi * np.arange(_SEGMENTS) / _SEGMENTS
    if corners == 0:
        return np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    each = np.linspace(-np.pi / corners, np.pi / corners, 8)
    middle = 2.0 * np.pi * np.arange(corners)[:, None] / corners + np.pi / corners * (corners % 2 == 0)
    centre = (1.0 - rounding) * np.stack([np.cos(middle), np.sin(middle)], axis=-1)
    turn = middle + each
    return (centre + rounding * np.stack([np.cos(turn), np.sin(turn)], axis=-1)).reshape(-1, 2)
