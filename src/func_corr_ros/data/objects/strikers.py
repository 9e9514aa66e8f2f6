# SPDX-License-Identifier: Apache-2.0
"""Hammers: a head across the end of a handle along x, its working face towards -y, lying on its side."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import Grip, laid
from func_corr_ros.data.objects.primitives import along, bar, box, shifted, turned, union
from func_corr_ros.data.objects.solids import Solid, extrude
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)
_CENTER = np.zeros(3)  # of the head, before the hammer is laid down
_WIDE = 0.2  # m, further than any head reaches: the size of what cuts or paints a whole side
# Grips that are a sleeve over a steel shaft; the others are of one piece with it.
_SLEEVES = ("ringed", "contoured")


@dataclass(frozen=True)
class Hammer:
    """A claw hammer."""

    length: float = setting(0.32, "from the butt to the middle of the head", unit="m", at_least=0.24, at_most=0.36)
    face_radius: float = setting(0.014, "radius of the face", unit="m", at_least=0.011, at_most=0.018)
    face_reach: float = setting(0.046, "from the handle's axis to the face", unit="m", at_least=0.038, at_most=0.058)
    neck_ratio: float = setting(0.75, "radius of the neck over the face's", at_least=0.6, at_most=0.92)
    cheek: float = setting(0.013, "half width of the head where the handle goes through", unit="m", at_least=0.011, at_most=0.016)
    claw_length: float = setting(0.07, "from the handle's axis to the tips of the claw", unit="m", at_least=0.058, at_most=0.085)
    claw_width: float = setting(0.028, "width of the claw at its tips", unit="m", at_least=0.024, at_most=0.036)
    slot: float = setting(0.5, "width of the slot over the claw's at the tips", at_least=0.35, at_most=0.6)
    handle_width: float = setting(0.033, "width of the grip", unit="m", at_least=0.027, at_most=0.04)
    handle_flatness: float = setting(0.75, "thickness of the grip over its width", at_least=0.65, at_most=0.95)
    grip_share: float = setting(0.45, "length of the grip over the hammer's", at_least=0.34, at_most=0.55)
    claw_style: str = setting("curved", "line of the claw", choices=("curved", "straight"))
    face_style: str = setting("round", "outline of the face", choices=("round", "octagonal"))
    handle_style: str = setting("straight", "shape of the grip", choices=("straight", "ringed", "contoured", "faceted"))

    def build(self) -> FunctionalObject:
        """Returns the hammer: parts claw, face, grip, head, shaft; functions pound-with, press-with and pull-with."""
        grip = Grip(self.handle_style, self.grip_share * self.length, self.handle_width, self.handle_flatness * self.handle_width)
        low = self.cheek * np.array([1.1, 1.2, 1.0])
        eye = box(-low, low, "head", 0.4 * self.cheek)
        segments = 48 if self.face_style == "round" else 8
        line, half = self._claw_line()
        way = (line[13] - line[11]) / np.linalg.norm(line[13] - line[11])
        root = line[12] + half[12, 0] * np.cross(_Z, way)  # on the side of the handle, just before the slot
        return _hammer(
            "hammer", _handle(grip, self.length, 0.7 * self.cheek) + eye + self._poll(segments) + self._claw(line, half),
            grip, self.length,
            function_parts={"pound-with": ("face",), "press-with": ("face",), "pull-with": ("claw",)},
            frames={
                "pound-with": _striking(-self.face_reach * _Y),
                "press-with": _striking(-self.face_reach * _Y),
                "pull-with": frame_from_axes(root, _Z, -_X),
            },
            symmetries=dict.fromkeys(("pound-with", "press-with"), Symmetry(ANY_ANGLE if segments > 8 else 8, _CENTER, -_Y)),
            head=(("head", "face", "claw"), ("steel", "chrome")),
        )

    def _poll(self, segments: int) -> Solid:
        r, neck, reach, edge = self.face_radius, self.neck_ratio * self.face_radius, self.face_reach, 0.0015
        profile = np.array([[0.0, 0.0], [0.9 * self.cheek, 0.0], [0.9 * self.cheek, self.cheek], [neck, 0.5 * reach],
                            [neck, 0.6 * reach], [r, 0.7 * reach], [r, reach - edge], [r - edge, reach], [0.0, reach]])
        return turned(profile, ["head"] * 6 + ["face"] * 2, along(_CENTER, -_Y), segments)

    def _claw(self, line: Float64[np.ndarray, "k 3"], half: Float64[np.ndarray, "k 2"]) -> Solid:
        start, end, opening = line[14, 1], line[-1, 1] + 0.01, 0.5 * self.slot * self.claw_width
        outline = np.array([[start, -0.0008], [end, -opening], [end, opening], [start, 0.0008]])
        wedge = extrude(outline, _WIDE, "claw", -0.5 * _WIDE).moved(make(np.stack([_Y, _Z, _X], axis=-1), _CENTER))
        root = box(-_WIDE * np.ones(3), np.array([_WIDE, 0.26 * self.claw_length, _WIDE]), "head")
        return (bar(line, half, "claw", roundness=0.55) - wedge).painted(root, "head")

    def _claw_line(self) -> tuple[Float64[np.ndarray, "k 3"], Float64[np.ndarray, "k 2"]]:
        """Returns the claw's middle line from within the head to its tips, and its half-axes (in the plane, along z)."""
        t = np.linspace(0.0, 1.0, 40)
        drop, power = {"curved": (0.034, 2.0), "straight": (0.012, 1.4)}[self.claw_style]
        line = np.stack([0.15 * self.cheek - drop * t**power, self.claw_length * t, np.zeros_like(t)], axis=-1)
        thin = 0.8 * self.cheek * (1.0 - t) ** 0.8 + 0.0016
        wide = 0.85 * self.cheek * (1.0 - t) + 0.5 * self.claw_width * t
        return line, np.stack([thin, wide], axis=-1)


@dataclass(frozen=True)
class Mallet:
    """A mallet: a wooden or rubber head with two equal faces."""

    length: float = setting(0.3, "from the butt to the middle of the head", unit="m", at_least=0.22, at_most=0.36)
    head_length: float = setting(0.11, "from face to face", unit="m", at_least=0.08, at_most=0.15)
    head_radius: float = setting(0.034, "half the width of a face", unit="m", at_least=0.026, at_most=0.045)
    belly: float = setting(0.15, "how much wider a barrel's middle, or a block along the handle, is", at_least=0.06, at_most=0.3)
    rounding: float = setting(0.004, "rounding of the head's edges", unit="m", at_least=0.002, at_most=0.007)
    handle_width: float = setting(0.03, "width of the grip", unit="m", at_least=0.024, at_most=0.036)
    handle_flatness: float = setting(0.85, "thickness of the grip over its width", at_least=0.7, at_most=1.0)
    grip_share: float = setting(0.5, "length of the grip over the mallet's", at_least=0.36, at_most=0.62)
    shaft_radius: float = setting(0.011, "radius of the shaft", unit="m", at_least=0.008, at_most=0.013)
    head_style: str = setting("barrel", "shape of the head", choices=("barrel", "cylinder", "block"))
    handle_style: str = setting("round", "shape of the grip", choices=("straight", "round", "ringed", "faceted"))

    def build(self) -> FunctionalObject:
        """Returns the mallet: parts face (both ends of the head), grip, head, shaft; functions pound-with and press-with."""
        grip = Grip(self.handle_style, self.grip_share * self.length, self.handle_width, self.handle_flatness * self.handle_width)
        frame = _striking(-0.5 * self.head_length * _Y)
        stuff = {"barrel": ("wood", "dark wood"), "cylinder": ("rubber", "plastic"), "block": ("wood", "plastic")}
        return _hammer(
            "mallet", _handle(grip, self.length, self.shaft_radius) + self._head(), grip, self.length,
            function_parts={"pound-with": ("face",), "press-with": ("face",)},
            frames={"pound-with": frame, "press-with": frame},
            symmetries=dict.fromkeys(("pound-with", "press-with"), Symmetry(2, _CENTER, _X)),
            head=(("head", "face"), stuff[self.head_style]),
        )

    def _head(self) -> Solid:
        half, r, edge = 0.5 * self.head_length, self.head_radius, self.rounding
        if self.head_style == "block":
            corner = np.array([(1.0 + self.belly) * r, half, r])
            ends = [box(side - _WIDE * np.ones(3), side + _WIDE * np.ones(3), "face")
                    for side in ((_WIDE + half - 0.6 * edge) * sign * _Y for sign in (-1.0, 1.0))]
            return box(-corner, corner, "head", edge).painted(ends[0], "face").painted(ends[1], "face")
        swell = self.belly * r if self.head_style == "barrel" else 0.0
        turn = np.linspace(0.0, np.pi / 2.0, 7)
        front = np.stack([r - edge * (1.0 - np.sin(turn)), edge * (1.0 - np.cos(turn)) - half], axis=-1)  # from its rim outward
        s = np.linspace(-1.0, 1.0, 26)[1:-1]
        side = np.stack([r + swell * (1.0 - s**2), (half - edge) * s], axis=-1)
        mirrored = front[::-1] * np.array([1.0, -1.0])
        profile = np.concatenate([[[0.0, -half]], front, side, mirrored, [[0.0, half]]])
        return turned(profile, ["face"] * 7 + ["head"] * (len(side) + 1) + ["face"] * 7, along(_CENTER, _Y))


@dataclass(frozen=True)
class MeatTenderizer:
    """A meat tenderizer: a toothed face to pound with, a flat base on the other side to press with."""

    length: float = setting(0.24, "from the butt to the middle of the head", unit="m", at_least=0.18, at_most=0.28)
    head_length: float = setting(0.055, "from the teeth to the base", unit="m", at_least=0.04, at_most=0.075)
    head_width: float = setting(0.052, "width of the faces", unit="m", at_least=0.04, at_most=0.066)
    waist: float = setting(0.85, "width of the head's middle over that of its faces", at_least=0.7, at_most=1.0)
    tooth_pitch: float = setting(0.009, "from tooth to tooth", unit="m", at_least=0.0065, at_most=0.012)
    tooth_depth: float = setting(0.6, "depth of the teeth over their pitch", at_least=0.45, at_most=0.8)
    handle_width: float = setting(0.027, "width of the grip", unit="m", at_least=0.022, at_most=0.032)
    handle_flatness: float = setting(0.85, "thickness of the grip over its width", at_least=0.65, at_most=1.0)
    grip_share: float = setting(0.5, "length of the grip over the tenderizer's", at_least=0.4, at_most=0.6)
    shaft_radius: float = setting(0.0075, "radius of the shaft", unit="m", at_least=0.006, at_most=0.01)
    head_style: str = setting("square", "outline of the faces", choices=("square", "round"))
    tooth_style: str = setting("pyramids", "shape of the teeth", choices=("pyramids", "ridges"))
    handle_style: str = setting("round", "shape of the grip", choices=("straight", "round", "ringed", "contoured"))

    def build(self) -> FunctionalObject:
        """Returns the tenderizer: parts base, face, grip, head, shaft; functions pound-with (teeth) and press-with (base)."""
        grip = Grip(self.handle_style, self.grip_share * self.length, self.handle_width, self.handle_flatness * self.handle_width)
        return _hammer(
            "meat tenderizer", _handle(grip, self.length, self.shaft_radius) + self._head(), grip, self.length,
            function_parts={"pound-with": ("face",), "press-with": ("base",)},
            frames={"pound-with": _striking(-0.5 * self.head_length * _Y), "press-with": _striking(0.5 * self.head_length * _Y)},
            symmetries={"pound-with": Symmetry(4 if self.tooth_style == "pyramids" else 2, _CENTER, -_Y),
                        "press-with": Symmetry(4 if self.head_style == "square" else ANY_ANGLE, _CENTER, _Y)},
            head=(("head", "face", "base"), ("steel", "chrome", "wood")),
        )

    def _head(self) -> Solid:
        half, r, band, edge = 0.5 * self.head_length, 0.5 * self.head_width, 0.3 * self.head_length, 0.0012
        # A square is a "circle" of four points, turned so that its sides lie along x and z.
        segments, widen = (4, np.sqrt(2.0)) if self.head_style == "square" else (64, 1.0)
        waist = self.waist * r
        profile = np.array([[0.0, -half], [r - edge, -half], [r, edge - half], [r, band - half], [waist, 1.4 * band - half],
                            [waist, half - 1.3 * band], [r, half - 0.9 * band], [r, half - edge], [r - edge, half], [0.0, half]])
        profile *= np.array([widen, 1.0])
        axis = along(_CENTER, _Y)
        if segments == 4:
            axis = axis @ make(about_axis(_Z, np.pi / 4.0), _CENTER)
        head = turned(profile, ["face", "head", "head", "head", "head", "head", "head", "base", "base"], axis, segments)
        return head - union(self._grooves())

    def _grooves(self) -> list[Solid]:
        """Returns what is milled out between the teeth: grooves along z, and across them where the teeth are pyramids."""
        count = 2 * round((self.head_width / self.tooth_pitch - 1.0) / 2.0) + 1  # odd, so that a tooth stands in the middle
        pitch, face = self.head_width / count, -0.5 * self.head_length
        depth = self.tooth_depth * pitch
        wedge = np.array([[-0.42 * pitch, face - 1e-3], [0.42 * pitch, face - 1e-3], [0.42 * pitch, face], [0.0, face + depth],
                          [-0.42 * pitch, face]])
        groove = extrude(wedge, _WIDE, "face", -_WIDE / 2.0)
        along_z = [groove.moved(shifted(x=pitch * (i - count / 2.0))) for i in range(count + 1)]
        across = make(np.stack([_Z, _Y, -_X], axis=-1), _CENTER)
        return along_z if self.tooth_style == "ridges" else along_z + [item.moved(across) for item in along_z]


def _handle(grip: Grip, length: float, shaft_radius: float) -> Solid:
    """Returns the handle: the grip, its butt at x = -length, and the shaft on to the middle of the head."""
    middle, front = grip.middle(0.0), length - grip.length
    x = np.linspace(-front - 0.015, 0.0, 24)
    # A shaft of one piece with its grip leaves it as wide as it is there.
    begin = np.array([grip.width, grip.thickness]) * (0.3 if grip.style in _SLEEVES else 0.4)
    fade = np.clip((x + front) / (0.5 * front), 0.0, 1.0)[:, None]
    half = np.maximum(begin * (1.0 - fade) ** 2, shaft_radius * np.array([1.0, 0.9]))
    line = np.stack([x, middle[1] * (1.0 - fade[:, 0]), np.zeros_like(x)], axis=-1)
    return bar(line, half, "shaft") + grip.solid("grip").moved(shifted(x=-front))


def _striking(origin: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, "4 4"]:
    """Returns the frame of a face of the head: x out of it, z along the handle."""
    outward = np.sign(origin[1]) * _Y
    return make(np.stack([outward, np.cross(_X, outward), _X], axis=-1), origin)


def _hammer(
    category: str, solid: Solid, grip: Grip, length: float, *, function_parts: dict[str, tuple[str, ...]],
    frames: dict[str, Float64[np.ndarray, "4 4"]], symmetries: dict[str, Symmetry],
    head: tuple[tuple[str, ...], tuple[str, ...]],
) -> FunctionalObject:
    """Returns what lies on the table, from the solid about the head's middle, its handle along -x."""
    vertices, faces, part_of_face, part_names = solid.mesh()
    handle: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    if grip.style in _SLEEVES:
        handle = ((("grip",), ("rubber", "plastic")), (("shaft",), ("steel", "wood", "plastic")))
    else:
        handle = ((("grip", "shaft"), ("wood", "dark wood", "plastic")),)
    return laid(FunctionalObject(
        category, vertices, faces, part_of_face, part_names, function_parts, frames,
        grasp_frames={"handle": shifted(x=grip.length - length) @ grip.object_from_gripper()},
        symmetries=symmetries, substances=(head, *handle),
    ))
