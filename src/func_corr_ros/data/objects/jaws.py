# SPDX-License-Identifier: Apache-2.0
"""Two arms that close on what they grip, slightly open, in the plane of the table: pliers, tongs and tweezers."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import PchipInterpolator

from func_corr_ros.data.objects.functional_object import FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import laid
from func_corr_ros.data.objects.plate import disc, plate, polygon, softened
from func_corr_ros.data.objects.primitives import bar, box, rod, shifted, union
from func_corr_ros.data.objects.solids import Solid, extrude
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)
_WIDE = 1.0  # m, further than anything here reaches: the size of what paints all that lies beyond a plane
# The second arm is the first, turned over about the axis between them.
_TURNED_OVER = make(np.diag([1.0, -1.0, -1.0]), np.zeros(3))


@dataclass(frozen=True)
class Pliers:
    """Pliers: two halves crossing at a pivot."""

    jaw_length: float = setting(0.05, "from the pivot to the tips", unit="m", at_least=0.035, at_most=0.075)
    jaw_width: float = setting(0.012, "width of a jaw at the pivot", unit="m", at_least=0.009, at_most=0.014)
    tip_width: float = setting(0.4, "width of a jaw at the tip over that at the pivot", at_least=0.3, at_most=0.5)
    handle_length: float = setting(0.105, "from the pivot to the handles' ends", unit="m", at_least=0.085, at_most=0.14)
    spread: float = setting(0.024, "how far a handle stands off the axis at its widest", unit="m", at_least=0.02, at_most=0.031)
    handle_width: float = setting(0.013, "width of a handle", unit="m", at_least=0.01, at_most=0.016)
    thickness: float = setting(0.01, "thickness of the steel", unit="m", at_least=0.008, at_most=0.013)
    opening: float = setting(4.5, "how far each jaw is turned open", unit="deg", at_least=3.0, at_most=8.0)
    pivot_radius: float = setting(0.5, "radius of the pivot over the width of a jaw", at_least=0.4, at_most=0.6)
    tips: float = setting(0.22, "length of the tips over the jaws'", at_least=0.15, at_most=0.3)
    nose_style: str = setting("combination", "shape of the jaws", choices=("combination", "long nose", "slip joint"))
    handle_style: str = setting("bowed", "line of the handles", choices=("bowed", "straight"))

    def build(self) -> FunctionalObject:
        """Returns the pliers: parts handle, jaws, pivot, tip; functions apply torque-with (jaws), pick up-with and poke-with
        (tip).
        """
        half = self._half()
        boss = self.pivot_radius * self.jaw_width
        pin = rod(-(0.5 * self.thickness + 0.0012) * _Z, (0.5 * self.thickness + 0.0012) * _Z, boss, "pivot")
        vertices, faces, part_of_face, part_names = (half + half.moved(_TURNED_OVER) + pin).mesh()
        reach = self._reach()
        upper = make(about_axis(_Z, np.radians(self.opening)), np.zeros(3))
        tip = upper @ np.array([reach, 0.5 * self._tip(), 0.0, 1.0])
        axis = Symmetry(2, np.zeros(3), _X)
        return laid(FunctionalObject(
            "pliers", vertices, faces, part_of_face, part_names,
            function_parts={"apply torque-with": ("jaws",), "pick up-with": ("tip",), "poke-with": ("tip",)},
            functional_frames={
                "apply torque-with": shifted(x=0.55 * reach),
                "pick up-with": shifted(x=tip[0] - 0.3 * self._tip()),
                "poke-with": make(np.eye(3), tip[:3]),
            },
            grasp_frames={"handle": frame_from_axes(-0.6 * self.handle_length * _X, -_Z, _X)},
            symmetries=dict.fromkeys(("apply torque-with", "pick up-with", "poke-with"), axis),
            substances=((("jaws", "tip", "pivot"), ("steel", "chrome")), (("handle",), ("rubber", "plastic"))),
        ))

    def _reach(self) -> float:
        return self.jaw_length * (1.35 if self.nose_style == "long nose" else 1.0)

    def _tip(self) -> float:
        return self.jaw_width * self.tip_width * {"long nose": 0.85, "combination": 1.6, "slip joint": 1.25}[self.nose_style]

    def _half(self) -> Solid:
        """Returns the half whose jaw lies at +y and whose handle at -y."""
        w, reach, tip, thick = self.jaw_width, self._reach(), self._tip(), self.thickness
        bulge = {"long nose": 0.7, "combination": 1.1, "slip joint": 1.0}[self.nose_style]
        outline = polygon(np.array([[-0.4 * w, -0.2 * w], [0.6 * w, -0.2 * w], [0.9 * w, 0.0], [reach, 0.0], [reach, tip],
                                    [0.55 * reach, 0.45 * (bulge * w + tip)], [0.8 * w, bulge * w], [-0.4 * w, 0.8 * w]]))
        place, radius = {"combination": (0.42, 0.3), "slip joint": (0.4, 0.42), "long nose": (0.34, 0.18)}[self.nose_style]
        outline = softened(outline + disc((0.0, 0.0), 0.95 * w) - disc((place * reach, -0.06 * w), radius * w), 0.0006)
        thin = 0.5 * thick * {"long nose": 0.4, "combination": 0.9, "slip joint": 0.6}[self.nose_style]
        side = np.array([[-_WIDE, -0.5 * thick], [w, -0.5 * thick], [reach, -thin], [_WIDE, -thin],
                         [_WIDE, thin], [reach, thin], [w, 0.5 * thick], [-_WIDE, 0.5 * thick]])
        taper = extrude(side, _WIDE, "jaws", -0.5 * _WIDE).moved(make(np.stack([_X, _Z, -_Y], axis=-1), np.zeros(3)))
        jaw = (plate(outline, thick, "jaws", 0.0004) & taper) - union(self._teeth((place + radius * w / reach + 0.04) * reach))
        return jaw.painted(_beyond((1.0 - self.tips) * reach, "tip"), "tip").moved(
            make(about_axis(_Z, np.radians(self.opening)), np.zeros(3))) + self._handle()

    def _teeth(self, begin: float) -> list[Solid]:
        """Returns the grooves across the inner face of a jaw, from x = ``begin`` on."""
        pitch, depth = 0.0019, 0.0006
        groove = extrude(np.array([[-0.45 * pitch, -depth], [0.45 * pitch, -depth], [0.0, depth]]), 0.1, "jaws", -0.05)
        return [groove.moved(shifted(x=x)) for x in np.arange(begin, self._reach() - pitch, pitch)]

    def _handle(self) -> Solid:
        length, s = self.handle_length, self.spread
        x = np.array([0.1 * self.jaw_width, -0.12 * length, -0.35 * length, -0.65 * length, -length])
        y = s * np.array([0.0, -0.42, -0.85, -1.0, -0.78] if self.handle_style == "bowed" else [0.0, -0.36, -0.6, -0.8, -1.0])
        t, knots = np.linspace(0.0, 1.0, 60), [0.0, 0.12, 0.35, 0.65, 1.0]
        line = np.stack([PchipInterpolator(knots, x)(t), PchipInterpolator(knots, y)(t), np.zeros_like(t)], axis=-1)
        grown = np.clip((t - 0.12) / 0.14, 0.0, 1.0) ** 2
        round_end = np.sqrt(1.0 - np.clip((t - 0.96) / 0.042, 0.0, 1.0) ** 2)
        wide = (0.38 * self.jaw_width * (1.0 - grown) + 0.5 * self.handle_width * grown) * round_end
        thick = 0.5 * self.thickness * (0.85 + 0.35 * grown) * round_end
        return bar(line, np.stack([wide, thick], axis=-1), "handle", roundness=0.7)


@dataclass(frozen=True)
class Tongs:
    """Kitchen tongs: one bent strip, or two arms on a hinge."""

    length: float = setting(0.26, "from the rear to the tips", unit="m", at_least=0.16, at_most=0.34)
    spread: float = setting(0.03, "how far an arm stands off the axis at its widest", unit="m", at_least=0.022, at_most=0.035)
    spread_at: float = setting(0.6, "where that is, over the length", at_least=0.45, at_most=0.7)
    gap: float = setting(0.03, "between the tips", unit="m", at_least=0.015, at_most=0.045)
    rear: float = setting(0.012, "half the distance of the arms at the rear", unit="m", at_least=0.008, at_most=0.016)
    arm_width: float = setting(0.018, "width of an arm", unit="m", at_least=0.012, at_most=0.024)
    arm_thickness: float = setting(0.0024, "thickness of an arm", unit="m", at_least=0.0018, at_most=0.0032)
    tip_width: float = setting(1.9, "width of the tips over the arms'", at_least=1.5, at_most=2.3)
    tip_length: float = setting(0.2, "length of the tips over the tongs'", at_least=0.15, at_most=0.26)
    tip_style: str = setting("scalloped", "shape of the tips", choices=("scalloped", "spoon", "prongs"))
    rear_style: str = setting("bent", "how the arms are joined", choices=("bent", "hinge"))

    def build(self) -> FunctionalObject:
        """Returns the tongs: parts arms, rear, tips; functions mix-with, pick up-with and poke-with (the tips)."""
        line = _arm_line(self._knots(), self.rear if self.rear_style == "bent" else 0.0)
        arm = self._arm(line)
        solid = arm + arm.moved(_TURNED_OVER) + self._rear()
        wide = self._tip_half_width()
        frames = _tip_frames(line[-1] + (0.6 * wide * _Z if self.tip_style == "prongs" else 0.0))
        frames["mix-with"] = frames["poke-with"]
        across = frame_from_axes(0.4 * self.length * _X, -_Z, _X)
        return _pair("tongs", solid, frames, across, {
            "bent": ((("arms", "rear", "tips"), ("steel", "chrome", "wood", "plastic")),),
            "hinge": ((("arms", "rear"), ("steel", "chrome")), (("tips",), ("steel", "plastic", "rubber"))),
        }[self.rear_style])

    def _tip_half_width(self) -> float:
        return 0.5 * self.arm_width * (0.85 if self.tip_style == "prongs" else self.tip_width)

    def _knots(self) -> tuple[list[float], list[float]]:
        x = self.length * np.array([0.0, 0.3, self.spread_at, 1.0 - 0.4 * self.tip_length, 1.0])
        start = self.rear if self.rear_style == "bent" else 0.6 * self.rear
        bow = start + 0.65 * (self.spread - start)
        return x.tolist(), [start, bow, self.spread, 0.5 * (self.spread + 0.5 * self.gap), 0.5 * self.gap]

    def _arm(self, line: Float64[np.ndarray, "k 3"]) -> Solid:
        x = np.clip(line[:, 0] / self.length, 0.0, 1.0)
        begin = 1.0 - self.tip_length
        narrow, wide = 0.5 * self.arm_width, self._tip_half_width()
        last = {"scalloped": 0.75, "spoon": 0.4, "prongs": 0.92}[self.tip_style]
        knots = [0.0, 0.5 * begin, begin, 1.0 - 0.45 * self.tip_length, 1.0 - 0.1 * self.tip_length, 1.0]
        half = PchipInterpolator(knots, [0.8 * narrow, narrow, 0.85 * narrow, wide, (0.6 + 0.4 * last) * wide, last * wide])(x)
        arm = bar(line, np.stack([np.full_like(half, 0.5 * self.arm_thickness), half], axis=-1), "arms", roundness=0.45)
        if self.tip_style == "scalloped":
            for side in (-0.4 * wide, 0.4 * wide):  # two scallops leave three blunt teeth
                foot = np.array([self.length + 0.06 * wide, 0.0, side])
                arm = arm - rod(foot, foot + 0.1 * _Y, 0.24 * wide, "arms", 24)
        elif self.tip_style == "prongs":
            arm = arm - box(np.array([self.length * (1.0 - 0.8 * self.tip_length), -0.1, -0.3 * wide]),
                            np.array([_WIDE, 0.1, 0.3 * wide]), "arms")
        return arm.painted(_beyond(begin * self.length, "tips"), "tips").painted(_before(0.04 * self.length, "rear"), "rear")

    def _rear(self) -> Solid:
        """Returns what joins the arms: nothing more than a bead where the strip is bent, else a hinge with its pin."""
        half = 0.5 * self.arm_width
        if self.rear_style == "bent":
            return rod(np.array([-self.rear, 0.0, -0.3 * half]), np.array([-self.rear, 0.0, 0.3 * half]),
                       0.6 * self.arm_thickness, "rear", 20)
        low = np.array([-0.012, -0.6 * self.rear - 0.5 * self.arm_thickness, -0.85 * half])
        return box(low, low * np.array([-1.0, -1.0, -1.0]), "rear", 0.0012) + rod(
            -1.1 * half * _Z, 1.1 * half * _Z, 0.004, "rear", 32)


@dataclass(frozen=True)
class Tweezers:
    """Tweezers: two springy arms joined at the rear."""

    length: float = setting(0.1, "from the rear to the tips", unit="m", at_least=0.075, at_most=0.15)
    gap: float = setting(0.008, "between the tips", unit="m", at_least=0.004, at_most=0.014)
    spread: float = setting(0.007, "how far an arm stands off the axis at its widest", unit="m", at_least=0.0055, at_most=0.01)
    spread_at: float = setting(0.55, "where that is, over the length", at_least=0.4, at_most=0.7)
    joint: float = setting(0.14, "length of the joint over the tweezers'", at_least=0.09, at_most=0.2)
    width: float = setting(0.009, "width of the arms", unit="m", at_least=0.007, at_most=0.013)
    rear_width: float = setting(0.75, "width of the joint over the arms'", at_least=0.5, at_most=1.0)
    thickness: float = setting(0.0016, "thickness of an arm", unit="m", at_least=0.0012, at_most=0.0022)
    tip_length: float = setting(0.12, "length of the tips over the tweezers'", at_least=0.08, at_most=0.16)
    tip_style: str = setting("slanted", "shape of the tips", choices=("slanted", "pointed", "flat"))
    rear_style: str = setting("joined", "how the arms are joined", choices=("joined", "bent"))

    def build(self) -> FunctionalObject:
        """Returns the tweezers: parts arms, joint, tips; functions pick up-with and poke-with (the tips)."""
        start = 0.45 * self.thickness if self.rear_style == "joined" else 0.0035
        x = self.length * np.array([0.0, self.joint, self.spread_at, 1.0 - self.tip_length, 1.0])
        tip = 0.5 * (self.gap + self.thickness)
        y = [start, 1.1 * start, self.spread, 0.5 * (self.spread + tip) + 0.0005, tip]
        line = _arm_line((x.tolist(), y), start if self.rear_style == "bent" else 0.0)
        arm = self._arm(line)
        frames = _tip_frames(line[-1] if self.tip_style != "slanted" else line[-1] - 0.001 * _X)
        return _pair("tweezers", arm + arm.moved(_TURNED_OVER), frames, frame_from_axes(0.42 * self.length * _X, -_Z, _X),
                     ((("arms", "joint", "tips"), ("steel", "chrome", "brass", "plastic", "enamel")),))

    def _arm(self, line: Float64[np.ndarray, "k 3"]) -> Solid:
        t, half = np.clip(line[:, 0] / self.length, 0.0, 1.0), 0.5 * self.width
        end = {"slanted": 0.42, "pointed": 0.12, "flat": 0.5}[self.tip_style]
        before = {"slanted": 0.5, "pointed": 0.36, "flat": 0.42}[self.tip_style]
        wide = PchipInterpolator([0.0, 0.45, 1.0 - self.tip_length, 1.0], half * np.array([self.rear_width, 1.0, before, end]))(t)
        arm = bar(line, np.stack([np.full_like(t, 0.5 * self.thickness), wide], axis=-1), "arms", roundness=0.4)
        if self.tip_style == "slanted":  # cut away what lies beyond a line that leans by 30 deg
            slant = make(about_axis(_Y, np.radians(-30.0)), (self.length - 0.0005) * _X)
            arm = arm - _beyond(0.0, "arms").moved(slant)
        return arm.painted(_beyond((1.0 - self.tip_length) * self.length, "tips"), "tips").painted(
            _before(self.joint * self.length, "joint"), "joint")


def _arm_line(knots: tuple[list[float], list[float]], bend: float) -> Float64[np.ndarray, "k 3"]:
    """Returns the line of the arm at +y through the knots (x, y), begun by a quarter circle of radius ``bend`` on the axis."""
    x = np.linspace(0.0, knots[0][-1], 90)
    line = np.stack([x, PchipInterpolator(*knots)(x), np.zeros_like(x)], axis=-1)
    if bend <= 0.0:
        return line
    turn = np.linspace(-0.06, 0.5 * np.pi, 16)[:-1]  # a little over the axis, so that the two arms run into each other
    quarter = bend * np.stack([-np.cos(turn), np.sin(turn), np.zeros_like(turn)], axis=-1)
    return np.concatenate([quarter, line])


def _tip_frames(tip: Float64[np.ndarray, " 3"]) -> dict[str, Float64[np.ndarray, "4 4"]]:
    """Returns the frames of a pair of tips, one of which is ``tip``: picking up between the two, poking with that one."""
    return {"pick up-with": shifted(x=float(tip[0]) - 0.002), "poke-with": frame_from_axes(tip, _Y, _X)}


def _pair(
    category: str, solid: Solid, frames: dict[str, Float64[np.ndarray, "4 4"]], grasp: Float64[np.ndarray, "4 4"],
    substances: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...],
) -> FunctionalObject:
    """Returns the two equal arms about the x axis as they lie on the table, doing everything with their tips."""
    vertices, faces, part_of_face, part_names = solid.mesh()
    return laid(FunctionalObject(
        category, vertices, faces, part_of_face, part_names, dict.fromkeys(frames, ("tips",)), frames, {"arms": grasp},
        dict.fromkeys(frames, Symmetry(2, np.zeros(3), _X)), substances,
    ))


def _beyond(x: float, part: str) -> Solid:
    return box(np.array([x, -_WIDE, -_WIDE]), _WIDE * np.ones(3), part)


def _before(x: float, part: str) -> Solid:
    return box(-_WIDE * np.ones(3), np.array([x, _WIDE, _WIDE]), part)
