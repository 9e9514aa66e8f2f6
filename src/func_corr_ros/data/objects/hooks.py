# SPDX-License-Identifier: Apache-2.0
"""Bent bars that things hang on, lying flat: hooks, coat hangers, carabiners and curtain rings."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import PchipInterpolator

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import laid
from func_corr_ros.data.objects.plate import loop
from func_corr_ros.data.objects.primitives import ball, bar, box, rod, union
from func_corr_ros.data.objects.solids import Solid
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import make
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)
_WIDE = 0.5  # m, further than anything here reaches
_HALF_TURN = make(np.diag([-1.0, -1.0, 1.0]), np.zeros(3))  # about z


@dataclass(frozen=True)
class Hook:
    """A hook with a point: a shank along x, held at -x, and a curve at +x whose tip comes back at +y."""

    shank_length: float = setting(0.05, "length of the shank", unit="m", at_least=0.045, at_most=0.08)
    curve_radius: float = setting(0.018, "radius of the curve's middle line", unit="m", at_least=0.014, at_most=0.026)
    turn: float = setting(200.0, "how far the curve turns", unit="deg", at_least=165.0, at_most=220.0)
    lead: float = setting(0.018, "length of the straight end behind the curve", unit="m", at_least=0.015, at_most=0.024)
    radius: float = setting(0.0035, "radius of the bar", unit="m", at_least=0.0026, at_most=0.0045)
    thickening: float = setting(1.25, "radius in the curve over the bar's", at_least=1.05, at_most=1.5)
    flattening: float = setting(0.9, "thickness of the bar over its width", at_least=0.75, at_most=1.0)
    point: float = setting(0.01, "length of the point", unit="m", at_least=0.008, at_most=0.013)
    top_size: float = setting(0.55, "radius of the eye, flange or upper curve over the curve's", at_least=0.45, at_most=0.75)
    style: str = setting("eye", "what it is held by", choices=("eye", "S", "screw"))

    def build(self) -> FunctionalObject:
        """Returns the hook: parts curve, shank, tip and eye, thread or top; functions hang-onto, pierce-with, pull-with and
        scrape-with.
        """
        line, bottom = self._line()
        half = self._half_axes(line, bottom)
        way = (line[-1] - line[-2]) / np.linalg.norm(line[-1] - line[-2])
        behind = make(np.stack([way, np.cross(_Z, way), _Z], axis=-1), line[-1] - self.point * way)
        reach = 3.0 * self.radius
        tip = box(np.array([0.0, -reach, -reach]), np.array([2.0 * self.point, reach, reach]), "tip").moved(behind)
        solid = bar(line, half, "shank").painted(_beyond(0.0, 0, "curve"), "curve").painted(
            _beyond(0.6 * self.curve_radius, 1, "curve"), "curve").painted(tip, "tip")
        vertices, faces, part_of_face, part_names = self._with_top(solid, line[0]).mesh()
        point = frame_from_axes(line[-1], _Z, way)
        spun = Symmetry(ANY_ANGLE, line[-1], way)
        return laid(FunctionalObject(
            "hook", vertices, faces, part_of_face, part_names,
            function_parts={"hang-onto": ("curve",), "pierce-with": ("tip",), "pull-with": ("curve",), "scrape-with": ("tip",)},
            functional_frames={
                "hang-onto": frame_from_axes(line[bottom], -_X, _Y), "pierce-with": point, "scrape-with": point,
                "pull-with": frame_from_axes(line[bottom] - half[bottom, 0] * _X, _Z, -_X),
            },
            grasp_frames={"shank": frame_from_axes(-0.75 * self.shank_length * _X, -_Z, _X)},
            symmetries={"pierce-with": spun, "scrape-with": spun},
            substances=((part_names, ("steel", "brass", "chrome", "enamel")),),
        ))

    def _line(self) -> tuple[Float64[np.ndarray, "k 3"], int]:
        """Returns the middle line from the top to the tip, the shank's end at the origin, and its index furthest along x."""
        turn, r, step = np.radians(self.turn), self.curve_radius, 0.0006
        upper = np.radians(190.0) * self.top_size * r if self.style == "S" else 0.0
        ends = np.cumsum([0.0, upper, self.shank_length, r * turn, self.lead])
        start = np.radians(190.0) if self.style == "S" else 0.0
        s = np.arange(0.0, ends[-1], step)
        heading = np.interp(s, ends[[0, 1, 2, 3]], [start, 0.0, 0.0, turn])
        line = _walked(heading, step)
        line -= line[np.searchsorted(s, ends[2])]
        return line, int(np.searchsorted(s, ends[2] + 0.5 * np.pi * r))

    def _half_axes(self, line: Float64[np.ndarray, "k 3"], bottom: int) -> Float64[np.ndarray, "k 2"]:
        s = 0.0006 * np.arange(len(line))
        knots = [0.0, max(s[bottom] - 1.6 * self.curve_radius, 0.012), s[bottom], s[-1] - self.point, s[-1]]
        swell = PchipInterpolator(knots, [1.0, 1.0, self.thickening, 1.0, 1.0])(s)
        sharp = np.clip((s[-1] - s) / self.point, 0.07, 1.0)
        radius = self.radius * swell * sharp
        return np.stack([radius, (self.flattening + (1.0 - self.flattening) * (sharp < 1.0)) * radius], axis=-1)

    def _with_top(self, solid: Solid, start: Float64[np.ndarray, " 3"]) -> Solid:
        size, r = self.top_size * self.curve_radius, self.radius
        if self.style == "S":
            rounded = solid + ball(start, np.array([r, r, r * self.flattening]), "top")
            for place, axis in ((self.shank_length, 0), (0.5 * size, 1)):  # all beyond the shank, and all aside of it
                rounded = rounded.painted(_beyond(place, axis, "top").moved(_HALF_TURN), "top")
            return rounded
        if self.style == "eye":
            return solid + loop(start - size * _X + _circle(size), r * np.array([[0.9, 0.9 * self.flattening]] * 64), "eye")
        x = np.linspace(0.0, 0.45 * self.shank_length, 130)
        ridge = 0.82 + 0.24 * np.abs((x / (0.9 * r)) % 1.0 - 0.5) * 2.0
        width = r * ridge * np.clip((x + 0.002) / 0.008, 0.1, 1.0)
        screw = np.stack([width, width], axis=-1)
        line = start + (x - x[-1])[:, None] * _X
        return solid + bar(line, screw, "thread") + rod(start - 0.0012 * _X, start + 0.0016 * _X, 1.2 * size, "thread")


@dataclass(frozen=True)
class CoatHanger:
    """A coat hanger: its hook towards +x, its shoulders along y."""

    width: float = setting(0.42, "from end to end", unit="m", at_least=0.3, at_most=0.46)
    drop: float = setting(0.09, "how far the ends lie below the neck", unit="m", at_least=0.06, at_most=0.13)
    slope: float = setting(1.35, "exponent of the shoulders' line", at_least=1.1, at_most=1.8)
    shoulder: float = setting(0.012, "half width of wooden shoulders at the neck", unit="m", at_least=0.009, at_most=0.015)
    thickness: float = setting(0.006, "half thickness of wooden shoulders", unit="m", at_least=0.0045, at_most=0.008)
    wire: float = setting(0.0021, "radius of the hook's wire", unit="m", at_least=0.0018, at_most=0.0026)
    tube: float = setting(0.0042, "radius of plastic tube", unit="m", at_least=0.0034, at_most=0.005)
    neck: float = setting(0.03, "length of the hook's straight foot", unit="m", at_least=0.022, at_most=0.045)
    hook_radius: float = setting(0.021, "radius of the hook", unit="m", at_least=0.017, at_most=0.026)
    ends: float = setting(0.1, "length of the ends over half the width", at_least=0.07, at_most=0.14)
    style: str = setting("wood", "what it is made of", choices=("wood", "wire", "tube"))

    def build(self) -> FunctionalObject:
        """Returns the hanger: parts ends, hook, shoulders and, except of wire, bar; functions hang-onto and pull-with (the
        hook) and poke-with (the ends).
        """
        line = self._hook_line()
        thin = self.wire if self.style != "tube" else 0.75 * self.tube
        top = int(line[:, 0].argmax())
        hook = bar(line, thin, "hook", segments=20) + ball(line[-1], 1.25 * thin, "hook")
        body, end = {"wood": self._wood, "wire": self._wire, "tube": self._tube}[self.style]()
        last = _beyond(0.5 * (1.0 - self.ends) * self.width, 1, "ends")
        solid = (body + hook).painted(last, "ends").painted(last.moved(_HALF_TURN), "ends")
        vertices, faces, part_of_face, part_names = solid.mesh()
        others = tuple(name for name in part_names if name != "hook")
        stuff = {"wood": ("wood", "dark wood"), "wire": ("steel", "chrome", "enamel"), "tube": ("plastic",)}[self.style]
        hook_stuff = ("plastic",) if self.style == "tube" else ("steel", "chrome", "brass")
        return laid(FunctionalObject(
            "coat hanger", vertices, faces, part_of_face, part_names,
            function_parts={"hang-onto": ("hook",), "poke-with": ("ends",), "pull-with": ("hook",)},
            functional_frames={
                "hang-onto": frame_from_axes(line[top], _X, _Y),
                "poke-with": frame_from_axes(end, _Z, _Y),
                "pull-with": frame_from_axes(line[top] - thin * _X, _Z, -_X),
            },
            grasp_frames={"neck": frame_from_axes(0.6 * self.neck * _X, -_Z, _X)},
            symmetries={"poke-with": Symmetry(2, np.zeros(3), _X)},
            substances=((others, stuff), (("hook",), hook_stuff)),
        ))

    def _hook_line(self) -> Float64[np.ndarray, "k 3"]:
        """Returns the hook's middle line from within the neck: up, aside to -y and over to +y."""
        step, r = 0.001, self.hook_radius
        ends = np.cumsum([0.0, self.neck + 0.006, 0.9 * r, r * np.radians(235.0), 0.15 * r])
        heading = np.interp(np.arange(0.0, ends[-1], step), ends[1:4], np.radians([0.0, -62.0, 173.0]))
        return _walked(heading, step) - 0.006 * _X

    def _shoulder_line(self, share: float = 1.0) -> Float64[np.ndarray, "k 3"]:
        """Returns the line of the shoulders from -y to +y, or the middle ``share`` of it."""
        t = np.linspace(-share, share, 120)
        return np.stack([-self.drop * np.abs(t) ** self.slope, 0.5 * self.width * t, np.zeros_like(t)], axis=-1)

    def _wood(self) -> tuple[Solid, Float64[np.ndarray, " 3"]]:
        line = self._shoulder_line()
        t = np.linspace(-1.0, 1.0, len(line))
        rounded = np.sqrt(1.0 - np.clip((np.abs(t) - 0.965) / 0.038, 0.0, 1.0) ** 2)
        half = np.stack([self.shoulder * (1.0 - 0.45 * np.abs(t) ** 0.8), self.thickness * (1.0 - 0.2 * np.abs(t))], axis=-1)
        low = self._shoulder_line(0.86)[[0, -1]]
        return bar(line, half * rounded[:, None], "shoulders", roundness=0.7) + rod(
            low[0], low[1], 0.75 * self.thickness, "bar"), line[-1]

    def _wire(self) -> tuple[Solid, Float64[np.ndarray, " 3"]]:
        """Returns one wire bent to a triangle, with the twisted neck."""
        over = self._shoulder_line(0.985)
        corner = over[-1]
        turn = np.linspace(0.0, np.pi, 14)[1:-1]
        r = 0.012
        # From the end of the right shoulder round the corner and straight back under.
        bow = corner + np.stack([r * (np.cos(turn) - 1.0), 0.5 * r * np.sin(turn), np.zeros_like(turn)], axis=-1)
        under = np.linspace(corner - 2.0 * r * _X, (corner - 2.0 * r * _X) * [1.0, -1.0, 1.0], 100)
        path = np.concatenate([over, bow, under, (bow * [1.0, -1.0, 1.0])[::-1]])[::-1]
        wire = loop(np.ascontiguousarray(path), self.wire, "shoulders", 20)
        twist = union([rod(x * _X, (x + 0.004) * _X, 1.75 * self.wire, "hook", 20) for x in (-0.002, 0.0035, 0.009)])
        return wire + twist, bow[int(bow[:, 1].argmax())] + self.wire * _Y

    def _tube(self) -> tuple[Solid, Float64[np.ndarray, " 3"]]:
        line = self._shoulder_line()
        low = self._shoulder_line(0.94)[[0, -1]] - 0.4 * self.tube * _X
        knob = line[[0, -1]]
        ends = [ball(point, 1.25 * self.tube, "shoulders") for point in knob]
        sag = np.linspace(-1.0, 1.0, 60)
        bottom = np.stack([np.full_like(sag, low[0, 0]) - 0.012 * (1.0 - sag**2), low[1, 1] * sag, np.zeros_like(sag)], axis=-1)
        neck = ball(np.zeros(3), np.array([2.4, 2.0, 1.3]) * self.tube, "shoulders")
        return bar(line, self.tube, "shoulders") + union(ends) + bar(bottom, 0.9 * self.tube, "bar") + neck, (
            knob[1] + 1.25 * self.tube * _Y)


def _walked(heading: Float64[np.ndarray, " k"], step: float) -> Float64[np.ndarray, "k 3"]:
    """Returns the line in the plane z = 0 that starts at the origin and goes ``step`` metres along each heading, radians."""
    steps = step * np.stack([np.cos(heading), np.sin(heading), np.zeros_like(heading)], axis=-1)
    return np.cumsum(steps, axis=0) - steps[0]


def _circle(radius: float, points: int = 64) -> Float64[np.ndarray, "k 3"]:
    turn = 2.0 * np.pi * np.arange(points) / points
    return radius * np.stack([np.cos(turn), np.sin(turn), np.zeros_like(turn)], axis=-1)


def _beyond(place: float, axis: int, part: str) -> Solid:
    """Returns all that lies beyond ``place`` along axis 0 or 1."""
    low = -_WIDE * np.ones(3)
    low[axis] = place
    return box(low, _WIDE * np.ones(3), part)
