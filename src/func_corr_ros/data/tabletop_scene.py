# SPDX-License-Identifier: Apache-2.0
"""Objects on a table in a room, seen by an RGB-D camera: the frame a sensor would give, and the truth behind it."""
from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool, Float64

from func_corr_ros.data.lighting import Lighting
from func_corr_ros.data.materials import Material
from func_corr_ros.data.object_view import ObjectView
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.solids import extrude
from func_corr_ros.data.ray_scene import PlacedObject
from func_corr_ros.data.render import Rendering, render
from func_corr_ros.data.sensor_noise import SensorNoiseSettings, noisy_color, noisy_depth
from func_corr_ros.errors import BadSettings
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.geometry.se3 import about_axis, inverse, look_at, make, transform_points

# A RealSense D435's colour camera at 640x480.
REALSENSE = PinholeCamera(615.0, 615.0, 319.5, 239.5, 640, 480)
OAK = Material((0.62, 0.43, 0.26), (0.33, 0.2, 0.1), "wood", scale=0.19, specular=0.02, roughness=0.45)
TABLE_SIZE_M = (1.1, 1.7)
TABLE_THICKNESS_M = 0.03
FLOOR_M = -0.74
_UP = np.array([0.0, 0.0, 1.0])


def on_table(x: float, y: float, yaw_deg: float) -> Float64[np.ndarray, "4 4"]:
    """Returns ``world_from_object`` of an object standing on the table at (x, y) metres, turned by ``yaw_deg`` about z."""
    return make(about_axis(_UP, math.radians(yaw_deg)), np.array([x, y, 0.0]))


def looking_down(
    distance: float, elevation_deg: float, azimuth_deg: float = 0.0, height: float = 0.05
) -> Float64[np.ndarray, "4 4"]:
    """Returns ``world_from_camera`` of a camera that looks at the point ``height`` above the table's middle, from ``distance``
    metres; at azimuth 0 it looks along x, so that y points to the left of the picture.
    """
    elevation, azimuth = math.radians(elevation_deg), math.radians(azimuth_deg)
    away = np.array([-math.cos(azimuth) * math.cos(elevation), -math.sin(azimuth) * math.cos(elevation), math.sin(elevation)])
    target = height * _UP
    return look_at(target + distance * away, target, _UP)


@dataclass(frozen=True)
class SceneView:
    """A frame as the sensor gives it and, beside it, what is true: ``exact`` is the rendering without any noise."""

    scene: TabletopScene
    frame: RgbdFrame
    exact: Rendering

    def sensed(self, noise: SensorNoiseSettings, seed: int = 0) -> SceneView:
        """Returns the same view as a sensor with ``noise`` would give it; the same arguments give the same frame."""
        rng, camera = np.random.default_rng([seed, 1]), self.scene.camera
        color = noisy_color(self.exact.color, noise, rng)
        depth = noisy_depth(self.exact.depth, self.exact.normals, camera, noise, rng)
        return replace(self, frame=replace(self.frame, color=color, depth=depth))

    def mask(self, name: str) -> Bool[np.ndarray, "h w"]:
        """Returns where the object called ``name`` is seen."""
        return self.exact.mask(self.scene.index(name))

    def alone(self, name: str) -> ObjectView:
        """Returns the object called ``name`` as exactly seen, without what is around it."""
        index, seen = self.scene.index(name), self.mask(name)
        thing, pose = self.scene.objects[index].object, self.camera_from_object(name)
        depth = np.where(seen, self.exact.depth, np.float32(np.nan))
        v, u = np.mgrid[0 : self.scene.camera.height, 0 : self.scene.camera.width].astype(np.float64)
        points = self.scene.camera.unproject(np.stack([u, v], axis=-1), depth.astype(np.float64))
        part, face = (np.where(seen, image, -1) for image in (self.exact.part_index, self.exact.face_index))
        return ObjectView(thing, self.scene.camera, pose, self.frame.color, depth, seen, part, face,
                          transform_points(inverse(pose), points))

    def nearest_pixel(self, seen: Bool[np.ndarray, "h w"], point: Float64[np.ndarray, "3"]) -> tuple[float, float]:
        """Returns (u, v) of the pixel centre in ``seen`` that is nearest to where ``point`` (camera's frame) projects; raises
        BadSettings where nothing is seen.
        """
        if not seen.any():
            raise BadSettings("what was to be marked is hidden in this view; place the object or the camera elsewhere")
        uv, _ = self.frame.camera.project(point)
        rows, columns = np.nonzero(seen)
        best = np.hypot(columns - uv[0], rows - uv[1]).argmin()
        return float(columns[best]), float(rows[best])

    def part_mask(self, name: str, part: str) -> Bool[np.ndarray, "h w"]:
        """Returns where ``part`` of the object called ``name`` is seen."""
        index = self.scene.index(name)
        parts = self.scene.objects[index].object.part_names
        if part not in parts:
            raise BadSettings(f"{name} has no part {part!r}; it has: {', '.join(parts)}")
        return self.exact.mask(index) & (self.exact.part_index == parts.index(part))

    def serves(self, name: str, function: str) -> Bool[np.ndarray, "h w"]:
        """Returns where the parts that serve ``function`` are seen on the object called ``name``."""
        index = self.scene.index(name)
        here = self.exact.mask(index)
        serving = self.scene.objects[index].object.serves(function)
        seen = np.zeros_like(here)
        seen[here] = serving[self.exact.face_index[here]]
        return seen

    def camera_from_object(self, name: str) -> Float64[np.ndarray, "4 4"]:
        """Returns the true pose of the object called ``name``."""
        return inverse(self.scene.world_from_camera) @ self.scene.objects[self.scene.index(name)].world_from_object

    def camera_from_function(self, name: str, function: str) -> Float64[np.ndarray, "4 4"]:
        """Returns the true functional frame of the object called ``name``; raises UnknownFunction where it has none such."""
        placed = self.scene.objects[self.scene.index(name)]
        return self.camera_from_object(name) @ placed.object.object_from_function(function)

    def camera_from_gripper(self, name: str, grasp: str) -> Float64[np.ndarray, "4 4"]:
        """Returns the true grasp frame called ``grasp`` ("handle", "rim") of the object called ``name``."""
        return self.camera_from_object(name) @ self.scene.objects[self.scene.index(name)].object.grasp_frames[grasp]

    @property
    def support(self) -> Plane:
        """The table's top in the camera's frame, its normal upwards."""
        camera_from_world = inverse(self.scene.world_from_camera)
        return Plane.through(camera_from_world[:3, 3], camera_from_world[:3, 2])


@dataclass(frozen=True)
class TabletopScene:
    """Named objects on a wooden table (its top at z = 0) in a room, and the camera that looks at them."""

    objects: tuple[PlacedObject, ...]
    world_from_camera: Float64[np.ndarray, "4 4"]
    camera: PinholeCamera = REALSENSE
    table: Material = OAK
    lighting: Lighting = field(default_factory=Lighting)

    def index(self, name: str) -> int:
        """Returns the place of the object called ``name``; raises BadSettings, listing those there are, for another."""
        names = [item.name for item in self.objects]
        if name not in names:
            raise BadSettings(f"no object {name!r} on this table; there are: {', '.join(names) or 'none'}")
        return names.index(name)

    def view(
        self, noise: SensorNoiseSettings | None = None, *, seed: int = 0, stamp_ns: int = 0, supersampling: int = 2
    ) -> SceneView:
        """Returns what the camera gives; ``noise`` None means a perfect sensor. The same arguments give the same view."""
        exact = render([*self.objects, *_room(self.table)], self.camera, self.world_from_camera, self.lighting,
                       supersampling=supersampling, seed=seed)
        frame = RgbdFrame(exact.color, exact.depth, self.camera, stamp_ns, "camera_color_optical_frame")
        perfect = SceneView(self, frame, exact)
        return perfect if noise is None else perfect.sensed(noise, seed)


def _room(table: Material) -> list[PlacedObject]:
    """Returns the table, the floor and the two far walls."""
    boxes = {
        "table": (TABLE_SIZE_M, TABLE_THICKNESS_M, (0.0, 0.0, -TABLE_THICKNESS_M), table),
        "floor": ((8.0, 8.0), 0.02, (0.0, 0.0, FLOOR_M - 0.02), Material((0.55, 0.54, 0.52), (0.35, 0.35, 0.35), "tiles", 0.4)),
        "wall": ((0.05, 8.0), 3.0, (2.2, 0.0, FLOOR_M), Material((0.78, 0.77, 0.73), (0.68, 0.67, 0.64), "plaster", 0.05, 0.0)),
    }
    return [PlacedObject(_box(name, size, height), make(np.eye(3), np.array(at)), {"": material}, name)
            for name, (size, height, at, material) in boxes.items()]


def _box(category: str, size: tuple[float, float], height: float) -> FunctionalObject:
    x, y = size[0] / 2.0, size[1] / 2.0
    return FunctionalObject(category, *extrude(np.array([[-x, -y], [x, -y], [x, y], [-x, y]]), height, "body").mesh())
