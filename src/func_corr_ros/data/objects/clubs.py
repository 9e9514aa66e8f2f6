# SPDX-License-Identifier: Apache-2.0
"""Round wooden bodies turned about the x axis: pestles, rolling pins and baseball bats."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import PchipInterpolator

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import laid
from func_corr_ros.data.objects.primitives import along, turned
from func_corr_ros.data.objects.solids import Solid
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import make
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)
_STATIONS = 90


@dataclass(frozen=True)
class Pestle:
    """A pestle, lying; its heavy head towards +x."""

    length: float = setting(0.16, "end to end", unit="m", at_least=0.11, at_most=0.22)
    head_radius: float = setting(0.02, "largest radius of the head", unit="m", at_least=0.014, at_most=0.027)
    head_share: float = setting(0.3, "length of the head over the pestle's", at_least=0.22, at_most=0.4)
    waist_ratio: float = setting(0.55, "radius of the waist over the head's", at_least=0.42, at_most=0.66)
    waist_at: float = setting(0.45, "where the waist is, over the length", at_least=0.34, at_most=0.56)
    knob_ratio: float = setting(0.72, "radius of the knob over the head's", at_least=0.55, at_most=0.9)
    knob_share: float = setting(0.14, "length of the knob over the pestle's", at_least=0.1, at_most=0.2)
    roundness: float = setting(0.7, "how far the head's end is domed, over its radius", at_least=0.35, at_most=1.0)
    style: str = setting("bulb", "shape of the head", choices=("bulb", "club", "mushroom"))

    def build(self) -> FunctionalObject:
        """Returns the pestle: parts body, head, knob; functions pound-with and press-with."""
        neck, knob = 1.0 - self.head_share, self.knob_share
        between = self.waist_ratio + 0.45 * (1.0 - self.waist_ratio)
        knots, ratio = {
            "bulb": ([0.0, 0.5 * knob, 1.3 * knob, self.waist_at, neck, neck + 0.55 * self.head_share, 1.0],
                     [0.9 * self.knob_ratio, self.knob_ratio, self.waist_ratio, self.waist_ratio, between, 1.0, 0.92]),
            "club": ([0.0, knob, self.waist_at, neck, 1.0],
                     [0.9 * self.knob_ratio, self.knob_ratio * 0.9, 0.5 * (1.0 + self.waist_ratio), 0.95, 1.0]),
            "mushroom": ([0.0, 0.5 * knob, 1.6 * knob, neck - 0.02, 1.0 - 0.55 * self.head_share, 1.0],
                         [0.8 * self.knob_ratio, self.knob_ratio, self.waist_ratio, 0.9 * self.waist_ratio, 1.0, 1.06]),
        }[self.style]
        caps = 0.8 * self.knob_ratio * self.head_radius, self.roundness * self.head_radius
        bands = [(knob, "knob"), (neck, "body"), (1.0, "head")]
        solid = _turned(self.length, knots, self.head_radius * np.array(ratio), caps, bands)
        frame = frame_from_axes(0.5 * self.length * _X, _Z, _X)
        axis = Symmetry(ANY_ANGLE, np.zeros(3), _X)
        return _lying("pestle", solid, {"pound-with": ("head",), "press-with": ("head",)},
                      {"pound-with": frame, "press-with": frame}, {"pound-with": axis, "press-with": axis},
                      {"body": (self.waist_at - 0.5) * self.length}, ("stone", "wood", "dark wood", "ceramic", "steel"))


@dataclass(frozen=True)
class RollingPin:
    """A rolling pin: a cylinder between two handles, or one piece of wood whose ends are the handles."""

    length: float = setting(0.26, "length of the cylinder", unit="m", at_least=0.18, at_most=0.32)
    radius: float = setting(0.029, "radius of the cylinder", unit="m", at_least=0.022, at_most=0.035)
    handle_length: float = setting(0.085, "length of each handle", unit="m", at_least=0.06, at_most=0.105)
    handle_radius: float = setting(0.014, "largest radius of the handles", unit="m", at_least=0.011, at_most=0.017)
    neck_radius: float = setting(0.008, "radius between cylinder and handle", unit="m", at_least=0.006, at_most=0.0095)
    neck_length: float = setting(0.012, "length of that neck", unit="m", at_least=0.006, at_most=0.018)
    swell_at: float = setting(0.45, "where the handles are thickest, over their length", at_least=0.35, at_most=0.7)
    edge: float = setting(0.003, "rounding of the cylinder's ends", unit="m", at_least=0.0015, at_most=0.006)
    taper: float = setting(0.6, "radius at the tips of a tapered pin over its middle's", at_least=0.5, at_most=0.75)
    style: str = setting("handled", "how it is held", choices=("handled", "one piece", "tapered"))

    def build(self) -> FunctionalObject:
        """Returns the pin: parts cylinder and handle (both); functions roll-onto and pound-with."""
        half, whole = 0.5 * self.length, 0.5 * self.length + self.handle_length
        if self.style == "tapered":
            knots, between = [0.0, 0.6 * half, half, whole], 0.6 + 0.4 * self.taper
            radii = self.radius * np.array([1.0, 1.0, between, self.taper])
        else:
            # Handles of one piece with the cylinder have no thin axle between.
            neck = self.neck_radius if self.style == "handled" else 0.85 * self.handle_radius
            grip = half + self.neck_length
            knots = [0.0, half - self.edge, half - 0.3 * self.edge, half, half + 1e-3, grip,
                     grip + self.swell_at * (whole - grip), whole]
            radii = np.array([self.radius, self.radius, self.radius - 0.3 * self.edge, self.radius - self.edge, neck, neck,
                              self.handle_radius, 0.75 * self.handle_radius])
        x = np.array(knots) / whole
        mirrored = np.concatenate([-x[:0:-1], x]) * 0.5 + 0.5
        both = np.concatenate([radii[:0:-1], radii])
        share = 0.5 * half / whole
        solid = _turned(2.0 * whole, mirrored, both, (0.6 * radii[-1],) * 2,
                        [(0.5 - share, "handle"), (0.5 + share, "cylinder"), (1.0, "handle")])
        axis = Symmetry(ANY_ANGLE, np.zeros(3), _X)
        return _lying("rolling pin", solid, {"pound-with": ("cylinder",), "roll-onto": ("cylinder",)},
                      {"pound-with": make(np.stack([_Y, _Z, _X], axis=-1), self.radius * _Y),
                       "roll-onto": make(np.stack([_Y, _Z, _X], axis=-1), np.zeros(3))},
                      {"pound-with": axis, "roll-onto": axis}, {"cylinder": 0.0, "handle": -half - 0.55 * self.handle_length},
                      ("wood", "dark wood", "plastic", "stone"))


@dataclass(frozen=True)
class BaseballBat:
    """A baseball bat."""

    length: float = setting(0.8, "end to end", unit="m", at_least=0.4, at_most=0.87)
    barrel_radius: float = setting(0.032, "radius of the barrel", unit="m", at_least=0.025, at_most=0.0345)
    barrel_share: float = setting(0.36, "length of the barrel over the bat's", at_least=0.28, at_most=0.46)
    handle_radius: float = setting(0.0125, "smallest radius of the handle", unit="m", at_least=0.011, at_most=0.0145)
    handle_share: float = setting(0.36, "length of the handle over the bat's", at_least=0.3, at_most=0.44)
    knob_radius: float = setting(0.025, "radius of the knob", unit="m", at_least=0.021, at_most=0.028)
    knob_length: float = setting(0.018, "length of the knob", unit="m", at_least=0.013, at_most=0.026)
    end_dome: float = setting(0.5, "how far the end is domed, over the barrel's radius", at_least=0.25, at_most=0.9)
    cup: float = setting(0.014, "depth of the hollow in a cupped end", unit="m", at_least=0.008, at_most=0.02)
    end_style: str = setting("domed", "shape of the end", choices=("domed", "cupped"))
    knob_style: str = setting("disc", "shape of the knob", choices=("disc", "flared"))

    def build(self) -> FunctionalObject:
        """Returns the bat: parts barrel, end, handle, knob, taper; function pound-with (the barrel's side)."""
        knob, barrel = self.knob_length / self.length, 1.0 - self.barrel_share
        grip = max(self.handle_share, knob + 0.1)
        slim = min({"disc": 1.45, "flared": 4.2}[self.knob_style] * knob, 0.4 * grip)  # here the knob has become the handle
        knots = [0.0, 0.55 * knob, slim, 0.5 * grip, grip, barrel, 1.0 - 0.4 * self.barrel_share, 1.0]
        r = self.handle_radius
        radii = np.array([0.93 * self.knob_radius, self.knob_radius, 1.12 * r, r, 1.1 * r, 0.93 * self.barrel_radius,
                          self.barrel_radius, 0.97 * self.barrel_radius])
        tip = 1.0 - 0.5 * self.barrel_radius / self.length
        bands = [(knob * 1.2, "knob"), (grip, "handle"), (barrel, "taper"), (tip, "barrel"), (1.0, "end")]
        cup = self.cup if self.end_style == "cupped" else 0.0
        solid = _turned(self.length, knots, radii, (0.25 * self.knob_radius, self.end_dome * self.barrel_radius), bands, cup)
        sweet = 0.5 - 0.45 * self.barrel_share
        origin = sweet * self.length * _X + float(PchipInterpolator(knots, radii)(0.5 + sweet)) * _Y
        return _lying("baseball bat", solid, {"pound-with": ("barrel",)},
                      {"pound-with": make(np.stack([_Y, _Z, _X], axis=-1), origin)},
                      {"pound-with": Symmetry(ANY_ANGLE, np.zeros(3), _X)},
                      {"handle": (0.6 * grip - 0.5) * self.length}, ("wood", "dark wood", "steel", "chrome"))


def _turned(
    length: float, knots: list[float] | Float64[np.ndarray, " n"], radii: Float64[np.ndarray, " n"], caps: tuple[float, float],
    bands: list[tuple[float, str]], cup: float = 0.0,
) -> Solid:
    """Returns the body about the x axis, its middle at the origin: ``radii`` at shares ``knots`` of the length from -x, both ends
    domed over ``caps`` metres, the one at +x hollowed by ``cup``; ``bands`` says up to which share each part reaches.
    """
    turn = np.linspace(0.0, np.pi / 2.0, 12)[1:-1]
    near, far = caps[0] * (1.0 - np.cos(turn)), length - caps[1] * (1.0 - np.cos(turn[::-1]))
    edges = [length * share for share, _ in bands[:-1]]
    middle = np.linspace(caps[0], length - caps[1], _STATIONS)
    x = np.unique(np.concatenate([near, middle, far, np.array(knots)[1:-1] * length, edges]))
    x = x[np.insert(np.diff(x) > 2e-5 * length, 0, True)]
    within = np.clip(1.0 - x / caps[0], 0.0, 1.0), np.clip(1.0 - (length - x) / caps[1], 0.0, 1.0)
    dome = np.sqrt((1.0 - within[0] ** 2) * (1.0 - within[1] ** 2))
    radius = PchipInterpolator(np.array(knots) * length, radii)(x) * dome
    profile = np.concatenate([[[0.0, 0.0]], np.stack([radius, x], axis=-1), [[0.0, length]]])
    if cup > 0.0:
        down = np.linspace(0.0, np.pi / 2.0, 9)[:, None]
        hollow = np.concatenate([0.9 * radius[-1] * np.cos(down), x[-1] - cup * np.sin(down)], axis=1)
        profile = np.concatenate([profile[:-1], hollow])
        profile[-1, 0] = 0.0
    middles = 0.5 * (profile[1:, 1] + profile[:-1, 1]) / length
    which = np.searchsorted([share for share, _ in bands[:-1]], middles)
    which[len(x):] = len(bands) - 1  # the hollow belongs to the end however deep it is
    parts = [bands[i][1] for i in which]
    return turned(profile, parts, along(-0.5 * length * _X, 0.5 * length * _X))


def _lying(
    category: str, solid: Solid, function_parts: dict[str, tuple[str, ...]], frames: dict[str, Float64[np.ndarray, "4 4"]],
    symmetries: dict[str, Symmetry], grasps: dict[str, float], stuff: tuple[str, ...],
) -> FunctionalObject:
    """Returns the body as it lies on the table, held from above at the given x."""
    vertices, faces, part_of_face, part_names = solid.mesh()
    held = {name: frame_from_axes(x * _X, -_Z, _X) for name, x in grasps.items()}
    return laid(FunctionalObject(category, vertices, faces, part_of_face, part_names, function_parts, frames, held, symmetries,
                                 ((part_names, stuff),)))
