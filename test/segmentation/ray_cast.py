# SPDX-License-Identifier: Apache-2.0
"""RGB-D images of a table with simple solids, cast ray by ray in numpy: every pixel's depth and owner are exact."""
from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import inverse, look_at

CAMERA = PinholeCamera(fx=500.0, fy=500.0, cx=319.5, cy=239.5, width=640, height=480)
NOWHERE = np.inf


@dataclass(frozen=True)
class Solid:
    """A named solid in world coordinates (z up, the table's top is z = 0)."""

    name: str
    color: tuple[int, int, int]

    def hit(self, origin: np.ndarray, rays: np.ndarray) -> np.ndarray:
        """Returns the ray parameter of the first hit, inf for none."""
        raise NotImplementedError


@dataclass(frozen=True)
class Box(Solid):
    center: tuple[float, float, float] = (0.0, 0.0, 0.0)
    size: tuple[float, float, float] = (0.1, 0.1, 0.1)
    yaw: float = 0.0

    def hit(self, origin: np.ndarray, rays: np.ndarray) -> np.ndarray:
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        own_from_world = np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
        start, along = own_from_world @ (origin - np.array(self.center)), rays @ own_from_world.T
        with np.errstate(divide="ignore", invalid="ignore"):
            a, b = ((sign * np.array(self.size) / 2 - start) / along for sign in (-1.0, 1.0))
        enter, leave = np.minimum(a, b).max(axis=-1), np.maximum(a, b).min(axis=-1)
        return np.where((enter <= leave) & (enter > 0.0), enter, NOWHERE)


@dataclass(frozen=True)
class Cylinder(Solid):
    """Stands upright on ``base``; an ``inner`` radius makes it a cup with a floor of ``floor`` metres."""

    base: tuple[float, float, float] = (0.0, 0.0, 0.0)
    radius: float = 0.04
    height: float = 0.1
    inner: float = 0.0
    floor: float = 0.006

    def hit(self, origin: np.ndarray, rays: np.ndarray) -> np.ndarray:
        start = origin - np.array(self.base)
        found = [self._wall(start, rays, self.radius, 0.0, first=True)]
        if self.inner:
            found += [self._disc(start, rays, self.height, self.inner, self.radius)]
            bottom = self._disc(start, rays, self.floor, 0.0, self.inner)
            wall = self._wall(start, rays, self.inner, self.floor, first=False)
            # what is seen of the inside is seen through the opening
            through = self._disc(start, rays, self.height, 0.0, self.inner) < NOWHERE
            found += [np.where(through, t, NOWHERE) for t in (bottom, wall)]
        else:
            found += [self._disc(start, rays, self.height, 0.0, self.radius)]
        return np.min(found, axis=0)

    def _wall(self, start: np.ndarray, rays: np.ndarray, radius: float, lowest: float, first: bool) -> np.ndarray:
        a, b = (rays[..., :2] ** 2).sum(-1), (rays[..., :2] * start[:2]).sum(-1)
        root = b**2 - a * ((start[:2] ** 2).sum() - radius**2)
        with np.errstate(invalid="ignore", divide="ignore"):
            t = (-b + (-1.0 if first else 1.0) * np.sqrt(root)) / a
            z = start[2] + t * rays[..., 2]
            return np.where((root > 0.0) & (t > 0.0) & (z >= lowest) & (z <= self.height), t, NOWHERE)

    def _disc(self, start: np.ndarray, rays: np.ndarray, z: float, inner: float, outer: float) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (z - start[2]) / rays[..., 2]
            r = np.linalg.norm(start[:2] + t[..., None] * rays[..., :2], axis=-1)
            return np.where((t > 0.0) & (r <= outer) & (r >= inner), t, NOWHERE)


@dataclass(frozen=True)
class Balls(Solid):
    """A union of balls: a ball, or many in a row for a bent bar."""

    centers: tuple[tuple[float, float, float], ...] = ()
    radius: float = 0.03

    def hit(self, origin: np.ndarray, rays: np.ndarray) -> np.ndarray:
        best, a = np.full(rays.shape[:-1], NOWHERE), (rays**2).sum(-1)
        for center in self.centers:
            start = origin - np.array(center)
            b = rays @ start
            root = b**2 - a * (start @ start - self.radius**2)
            with np.errstate(invalid="ignore"):
                t = (-b - np.sqrt(root)) / a
                best = np.minimum(best, np.where((root > 0.0) & (t > 0.0), t, NOWHERE))
        return best


@dataclass(frozen=True)
class View:
    """One image of a scene, with the truth: ``owner`` is the index of each pixel's solid, -1 for none."""

    frame: RgbdFrame
    owner: np.ndarray
    table: Plane
    names: list[str] = field(default_factory=list)

    def mask(self, *names: str) -> np.ndarray:
        return np.isin(self.owner, [index for index, name in enumerate(self.names) if name in names])

    def with_depth(self, depth: np.ndarray) -> RgbdFrame:
        return RgbdFrame(self.frame.color, depth.astype(np.float32), self.frame.camera)


TABLE = Box("table", (120, 90, 60), center=(0.0, 0.0, -0.01), size=(1.2, 0.9, 0.02))
FLOOR = Box("floor", (90, 100, 90), center=(0.0, 0.0, -0.71), size=(6.0, 6.0, 0.02))
UP = np.array([0.0, 0.0, 1.0])


def mug(x: float, y: float, azimuth: float = 0.0, color: tuple[int, int, int] = (180, 30, 40)) -> list[Solid]:
    """Returns a cup of 8 cm and its handle, a bar of 11 mm that stands off by 3 cm."""
    cup = Cylinder("mug", color, base=(x, y, 0.0), radius=0.04, height=0.095, inner=0.036)
    angles = np.linspace(-1.25, 1.25, 40)
    out, up = 0.036 + 0.034 * np.cos(angles), 0.048 + 0.032 * np.sin(angles)
    bar = [(x + r * np.cos(azimuth), y + r * np.sin(azimuth), z) for r, z in zip(out, up, strict=True)]
    return [cup, Balls("mug", color, centers=tuple(bar), radius=0.0055)]


def eye(elevation_deg: float, distance: float = 0.8, azimuth_deg: float = -90.0) -> np.ndarray:
    e, a = np.radians([elevation_deg, azimuth_deg])
    return distance * np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])


def cast(solids: list[Solid], at: np.ndarray, *, target: tuple[float, float, float] = (0.0, 0.0, 0.03), roll_deg: float = 0.0,
         camera: PinholeCamera = CAMERA) -> View:
    """Returns what a camera at ``at`` sees of ``solids``; colours carry the grain of a camera (3 counts)."""
    world_from_camera = look_at(at, np.array(target), UP)
    c, s = np.cos(np.radians(roll_deg)), np.sin(np.radians(roll_deg))
    world_from_camera[:3, :3] = world_from_camera[:3, :3] @ np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    u, v = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    rays = camera.rays(np.stack([u, v], axis=-1).astype(np.float64)) @ world_from_camera[:3, :3].T
    hits = np.array([solid.hit(np.asarray(at), rays) for solid in solids])
    depth, owner = hits.min(axis=0), hits.argmin(axis=0)  # rays have z = 1: the parameter is the depth
    owner[~np.isfinite(depth)] = -1
    color = np.array([solid.color for solid in solids] + [(0, 0, 0)], dtype=np.float64)[owner]
    color += np.random.default_rng(0).normal(scale=3.0, size=color.shape)
    depth = np.where(np.isfinite(depth), depth, np.nan).astype(np.float32)
    frame = RgbdFrame(np.clip(color, 0, 255).astype(np.uint8), depth, camera)
    table = Plane(UP, 0.0).transformed(inverse(world_from_camera))
    return View(frame, owner, table, [solid.name for solid in solids])


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def noisy(view: View, seed: int = 0, sigma: float = 0.0012) -> RgbdFrame:
    """Returns the view as a stereo camera would see it: noise that grows with z^2, 1 mm steps, 2 % of the pixels missing,
    and nothing in a strip on the left."""
    rng = np.random.default_rng(seed)
    depth = view.frame.depth.astype(np.float64)
    depth = np.round(depth + rng.normal(size=depth.shape) * sigma * (depth / 0.7) ** 2, 3)
    depth[rng.random(depth.shape) < 0.02] = np.nan
    depth[:, :45] = np.nan
    return view.with_depth(depth)
