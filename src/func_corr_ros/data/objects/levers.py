# SPDX-License-Identifier: Apache-2.0
"""Levers that lie flat: crowbars, bottle openers and wrenches, their working end towards +x."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import PchipInterpolator

from func_corr_ros.data.objects.functional_object import FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import Grip, laid
from func_corr_ros.data.objects.plate import disc, plate, polygon, softened, stroke
from func_corr_ros.data.objects.primitives import bar, box, shifted, turned
from func_corr_ros.data.objects.solids import Solid, extrude
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)
Substances = tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
_WIDE = 0.1  # m, further than any head reaches: the size of what paints a side


@dataclass(frozen=True)
class Crowbar:
    """A crowbar lying on its side: at -x a chisel end, at +x a curve that ends in a slotted claw."""

    length: float = setting(0.5, "length of the straight shaft", unit="m", at_least=0.25, at_most=0.65)
    radius: float = setting(0.0095, "half thickness of the shaft", unit="m", at_least=0.008, at_most=0.012)
    curve_radius: float = setting(0.035, "radius of the curve's middle line", unit="m", at_least=0.028, at_most=0.05)
    turn: float = setting(165.0, "how far the curve turns back", unit="deg", at_least=125.0, at_most=182.0)
    claw_length: float = setting(0.055, "length of the claw behind the curve", unit="m", at_least=0.045, at_most=0.07)
    claw_width: float = setting(0.034, "width of the claw at its tips", unit="m", at_least=0.028, at_most=0.042)
    slot: float = setting(0.42, "width of the slot over the claw's at the tips", at_least=0.3, at_most=0.5)
    chisel_length: float = setting(0.06, "length of the chisel end", unit="m", at_least=0.045, at_most=0.09)
    chisel_width: float = setting(0.028, "width of its edge", unit="m", at_least=0.022, at_most=0.036)
    chisel_bend: float = setting(15.0, "how far the chisel end is bent", unit="deg", at_least=0.0, at_most=30.0)
    section: str = setting("hexagon", "section of the shaft", choices=("hexagon", "round", "flat"))

    def build(self) -> FunctionalObject:
        """Returns the crowbar: parts chisel end, claw, curve, shaft; functions pound-with (the back of the curve), pry-with
        (the chisel end) and pull-with (the claw).
        """
        line, inward, ends = self._line()
        curve_starts, claw_starts = line[ends[1]], line[ends[2]]
        bend = box(np.array([curve_starts[0], -_WIDE, -_WIDE]), np.array([1.0, 2.0 * _WIDE, _WIDE]), "curve")
        claw = self._flat_end(line[ends[2] - 2:], 0.5 * self.claw_width, "claw") - self._slot(claw_starts, inward[-1])
        chisel = self._flat_end(line[ends[0] + 2::-1], 0.5 * self.chisel_width, "chisel end")
        shaft = self._shaft(line[ends[0]:ends[2]]).painted(bend, "curve")
        vertices, faces, part_of_face, part_names = (shaft + claw + chisel).mesh()
        heel = ends[1] + round(0.24 * (ends[2] - ends[1]))
        root = ends[2] + round(0.3 * (len(line) - ends[2]))
        thick = self._thickness() * 0.93
        return laid(FunctionalObject(
            "crowbar", vertices, faces, part_of_face, part_names,
            function_parts={"pound-with": ("curve",), "pry-with": ("chisel end",), "pull-with": ("claw",)},
            functional_frames={
                "pound-with": _facing(line[heel] - thick * inward[heel], -inward[heel], _X),
                "pry-with": _facing(line[0], line[0] - line[1], -inward[0]),
                "pull-with": frame_from_axes(line[root] + 0.72 * thick * inward[root], _Z, -_X),
            },
            grasp_frames={"shaft": frame_from_axes(0.5 * (line[ends[0]] + line[ends[1]]), -_Z, _X)},
            substances=((part_names, ("steel", "chrome", "enamel")),),
        ))

    def _line(self) -> tuple[Float64[np.ndarray, "k 3"], Float64[np.ndarray, "k 3"], tuple[int, int, int]]:
        """Returns the middle line from the chisel's edge to the claw's tips, its normal towards the inside of the curve, and
        where the shaft, the curve and the claw begin.
        """
        step, turn = 0.003, np.radians(self.turn)
        lengths = np.cumsum([0.0, self.chisel_length, self.length, self.curve_radius * turn, self.claw_length])
        s = np.arange(0.0, lengths[-1], step)
        bent = np.radians(self.chisel_bend)
        heading = np.interp(s, [0.5 * lengths[1], lengths[1], lengths[2], lengths[3]], [bent, 0.0, 0.0, turn])
        tangents = np.stack([np.cos(heading), np.sin(heading), np.zeros_like(s)], axis=-1)
        line = step * np.cumsum(tangents, axis=0)
        begin = np.searchsorted(s, lengths[1:4])
        return line, np.cross(_Z, tangents), (int(begin[0]), int(begin[1]), int(begin[2]))

    def _thickness(self) -> float:
        return 0.45 * self.radius if self.section == "flat" else self.radius

    def _shaft(self, line: Float64[np.ndarray, "k 3"]) -> Solid:
        segments, roundness, wide = {"hexagon": (6, 1.0, 1.0), "round": (28, 1.0, 1.0), "flat": (28, 0.3, 1.5)}[self.section]
        half = np.array([[self._thickness(), wide * self.radius]] * len(line))
        return bar(line, half, "shaft", segments=segments, roundness=roundness)

    def _flat_end(self, line: Float64[np.ndarray, "k 3"], half_width: float, part: str) -> Solid:
        """Returns the end that is beaten flat along ``line``, thin and wide at its last point."""
        t = np.linspace(0.0, 1.0, len(line))
        thick = PchipInterpolator([0.0, 0.3, 1.0], [0.9 * self._thickness(), 0.7 * self._thickness(), 0.0012])(t)
        wide = PchipInterpolator([0.0, 0.5, 1.0], [1.05 * self.radius, 0.8 * half_width, half_width])(t)
        return bar(line, np.stack([thick, wide], axis=-1), part, roundness=0.4)

    def _slot(self, start: Float64[np.ndarray, " 3"], inward: Float64[np.ndarray, " 3"]) -> Solid:
        begin, end, opening = 0.35 * self.claw_length, 1.3 * self.claw_length, 0.65 * self.slot * self.claw_width
        outline = np.array([[begin, -0.0008], [end, -opening], [end, opening], [begin, 0.0008]])
        wedge = extrude(outline, _WIDE, "claw", -0.5 * _WIDE)
        tangent = np.cross(inward, _Z)
        return wedge.moved(make(np.stack([tangent, _Z, -inward], axis=-1), start))


@dataclass(frozen=True)
class BottleOpener:
    """A bottle opener: a flat steel bar, or a head on a handle; the blade in its mouth goes under the cap."""

    length: float = setting(0.15, "end to end", unit="m", at_least=0.11, at_most=0.19)
    mouth_radius: float = setting(0.0145, "radius of the mouth", unit="m", at_least=0.012, at_most=0.017)
    ring: float = setting(0.0065, "width of the ring around the mouth", unit="m", at_least=0.0045, at_most=0.009)
    blade_width: float = setting(0.011, "width of the blade", unit="m", at_least=0.008, at_most=0.014)
    blade_reach: float = setting(0.6, "how far the blade stands into the mouth, over its radius", at_least=0.4, at_most=0.8)
    thickness: float = setting(0.003, "thickness of the steel", unit="m", at_least=0.002, at_most=0.004)
    waist: float = setting(0.6, "half width of the neck or of the bar's waist over the head's", at_least=0.45, at_most=0.8)
    end: float = setting(0.85, "half width of the bar's end over the head's", at_least=0.6, at_most=1.1)
    handle_width: float = setting(0.022, "width of a grip", unit="m", at_least=0.018, at_most=0.028)
    handle_flatness: float = setting(0.7, "thickness of a grip over its width", at_least=0.55, at_most=0.95)
    style: str = setting("flat bar", "what it is held by", choices=("flat bar", "lever"))
    mouth_style: str = setting("round", "shape of the mouth", choices=("round", "bell"))
    handle_style: str = setting("scales", "shape of a grip", choices=("scales", "round", "contoured", "ringed"))

    def build(self) -> FunctionalObject:
        """Returns the opener: parts blade, head and handle; function pry-with (the blade)."""
        outer = self.mouth_radius + self.ring
        butt = outer - self.length
        tip = (self.blade_reach - 1.0) * self.mouth_radius
        grip = Grip(self.handle_style, 0.55 * self.length, self.handle_width, self.handle_flatness * self.handle_width)
        place = shifted(x=butt + grip.length)
        steel = plate(self._outline(outer, butt), self.thickness, "head", 0.3 * self.thickness)
        # Inside the mouth nothing but the blade is met by this box.
        within = np.array([-0.95 * self.mouth_radius, 0.5 * self.blade_width + 3e-4, _WIDE])
        steel = steel.painted(box(within * np.array([1.0, -1.0, -1.0]), np.array([tip + 1e-3, *within[1:]]), "blade"), "blade")
        if self.style == "flat bar":
            behind = box(np.array([-1.0, -_WIDE, -_WIDE]), np.array([-1.5 * outer, _WIDE, _WIDE]), "handle")
            steel = steel.painted(behind, "handle")
            grasp = frame_from_axes(0.62 * butt * _X, -_Z, _X)
            stuff: Substances = ((("blade", "handle", "head"), ("steel", "chrome", "brass")),)
        else:
            steel = steel + grip.solid("handle").moved(place)
            grasp = place @ grip.object_from_gripper()
            stuff = ((("blade", "head"), ("steel", "chrome")), (("handle",), ("wood", "dark wood", "plastic", "rubber")))
        vertices, faces, part_of_face, part_names = steel.mesh()
        return laid(FunctionalObject(
            "bottle opener", vertices, faces, part_of_face, part_names,
            function_parts={"pry-with": ("blade",)}, functional_frames={"pry-with": frame_from_axes(tip * _X, _Z, _X)},
            grasp_frames={"handle": grasp}, symmetries={"pry-with": Symmetry(2, np.zeros(3), _X)}, substances=stuff,
        ))

    def _outline(self, outer: float, butt: float) -> Any:
        """Returns the outline of the steel: head around the mouth's middle, and bar or neck towards -x."""
        if self.style == "flat bar":
            halves = outer * np.array([0.9, self.waist, 0.5 * (self.waist + self.end), self.end])
            last = butt + halves[-1]
            knots, x = [last, 0.55 * last, 0.3 * last, 0.0], np.linspace(last, 0.0, 40)
            width = PchipInterpolator(knots, [halves[3], halves[2], halves[1], halves[0]])(x)
            hole = self._mouth() + disc((last, 0.0), 0.4 * halves[-1])
        else:
            x = np.linspace(butt + 0.2 * self.length, 0.0, 20)
            width = np.interp(x, [x[0], -outer, 0.0], [0.36 * self.handle_width, 0.36 * self.handle_width, self.waist * outer])
            hole = self._mouth()
        body = softened(stroke(np.stack([x, np.zeros_like(x)], axis=-1), width) + disc((0.0, 0.0), outer), 0.2 * outer)
        return body - hole

    def _mouth(self) -> Any:
        m, half = self.mouth_radius, 0.5 * self.blade_width
        tip = (self.blade_reach - 1.0) * m
        if self.mouth_style == "round":
            opening = disc((0.0, 0.0), m)
        else:
            bell = np.array([[-0.95, -0.55], [0.75, -0.95], [0.95, 0.0], [0.75, 0.95], [-0.95, 0.55]])
            opening = polygon(m * bell) ^ disc((0.0, 0.0), m)
        blade = polygon(np.array([[-2.0 * m, -1.1 * half], [tip, -half], [tip, half], [-2.0 * m, 1.1 * half]]))
        return softened(opening - blade, 0.0009)


@dataclass(frozen=True)
class Wrench:
    """A wrench (spanner) lying flat, its open jaw towards +x."""

    length: float = setting(0.2, "end to end", unit="m", at_least=0.13, at_most=0.28)
    opening: float = setting(0.017, "gap between the jaws", unit="m", at_least=0.012, at_most=0.022)
    head_ratio: float = setting(1.2, "radius of the head over the gap", at_least=1.12, at_most=1.35)
    offset: float = setting(15.0, "angle between jaw and handle", unit="deg", at_least=0.0, at_most=22.0)
    depth: float = setting(0.45, "how deep the gap goes past the head's middle, over the gap", at_least=0.3, at_most=0.55)
    prong: float = setting(0.7, "how far the prongs reach from the head's middle, over its radius", at_least=0.6, at_most=0.77)
    thickness: float = setting(0.0075, "thickness of the head", unit="m", at_least=0.006, at_most=0.01)
    handle_width: float = setting(0.8, "width of the handle over the gap", at_least=0.65, at_most=1.0)
    handle_thickness: float = setting(0.75, "thickness of the handle over the head's", at_least=0.6, at_most=0.9)
    recess: float = setting(0.5, "width of the hollow along the handle over the handle's", at_least=0.35, at_most=0.6)
    style: str = setting("combination", "kind of wrench", choices=("combination", "single", "adjustable"))

    def build(self) -> FunctionalObject:
        """Returns the wrench: parts handle, head, jaw and, on a combination wrench, ring; functions apply torque-with (jaw),
        pound-with (head) and pry-with (jaw).
        """
        r = self.head_ratio * self.opening
        object_from_mouth = make(about_axis(_Z, np.radians(self.offset)), np.zeros(3))
        front = np.array([-0.5 * self.depth * self.opening, -_WIDE, -_WIDE]), _WIDE * np.ones(3)
        head = self._head(r).painted(box(*front, "jaw"), "jaw").moved(object_from_mouth)
        vertices, faces, part_of_face, part_names = (head + self._handle(r)).mesh()
        lip, back, outward = self._spots(r)
        frames = {
            "apply torque-with": object_from_mouth @ shifted(x=0.3 * self.prong * r),
            "pound-with": object_from_mouth @ _facing(back, outward, object_from_mouth[0, :3]),
            "pry-with": object_from_mouth @ shifted(*lip.tolist()),
        }
        axis = Symmetry(2, np.zeros(3), object_from_mouth[:3, 0])
        return laid(FunctionalObject(
            "wrench", vertices, faces, part_of_face, part_names,
            function_parts={"apply torque-with": ("jaw",), "pound-with": ("head",), "pry-with": ("jaw",)},
            functional_frames=frames,
            grasp_frames={"handle": frame_from_axes(-0.5 * (self.length - 2.0 * r) * _X, -_Z, _X)},
            symmetries={} if self.style == "adjustable" else {"apply torque-with": axis, "pry-with": axis},
            substances=((part_names, ("steel", "chrome")),),
        ))

    def _spots(self, r: float) -> tuple[Float64[np.ndarray, " 3"], Float64[np.ndarray, " 3"], Float64[np.ndarray, " 3"]]:
        """Returns, as the mouth sees them, the tip of a prong, a point of the head's back, and the way that faces."""
        if self.style == "adjustable":
            return np.array([1.25 * r, 0.62 * self.opening, 0.0]), r * np.array([-0.55, -0.95, 0.0]), np.array([-0.5, -0.87, 0.0])
        tip = 0.5 * (0.5 * self.opening + r * np.sqrt(1.0 - self.prong**2))
        side = np.array([-0.35, -np.sqrt(1.0 - 0.35**2), 0.0])
        return np.array([self.prong * r, tip, 0.0]), r * side, side

    def _head(self, r: float) -> Solid:
        """Returns the head about its middle, its gap towards +x."""
        gap, reach = self.opening, self.prong * r
        back = -self.depth * gap
        mouth = polygon(np.array([[back, -0.3 * gap], [0.3 * back, -0.5 * gap], [_WIDE, -0.5 * gap], [_WIDE, 0.5 * gap],
                                  [0.3 * back, 0.5 * gap], [back, 0.3 * gap]]))
        cut = polygon(np.array([[-_WIDE, -_WIDE], [reach, -_WIDE], [reach, _WIDE], [-_WIDE, _WIDE]]))
        edge = 0.12 * self.thickness
        if self.style != "adjustable":
            return plate(softened((disc((0.0, 0.0), r) ^ cut) - mouth, 1.4 * edge), self.thickness, "head", edge)
        long = 1.25 * r
        outline = polygon(np.array([[-0.9 * r, -0.75 * r], [-0.2 * r, -1.15 * r], [reach, -0.95 * gap], [long, 0.5 * gap],
                                    [long, 0.75 * gap], [0.3 * r, 1.05 * r], [-0.9 * r, 0.8 * r]]))
        slide = polygon(np.array([[back, -1.1 * r], [reach, -0.95 * gap], [reach, -0.5 * gap], [back, -0.5 * gap]]))
        window = np.array([1.05 * back, -0.78 * r, 0.0])
        width, tall = 0.2 * r, 0.3 * r
        around = np.array([1.15 * width, 1.15 * tall, _WIDE])
        hole = box(window - around, window + around, "head")
        body = plate(softened(outline - mouth, 2.0 * edge), self.thickness, "head", edge) - hole
        rings = np.linspace(-1.3, 1.3, 60)
        screw = np.stack([width * (0.86 + 0.1 * np.cos(22.0 * rings)), tall * rings], axis=-1)
        profile = np.concatenate([[[0.0, screw[0, 1]]], screw, [[0.0, screw[-1, 1]]]])
        upright = make(np.stack([_Z, _X, _Y], axis=-1), window)
        return body + plate(softened(slide, edge), 0.8 * self.thickness, "head", edge) + turned(
            profile, ["head"] * (len(profile) - 1), upright, 32)

    def _handle(self, r: float) -> Solid:
        """Returns the handle from within the head to the other end at -x."""
        half = 0.5 * self.handle_width * self.opening
        end = -(self.length - r)
        big = 0.95 * self.opening if self.style == "combination" else 1.2 * half
        last, t = end + big, np.linspace(0.0, 1.0, 40)
        start = -self.depth * self.opening - 1.3 * half  # its round end stays within the head, out of the gap
        line = np.stack([start * (1.0 - t) + last * t, np.zeros_like(t)], axis=-1)
        width = half * (1.0 + 0.25 * (1.0 - t) ** 4 + 0.12 * t)
        thick = self.handle_thickness * self.thickness
        bore = 0.6 * self.opening if self.style == "combination" else 0.5 * half
        body = plate(softened(stroke(line, width), 0.2 * half), thick, "handle", 0.4 * thick)
        eye_part, eye_thick = ("ring", 1.1 * self.thickness) if self.style == "combination" else ("handle", 1.02 * thick)
        eye = plate(disc((last, 0.0), big), eye_thick, eye_part, 0.2 * eye_thick)
        teeth = 12 if self.style == "combination" else 48
        angle = 2.0 * np.pi * np.arange(2 * teeth) / (2 * teeth)
        radius = bore * (1.0 + (0.07 if teeth == 12 else 0.0) * np.cos(teeth * angle))
        outline = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        hole = extrude(outline + np.array([last, 0.0]), _WIDE, eye_part, -0.5 * _WIDE)
        groove = np.linspace(-1.35 * r, last + big + 0.006, 3)[:, None] * np.array([1.0, 0.0])
        recess = plate(stroke(groove, self.recess * half), 0.4 * thick, "handle", 0.1 * thick)
        return (body - recess.moved(shifted(z=0.5 * thick)) - recess.moved(shifted(z=-0.5 * thick)) + eye) - hole


def _facing(
    origin: Float64[np.ndarray, " 3"], x: Float64[np.ndarray, " 3"], z_hint: Float64[np.ndarray, " 3"]
) -> Float64[np.ndarray, "4 4"]:
    """Returns the frame at ``origin`` with its x axis along ``x`` and z as near to ``z_hint`` as that allows."""
    x = x / np.linalg.norm(x)
    z = z_hint - (z_hint @ x) * x
    z = z / np.linalg.norm(z)
    return make(np.stack([x, np.cross(z, x), z], axis=-1), origin)
