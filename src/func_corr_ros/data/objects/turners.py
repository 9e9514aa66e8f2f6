# SPDX-License-Identifier: Apache-2.0
"""What turns and lifts food: forks and spatulas."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import Grip, laid
from func_corr_ros.data.objects.plate import polygon, softened, stroke
from func_corr_ros.data.objects.pressed import Sheet, border, rectangle
from func_corr_ros.data.objects.primitives import bar, shifted
from func_corr_ros.data.objects.shell import spline
from func_corr_ros.data.objects.solids import Solid
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Fork:
    """A fork of two to four tines: cutlery pressed from one sheet, or a carving fork with a turned grip."""

    length: float = setting(0.195, "length of the whole fork", unit="m", at_least=0.15, at_most=0.28)
    head_share: float = setting(0.34, "length of head and tines over the fork's", at_least=0.3, at_most=0.4)
    tine_share: float = setting(0.64, "length of the tines over the head's", at_least=0.54, at_most=0.72)
    head_width: float = setting(0.125, "width of the head over the fork's length", at_least=0.1, at_most=0.145)
    tine_width: float = setting(0.56, "width of a tine over the distance of two", at_least=0.48, at_most=0.64)
    spread: float = setting(1.0, "width at the tips over that of the palm", at_least=0.86, at_most=1.06)
    sag: float = setting(0.045, "how far the head sags under tips and neck, over the fork's length", at_least=0.02, at_most=0.065)
    arch: float = setting(0.03, "how far the handle arches over the fork's length", at_least=0.015, at_most=0.05)
    handle_width: float = setting(0.09, "width of the handle's end over the fork's length", at_least=0.075, at_most=0.115)
    neck_width: float = setting(0.036, "width of the neck over the fork's length", at_least=0.03, at_most=0.045)
    thickness: float = setting(0.011, "thickness of the sheet over the fork's length", at_least=0.009, at_most=0.013)
    tines: str = setting("four", "how many tines", choices=("two", "three", "four"))
    handle_style: str = setting("fiddle", "a pressed handle, or a grip", choices=("fiddle", "spade", "straight", "contoured"))

    def build(self) -> FunctionalObject:
        """Returns the fork: parts handle, head (the palm), neck, tines and tip (the last millimetres of each tine); functions
        dig-, lift-, mix-, pierce-, poke-, pry- and scrape-with.
        """
        sheet, tip_band = self.sheet(), 0.035 * self.length
        head, root = self._head_length, (1.0 - self.tine_share) * self._head_length
        handle_end = -0.22 * self.length
        regions = [(rectangle(handle_end, 0.0, self.length), "neck"), (rectangle(0.0, root, self.length), "head"),
                   (rectangle(head - tip_band, 2.0 * head, self.length), "tip")]
        pressed = "neck" if self._gripped() else "handle"
        regions.insert(0, (rectangle(-2.0 * self.length, handle_end, self.length), pressed))
        whole = sheet.solid("tines", regions)
        if self._gripped():
            whole = whole + self._grip().moved(shifted(x=handle_end, z=float(sheet.at(handle_end, 0.0)[2])))
        y = float(self._tine_lines()[len(self._tine_lines()) // 2][-1, 1])
        point = frame_from_axes(sheet.at(head, y), *self._point_axes(sheet, y))
        held = sheet.at(-0.55 * self.length, 0.0) if not self._gripped() else sheet.at(handle_end, 0.0) - 0.25 * self.length * _X
        axis = Symmetry(2, sheet.at(head, 0.0), point[:3, 0].copy())
        return laid(FunctionalObject(
            "fork", *whole.mesh(),
            function_parts={"dig-with": ("tines", "tip"), "lift-with": ("tines",), "mix-with": ("tines",),
                            "pierce-with": ("tip",), "poke-with": ("tip",), "pry-with": ("tines",), "scrape-with": ("tines",)},
            functional_frames={
                "dig-with": point, "lift-with": sheet.frame(root + 0.004, y, 1.0, _X),
                "mix-with": sheet.frame((root + head) / 2.0, float(np.interp((root + head) / 2.0, *self._tine_at(y))), 1.0, _X),
                "pierce-with": point, "poke-with": point,
                "pry-with": sheet.frame(head - tip_band - 0.001, y, 0.0, _X),
                "scrape-with": sheet.frame(head - tip_band - 0.001, y, 0.0, _X),
            },
            grasp_frames={"handle": frame_from_axes(held, -_Z, _X)},
            symmetries={"pierce-with": axis, "poke-with": axis},
            substances=self._substances(),
        ))

    def sheet(self) -> Sheet:
        """Returns the pressed fork, its palm beginning at the origin, its tines ending towards +x."""
        half, neck = self.head_width * self.length / 2.0, self.neck_width * self.length / 2.0
        root = (1.0 - self.tine_share) * self._head_length
        x = np.linspace(-0.02 * self.length, root + 0.06 * self._head_length, 30)
        rise = np.clip((x / (0.75 * root)), 0.0, 1.0)
        palm = stroke(np.stack([x, 0.0 * x], axis=-1), neck + (half - neck) * np.sin(0.5 * np.pi * rise) ** 1.3)
        palm = palm ^ rectangle(-self.length, root + 0.06 * self._head_length, self.length)
        section = palm + self._flat_handle()
        pitch = 2.0 * half / len(self._tine_lines())
        for line in self._tine_lines():
            taper = np.linspace(1.0, 0.0, len(line)) ** 0.4
            # A tine's end is as wide as the sheet is thick: what is narrower could not be rounded.
            halves = pitch * self.tine_width / 2.0 * (0.36 + 0.64 * taper)
            section = section + stroke(line, np.maximum(halves, 0.62 * self.thickness * self.length))
        return Sheet(softened(section, 0.004 * self.length), self.thickness * self.length, self._height, 0.018 * self.length)

    @property
    def _head_length(self) -> float:
        return self.head_share * self.length

    def _gripped(self) -> bool:
        return self.handle_style in ("straight", "contoured")

    def _tine_lines(self) -> list[Float64[np.ndarray, "k 2"]]:
        count = {"two": 2, "three": 3, "four": 4}[self.tines]
        half, head = self.head_width * self.length / 2.0, self._head_length
        pitch = 2.0 * half / count
        share = np.linspace(0.0, 1.0, 24)
        x = (1.0 - self.tine_share) * head + share * self.tine_share * head
        edge = pitch * (1.0 - self.tine_width) / 2.0 * (count > 1)
        offsets = (np.arange(count) - (count - 1) / 2.0) * (pitch + 2.0 * edge / max(count - 1, 1))
        return [np.stack([x, offset * (1.0 + (self.spread - 1.0) * share)], axis=-1) for offset in offsets]

    def _tine_at(self, y: float) -> tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, " k"]]:
        line = min(self._tine_lines(), key=lambda line: abs(line[-1, 1] - y))
        return line[:, 0], line[:, 1]

    def _point_axes(self, sheet: Sheet, y: float) -> tuple[Float64[np.ndarray, " 3"], Float64[np.ndarray, " 3"]]:
        return sheet.normal(self._head_length, y), _X

    def _height(self, x: Float64[np.ndarray, "*s"], y: Float64[np.ndarray, "*s"]) -> Float64[np.ndarray, "*s"]:
        along = np.clip(x / self._head_length, 0.0, 1.1)
        back = np.clip(-x / ((1.0 - self.head_share) * self.length), 0.0, 1.1)
        sag = -self.sag * self.length * 4.0 * along * (1.0 - along)
        upturn = 0.0 if self._gripped() else 0.014 * (np.maximum(back - 0.8, 0.0) / 0.2) ** 2
        arch = 0.0 if self._gripped() else 6.75 * self.arch * back * np.maximum(1.0 - back, 0.0) ** 2
        slope = 4.0 * self.sag / self.head_share * np.clip(-x, 0.0, 0.22 * self.length) * self._gripped() * 0.3
        return sag + self.length * (arch + upturn) + slope

    def _flat_handle(self) -> Any:
        wide, neck = self.handle_width * self.length / 2.0, self.neck_width * self.length / 2.0
        back = np.linspace(0.0, 1.0, 60)
        reach = 0.26 * self.length if self._gripped() else (1.0 - self.head_share) * self.length - wide
        swell = back ** 1.6 if self.handle_style == "spade" else 0.62 * np.exp(-((back - 0.93) / 0.22) ** 2) + 0.3 * back
        widths = neck + (wide - neck) * swell * (not self._gripped())
        return stroke(np.stack([-back * reach, 0.0 * back], axis=-1), widths)

    def _grip(self) -> Solid:
        width = 1.05 * self.handle_width * self.length
        return Grip(self.handle_style, (0.78 - self.head_share) * self.length, width, 0.7 * width).solid()

    def _substances(self) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        metal = ("head", "neck", "tines", "tip")
        if self._gripped():
            return ((metal, ("steel",)), (("handle",), ("wood", "dark wood", "plastic")))
        return (((*metal, "handle"), ("steel", "plastic", "brass")),)


@dataclass(frozen=True)
class Spatula:
    """A turner or palette: a thin blade, with slots or without, on a cranked neck and a grip."""

    blade_length: float = setting(0.1, "length of the blade", unit="m", at_least=0.08, at_most=0.125)
    blade_width: float = setting(0.075, "width of the blade's front", unit="m", at_least=0.06, at_most=0.09)
    rear_ratio: float = setting(0.75, "width of the blade's rear over its front's", at_least=0.6, at_most=1.0)
    corner: float = setting(0.012, "radius of the blade's corners", unit="m", at_least=0.005, at_most=0.02)
    curl: float = setting(0.004, "how far the blade bends upward lengthwise", unit="m", at_least=0.0, at_most=0.009)
    blade_thickness: float = setting(0.0018, "thickness of the blade", unit="m", at_least=0.0014, at_most=0.0026)
    neck_length: float = setting(0.1, "length of the neck", unit="m", at_least=0.06, at_most=0.14)
    crank: float = setting(0.028, "how far the grip stands above the blade", unit="m", at_least=0.014, at_most=0.045)
    grip_length: float = setting(0.12, "length of the grip", unit="m", at_least=0.1, at_most=0.14)
    grip_width: float = setting(0.025, "width of the grip", unit="m", at_least=0.02, at_most=0.03)
    blade_style: str = setting("slotted", "shape of the blade", choices=("slotted", "plain", "palette", "fish", "holes"))
    grip_style: str = setting("contoured", "shape of the grip", choices=("contoured", "straight", "round", "scales"))

    def build(self) -> FunctionalObject:
        """Returns the spatula: parts blade, edge (its front), handle and neck; functions cut-, lift-, mix-, press-, pry-,
        scrape-, spread-, sweep- and wedge-with.
        """
        sheet, length = self.sheet(), self._length
        outline = self._outline()
        front = rectangle(length - 0.7 * self.corner - 0.004, 2.0 * length, self.blade_width)
        whole = sheet.solid("blade", [(border(outline, 0.004) ^ front, "edge")]) + self._neck(sheet) + self._grip(sheet)
        at = 0.5 * length
        y = 0.0 if self.blade_style in ("plain", "palette") else self._between_slots()
        top, below = sheet.frame(at, y, 1.0, _X), sheet.at(at, y, -1.0)
        edge = sheet.frame(length, 0.0, 0.0, _X)
        pressing = frame_from_axes(below, top[:3, 0], -top[:3, 2])
        functions = {"cut-with": "edge", "lift-with": "blade", "mix-with": "blade", "press-with": "blade", "pry-with": "edge",
                     "scrape-with": "edge", "spread-with": "blade", "sweep-with": "blade", "wedge-with": "edge"}
        frames = {name: edge if part == "edge" else top for name, part in functions.items()}
        sweeping = sheet.frame(length - 0.0045, 0.0, 0.0, _X)
        held = self._butt(sheet) - 0.5 * self.grip_length * _X
        return laid(FunctionalObject(
            "spatula", *whole.mesh(),
            function_parts={name: (part,) for name, part in functions.items()},
            functional_frames={**frames, "press-with": pressing, "sweep-with": sweeping,
                               "spread-with": frame_from_axes(below, sheet.normal(at, y), _X)},
            grasp_frames={"handle": frame_from_axes(held, -_Z, _X)},
            substances=((("blade", "edge", "neck"), ("steel", "plastic")),
                        (("handle",), ("wood", "plastic", "rubber", "dark wood"))),
        ))

    def sheet(self) -> Sheet:
        """Returns the blade from x = 0 to its front."""
        length, curl = self._length, self.curl
        slots = [slot.simplify(1e-4) for slot in self._slots()]
        cut = sum(slots[1:], slots[0]) if slots else None
        return Sheet(self._outline(), self.blade_thickness, lambda x, y: curl * np.clip(x / length, 0.0, 1.2) ** 2, 0.008, cut)

    @property
    def _length(self) -> float:
        return self.blade_length * (1.6 if self.blade_style == "palette" else 1.15 if self.blade_style == "fish" else 1.0)

    def _outline(self) -> Any:
        length, front = self._length, self.blade_width / 2.0
        if self.blade_style == "palette":
            share = np.linspace(0.0, 1.0, 20)
            width = 0.46 * front
            return softened(stroke(np.stack([width + share * (length - 2.0 * width), 0.0 * share], axis=-1), width) + rectangle(
                0.0, length / 2.0, 0.9 * width), 0.004)
        rear = self.rear_ratio * front
        skew = 0.16 * length if self.blade_style == "fish" else 0.0
        corners = np.array([[0.0, -rear], [length - skew, -front], [length + skew, front], [0.0, rear]])
        radius = min(self.corner, 0.7 * rear)
        return softened(polygon(corners) + rectangle(0.0, 0.1 * length, 0.6 * rear), radius)

    def _slots(self) -> list[Any]:
        length, pitch = self._length, 0.8 * self.rear_ratio * self.blade_width / 5.0
        share = np.linspace(0.0, 1.0, 12)
        rows = [(k - 2.0) * pitch for k in range(5)]
        fan = 1.0 / self.rear_ratio - 1.0
        if self.blade_style == "holes":
            spots = [(0.28 + 0.15 * i, (j - 1.5 + 0.5 * (i % 2)) * 1.15 * pitch) for i in range(4) for j in range(4 - i % 2)]
            return [stroke(np.array([[x * length, y], [x * length + 1e-4, y]]), 0.3 * pitch) for x, y in spots]
        if self.blade_style in ("plain", "palette"):
            return []
        first = 0.24 * length
        last = (0.74 if self.blade_style == "slotted" else 0.68) * length
        return [stroke(np.stack([first + share * (last - first), y * (1.0 + fan * share)], axis=-1), 0.22 * pitch) for y in rows]

    def _between_slots(self) -> float:
        return 0.5 * 0.8 * self.rear_ratio * self.blade_width / 5.0 * (1.0 + 0.4 * (1.0 / self.rear_ratio - 1.0))

    def _butt(self, sheet: Sheet) -> Float64[np.ndarray, " 3"]:
        return np.array([-self.neck_length, 0.0, self.crank + 0.22 * self.neck_length])

    def _neck(self, sheet: Sheet) -> Solid:
        end = self._butt(sheet)
        curve = spline([(0.012, 0.0), (-0.25 * self.neck_length, 0.0), (-0.3 * self.neck_length, 0.75 * self.crank),
                        (-0.8 * self.neck_length, end[2] - 0.001), (end[0] - 0.02, end[2])], 50)
        x, z = curve.T
        share = np.linspace(0.0, 1.0, 50)
        halves = np.stack([0.0045 + 0.006 * np.exp(-share / 0.12), 0.0013 + 0.0014 * share], axis=-1)
        return bar(np.stack([x, 0.0 * x, z], axis=-1), halves, "neck", roundness=0.7)

    def _grip(self, sheet: Sheet) -> Solid:
        thickness = self.grip_width if self.grip_style == "round" else 0.68 * self.grip_width
        x, _, z = self._butt(sheet)
        return Grip(self.grip_style, self.grip_length, self.grip_width, thickness).solid().moved(shifted(x=float(x), z=float(z)))
