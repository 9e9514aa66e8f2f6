# SPDX-License-Identifier: Apache-2.0
"""Pans and saucepans: open vessels with a long handle at -x, standing on z = 0."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.plate import disc, stroke
from func_corr_ros.data.objects.pressed import prism, stem
from func_corr_ros.data.objects.primitives import bar
from func_corr_ros.data.objects.shell import SEGMENTS, Shell, lip, rounded, spline, unchanged
from func_corr_ros.data.objects.solids import Solid, extrude, revolve
from func_corr_ros.data.objects.vessel_functions import about_z, pressing_base
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)
_LIP_SIDES = {"none": None, "front": 0.0, "left": np.pi / 2.0, "right": -np.pi / 2.0}


@dataclass(frozen=True)
class Pan:
    """A frying pan, skillet, wok or saute pan, with or without a pouring lip."""

    rim_radius: float = setting(0.135, "outer radius at the rim", unit="m", at_least=0.1, at_most=0.16)
    depth: float = setting(0.05, "height of the rim", unit="m", at_least=0.038, at_most=0.065)
    base_ratio: float = setting(0.76, "radius of the base over the rim's", at_least=0.68, at_most=0.84)
    wall: float = setting(0.003, "wall thickness", unit="m", at_least=0.0025, at_most=0.0045)
    fillet: float = setting(0.022, "rounding between base and side", unit="m", at_least=0.012, at_most=0.03)
    handle_length: float = setting(0.19, "length of the handle", unit="m", at_least=0.15, at_most=0.22)
    handle_width: float = setting(0.024, "width of the handle", unit="m", at_least=0.018, at_most=0.03)
    handle_rise: float = setting(0.045, "how far the handle rises", unit="m", at_least=0.015, at_most=0.07)
    lip_reach: float = setting(0.012, "how far a pouring lip stands out", unit="m", at_least=0.009, at_most=0.016)
    lip_side: str = setting("none", "where the pouring lip is", choices=tuple(_LIP_SIDES))
    wall_style: str = setting("sloped", "shape of the side", choices=("sloped", "straight", "wok"))
    handle_style: str = setting("strip", "kind of handle", choices=("strip", "grip", "iron"))

    def build(self) -> FunctionalObject:
        """Returns the pan: parts base, handle, interior, rim, side and, where it has a lip, spout; functions pound-, pour-,
        press- and scoop-with.
        """
        handle = LongHandle(self.handle_style, self.handle_length, self.handle_width, self.handle_rise)
        return _with_long_handle("pan", self.shell(), handle, 0.72 * self.depth, self.lip_side, ("steel", "enamel", "graphite"))

    def shell(self) -> Shell:
        """Returns the pan without its handle."""
        r, h, base = self.rim_radius, self.depth, self.base_ratio * self.rim_radius
        if self.wall_style == "wok":
            h, base = 1.35 * h, 0.42 * r
            side = np.concatenate([[[0.0, 0.0]], spline([(base, 0.0), (base + 0.16 * r, 0.0), (0.97 * r, 0.3 * h), (r, h)], 26)])
        else:
            base, fillet = (0.97 * r, 0.5 * self.fillet) if self.wall_style == "straight" else (base, self.fillet)
            side = rounded([(0.0, 0.0), (base, 0.0), (r, h)], [fillet])
        return Shell(side, (("base", 0.0012), ("side", h - 0.004), ("rim", 1.0)), self.wall, warp=_drawn(
            self.lip_side, self.lip_reach, h))


@dataclass(frozen=True)
class Saucepan:
    """A deep pan with straight or bellied sides, a long handle and sometimes a second one opposite."""

    rim_radius: float = setting(0.09, "outer radius at the rim", unit="m", at_least=0.07, at_most=0.11)
    depth: float = setting(0.1, "height of the rim", unit="m", at_least=0.08, at_most=0.13)
    base_ratio: float = setting(0.94, "radius of the base over the rim's", at_least=0.86, at_most=1.0)
    belly: float = setting(0.006, "how far a bellied side bulges", unit="m", at_least=0.004, at_most=0.011)
    wall: float = setting(0.0028, "wall thickness", unit="m", at_least=0.0022, at_most=0.004)
    fillet: float = setting(0.012, "rounding between base and side", unit="m", at_least=0.006, at_most=0.02)
    handle_length: float = setting(0.17, "length of the handle", unit="m", at_least=0.13, at_most=0.2)
    handle_width: float = setting(0.022, "width of the handle", unit="m", at_least=0.017, at_most=0.028)
    handle_rise: float = setting(0.02, "how far the handle rises", unit="m", at_least=0.004, at_most=0.045)
    handle_height: float = setting(0.78, "height at which the handle leaves over the rim's", at_least=0.68, at_most=0.84)
    lip_reach: float = setting(0.01, "how far a pouring lip stands out", unit="m", at_least=0.007, at_most=0.014)
    lip_side: str = setting("none", "where the pouring lip is", choices=tuple(_LIP_SIDES))
    wall_style: str = setting("straight", "shape of the side", choices=("straight", "bellied", "flared"))
    handle_style: str = setting("grip", "kind of handle", choices=("strip", "grip", "iron"))

    def build(self) -> FunctionalObject:
        """Returns the saucepan: parts as of :class:`Pan`, but "body" for the side; functions pound-, pour-, press- and
        scoop-with.
        """
        handle = LongHandle(self.handle_style, self.handle_length, self.handle_width, self.handle_rise)
        return _with_long_handle("saucepan", self.shell(), handle, self.handle_height * self.depth, self.lip_side,
                                 ("steel", "enamel", "chrome", "brass"))

    def shell(self) -> Shell:
        """Returns the saucepan without its handle."""
        r, h, f = self.rim_radius, self.depth, self.fillet
        base = self.base_ratio * r
        corners = {
            "straight": [(0.0, 0.0), (base, 0.0), (r, h)],
            "bellied": [(0.0, 0.0), (base, 0.0), (r + self.belly, 0.45 * h), (r - 0.4 * self.belly, 0.93 * h), (r, h)],
            "flared": [(0.0, 0.0), (0.72 * base, 0.0), (0.9 * r, 0.5 * h), (r, h)],
        }[self.wall_style]
        return Shell(rounded(corners, [f, 0.06, 0.03][:len(corners) - 2]), (("base", 0.0012), ("body", h - 0.005), ("rim", 1.0)),
                     self.wall, warp=_drawn(self.lip_side, self.lip_reach, h))


@dataclass(frozen=True)
class LongHandle:
    """A handle straight away from a vessel's wall towards -x, metres: "strip" a flat bar with a hole, "grip" a thick grip on a
    bracket, "iron" a short cast tongue with a drop-shaped hole.
    """

    style: str
    length: float
    width: float
    rise: float

    def solid(self, root: Float64[np.ndarray, " 3"]) -> Solid:
        """Returns the handle from ``root``, a point in the wall at -x."""
        curve = self.curve(root)
        share = np.linspace(0.0, 1.0, len(curve))
        half = self.width / 2.0
        if self.style == "grip":
            swell = 1.0 / (1.0 + np.exp(-(share - 0.3) / 0.012))
            across = half * (0.55 + 0.4 * np.exp(-share / 0.05) + swell * (0.4 + 0.12 * np.sin(np.pi * share)))
            return stem(curve, np.stack([across, 0.0022 + swell * (0.62 * half - 0.0022)], axis=-1), "handle", roundness=0.8)
        if self.style == "strip":
            across = half * (0.6 + 0.5 * np.exp(-share / 0.07) + 0.4 * share)
            halves = np.stack([across, np.full_like(across, 0.0028)], axis=-1)
            return stem(curve, halves, "handle", roundness=0.5) - self._hole(curve, 0.45 * half, 0.45 * half, 0.93)
        across = half * (0.72 + 0.5 * np.exp(-share / 0.09) + 0.33 * share)
        halves = np.stack([across, 0.0052 + 0.0 * share], axis=-1)
        return stem(curve, halves, "handle", roundness=0.75) - self._hole(curve, 0.2 * half, 0.52 * half, 0.88)

    def curve(self, root: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, "k 3"]:
        """Returns the handle's middle line."""
        reach = 0.78 * self.length if self.style == "iron" else self.length
        rise = 0.35 * self.rise if self.style == "iron" else self.rise
        flat = spline([(0.0, 0.0), (-0.12 * reach, 0.0), (-0.35 * reach, 0.75 * rise), (-0.7 * reach, rise),
                       (-reach, 0.98 * rise)], 60)
        return root + np.stack([flat[:, 0], 0.0 * flat[:, 0], flat[:, 1]], axis=-1)

    def _hole(self, curve: Float64[np.ndarray, "k 3"], narrow: float, wide: float, at: float) -> Solid:
        x = curve[int(at * (len(curve) - 1)), 0]
        share = np.linspace(0.0, 1.0, 8)
        drop = stroke(np.stack([x + 0.1 * self.length * (1.0 - share), 0.0 * share], axis=-1), narrow + (wide - narrow) * share)
        return prism(drop.simplify(5e-5), -1.0, 1.0, "handle")


def _drawn(side: str, reach: float, height: float) -> Callable[[np.ndarray], np.ndarray]:
    angle = _LIP_SIDES[side]
    if angle is None:
        return unchanged
    turn, front = about_axis(_Z, angle), lip(reach, 0.002, 0.32, 0.5 * height, height)
    return lambda points: front(points @ turn) @ turn.T


def _with_long_handle(
    category: str, shell: Shell, handle: LongHandle, height: float, lip_side: str, substances: tuple[str, ...]
) -> FunctionalObject:
    """Returns the pan with its frames; it pours over the lip, else over the rim opposite the handle."""
    root = np.array([-shell.radius(height) + 0.6 * shell.thickness, 0.0, height])
    grown = handle.solid(root) + _bracket(root, handle.width)
    whole = shell.solid() + (grown - shell.filling(0.5 * shell.thickness, above=1.0))
    angle = _LIP_SIDES[lip_side] or 0.0
    if lip_side != "none":
        whole = whole.painted(_lip_region(shell, angle), "spout")
    outlet = make(about_axis(_Z, angle), shell.crest(angle))
    curve = handle.curve(root)
    at, ahead = curve[36], curve[35] - curve[36]
    up = np.cross(ahead, _Y)
    parts = tuple(part for part in whole.mesh()[3] if part != "handle")
    return FunctionalObject(
        category, *whole.mesh(),
        function_parts={"pound-with": ("base",), "pour-with": ("rim",) if lip_side == "none" else ("spout",),
                        "press-with": ("base",), "scoop-with": ("rim", "spout") if lip_side == "front" else ("rim",)},
        functional_frames={"pound-with": pressing_base(0.0), "pour-with": outlet, "press-with": pressing_base(0.0),
                           "scoop-with": make(np.eye(3), shell.crest(0.0))},
        grasp_frames={"handle": frame_from_axes(at, -up * np.sign(up[2]), ahead)},
        symmetries={"press-with": about_z(), "pound-with": about_z()},
        substances=((parts, substances), (("handle",), ("steel",) if handle.style == "strip" else ("plastic", "wood", "steel"))),
    )


def _bracket(root: Float64[np.ndarray, " 3"], width: float) -> Solid:
    """Returns the pad by which the handle is riveted to the wall."""
    across = np.linspace(-1.0, 1.0, 9)
    line = root + np.stack([0.002 * across**2 - 0.002, 0.62 * width * across, 0.0 * across], axis=-1)
    return bar(line, np.stack([0.0 * across + 0.004, 0.0 * across + 0.009], axis=-1), "handle", roundness=0.6)


def _lip_region(shell: Shell, angle: float) -> Solid:
    """Returns where a lip at ``angle`` is: in its sector, more than 2 mm outside the wall as it is without one."""
    height, reach = float(shell.outline[-1, 1]), 2.0 * float(np.linalg.norm(shell.crest(angle)[:2]))
    turn = angle + np.linspace(-0.32, 0.32, 9)
    arc = reach * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    sector = extrude(np.concatenate([np.zeros((1, 2)), arc]), 3.0 * height, "spout")
    side = shell.outline[shell.outline[:, 1] > 0.4 * height] + [0.002, 0.0]
    low, radius = side[0, 1], side[-1, 0]
    profile = np.concatenate([[[0.0, low]], side, [[radius, 4.0 * height], [0.0, 4.0 * height]]])
    beyond = prism(disc((0.0, 0.0), reach), 0.6 * height, 2.0 * height, "spout")
    return (beyond & sector) - revolve(profile, ["spout"] * (len(profile) - 1), SEGMENTS)
