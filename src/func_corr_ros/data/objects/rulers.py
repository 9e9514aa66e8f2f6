# SPDX-License-Identifier: Apache-2.0
"""Thin things with straight edges: ruler and credit card; they lie on z = 0, their working end at +x."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import FunctionalObject, Symmetry
from func_corr_ros.data.objects.primitives import box, rod, union
from func_corr_ros.data.objects.solids import Solid, extrude, hull, loft
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Ruler:
    """A ruler with raised marks."""

    length: float = setting(0.3, "length", unit="m", at_least=0.16, at_most=0.36)
    width: float = setting(0.034, "width", unit="m", at_least=0.026, at_most=0.045)
    thickness: float = setting(0.003, "thickness", unit="m", at_least=0.0018, at_most=0.0045)
    edge_band: float = setting(0.004, "width of the edges", unit="m", at_least=0.003, at_most=0.006)
    end_band: float = setting(0.007, "length of the ends", unit="m", at_least=0.005, at_most=0.01)
    keen: float = setting(0.35, "thickness at the edges over that of the middle", at_least=0.25, at_most=0.5)
    mark: float = setting(0.0007, "width of the marks", unit="m", at_least=0.0006, at_most=0.001)
    mark_length: float = setting(0.007, "length of the long marks", unit="m", at_least=0.0055, at_most=0.009)
    hole: float = setting(0.0035, "radius of the hole", unit="m", at_least=0.0025, at_most=0.005)
    style: str = setting("bevelled", "section of the ruler", choices=("flat", "bevelled", "ridged", "troughed"))

    def build(self) -> FunctionalObject:
        """Returns the ruler: parts corner, edge, end, marks, surface."""
        x = 0.5 * self.length
        top = self._section()
        body = self._body(top) + self._marks(top)
        middle = np.array([self.hole + self.end_band - x, 0.25 * self.width, 0.0])
        body = body - rod(middle - 0.01 * _Z, middle + 0.03 * _Z, self.hole, "surface")
        edge = frame_from_axes(np.array([0.0, -0.5 * self.width, 0.5 * top[-1, 1]]), _Z, -_Y)
        end = frame_from_axes(np.array([x, 0.0, 0.5 * np.interp(0.0, top[::-1, 0], top[::-1, 1])]), _Z, _X)
        face = frame_from_axes(np.array([0.0, 0.0, float(np.interp(0.0, top[::-1, 0], top[::-1, 1]))]), _Z, _X)
        frames = {"cut-with": edge, "scrape-with": edge.copy(), "dig-with": end, "mix-with": end.copy(), "pry-with": end.copy(),
                  "lift-with": end.copy(), "spread-with": face}
        parts = {"cut-with": ("edge",), "scrape-with": ("edge",), "spread-with": ("surface",)}
        about = Symmetry(2, np.zeros(3), _Z)
        return FunctionalObject(
            "ruler", *body.mesh(), function_parts={name: parts.get(name, ("end",)) for name in frames},
            functional_frames=frames, grasp_frames={"middle": frame_from_axes(0.5 * self.thickness * _Z - 0.2 * x * _X, -_Z, _X)},
            symmetries={name: about for name in frames},
            substances=((("corner", "edge", "end", "surface"), ("wood", "steel", "plastic", "brass")),
                        (("marks",), ("plastic", "graphite"))),
        )

    def _section(self) -> Float64[np.ndarray, "m 2"]:
        """Returns (y, height of the upper side) from +y to -y."""
        y, t = 0.5 * self.width, self.thickness
        keen = self.keen * t
        inner = y - self.edge_band
        half = {"flat": [(y, 0.92 * t), (y - 0.0005, t), (inner, t), (0.3 * inner, t)],
                "bevelled": [(y, keen), (inner, keen + 0.3 * (t - keen)), (0.45 * inner, t), (0.2 * inner, t)],
                "ridged": [(y, 0.55 * t), (inner, 0.6 * t), (0.22 * inner, 0.6 * t), (0.14 * inner, 1.5 * t)],
                "troughed": [(y, 0.7 * t), (inner, t), (0.7 * inner, 1.25 * t), (0.5 * inner, 0.8 * t)]}[self.style]
        return np.array([*half, *((-a, b) for a, b in half[::-1])])

    def _body(self, top: Float64[np.ndarray, "m 2"]) -> Solid:
        x, e = 0.5 * self.length, self.end_band
        stations = np.concatenate([[-x, -x + 0.4 * e, -x + e], np.linspace(-x + e, x - e, 80)[1:-1], [x - e, x - 0.4 * e, x]])
        bottom = np.stack([top[::-1, 0], np.zeros(len(top))], axis=-1)
        ring = np.concatenate([top, bottom])
        rings = np.concatenate([np.broadcast_to(stations[:, None, None], (len(stations), len(ring), 1)),
                                np.broadcast_to(ring, (len(stations), *ring.shape))], axis=-1)
        after = np.roll(ring, -1, axis=0)
        border = 0.5 * np.abs(ring[:, 0] + after[:, 0]) > 0.5 * self.width - self.edge_band - 1e-9
        names = np.broadcast_to(np.where(border, "edge", "surface"), (len(stations) + 1, len(ring))).astype(object)
        for rows in (slice(0, 3), slice(-3, None)):
            names[rows] = np.where(border, "corner", "end")
        names[0], names[-1] = "end", "end"
        return loft(rings, names)

    def _marks(self, top: Float64[np.ndarray, "m 2"]) -> Solid:
        """Returns a bar each 5 mm inside the edge at -y, every second one longer, 0.25 mm high."""
        marks = []
        for i in range(1, int((self.length - 2.0 * self.end_band) / 0.005)):
            long = self.mark_length if i % 2 == 0 else 0.55 * self.mark_length
            y = np.array([0.0008, 0.0008 + long]) + self.edge_band - 0.5 * self.width
            z = np.interp(y, top[::-1, 0], top[::-1, 1])
            half = 0.5 * self.mark * np.array([-1.0, 1.0])
            x = self.end_band + 0.005 * i - 0.5 * self.length
            corners = [[x + a, b, c + d] for a in half for b, c in zip(y, z, strict=True) for d in (-0.0003, 0.00025)]
            marks.append(hull(np.array(corners), "marks"))
        return union(marks)


@dataclass(frozen=True)
class CreditCard:
    """A plastic card."""

    length: float = setting(0.0856, "length", unit="m", at_least=0.078, at_most=0.092)
    height: float = setting(0.054, "width", unit="m", at_least=0.047, at_most=0.058)
    thickness: float = setting(0.0009, "thickness", unit="m", at_least=0.0008, at_most=0.0013)
    corner: float = setting(0.0034, "radius of the corners", unit="m", at_least=0.0025, at_most=0.006)
    edge_band: float = setting(0.0028, "width of the edges", unit="m", at_least=0.0022, at_most=0.0036)
    chip: float = setting(0.0125, "length of the chip", unit="m", at_least=0.01, at_most=0.015)
    chip_at: float = setting(0.26, "where the chip sits, over the length", at_least=0.2, at_most=0.32)
    digits: float = setting(0.0042, "height of the raised digits", unit="m", at_least=0.0034, at_most=0.0055)
    line_at: float = setting(0.42, "where the digits stand, over the width", at_least=0.34, at_most=0.48)
    hole: float = setting(0.0045, "radius of the hole, half width of the notch", unit="m", at_least=0.0035, at_most=0.006)
    style: str = setting("embossed", "kind of card", choices=("embossed", "plain", "tag", "notched"))

    def build(self) -> FunctionalObject:
        """Returns the card: parts chip, corner, edge, print (raised letters), surface."""
        x, t = 0.5 * self.length, self.thickness
        body = self._body() + self._chip() + self._print()
        if self.style == "tag":  # a slot to hang it by
            slot = rounded(2.0 * self.hole, 0.7 * self.hole, 0.68 * self.hole, 0.0)[:, :2] + [0.4 * x, 0.5 * self.height - 0.0075]
            body = body - extrude(slot, 0.01, "surface", -0.005)
        elif self.style == "notched":
            body = body - rod(np.array([0.02 * x, 0.5 * self.height + 0.2 * self.hole, -0.01]),
                              np.array([0.02 * x, 0.5 * self.height + 0.2 * self.hole, 0.01]), self.hole, "edge")
        edge = frame_from_axes(np.array([x, 0.0, 0.5 * t]), _Z, _X)
        frames = {name: edge.copy() for name in ("cut-with", "scrape-with", "spread-with", "sweep-with")}
        frames["press-with"] = frame_from_axes(t * _Z, _X, _Z)
        turn_over = Symmetry(2, 0.5 * t * _Z, _X)
        return FunctionalObject(
            "credit card", *body.mesh(),
            function_parts={name: ("surface",) if name == "press-with" else ("edge",) for name in frames},
            functional_frames=frames, grasp_frames={"middle": frame_from_axes(0.5 * t * _Z, -_Z, _X)},
            symmetries={name: turn_over if name == "press-with" else Symmetry(2, np.zeros(3), _Z) for name in frames},
            substances=((("corner", "edge", "surface"), ("plastic", "paper", "steel")), (("chip",), ("brass", "chrome")),
                        (("print",), ("chrome", "plastic", "brass"))),
        )

    def _body(self) -> Solid:
        x, y, t, b = 0.5 * self.length, 0.5 * self.height, self.thickness, self.edge_band
        steps = [(b, 0.0), (0.00018, 0.0), (0.0, 0.00018), (0.0, t - 0.00018), (0.00018, t), (b, t)]
        rings = np.stack([rounded(x - inset, y - inset, max(self.corner - inset, 0.0005), z) for inset, z in steps])
        outline = 0.5 * (rings[2] + np.roll(rings[2], -1, axis=0))
        near = self.corner + 0.0035
        corner = (np.abs(outline[:, 0]) > x - near) & (np.abs(outline[:, 1]) > y - near)
        names = np.broadcast_to(np.where(corner, "corner", "edge"), (len(steps) + 1, len(outline))).astype(object)
        names[0], names[-1] = "surface", "surface"
        return loft(rings, names)

    def _chip(self) -> Solid:
        x, t = (self.chip_at - 0.5) * self.length, self.thickness
        outline = rounded(0.5 * self.chip, 0.42 * self.chip, 0.16 * self.chip, 0.0)[:, :2] + [x, 0.1 * self.height]
        return extrude(outline, 0.0004, "chip", t - 0.0002)

    def _print(self) -> Solid:
        """Returns four groups of four raised digits, or a raised bar in their place."""
        t, y = self.thickness, (self.line_at - 0.5) * self.height - 0.08 * self.height
        if self.style != "embossed":
            return box(np.array([-0.36 * self.length, y - 0.4 * self.digits, t - 0.0002]),
                       np.array([0.1 * self.length, y + 0.4 * self.digits, t + 0.0002]), "print")
        step = 0.76 * self.length / 19.0
        low = [np.array([(i + i // 4 - 9.5) * step, y - 0.5 * self.digits, t - 0.0002]) for i in range(16)]
        return union([box(a, a + [0.66 * step, self.digits, 0.00065], "print") for a in low])


def rounded(half_x: float, half_y: float, radius: float, z: float) -> Float64[np.ndarray, "n 3"]:
    """Returns the rectangle with rounded corners at height ``z``, counter-clockwise, always of the same number of points."""
    arc = np.linspace(0.0, 0.5 * np.pi, 13)
    radius = min(radius, 0.999 * min(half_x, half_y))
    middle, corners = np.array([half_x - radius, half_y - radius]), []
    for i, signs in enumerate(((1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0))):
        angle = arc + 0.5 * np.pi * i
        corners.append(middle * np.array(signs) + radius * np.stack([np.cos(angle), np.sin(angle)], axis=-1))
    points = [corners[0]]
    share = np.linspace(0.0, 1.0, 22)[1:-1, None]
    for here, after in zip(corners, [*corners[1:], corners[0]], strict=True):
        points += [here[-1] + share * (after[0] - here[-1]), after]
    outline = np.concatenate(points[:-1])
    return np.column_stack([outline, np.full(len(outline), z)])
