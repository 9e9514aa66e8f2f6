# SPDX-License-Identifier: Apache-2.0
"""Saws lie flat, the handle at -x, the teeth towards -y."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from func_corr_ros.data.objects.blade import ground_loft
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.grip import Grip, laid
from func_corr_ros.data.objects.plate import plate, polygon, softened
from func_corr_ros.data.objects.primitives import bar, box, shifted
from func_corr_ros.data.objects.solids import Solid
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Saw:
    """A saw for wood, or a bow saw for metal."""

    length: float = setting(0.33, "length of the blade", unit="m", at_least=0.22, at_most=0.42)
    height: float = setting(0.24, "height of the blade at the handle over its length", at_least=0.17, at_most=0.3)
    toe: float = setting(0.5, "height at the far end over that at the handle", at_least=0.35, at_most=0.7)
    thickness: float = setting(0.0018, "thickness of the blade", unit="m", at_least=0.0013, at_most=0.0024)
    pitch: float = setting(0.006, "distance between teeth", unit="m", at_least=0.0045, at_most=0.009)
    depth: float = setting(0.6, "depth of the teeth over their pitch", at_least=0.5, at_most=0.75)
    rake: float = setting(0.5, "where the teeth have their points along the pitch", at_least=0.5, at_most=0.9)
    bend: float = setting(0.06, "how far a pruning saw's blade bends over its length", at_least=0.03, at_most=0.1)
    handle_height: float = setting(0.11, "height of the handle", unit="m", at_least=0.1, at_most=0.13)
    handle_width: float = setting(0.1, "length of the handle", unit="m", at_least=0.09, at_most=0.12)
    handle_thickness: float = setting(0.022, "thickness of the handle", unit="m", at_least=0.018, at_most=0.028)
    style: str = setting("hand", "kind of saw", choices=("hand", "back", "pruning", "bow"))

    def build(self) -> FunctionalObject:
        """Returns the saw: parts blade, handle, teeth; a back saw and a bow saw have a frame."""
        x, columns = self._columns()
        half = np.full(columns.shape, 0.5 * self.thickness)
        half[:, -1] *= 0.7
        blade = ground_loft(x, columns, half, ("blade", "teeth"), ("blade", "teeth"))
        handle, grasp = self._handle()
        frame = self._frame(columns)
        middle = len(x) // 2
        edge = frame_from_axes(np.array([x[middle], columns[middle, 1] - 0.5 * self.depth * self.pitch, 0.0]), _Z,
                               np.array([columns[middle + 8, 1] - columns[middle - 8, 1], x[middle - 8] - x[middle + 8], 0.0]))
        groups = ((("blade", "teeth"), ("steel",)), (("handle",), ("plastic", "rubber", "wood", "dark wood")))
        return laid(FunctionalObject(
            "saw", *(blade + handle if frame is None else blade + handle + frame).mesh(),
            function_parts={"cut-with": ("teeth",)}, functional_frames={"cut-with": edge}, grasp_frames={"handle": grasp},
            substances=groups if frame is None else (*groups, (("frame",), ("steel", "brass", "chrome"))),
        ))

    def _columns(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the stations and the y of back, root of the teeth and teeth."""
        count = round(self.length / self.pitch)
        t = (np.arange(count)[:, None] + np.array([0.0, self.rake])).ravel() / count
        t = np.append(t, 1.0)
        high = self.height * self.length
        top, low = 0.35 * high, np.full_like(t, -0.65 * high)
        back = {"hand": top - (1.0 - self.toe) * high * t, "back": np.full_like(t, 0.0), "bow": low + 0.014,
                "pruning": -0.2 * high - 0.1 * high * t}[self.style].copy()
        low = {"pruning": -0.55 * high + 0.12 * high * t**3, "back": np.full_like(t, -0.5 * high)}.get(self.style, low)
        bite = 0.0014 + self.depth * self.pitch * (np.arange(len(t)) % 2)
        down = self.bend * self.length * t**2 if self.style == "pruning" else 0.0 * t
        start = -0.012 if self.style != "pruning" else -0.02
        x = start + (self.length - start) * t
        return x, np.stack([back - down, low - down, low - bite - down], axis=-1)

    def _handle(self) -> tuple[Solid, np.ndarray]:
        """Returns a closed handle cut from board, or a pruning saw's grip, and its grasp."""
        high = self.height * self.length
        if self.style == "pruning":
            grip = Grip("contoured", 1.3 * self.handle_width, 0.034, self.handle_thickness)
            off = shifted(x=0.012, y=-0.36 * high)
            return grip.solid().moved(off), off @ grip.object_from_gripper()
        low, top, deep = -0.65 * high - 0.012, -0.65 * high - 0.012 + self.handle_height, self.handle_width
        top = max(top, 0.35 * high + 0.004) if self.style == "hand" else top
        outer = np.array([[0.004, low + 0.02], [0.02, 0.5 * (low + top)], [0.012, top], [-0.25 * deep, top + 0.004],
                          [-0.75 * deep, top + 0.012], [-1.02 * deep, top - 0.006], [-0.9 * deep, 0.5 * (low + top)],
                          [-0.98 * deep, low - 0.004], [-0.6 * deep, low - 0.002], [-0.3 * deep, low + 0.006]])
        inner = np.array([[-0.24 * deep, low + 0.038], [-0.24 * deep, top - 0.026], [-0.62 * deep, top - 0.02],
                          [-0.57 * deep, low + 0.032]])
        section = softened(polygon(outer), 0.006) - softened(polygon(inner), 0.008)
        bar_at = np.array([-0.79 * deep, 0.5 * (low + top), 0.0])
        return plate(section, self.handle_thickness, "handle", 0.2 * self.handle_thickness), frame_from_axes(bar_at, -_Z, _Y)

    def _frame(self, columns: np.ndarray) -> Solid | None:
        """Returns the stiff back of a back saw, the bow of a bow saw, else nothing."""
        if self.style == "back":
            return box(np.array([-0.01, columns[0, 0] - 0.008, -0.0035]), np.array([self.length, columns[0, 0] + 0.004, 0.0035]),
                       "frame", rounding=0.0012)
        if self.style != "bow":
            return None
        low, rise, far = columns[0, 1] + 0.007, 0.6 * self.handle_height, self.length - 0.004
        turn = np.linspace(0.0, 0.5 * np.pi, 14)
        r = 0.022
        corner = np.stack([far - r + r * np.sin(turn), low + rise - r + r * np.cos(turn)], axis=-1)
        line = np.concatenate([[[-0.006, low + rise], [0.5 * far, low + rise]], corner, [[far, low - 0.006]]])
        curve = np.concatenate([line, np.zeros((len(line), 1))], axis=-1)
        return bar(curve, np.array([[0.006, 0.004]] * len(curve)), "frame", roundness=0.5)
