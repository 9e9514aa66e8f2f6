# SPDX-License-Identifier: Apache-2.0
"""Closed loops that things hang on, lying flat: carabiners and curtain rings."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import laid
from func_corr_ros.data.objects.plate import disc, loop
from func_corr_ros.data.objects.primitives import bar, box, rod, turned
from func_corr_ros.data.objects.solids import Solid
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import make
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Carabiner:
    """A carabiner: its wide bow towards +x, its gate at +y, its spine at -y."""

    length: float = setting(0.09, "length of the middle line", unit="m", at_least=0.055, at_most=0.11)
    width: float = setting(0.56, "width of the middle line over its length", at_least=0.46, at_most=0.66)
    narrow: float = setting(0.7, "radius of the end at -x over the bow's", at_least=0.5, at_most=0.85)
    radius: float = setting(0.0052, "radius of the bar", unit="m", at_least=0.004, at_most=0.0062)
    flattening: float = setting(0.9, "thickness of the bar over its width", at_least=0.8, at_most=1.1)
    gate_radius: float = setting(0.78, "radius of the gate over the bar's", at_least=0.65, at_most=0.9)
    gate_length: float = setting(0.5, "length of the gate over the carabiner's", at_least=0.42, at_most=0.56)
    sleeve: float = setting(0.55, "length of a screw sleeve over the gate's", at_least=0.45, at_most=0.7)
    shape_style: str = setting("D", "outline", choices=("D", "oval", "pear"))
    gate_style: str = setting("plain", "kind of gate", choices=("plain", "screw", "wire"))

    def build(self) -> FunctionalObject:
        """Returns the carabiner: parts bow, gate, spine; functions hang-onto and pull-with (in the bow)."""
        curve = self._curve()
        half = self.radius * np.array([1.0, self.flattening])
        bow_from = 0.5 * self.length - 0.5 * self.width * self.length
        wide = self.length
        body = loop(curve, np.broadcast_to(half, (len(curve), 2)), "spine", 28)
        body = body.painted(box(np.array([bow_from, -wide, -wide]), wide * np.ones(3), "bow"), "bow")
        vertices, faces, part_of_face, part_names = self._with_gate(body, curve).mesh()
        end = curve[curve[:, 0].argmax()]
        return laid(FunctionalObject(
            "carabiner", vertices, faces, part_of_face, part_names,
            function_parts={"hang-onto": ("bow",), "pull-with": ("bow",)},
            functional_frames={"hang-onto": frame_from_axes(end, -_X, _Y),
                               "pull-with": frame_from_axes(end - self.radius * _X, _Z, -_X)},
            grasp_frames={"end": frame_from_axes(curve[curve[:, 0].argmin()], -_Z, _Y)},  # closing across the bar, along x
            substances=((("bow", "spine"), ("steel", "chrome", "enamel")), (("gate",), ("steel", "chrome"))),
        ))

    def _curve(self) -> Float64[np.ndarray, "k 3"]:
        """Returns the bar's middle line, counter-clockwise, at even steps."""
        r = 0.5 * self.width * self.length
        small = r * (1.0 if self.shape_style == "oval" else self.narrow)
        aside = small - r if self.shape_style == "D" else 0.0  # the spine of a D is parallel to x
        hull = (disc((0.5 * self.length - r, 0.0), r) + disc((small - 0.5 * self.length, aside), small)).hull()
        ring = np.asarray(hull.to_polygons()[0])
        ring = np.concatenate([ring, ring[:1]])
        along = np.insert(np.cumsum(np.linalg.norm(np.diff(ring, axis=0), axis=1)), 0, 0.0)
        even = np.linspace(0.0, along[-1], 181)[:-1]
        x, y = (np.interp(even, along, ring[:, axis]) for axis in (0, 1))
        return np.stack([x, y, np.zeros_like(x)], axis=-1)

    def _with_gate(self, body: Solid, curve: Float64[np.ndarray, "k 3"]) -> Solid:
        """Returns the body with its gate in place of a stretch of the bar at +y."""
        upper = curve[curve[:, 1] > 0.0]
        middle = 0.5 * self.length * (1.0 - self.width) * 0.3
        reach = 0.5 * self.gate_length * self.length
        a, b = (upper[np.abs(upper[:, 0] - x).argmin()] for x in (middle - reach, middle + reach))
        wide, thin = self.length, self.gate_radius * self.radius
        gap = box(np.array([a[0], 0.0, -wide]), np.array([b[0], wide, wide]), "spine")
        way = (b - a) / np.linalg.norm(b - a)
        axle = rod(a - 1.25 * self.radius * _Z, a + 1.25 * self.radius * _Z, 0.5 * thin, "gate", 24)
        if self.gate_style == "wire":
            t = np.linspace(0.0, 1.0, 50)[:, None]
            side = 0.62 * self.radius * np.sqrt(np.clip(1.0 - ((t - 0.5) / 0.56) ** 6, 0.0, 1.0)) * _Z
            middle_line = a - 0.6 * self.radius * way + t * (b - a + 1.2 * self.radius * way)
            wires = [bar(middle_line + sign * side, 0.3 * self.radius, "gate", segments=16) for sign in (1.0, -1.0)]
            return (body - gap) + wires[0] + wires[1] + axle
        gate = rod(a - self.radius * way, b + 0.6 * self.radius * way, thin, "gate", 32)
        if self.gate_style == "screw":
            span, start = self.sleeve * float(np.linalg.norm(b - a)), a + (0.5 - 0.5 * self.sleeve) * (b - a)
            s = np.linspace(0.0, span, 80)
            radius = self.radius * (1.22 + 0.05 * np.cos(s / span * 2.0 * np.pi * 11.0)) * np.interp(
                s, [0.0, 0.06 * span, 0.94 * span, span], [0.85, 1.0, 1.0, 0.85])
            profile = np.concatenate([[[0.0, 0.0]], np.stack([radius, s], axis=-1), [[0.0, span]]])
            upright = make(np.stack([_Z, np.cross(way, _Z), way], axis=-1), start)
            gate = gate + turned(profile, ["gate"] * (len(profile) - 1), upright, 40)
        return (body - gap) + gate + axle


@dataclass(frozen=True)
class CurtainRing:
    """A curtain ring; what it carries, on an eyelet or a clip, at -x."""

    ring_radius: float = setting(0.029, "radius of the loop's middle line", unit="m", at_least=0.0255, at_most=0.034)
    bar_radius: float = setting(0.0035, "half width of the loop's bar", unit="m", at_least=0.0024, at_most=0.006)
    flattening: float = setting(1.0, "thickness of the bar over its width", at_least=0.6, at_most=1.6)
    eyelet_radius: float = setting(0.0045, "radius of the eyelet's middle line", unit="m", at_least=0.0036, at_most=0.0065)
    eyelet_bar: float = setting(0.0013, "radius of its wire", unit="m", at_least=0.001, at_most=0.0017)
    stem: float = setting(0.004, "length of its stem", unit="m", at_least=0.002, at_most=0.007)
    clip_length: float = setting(0.022, "length of the clip", unit="m", at_least=0.017, at_most=0.03)
    clip_width: float = setting(0.012, "width of the clip", unit="m", at_least=0.009, at_most=0.017)
    clip_thickness: float = setting(0.006, "thickness of the clip", unit="m", at_least=0.0045, at_most=0.0075)
    style: str = setting("eyelet", "what carries the curtain", choices=("eyelet", "clip", "plain"))

    def build(self) -> FunctionalObject:
        """Returns the ring: parts loop and eyelet or clip; function hang-onto."""
        turn = 2.0 * np.pi * np.arange(120) / 120
        circle = self.ring_radius * np.stack([np.cos(turn), np.sin(turn), np.zeros_like(turn)], axis=-1)
        half = self.bar_radius * np.array([1.0, self.flattening])
        solid = loop(circle, np.broadcast_to(half, (120, 2)), "loop", 32)
        if self.style != "plain":
            solid = solid + self._eyelet()
        if self.style == "clip":
            solid = solid + self._clip()
        vertices, faces, part_of_face, part_names = solid.mesh()
        others = tuple(name for name in part_names if name != "loop")
        flipped, spun = Symmetry(2, np.zeros(3), _X), Symmetry(ANY_ANGLE, np.zeros(3), _Z)
        metal = ("steel", "chrome", "brass")
        return laid(FunctionalObject(
            "curtain ring", vertices, faces, part_of_face, part_names,
            function_parts={"hang-onto": ("loop",)},
            functional_frames={"hang-onto": frame_from_axes(self.ring_radius * _X, _X, _Z)},
            grasp_frames={"loop": frame_from_axes(self.ring_radius * _Y, -_Z, _X)},
            symmetries={"hang-onto": spun if self.style == "plain" else flipped},
            substances=((("loop",), ("wood", "dark wood", "plastic", *metal)),) + (((others, metal),) if others else ()),
        ))

    def _eyelet(self) -> Solid:
        outer = -(self.ring_radius + self.bar_radius)
        turn = 2.0 * np.pi * np.arange(48) / 48
        eye = self.eyelet_radius * np.stack([np.cos(turn), np.sin(turn), np.zeros_like(turn)], axis=-1)
        center = (outer - self.stem - self.eyelet_radius) * _X
        foot = rod((outer + 0.5 * self.bar_radius) * _X, center + self.eyelet_radius * _X, 1.3 * self.eyelet_bar, "eyelet", 24)
        collar = rod((outer + 0.0006) * _X, (outer - 0.0012) * _X, 2.2 * self.eyelet_bar, "eyelet", 32)
        return foot + collar + loop(eye + center, self.eyelet_bar, "eyelet", 20)

    def _clip(self) -> Solid:
        """Returns the clip that hangs on the eyelet: two jaws with a spring, open a little at -x."""
        hold = -(self.ring_radius + self.bar_radius + self.stem + 1.6 * self.eyelet_radius)
        half, thick = 0.5 * self.clip_width, 0.5 * self.clip_thickness
        body = box(np.array([hold - self.clip_length, -half, -thick]), np.array([hold, half, thick]), "clip", 0.3 * thick)
        slit = box(np.array([hold - 1.1 * self.clip_length, -0.1, -0.2 * thick]),
                   np.array([hold - 0.5 * self.clip_length, 0.1, 0.2 * thick]), "clip")
        axle = (hold - 0.4 * self.clip_length) * _X
        spring = rod(axle - 1.1 * half * _Y, axle + 1.1 * half * _Y, 1.25 * thick, "clip", 32)
        return (body - slit) + spring
