# SPDX-License-Identifier: Apache-2.0
"""Long things that pick up: the litter picker and chopsticks, lying, slightly open in the plane of the table."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import PchipInterpolator

from func_corr_ros.data.objects.functional_object import FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import laid
from func_corr_ros.data.objects.plate import plate, softened, stroke
from func_corr_ros.data.objects.primitives import bar, box, rod, shifted, union
from func_corr_ros.data.objects.solids import Solid, loft
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import make
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)
_WIDE = 2.0  # m, further than anything here reaches: the size of what paints all that lies beyond a plane
# The second arm is the first, turned over about the axis between them.
_TURNED_OVER = make(np.diag([1.0, -1.0, -1.0]), np.zeros(3))
_BETWEEN = Symmetry(2, np.zeros(3), _X)


@dataclass(frozen=True)
class Grabber:
    """A litter picker: a handle with a trigger, a tube, and two fingers with hooked ends and rubber grippers inside."""

    length: float = setting(0.45, "length of the tube", unit="m", at_least=0.28, at_most=0.58)
    tube_radius: float = setting(0.01, "radius of the tube", unit="m", at_least=0.008, at_most=0.013)
    finger_length: float = setting(0.12, "length of the fingers", unit="m", at_least=0.095, at_most=0.15)
    spread: float = setting(0.042, "how far a finger stands off the axis at its widest", unit="m", at_least=0.034, at_most=0.055)
    gap: float = setting(0.035, "between the tips", unit="m", at_least=0.02, at_most=0.05)
    finger_width: float = setting(0.018, "width of a finger", unit="m", at_least=0.014, at_most=0.026)
    finger_thickness: float = setting(0.007, "thickness of a finger", unit="m", at_least=0.005, at_most=0.009)
    gripper_size: float = setting(0.011, "half length of a gripper", unit="m", at_least=0.009, at_most=0.014)
    handle_length: float = setting(0.1, "length of the handle", unit="m", at_least=0.085, at_most=0.12)
    handle_slant: float = setting(20.0, "slant of the handle", unit="deg", at_least=8.0, at_most=32.0)
    gripper_style: str = setting("cups", "what grips", choices=("cups", "pads"))
    handle_style: str = setting("pistol", "shape of the handle", choices=("pistol", "loop"))

    def build(self) -> FunctionalObject:
        """Returns the grabber: parts grippers, handle, head, hooks, shaft, tongs (the fingers), trigger; functions apply
        torque-with (tongs), pick up-with (grippers) and pull-with (hooks).
        """
        line = self._finger_line()
        finger = self._finger(line)
        head = box(np.array([-0.03, -1.5 * self.tube_radius, -1.2 * self.tube_radius]),
                   np.array([0.02, 1.5 * self.tube_radius, 1.2 * self.tube_radius]), "head", 0.3 * self.tube_radius)
        tube = rod(-(self.length + 0.02) * _X, np.zeros(3), self.tube_radius, "shaft")
        vertices, faces, part_of_face, part_names = union(
            [finger, finger.moved(_TURNED_OVER), head, tube, *self._handle()]).mesh()
        way = (line[-5] - line[-7]) / np.linalg.norm(line[-5] - line[-7])
        inner = line[-6] + 0.5 * self.finger_thickness * np.cross(way, _Z)  # on the side of the handle
        return laid(FunctionalObject(
            "grabber", vertices, faces, part_of_face, part_names,
            function_parts={"apply torque-with": ("tongs",), "pick up-with": ("grippers",), "pull-with": ("hooks",)},
            functional_frames={
                "apply torque-with": shifted(x=0.6 * self.finger_length),
                "pick up-with": shifted(x=float(line[:, 0].max()) - self.finger_thickness),
                "pull-with": frame_from_axes(inner, _Z, -_X),
            },
            grasp_frames={"shaft": frame_from_axes(-0.5 * self.length * _X, -_Z, _X)},
            symmetries=dict.fromkeys(("apply torque-with", "pick up-with", "pull-with"), _BETWEEN),
            substances=((("grippers",), ("rubber",)), (("shaft",), ("steel", "chrome", "plastic")),
                        (("handle", "head", "hooks", "tongs", "trigger"), ("plastic",))),
        ))

    def _finger_line(self) -> Float64[np.ndarray, "k 3"]:
        """Returns the middle line of the finger at +y, from within the head round to the end of its hook."""
        length, t = self.finger_length, np.linspace(0.0, 1.0, 70)
        knots = [0.0, 0.3, 0.62, 0.84, 0.94, 1.0]
        x = length * np.array([0.0, 0.3, 0.75, 0.96, 1.0, 0.99])
        y = [0.006, 0.8 * self.spread, self.spread, 0.8 * self.spread, 0.5 * (0.8 * self.spread + 0.5 * self.gap), 0.5 * self.gap]
        return np.stack([PchipInterpolator(knots, x)(t), PchipInterpolator(knots, y)(t), np.zeros_like(t)], axis=-1)

    def _finger(self, line: Float64[np.ndarray, "k 3"]) -> Solid:
        half = np.array([0.5 * self.finger_thickness, 0.5 * self.finger_width])
        bent = box(np.array([0.93 * self.finger_length, -_WIDE, -_WIDE]), _WIDE * np.ones(3), "hooks")
        finger = bar(line, np.broadcast_to(half, (len(line), 2)), "tongs", roundness=0.5).painted(bent, "hooks")
        at, size, deep = line[43], self.gripper_size, 0.35 * self.spread
        foot, front = at + 0.1 * self.finger_thickness * _Y, at - deep * _Y
        if self.gripper_style == "cups":
            return finger + rod(foot, front, (0.45 * size, size), "grippers") + rod(front, front - 0.003 * _Y, size, "grippers")
        corner = np.array([size, 0.0, 0.42 * self.finger_width])
        grooves = [rod(np.array([x, front[1], -0.1]), np.array([x, front[1], 0.1]), 0.0012, "grippers", 16)
                   for x in at[0] + size * np.linspace(-0.7, 0.7, 4)]
        return finger + (box(front - corner, foot + corner, "grippers", 0.002) - union(grooves))

    def _handle(self) -> list[Solid]:
        """Returns housing, grip and trigger at the tube's end, the grip towards -y."""
        back, r, long = -self.length, self.tube_radius, self.handle_length
        slant = np.radians(self.handle_slant)
        down = np.array([-np.sin(slant), -np.cos(slant)])
        top = np.array([back - 0.03, 0.0])
        housing = stroke(np.array([[back - 0.055, 0.0], [back - 0.02, 0.0], [back + 0.035, 0.0]]), 1.5 * r)
        grip = stroke(np.array([top, top + 0.5 * long * down, top + long * down]), np.array([0.017, 0.0145, 0.0165]))
        body = housing + grip
        front = top + np.array([0.05, 0.0])
        if self.handle_style == "loop":  # a bow from the housing to the foot of the grip
            low = top + 0.92 * long * down
            bow = np.array([front, front + 0.5 * long * down + [0.014, 0.0], low + [0.052, 0.004], low])
            body = body + stroke(PchipInterpolator([0.0, 0.4, 0.7, 1.0], bow)(np.linspace(0.0, 1.0, 30)), 0.0058)
        pulled = front + np.array([0.0, 0.3, 0.62])[:, None] * long * down - np.array([[0.018, 0.0], [0.019, 0.0], [0.012, 0.0]])
        trigger = stroke(pulled, np.array([0.007, 0.0055, 0.0045]))
        return [plate(softened(body, 0.004), 2.6 * r, "handle", 0.2 * r), plate(trigger, 1.3 * r, "trigger", 0.002)]


@dataclass(frozen=True)
class Chopsticks:
    """A pair of chopsticks lying side by side, or joined at the rear for learners."""

    length: float = setting(0.23, "length of a stick", unit="m", at_least=0.18, at_most=0.27)
    rear_width: float = setting(0.0075, "width at the rear", unit="m", at_least=0.006, at_most=0.0095)
    rear_flatness: float = setting(0.95, "thickness at the rear over the width", at_least=0.75, at_most=1.0)
    tip_width: float = setting(0.0036, "width at the tip", unit="m", at_least=0.0028, at_most=0.0045)
    taper_at: float = setting(0.5, "where the stick has half its taper, over the length", at_least=0.35, at_most=0.65)
    rear_gap: float = setting(0.012, "between the sticks at the rear", unit="m", at_least=0.004, at_most=0.022)
    tip_gap: float = setting(0.007, "between the tips", unit="m", at_least=0.003, at_most=0.016)
    tip_length: float = setting(0.13, "length of the tips over the sticks'", at_least=0.09, at_most=0.18)
    handle_length: float = setting(0.45, "length of the part held over the sticks'", at_least=0.34, at_most=0.52)
    section_style: str = setting("square", "section where it is held", choices=("square", "round"))
    joint_style: str = setting("free", "whether a joint holds the sticks together", choices=("free", "joined"))

    def build(self) -> FunctionalObject:
        """Returns the sticks: parts handle, shaft, tip and, joined ones, joint; functions dig-, mix-, pick up-, pierce-, poke-
        and pry-with, all by the tips.
        """
        rear, front = (0.5 * (gap + width) for gap, width in ((self.rear_gap, self.rear_width), (self.tip_gap, self.tip_width)))
        tip = np.array([self.length, front, 0.0])
        way = (tip - rear * _Y) / np.linalg.norm(tip - rear * _Y)
        stick = self._stick().moved(make(np.stack([way, np.cross(_Z, way), _Z], axis=-1), rear * _Y))
        solid = stick + stick.moved(_TURNED_OVER)
        if self.joint_style == "joined":
            solid = solid + self._joint(rear)
        end = frame_from_axes(rear * _Y + self.length * way, _Z, way)
        frames = dict.fromkeys(("dig-with", "mix-with", "pierce-with", "poke-with", "pry-with"), end)
        frames["pick up-with"] = shifted(x=self.length - 0.004)
        vertices, faces, part_of_face, part_names = solid.mesh()
        wood = (("handle", "shaft", "tip"), ("wood", "dark wood", "plastic", "steel"))
        return laid(FunctionalObject(
            "chopsticks", vertices, faces, part_of_face, part_names, dict.fromkeys(frames, ("tip",)), frames,
            {"handle": frame_from_axes(0.3 * self.length * _X, -_Z, _X)}, dict.fromkeys(frames, _BETWEEN),
            (wood, (("joint",), ("plastic", "rubber"))) if self.joint_style == "joined" else (wood,),
        ))

    def _stick(self) -> Solid:
        """Returns one stick from x = 0 to its tip on the x axis."""
        near = np.array([0.0, 0.0006, 0.0016])
        far = self.length - np.array([0.0022, 0.0012, 0.0004, 0.0])
        edges = self.length * np.array([self.handle_length, 1.0 - self.tip_length])
        x = np.unique(np.concatenate([near, np.linspace(0.004, self.length - 0.004, 70), far, edges]))
        t = x / self.length
        profile = PchipInterpolator([0.0, self.taper_at, 1.0], [1.0, 0.5, 0.0])(t)
        ends = np.interp(x, [*near, *far], [0.7, 0.9, 1.0, 1.0, 0.85, 0.6, 0.3])
        half = 0.5 * ends * (self.tip_width + (self.rear_width - self.tip_width) * profile)
        flat = 1.0 - (1.0 - self.rear_flatness) * profile
        held = 0.35 if self.section_style == "square" else 1.0
        power = np.interp(t, [0.0, self.handle_length, 0.8, 1.0], [held, held, 1.0, 1.0])
        angle = 2.0 * np.pi * (np.arange(28) + 0.5) / 28
        c, s = np.cos(angle), np.sin(angle)
        y, z = (np.sign(v) * np.abs(v) ** power[:, None] * half[:, None] for v in (c, s))
        rings = np.stack([np.broadcast_to(x[:, None], y.shape), y, z * flat[:, None]], axis=-1)
        middles = 0.5 * (x[1:] + x[:-1])
        bands = np.where(middles < edges[0], "handle", np.where(middles < edges[1], "shaft", "tip"))
        return loft(rings, np.concatenate([["handle"], bands, ["tip"]]))

    def _joint(self, rear: float) -> Solid:
        """Returns the bow that joins the rear ends, with a sleeve over each."""
        t, w = np.linspace(0.0, np.pi, 40), self.rear_width
        out = np.maximum(1.1 * rear, 0.011)
        bow = np.stack([0.012 - out * np.sin(t), rear * np.cos(t), np.zeros_like(t)], axis=-1)
        sleeve = box(np.array([0.006, rear - 0.75 * w, -0.75 * w]), np.array([0.03, rear + 0.75 * w, 0.75 * w]), "joint", 0.2 * w)
        return bar(bow, np.array([[0.0022, 0.6 * w]] * 40), "joint", roundness=0.6) + sleeve + sleeve.moved(_TURNED_OVER)
