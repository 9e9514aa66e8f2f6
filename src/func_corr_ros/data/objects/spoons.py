# SPDX-License-Identifier: Apache-2.0
"""Spoons and ladles: a hollow that scoops, at the end of a handle."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.grip import laid
from func_corr_ros.data.objects.plate import loop, polygon, stroke
from func_corr_ros.data.objects.pressed import Sheet, border, rectangle, stem
from func_corr_ros.data.objects.shell import SEGMENTS, Shell, lip, spline, unchanged
from func_corr_ros.data.objects.solids import Solid
from func_corr_ros.data.objects.vessel_functions import about_z
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.settings import setting

# The bottom of a bowl is flat across this share of its width, and a handle's end turns up by this share of the length: it lies on
# two lines, not on two points.
_FLAT, _UPTURN = 0.14, 0.014
# A ladle's bowl is turned by this: it lies on the side of its polygon, not on a corner.
_HALF_SEGMENT = np.pi / SEGMENTS
_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Spoon:
    """A spoon: cutlery pressed from one sheet, or a cook's spoon with a thick bowl on a round stick."""

    length: float = setting(0.19, "length of the whole spoon", unit="m", at_least=0.13, at_most=0.3)
    bowl_share: float = setting(0.31, "length of the bowl over the spoon's", at_least=0.25, at_most=0.36)
    bowl_aspect: float = setting(0.68, "width of the bowl over its length", at_least=0.58, at_most=0.8)
    taper: float = setting(0.12, "how much wider the bowl is at its rear (egg) or front", at_least=0.04, at_most=0.22)
    depth: float = setting(0.34, "depth of the bowl over half of its width", at_least=0.24, at_most=0.5)
    fullness: float = setting(2.2, "exponent of the hollow: 2 a bowl, higher with a flat bottom", at_least=1.9, at_most=3.0)
    handle_width: float = setting(0.095, "width of the handle's end over the spoon's length", at_least=0.075, at_most=0.12)
    neck_width: float = setting(0.034, "width of the neck over the spoon's length", at_least=0.028, at_most=0.042)
    arch: float = setting(0.035, "how far the handle arches over the spoon's length", at_least=0.015, at_most=0.06)
    thickness: float = setting(0.011, "thickness of the sheet over the spoon's length", at_least=0.009, at_most=0.013)
    bowl_style: str = setting("egg", "outline of the bowl", choices=("egg", "pear", "oval", "square"))
    handle_style: str = setting("fiddle", "a pressed handle, or a round stick", choices=("fiddle", "spade", "stick"))

    def build(self) -> FunctionalObject:
        """Returns the spoon: parts back (the bowl's underside), bowl (its hollow), handle, rim and tip (the rim's front);
        functions dig-, lift-, mix-, poke-, pound-, press-, pry-, scoop-, scrape- and spread-with.
        """
        sheet, a = self.sheet(), self._half_length
        whole = self._bowl_and_handle(sheet)
        tip, below = frame_from_axes(sheet.at(a, 0.0), _Z, _X), sheet.at(0.0, 0.0, -1.0)
        carrying, pressing = sheet.frame(0.0, 0.0, 1.0, _X), frame_from_axes(below, _X, -_Z)
        substances = ("wood", "plastic", "dark wood") if self.handle_style == "stick" else ("steel", "plastic", "brass")
        return laid(FunctionalObject(
            "spoon", *whole.mesh(),
            function_parts={
                "dig-with": ("bowl", "tip"), "lift-with": ("bowl",), "mix-with": ("bowl", "back"), "poke-with": ("tip",),
                "pound-with": ("back",), "press-with": ("back",), "pry-with": ("tip",), "scoop-with": ("bowl", "rim", "tip"),
                "scrape-with": ("rim", "tip"), "spread-with": ("back",),
            },
            functional_frames={
                "dig-with": tip, "lift-with": carrying, "mix-with": carrying, "poke-with": tip, "pound-with": pressing,
                "press-with": pressing, "pry-with": tip, "scoop-with": tip, "scrape-with": tip,
                "spread-with": frame_from_axes(below, _Z, _X),
            },
            grasp_frames={"handle": frame_from_axes(self._grip(sheet), -_Z, _X)},
            substances=((("back", "bowl", "handle", "rim", "tip"), substances),),
        ))

    def sheet(self) -> Sheet:
        """Returns the pressed bowl (its middle at the origin, its front at +x), with the handle where that is pressed too."""
        stick = self.handle_style == "stick"
        section = polygon(self._outline())
        if not stick:
            section = section + self._flat_handle()
        return Sheet(section, (1.6 if stick else 1.0) * self.thickness * self.length, self._height, 0.016 * self.length + 0.0008)

    @property
    def _half_length(self) -> float:
        return self.bowl_share * self.length / 2.0

    def _outline(self) -> Float64[np.ndarray, "n 2"]:
        angle = np.linspace(0.0, 2.0 * np.pi, 120, endpoint=False)
        power = 0.72 if self.bowl_style == "square" else 1.0
        c, s = (np.sign(v) * np.abs(v) ** power for v in (np.cos(angle), np.sin(angle)))
        a = self._half_length
        return np.stack([a * c, self._half_width(a * c) * s], axis=-1)

    def _half_width(self, x: Float64[np.ndarray, "*s"]) -> Float64[np.ndarray, "*s"]:
        lean = {"egg": -1.0, "pear": 1.0, "oval": 0.0, "square": 0.3}[self.bowl_style] * self.taper
        return self._half_length * self.bowl_aspect * (1.0 + lean * np.clip(x / self._half_length, -1.0, 1.0))

    def _height(self, x: Float64[np.ndarray, "*s"], y: Float64[np.ndarray, "*s"]) -> Float64[np.ndarray, "*s"]:
        a = self._half_length
        across = np.maximum(np.abs(y / self._half_width(x)) - _FLAT, 0.0) / (1.0 - _FLAT)
        out = np.sqrt((x / a) ** 2 + across ** 2)
        hollow = -self.depth * a * self.bowl_aspect * (1.0 - np.minimum(out, 1.0) ** self.fullness)
        back = np.clip((-x - 0.9 * a) / (self.length - 1.9 * a), 0.0, None)  # 0 at the bowl's heel, 1 at the butt
        bow = 6.75 * self.arch * back * np.maximum(1.0 - back, 0.0) ** 2
        return hollow + self.length * (bow + _UPTURN * (np.maximum(back - 0.82, 0.0) / 0.18) ** 2)

    def _flat_handle(self) -> "object":
        a, back = self._half_length, np.linspace(0.0, 1.0, 60)
        wide, neck = self.handle_width * self.length / 2.0, self.neck_width * self.length / 2.0
        swell = back ** 1.6 if self.handle_style == "spade" else 0.62 * np.exp(-((back - 0.93) / 0.22) ** 2) + 0.3 * back
        heel = 0.9 * np.exp(-back / 0.05)  # the neck widens into the bowl
        x = -0.9 * a - back * (self.length - 1.9 * a - wide)
        return stroke(np.stack([x, np.zeros_like(x)], axis=-1), neck * (1.0 + heel) + (wide - neck) * swell)

    def _bowl_and_handle(self, sheet: Sheet) -> Solid:
        a, band = self._half_length, 0.009 * self.length
        bowl = polygon(self._outline())
        width = 2.0 * float(self._half_width(np.array([0.0]))[0])
        front, rear = rectangle(0.7 * a, 1.2 * a, 0.3 * width), rectangle(-2.0 * self.length, -0.2 * a, width)
        behind = rear ^ (sheet.section - bowl).offset(2e-4)
        regions = [(rear - bowl.offset(1e-4), "handle"), (border(bowl, band) - behind, "rim"),
                   (border(bowl, 2.0 * band) ^ front, "tip")]
        if self.handle_style != "stick":
            regions[0], regions[1] = regions[1], regions[0]
            return sheet.solid("bowl", regions, under="back")
        pressed = sheet.solid("bowl", regions[1:], under="back")
        return pressed + self._stick(sheet)

    def _stick(self, sheet: Sheet) -> Solid:
        a, back = self._half_length, np.linspace(0.0, 1.0, 40)
        x = -0.86 * a - back * (self.length - 1.9 * a)
        z = self._height(np.minimum(x, -a), np.zeros_like(x)) * 0.5
        radius = 0.5 * self.length * (0.8 * self.neck_width + 0.25 * (self.handle_width - self.neck_width) * back)
        flat = 1.0 - 0.45 * np.exp(-back / 0.06)
        return stem(np.stack([x, np.zeros_like(x), z], axis=-1), np.stack([radius, flat * radius], axis=-1), "handle")

    def _grip(self, sheet: Sheet) -> Float64[np.ndarray, " 3"]:
        x = -0.9 * self._half_length - 0.6 * (self.length - 1.9 * self._half_length)
        point = sheet.at(x, 0.0)
        return point * np.array([1.0, 1.0, 0.5]) if self.handle_style == "stick" else point


@dataclass(frozen=True)
class Ladle:
    """A ladle: a deep round bowl, with or without pouring lips, on a long handle that rises and ends in a hook or an eye."""

    bowl_radius: float = setting(0.043, "outer radius of the bowl's rim", unit="m", at_least=0.034, at_most=0.055)
    bowl_depth: float = setting(0.72, "depth of the bowl over its radius", at_least=0.58, at_most=0.95)
    fullness: float = setting(0.5, "how full the bowl is between a cone and a cylinder", at_least=0.35, at_most=0.7)
    wall: float = setting(0.0018, "wall thickness", unit="m", at_least=0.0015, at_most=0.0026)
    handle_length: float = setting(0.26, "length of the handle", unit="m", at_least=0.21, at_most=0.32)
    handle_lean_deg: float = setting(32.0, "how steeply the handle rises", unit="deg", at_least=16.0, at_most=46.0)
    handle_width: float = setting(0.016, "width of the handle", unit="m", at_least=0.012, at_most=0.022)
    handle_thickness: float = setting(0.0045, "thickness of the handle", unit="m", at_least=0.0035, at_most=0.007)
    end_size: float = setting(0.017, "radius of the hook or of the eye", unit="m", at_least=0.013, at_most=0.021)
    lip_reach: float = setting(0.009, "how far a pouring lip stands out", unit="m", at_least=0.006, at_most=0.013)
    end_style: str = setting("hook", "what the handle ends in", choices=("hook", "eye", "grip"))
    rim_style: str = setting("round", "a round rim, or one with a lip opposite the handle", choices=("round", "lipped"))

    def build(self) -> FunctionalObject:
        """Returns the ladle: parts bowl (the outside), handle, interior and rim; functions mix-, pound-, pour-, press- and
        scoop-with.
        """
        shell, curve = self.shell(), self._curve()
        whole = shell.solid() + (self._handle(curve) - shell.filling(0.5 * self.wall, above=0.5))
        below = frame_from_axes(np.zeros(3), _X, -_Z)
        outlet = make(np.eye(3), shell.crest(-_HALF_SEGMENT))
        return laid(FunctionalObject(
            "ladle", *whole.mesh(),
            function_parts={"mix-with": ("bowl",), "pound-with": ("bowl",), "pour-with": ("rim",), "press-with": ("bowl",),
                            "scoop-with": ("rim", "interior")},
            functional_frames={"mix-with": frame_from_axes(np.zeros(3), _Z, _X), "pound-with": below, "press-with": below,
                               "pour-with": outlet, "scoop-with": outlet},
            grasp_frames={"handle": self._grasp(curve)},
            symmetries={"press-with": about_z(), "pound-with": about_z()},
            substances=((("bowl", "handle", "interior", "rim"), ("steel", "plastic", "enamel")),),
        ))

    def shell(self) -> Shell:
        """Returns the bowl, its bottom at the origin."""
        r, depth = self.bowl_radius, self.bowl_depth * self.bowl_radius
        flat, full = 0.16 * r, self.fullness
        controls = [(flat, 0.0), (flat + (0.35 + 0.4 * full) * r, 0.0), (r, depth * (0.72 - 0.6 * full)), (r, depth)]
        outline = np.concatenate([[[0.0, 0.0]], spline(controls, 26)])
        bands = (("bowl", 0.93 * depth), ("rim", 1.0))
        drawn = unchanged if self.rim_style == "round" else lip(self.lip_reach, 0.002, 0.6, 0.45 * depth, depth)
        return Shell(outline, bands, self.wall, warp=lambda points: drawn(points @ about_axis(_Z, _HALF_SEGMENT).T))

    def _curve(self) -> Float64[np.ndarray, "k 3"]:
        """Returns the handle's middle line from the bowl's wall to the beginning of its end."""
        r, depth, length = self.bowl_radius, self.bowl_depth * self.bowl_radius, self.handle_length
        lean = np.radians(self.handle_lean_deg)
        away = np.array([-np.cos(lean), np.sin(lean)])
        root = np.array([-r + 0.5 * self.wall, 0.86 * depth])
        x, z = spline([tuple(root), tuple(root + 0.05 * length * np.array([-0.4, 1.0])), tuple(root + 0.35 * length * away),
                       tuple(root + length * (away + np.array([0.0, -0.05])))], 60).T
        return np.stack([x, np.zeros_like(x), z], axis=-1)

    def _handle(self, curve: Float64[np.ndarray, "k 3"]) -> Solid:
        share = np.linspace(0.0, 1.0, len(curve))
        width, thickness = self.handle_width / 2.0, self.handle_thickness / 2.0
        across = width * (0.75 + 0.45 * np.exp(-share / 0.06) + 0.25 * share)
        if self.end_style == "hook":
            curve = np.concatenate([curve, self._hook(curve)])
            across = np.concatenate([across, np.linspace(across[-1], 0.55 * width, len(curve) - len(share))])
        elif self.end_style == "grip":
            swell = 1.0 / (1.0 + np.exp(-(share - 0.52) / 0.015))
            halves = np.stack([across + 0.15 * width * swell, thickness * (1.0 + 1.6 * swell)], axis=-1)
            return stem(curve, halves, "handle", roundness=0.75)
        halves = np.stack([across, np.full_like(across, thickness)], axis=-1)
        strip = stem(curve, halves, "handle", roundness=0.6)
        return strip + self._eye(curve) if self.end_style == "eye" else strip

    def _hook(self, curve: Float64[np.ndarray, "k 3"]) -> Float64[np.ndarray, "m 3"]:
        """Returns the line that bends down and back from the end of ``curve``."""
        ahead = curve[-1] - curve[-2]
        ahead /= np.linalg.norm(ahead)
        down = np.cross(ahead, _Y)
        down = down if down[2] < 0.0 else -down
        turn = np.linspace(0.0, 1.15 * np.pi, 26)[1:, None]
        return curve[-1] + self.end_size * (np.sin(turn) * ahead + (1.0 - np.cos(turn)) * down)

    def _eye(self, curve: Float64[np.ndarray, "k 3"]) -> Solid:
        ahead = curve[-1] - curve[-2]
        turn = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
        wire = 0.3 * self.end_size
        ring = loop(self.end_size * np.stack([np.cos(turn), np.sin(turn), 0.0 * turn], axis=-1),
                    np.broadcast_to([wire, self.handle_thickness * 0.6], (48, 2)), "handle")
        center = curve[-1] + 0.8 * self.end_size * ahead / np.linalg.norm(ahead)
        return ring.moved(frame_from_axes(center, np.cross(ahead, _Y) * np.sign(np.cross(ahead, _Y)[2]), _Y))

    def _grasp(self, curve: Float64[np.ndarray, "k 3"]) -> Float64[np.ndarray, "4 4"]:
        at = 34
        ahead = curve[at] - curve[at + 1]  # towards the bowl
        return frame_from_axes(curve[at], np.cross(_Y, ahead) * -np.sign(np.cross(_Y, ahead)[2]), ahead)
