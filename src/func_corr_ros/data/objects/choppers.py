# SPDX-License-Identifier: Apache-2.0
"""Edges that are driven into things: axe, chisel, wedge; they lie on the table, the grip at -x."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from func_corr_ros.data.objects.blade import tapered
from func_corr_ros.data.objects.functional_object import FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import Grip, laid
from func_corr_ros.data.objects.primitives import box, rod, shifted
from func_corr_ros.data.objects.solids import Solid
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import make
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)
_STEEL = ("steel",)


@dataclass(frozen=True)
class Axe:
    """An axe; its edge runs along the handle."""

    length: float = setting(0.42, "length of the handle", unit="m", at_least=0.3, at_most=0.6)
    reach: float = setting(0.15, "length of the head from back to edge", unit="m", at_least=0.11, at_most=0.19)
    eye: float = setting(0.042, "height of the head at the eye, along the handle", unit="m", at_least=0.034, at_most=0.055)
    edge_length: float = setting(2.2, "length of the edge over the height at the eye", at_least=1.6, at_most=2.9)
    thickness: float = setting(0.03, "thickness of the head at the eye", unit="m", at_least=0.025, at_most=0.038)
    bow: float = setting(0.014, "how far the edge bows out", unit="m", at_least=0.006, at_most=0.022)
    edge_band: float = setting(0.008, "width of the edge's bevel", unit="m", at_least=0.006, at_most=0.011)
    poll: float = setting(0.27, "how far the back stands behind the handle, over the reach", at_least=0.2, at_most=0.34)
    bend: float = setting(0.02, "how far the handle bends at its butt", unit="m", at_least=0.0, at_most=0.045)
    handle_width: float = setting(0.036, "width of the handle", unit="m", at_least=0.03, at_most=0.042)
    head_style: str = setting("felling", "shape of the head", choices=("felling", "bearded", "hatchet", "splitting"))
    grip_style: str = setting("contoured", "shape of the handle", choices=("contoured", "straight", "faceted"))

    def build(self) -> FunctionalObject:
        """Returns the axe: parts back (the poll), blade, edge, handle, head (around the eye)."""
        grip = Grip(self.grip_style, self.length, self.handle_width, 0.85 * self.thickness, self.bend)
        whole = self._head() + grip.solid().moved(shifted(x=0.5 * self.eye + 0.012))
        skew = self._shape()[1]
        edge = frame_from_axes(np.array([skew[-1], -(1.0 - self.poll) * self.reach - self.bow, 0.0]), _Z, -_Y)
        struck = frame_from_axes(np.array([skew[0], self.poll * self.reach, 0.0]), _X, _Y)
        return laid(FunctionalObject(
            "axe", *whole.mesh(),
            function_parts={"cut-with": ("edge",), "wedge-with": ("edge",), "pound-with": ("back",)},
            functional_frames={"cut-with": edge, "wedge-with": edge.copy(), "pound-with": struck},
            grasp_frames={"handle": shifted(x=0.5 * self.eye + 0.012) @ grip.object_from_gripper(0.3)},
            substances=((("back", "blade", "edge", "head"), _STEEL), (("handle",), ("wood", "dark wood", "plastic", "rubber"))),
        ))

    def _shape(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Returns, from back to edge: the way along -y, where the middle lies in x, half the height and half the thickness."""
        u = np.unique(np.concatenate([np.linspace(0.0, 1.0, 70), [0.004, 0.01, 1.0 - self.edge_band / self.reach]]))
        s = np.clip((u - self.poll - 0.1) / (0.9 - self.poll), 0.0, 1.0)  # from the eye to the edge
        flare = s ** {"felling": 1.6, "bearded": 1.2, "hatchet": 1.1, "splitting": 1.5}[self.head_style]
        grow = 0.6 if self.head_style == "splitting" else 1.0
        half = 0.5 * self.eye * (1.0 + grow * (self.edge_length - 1.0) * flare)
        # A beard grows to the handle only, a hatchet's head mostly; the others to both sides.
        lean = {"felling": 0.0, "bearded": -0.85, "hatchet": -0.45, "splitting": 0.0}[self.head_style]
        skew = lean * (half - 0.5 * self.eye)
        swell = 1.0 - 0.18 * np.clip((self.poll - u) / self.poll, 0.0, 1.0)
        fat = 1.6 if self.head_style == "splitting" else 1.0
        thick = 0.5 * self.thickness * (fat * swell * (1.0 - s) ** (0.75 if fat > 1.0 else 1.1) + 0.02)
        round_off = np.clip(u / 0.01, 0.0, 1.0)  # the back has blunt rims
        return u * self.reach, skew, half - 0.0016 * (1.0 - round_off), np.maximum(thick - 0.0016 * (1.0 - round_off), 0.0004)

    def _head(self) -> Solid:
        """Returns the head: a loft from back to edge that is bent so that the edge bows."""
        s, skew, half, thick = self._shape()
        u = s / self.reach
        bounds = [0.05, self.poll + 0.2, 1.0 - self.edge_band / self.reach - 1e-9]
        parts = np.array(["back", "head", "blade", "edge"])[np.searchsorted(bounds, u, side="right")]
        low, high = np.stack([skew - half, -thick], axis=-1), np.stack([skew + half, thick], axis=-1)
        made = tapered(s, low, high, ["back", *parts[:-1], "edge"], roundness=0.16, segments=96)
        head = made.moved(make(np.stack([-_Y, _X, _Z], axis=-1), self.poll * self.reach * _Y))
        return Solid(head.manifold.warp_batch(self._bowed), head.part_of_id)

    def _bowed(self, points: np.ndarray) -> np.ndarray:
        """Returns the points, what lies near the edge moved out to the bow's circle."""
        _, skew, half, _ = self._shape()
        t = np.clip(-points[:, 1] / ((1.0 - self.poll) * self.reach), 0.0, 1.0)
        off = (points[:, 0] - skew[-1]) / half[-1]
        return points - (self.bow * t**3 * np.clip(1.0 - off**2, 0.0, 1.0))[:, None] * _Y


@dataclass(frozen=True)
class Chisel:
    """A chisel, for wood or stone."""

    length: float = setting(0.12, "length of the blade", unit="m", at_least=0.09, at_most=0.15)
    width: float = setting(0.02, "width of the blade", unit="m", at_least=0.015, at_most=0.034)
    thickness: float = setting(0.0055, "thickness of the blade at the shaft", unit="m", at_least=0.0045, at_most=0.008)
    bevel: float = setting(0.013, "length of the bevelled tip", unit="m", at_least=0.01, at_most=0.018)
    edge_band: float = setting(0.0016, "length of the honed edge", unit="m", at_least=0.0015, at_most=0.00175)
    shoulder: float = setting(0.3, "length of the shaft before the blade widens, over the length", at_least=0.22, at_most=0.38)
    shaft: float = setting(0.0055, "radius of the shaft", unit="m", at_least=0.0045, at_most=0.007)
    ferrule: float = setting(0.016, "length of the ferrule", unit="m", at_least=0.012, at_most=0.022)
    handle_length: float = setting(0.12, "length of the handle", unit="m", at_least=0.1, at_most=0.14)
    handle_width: float = setting(0.03, "width of the handle", unit="m", at_least=0.026, at_most=0.036)
    blade_style: str = setting("bench", "kind of blade", choices=("bench", "mortise", "flared", "cold"))
    grip_style: str = setting("round", "shape of the handle", choices=("round", "faceted", "ringed"))

    def build(self) -> FunctionalObject:
        """Returns the chisel: parts blade, edge, ferrule, handle, shaft, tip (the bevel)."""
        cold = self.blade_style == "cold"
        wide = 0.021 if cold else self.handle_width
        grip = Grip("faceted" if cold else self.grip_style, self.handle_length, wide, wide)
        ring = 0.4 * wide if not cold else 0.46 * wide
        whole = self._blade() + rod(-0.35 * self.ferrule * _X, 0.65 * self.ferrule * _X, ring, "ferrule") + grip.solid()
        ends = frame_from_axes(np.array([self.length, 0.0, self._face(1.0)]), _Z, _X)
        parts = {"cut-with": ("edge",), "peel-with": ("edge",), "scrape-with": ("edge",), "dig-with": ("tip",),
                 "pierce-with": ("tip",), "pry-with": ("tip",), "wedge-with": ("tip",)}
        return laid(FunctionalObject(
            "chisel", *whole.mesh(), function_parts=parts,
            functional_frames={name: ends.copy() for name in parts},
            grasp_frames={"handle": grip.object_from_gripper()},
            symmetries={name: Symmetry(2, np.zeros(3), _X) for name in parts} if cold else {},
            substances=((("blade", "edge", "shaft", "tip"), _STEEL), (("ferrule",), ("steel", "brass")),
                        (("handle",), ("steel",) if cold else ("wood", "dark wood", "plastic"))),
        ))

    def _face(self, t: float) -> float:
        """Returns the z of the edge: in the middle of a cold chisel, else on the flat underside."""
        return 0.0 if self.blade_style == "cold" else -0.5 * self.thickness * (1.0 - 0.35 * t) + 0.0003

    def _blade(self) -> Solid:
        """Returns shaft and blade: round at the handle, then flat, with a bevel at the end that is ground from above."""
        neck, tip, edge = self.shoulder * self.length, self.length - self.bevel, self.length - self.edge_band
        knots = [-0.01, neck, 1.25 * neck, tip, edge, self.length]
        x = np.unique(np.concatenate([np.linspace(a, b, 13) for a, b in zip(knots[:-1], knots[1:], strict=True)]))
        t = np.clip((x - neck) / (0.25 * neck), 0.0, 1.0)
        t = t * t * (3.0 - 2.0 * t)
        far = np.clip(x / self.length, 0.0, 1.0)
        factor = {"bench": 1.0, "mortise": 0.7, "flared": 0.8, "cold": 0.9}[self.blade_style]
        grow = {"flared": 0.8, "cold": 0.5}.get(self.blade_style, 0.0)
        wide = 0.5 * factor * self.width * (1.0 + grow * np.clip((far - 0.5) / 0.5, 0.0, 1.0) ** 1.5)
        deep = 0.5 * self.thickness * (1.9 if self.blade_style == "mortise" else 1.0) * (1.0 - 0.35 * far)
        half_y = (1.0 - t) * self.shaft + t * wide
        low, high = -((1.0 - t) * self.shaft + t * deep), (1.0 - t) * self.shaft + t * deep
        bevel = np.clip((x - tip) / self.bevel, 0.0, 1.0)
        if self.blade_style == "cold":
            low, high = low * (1.0 - bevel) - 0.0003, high * (1.0 - bevel) + 0.0003
        else:
            low = np.maximum(low, -0.5 * self.thickness * (1.0 - 0.35 * far)) * t + low * (1.0 - t)
            high = high + (low + 0.0006 - high) * bevel
        bounds = np.array([1.1 * neck, tip - 1e-9, edge - 1e-9])
        names = np.array(["shaft", "blade", "tip", "edge"])[np.searchsorted(bounds, x[:-1], side="right")]
        lower, upper = np.stack([-half_y, low], axis=-1), np.stack([half_y, high], axis=-1)
        return tapered(x, lower, upper, ["shaft", *names, "edge"], roundness=0.3 if self.blade_style != "cold" else 0.45)


@dataclass(frozen=True)
class Wedge:
    """A wedge: a doorstop, a splitting wedge or a carpenter's wedge."""

    length: float = setting(0.13, "length", unit="m", at_least=0.09, at_most=0.19)
    width: float = setting(0.045, "width", unit="m", at_least=0.032, at_most=0.065)
    height: float = setting(0.25, "height at the back over the length", at_least=0.19, at_most=0.33)
    edge: float = setting(0.0024, "thickness of the edge", unit="m", at_least=0.0018, at_most=0.0032)
    edge_band: float = setting(0.004, "length of the edge", unit="m", at_least=0.003, at_most=0.006)
    flare: float = setting(0.15, "how much wider it is at the edge", at_least=-0.1, at_most=0.35)
    hollow: float = setting(0.15, "how far the upper face is hollow", at_least=0.0, at_most=0.3)
    back: float = setting(0.1, "length of the back over the length", at_least=0.07, at_most=0.14)
    soft: float = setting(0.25, "rounding of the sides (exponent)", at_least=0.15, at_most=0.4)
    style: str = setting("plain", "kind of wedge", choices=("plain", "ribbed", "splitting", "handled"))

    def build(self) -> FunctionalObject:
        """Returns the wedge: parts back, body, edge."""
        ramp = self._ramp()
        split = self.style == "splitting"
        angle = np.arctan2(self.height * self.length, self.length)
        up = _Z if split else np.array([np.sin(angle), 0.0, np.cos(angle)])
        edge = make(np.stack([_X, _Y, _Z], axis=-1), np.array([0.5 * self.length, 0.0, 0.0 if split else 0.5 * self.edge]))
        if not split:  # x along the upper face, down the ramp, z its normal
            edge = frame_from_axes(edge[:3, 3], up, _X)
        material = ("steel",) if split else ("wood", "dark wood", "rubber", "plastic")
        middle = np.array([-0.15 * self.length, 0.0, 0.0 if split else 0.3 * self.height * self.length])
        return laid(FunctionalObject(
            "wedge", *ramp.mesh(), function_parts={"wedge-with": ("edge",)}, functional_frames={"wedge-with": edge},
            grasp_frames={"body": frame_from_axes(middle, -_Z, _X)},
            symmetries={"wedge-with": Symmetry(2, np.zeros(3), _X)} if split else {},
            substances=((("back", "body", "edge"), material),),
        ))

    def _ramp(self) -> Solid:
        """Returns the wedge from its back to its edge, on z = 0, a splitting wedge about it."""
        split = self.style == "splitting"
        ends = [0.0, 0.012, self.back, 1.0 - self.edge_band / self.length]
        t = np.unique(np.concatenate([np.linspace(0.0, 1.0, 120), ends]))
        rise = np.clip((t - self.back) / (1.0 - self.back), 0.0, 1.0)
        slope = (1.0 - rise) * (1.0 - self.hollow * rise)
        top = self.edge + (self.height * self.length - self.edge) * slope
        if self.style == "ribbed":
            top = top + 0.0016 * np.maximum(np.sin(2.0 * np.pi * 9.0 * t), 0.0) * (rise > 0.02) * (rise < 0.8)
        half = 0.5 * self.width * (1.0 + self.flare * (t - 0.5))
        if split:  # a mushroomed striking head, then narrowing
            half, top = half * (1.0 - 0.1 * np.exp(-(((t - 0.16) / 0.06) ** 2))), top * (1.0 + 0.12 * (t < 0.5 * self.back))
        blunt = 0.0018 * (1.0 - np.clip(t / 0.012, 0.0, 1.0))
        bottom = -0.5 * top if split else np.zeros_like(top)
        high = bottom + top - blunt
        parts = ["back" if a < self.back else "body" if a < ends[-1] - 1e-9 else "edge" for a in t[:-1]]
        lower = np.stack([blunt - half, bottom + (blunt if split else 0.0)], axis=-1)
        upper = np.stack([half - blunt, high], axis=-1)
        ramp = tapered((t - 0.5) * self.length, lower, upper, ["back", *parts, "edge"], roundness=self.soft)
        if self.style != "handled":
            return ramp
        high0, wide = self.height * self.length, 0.3 * self.width
        low, top = np.array([-0.62 * self.length, -wide, 0.25 * high0]), np.array([-0.45 * self.length, wide, 0.95 * high0])
        return ramp + box(low, top, "back", rounding=0.25 * high0)
