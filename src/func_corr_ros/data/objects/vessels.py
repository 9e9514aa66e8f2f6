# SPDX-License-Identifier: Apache-2.0
"""Vessels that are held by a handle and poured from: the handle at -x, the outlet at +x, standing on z = 0."""
from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import PchipInterpolator

from func_corr_ros.data.objects import handle
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.handle import Handle
from func_corr_ros.data.objects.vessel_functions import about_z, outlet, pinch, pressing_base, rolling_body
from func_corr_ros.data.objects.wall import Wall
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.settings import setting

FOOT_STYLES = ("flat", "ring")
_FOOT_HEIGHT = 0.002
_RIM_GRIP = 0.004  # how far below the crest a gripper pinches the wall
_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Mug:
    """A drinking mug; it pours over the rim opposite its handle."""

    height: float = setting(0.095, "height of the rim", unit="m", at_least=0.075, at_most=0.12)
    rim_radius: float = setting(0.041, "outer radius at the rim", unit="m", at_least=0.034, at_most=0.048)
    base_ratio: float = setting(0.95, "radius at the base over that at the rim", at_least=0.7, at_most=1.05)
    belly: float = setting(0.0, "how far the middle bulges out", unit="m", at_least=0.0, at_most=0.008)
    flare: float = setting(0.0, "how far the rim bends outward", unit="m", at_least=0.0, at_most=0.003)
    wall: float = setting(0.004, "wall thickness", unit="m", at_least=0.0025, at_most=0.005)
    fillet: float = setting(0.007, "rounding of the base edge", unit="m", at_least=0.003, at_most=0.014)
    handle_middle: float = setting(0.52, "height of the handle's middle over the mug's height", at_least=0.46, at_most=0.56)
    handle_span: float = setting(0.62, "length of the handle along the wall over the mug's height", at_least=0.5, at_most=0.72)
    handle_reach: float = setting(0.031, "how far the handle stands off", unit="m", at_least=0.024, at_most=0.038)
    handle_width: float = setting(0.013, "width of the handle's bar", unit="m", at_least=0.009, at_most=0.02)
    handle_thickness: float = setting(0.008, "thickness of the handle's bar", unit="m", at_least=0.006, at_most=0.01)
    handle_style: str = setting("round", "shape of the handle", choices=handle.STYLES)
    foot_style: str = setting("flat", "what it stands on", choices=FOOT_STYLES)

    def build(self) -> FunctionalObject:
        """Returns the mug: parts base, body, handle, interior, rim; functions hang-onto, pour-with, press-with, roll-onto and
        scoop-with.
        """
        bar = Handle(self.handle_style, self.handle_middle * self.height, self.handle_span * self.height, self.handle_reach,
                     self.handle_width, self.handle_thickness)
        mug = _handled_vessel("mug", self.shell(), bar, ("rim",), ("rim",), ("ceramic", "stoneware", "enamel"))
        return replace(
            mug,
            function_parts={**mug.function_parts, "roll-onto": ("body",)},
            functional_frames={**mug.functional_frames, "roll-onto": rolling_body(0.0, self.height)},
            symmetries={**mug.symmetries, "roll-onto": about_z()},
        )

    def shell(self) -> Wall:
        """Returns the mug without its handle."""

        def radius(z: Float64[np.ndarray, "*s"], angle: Float64[np.ndarray, "*s"]) -> Float64[np.ndarray, "*s"]:
            t = z / self.height
            line = self.rim_radius * (self.base_ratio + (1.0 - self.base_ratio) * t)
            return line + self.belly * 4.0 * t * (1.0 - t) + self.flare * _smoothstep((t - 0.8) / 0.2)

        foot = _FOOT_HEIGHT if self.foot_style == "ring" else 0.0
        return Wall(radius, self.height, self.wall, self.fillet, foot, rim_band=0.05 * self.height)


@dataclass(frozen=True)
class Pitcher:
    """A pitcher whose rim is drawn out into a spout opposite the handle."""

    height: float = setting(0.2, "height of the rim", unit="m", at_least=0.16, at_most=0.25)
    base_radius: float = setting(0.048, "outer radius at the base", unit="m", at_least=0.04, at_most=0.06)
    belly_radius: float = setting(0.06, "outer radius of the belly", unit="m", at_least=0.05, at_most=0.075)
    belly_height: float = setting(0.36, "height of the belly over the pitcher's", at_least=0.28, at_most=0.45)
    neck_ratio: float = setting(0.72, "radius of the neck over the belly's", at_least=0.65, at_most=0.95)
    neck_height: float = setting(0.78, "height of the neck over the pitcher's", at_least=0.72, at_most=0.84)
    rim_ratio: float = setting(0.86, "radius at the rim over the belly's", at_least=0.75, at_most=1.0)
    wall: float = setting(0.0045, "wall thickness", unit="m", at_least=0.003, at_most=0.006)
    fillet: float = setting(0.008, "rounding of the base edge", unit="m", at_least=0.004, at_most=0.014)
    spout_reach: float = setting(0.03, "how far the spout's tip stands out from the rim", unit="m", at_least=0.018, at_most=0.042)
    spout_rise: float = setting(0.008, "how far the spout's tip rises above the rim", unit="m", at_least=0.0, at_most=0.02)
    spout_depth: float = setting(0.3, "how far down the spout begins, over the height", at_least=0.15, at_most=0.4)
    handle_span: float = setting(0.6, "length of the handle along the wall over the height", at_least=0.5, at_most=0.66)
    handle_reach: float = setting(0.045, "how far the handle stands off", unit="m", at_least=0.036, at_most=0.055)
    handle_width: float = setting(0.018, "width of the handle's bar", unit="m", at_least=0.013, at_most=0.026)
    handle_thickness: float = setting(0.011, "thickness of the handle's bar", unit="m", at_least=0.008, at_most=0.014)
    handle_style: str = setting("ear", "shape of the handle", choices=handle.STYLES)
    spout_style: str = setting("beak", "shape of the spout seen from above", choices=("beak", "lip"))

    def build(self) -> FunctionalObject:
        """Returns the pitcher: parts base, body, channel (the spout's inner side), handle, interior, rim, spout; functions
        hang-onto, pour-with, press-with and scoop-with.
        """
        bar = Handle(self.handle_style, 0.55 * self.height, self.handle_span * self.height, self.handle_reach,
                     self.handle_width, self.handle_thickness)
        substances = ("ceramic", "glass", "enamel")
        return _handled_vessel("pitcher", self.shell(), bar, ("spout", "channel"), ("rim", "channel"), substances)

    def shell(self) -> Wall:
        """Returns the pitcher without its handle."""
        knots = [0.0, self.belly_height, self.neck_height, 1.0]
        radii = self.belly_radius * np.array([self.base_radius / self.belly_radius, 1.0, self.neck_ratio, self.rim_ratio])
        body = PchipInterpolator(knots, radii)
        half_width, sharpness = {"beak": (0.62, 2.0), "lip": (0.9, 1.5)}[self.spout_style]

        def drawn(z: Float64[np.ndarray, "*s"], angle: Float64[np.ndarray, "*s"]) -> Float64[np.ndarray, "*s"]:
            off = np.abs((angle + np.pi) % (2.0 * np.pi) - np.pi) / half_width
            across = np.where(off < 1.0, np.cos(np.minimum(off, 1.0) * np.pi / 2.0), 0.0) ** sharpness
            return across * np.clip((z / self.height - 1.0) / self.spout_depth + 1.0, 0.0, None) ** 1.8

        return Wall(
            radius=lambda z, angle: body(z / self.height) + self.spout_reach * drawn(z, angle),
            height=self.height, thickness=self.wall, fillet=self.fillet, foot=0.0, rim_band=0.025 * self.height,
            rise=lambda z, angle: self.spout_rise * drawn(z, angle),
            spout=lambda z, angle: drawn(z, angle) > 0.08,
        )


def _handled_vessel(
    category: str, wall: Wall, bar: Handle, pours_over: tuple[str, ...], scoops_with: tuple[str, ...], substances: tuple[str, ...]
) -> FunctionalObject:
    """Returns the vessel with its frames. hang-onto: origin in the middle of the handle's bar, x away from the vessel, z up.
    The handle says which point of the rim leads, so that pouring and scooping have no symmetry though the rim is round.
    """
    vertices, faces, part_of_face, part_names = (wall.solid() + bar.solid(wall)).mesh()
    object_from_gripper = bar.object_from_gripper(wall)
    near_crest = (np.array([value]) for value in (wall.height - _RIM_GRIP, wall.thickness / 2.0, np.pi / 2.0))
    return FunctionalObject(
        category, vertices, faces, part_of_face, part_names,
        function_parts={"pour-with": pours_over, "hang-onto": ("handle",), "press-with": ("base",), "scoop-with": scoops_with},
        functional_frames={
            "pour-with": outlet(wall.crest(0.0)),
            "hang-onto": frame_from_axes(object_from_gripper[:3, 3], _Z, -_X),
            "press-with": pressing_base(wall.foot),
            "scoop-with": outlet(wall.crest(0.0)),
        },
        grasp_frames={
            "handle": object_from_gripper,
            "rim": pinch(wall.points(*near_crest)[0]),
        },
        symmetries={"press-with": about_z()},
        substances=((part_names, substances),),
    )


def _smoothstep(t: Float64[np.ndarray, "*s"]) -> Float64[np.ndarray, "*s"]:
    t = np.clip(t, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)
