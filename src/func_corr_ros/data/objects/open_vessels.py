# SPDX-License-Identifier: Apache-2.0
"""Vessels that are open at their full width: bowls, cups, glasses and buckets."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import FunctionalObject, Symmetry
from func_corr_ros.data.objects.primitives import bar, rod, union
from func_corr_ros.data.objects.shell import Shell, fluted, lip, ring, rounded, spline, unchanged
from func_corr_ros.data.objects.solids import Solid
from func_corr_ros.data.objects.vessel_functions import about_z, clasp, outlet, pinch, pressing_base, rolling_body
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)
_RECESS = 0.0015  # how far the middle of a base lies above what it stands on
_FACETS = 9
_HANGING = np.radians(15.0)  # how far below level a bail hangs


@dataclass(frozen=True)
class Bowl:
    """A bowl on a foot ring: round, flared or upright, with a plain or a fluted wall."""

    rim_radius: float = setting(0.08, "radius of the rim", unit="m", at_least=0.058, at_most=0.125)
    depth_ratio: float = setting(0.8, "height of the rim over its radius", at_least=0.55, at_most=1.0)
    foot_ratio: float = setting(0.48, "radius of the foot over the rim's", at_least=0.38, at_most=0.6)
    foot_height: float = setting(0.006, "height of the foot", unit="m", at_least=0.003, at_most=0.012)
    fullness: float = setting(0.6, "how far out the wall is below the middle: 0 lean, 1 full", at_least=0.0, at_most=1.0)
    rim_flare: float = setting(0.003, "how far the rim bends outward", unit="m", at_least=0.0, at_most=0.01)
    wall: float = setting(0.004, "wall thickness", unit="m", at_least=0.0028, at_most=0.0055)
    rim_band: float = setting(0.005, "height of the rim", unit="m", at_least=0.004, at_most=0.007)
    flutes: float = setting(0.04, "depth of the flutes over the radius, where it has them", at_least=0.025, at_most=0.055)
    style: str = setting("round", "shape of the bowl", choices=("round", "flared", "upright"))
    wall_style: str = setting("plain", "a plain wall, or 16 flutes", choices=("plain", "fluted"))

    def build(self) -> FunctionalObject:
        """Returns the bowl: parts base (with the foot), body, interior and rim; functions pound-with (the base), pour-with,
        press-with and scoop-with.
        """
        shell = self.shell()
        pour, press = outlet(shell.crest(0.0)), pressing_base(_RECESS)
        frames = {"pound-with": press, "pour-with": pour, "press-with": press, "scoop-with": pour}
        return FunctionalObject(
            "bowl", *shell.solid().mesh(),
            function_parts={"pound-with": ("base",), "pour-with": ("rim",), "press-with": ("base",), "scoop-with": ("rim",)},
            functional_frames=frames,
            grasp_frames={"rim": pinch(shell.in_wall(0.003, np.pi / 2.0))},
            symmetries={function: about_z() for function in frames},
            substances=((("base", "body", "interior", "rim"), ("ceramic", "stoneware", "glass", "wood", "steel", "plastic")),),
        )

    def shell(self) -> Shell:
        """Returns the bowl's wall."""
        r, foot, f = self.rim_radius - self.rim_flare, self.foot_ratio * self.rim_radius, self.foot_height
        h = f + self.depth_ratio * {"round": 0.8, "flared": 0.75, "upright": 0.72}[self.style] * r
        full = self.fullness
        body = {
            "round": [(foot, f), ((0.82 + 0.1 * full) * r, f + 0.01 * h), ((1.0 + 0.04 * full) * r, 0.5 * h), (r, 0.85 * h)],
            "flared": [(foot, f), ((0.62 + 0.14 * full) * r, f), ((0.82 + 0.06 * full) * r, 0.45 * h), (0.94 * r, 0.8 * h)],
            "upright": [(foot, f), ((0.9 + 0.08 * full) * r, f), (r, f + 0.03 * h), (r, 0.3 * h), (0.99 * r, 0.8 * h)],
        }[self.style]
        ring_ = [(0.0, _RECESS), (foot - 0.006, _RECESS), (foot - 0.0045, 0.0), (foot - 0.001, 0.0)]
        outline = np.concatenate([ring_, spline([*body, (self.rim_radius, h)], 44)])
        warp = fluted(16, self.flutes, f, h) if self.wall_style == "fluted" else unchanged
        return Shell(outline, (("base", f), ("body", h - self.rim_band), ("rim", 1.0)), self.wall, f + self.wall, warp)


@dataclass(frozen=True)
class Cup:
    """A cup: a teacup with a ring for a handle, a handleless cup on a foot, or a paper cup with a rolled rim."""

    rim_radius: float = setting(0.042, "radius of the rim", unit="m", at_least=0.034, at_most=0.05)
    slenderness: float = setting(1.0, "height over the usual height of its style", at_least=0.82, at_most=1.2)
    base_ratio: float = setting(0.64, "radius of the base over the rim's", at_least=0.54, at_most=0.74)
    fullness: float = setting(0.5, "how far out the wall is below the middle: 0 lean, 1 full", at_least=0.0, at_most=1.0)
    foot_height: float = setting(0.004, "height of the foot", unit="m", at_least=0.002, at_most=0.008)
    rim_flare: float = setting(0.002, "how far the rim bends outward", unit="m", at_least=0.0, at_most=0.005)
    wall: float = setting(0.003, "wall thickness", unit="m", at_least=0.002, at_most=0.004)
    rim_band: float = setting(0.004, "height of the rim", unit="m", at_least=0.003, at_most=0.006)
    handle_reach: float = setting(0.022, "how far a teacup's handle stands off", unit="m", at_least=0.018, at_most=0.027)
    handle_radius: float = setting(0.0035, "half the width of its bar", unit="m", at_least=0.0028, at_most=0.0045)
    style: str = setting("tea", "the kind of cup", choices=("tea", "handleless", "paper"))

    def build(self) -> FunctionalObject:
        """Returns the cup: parts base, interior, rim, side and, on a teacup, handle; functions pour-with, press-with, roll-onto
        and scoop-with.
        """
        shell, whole = self.shell(), self.shell().solid()
        high, around = float(shell.outline[-1, 1]), shell.filling(self.wall / 2.0, above=0.01)
        if self.style == "tea":
            whole = whole + (self._handle(shell) - around)
        if self.style == "paper":
            whole = whole + ring(self.rim_radius, high - 0.001, (0.0015, 0.0018), "rim", around)
        crest = shell.crest(0.0)
        parts = ("base", "interior", "rim", "side", *(("handle",) if self.style == "tea" else ()))
        round_ = ("press-with", "roll-onto", *(() if self.style == "tea" else ("pour-with", "scoop-with")))
        return FunctionalObject(
            "cup", *whole.mesh(),
            function_parts={"pour-with": ("rim",), "press-with": ("base",), "roll-onto": ("side",), "scoop-with": ("rim",)},
            functional_frames={"pour-with": outlet(crest), "press-with": pressing_base(float(shell.outline[0, 1])),
                               "roll-onto": rolling_body(0.0, high), "scoop-with": outlet(crest)},
            grasp_frames={"rim": pinch(shell.in_wall(0.004, np.pi / 2.0))},
            symmetries={function: about_z() for function in round_},
            substances=((parts, {"tea": ("ceramic", "glass"), "handleless": ("stoneware", "ceramic", "wood"),
                                 "paper": ("paper", "plastic")}[self.style]),),
        )

    def shell(self) -> Shell:
        """Returns the cup without handle and rolled rim."""
        r, f, full = self.rim_radius - self.rim_flare, self.foot_height, self.fullness
        base = self.base_ratio * r
        h = self.slenderness * {"tea": 1.35, "handleless": 1.85, "paper": 2.4}[self.style] * r
        if self.style == "paper":
            wall = [(1.05 * base, 0.0), (self.rim_radius, h)]
            under = [(0.0, _RECESS + 0.002), (base - 0.004, _RECESS + 0.002), (base - 0.002, 0.0)]
            outline = rounded([*under, *wall], [0.0, 0.0, 0.0])
        else:
            body = {
                "tea": [(base, f), ((0.86 + 0.1 * full) * r, f), ((0.96 + 0.04 * full) * r, 0.45 * h), (r, 0.8 * h)],
                "handleless": [(base, f), ((0.9 + 0.14 * full) * r, f), ((0.98 + 0.1 * full) * r, 0.4 * h), (r, 0.8 * h)],
            }[self.style]
            ring_ = [(0.0, _RECESS), (base - 0.006, _RECESS), (base - 0.0045, 0.0), (base - 0.001, 0.0)]
            outline = np.concatenate([ring_, spline([*body, (self.rim_radius, h)], 40)])
        bands = (("base", max(f, 0.003)), ("side", h - self.rim_band), ("rim", 1.0))
        thickness = 0.6 * self.wall if self.style == "paper" else self.wall
        return Shell(outline, bands, thickness, max(float(outline[0, 1]), f if self.style != "paper" else 0.0) + thickness)

    def _handle(self, shell: Shell) -> Solid:
        """Returns the teacup's ring, its ends inside the cup."""
        h, reach = float(shell.outline[-1, 1]), self.handle_reach
        high, low = 0.82 * h, 0.3 * h
        near, foot = (shell.radius(z) - self.wall / 2.0 for z in (high, low))
        out = near + 1.3 * reach
        flat = spline([(-near, high), (-near - 0.6 * reach, 1.05 * h), (-out, 0.95 * h), (-out, 0.5 * h),
                       (-near - 0.25 * reach, 0.32 * h), (-foot, low)], 44)
        curve = np.stack([flat[:, 0], np.zeros(44), flat[:, 1]], axis=-1)
        half_axes = np.tile(np.array([0.8, 1.2]) * self.handle_radius, (44, 1))
        return bar(curve, half_axes, "handle", up=(0.0, 1.0, 0.0))


@dataclass(frozen=True)
class Glass:
    """A drinking glass: a tumbler, cut in facets or not, a tall beer glass, or one on a stem."""

    height: float = setting(0.12, "height of the rim", unit="m", at_least=0.09, at_most=0.16)
    rim_radius: float = setting(0.035, "radius of the rim", unit="m", at_least=0.03, at_most=0.041)
    base_ratio: float = setting(0.82, "radius of the base over the rim's", at_least=0.7, at_most=0.95)
    belly: float = setting(0.25, "how far the wall bulges, 0 to 1", at_least=0.0, at_most=1.0)
    wall: float = setting(0.0022, "wall thickness", unit="m", at_least=0.0016, at_most=0.003)
    floor: float = setting(0.008, "thickness of the bottom", unit="m", at_least=0.005, at_most=0.014)
    fillet: float = setting(0.003, "rounding of the base edge", unit="m", at_least=0.0015, at_most=0.006)
    rim_band: float = setting(0.005, "height of the rim", unit="m", at_least=0.004, at_most=0.007)
    stem_share: float = setting(0.42, "length of the stem over the height, where it has one", at_least=0.3, at_most=0.48)
    stem_radius: float = setting(0.0045, "radius of the stem", unit="m", at_least=0.0038, at_most=0.006)
    style: str = setting("tumbler", "the kind of glass", choices=("tumbler", "faceted", "beer", "wine"))

    def build(self) -> FunctionalObject:
        """Returns the glass: parts base, body, interior, rim and, on a wine glass, stem; functions pour-with, press-with,
        roll-onto and scoop-with.
        """
        shell = self.shell()
        crest, high = shell.crest(0.0), float(shell.outline[-1, 1])
        low = self._bowl_from() if self.style == "wine" else 0.0
        frames = {"pour-with": outlet(crest), "press-with": pressing_base(0.0), "roll-onto": rolling_body(low, high),
                  "scoop-with": outlet(crest)}
        turns: dict[str, Symmetry] = {function: about_z() for function in frames}
        if self.style == "faceted":
            turns["roll-onto"] = about_z(_FACETS)
        parts = ("base", "body", "interior", "rim", *(("stem",) if self.style == "wine" else ()))
        stem = {"stem": clasp(0.6 * low * _Z)} if self.style == "wine" else {}
        return FunctionalObject(
            "glass", *shell.solid().mesh(),
            function_parts={"pour-with": ("rim",), "press-with": ("base",), "roll-onto": ("body",), "scoop-with": ("rim",)},
            functional_frames=frames,
            grasp_frames={"rim": pinch(shell.in_wall(0.004, np.pi / 2.0)), **stem},
            symmetries=turns,
            substances=((parts, ("glass",)),),
        )

    def shell(self) -> Shell:
        """Returns the glass."""
        h, r, base = self.height, self.rim_radius, self.base_ratio * self.rim_radius
        bands = (("base", 1.2 * self.fillet), ("body", h - self.rim_band), ("rim", 1.0))
        foot = [(0.0, 0.0), (base - self.fillet, 0.0), (base, 0.0)]
        if self.style == "wine":
            return self._stemmed()
        if self.style == "beer":
            wide = (1.08 + 0.12 * self.belly) * r
            wall = [(base, 0.0), (0.8 * base, 0.25 * h), (1.05 * r, 0.5 * h), (wide, 0.8 * h), (r, 1.15 * h)]
            outline = np.concatenate([[(0.0, 0.0), (base - 0.002, 0.0)], spline(wall, 36)])
            return Shell(outline, (bands[0], ("body", 1.15 * h - self.rim_band), bands[2]), self.wall, self.floor)
        middle = (0.5 * (base + r) + 0.06 * self.belly * r, 0.5 * h)
        outline = rounded([*foot, middle, (r, h)], [0.0, self.fillet, 2.0 * h])
        if self.style == "tumbler":
            return Shell(outline, bands, self.wall, self.floor)
        facets = fluted(_FACETS, 1.0 - float(np.cos(np.pi / _FACETS)), 0.03 * h, 0.72 * h, sharp=1.0)
        return Shell(outline, bands, 1.25 * self.wall, self.floor, facets)

    def _bowl_from(self) -> float:
        return self.stem_share * 1.3 * self.height

    def _stemmed(self) -> Shell:
        """Returns the glass on a stem: a flat foot, the stem, and a bowl that narrows towards its rim."""
        h, r, stem, low = 1.3 * self.height, self.rim_radius, self.stem_radius, self._bowl_from()
        foot = spline([(r, 0.0), (1.02 * r, 0.0025), (0.5 * r, 0.004), (stem, 0.008), (stem, 0.5 * low)], 24)
        wide = (1.1 + 0.18 * self.belly) * r
        bowl = spline([(stem, 0.7 * low), (stem, low), (wide, low - 0.02 * h), (1.04 * wide, 0.5 * (low + h)),
                       (1.02 * r, 0.85 * h), (r, h)], 40)
        bands = (("base", 0.0045), ("stem", low), ("body", h - self.rim_band), ("rim", 1.0))
        return Shell(np.concatenate([[(0.0, 0.0)], foot, bowl]), bands, self.wall, low + 0.003)


@dataclass(frozen=True)
class Bucket:
    """A bucket with a bail, up or hanging at the back: of tin with hoops, or of plastic with a broad rim and a lip."""

    rim_radius: float = setting(0.14, "radius of the rim", unit="m", at_least=0.11, at_most=0.16)
    height_ratio: float = setting(1.75, "height of the rim over its radius", at_least=1.4, at_most=2.1)
    base_ratio: float = setting(0.74, "radius of the base over the rim's", at_least=0.64, at_most=0.86)
    wall: float = setting(0.003, "wall thickness", unit="m", at_least=0.002, at_most=0.004)
    fillet: float = setting(0.01, "rounding of the base edge", unit="m", at_least=0.004, at_most=0.018)
    rim_band: float = setting(0.012, "height of the rim", unit="m", at_least=0.009, at_most=0.02)
    bead: float = setting(0.005, "how far the rim stands out", unit="m", at_least=0.0035, at_most=0.008)
    lip_reach: float = setting(0.022, "how far a plastic bucket's lip is drawn out", unit="m", at_least=0.015, at_most=0.03)
    bail_radius: float = setting(0.0035, "radius of the bail", unit="m", at_least=0.0028, at_most=0.005)
    bail_height: float = setting(1.15, "height of the bail over half its span", at_least=1.08, at_most=1.25)
    grip_length: float = setting(0.1, "length of the grip on the bail", unit="m", at_least=0.07, at_most=0.13)
    style: str = setting("tin", "of tin with hoops, or of plastic with a lip", choices=("tin", "plastic"))
    bail_style: str = setting("up", "the bail stands up, or hangs down at the back", choices=("up", "down"))

    def build(self) -> FunctionalObject:
        """Returns the bucket: parts base, body, grip (on the bail), handle (the bail and its ears), interior and rim; functions
        pour-with, press-with and scoop-with.
        """
        shell = self.shell()
        h, around = float(shell.outline[-1, 1]), shell.filling(self.wall / 2.0, above=0.02)
        whole, curve = shell.solid(), self._bail(shell)
        if self.style == "tin":
            hoops = [ring(shell.radius(share * h), share * h, (0.003, 0.003), "body", around) for share in (0.3, 0.68)]
            whole = whole + union([*hoops, ring(shell.radius(h - 0.003), h - 0.002, (self.bead, 0.004), "rim", around)])
        middle = len(curve) // 2
        share = int(0.5 * self.grip_length / np.linalg.norm(curve[middle + 1] - curve[middle]))
        ears = [rod(np.array([0.0, 0.0, end[2]]), end + 0.003 * np.sign(end[1]) * _Y, 0.009, "handle", segments=28)
                for end in curve[[0, -1]]]
        bail = bar(curve, self.bail_radius, "handle", up=(1.0, 0.0, 0.0), segments=16)
        grip = bar(curve[middle - share:middle + share + 1], 0.009, "grip", up=(1.0, 0.0, 0.0), segments=20)
        whole = whole + (union([*ears, bail, grip]) - shell.filling(self.wall / 2.0))
        crest, at = shell.crest(0.0), curve[middle]
        drawn = self.style == "plastic" or self.bail_style == "down"
        return FunctionalObject(
            "bucket", *whole.mesh(),
            function_parts={"pour-with": ("rim",), "press-with": ("base",), "scoop-with": ("rim",)},
            functional_frames={"pour-with": outlet(crest), "press-with": pressing_base(_RECESS), "scoop-with": outlet(crest)},
            grasp_frames={"rim": pinch(shell.in_wall(0.006, np.pi / 2.0)), "handle": self._held(at)},
            symmetries={"press-with": about_z(), **({} if drawn else {"pour-with": about_z(2), "scoop-with": about_z(2)})},
            substances=((("base", "body", "interior", "rim"), ("steel", "enamel") if self.style == "tin" else ("plastic",)),
                        (("handle",), ("steel", "chrome")), (("grip",), ("wood", "plastic"))),
        )

    def shell(self) -> Shell:
        """Returns the bucket without hoops, ears and bail."""
        r, base = self.rim_radius, self.base_ratio * self.rim_radius
        h = self.height_ratio * r
        foot = [(0.0, _RECESS), (base - 2.0 * self.fillet, _RECESS), (base - 1.6 * self.fillet, 0.0), (base, 0.0)]
        if self.style == "tin":
            corners, radii = [(r, h)], [0.0, 0.0, self.fillet]
        else:
            step = h - self.rim_band
            corners, radii = [(r - self.bead, step), (r, step + 0.003), (r + 0.001, h)], [0.0, 0.0, self.fillet, 0.002, 0.002]
        warp = unchanged if self.style == "tin" else lip(self.lip_reach, 0.0, 0.5, 0.72 * h, h)
        outline = rounded([*foot, *corners], radii, step=0.02)
        return Shell(outline, (("base", 0.6 * self.fillet), ("body", h - self.rim_band), ("rim", 1.0)), self.wall, warp=warp)

    def _bail(self, shell: Shell) -> Float64[np.ndarray, "61 3"]:
        """Returns the middle line of the bail from ear to ear, upright over the bucket or hanging down behind its rim."""
        rise, clear = self.rim_band + 0.014, self.rim_radius + self.bead + self.bail_radius + 0.002
        half = float(np.hypot(clear, rise / self.bail_height))  # clear of the rim where it passes it
        turn = np.linspace(0.0, np.pi, 61)
        y, out = half * np.cos(turn), self.bail_height * half * np.sin(turn)
        x, z = (0.0 * out, out) if self.bail_style == "up" else (-np.cos(_HANGING) * out, -np.sin(_HANGING) * out)
        return np.stack([x, y, float(shell.outline[-1, 1]) - rise + z], axis=-1)

    def _held(self, at: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, "4 4"]:
        """Returns the grasp of the grip: from above while the bail is up, from behind while it hangs."""
        return frame_from_axes(at, -_Z if self.bail_style == "up" else _X, _Y)
