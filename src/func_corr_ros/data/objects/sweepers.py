# SPDX-License-Identifier: Apache-2.0
"""Tools that sweep a floor or wipe a pane: broom and squeegee; the handle along x, what sweeps at +x."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import Grip, laid
from func_corr_ros.data.objects.pointed import pointed
from func_corr_ros.data.objects.primitives import bar, box, bristles, rod, union
from func_corr_ros.data.objects.solids import Solid, loft
from func_corr_ros.data.objects.tufts import field, skin, superellipse
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Broom:
    """A broom: upright with a block, a push broom with its block across, a flat fan of sewn straw, or a round besom."""

    handle_length: float = setting(0.75, "length of the handle", unit="m", at_least=0.45, at_most=1.0)
    handle_radius: float = setting(0.0125, "radius of the handle", unit="m", at_least=0.01, at_most=0.016)
    width: float = setting(0.27, "width of the block or of the fan's end", unit="m", at_least=0.2, at_most=0.36)
    depth: float = setting(0.042, "depth of the block", unit="m", at_least=0.034, at_most=0.055)
    block_height: float = setting(0.034, "height of the block", unit="m", at_least=0.024, at_most=0.045)
    bristle_length: float = setting(1.0, "length of the bristles over the usual one of its style", at_least=0.8, at_most=1.25)
    flare: float = setting(1.2, "width at the bristles' ends over that at the block", at_least=1.02, at_most=1.35)
    slant: float = setting(0.12, "slope of an upright broom's ends", at_least=0.0, at_most=0.3)
    tilt_deg: float = setting(55.0, "angle from a push broom's handle to its bristles", unit="deg", at_least=45.0, at_most=65.0)
    tuft_radius: float = setting(0.0034, "radius of a tuft", unit="m", at_least=0.0028, at_most=0.0042)
    wander: float = setting(0.006, "how unevenly the bristles end", unit="m", at_least=0.002, at_most=0.01)
    style: str = setting("upright", "what kind of broom it is", choices=("upright", "push", "fan", "besom"))

    def build(self) -> FunctionalObject:
        """Returns the broom: parts bristles, handle, head (on straw the binding); functions brush-with and sweep-with."""
        tilt = np.radians(self.tilt_deg) if self.style == "push" else 0.0
        # The head is made with its bristles along x, then turned up about y.
        turn = about_axis(_Y, -float(tilt))
        head, reach = {"upright": self._block, "push": self._block, "fan": self._fan, "besom": self._besom}[self.style]()
        out, front = turn @ _X, turn @ -_Z
        ends = reach * out
        frame = make(np.stack([out, np.cross(front, out), front], axis=-1), ends)
        functions = ("brush-with", "sweep-with")
        order = {"besom": ANY_ANGLE, "push": 2, "fan": 2, "upright": 2 if self.slant < 0.02 else None}[self.style]
        straw = self.style in ("fan", "besom")
        held = -0.35 * self.handle_length * _X
        return laid(FunctionalObject(
            "broom", *(head.moved(make(turn, np.zeros(3))) + self._handle()).mesh(),
            function_parts={name: ("bristles",) for name in functions}, functional_frames={name: frame for name in functions},
            grasp_frames={"handle": frame_from_axes(held, -_Z, _X)},
            symmetries={} if order is None else {name: Symmetry(order, ends, out) for name in functions},
            substances=((("bristles",), ("straw",) if straw else ("bristle", "straw")),
                        (("handle",), ("wood", "plastic", "enamel")),
                        (("head",), ("steel", "fabric", "plastic") if straw else ("wood", "plastic"))),
        ))

    def _handle(self) -> Solid:
        r, end = self.handle_radius, -self.handle_length
        x = np.concatenate([end + r * np.array([0.0, 0.05, 0.3, 1.0]), np.linspace(end + 2.0 * r, 0.02, 30)])
        radii = r * np.concatenate([[0.62, 0.75, 0.92], np.ones(31)])
        return _stick(x, radii, "handle")

    def _block(self) -> tuple[Solid, float]:
        """Returns a wooden block with rows of tufts, and where these end."""
        wide, deep, high = 0.5 * self.width, 0.5 * self.depth, self.block_height
        back = -0.3 * high
        block = box(np.array([back, -wide, -deep]), np.array([back + high, wide, deep]), "head", 0.25 * high)
        socket = _stick(np.array([-0.045, 0.0]), self.handle_radius * np.array([1.25, 1.7]), "head")
        r = self.tuft_radius
        columns, rows = int((self.width - 0.4 * high) / (2.3 * r)), int((self.depth - 0.2 * high) / (1.7 * r))
        y, z = np.meshgrid(np.linspace(-1.0, 1.0, columns // 2 * 2 + 1), np.linspace(-1.0, 1.0, max(rows // 2 * 2 + 1, 3)))
        yz = np.stack([y.ravel() * (wide - 0.2 * high - r), z.ravel() * (deep - 0.1 * high - r)], axis=-1)
        long = {"upright": 0.125, "push": 0.075}[self.style] * self.bristle_length
        end, slope = back + high + long, self.slant if self.style == "upright" else 0.0
        x = end - slope * yz[:, 0]
        # Longer tufts of the same lean spread further. Front and back rows stand out over the block: the broom lies on them.
        out = np.array([self.flare, 1.12 * deep / yz[:, 1].max()])
        spread = 1.0 + (out - 1.0) * (x - back - high)[:, None] / long
        tufts = self._tufts(np.insert(yz, 0, back + 0.8 * high, axis=1), np.insert(yz * spread, 0, x, axis=1), r, 0.0)
        return union([block, socket, tufts] if self.style == "upright" else [block, tufts]), end

    def _fan(self) -> tuple[Solid, float]:
        """Returns straw that fans out flat from a wired neck, sewn together by two bands."""
        long, r = 0.3 * self.bristle_length, max(self.tuft_radius, 0.018 * self.width)
        unit = field(np.array([1.0, 0.2]), 0.9, 2.25 * r / (0.5 * self.width))
        neck = np.array([2.2 * self.handle_radius, 5.0 * self.handle_radius])
        end = np.array([0.5 * self.width, 2.9 * self.depth])
        # Straw leaves the neck steeply and then runs almost parallel, so each straw is two tufts with a knee between.
        low, knee, tips = (np.insert(unit * size, 0, x, axis=1) for size, x in
                           ((neck, -0.012), (end * [0.78, 0.85], 0.3 * long), (end, long)))
        straw = bristles(low, knee, r, "bristles") + self._tufts(knee - 0.004 * _X, tips, r, 0.3)
        wrap = _stick(np.array([-0.03, 0.02]), self.handle_radius * np.array([1.25, 2.4]), "head")
        bands = []
        for x in (0.32 * long, 0.46 * long):
            share = 0.78 + 0.22 * (x / long - 0.3) / 0.7
            half = np.array([share * end[0] + 1.2 * r, 0.2 * end[1] + 1.1 * r])
            line = np.array([[x - 0.0025, 0.0, 0.0], [x + 0.0025, 0.0, 0.0]])
            bands.append(bar(line, np.stack([half, half]), "head", segments=64, roundness=0.9))
        return skin(union([straw, wrap, *bands])), long

    def _besom(self) -> tuple[Solid, float]:
        """Returns a round bundle of twigs, bound twice round the handle."""
        long, wide = 0.34 * self.bristle_length, 0.26 * self.width
        r = max(0.85 * self.tuft_radius, 0.04 * wide)
        unit = field(np.array([1.0, 1.0]), 1.0, 2.6 * r / wide)
        straw = self._tufts(np.insert(unit * 0.45 * wide, 0, -0.1, axis=1), np.insert(unit * wide, 0, long, axis=1), r, 0.3)
        bands = []
        for x in (-0.075, -0.025):
            radius = wide * (0.45 + 0.55 * (x + 0.1) / (long + 0.1)) + 1.2 * r
            bands.append(rod((x - 0.006) * _X, (x + 0.006) * _X, float(radius), "head", 48))
        return skin(union([straw, *bands])), long

    def _tufts(self, roots: Float64[np.ndarray, "n 3"], tips: Float64[np.ndarray, "n 3"], radius: float, thick: float) -> Solid:
        """Returns tufts whose tips wander, across the broom's thickness by the share ``thick``."""
        noise = np.random.default_rng(0).uniform(-1.0, 1.0, tips.shape) * self.wander * np.array([1.0, 0.3, thick])
        noise[np.linalg.norm(tips[:, 1:], axis=1).argmin()] = 0.0  # the middle one ends where the frame is
        return bristles(roots, tips + noise, radius, "bristles")


@dataclass(frozen=True)
class Squeegee:
    """A squeegee: a rubber blade held across the handle by a channel, a bow or a fork; the handle ends at x = 0."""

    handle_length: float = setting(0.13, "length of the handle", unit="m", at_least=0.1, at_most=0.2)
    handle_width: float = setting(0.028, "width of the handle", unit="m", at_least=0.023, at_most=0.036)
    handle_flatness: float = setting(0.85, "thickness of the handle over its width", at_least=0.7, at_most=1.0)
    neck_length: float = setting(0.05, "length from the handle to the head", unit="m", at_least=0.03, at_most=0.08)
    neck_width: float = setting(0.016, "width of the neck", unit="m", at_least=0.012, at_most=0.022)
    width: float = setting(0.25, "width of the head", unit="m", at_least=0.17, at_most=0.35)
    head_height: float = setting(0.017, "size of the head along the handle", unit="m", at_least=0.013, at_most=0.024)
    head_thickness: float = setting(0.013, "thickness of the head", unit="m", at_least=0.01, at_most=0.018)
    blade_reach: float = setting(0.015, "how far the blade stands out", unit="m", at_least=0.011, at_most=0.022)
    blade_thickness: float = setting(0.0032, "thickness of the blade", unit="m", at_least=0.0026, at_most=0.0042)
    overhang: float = setting(0.004, "how far the blade stands out of the head sideways", unit="m", at_least=0.0, at_most=0.008)
    style: str = setting("channel", "what holds the blade", choices=("channel", "bow", "fork"))
    handle_style: str = setting("ringed", "shape of the handle", choices=("ringed", "round", "straight", "contoured"))

    def build(self) -> FunctionalObject:
        """Returns the squeegee: parts blade, handle, head (with its neck); functions scrape-with and sweep-with."""
        grip = Grip(self.handle_style, self.handle_length, self.handle_width, self.handle_flatness * self.handle_width)
        start, half = self.neck_length, 0.5 * self.width
        end = start + self.head_height + self.blade_reach
        thick = 0.5 * self.blade_thickness
        side = half + self.overhang
        blade = box(np.array([start + 0.4 * self.head_height, -side, -thick]), np.array([end, side, thick]), "blade", 0.0004)
        head = self._bow(start, half) if self.style == "bow" else self._channel(start, half)
        return pointed(
            "squeegee", union([grip.solid(), head, blade]), end, -0.5 * self.handle_length,
            {"scrape-with": ("blade",), "sweep-with": ("blade",)},
            ((("blade",), ("rubber",)), (("head",), ("steel", "plastic", "brass")), (("handle",), ("plastic", "rubber", "wood"))),
            order=2,
        )

    def _channel(self, start: float, half: float) -> Solid:
        """Returns a straight channel on a neck, or on the two arms of a fork."""
        deep = 0.5 * self.head_thickness
        low, high = np.array([start, -half, -deep]), np.array([start + self.head_height, half, deep])
        channel = box(low, high, "head", 0.3 * deep)
        thick, wide = 0.42 * self.head_thickness, 0.5 * self.neck_width
        if self.style == "channel":
            x = np.linspace(-0.02, start + 0.5 * self.head_height, 16)
            flare = 1.0 + 1.2 * np.linspace(0.0, 1.0, 16) ** 3
            return channel + bar(x[:, None] * _X, np.stack([wide * flare, np.full(16, thick)], axis=-1), "head", roundness=0.7)
        arms = [channel]
        for sign in (1.0, -1.0):
            t = np.linspace(0.0, 1.0, 24)[:, None]
            root, knee, seat = np.array([[-0.02, 0.0, 0.0], [0.5 * start, 0.0, 0.0], [start + 0.5 * self.head_height, 0.0, 0.0]])
            reach = sign * 0.55 * half * _Y
            u = 1.0 - t  # a cubic Bezier curve
            curve = u**3 * root + 3.0 * t * u**2 * knee + 3.0 * t**2 * u * (knee + reach) + t**3 * (seat + reach)
            arms.append(bar(curve, np.array([[0.6 * wide, thick]] * 24), "head", roundness=0.8))
        return union(arms)

    def _bow(self, start: float, half: float) -> Solid:
        """Returns one piece that spreads from the handle into a curved back over the blade."""
        y = np.linspace(-half, half, 41)
        share = np.abs(y) / half
        front = start + self.head_height
        neck = 0.95 * (start + 0.012) * np.clip(1.0 - share / 0.45, 0.0, 1.0) ** 1.6
        back = np.minimum(start + 0.35 * self.head_height * share**2 - neck, front - 0.4 * self.head_height)
        curve = np.stack([0.5 * (front + back), y, np.zeros(41)], axis=-1)
        rings_half = np.stack([0.5 * (front - back), np.full(41, 0.5 * self.head_thickness)], axis=-1)
        return _across(curve, rings_half)


def _stick(x: Float64[np.ndarray, " k"], radii: Float64[np.ndarray, " k"], part: str) -> Solid:
    """Returns a round stick along x. It has few sides, one of them below: it lies on that, where a circle has but a keel."""
    return bar(x[:, None] * _X, np.stack([radii, radii], axis=-1), part, segments=16)


def _across(middle: Float64[np.ndarray, "k 3"], half: Float64[np.ndarray, "k 2"]) -> Solid:
    """Returns the body whose sections square to y have half-axes ``half`` along x and z about ``middle``."""
    unit = superellipse(np.ones(2), 0.6, 32)
    rings = middle[:, None] + np.stack([-half[:, :1] * unit[:, 0], np.zeros((len(half), 32)), half[:, 1:] * unit[:, 1]], axis=-1)
    return loft(rings, np.full(len(middle) + 1, "head"))
