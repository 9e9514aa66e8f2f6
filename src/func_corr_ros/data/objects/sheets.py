# SPDX-License-Identifier: Apache-2.0
"""Flat things that carry and press: plate, tray, cutting board, and the thin ones of rulers.py; they lie on z = 0."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import laid
from func_corr_ros.data.objects.plate import disc, loop, plate, polygon, softened
from func_corr_ros.data.objects.primitives import bar, box, union
from func_corr_ros.data.objects.rulers import CreditCard, Ruler, rounded
from func_corr_ros.data.objects.solids import Solid, loft
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.optional import require
from func_corr_ros.settings import setting

__all__ = ["CreditCard", "CuttingBoard", "Plate", "Ruler", "Tray"]
_X, _Y, _Z = np.eye(3)
_AROUND = 128  # points of an outline


@dataclass(frozen=True)
class Plate:
    """A plate to eat from."""

    radius: float = setting(0.12, "half length", unit="m", at_least=0.08, at_most=0.145)
    depth: float = setting(0.014, "depth of the well", unit="m", at_least=0.009, at_most=0.024)
    well: float = setting(0.6, "radius of the flat middle over the plate's", at_least=0.52, at_most=0.68)
    rim_rise: float = setting(0.005, "how far the rim rises outward", unit="m", at_least=0.002, at_most=0.012)
    slope: float = setting(0.13, "width of the slope from the well to the rim over the radius", at_least=0.09, at_most=0.17)
    wall: float = setting(0.0045, "thickness", unit="m", at_least=0.0032, at_most=0.006)
    foot: float = setting(0.0014, "height of the foot ring", unit="m", at_least=0.001, at_most=0.0018)
    foot_width: float = setting(0.005, "width of the foot ring", unit="m", at_least=0.0035, at_most=0.008)
    oblong: float = setting(0.72, "width over length of an oval plate", at_least=0.64, at_most=0.8)
    style: str = setting("rimmed", "kind of plate", choices=("rimmed", "coupe", "square", "oval", "scalloped"))

    def build(self) -> FunctionalObject:
        """Returns the plate: parts base, body (the underside), rim, surface."""
        flat = self.wall + self.foot
        order = {"rimmed": ANY_ANGLE, "coupe": ANY_ANGLE, "square": 4, "oval": 2, "scalloped": 12}[self.style]
        about = Symmetry(order, np.zeros(3), _Z)
        edge = np.array([0.006 - self.radius * float(self._outline(np.array([np.pi]))[0]), 0.0, self._top(np.array([1.0]))[0]])
        return FunctionalObject(
            "plate", *self._solid().mesh(),
            function_parts={"lift-with": ("surface",), "press-with": ("base",)},
            functional_frames={"lift-with": frame_from_axes(flat * _Z, _Z, _X),
                               "press-with": frame_from_axes(self.foot * _Z, _X, -_Z)},
            grasp_frames={"rim": frame_from_axes(edge - 0.5 * self.wall * _Z, _X, _Y)},
            symmetries={"lift-with": about, "press-with": about},
            substances=((("base", "body", "rim", "surface"), ("ceramic", "stoneware", "enamel", "plastic", "glass", "wood")),),
        )

    def _outline(self, angle: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        """Returns how far the plate reaches in each direction, over its radius."""
        c, s = np.abs(np.cos(angle)), np.abs(np.sin(angle))
        if self.style == "square":
            return (c**6 + s**6) ** (-1.0 / 6.0) * 0.84
        if self.style == "oval":
            return self.oblong / np.sqrt((self.oblong * c) ** 2 + s**2)
        return 0.975 + 0.025 * np.cos(12.0 * angle) if self.style == "scalloped" else np.ones_like(angle)

    def _top(self, u: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
        """Returns the height of the upper side over shares ``u`` of the way from the middle to the rim."""
        base = self.foot + self.wall
        if self.style == "coupe":
            flat = 0.75 * self.well
            return base + (self.depth + self.rim_rise) * np.clip((u - flat) / (1.0 - flat), 0.0, 1.0) ** 1.8
        t = np.clip((u - self.well) / self.slope, 0.0, 1.0)
        out = np.clip((u - self.well - self.slope) / (1.0 - self.well - self.slope), 0.0, 1.0)
        return base + self.depth * t * t * (3.0 - 2.0 * t) + self.rim_rise * out

    def _solid(self) -> Solid:
        foot = 0.92 * self.well
        inner = foot - self.foot_width / self.radius
        out = np.linspace(foot, 1.0 - 0.3 * self.wall / self.radius, 24)
        under = np.maximum(self._top(out) - self.wall, self.foot)
        turn = np.linspace(-0.4 * np.pi, 0.4 * np.pi, 7)  # the rounded lip
        lip_u, lip_z = 1.0 + 0.3 * self.wall / self.radius * (np.cos(turn) - 1.0), 0.48 * self.wall * np.sin(turn)
        rim = 0.86 if self.style == "coupe" else self.well + self.slope
        back = np.unique(np.concatenate([np.linspace(0.04, out[-1], 36), [rim, self.well]]))[::-1]
        u = np.concatenate([[0.5 * inner, inner, inner + 0.004, foot - 0.004], out, lip_u, back])
        lip_z = lip_z + self._top(np.ones(1)) - 0.5 * self.wall
        z = np.concatenate([[self.foot, self.foot, 0.0, 0.0], under, lip_z, self._top(back)])
        names = ["base"] * 5 + ["body"] * (len(out) - 1) + ["rim"] * (len(lip_u) + 1)
        names += ["rim" if value > rim + 1e-9 else "surface" for value in back[:-1]] + ["surface"]
        angle = 2.0 * np.pi * np.arange(_AROUND) / _AROUND
        reach = self._outline(angle) * self.radius
        rings = np.stack([u[:, None] * reach * np.cos(angle), u[:, None] * reach * np.sin(angle),
                          np.broadcast_to(z[:, None], (len(u), _AROUND))], axis=-1)
        return loft(rings, np.array(names, dtype=object), self.foot * _Z, (self.foot + self.wall) * _Z)


@dataclass(frozen=True)
class Tray:
    """A serving tray with a wall around it."""

    length: float = setting(0.4, "length", unit="m", at_least=0.28, at_most=0.5)
    width: float = setting(0.7, "width over length", at_least=0.55, at_most=0.85)
    height: float = setting(0.035, "height of the wall", unit="m", at_least=0.022, at_most=0.055)
    wall: float = setting(0.006, "thickness", unit="m", at_least=0.004, at_most=0.009)
    lean: float = setting(0.3, "how far the wall leans out, over its height", at_least=0.05, at_most=0.7)
    corner: float = setting(0.2, "rounding of the corners over half the width", at_least=0.12, at_most=0.5)
    rim: float = setting(0.009, "width of the rim", unit="m", at_least=0.007, at_most=0.015)
    grip_span: float = setting(0.12, "length of the handles", unit="m", at_least=0.1, at_most=0.14)
    grip_bar: float = setting(0.005, "half thickness of the handles", unit="m", at_least=0.004, at_most=0.0065)
    style: str = setting("cutout", "how it is held", choices=("cutout", "bars", "lugs", "round"))

    def build(self) -> FunctionalObject:
        """Returns the tray: parts base, handle (but on a round tray), rim, side, surface."""
        whole = self._shell()
        if self.style == "cutout":
            whole = whole - self._slot(1.0) - self._slot(-1.0)
        elif self.style != "round":
            whole = whole + union([part for side in (1.0, -1.0) for part in self._handles(side)])
        about = Symmetry(ANY_ANGLE if self.style == "round" else 2, np.zeros(3), _Z)
        half_y = self._halves()[1]
        wall = np.array([0.0, half_y - 0.5 * self.wall, self._high() - 0.006])
        material = ("wood", "dark wood", "plastic", "steel", "enamel")
        handle = () if self.style == "round" else ("handle",)
        return FunctionalObject(
            "tray", *whole.mesh(),
            function_parts={"lift-with": ("surface",), "press-with": ("base",)},
            functional_frames={"lift-with": frame_from_axes(self.wall * _Z, _Z, _X),
                               "press-with": frame_from_axes(np.zeros(3), _X, -_Z)},
            grasp_frames={"wall": frame_from_axes(wall, -_Z, _X)},
            symmetries={"lift-with": about, "press-with": about},
            substances=((("base", "rim", "side", "surface", *handle), material),) if self.style != "bars" else (
                (("base", "rim", "side", "surface"), material), (handle, ("steel", "brass", "wood"))),
        )

    def _high(self) -> float:
        return max(self.height, 0.042) if self.style == "cutout" else self.height

    def _halves(self) -> tuple[float, float, float]:
        """Returns half the length and width at the rim's inner side, and the radius of the corners."""
        half_x = 0.5 * self.length
        half_y = half_x if self.style == "round" else half_x * self.width
        return half_x, half_y, half_x if self.style == "round" else self.corner * half_y

    def _shell(self) -> Solid:
        high, t, out = self._high(), self.wall, (0.5 if self.style == "cutout" else 1.0) * self.lean * self._high()
        half_x, half_y, r = self._halves()
        # (inset, z) from the middle of the underside around the wall and the rim to the middle of the upper side
        steps = [(out + 0.3 * half_y, 0.0, "base"), (out + 0.003, 0.0, "base"), (out, 0.002, "base"), (0.0, high - t, "side"),
                 (t - self.rim, high - t, "rim"), (t - self.rim - 0.001, high - 0.6 * t, "rim"), (t - self.rim, high, "rim"),
                 (t - 0.0005, high, "rim"), (t, high - 0.001, "rim"), (out + t - 0.002, t + 0.005, "side"),
                 (out + t + 0.004, t, "side"), (out + 0.3 * half_y, t, "surface")]
        rings = np.stack([rounded(half_x - inset, half_y - inset, max(r - inset, 0.006), z) for inset, z, _ in steps])
        return loft(rings, np.array(["base", *(name for _, _, name in steps[1:]), "surface"], dtype=object))

    def _slot(self, side: float) -> Solid:
        """Returns what is cut out of an end wall to reach through."""
        half_x, half_y, r = self._halves()
        half, x = min(0.5 * self.grip_span, 0.85 * (half_y - r)), side * half_x
        middle, deep = 0.58 * self._high() + 0.42 * self.wall, min(0.27 * (self._high() - self.wall), 0.011)
        ends = sorted([0.6 * x, x + 0.03 * side])
        low, high = np.array([ends[0], -half, middle - deep]), np.array([ends[1], half, middle + deep])
        return box(low, high, "handle", rounding=0.45 * deep)

    def _handles(self, side: float) -> list[Solid]:
        """Returns a bow that stands on the rim of an end, or a flat lug that stands out from it."""
        half, x = 0.5 * self.grip_span, side * (self._halves()[0] + 0.5 * self.rim - 0.5 * self.wall)
        high = self._high() - 0.5 * self.wall
        angle = np.linspace(0.0, np.pi, 40)
        if self.style == "bars":
            bow = np.stack([np.full(40, x), half * np.cos(angle), high + 0.034 * np.sin(angle) ** 0.6], axis=-1)
            return [bar(bow, self.grip_bar, "handle", up=(1.0, 0.0, 0.0))]
        lug = softened(polygon(np.array([[-0.004, -half], [0.036, -0.7 * half], [0.036, 0.7 * half], [-0.004, half]])), 0.005)
        hole = polygon(rounded(0.0065, 0.5 * half, 0.006, 0.0)[:, :2] + [0.0175, 0.0])
        made = plate(lug - hole, max(self.wall, 0.005), "handle", 0.0018)
        turn = np.diag([side, side, 1.0, 1.0])
        turn[:3, 3] = [x, 0.0, high]
        return [made.moved(turn)]


@dataclass(frozen=True)
class CuttingBoard:
    """A cutting board."""

    length: float = setting(0.3, "length of the board", unit="m", at_least=0.22, at_most=0.4)
    width: float = setting(0.65, "width over length", at_least=0.5, at_most=0.8)
    thickness: float = setting(0.018, "thickness", unit="m", at_least=0.01, at_most=0.032)
    corner: float = setting(0.018, "rounding of the corners", unit="m", at_least=0.01, at_most=0.04)
    rounding: float = setting(0.2, "rounding of the rims over the thickness", at_least=0.1, at_most=0.3)
    handle_length: float = setting(0.1, "length of a paddle's handle", unit="m", at_least=0.07, at_most=0.13)
    handle_width: float = setting(0.045, "width of a paddle's handle", unit="m", at_least=0.035, at_most=0.06)
    hole: float = setting(0.009, "radius of the hole, half width of the slot", unit="m", at_least=0.006, at_most=0.013)
    groove: float = setting(0.0035, "half width of the groove for juice", unit="m", at_least=0.0028, at_most=0.005)
    style: str = setting("paddle", "kind of board", choices=("paddle", "slot", "groove", "round"))

    def build(self) -> FunctionalObject:
        """Returns the board: parts base, side, surface; a paddle and a round one have a handle, another one a groove."""
        half, soft = 0.5 * self.thickness, min(self.rounding * self.thickness, 0.16 * 0.5 * self.handle_width)
        board, low = plate(self._outline(), self.thickness, "side", soft), 0.6 * soft
        held = self.style in ("paddle", "round")
        neck = -self._reach() - 0.012 if held else -1.0
        for part, bottom, top in (("surface", half - low, 1.0), ("base", -1.0, low - half)):
            board = board.painted(box(np.array([neck, -1.0, bottom]), np.array([1.0, 1.0, top]), part), part)
        if held:
            board = board.painted(box(-np.ones(3), np.array([neck, 1.0, 1.0]), "handle"), "handle")
        if self.style == "groove":
            inset = self.corner + 3.0 * self.groove
            line = rounded(0.5 * self.length - 4.5 * self.groove, 0.5 * self.width * self.length - 4.5 * self.groove, inset, half)
            board = board - loop(line, np.tile([self.groove, 0.28 * self.thickness], (len(line), 1)), "groove")
        parts = ("base", "side", "surface", *(("handle",) if held else ()), *(("groove",) if self.style == "groove" else ()))
        about = Symmetry({"round": ANY_ANGLE}.get(self.style, 2), np.zeros(3), _Z)
        end = np.array([-self._reach() - (0.5 * self.handle_length if held else -0.008), 0.0, 0.0])
        return laid(FunctionalObject(
            "cutting board", *board.mesh(),
            function_parts={"lift-with": ("surface",), "press-with": ("base",)},
            functional_frames={"lift-with": frame_from_axes(half * _Z, _Z, _X),
                               "press-with": frame_from_axes(-half * _Z, _X, -_Z)},
            grasp_frames={"handle": frame_from_axes(end, -_Z, _X) if held else frame_from_axes(end, _X, _Y)},
            symmetries={"lift-with": about, "press-with": about} if self.style != "slot" else {},
            substances=((parts, ("wood", "dark wood", "plastic", "stone")),),
        ))

    def _reach(self) -> float:
        """Returns how far the board proper reaches to -x."""
        return 0.5 * self.length * (self.width if self.style == "round" else 1.0)

    def _outline(self) -> Any:
        """Returns the board seen from above (a manifold3d CrossSection)."""
        half_x, half_y, held = 0.5 * self.length, 0.5 * self.width * self.length, 0.5 * self.handle_width
        body = polygon(rounded(half_x, half_y, self.corner, 0.0)[:, :2])
        if self.style == "slot":
            back = self.hole - half_x + 0.018
            return body - polygon(rounded(self.hole, 0.45 * half_y, 0.98 * self.hole, 0.0)[:, :2]).translate((back, 0.0))
        if self.style == "groove":
            return body
        if self.style == "round":
            body = disc((0.0, 0.0), self._reach())
        end = -self._reach() - self.handle_length
        tongue = polygon(np.array([[end, -held], [0.0, -held], [0.0, held], [end, held]])) + disc((end, 0.0), held)
        # Grown and shrunk again, the inner corners are round: the neck flows into the board.
        join, flow = require("manifold3d").JoinType.Round, 0.03
        joined = (body + tongue).offset(flow, join, 2.0, 64).offset(-flow, join, 2.0, 64)
        return joined - disc((end + 0.2 * held, 0.0), min(self.hole, 0.5 * held))
