# SPDX-License-Identifier: Apache-2.0
"""Vessels with a tube for a spout: kettles, teapots and watering cans, hollow from the belly to the tip."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.primitives import ball, bar, rod, union
from func_corr_ros.data.objects.shell import Shell, rounded, spline
from func_corr_ros.data.objects.solids import Solid
from func_corr_ros.data.objects.spout import Spout, rose
from func_corr_ros.data.objects.vessel_functions import about_z, clasp, outlet, pinch, pressing_base
from func_corr_ros.settings import setting

_BODY = ("base", "body", "interior", "lid", "mouth", "spout")
_Z = np.array([0.0, 0.0, 1.0])
_FOOT = 0.0018  # how far the middle of a teapot's base lies above its foot ring


@dataclass(frozen=True)
class Kettle:
    """A kettle with a lid and a knob; its handle goes over the top or stands at its side."""

    radius: float = setting(0.088, "radius of the belly", unit="m", at_least=0.075, at_most=0.105)
    height: float = setting(0.125, "height of the shoulder, where the lid lies", unit="m", at_least=0.1, at_most=0.165)
    base_ratio: float = setting(0.94, "radius of the base over the belly's", at_least=0.82, at_most=1.0)
    lid_ratio: float = setting(0.5, "radius of the lid over the belly's", at_least=0.4, at_most=0.58)
    lid_dome: float = setting(0.016, "how far the lid rises", unit="m", at_least=0.008, at_most=0.026)
    knob_radius: float = setting(0.013, "radius of the knob", unit="m", at_least=0.01, at_most=0.017)
    wall: float = setting(0.0025, "wall thickness", unit="m", at_least=0.002, at_most=0.0035)
    spout_root: float = setting(0.5, "height at which the spout leaves, over the shoulder's", at_least=0.4, at_most=0.62)
    spout_reach: float = setting(0.06, "how far the spout stands out from the belly", unit="m", at_least=0.042, at_most=0.08)
    spout_rise: float = setting(0.98, "height of the spout's tip over the shoulder's", at_least=0.85, at_most=1.1)
    spout_radius: float = setting(0.02, "outer radius of the spout at its root", unit="m", at_least=0.016, at_most=0.025)
    tip_ratio: float = setting(0.58, "radius at the spout's tip over that at its root", at_least=0.5, at_most=0.75)
    handle_reach: float = setting(0.055, "free height or depth under the handle", unit="m", at_least=0.042, at_most=0.07)
    handle_width: float = setting(0.022, "width of the handle's bar", unit="m", at_least=0.016, at_most=0.028)
    handle_style: str = setting("arched", "over the lid, or a loop at the side", choices=("arched", "side"))
    body_style: str = setting("dome", "shape of the belly", choices=("dome", "drum", "cone"))

    def build(self) -> FunctionalObject:
        """Returns the kettle: parts base, body, handle, interior, knob, lid, mouth (the spout's end), spout; pours, presses."""
        shell, spout = self.shell(), self.spout()
        curve = self._handle(top := float(shell.outline[-1, 1]))
        half = np.tile([0.3 * self.handle_width + 0.002, 0.5 * self.handle_width], (len(curve), 1))
        handle, grip = bar(curve, half, "handle", up=(0.0, 1.0, 0.0), roundness=0.7), curve[len(curve) // 2]
        whole = _assembled(shell, [spout.tube(), handle], [spout.bore()]) + _knob(top, self.knob_radius)
        return FunctionalObject(
            "kettle", *whole.mesh(),
            function_parts={"pour-with": ("mouth", "spout"), "press-with": ("base",)},
            functional_frames={"pour-with": outlet(spout.lip()), "press-with": pressing_base(0.0)},
            grasp_frames={"handle": pinch(grip) if self.handle_style == "arched" else clasp(grip)},
            symmetries={"press-with": about_z()},
            substances=((_BODY, ("steel", "enamel", "chrome")), (("handle", "knob"), ("plastic", "wood", "dark wood"))),
        )

    def shell(self) -> Shell:
        """Returns the kettle's body with its lid, closed."""
        r, h, lid = self.radius, self.height, self.lid_ratio * self.radius
        b = self.base_ratio * r
        belly = {
            "dome": [(b, 0.0), (1.03 * r, 0.0), (r, 0.3 * h), (1.02 * r, 0.62 * h), (0.86 * r, 0.98 * h), (lid, h)],
            "drum": [(b, 0.0), (b, 0.0), (r, 0.1 * h), (r, 0.5 * h), (r, 0.93 * h), (0.98 * r, h), (lid, h)],
            "cone": [(r, 0.0), (1.08 * r, 0.0), (r, 0.2 * h), (0.85 * r, 0.55 * h), (0.74 * r, 0.95 * h), (lid, h)],
        }[self.body_style]
        outline = _lidded(np.concatenate([[(0.0, 0.0), (0.8 * b, 0.0)], spline(belly, 32)]), self.lid_dome)
        return Shell(outline, (("base", 0.004), ("body", h + 0.001), ("lid", 1.0)), self.wall)

    def spout(self) -> Spout:
        """Returns the spout."""
        root, tip = self.spout_root * self.height, self.spout_rise * self.height
        near, far, radius = self.shell().radius(root), self.radius + self.spout_reach, self.spout_radius
        return Spout(
            ((near - radius - self.wall, root - 0.01), (near + 0.25 * self.spout_reach, root),
             (near + 0.62 * (far - near), 0.62 * root + 0.38 * tip), (far, tip)),
            ((0.0, 1.15 * radius), (0.35, radius), (0.9, self.tip_ratio * radius), (1.0, 1.06 * self.tip_ratio * radius)),
            thickness=0.9 * self.wall, level=0.55, mouth=0.012,
        )

    def _handle(self, top: float) -> Float64[np.ndarray, "k 3"]:
        """Returns the middle line of the handle's bar, its ends inside the wall."""
        h, reach = self.height, self.handle_reach
        if self.handle_style == "arched":
            z, free = 0.8 * h, self.lid_ratio * self.radius + 0.3 * self.handle_width + 0.012  # beside the lid's edge
            x, crown = self.shell().radius(z) - self.wall, top + 1.9 * self.knob_radius + reach
            out = max(1.02 * x, free)
            return _arched([(x - 0.002, z), (out, z + 0.01), (out, z + 0.4 * (crown - z)), (out, crown), (0.5 * x, crown)])
        high, low = 0.86 * h, 0.24 * h
        near, foot = (self.shell().radius(z) - self.wall for z in (high, low))
        out = max(near, foot) + 1.25 * reach
        return _upright([(-near, high), (-near - 0.5 * reach, 1.14 * h), (-out, 1.1 * h), (-out, 0.5 * h),
                         (-foot - 0.55 * reach, low - 0.02 * h), (-foot, low)])


@dataclass(frozen=True)
class Teapot:
    """A teapot with a lid; its handle is an ear opposite the spout, or a bail over the top."""

    radius: float = setting(0.068, "radius of the belly", unit="m", at_least=0.055, at_most=0.082)
    height_ratio: float = setting(1.45, "height of the shoulder over the belly's radius", at_least=1.15, at_most=1.75)
    foot_ratio: float = setting(0.62, "radius of the foot over the belly's", at_least=0.5, at_most=0.75)
    lid_ratio: float = setting(0.52, "radius of the lid over the belly's", at_least=0.42, at_most=0.62)
    lid_dome: float = setting(0.017, "how far the lid rises", unit="m", at_least=0.009, at_most=0.026)
    knob_radius: float = setting(0.009, "radius of the knob", unit="m", at_least=0.007, at_most=0.012)
    wall: float = setting(0.004, "wall thickness", unit="m", at_least=0.003, at_most=0.005)
    spout_root: float = setting(0.36, "height at which the spout leaves, over the shoulder's", at_least=0.28, at_most=0.46)
    spout_reach: float = setting(0.062, "how far the spout stands out from the belly", unit="m", at_least=0.052, at_most=0.076)
    spout_rise: float = setting(0.98, "height of the spout's tip over the shoulder's", at_least=0.88, at_most=1.08)
    spout_radius: float = setting(0.018, "outer radius of the spout at its root", unit="m", at_least=0.015, at_most=0.022)
    tip_ratio: float = setting(0.52, "radius at the spout's tip over that at its root", at_least=0.46, at_most=0.62)
    spout_bend: float = setting(0.6, "how much the spout swings: 0 nearly straight, 1 a swan's neck", at_least=0.0, at_most=0.8)
    handle_reach: float = setting(0.042, "how far the handle stands off", unit="m", at_least=0.034, at_most=0.052)
    handle_width: float = setting(0.013, "width of the handle's bar", unit="m", at_least=0.01, at_most=0.017)
    handle_style: str = setting("ear", "an ear at the side, or a bail over the top", choices=("ear", "bail"))
    body_style: str = setting("globe", "shape of the belly", choices=("globe", "pear", "drum"))

    def build(self) -> FunctionalObject:
        """Returns the teapot: parts base, body, handle, interior, knob, lid and spout; functions pour-with and press-with."""
        shell, spout = self.shell(), self.spout()
        curve = self._handle(top := float(shell.outline[-1, 1]))
        half = np.tile(np.array([0.4, 0.5]) * self.handle_width, (len(curve), 1))
        handle, grip = bar(curve, half, "handle", up=(0.0, 1.0, 0.0), roundness=0.85), curve[len(curve) // 2]
        whole = _assembled(shell, [spout.tube(), handle], [spout.bore()]) + _knob(top, self.knob_radius)
        vertices, faces, part_of_face, part_names = whole.mesh()
        return FunctionalObject(
            "teapot", vertices, faces, part_of_face, part_names,
            function_parts={"pour-with": ("spout",), "press-with": ("base",)},
            functional_frames={"pour-with": outlet(spout.lip()), "press-with": pressing_base(_FOOT)},
            grasp_frames={"handle": pinch(grip) if self.handle_style == "bail" else clasp(grip)},
            symmetries={"press-with": about_z()},
            substances=((part_names, ("ceramic", "stoneware", "glass", "steel")),),
        )

    @property
    def height(self) -> float:
        """Height of the shoulder, where the lid lies."""
        return self.height_ratio * self.radius

    def shell(self) -> Shell:
        """Returns the pot with its lid, closed, on a foot ring."""
        r, h, lid, foot = self.radius, self.height, self.lid_ratio * self.radius, self.foot_ratio * self.radius
        belly = {
            "globe": [(foot, 0.004), (1.05 * r, 0.06 * h), (1.16 * r, 0.5 * h), (1.0 * r, 0.95 * h), (lid, h)],
            "pear": [(foot, 0.004), (1.16 * r, 0.02 * h), (1.16 * r, 0.42 * h), (0.72 * r, 0.72 * h), (lid, h)],
            "drum": [(foot, 0.004), (r, 0.0), (r, 0.2 * h), (r, 0.6 * h), (r, h), (lid, h)],
        }[self.body_style]
        ring_ = [(0.0, _FOOT), (foot - 0.006, _FOOT), (foot - 0.0045, 0.0), (foot - 0.001, 0.0)]
        outline = _lidded(np.concatenate([ring_, spline(belly, 32)]), self.lid_dome)
        return Shell(outline, (("base", 0.004), ("body", h + 0.001), ("lid", 1.0)), self.wall)

    def spout(self) -> Spout:
        """Returns the spout."""
        radius, tip = self.spout_radius, self.spout_rise * self.height
        root = max(self.spout_root * self.height, 1.3 * radius + 0.006)
        near = self.shell().radius(root)
        far = self.radius + self.spout_reach
        swing = 0.3 * self.spout_bend
        return Spout(
            ((near - radius - self.wall, root - 0.004), (near + (0.3 + swing) * (far - near), root - 0.1 * swing * radius),
             (near + (0.62 - 0.3 * swing) * (far - near), tip - (0.3 - 0.6 * swing) * (tip - root)), (far, tip)),
            ((0.0, 1.2 * radius), (0.3, radius), (0.85, self.tip_ratio * radius), (1.0, 1.05 * self.tip_ratio * radius)),
            thickness=min(self.wall, 0.4 * self.tip_ratio * radius), level=0.45,
        )

    def _handle(self, top: float) -> Float64[np.ndarray, "k 3"]:
        h, reach = self.height, self.handle_reach
        if self.handle_style == "bail":
            z, free = 0.8 * h, self.lid_ratio * self.radius + 0.5 * self.handle_width + 0.012
            x, crown = self.shell().radius(z) - self.wall / 2.0, top + 2.0 * self.knob_radius + reach
            out = max(1.05 * x, free)
            return _arched([(x, z), (out, z + 0.012), (out, z + 0.5 * (crown - z)), (out, crown), (0.35 * x, crown + 0.003)])
        high, low = 0.8 * h, 0.26 * h
        near, foot = (self.shell().radius(z) - self.wall / 2.0 for z in (high, low))
        out = self.radius + 1.2 * reach
        return _upright([(-near, high), (-near - 0.5 * reach, 1.06 * h), (-out - 0.1 * reach, 0.98 * h), (-out, 0.5 * h),
                         (-foot - 0.5 * reach, low), (-foot, low)])


@dataclass(frozen=True)
class WateringCan:
    """A watering can: a long spout from low on its body, with a rose or an open tip, and a handle at the back or overhead."""

    radius: float = setting(0.07, "radius of the body", unit="m", at_least=0.055, at_most=0.09)
    height_ratio: float = setting(2.0, "height of the body over its radius", at_least=1.6, at_most=2.5)
    base_ratio: float = setting(1.0, "radius of the base over that of the shoulder", at_least=0.85, at_most=1.15)
    opening_ratio: float = setting(0.62, "radius of the opening over the body's", at_least=0.5, at_most=0.75)
    wall: float = setting(0.002, "wall thickness", unit="m", at_least=0.0015, at_most=0.003)
    spout_root: float = setting(0.2, "height at which the spout leaves, over the body's", at_least=0.14, at_most=0.28)
    spout_reach: float = setting(0.15, "how far the spout stands out from the body", unit="m", at_least=0.11, at_most=0.19)
    spout_rise: float = setting(1.1, "height of the spout's tip over the body's", at_least=0.95, at_most=1.25)
    spout_radius: float = setting(0.015, "outer radius of the spout at its root", unit="m", at_least=0.012, at_most=0.019)
    spout_bend: float = setting(0.3, "how much the spout swings: 0 straight, 1 a swan's neck", at_least=0.0, at_most=1.0)
    rose_radius: float = setting(0.03, "radius of the rose's face", unit="m", at_least=0.023, at_most=0.04)
    handle_reach: float = setting(0.06, "how far the handle stands off", unit="m", at_least=0.045, at_most=0.075)
    handle_radius: float = setting(0.007, "radius of the handle's bar", unit="m", at_least=0.005, at_most=0.009)
    tip_style: str = setting("rose", "a perforated rose, or an open tip", choices=("rose", "open"))
    handle_style: str = setting("back", "a loop at the back, or from the front over it", choices=("back", "over"))
    body_style: str = setting("drum", "shape of the body", choices=("drum", "pear"))

    def build(self) -> FunctionalObject:
        """Returns the can: parts base, body, handle, interior, mouth (the open tip, or the rose's face), rim (of the opening),
        spout and, where there is one, rose; its function is pour-with.
        """
        shell, spout = self.shell(), self.spout()
        curve, taken = self._handle(shell), [spout.bore()]
        added = [spout.tube(), bar(curve, self.handle_radius, "handle", up=(0.0, 1.0, 0.0))]
        lip, tip, face = spout.lip(), spout.tip(), self.rose_radius
        if self.tip_style == "rose":
            head, hollow = rose(tip, spout.radii[-1][1], face, 1.3 * face, self.wall)
            added, taken = [*added, head], [*taken, hollow]
            lip = (tip @ np.array([0.0, 0.0, 1.3 * face + self.wall, 1.0]))[:3]
        whole = _assembled(shell, added, taken)
        vertices, faces, part_of_face, part_names = whole.mesh()
        return FunctionalObject(
            "watering can", vertices, faces, part_of_face, part_names,
            function_parts={"pour-with": ("mouth", "spout")},
            functional_frames={"pour-with": outlet(lip)},
            grasp_frames={"handle": clasp(curve[int(0.6 * len(curve))])},
            substances=((part_names, ("plastic", "enamel", "steel", "brass")),),
        )

    @property
    def height(self) -> float:
        """Height of the body's rim."""
        return self.height_ratio * self.radius

    def shell(self) -> Shell:
        """Returns the body: shoulders narrow to an opening with a short collar."""
        r, h = self.radius, self.height
        base, opening = self.base_ratio * r, self.opening_ratio * r
        if self.body_style == "drum":
            outline = rounded([(0.0, 0.0), (base, 0.0), (r, 0.8 * h), (opening, 0.93 * h), (opening, h)], [0.008, 0.012, 0.004])
        else:
            body = [(base - 0.01, 0.0), (1.08 * base, 0.0), (1.08 * r, 0.35 * h), (0.85 * r, 0.8 * h), (opening, 0.85 * h),
                    (opening, h)]
            outline = np.concatenate([[[0.0, 0.0], [0.7 * base, 0.0]], spline(body, 32)])
        return Shell(outline, (("base", 0.006), ("body", h - 0.008), ("rim", 1.0)), self.wall)

    def spout(self) -> Spout:
        """Returns the spout."""
        radius, tip = self.spout_radius, self.spout_rise * self.height
        root = max(self.spout_root * self.height, 1.15 * radius + 0.004)
        near, rise, reach = self.shell().radius(root), tip - root, self.spout_reach
        far, swing = near + reach, 0.28 * self.spout_bend
        return Spout(
            ((near - radius - self.wall, root), (near + (0.33 + swing) * reach, root + (0.3 - swing) * rise),
             (near + (0.66 - 0.6 * swing) * reach, root + (0.68 + 0.4 * swing) * rise), (far, tip)),
            ((0.0, 1.15 * radius), (0.2, radius), (0.9, 0.58 * radius), (1.0, 0.6 * radius)),
            thickness=0.8 * self.wall, level=0.0 if self.tip_style == "rose" else 0.3,
            mouth=0.0 if self.tip_style == "rose" else 0.012,
        )

    def _handle(self, shell: Shell) -> Float64[np.ndarray, "k 3"]:
        h, reach = self.height, self.handle_reach
        high, low = 0.76 * h, 0.25 * h
        near, foot = (shell.radius(z) - self.wall / 2.0 for z in (high, low))
        out = max(near, foot) + 1.15 * reach
        if self.handle_style == "back":
            down = [(-out, 1.05 * h), (-out, 0.5 * h), (-foot - 0.4 * reach, low), (-foot, low)]
            return _upright([(-near, high), (-near - 0.4 * reach, 1.05 * h), *down])
        front = shell.radius(0.78 * h) - self.wall / 2.0
        clear = max(1.02 * front, self.opening_ratio * self.radius + self.handle_radius + 0.01)  # of the collar
        up = [(front, 0.78 * h), (clear, 0.8 * h), (clear, 1.12 * h), (0.5 * front, h + 1.5 * reach)]
        down = [(-0.6 * near, h + 1.25 * reach), (-out, 1.05 * h), (-out, 0.45 * h), (-foot - 0.2 * reach, low), (-foot, low)]
        return _upright([*up, *down])


def _lidded(body: Float64[np.ndarray, "m 2"], dome: float) -> Float64[np.ndarray, "k 2"]:
    """Returns an outline closed by a lid that overhangs the end of ``body`` a little and rises by ``dome``."""
    radius, height = body[-1].tolist()
    edge = [(radius, height + 0.0018), (radius + 0.0045, height + 0.0018), (radius + 0.0045, height + 0.0048)]
    cap = [(radius + 0.0035, height + 0.0058), (0.72 * radius, height + 0.8 * dome + 0.006),
           (0.4 * radius, height + dome + 0.006), (0.0, height + dome + 0.006)]
    return np.concatenate([body, edge, spline(cap, 14)])


def _knob(top: float, radius: float) -> Solid:
    """Returns the knob on a lid that ends at ``top``: a ball on a stem."""
    stem = rod((top - 0.001) * _Z, (top + 1.1 * radius) * _Z, (0.6 * radius, 0.5 * radius), "knob")
    return stem + ball((top + 1.4 * radius) * _Z, np.array([1.0, 1.0, 0.82]) * radius, "knob")


def _assembled(shell: Shell, added: list[Solid], taken: list[Solid]) -> Solid:
    """Returns the vessel with what stands on its wall ``added`` and the bores ``taken`` out."""
    outside = union(added) - shell.filling(shell.thickness / 2.0, above=0.001)
    return shell.solid() + outside - union(taken)


def _arched(half: list[tuple[float, float]]) -> Float64[np.ndarray, "k 3"]:
    """Returns the curve of (x, z) controls from the front to the top, and the same mirrored down to the back."""
    return _upright([(-x, z) for x, z in half] + half[::-1])


def _upright(controls: list[tuple[float, float]]) -> Float64[np.ndarray, "k 3"]:
    """Returns the spline of (x, z) controls in the plane y = 0."""
    flat = spline(controls, 48)
    return np.stack([flat[:, 0], np.zeros(48), flat[:, 1]], axis=-1)
