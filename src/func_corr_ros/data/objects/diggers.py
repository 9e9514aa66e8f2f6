# SPDX-License-Identifier: Apache-2.0
"""Shovels, trowels and dustpans: blades and pans that go under what they carry."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.grip import Grip, laid
from func_corr_ros.data.objects.plate import polygon, softened
from func_corr_ros.data.objects.pressed import Sheet, border, prism, rectangle, stem
from func_corr_ros.data.objects.primitives import bar, rod, shifted
from func_corr_ros.data.objects.shell import spline
from func_corr_ros.data.objects.solids import Solid
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Shovel:
    """A long-handled shovel or spade: a pressed blade, a socket, a shaft, and a knob, a T or a D to hold."""

    length: float = setting(1.15, "length of the whole shovel", unit="m", at_least=0.9, at_most=1.4)
    blade_length: float = setting(0.29, "length of the blade", unit="m", at_least=0.25, at_most=0.35)
    blade_width: float = setting(0.22, "width of the blade", unit="m", at_least=0.17, at_most=0.27)
    hollow: float = setting(0.03, "how far the sides rise above the middle", unit="m", at_least=0.012, at_most=0.045)
    curl: float = setting(0.02, "how far the blade's front turns up", unit="m", at_least=0.0, at_most=0.04)
    lift: float = setting(0.16, "rise of the shaft above the blade's line over its length", at_least=0.08, at_most=0.22)
    blade_thickness: float = setting(0.003, "thickness of the blade", unit="m", at_least=0.0025, at_most=0.004)
    shaft_radius: float = setting(0.016, "radius of the shaft", unit="m", at_least=0.014, at_most=0.019)
    socket_length: float = setting(0.16, "length of the socket", unit="m", at_least=0.11, at_most=0.22)
    blade_style: str = setting("point", "outline of the blade", choices=("point", "square", "round", "scoop"))
    handle_style: str = setting("D", "what is held at the end", choices=("D", "T", "knob"))

    def build(self) -> FunctionalObject:
        """Returns the shovel: parts back (the blade's underside), blade (its hollow side), edge (its front border), handle,
        shaft, socket and tip (the middle of the edge); functions dig-, lift-, pound-, pry-, scoop-, scrape- and sweep-with.
        """
        sheet = self.sheet()
        front = float(self._outline()[:, 0].max())
        whole = _edged(sheet, self.blade_length, 0.2 * self.blade_width) + self._held()
        tip = sheet.frame(front, 0.0, 0.0, _X)
        face = sheet.frame(0.5 * self.blade_length, 0.0, 1.0, _X)
        back = frame_from_axes(sheet.at(0.5 * self.blade_length, 0.0, -1.0), face[:3, 0], -face[:3, 2])
        grip = self._line(0.45)
        return laid(FunctionalObject(
            "shovel", *whole.mesh(),
            function_parts={"dig-with": ("blade", "tip"), "lift-with": ("blade",), "pound-with": ("back",), "pry-with": ("tip",),
                            "scoop-with": ("blade", "edge", "tip"), "scrape-with": ("edge", "tip"),
                            "sweep-with": ("blade", "edge", "tip")},
            functional_frames={"dig-with": tip, "lift-with": face, "pound-with": back, "pry-with": tip, "scoop-with": tip,
                               "scrape-with": tip, "sweep-with": tip},
            grasp_frames={"shaft": frame_from_axes(grip, np.cross(self._line(0.5) - grip, _Y), self._line(0.4) - grip)},
            substances=((("back", "blade", "edge", "tip", "socket"), ("steel", "enamel")),
                        (("shaft",), ("wood", "dark wood", "plastic")), (("handle",), ("wood", "plastic", "rubber"))),
        ))

    def sheet(self) -> Sheet:
        """Returns the blade, from the socket at x = 0 to its front at +x."""
        length, half = self.blade_length, self.blade_width / 2.0
        hollow, power = (1.5 * self.hollow, 5.0) if self.blade_style == "scoop" else (self.hollow, 2.0)

        def height(x: Float64[np.ndarray, "*s"], y: Float64[np.ndarray, "*s"]) -> Float64[np.ndarray, "*s"]:
            t = np.clip(x / length, -0.1, 1.1)
            sides = hollow * _off_middle(y / half) ** power * (1.0 - 0.55 * t)
            return sides + self.curl * np.maximum(t, 0.0) ** 2.5 - 0.25 * self.curl * np.sin(np.pi * np.clip(t, 0.0, 1.0))

        outline = softened(polygon(self._outline()), 0.02 if self.blade_style != "point" else 0.012)
        return Sheet(outline, self.blade_thickness, height, 0.016)

    def _outline(self) -> Float64[np.ndarray, "n 2"]:
        length, half = self.blade_length, self.blade_width / 2.0
        side = {
            "point": [(0.02, 0.8), (0.0, 0.9), (0.15, 1.05), (0.5, 1.0), (0.78, 0.85), (0.95, 0.3), (1.0, 0.07)],
            "square": [(0.0, 0.82), (0.0, 0.88), (0.2, 0.92), (0.6, 0.97), (0.9, 1.0), (1.0, 1.0), (1.0, 0.95)],
            "round": [(0.02, 0.7), (0.0, 0.95), (0.25, 1.0), (0.6, 1.02), (0.95, 0.95), (1.0, 0.5), (1.0, 0.05)],
            "scoop": [(0.0, 0.86), (0.0, 1.0), (0.3, 1.0), (0.6, 1.0), (0.9, 0.98), (0.97, 0.95), (1.0, 0.6)],
        }[self.blade_style]
        right = spline(side, 40) * np.array([length, half])
        return np.concatenate([right * np.array([1.0, -1.0]), right[::-1]])

    def _line(self, share: float) -> Float64[np.ndarray, " 3"]:
        """Returns the shaft's middle line at a share of the way from the blade (0) to the butt (1)."""
        reach = self.length - self.blade_length
        rise = self.lift * self.blade_length
        return np.array([-share * reach, 0.0, 0.004 + rise * (1.0 - (1.0 - share) ** 2.5)])

    def _held(self) -> Solid:
        shares = np.linspace(-0.12 * self.blade_length / (self.length - self.blade_length), 0.93, 60)
        curve = np.stack([self._line(share) for share in shares])
        tongue = self._line(0.0) + [0.3 * self.blade_length, 0.0, -0.001]  # the socket runs out flat on the blade
        wide, high = np.linspace(0.45, 1.25, 25), np.concatenate([[0.15], np.linspace(0.7, 1.25, 24)])
        socket = bar(np.concatenate([[tongue], curve[:24]]), self.shaft_radius * np.stack([wide, high], axis=-1), "socket")
        cut = max(3, int(24 * min(1.0, self.socket_length / (23 / 59 * self.length))))
        socket = socket - prism(rectangle(-2.0, float(curve[cut, 0]), 1.0), -1.0, 1.0, "socket")
        shaft = bar(curve, self.shaft_radius, "shaft")
        return socket + shaft + self._handle()

    def _handle(self) -> Solid:
        end, r = self._line(0.9), self.shaft_radius
        butt = self._line(1.0)
        if self.handle_style == "knob":
            return stem(np.stack([self._line(s) for s in np.linspace(0.9, 1.0, 8)]),
                        np.stack([np.linspace(1.02, 1.25, 8) * r] * 2, axis=-1), "handle")
        across = bar(butt + np.linspace(-1.0, 1.0, 12)[:, None] * 0.058 * _Y, np.stack([
            r * (1.0 - 0.2 * np.linspace(-1.0, 1.0, 12) ** 10)] * 2, axis=-1), "handle")
        sleeve = rod(end, butt, 1.2 * r, "handle")
        if self.handle_style == "T":
            return across + sleeve
        for side in (-1.0, 1.0):
            arm = spline([tuple(end), tuple(end + 0.2 * (butt - end)), tuple(end + 0.4 * (butt - end) + side * 0.075 * _Y),
                          tuple(butt + side * 0.05 * _Y)], 20)
            across = across + bar(arm, np.stack([np.full(20, 0.8 * r), np.full(20, 0.6 * r)], axis=-1), "handle")
        open_sleeve = rod(self._line(0.86), end, 1.2 * r, "handle")
        return across + open_sleeve


def _off_middle(across: Float64[np.ndarray, "*s"]) -> Float64[np.ndarray, "*s"]:
    """Returns the distance from the flat strip in a blade's middle, on which it lies, 1 at the blade's side."""
    return np.maximum(np.abs(across) - 0.14, 0.0) / 0.86


def _edged(sheet: Sheet, length: float, tip_half_width: float, band: float = 0.008) -> Solid:
    """Returns the blade with back, edge (its border's front third) and tip (the middle of that)."""
    edge = border(sheet.section, band) ^ rectangle(0.62 * length, 2.0 * length, 1.0)
    tip = border(sheet.section, 2.0 * band) ^ rectangle(0.75 * length, 2.0 * length, tip_half_width)
    return sheet.solid("blade", [(edge, "edge"), (tip, "tip")], under="back")


@dataclass(frozen=True)
class Trowel:
    """A hand trowel: a gardener's scoop, or a mason's flat blade on a cranked neck."""

    blade_length: float = setting(0.15, "length of the blade", unit="m", at_least=0.12, at_most=0.18)
    blade_width: float = setting(0.085, "width of the blade", unit="m", at_least=0.065, at_most=0.11)
    hollow: float = setting(0.34, "depth of a gardener's blade over half its width", at_least=0.22, at_most=0.5)
    curl: float = setting(0.008, "how far the blade's front turns up", unit="m", at_least=0.0, at_most=0.016)
    blade_thickness: float = setting(0.002, "thickness of the blade", unit="m", at_least=0.0016, at_most=0.0028)
    neck_length: float = setting(0.065, "length of the neck", unit="m", at_least=0.05, at_most=0.09)
    neck_radius: float = setting(0.0055, "radius of the neck", unit="m", at_least=0.0045, at_most=0.007)
    crank: float = setting(0.035, "how far the grip stands above the blade", unit="m", at_least=0.022, at_most=0.05)
    grip_length: float = setting(0.125, "length of the grip", unit="m", at_least=0.11, at_most=0.145)
    grip_width: float = setting(0.03, "width of the grip", unit="m", at_least=0.026, at_most=0.035)
    blade_style: str = setting("garden", "kind of blade", choices=("garden", "transplanter", "brick", "margin"))
    grip_style: str = setting("round", "shape of the grip", choices=("round", "contoured", "ringed", "faceted"))

    def build(self) -> FunctionalObject:
        """Returns the trowel: parts back, blade, edge, handle, neck and tip; functions dig-, lift-, scoop-, scrape-, spread- and
        sweep-with.
        """
        sheet, x = self.sheet(), 0.5 * self.blade_length
        whole = _edged(sheet, self.blade_length, 0.16 * self.blade_width, 0.003) + self._neck() + self._grip()
        front = float(sheet.section.bounds()[2])
        tip, face = sheet.frame(front, 0.0, 0.0, _X), sheet.frame(x, 0.0, 1.0, _X)
        spread = frame_from_axes(sheet.at(x, 0.0, -1.0), face[:3, 2], _X)
        held = self._butt() - 0.5 * self.grip_length * _X
        return laid(FunctionalObject(
            "trowel", *whole.mesh(),
            function_parts={"dig-with": ("blade", "tip"), "lift-with": ("blade",), "scoop-with": ("blade", "tip"),
                            "scrape-with": ("edge", "tip"), "spread-with": ("back",), "sweep-with": ("edge", "tip")},
            functional_frames={"dig-with": tip, "lift-with": face, "scoop-with": tip, "scrape-with": tip, "spread-with": spread,
                               "sweep-with": tip},
            grasp_frames={"handle": frame_from_axes(held, -_Z, _X)},
            substances=((("back", "blade", "edge", "neck", "tip"), ("steel", "chrome", "enamel")),
                        (("handle",), ("wood", "dark wood", "plastic", "rubber"))),
        ))

    def sheet(self) -> Sheet:
        """Returns the blade, from the neck at x = 0 to its front at +x."""
        length, half = self.blade_length, self.blade_width / 2.0
        slim = 0.72 if self.blade_style == "transplanter" else 1.0
        outline = {
            "garden": [(0.0, 0.5), (0.0, 0.85), (0.2, 1.0), (0.6, 1.05), (0.9, 0.7), (0.98, 0.25), (1.0, 0.06)],
            "transplanter": [(0.0, 0.6), (0.05, 0.95), (0.3, 1.0), (0.75, 1.0), (0.9, 0.8), (1.0, 0.2), (1.05, 0.05)],
            "brick": [(0.0, 0.1), (0.04, 0.4), (0.12, 0.85), (0.26, 1.1), (0.4, 0.95), (0.75, 0.45), (1.0, 0.05)],
            "margin": [(0.0, 0.62), (0.0, 0.66), (0.3, 0.66), (0.6, 0.66), (0.95, 0.66), (1.0, 0.66), (1.0, 0.6)],
        }[self.blade_style]
        right = spline(outline, 40) * np.array([length, slim * half])
        depth = self.hollow * slim * half if self.blade_style in ("garden", "transplanter") else 0.0

        def height(x: Float64[np.ndarray, "*s"], y: Float64[np.ndarray, "*s"]) -> Float64[np.ndarray, "*s"]:
            t = np.clip(x / length, 0.0, 1.1)
            return depth * _off_middle(y / (slim * half)) ** 2 * (1.0 - 0.4 * t) + self.curl * t**2.5 * (depth > 0.0)

        return Sheet(softened(polygon(np.concatenate([right * np.array([1.0, -1.0]), right[::-1]])), 0.006), self.blade_thickness,
                     height, 0.007)

    def _butt(self) -> Float64[np.ndarray, " 3"]:
        return np.array([-self.neck_length, 0.0, self.crank])

    def _neck(self) -> Solid:
        n, c = self.neck_length, self.crank
        low = 0.3 if self.blade_style in ("garden", "transplanter") else 0.0  # a mason's neck stands up from the blade
        curve = spline([(0.16 * self.blade_length, 0.0, 0.001), (0.02, 0.0, 0.001), (-0.15 * n, 0.0, 0.12 * c + low * 0.0),
                        ((-0.45 + low) * n, 0.0, 0.98 * c), (-0.75 * n, 0.0, c), (-n - 0.02, 0.0, c)], 50)
        share = np.linspace(0.0, 1.0, 50)
        halves = self.neck_radius * np.stack([1.0 + 0.7 * np.exp(-share / 0.12), np.minimum(1.0, 0.4 + 3.0 * share)], axis=-1)
        return bar(curve, halves, "neck")

    def _grip(self) -> Solid:
        thick = self.grip_width * (0.85 if self.grip_style == "contoured" else 1.0)
        x, _, z = self._butt()
        return Grip(self.grip_style, self.grip_length, self.grip_width, thick).solid().moved(shifted(x=float(x), z=float(z)))


@dataclass(frozen=True)
class Dustpan:
    """A dustpan: a flat pan with a wall on three sides, open and thin at its front, and a handle behind."""

    length: float = setting(0.22, "length of the pan", unit="m", at_least=0.18, at_most=0.26)
    width: float = setting(0.23, "width at the front", unit="m", at_least=0.19, at_most=0.29)
    rear_ratio: float = setting(0.85, "width at the rear over that at the front", at_least=0.7, at_most=1.0)
    wall_height: float = setting(0.05, "height of the wall at the rear", unit="m", at_least=0.038, at_most=0.07)
    wall: float = setting(0.003, "thickness of wall and floor", unit="m", at_least=0.0024, at_most=0.004)
    corner: float = setting(0.025, "rounding of the rear corners", unit="m", at_least=0.01, at_most=0.04)
    handle_length: float = setting(0.13, "length of the handle", unit="m", at_least=0.11, at_most=0.16)
    handle_width: float = setting(0.028, "width of the handle", unit="m", at_least=0.024, at_most=0.034)
    handle_rise: float = setting(0.25, "slope of the handle", at_least=0.05, at_most=0.45)
    hood: float = setting(0.35, "length of the hood over the pan's", at_least=0.25, at_most=0.45)
    pan_style: str = setting("open", "with a hood over the rear, or without", choices=("open", "hooded", "stepped"))
    handle_style: str = setting("straight", "shape of the handle", choices=("straight", "contoured", "ringed"))

    def build(self) -> FunctionalObject:
        """Returns the dustpan: parts handle, lip (the thin front), pan (the inside) and wall (the outside); functions dig-,
        lift- and scoop-with.
        """
        half, t = self.length / 2.0, self.wall
        whole = self._body() - self._cavity()
        whole = whole.painted(prism(rectangle(half - 0.014, 1.0, 1.0), -1.0, 1.0, "lip"), "lip") + self._handle()
        lip = frame_from_axes(np.array([half, 0.0, 0.0006]), _Z, _X)
        grip = self._grip_frame()
        held = grip[:3, 3] - 0.5 * self.handle_length * grip[:3, 0]
        return laid(FunctionalObject(
            "dustpan", *whole.mesh(),
            function_parts={"dig-with": ("lip",), "lift-with": ("pan",), "scoop-with": ("lip", "pan")},
            functional_frames={"dig-with": lip, "lift-with": frame_from_axes(np.array([0.0, 0.0, t]), _Z, _X), "scoop-with": lip},
            grasp_frames={"handle": frame_from_axes(held, -grip[:3, 2], grip[:3, 0])},
            substances=((("lip", "pan", "wall"), ("plastic", "steel", "enamel")), (("handle",), ("plastic", "rubber", "wood"))),
        ))

    def _outline(self, inset: float, beyond: float) -> Any:
        """Returns the pan's outline ``inset`` inside its sides and rear, reaching ``beyond`` its front."""
        half, front = self.length / 2.0, self.width / 2.0
        rear = self.rear_ratio * front
        ahead = front + 0.1 * (front - rear) / self.length  # 0.1 m beyond the front, so that its corners stay sharp
        corners = np.array([[-half, -rear], [half + 0.1, -ahead], [half + 0.1, ahead], [-half, rear]])
        return softened(polygon(corners), self.corner).offset(-inset) ^ rectangle(-1.0, half + beyond, 1.0)

    def _body(self) -> Solid:
        """Returns the pan without its hollow: its top falls from the rear to the front."""
        half, top, low = self.length / 2.0, self.wall_height, 0.006
        knee = {"open": 0.6, "hooded": 0.2, "stepped": -0.1}[self.pan_style] * half
        rear, front, hood = -half - 0.01, half + 0.01, -half + 2.0 * self.hood * half
        side = np.array([[rear, -0.001], [front, -0.001], [front, low], [knee, 0.75 * top], [hood, top], [rear, top]])
        if self.pan_style == "open":
            side = np.delete(side, [3, 4], axis=0)
        return prism(self._outline(0.0, 0.0), 0.0, top, "wall") & self._across(side, "wall")

    def _cavity(self) -> Solid:
        half, t, top = self.length / 2.0, self.wall, self.wall_height
        hollow = prism(self._outline(t, 0.05), 0.0, 1.0, "pan")
        floor = np.array([[-1.0, t], [half - 0.03, t], [half, 0.0012], [half + 0.1, 0.0012], [half + 0.1, 1.0], [-1.0, 1.0]])
        cavity = hollow & self._across(floor, "pan")
        if self.pan_style != "hooded":
            return cavity
        end = -half + 2.0 * self.hood * half
        return cavity - self._across(np.array([[-1.0, top - t], [end, top - t], [end, 2.0], [-1.0, 2.0]]), "wall")

    def _across(self, side: Float64[np.ndarray, "n 2"], part: str) -> Solid:
        """Returns the prism across the pan over an outline in (x, z)."""
        turn = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, -1.0, 0.5], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
        return prism(polygon(side), 0.0, 1.0, part).moved(turn)

    def _grip_frame(self) -> Float64[np.ndarray, "4 4"]:
        front = np.array([-self.length / 2.0 - 0.03, 0.0, 0.6 * self.wall_height])
        up, forward = np.array([self.handle_rise, 0.0, 1.0]), np.array([1.0, 0.0, -self.handle_rise])
        return frame_from_axes(front, up, forward)

    def _handle(self) -> Solid:
        placed = self._grip_frame()
        start = placed[:3, 3] - 0.02 * placed[:3, 0]
        end = np.array([-self.length / 2.0 + 0.5 * self.wall, 0.0, 0.5 * self.wall_height])
        neck = spline([tuple(start), tuple(placed[:3, 3]), tuple(end - 0.015 * _X), tuple(end)], 16)
        bridge = bar(neck, np.array([0.42 * self.handle_width, 0.28 * self.handle_width]), "handle", roundness=0.7)
        grip = Grip(self.handle_style, self.handle_length, self.handle_width, 0.7 * self.handle_width).solid()
        return grip.moved(placed) + bridge
