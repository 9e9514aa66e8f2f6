# SPDX-License-Identifier: Apache-2.0
"""Cutting tools other than knives: box cutter, peeler, pizza cutter, and those of scissors.py and saws.py; the handle at -x."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from func_corr_ros.data.objects.blade import Blade
from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import Grip, laid
from func_corr_ros.data.objects.plate import disc, plate, polygon, softened, stroke
from func_corr_ros.data.objects.primitives import bar, box, rod, shifted, union
from func_corr_ros.data.objects.saws import Saw
from func_corr_ros.data.objects.scissors import Scissors
from func_corr_ros.data.objects.solids import Solid, loft, revolve
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import make
from func_corr_ros.settings import setting

__all__ = ["BoxCutter", "Peeler", "PizzaCutter", "Saw", "Scissors"]
_X, _Y, _Z = np.eye(3)
_STEEL = ("steel",)


@dataclass(frozen=True)
class BoxCutter:
    """A box cutter: a short blade with a slanted end that slides out of its handle."""

    out: float = setting(0.028, "how far the blade stands out", unit="m", at_least=0.02, at_most=0.042)
    width: float = setting(0.016, "width of the blade", unit="m", at_least=0.011, at_most=0.02)
    thickness: float = setting(0.001, "thickness of the blade", unit="m", at_least=0.0008, at_most=0.0014)
    slant: float = setting(0.9, "how far the end slants, over the blade's width", at_least=0.6, at_most=1.2)
    edge_band: float = setting(0.0022, "width of the edge's bevel", unit="m", at_least=0.0018, at_most=0.0028)
    handle_length: float = setting(0.13, "length of the handle", unit="m", at_least=0.11, at_most=0.155)
    handle_width: float = setting(1.5, "width of the handle over the blade's", at_least=1.35, at_most=1.8)
    handle_thickness: float = setting(0.013, "thickness of the handle", unit="m", at_least=0.01, at_most=0.018)
    slider_at: float = setting(0.65, "where the slider sits, over the handle's length", at_least=0.5, at_most=0.75)
    slider_length: float = setting(0.02, "length of the slider", unit="m", at_least=0.015, at_most=0.028)
    body_style: str = setting("slim", "shape of the handle", choices=("slim", "heavy", "pen", "sleeve"))

    def build(self) -> FunctionalObject:
        """Returns the box cutter: parts blade, edge, handle, slider, tip."""
        blade, wide = self.blade(), self.handle_width * self.width
        style = {"slim": "straight", "heavy": "contoured", "pen": "ringed", "sleeve": "faceted"}[self.body_style]
        thick = {"pen": max(self.handle_thickness, 0.013), "heavy": 1.35 * self.handle_thickness}.get(
            self.body_style, self.handle_thickness)
        grip = Grip(style, self.handle_length, wide if self.body_style != "pen" else max(thick, 0.9 * wide), thick)
        top = grip.middle((self.slider_at - 1.0) * self.handle_length) + 0.5 * thick * _Z
        half = 0.5 * np.array([self.slider_length, 0.45 * wide, 0.0])
        rib = np.array([0.0012, half[1] - 0.0007, 0.0])  # a little narrower than the slider: no sides in one plane
        slider = union([box(top - half - 0.3 * thick * _Z, top + half + 0.0018 * _Z, "slider", rounding=0.001), *(
            box(top + shift * _X - rib, top + shift * _X + rib + 0.003 * _Z, "slider", rounding=0.0008)
            for shift in self.slider_length * np.array([-0.3, 0.0, 0.3]))])
        edge, tip = blade.at_edge(0.62), blade.at_tip()
        return laid(FunctionalObject(
            "box cutter", *(blade.solid() + self._nose(wide, thick) + grip.solid() + slider).mesh(),
            function_parts={"cut-with": ("edge",), "peel-with": ("edge",), "scrape-with": ("edge",), "pierce-with": ("tip",)},
            functional_frames={"cut-with": edge, "peel-with": edge, "scrape-with": edge, "pierce-with": tip},
            grasp_frames={"handle": grip.object_from_gripper(0.4)},
            substances=((("blade", "edge", "tip"), _STEEL), (("handle",), ("plastic", "rubber", "steel")),
                        (("slider",), ("plastic",))),
        ))

    def blade(self) -> Blade:
        """Returns the blade, which begins inside the handle."""
        x = np.unique(np.concatenate([np.linspace(-0.015, self.out, 90), [self.out - self.slant * self.width]]))
        fall = np.clip((x - self.out) / (self.slant * self.width) + 1.0, 0.0, 1.0)
        half = 0.5 * self.width
        spine = np.maximum(half - 2.0 * half * fall, 0.0007 - half)
        tip_from = self.out - max(0.006, 0.5 * self.slant * self.width)
        return Blade(x, spine, np.full_like(x, -half), self.thickness, self.edge_band, tip_from=tip_from, back_part="blade")

    def _nose(self, wide: float, thick: float) -> Solid:
        """Returns the mouth of the handle, out of which the blade comes."""
        half, back = 0.38 * wide, -0.02
        mouth = softened(polygon(np.array([[back, -half], [0.007, -half], [-0.001, half], [back, half]])), 0.002)
        return plate(mouth, 0.45 * thick, "handle", 0.0012)


@dataclass(frozen=True)
class Peeler:
    """A vegetable peeler: a trough of sheet steel with a slot, whose two rims are sharp."""

    blade_length: float = setting(0.055, "length of the blade", unit="m", at_least=0.045, at_most=0.068)
    blade_width: float = setting(0.016, "width of the blade", unit="m", at_least=0.013, at_most=0.019)
    bulge: float = setting(0.22, "height of the blade's arch over its width", at_least=0.15, at_most=0.32)
    slot: float = setting(0.3, "width of the slot over the blade's", at_least=0.24, at_most=0.36)
    edge_band: float = setting(0.0016, "width of the sharp rims", unit="m", at_least=0.0014, at_most=0.002)
    prong: float = setting(0.0035, "half width of the frame's prongs", unit="m", at_least=0.0028, at_most=0.0045)
    neck: float = setting(0.035, "length of the frame before the blade", unit="m", at_least=0.025, at_most=0.045)
    handle_length: float = setting(0.095, "length of the handle", unit="m", at_least=0.08, at_most=0.115)
    handle_width: float = setting(0.022, "width of the handle", unit="m", at_least=0.017, at_most=0.028)
    handle_thickness: float = setting(0.015, "thickness of the handle", unit="m", at_least=0.012, at_most=0.019)
    frame_style: str = setting("Y", "how the blade is held", choices=("Y", "straight", "bow"))
    grip_style: str = setting("contoured", "shape of the handle", choices=("contoured", "straight", "round", "ringed"))

    def build(self) -> FunctionalObject:
        """Returns the peeler: parts blade, edge (the slot's rims), frame, handle; across the handle in a Y, else along it."""
        thick = self.handle_width if self.grip_style == "round" else self.handle_thickness
        grip = Grip(self.grip_style, self.handle_length, self.handle_width, thick)
        across = self.frame_style == "Y"
        middle = (self.neck + (0.5 * self.blade_width if across else 0.5 * self.blade_length)) * _X
        # The blade is made along its own x, with the rim that cuts facing its -y.
        object_from_blade = make(np.stack([-_Y, _X, _Z] if across else [_X, _Y, _Z], axis=-1), middle)
        rim = 0.5 * self.slot * self.blade_width
        crown = self.bulge * self.blade_width * (1.0 - self.slot**2)
        edge = object_from_blade @ frame_from_axes(np.array([0.0, rim, crown - 0.0005]), _Z, -_Y)
        about = Symmetry(2, middle, _Z)
        return laid(FunctionalObject(
            "peeler", *(self._blade().moved(object_from_blade) + self._frame() + grip.solid()).mesh(),
            function_parts={"peel-with": ("edge",), "scrape-with": ("edge",)},
            functional_frames={"peel-with": edge, "scrape-with": edge.copy()},
            grasp_frames={"handle": grip.object_from_gripper()},
            symmetries={"peel-with": about, "scrape-with": about},
            substances=((("blade", "edge"), _STEEL), (("frame", "handle"), ("plastic", "chrome", "steel"))),
        ))

    def _blade(self) -> Solid:
        u = np.linspace(-1.0, 1.0, 49)
        arch = np.stack([0.5 * self.blade_width * u, self.bulge * self.blade_width * (1.0 - u**2)], axis=-1)
        section = np.concatenate([arch - [0.0, 0.0012], arch[::-1]])
        x = self.blade_length * np.array([-0.5, -0.38, 0.38, 0.5])
        rings = np.concatenate([np.broadcast_to(x[:, None, None], (4, len(section), 1)),
                                np.broadcast_to(section, (4, *section.shape))], axis=-1)
        rim = 0.5 * self.slot * self.blade_width
        parts = np.full((5, len(section)), "blade", dtype=object)
        parts[2, np.abs(section[:, 0]) < rim + self.edge_band] = "edge"
        slot = np.array([x[2], rim, 0.02])
        return loft(rings, parts) - box(-slot, slot, "edge")

    def _frame(self) -> Solid:
        """Returns what holds the blade, flat in the plane of the handle."""
        span, thin = 0.5 * self.blade_length, 0.3 * self.handle_thickness
        if self.frame_style == "Y":
            t = np.linspace(0.0, 1.0, 24)
            end = self.neck + 0.8 * self.blade_width
            side = np.stack([-0.01 + (end + 0.01) * t, span * np.sin(0.5 * np.pi * np.clip(1.4 * t, 0.0, 1.0))], axis=-1)
            fork = stroke(side, self.prong) + stroke(side * np.array([1.0, -1.0]), self.prong)
            return plate(fork, thin, "frame", 0.3 * thin)
        far = self.neck + self.blade_length
        neck = bar(np.linspace([-0.01, 0.0, 0.0], [self.neck + 0.004, 0.0, 0.0], 9),
                   np.linspace([0.3 * self.handle_width, thin], [0.42 * self.blade_width, 0.0016], 9), "frame")
        wide = 0.4 * self.blade_width
        stop = box(np.array([far - 0.005, -wide, -0.0018]), np.array([far + 0.006, wide, 0.0022]), "frame", rounding=0.0015)
        if self.frame_style == "straight":
            return neck + stop
        t = np.linspace(0.0, np.pi, 40)
        reach = 0.5 * (far + 0.004)
        bow = np.stack([reach * (1.0 - np.cos(t)), 1.15 * self.blade_width * np.sin(t) ** 0.5, np.zeros_like(t)], axis=-1)
        return neck + stop + bar(bow, 0.8 * self.prong, "frame")


@dataclass(frozen=True)
class PizzaCutter:
    """A pizza cutter: a round blade that turns on its axle."""

    radius: float = setting(0.038, "radius of the blade", unit="m", at_least=0.03, at_most=0.052)
    thickness: float = setting(0.0016, "thickness of the blade", unit="m", at_least=0.0013, at_most=0.0022)
    edge_band: float = setting(0.0035, "width of the edge's bevel", unit="m", at_least=0.0028, at_most=0.0045)
    hub: float = setting(0.008, "radius of the hub", unit="m", at_least=0.005, at_most=0.011)
    arm: float = setting(0.0065, "half width of the arm at the axle", unit="m", at_least=0.005, at_most=0.009)
    gap: float = setting(0.0022, "clearance between blade and arm", unit="m", at_least=0.0015, at_most=0.004)
    handle_length: float = setting(0.105, "length of the handle", unit="m", at_least=0.085, at_most=0.125)
    handle_width: float = setting(0.026, "width of the handle", unit="m", at_least=0.02, at_most=0.032)
    handle_thickness: float = setting(0.02, "thickness of the handle", unit="m", at_least=0.016, at_most=0.025)
    holder_style: str = setting("fork", "how the blade is held", choices=("fork", "arm", "palm", "guard"))
    grip_style: str = setting("contoured", "shape of the handle", choices=("contoured", "round", "ringed", "straight"))

    def build(self) -> FunctionalObject:
        """Returns the pizza cutter: parts axle, blade, edge, handle, and frame where a handle needs one."""
        r, half, band = self.radius, 0.5 * self.thickness, self.edge_band
        profile = np.array([[0.0, -half], [r - band, -half], [r, -0.0002], [r, 0.0002], [r - band, half], [0.0, half]])
        wheel = revolve(profile, ["blade", "edge", "edge", "edge", "blade"], 128)
        side = half + self.gap
        axle = rod(-(side + 0.0045) * _Z, (side + 0.0045) * _Z, self.hub, "axle")
        edge = frame_from_axes(-r * _Y, _Z, -_Y)
        palm = self.holder_style == "palm"
        holder, grasp = self._palm(side) if palm else self._held(side)
        whole = wheel + axle + holder
        return laid(FunctionalObject(
            "pizza cutter", *whole.mesh(), function_parts={"cut-with": ("edge",)}, functional_frames={"cut-with": edge},
            grasp_frames={"handle": grasp}, symmetries={"cut-with": Symmetry(ANY_ANGLE, np.zeros(3), _Z)},
            substances=((("blade", "edge"), _STEEL), (("axle",), ("steel", "plastic")),
                        (("handle",), ("plastic", "rubber", "wood")),
                        *(() if palm else ((("frame",), ("steel", "chrome", "plastic")),))),
        ))

    def _held(self, side: float) -> tuple[Solid, np.ndarray]:
        """Returns a grip with its fork, single arm or thumb guard, and the grasp."""
        thick = self.handle_width if self.grip_style == "round" else self.handle_thickness
        front = -1.22 * self.radius
        grip = Grip(self.grip_style, self.handle_length, self.handle_width, thick)
        t = np.linspace(0.0, 1.0, 24)
        line = np.stack([front - 0.012 + (0.012 - front) * t, np.zeros_like(t)], axis=-1)
        cheek = plate(stroke(line, np.linspace(0.4 * self.handle_width, self.arm, 24)), 0.003, "frame", 0.001)
        lifted = side + 0.0015
        cheeks = [cheek.moved(shifted(z=k * lifted)) for k in ((1.0,) if self.holder_style == "arm" else (-1.0, 1.0))]
        deep = min(0.45 * thick, side + 0.003)
        neck = box(np.array([front - 0.015, -0.36 * self.handle_width, -deep]),
                   np.array([front + 0.004, 0.36 * self.handle_width, deep]), "frame", rounding=0.0015)
        made = grip.solid().moved(shifted(x=front)) + neck + union(cheeks)
        if self.holder_style == "guard":  # an arc over the blade keeps the fingers off
            angle = np.linspace(0.62 * np.pi, 1.38 * np.pi, 40)
            arc = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * 1.13 * self.radius
            made = made + plate(stroke(arc, 0.003), 2.0 * deep, "frame", 0.001)
        return made, shifted(x=front) @ grip.object_from_gripper()

    def _palm(self, side: float) -> tuple[Solid, np.ndarray]:
        """Returns a cap over the blade's back half, held in the palm, and the grasp of its back."""
        out = 1.14 * self.radius
        half_plane = polygon(out * np.array([[-2.0, -2.0], [-0.12, -2.0], [0.2, 2.0], [-2.0, 2.0]]))
        cap = softened((disc((0.0, 0.0), out) ^ half_plane) + disc((0.0, 0.0), 1.9 * self.hub), 0.004)
        body = plate(cap, 2.0 * side + 0.008, "handle", 0.003)
        return (body - rod(-side * _Z, side * _Z, 1.05 * self.radius, "handle", 96),
                frame_from_axes(-0.95 * out * _X, _X, _Y))
