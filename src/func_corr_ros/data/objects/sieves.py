# SPDX-License-Identifier: Apache-2.0
"""Colanders, strainers and baskets: vessels that let through what is small."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.grip import Grip, laid
from func_corr_ros.data.objects.plate import disc, loop
from func_corr_ros.data.objects.pressed import prism, rectangle, stem
from func_corr_ros.data.objects.primitives import bar, rod, shifted, union
from func_corr_ros.data.objects.shell import Shell, spline
from func_corr_ros.data.objects.solids import Solid, hull
from func_corr_ros.data.objects.vessel_functions import about_z, pinch
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.optional import require
from func_corr_ros.settings import setting

_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Colander:
    """A colander: a bowl full of holes on a foot, with two handles."""

    rim_radius: float = setting(0.12, "outer radius at the rim", unit="m", at_least=0.095, at_most=0.145)
    depth: float = setting(0.1, "depth of the bowl", unit="m", at_least=0.075, at_most=0.125)
    base_ratio: float = setting(0.5, "radius of the flat bottom over the rim's", at_least=0.38, at_most=0.6)
    fullness: float = setting(0.4, "how full the bowl is between a cone and a cylinder", at_least=0.2, at_most=0.6)
    wall: float = setting(0.0024, "wall thickness", unit="m", at_least=0.0018, at_most=0.0032)
    hole_radius: float = setting(0.0032, "radius of a hole", unit="m", at_least=0.0025, at_most=0.004)
    hole_pitch: float = setting(0.02, "distance of the holes", unit="m", at_least=0.0185, at_most=0.0235)
    foot_height: float = setting(0.014, "height of the foot", unit="m", at_least=0.009, at_most=0.02)
    handle_reach: float = setting(0.03, "how far a handle stands off", unit="m", at_least=0.024, at_most=0.038)
    handle_span: float = setting(0.09, "length of a handle along the rim", unit="m", at_least=0.07, at_most=0.11)
    hole_style: str = setting("rings", "how the holes lie", choices=("rings", "rays", "slots"))
    foot_style: str = setting("ring", "what it stands on", choices=("ring", "feet"))

    def build(self) -> FunctionalObject:
        """Returns the colander: parts body (above the holes), foot, handle, holes (the wall they are in) and rim; function
        sift-with.
        """
        shell, top = self.shell(), self.foot_height + self.depth
        inside = prism(disc((0.0, 0.0), 1.0), -1.0, self._highest_hole() + 0.012, "holes")
        wall = shell.solid().painted(prism(disc((0.0, 0.0), 1.0), 0.0, top - 0.006, "body"), "body")
        wall = wall.painted(prism(disc((0.0, 0.0), 1.0), top - 0.006, 1.0, "rim"), "rim")
        pierced = wall.painted(inside, "holes") - self._holes(shell)
        whole = pierced + self._foot()
        whole = whole + union([self._handle(side) - shell.filling(0.5 * self.wall, above=0.1) for side in (1.0, -1.0)])
        grip = np.array([-self.rim_radius - self.handle_reach, 0.0, top - 0.004])
        return FunctionalObject(
            "colander", *whole.mesh(),
            function_parts={"sift-with": ("holes",)},
            functional_frames={"sift-with": make(np.eye(3), (self.foot_height + self.wall) * _Z)},
            grasp_frames={"handle": frame_from_axes(grip, -_Z, _Y), "rim": pinch(shell.crest(np.pi / 2.0) - 0.004 * _Z)},
            symmetries={"sift-with": about_z()},
            substances=((("body", "foot", "handle", "holes", "rim"), ("steel", "enamel", "plastic")),),
        )

    def shell(self) -> Shell:
        """Returns the bowl without holes, handles and foot."""
        r, low, top = self.rim_radius, self.foot_height, self.foot_height + self.depth
        base, full = self.base_ratio * r, self.fullness
        belly = (r * (0.96 - 0.1 * (1.0 - full)), low + 0.45 * self.depth)
        side = spline([(base, low), (base + (0.2 + 0.3 * full) * r, low), belly, (r - 0.004, top - 0.004), (r, top)], 30)
        outline = np.concatenate([[[0.0, low], [0.5 * base, low]], side, [[r + 0.004, top + 0.0005]]])
        return Shell(outline, (("holes", low + 0.001), ("body", top - 0.006), ("rim", 1.0)), self.wall)

    def _highest_hole(self) -> float:
        return self.foot_height + 0.72 * self.depth

    def _holes(self, shell: Shell) -> Solid:
        """Returns what is drilled out, square to the wall."""
        path = shell.outline[shell.outline[:, 1] <= self._highest_hole()]
        length = np.insert(np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1)), 0, 0.0)
        rows = np.arange(self.hole_pitch, length[-1], 0.9 * self.hole_pitch)
        rays = int(2.0 * np.pi * 0.6 * self.rim_radius / (1.25 * self.hole_pitch)) // 2 * 2
        drills, drill = [], self._drill()
        for k, s in enumerate(rows):
            (r, z), before, after = (np.array([np.interp(t, length, way) for way in path.T]) for t in (s, s - 1e-3, s + 1e-3))
            ahead = after - before
            out = np.array([ahead[1], -ahead[0]]) / np.linalg.norm(ahead)
            around = int(2.0 * np.pi * r / self.hole_pitch)
            count = around if self.hole_style == "rings" else min(rays, around) if self.hole_style == "rays" else around // 2
            if self.hole_style == "slots" and k % 2 == 0:
                continue
            for j in range(count):
                turn = 2.0 * np.pi * (j + 0.5 * (k % 2) * (self.hole_style == "rings")) / count
                c, sin = np.cos(turn), np.sin(turn)
                upward = np.array([-c * out[1], -sin * out[1], out[0]])
                side = np.array([out[0] * c, out[0] * sin, out[1]])
                drills.append(drill.moved(frame_from_axes(np.array([r * c, r * sin, z]), side, upward)))
        return _joined(drills)

    def _drill(self) -> Solid:
        """Returns what cuts one hole, along z; a slot is long along x."""
        reach = 3.0 * self.wall * _Z
        drill = rod(-reach, reach, self.hole_radius, "holes", segments=8)
        if self.hole_style != "slots":
            return drill
        points, step = drill.mesh()[0], 0.45 * self.hole_pitch * _X
        return hull(np.concatenate([points - step, points + step]), "holes")

    def _foot(self) -> Solid:
        base = self.base_ratio * self.rim_radius
        if self.foot_style == "ring":
            ring = disc((0.0, 0.0), 1.04 * base) - disc((0.0, 0.0), 1.04 * base - 1.6 * self.wall)
            return prism(ring, 0.0, self.foot_height + 0.001, "foot")
        feet = []
        for turn in 2.0 * np.pi * np.arange(3) / 3.0:
            at = 0.9 * base * np.array([np.cos(turn), np.sin(turn), 0.0])
            feet.append(rod(at, at + (self.foot_height + 0.001) * _Z, (0.007, 0.012), "foot"))
        return union(feet)

    def _handle(self, side: float) -> Solid:
        half, top = 0.5 * self.handle_span, self.foot_height + self.depth - 0.004
        r = np.sqrt(self.rim_radius**2 - half**2)
        near, far = r + 0.5 * self.handle_reach, self.rim_radius + 1.28 * self.handle_reach
        there = [(r - 0.01, -half, top), (near, -half, top), (far, -0.7 * half, top)]
        curve = spline(there + [(x, -y, z) for x, y, z in there[::-1]], 48)
        wire = bar(curve, np.array([0.0045, 0.003]), "handle", segments=14)
        return wire if side > 0.0 else wire.moved(make(about_axis(_Z, np.pi), np.zeros(3)))


@dataclass(frozen=True)
class Strainer:
    """A strainer: a bowl of crossing wires in a hoop, with a handle and a hook opposite that rests on a pot's rim."""

    radius: float = setting(0.065, "radius of the hoop", unit="m", at_least=0.045, at_most=0.085)
    depth: float = setting(0.68, "depth of the mesh over the radius", at_least=0.5, at_most=0.9)
    cone: float = setting(0.2, "how pointed the mesh is", at_least=0.0, at_most=0.5)
    wire: float = setting(0.00085, "radius of the mesh's wires", unit="m", at_least=0.0007, at_most=0.001)
    pitch: float = setting(0.165, "distance of the mesh's wires over the radius", at_least=0.15, at_most=0.19)
    hoop: float = setting(0.0032, "radius of the hoop's bar", unit="m", at_least=0.0026, at_most=0.004)
    handle_length: float = setting(0.15, "length of the handle", unit="m", at_least=0.12, at_most=0.18)
    handle_width: float = setting(0.022, "width of the handle", unit="m", at_least=0.018, at_most=0.028)
    rest_reach: float = setting(0.018, "how far the hook stands out", unit="m", at_least=0.012, at_most=0.024)
    handle_style: str = setting("grip", "kind of handle", choices=("grip", "wire", "contoured"))
    rest_style: str = setting("loop", "the hook opposite", choices=("loop", "tab"))

    def build(self) -> FunctionalObject:
        """Returns the strainer: parts handle, mesh, rest (the hook) and rim (the hoop); function sift-with."""
        turn = np.linspace(0.0, 2.0 * np.pi, 96, endpoint=False)
        circle = self.radius * np.stack([np.cos(turn), np.sin(turn), 0.0 * turn], axis=-1)
        hoop = loop(circle, np.array([0.8 * self.hoop, 1.3 * self.hoop]) * np.ones((96, 1)), "rim", segments=12)
        whole = self._mesh() + hoop + self._handle() + self._rest()
        bottom = self._surface(np.zeros(1), np.zeros(1))[0] + self.wire * _Z
        held = np.array([-self.radius - 0.6 * self.handle_length, 0.0, 0.0])
        return laid(FunctionalObject(
            "strainer", *whole.mesh(),
            function_parts={"sift-with": ("mesh",)},
            functional_frames={"sift-with": make(np.eye(3), bottom)},
            grasp_frames={"handle": frame_from_axes(held, -_Z, _X)},
            substances=((("mesh", "rest", "rim"), ("steel", "chrome")),
                        (("handle",), ("steel",) if self.handle_style == "wire" else ("plastic", "wood", "rubber"))),
        ))

    def _surface(self, x: Float64[np.ndarray, " k"], y: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, "k 3"]:
        out = np.minimum(np.hypot(x, y) / self.radius, 1.0)
        bowl = np.sqrt(np.maximum(1.0 - 0.97 * out**2, 0.0)) - np.sqrt(0.03)
        point = np.maximum(1.0 - np.maximum(out - 0.12, 0.0) / 0.88, 0.0) * (1.0 - np.sqrt(0.03))
        drop = self.depth * self.radius * ((1.0 - self.cone) * bowl + self.cone * point) / (1.0 - np.sqrt(0.03))
        return np.stack([x, y, -drop], axis=-1)

    def _mesh(self) -> Solid:
        pitch, wires = self.pitch * self.radius, []
        for k in np.arange(-int(1.0 / self.pitch), int(1.0 / self.pitch) + 1):
            off = (k + 0.5) * pitch
            if abs(off) > 0.97 * self.radius:
                continue
            half = np.sqrt(self.radius**2 - off**2)
            # Even steps of angle: dense where the wall stands steeply.
            s = half * np.sin(np.linspace(-0.5 * np.pi, 0.5 * np.pi, max(8, int(26 * half / self.radius))))
            for line in (self._surface(s, np.full_like(s, off)), self._surface(np.full_like(s, off), s)):
                wires.append(bar(line, self.wire, "mesh", segments=6))
        return _joined(wires)

    def _handle(self) -> Solid:
        start, length, half = -self.radius, self.handle_length, 0.5 * self.handle_width
        if self.handle_style == "wire":
            there = [(start, 0.8 * half, 0.0), (start - 0.3 * length, 0.7 * half, 0.0), (start - 0.7 * length, 1.0 * half, 0.0),
                     (start - 1.1 * length, 1.3 * half, 0.0)]
            curve = spline(there + [(x, -y, z) for x, y, z in there[::-1]], 64)
            return bar(curve, 0.9 * self.hoop, "handle", segments=12)
        x = np.array([start + 0.3 * self.hoop, start - 0.2 * length, start - 0.4 * length])
        tang = bar(x[:, None] * _X, np.array([0.3 * self.handle_width, 0.8 * self.hoop]), "handle", roundness=0.6)
        style = "straight" if self.handle_style == "grip" else "contoured"
        grip = Grip(style, 0.8 * length, self.handle_width, 0.7 * self.handle_width).solid()
        return tang + grip.moved(shifted(x=start - 0.2 * length))

    def _rest(self) -> Solid:
        r, out, half = self.radius, self.rest_reach, 0.5 * self.handle_width
        if self.rest_style == "tab":
            curve = spline([(r, 0.0, 0.0), (r + 0.5 * out, 0.0, 0.0), (r + out, 0.0, 0.0), (r + 1.1 * out, 0.0, -0.3 * out)], 16)
            return stem(curve, np.array([half, 0.7 * self.hoop]) * np.ones((16, 1)), "rest", roundness=0.6)
        there = [(r - 0.001, -1.2 * half, 0.0), (r + 0.6 * out, -1.2 * half, 0.0), (r + 1.3 * out, -half, -0.15 * out)]
        curve = spline(there + [(x, -y, z) for x, y, z in there[::-1]], 40)
        return bar(curve, 0.75 * self.hoop, "rest", segments=12)


@dataclass(frozen=True)
class Basket:
    """A basket with an open wall: woven about stakes, of upright slats, or of wire; round or oval."""

    rim_radius: float = setting(0.15, "radius at the rim, along x", unit="m", at_least=0.11, at_most=0.19)
    height: float = setting(0.13, "height of the rim", unit="m", at_least=0.09, at_most=0.17)
    base_ratio: float = setting(0.78, "radius of the base over the rim's", at_least=0.66, at_most=0.92)
    aspect: float = setting(0.85, "width over length", at_least=0.65, at_most=1.0)
    bulge: float = setting(0.05, "how far the wall bulges over the rim's radius", at_least=0.0, at_most=0.1)
    strand: float = setting(0.0052, "radius of a strand", unit="m", at_least=0.0045, at_most=0.006)
    gap: float = setting(1.75, "distance of the strands over their thickness", at_least=1.6, at_most=2.1)
    handle_rise: float = setting(0.7, "height of the handle over the rim's radius", at_least=0.5, at_most=0.95)
    handle_radius: float = setting(0.0065, "radius of the handle", unit="m", at_least=0.005, at_most=0.008)
    wall_style: str = setting("woven", "how the wall is made", choices=("woven", "slatted", "wire"))
    handle_style: str = setting("hoop", "one handle over the top, two ears, or none", choices=("hoop", "ears", "none"))

    def build(self) -> FunctionalObject:
        """Returns the basket: parts base, rim, weave (the wall) and, where it has one, handle; function sift-with."""
        r, h = self.rim_radius, self.height
        base = prism(disc((0.0, 0.0), self._radius(0.004)), 0.0, 0.005, "base") - self._drained()
        turn = np.linspace(0.0, 2.0 * np.pi, 96, endpoint=False)
        circle = np.stack([r * np.cos(turn), r * np.sin(turn), 0.0 * turn], axis=-1)
        rim = loop(circle, np.array([1.5, 1.9]) * self.strand * np.ones((96, 1)), "rim", segments=10)
        foot = loop(circle * self._radius(0.0) / r, self.strand * np.ones((96, 2)), "base", segments=8)
        rim, foot = rim.moved(shifted(z=h - 1.9 * self.strand)), foot.moved(shifted(z=self.strand))
        weave = _joined(self._strands())
        whole = union([weave, base, foot, rim, *self._handles()]).moved(np.diag([1.0, self.aspect, 1.0, 1.0]))
        pieces = tuple(part for part in ("base", "handle", "rim", "weave") if part != "handle" or self.handle_style != "none")
        substances = {"woven": ("straw", "wood"), "slatted": ("wood", "plastic"), "wire": ("steel", "plastic")}[self.wall_style]
        grasps = {"rim": pinch(np.array([0.0, self.aspect * r, h - 1.5 * self.strand]))}
        grasps |= {"handle": frame_from_axes((h + self.handle_rise * r) * _Z, -_Z, _X)} if self.handle_style == "hoop" else {}
        return FunctionalObject(
            "basket", *whole.mesh(),
            function_parts={"sift-with": ("base", "weave")},
            functional_frames={"sift-with": make(np.eye(3), np.array([0.0, 0.0, 0.005]))},
            grasp_frames=grasps, symmetries={"sift-with": about_z(2)},
            substances=((pieces, substances),),
        )

    def _radius(self, z: float) -> float:
        t = z / self.height
        return self.rim_radius * (self.base_ratio + (1.0 - self.base_ratio) * t + self.bulge * 4.0 * t * (1.0 - t))

    def _stakes(self) -> int:
        return 2 * int(np.pi * self.rim_radius / (0.042 if self.wall_style == "woven" else 0.032))

    def _strands(self) -> list[Solid]:
        z = np.linspace(0.004, self.height - self.strand, 8)
        radii = np.array([self._radius(float(v)) for v in z])
        count, strand, woven = self._stakes(), self.strand, self.wall_style == "woven"
        half, size, spacing = {  # half axes of a stake and of a ring, distance of the rings
            "woven": ((1.1, 0.8), (0.75, 0.95), 2.0 * self.gap * strand), "slatted": ((1.9, 0.5), (0.6, 2.4), 0.3 * self.height),
            "wire": ((0.6, 0.6), (0.6, 0.6), 6.5 * self.gap * strand),
        }[self.wall_style]
        upright = bar(np.stack([radii, 0.0 * z, z], axis=-1), strand * np.array(half), "weave", up=(1.0, 0.0, 0.0), segments=8,
                      roundness=0.6)
        made = [upright.moved(make(about_axis(_Z, 2.0 * np.pi * k / count), np.zeros(3))) for k in range(count)]
        rings = max(2, int((self.height - 6.6 * strand) / spacing))
        turn = np.linspace(0.0, 2.0 * np.pi, 4 * count if woven else 96, endpoint=False)
        for k, level in enumerate(np.linspace(2.2 * strand, self.height - 4.4 * strand, rings)):
            wave = (-1.0) ** k * 1.15 * strand * np.cos(0.5 * count * turn) if woven else 0.0
            radius = self._radius(float(level)) + wave
            ring = np.stack([radius * np.cos(turn), radius * np.sin(turn), 0.0 * turn], axis=-1)
            woof = loop(ring, strand * np.array(size) * np.ones((len(turn), 1)), "weave", segments=6)
            made.append(woof.moved(shifted(z=float(level))))
        return made

    def _drained(self) -> Solid:
        """Returns the slots between the staves of the base."""
        reach, pitch = 0.86 * self._radius(0.0), 0.024
        most = int(reach / pitch)
        strips = [rectangle(-1.0, 1.0, 0.003).translate((0.0, k * pitch)) for k in range(-most, most + 1)]
        return prism(disc((0.0, 0.0), reach) ^ sum(strips[1:], strips[0]), -1.0, 1.0, "base")

    def _handles(self) -> list[Solid]:
        r, low, rise = self.rim_radius, self.height - 2.5 * self.strand, self.handle_rise * self.rim_radius
        if self.handle_style == "none":
            return []
        if self.handle_style == "hoop":
            turn = np.linspace(0.0, np.pi, 48)
            curve = np.stack([r * np.cos(turn), 0.0 * turn, low + (rise + 2.5 * self.strand) * np.sin(turn) ** 0.8], axis=-1)
            return [bar(curve, np.array([1.6, 0.7]) * self.handle_radius, "handle", up=(1.0, 0.0, 0.0), segments=16)]
        ears = []
        for side in (1.0, -1.0):
            turn = np.linspace(-0.32, 0.32, 28)
            lift = 0.3 * rise * np.cos(np.linspace(-0.5 * np.pi, 0.5 * np.pi, 28)) ** 0.6
            curve = np.stack([side * r * np.cos(turn), side * r * np.sin(turn), low + lift], axis=-1)
            ears.append(bar(curve, 0.8 * self.handle_radius, "handle", up=(1.0, 0.0, 0.0), segments=12))
        return ears


def _joined(solids: list[Solid]) -> Solid:
    """Returns all of them as one, joined at once: one after the other takes many times as long."""
    manifold3d = require("manifold3d")
    made = manifold3d.Manifold.batch_boolean([solid.manifold for solid in solids], manifold3d.OpType.Add)
    return Solid(made, {key: part for solid in solids for key, part in solid.part_of_id.items()})
