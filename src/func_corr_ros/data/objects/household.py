# SPDX-License-Identifier: Apache-2.0
"""Packages that stand about on tables: opened cans, and cartons that only are in the way."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.primitives import box, rod
from func_corr_ros.data.objects.shell import Shell, ring, rounded
from func_corr_ros.data.objects.solids import Solid, extrude, hull
from func_corr_ros.data.objects.vessel_functions import about_z, clasp, outlet, pounding_side, pressing_base, rolling_body
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)
_PANEL = 0.0035  # how deep a drinks can's lid lies below its rim
_EDGE = 0.0022  # width of the edge around its mouth
_LID = 0.0016  # thickness of a tin's lid
_BEAD = 0.0011  # how far a tin's seams stand out
_TAPE = 0.0007  # thickness of a carton's tape


@dataclass(frozen=True)
class Can:
    """An opened can: a ribbed tin whose lid stands up at the back, or a drinks can with its mouth at the front."""

    height: float = setting(0.11, "height of the rim", unit="m", at_least=0.075, at_most=0.16)
    radius: float = setting(0.034, "radius of the body", unit="m", at_least=0.027, at_most=0.039)
    seam: float = setting(0.0025, "how far the seams at the ends reach along the can", unit="m", at_least=0.0015, at_most=0.004)
    wall: float = setting(0.0013, "wall thickness", unit="m", at_least=0.001, at_most=0.0018)
    recess: float = setting(0.004, "how far the bottom is pushed in", unit="m", at_least=0.0025, at_most=0.007)
    ribs: float = setting(0.0012, "depth of a tin's ribs", unit="m", at_least=0.0006, at_most=0.0018)
    lid_angle: float = setting(1.35, "how far a tin's lid is bent up", unit="rad", at_least=1.0, at_most=1.65)
    neck_ratio: float = setting(0.8, "radius at a drinks can's end over the body's", at_least=0.74, at_most=0.86)
    shoulder: float = setting(0.016, "height over which a drinks can narrows", unit="m", at_least=0.011, at_most=0.021)
    mouth_length: float = setting(0.5, "length of a drinks can's mouth over the radius of its end", at_least=0.42, at_most=0.56)
    style: str = setting("tin", "a tin without its lid's seal, or a drinks can", choices=("tin", "drinks"))

    def build(self) -> FunctionalObject:
        """Returns the can: parts base, body, interior, lid and rim, a drinks can also mouth (the edge of its opening) and tab;
        functions pound-with, pour-with, press-with and roll-onto.
        """
        shell = self.shell()
        whole, crest = self._tin(shell) if self.style == "tin" else self._drinks(shell)
        middle = np.array([[[shell.radius(0.5 * self.height), 0.0, 0.5 * self.height]]])
        parts = ("base", "body", "interior", "lid", "rim") + (("mouth", "tab") if self.style == "drinks" else ())
        return FunctionalObject(
            "can", *whole.mesh(),
            function_parts={"pound-with": ("body",), "pour-with": ("rim",) if self.style == "tin" else ("mouth",),
                            "press-with": ("base",), "roll-onto": ("body",)},
            functional_frames={"pound-with": pounding_side(shell.warp(middle)[0, 0]), "pour-with": outlet(crest),
                               "press-with": pressing_base(float(shell.outline[0, 1])),
                               "roll-onto": rolling_body(0.0, self.height)},
            grasp_frames={"body": clasp(0.5 * self.height * _Z)},
            symmetries={function: about_z() for function in ("pound-with", "press-with", "roll-onto")},
            substances=((("body",), ("paper", "steel", "plastic")),
                        (tuple(part for part in parts if part != "body"), ("steel", "chrome"))),
        )

    def shell(self) -> Shell:
        """Returns the can without lid, seams and mouth; a drinks can is closed."""
        r, h, seam = self.radius, self.height, self.seam
        if self.style == "tin":
            edge = r + _BEAD
            foot = [(0.0, self.recess), (r - 0.004, self.recess), (r - 0.003, 0.0), (edge, 0.0), (edge, seam), (r, 1.4 * seam)]
            outline = rounded([*foot, (r, h)], [0.001, 0.0, 0.0008, 0.0008, 0.0008], step=0.0033)
            return Shell(outline, (("base", 1.4 * seam), ("body", h - 1.5 * seam), ("rim", 1.0)), self.wall, warp=self._ribbed)
        end, panel = self.neck_ratio * r, h - _PANEL
        foot = [(0.0, self.recess + 0.003), (0.6 * end, self.recess), (end - 0.003, 0.0), (end, 0.0), (r, 0.6 * self.shoulder)]
        top = [(r, h - self.shoulder), (end, h - 1.2 * seam), (end + 0.0012, h - seam), (end + 0.0012, h), (end - 0.0022, h),
               (end - 0.003, panel), (0.0, panel)]
        outline = rounded([*foot, *top], [0.02, 0.001, 0.002, 0.01, 0.012, 0.002, 0.0004, 0.0004, 0.0004, 0.0004])
        return Shell(outline, (("base", 0.5 * self.shoulder), ("body", h - self.shoulder), ("rim", 1.0)), self.wall)

    def _ribbed(self, points: Float64[np.ndarray, "k n 3"]) -> Float64[np.ndarray, "k n 3"]:
        """Presses six rings into the middle of the body."""
        t = np.clip((points[..., 2] / self.height - 0.22) / 0.56, 0.0, 1.0)
        share = 1.0 - self.ribs / self.radius * np.sin(6.0 * np.pi * t) ** 2
        return points * np.stack([share, share, np.ones_like(share)], axis=-1)

    def _tin(self, shell: Shell) -> tuple[Solid, Float64[np.ndarray, " 3"]]:
        """Returns the tin with its upper seam and the lid, and the crest of the rim at +x."""
        r, h, seam = self.radius, self.height, self.seam
        bead = ring(r, h - 0.6 * seam, (_BEAD, 0.6 * seam), "rim", shell.filling(self.wall / 2.0, above=0.02))
        half = r - self.wall
        lid = rod(np.zeros(3), _LID * _Z, half, "lid", segments=56)
        lid = lid - rod(0.6 * _LID * _Z, 2.0 * _LID * _Z, 0.75 * half, "lid", segments=56)
        hinge = make(about_axis(_Y, -self.lid_angle), np.array([-r + self.wall / 2.0, 0.0, h + 0.0004]))
        lid = lid.moved(hinge @ make(np.eye(3), np.array([half, 0.0, -_LID / 2.0])))
        back, front = np.array([-r - 0.0004, -0.006, h - 1.4 * seam]), np.array([-r + self.wall + 0.0006, 0.006, h + 0.0016])
        tongue = box(back, front, "lid", 0.0005)
        return shell.solid() + bead + lid + tongue, shell.crest(0.0)

    def _drinks(self, shell: Shell) -> tuple[Solid, Float64[np.ndarray, " 3"]]:
        """Returns the drinks can with its lid, mouth and tab, and the point of the mouth's edge that is furthest out."""
        end, panel = self.neck_ratio * self.radius, self.height - _PANEL
        half = np.array([0.5, 0.42]) * self.mouth_length * end
        at = end - 0.0055 - _EDGE - half[0]
        turn = 2.0 * np.pi * np.arange(48) / 48
        oval = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
        place, deep = np.array([at, 0.0]), panel - 1.5 * self.wall
        hole = extrude(place + oval * half, 3.0 * self.wall, "mouth", deep)
        edge = extrude(place + oval * (half + _EDGE), 3.0 * self.wall, "mouth", deep)
        flat = rod((panel - 0.5 * self.wall) * _Z, (panel + 0.3 * _PANEL) * _Z, end - 0.003, "lid", segments=72)
        wide, long = 0.2 * end + 0.002, 0.34 * end
        tab = extrude(np.array([-0.28 * end, 0.0]) + oval * np.array([long, wide]), 0.0014, "tab", panel - 0.0003)
        tab = tab - rod(np.array([-0.4 * end, 0.0, panel + 0.0002]), np.array([-0.4 * end, 0.0, panel + 0.01]), 0.5 * wide, "tab")
        whole = shell.solid().painted(flat, "lid").painted(edge, "mouth") - hole + tab
        return whole, np.array([at + half[0] + 0.5 * _EDGE, 0.0, panel])


@dataclass(frozen=True)
class Carton:
    """A closed carton without a function here: a box with flaps and tape, a gabled milk carton, or a drinks brick with a cap."""

    width: float = setting(0.06, "size along x", unit="m", at_least=0.035, at_most=0.08)
    length: float = setting(0.09, "size along y", unit="m", at_least=0.05, at_most=0.16)
    height: float = setting(0.13, "height without gable and cap", unit="m", at_least=0.04, at_most=0.22)
    rounding: float = setting(0.0015, "rounding of the edges", unit="m", at_least=0.0008, at_most=0.003)
    flap_gap: float = setting(0.0018, "gap between a box's flaps", unit="m", at_least=0.001, at_most=0.003)
    tape_width: float = setting(0.35, "width of a box's tape over its length", at_least=0.25, at_most=0.5)
    gable_share: float = setting(0.62, "height of a gable over half the width", at_least=0.5, at_most=0.9)
    seal_height: float = setting(0.014, "height of the seal on a gable", unit="m", at_least=0.01, at_most=0.02)
    cap_radius: float = setting(0.012, "radius of a cap", unit="m", at_least=0.009, at_most=0.014)
    style: str = setting("box", "the kind of carton", choices=("box", "gable", "brick"))

    def build(self) -> FunctionalObject:
        """Returns the carton: parts body and top, and tape or cap."""
        x, y, h = self.width / 2.0, self.length / 2.0, self.height
        body = box(np.array([-x, -y, 0.0]), np.array([x, y, h]), "body", self.rounding)
        top = box(np.array([-2.0 * x, -2.0 * y, h - self.rounding]), np.array([2.0 * x, 2.0 * y, 2.0 * h]), "top")
        whole = {"box": self._taped, "gable": self._gabled, "brick": self._capped}[self.style](body.painted(top, "top"))
        extra = "tape" if self.style == "box" else "cap"
        return FunctionalObject(
            "carton", *whole.mesh(),
            grasp_frames={"body": frame_from_axes((h - min(0.02, 0.4 * h)) * _Z, -_Z, _Y)},
            substances=((("body", "top"), ("paper",)), ((extra,), ("plastic", "paper"))),
        )

    def _taped(self, body: Solid) -> Solid:
        """Cuts the gap between the flaps and lays tape across it, over the top and down both sides."""
        x, y, h, wide = self.width / 2.0, self.length / 2.0, self.height, self.tape_width * self.length / 2.0
        gap = box(np.array([-self.flap_gap / 2.0, -2.0 * y, h - 0.003]), np.array([self.flap_gap / 2.0, 2.0 * y, 2.0 * h]), "top")
        skin = box(np.array([-x - _TAPE, -wide, 0.7 * h]), np.array([x + _TAPE, wide, h + _TAPE]), "tape", self.rounding)
        inner = box(np.array([-x + _TAPE, -y, 0.0]), np.array([x - _TAPE, y, h - _TAPE]), "tape")
        return (body - gap) + (skin - inner)

    def _gabled(self, body: Solid) -> Solid:
        """Sets the roof, the seal along its ridge and a cap on the slope at +x."""
        x, y, h, e = self.width / 2.0, self.length / 2.0, self.height, self.rounding
        ridge = h + self.gable_share * x
        roof = hull(np.array([[sx * (x - e), sy * (y - e), h - e] for sx in (-1, 1) for sy in (-1, 1)]
                             + [[sx * 0.0016, sy * (y - e), ridge] for sx in (-1, 1) for sy in (-1, 1)]), "top")
        seal = box(np.array([-0.0016, -y + e, ridge - 0.004]), np.array([0.0016, y - e, ridge + self.seal_height]), "top", 0.0006)
        slope = np.array([self.gable_share, 0.0, 1.0]) / np.hypot(self.gable_share, 1.0)
        foot = np.array([0.5 * x, 0.0, h + 0.5 * self.gable_share * x])
        radius = min(self.cap_radius, 0.42 * np.hypot(x, ridge - h))
        cap = rod(foot - 0.003 * slope, foot + 0.009 * slope, (float(radius), float(0.94 * radius)), "cap")
        return body + roof + seal + cap

    def _capped(self, body: Solid) -> Solid:
        """Sets a cap near the edge at +y."""
        at = np.array([0.0, self.length / 2.0 - self.cap_radius - 0.004, self.height])
        radius = min(self.cap_radius, 0.42 * self.width)
        cap = rod(at, at + 0.013 * _Z, (radius, 0.95 * radius), "cap")
        return body + rod(at - 0.002 * _Z, at + 0.003 * _Z, 1.12 * radius, "top") + cap
