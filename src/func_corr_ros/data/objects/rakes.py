# SPDX-License-Identifier: Apache-2.0
"""Rakes and hoes: heads that hang across the end of a long shaft and work towards the one who pulls."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.grip import laid
from func_corr_ros.data.objects.plate import polygon, softened
from func_corr_ros.data.objects.pressed import Sheet, border, rectangle, stem
from func_corr_ros.data.objects.primitives import bar, rod, union
from func_corr_ros.data.objects.shell import spline
from func_corr_ros.data.objects.solids import Solid
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import make, transform_points
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Rake:
    """A garden rake: a level or a bow head with short teeth, or a fan of long springy tines."""

    length: float = setting(1.2, "length of the shaft", unit="m", at_least=0.85, at_most=1.4)
    shaft_radius: float = setting(0.013, "radius of the shaft", unit="m", at_least=0.011, at_most=0.016)
    head_width: float = setting(0.36, "width of the head", unit="m", at_least=0.28, at_most=0.46)
    pitch: float = setting(0.026, "distance of the teeth", unit="m", at_least=0.022, at_most=0.034)
    tine_length: float = setting(0.075, "length of the teeth", unit="m", at_least=0.055, at_most=0.095)
    tine_radius: float = setting(0.0042, "radius of the teeth at their root", unit="m", at_least=0.0035, at_most=0.0055)
    tine_curve: float = setting(0.018, "how far the teeth bend back to the shaft", unit="m", at_least=0.0, at_most=0.03)
    bar_size: float = setting(0.009, "half height of the head's bar", unit="m", at_least=0.007, at_most=0.012)
    reach: float = setting(0.16, "distance of the head from the shaft's end", unit="m", at_least=0.11, at_most=0.2)
    head_style: str = setting("level", "kind of head", choices=("level", "bow", "leaf"))
    shaft_style: str = setting("plain", "the shaft's end", choices=("plain", "sleeve"))

    def build(self) -> FunctionalObject:
        """Returns the rake: parts head, shaft, socket, tines and, with a sleeve, handle; functions scrape- and sweep-with."""
        curves = self._fan() if self.head_style == "leaf" else self._teeth()
        taper = np.linspace(1.0, 0.6, curves.shape[1])
        wide = self.tine_radius * np.stack([taper, taper * (0.5 if self.head_style == "leaf" else 1.0)], axis=-1)
        tines = [stem(curve, wide, "tines", segments=10) for curve in curves]
        whole = union([*tines, *self._head(curves), *self._shaft()])
        middle = curves[len(curves) // 2]
        out = middle[-1] - middle[-2]
        frame = make(np.eye(3), middle[-1] + 0.6 * self.tine_radius * out / np.linalg.norm(out))
        frame[:3, :3] = frame_from_axes(np.zeros(3), np.cross(out, _Y) * np.sign(np.cross(out, _Y)[0]), out)[:3, :3]
        held = np.array([-0.5 * self.length, 0.0, 0.0])
        parts = tuple(part for part in whole.mesh()[3] if part not in ("handle", "shaft"))
        sleeve = ((("handle",), ("rubber", "plastic")),) if self.shaft_style == "sleeve" else ()
        return laid(FunctionalObject(
            "rake", *whole.mesh(),
            function_parts={"scrape-with": ("tines",), "sweep-with": ("tines",)},
            functional_frames={"scrape-with": frame, "sweep-with": frame},
            grasp_frames={"shaft": frame_from_axes(held, -_Z, _X)},
            substances=((parts, ("steel", "plastic", "enamel")), (("shaft",), ("wood", "dark wood", "plastic")), *sleeve),
        ))

    def _count(self) -> int:
        """Returns how many teeth there are: odd, so that one is in the middle."""
        return 2 * int(0.5 * self.head_width / self.pitch) + 1

    def _teeth(self) -> Float64[np.ndarray, "n k 3"]:
        """Returns the middle lines of short teeth, from the bar down."""
        share = np.linspace(0.0, 1.0, 16)
        y = (np.arange(self._count()) - self._count() // 2) * self.pitch
        x = self.reach - self.tine_curve * share**2
        line = np.stack([x, 0.0 * x, -self.tine_length * share], axis=-1)
        return line + y[:, None, None] * _Y

    def _fan(self) -> Float64[np.ndarray, "n k 3"]:
        """Returns the middle lines of springy tines, from the shaft outward and bent down at their ends."""
        count, length = 2 * int(0.25 * self._count()) + 9, 2.0 * self.reach
        angle = np.linspace(-1.0, 1.0, count) * np.arcsin(min(0.62 * self.head_width / length, 0.75))
        bent = spline([(0.01, 0.0), (0.5 * length, 0.0), (0.96 * length, 0.0), (1.02 * length, -0.01),
                       (length, -0.6 * self.tine_length)], 40)
        out = np.stack([np.cos(angle), np.sin(angle), 0.0 * angle], axis=-1)
        return bent[None, :, :1] * out[:, None] + bent[None, :, 1:] * _Z

    def _head(self, curves: Float64[np.ndarray, "n k 3"]) -> list[Solid]:
        b, half = self.bar_size, self.pitch * (self._count() // 2) + 0.012
        if self.head_style == "leaf":
            at = int(0.45 * curves.shape[1])
            across = curves[:, at]
            plate = rod(-0.03 * _X, 0.05 * _X, (1.15 * self.shaft_radius, 1.5 * self.shaft_radius), "socket")
            return [bar(across, np.array([b, 0.5 * b]), "head", roundness=0.6), plate]
        y = np.linspace(-half, half, 20)
        level = np.stack([np.full(20, self.reach), y, 0.0 * y], axis=-1)
        made = [bar(level, np.array([0.6 * b, b]), "head", roundness=0.5)]
        if self.head_style == "level":
            x, z = spline([(-0.02, 0.0), (0.3 * self.reach, 0.0), (0.7 * self.reach, 0.02), (0.85 * self.reach, 0.0),
                           (self.reach, 0.0)], 24).T
            neck = bar(np.stack([x, 0.0 * x, z], axis=-1), np.array([0.55 * self.shaft_radius, 0.55 * self.shaft_radius]), "head")
            return [*made, neck, self._socket()]
        for side in (-1.0, 1.0):
            arm = spline([(-0.02, 0.0, 0.0), (0.25 * self.reach, side * 0.02, 0.0), (0.2 * self.reach, side * 0.95 * half, 0.0),
                          (0.8 * self.reach, side * 1.1 * half, 0.0), (self.reach, side * (half - 0.008), 0.0)], 36)
            made.append(bar(arm, np.array([0.6 * b, 0.6 * b]), "head"))
        return [*made, self._socket()]

    def _socket(self) -> Solid:
        return rod(-0.06 * _X, 0.025 * _X, (1.18 * self.shaft_radius, 0.95 * self.shaft_radius), "socket")

    def _shaft(self) -> list[Solid]:
        return _shaft(self.length, self.shaft_radius, self.shaft_style)


@dataclass(frozen=True)
class Hoe:
    """A hoe: a blade that hangs from a goose neck across the end of a long shaft."""

    length: float = setting(1.1, "length of the shaft", unit="m", at_least=0.8, at_most=1.25)
    shaft_radius: float = setting(0.0135, "radius of the shaft", unit="m", at_least=0.0115, at_most=0.016)
    blade_width: float = setting(0.17, "width of the blade", unit="m", at_least=0.13, at_most=0.22)
    blade_height: float = setting(0.11, "height of the blade", unit="m", at_least=0.085, at_most=0.15)
    blade_thickness: float = setting(0.0032, "thickness of the blade", unit="m", at_least=0.0025, at_most=0.0045)
    hollow: float = setting(0.006, "how far the blade's sides bend towards the shaft", unit="m", at_least=0.0, at_most=0.012)
    blade_lean_deg: float = setting(18.0, "how far the edge leans back towards the shaft", unit="deg", at_least=8.0, at_most=30.0)
    neck_length: float = setting(0.14, "length of the neck", unit="m", at_least=0.09, at_most=0.18)
    neck_radius: float = setting(0.0075, "radius of the neck", unit="m", at_least=0.006, at_most=0.009)
    neck_arch: float = setting(0.03, "how far the neck rises above the shaft", unit="m", at_least=0.01, at_most=0.05)
    blade_style: str = setting("field", "outline of the blade", choices=("field", "heart", "half-moon", "onion"))
    shaft_style: str = setting("plain", "the shaft's end", choices=("plain", "sleeve"))

    def build(self) -> FunctionalObject:
        """Returns the hoe: parts blade (the side towards the shaft), edge, face (the side away from it), neck, shaft, socket and,
        with a sleeve, handle; functions dig-, press-, pull-, scrape- and sweep-with.
        """
        sheet, placed = self.sheet(), self._object_from_blade()
        edge_band = border(sheet.section, 0.007) ^ rectangle(0.55 * self.blade_height, 2.0, 1.0)
        blade = sheet.solid("blade", [(edge_band, "edge")], under="face").moved(placed)
        whole = blade + self._neck(placed) + union(_shaft(self.length, self.shaft_radius, self.shaft_style))
        socket = rod(-0.07 * _X, 0.03 * _X, (1.2 * self.shaft_radius, 0.95 * self.shaft_radius), "socket")
        whole = whole + socket
        front = float(sheet.section.bounds()[2])
        digging = placed @ sheet.frame(front, 0.0, 0.0, _X)  # x out of the edge, z towards the shaft
        working = digging @ np.diag([1.0, -1.0, -1.0, 1.0])  # z away from the grip
        middle = 0.55 * self.blade_height
        inner, outer = (transform_points(placed, sheet.at(middle, 0.0, side)[None])[0] for side in (1.0, -1.0))
        normal = placed[:3, :3] @ sheet.normal(middle, 0.0)
        parts = ("blade", "edge", "face", "neck", "socket")
        sleeve = ((("handle",), ("rubber", "plastic")),) if self.shaft_style == "sleeve" else ()
        return laid(FunctionalObject(
            "hoe", *whole.mesh(),
            function_parts={"dig-with": ("blade", "edge"), "press-with": ("face",), "pull-with": ("blade",),
                            "scrape-with": ("edge",), "sweep-with": ("blade", "edge")},
            functional_frames={
                "dig-with": digging, "scrape-with": working, "sweep-with": working,
                "press-with": _with_x(outer, -normal, -placed[:3, 0]), "pull-with": _with_x(inner, normal, _Y),
            },
            grasp_frames={"shaft": frame_from_axes(np.array([-0.5 * self.length, 0.0, 0.0]), -_Z, _X)},
            substances=((parts, ("steel", "enamel")), (("shaft",), ("wood", "dark wood", "plastic")), *sleeve),
        ))

    def sheet(self) -> Sheet:
        """Returns the blade lying flat: the neck at x = 0, the edge at +x, the side towards the shaft above."""
        h, half = self.blade_height, self.blade_width / 2.0
        side = {
            "field": [(0.0, 0.35), (0.0, 0.8), (0.2, 0.9), (0.6, 0.95), (0.95, 1.0), (1.0, 1.0), (1.0, 0.9)],
            "heart": [(0.0, 0.4), (0.0, 0.95), (0.3, 1.0), (0.6, 0.75), (0.9, 0.3), (1.1, 0.1), (1.1, 0.04)],
            "half-moon": [(0.1, 0.25), (-0.1, 0.95), (0.0, 1.0), (0.15, 1.05), (0.75, 0.95), (0.95, 0.5), (0.95, 0.05)],
            "onion": [(0.2, 0.2), (0.2, 0.8), (0.25, 1.15), (0.4, 1.2), (0.75, 1.25), (0.75, 1.25), (0.75, 1.1)],
        }[self.blade_style]
        right = spline(side, 36) * np.array([h, half])
        outline = softened(polygon(np.concatenate([right * np.array([1.0, -1.0]), right[::-1]])), 0.006)
        outline = outline + rectangle(-0.004, 0.4 * h, 0.016)
        return Sheet(softened(outline, 0.004), self.blade_thickness,
                     lambda x, y: self.hollow * np.maximum(np.abs(y / half) - 0.1, 0.0) ** 2, 0.012)

    def _object_from_blade(self) -> Float64[np.ndarray, "4 4"]:
        lean = np.radians(self.blade_lean_deg)
        down = np.array([-np.sin(lean), 0.0, -np.cos(lean)])
        return frame_from_axes(np.array([self.neck_length, 0.0, 0.0]), np.cross(down, -_Y), down)

    def _neck(self, placed: Float64[np.ndarray, "4 4"]) -> Solid:
        n, end, down = self.neck_length, placed[:3, 3], placed[:3, 0]
        above, on_blade = end - 0.9 * self.neck_arch * down, end + 0.32 * self.blade_height * down
        curve = spline([(-0.02, 0.0, 0.0), (0.3 * n, 0.0, 0.0), (0.7 * n, 0.0, 1.6 * self.neck_arch), tuple(above), tuple(end),
                        tuple(on_blade)], 50)
        share = np.linspace(0.0, 1.0, 50)
        halves = self.neck_radius * np.stack([1.0 + 0.5 * (share > 0.8) * (share - 0.8) / 0.2, 1.0 - 0.45 * share**4], axis=-1)
        return bar(curve, halves, "neck")


def _shaft(length: float, radius: float, style: str) -> list[Solid]:
    """Returns the shaft from its butt at x = -``length`` to 0, its end rounded, with or without a sleeve."""
    x = np.linspace(0.0, -length, 30)
    line = np.stack([x, 0.0 * x, 0.0 * x], axis=-1)
    shaft = [stem(line, np.full((30, 2), radius), "shaft", segments=20)]
    if style == "plain":
        return shaft
    x = np.linspace(-0.82 * length, -length - 0.004, 20)
    line = np.stack([x, 0.0 * x, 0.0 * x], axis=-1)
    swell = radius * (1.25 + 0.1 * np.cos(np.linspace(0.0, 4.0 * np.pi, 20)))
    return [*shaft, stem(line, np.stack([swell, swell], axis=-1), "handle", segments=20)]


def _with_x(
    origin: Float64[np.ndarray, " 3"], x: Float64[np.ndarray, " 3"], z_hint: Float64[np.ndarray, " 3"]
) -> Float64[np.ndarray, "4 4"]:
    """Returns the frame whose x axis is exactly ``x`` and whose z axis is as near to ``z_hint`` as it can be."""
    x = x / np.linalg.norm(x)
    return frame_from_axes(origin, z_hint - (z_hint @ x) * x, x)
