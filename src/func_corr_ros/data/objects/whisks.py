# SPDX-License-Identifier: Apache-2.0
"""Whisks: loops of wire about a handle's axis, or straight wires with balls at their ends."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import Grip, laid
from func_corr_ros.data.objects.primitives import ball, bar, rod, union
from func_corr_ros.data.objects.shell import spline
from func_corr_ros.data.objects.solids import Solid
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.settings import setting

_X, _Z = np.eye(3)[[0, 2]]


@dataclass(frozen=True)
class Whisk:
    """A whisk: wires bent into loops about the handle's axis, into flat loops, or straight with balls at their ends."""

    head_length: float = setting(0.13, "length of the wires", unit="m", at_least=0.1, at_most=0.17)
    head_radius: float = setting(0.032, "largest distance of a wire from the axis", unit="m", at_least=0.024, at_most=0.042)
    bulge: float = setting(0.66, "where along the wires the widest place is", at_least=0.58, at_most=0.76)
    wire: float = setting(0.0011, "radius of a wire", unit="m", at_least=0.0009, at_most=0.0015)
    root: float = setting(0.28, "distance of the wires where they leave, over the handle's radius", at_least=0.2, at_most=0.5)
    handle_length: float = setting(0.125, "length of the handle", unit="m", at_least=0.1, at_most=0.15)
    handle_radius: float = setting(0.011, "radius of the handle", unit="m", at_least=0.009, at_most=0.014)
    count: float = setting(5.0, "how many loops, rounded", at_least=3.6, at_most=6.4)
    head_style: str = setting("balloon", "how the wires run", choices=("balloon", "french", "ball", "flat"))
    grip_style: str = setting("round", "shape of the handle", choices=("round", "ringed", "faceted", "straight"))

    def build(self) -> FunctionalObject:
        """Returns the whisk: parts handle and wires; function mix-with."""
        loops = round(self.count)
        wires = union(self._wires(loops))
        grip = Grip(self.grip_style, self.handle_length, 2.0 * self.handle_radius, 2.0 * self.handle_radius).solid()
        ferrule = rod(np.array([-0.004, 0.0, 0.0]), np.array([0.006, 0.0, 0.0]), 0.82 * self.handle_radius, "handle")
        whole = grip + ferrule + wires
        end = np.array([float(wires.mesh()[0][:, 0].max()), 0.0, 0.0])
        order = 2 if self.head_style == "flat" else 2 * loops
        if self.head_style == "ball":
            end = np.array([self.head_length + 2.8 * self.wire, 0.0, 0.0])
        held = np.array([-0.5 * self.handle_length, 0.0, 0.0])
        return laid(FunctionalObject(
            "whisk", *whole.mesh(),
            function_parts={"mix-with": ("wires",)},
            functional_frames={"mix-with": frame_from_axes(end, _Z, _X)},
            grasp_frames={"handle": frame_from_axes(held, -_Z, _X)},
            symmetries={"mix-with": Symmetry(order, np.zeros(3), _X.copy())},
            substances=((("handle",), ("steel", "wood", "plastic", "rubber")), (("wires",), ("steel", "chrome"))),
        ))

    def _wires(self, loops: int) -> list[Solid]:
        if self.head_style == "ball":
            turns = 2.0 * np.pi * np.arange(2 * loops) / (2 * loops)
            straight = [_about_x(self._spoke(), turn) for turn in turns] + [self._spoke() * np.array([1.0, 0.0, 0.0])]
            tips = [ball(line[-1], 2.8 * self.wire, "wires") for line in straight]
            return [bar(line, self.wire, "wires", segments=8) for line in straight] + tips
        if self.head_style == "flat":
            return [bar(self._loop(0.4 + 0.6 * (k + 1) / loops, 0.8 + 0.2 * (k + 1) / loops), self.wire, "wires", segments=8)
                    for k in range(loops)]
        # Each loop ends a third of a wire's thickness behind the last, as woven by hand; they touch where they cross.
        step = 0.6 * self.wire / self.head_length
        rings = [_about_x(self._loop(1.0, 1.0 - k * step), np.pi * k / loops) for k in range(loops)]
        return [bar(ring, self.wire, "wires", segments=8) for ring in rings]

    def _loop(self, width: float, length: float) -> Float64[np.ndarray, "k 3"]:
        """Returns one loop in the plane z = 0, from the handle out and back."""
        reach, radius, root = length * self.head_length, width * self.head_radius, self.root * self.handle_radius
        slim = 0.75 if self.head_style == "french" else 1.0
        side = [(-0.004, root), (0.2 * reach, root), ((self.bulge - 0.3) * reach, 0.9 * slim * radius),
                (self.bulge * reach, 1.35 * slim * radius), (1.0 * reach, 1.1 * slim * radius), (reach, 0.0)]
        out = spline(side, 40)
        out[:, 1] *= slim * radius / out[:, 1].max()
        x, y = np.concatenate([out, (out * np.array([1.0, -1.0]))[-2::-1]]).T
        return np.stack([x, y, np.zeros_like(x)], axis=-1)

    def _spoke(self) -> Float64[np.ndarray, "k 3"]:
        share = np.linspace(0.0, 1.0, 24)
        y = 0.7 * self.root * self.handle_radius + self.head_radius * share**1.6
        return np.stack([-0.004 + share * (self.head_length + 0.004), y, 0.0 * share], axis=-1)


def _about_x(points: Float64[np.ndarray, "k 3"], angle: float) -> Float64[np.ndarray, "k 3"]:
    c, s = np.cos(angle), np.sin(angle)
    return points @ np.array([[1.0, 0.0, 0.0], [0.0, c, s], [0.0, -s, c]])
