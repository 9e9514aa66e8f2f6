# SPDX-License-Identifier: Apache-2.0
"""One object alone, as a camera sees it: picture, mask, and for every pixel the surface point in the object's own frame."""
from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64, UInt8

from func_corr_ros.data.lighting import Lighting, studio, tone_mapped
from func_corr_ros.data.materials import Color, Material, linear
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.ray_scene import PlacedObject, RayScene
from func_corr_ros.data.render import displayed, gathered_light, pixel_hits, spread
from func_corr_ros.errors import SizeMismatch
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.frames import BODY_FROM_OPTICAL
from func_corr_ros.geometry.se3 import about_axis, inverse, make, transform_points

# The field of view of the paper's renders (f = 1.39 image sides), at 448 px.
STANDARD_CAMERA = PinholeCamera(1.39 * 448, 1.39 * 448, 223.5, 223.5, 448, 448)
NEUTRAL: Color = (0.93, 0.93, 0.93)
_EXPOSURE = 0.75
# The camera keeps this far off what it looks at, in radii.
_NEAREST = 0.05


@dataclass(frozen=True)
class ObjectView:
    """What ``camera`` sees of ``thing`` at ``camera_from_object``; truth is that of the ray through each pixel's centre.

    Outside ``mask`` indices are -1, ``depth`` (along the optical axis, metres) and ``points`` (on the surface, in the object's
    frame) NaN. ``part_index`` indexes ``thing.part_names``, ``face_index`` its faces.
    """

    thing: FunctionalObject
    camera: PinholeCamera
    camera_from_object: Float64[np.ndarray, "4 4"]
    color: UInt8[np.ndarray, "h w 3"]
    depth: Float32[np.ndarray, "h w"]
    mask: Bool[np.ndarray, "h w"]
    part_index: Int64[np.ndarray, "h w"]
    face_index: Int64[np.ndarray, "h w"]
    points: Float64[np.ndarray, "h w 3"]

    def part_mask(self, function: str) -> Bool[np.ndarray, "h w"]:
        """Returns where the parts that serve ``function`` are seen; raises UnknownFunction where the object has none such."""
        return np.append(self.thing.serves(function), False)[self.face_index]  # face -1 is the last, False


class ObjectStage:
    """One object ready to be looked at from anywhere: what does not depend on the view is done once."""

    def __init__(self, thing: FunctionalObject, materials: Mapping[str, Material]) -> None:
        self.thing = thing
        self._scene = RayScene([PlacedObject(thing, np.eye(4), materials)])
        self._middle, self._radius = bounding_sphere(thing)

    def view(
        self, camera: PinholeCamera, camera_from_object: Float64[np.ndarray, "4 4"], *, lighting: Lighting | None = None,
        background: Color | UInt8[np.ndarray, "h w 3"] = NEUTRAL, supersampling: int = 1, seed: int = 0,
    ) -> ObjectView:
        """Returns the view; see :func:`view_object`."""
        canvas = _canvas(background, camera)
        u0, v0, u1, v1 = _window(self.thing, camera, camera_from_object)
        there = slice(v0, v1), slice(u0, u1)
        window, object_from_camera = camera.cropped(u0, v0, u1 - u0, v1 - v0), inverse(camera_from_object)
        hits = pixel_hits(self._scene, window, object_from_camera)
        if supersampling > 0:
            light = (lighting or studio(self._radius)).moved(object_from_studio(camera_from_object, self._middle))
            gathered = gathered_light(self._scene, window, object_from_camera, light, hits, supersampling, seed)
            canvas[there] = _mixed(canvas[there], *gathered)

        def image(values: np.ndarray, elsewhere: int | float) -> np.ndarray:
            whole = np.full((camera.height, camera.width, *values.shape[1:]), elsewhere, dtype=values.dtype)
            whole[there] = spread(hits, values, elsewhere, (v1 - v0, u1 - u0))
            return whole

        return ObjectView(
            self.thing, camera, camera_from_object, color=canvas, depth=image(hits.distance.astype(np.float32), np.nan),
            mask=image(np.ones(len(hits.ray), dtype=bool), False), part_index=image(self.thing.part_of_face[hits.face], -1),
            face_index=image(hits.face, -1), points=image(hits.points, np.nan),
        )


def view_object(
    thing: FunctionalObject, materials: Mapping[str, Material], camera: PinholeCamera,
    camera_from_object: Float64[np.ndarray, "4 4"], *, lighting: Lighting | None = None,
    background: Color | UInt8[np.ndarray, "h w 3"] = NEUTRAL, supersampling: int = 1, seed: int = 0,
) -> ObjectView:
    """Returns what ``camera`` sees of ``thing``; several views of one object are cheaper from one :class:`ObjectStage`.

    ``lighting`` is given in the studio's frame (see ``lighting.studio``, its default), which stands before the camera. Colour
    is the mean of supersampling² samples per pixel, mixed into ``background`` (an sRGB colour 0..1, or a picture of the camera's
    size) at the outline; 0 leaves the background alone. The same arguments give the same view, bit by bit.
    """
    return ObjectStage(thing, materials).view(camera, camera_from_object, lighting=lighting, background=background,
                                              supersampling=supersampling, seed=seed)


def orbit(
    thing: FunctionalObject, camera: PinholeCamera, azimuth_deg: float, elevation_deg: float, roll_deg: float = 0.0,
    fill: float = 0.75,
) -> Float64[np.ndarray, "4 4"]:
    """Returns ``camera_from_object`` of a camera that looks at the object from where its picture is in the middle of the image
    and as wide or high as ``fill`` of the smaller image side.

    At azimuth 0 and elevation 0 it looks along x (the grip is nearest), z upwards; azimuth turns the camera about z, elevation
    (-90..90, above is positive) is that of the camera, and ``roll_deg`` turns the picture clockwise.
    """
    azimuth, elevation, roll = (math.radians(angle) for angle in (azimuth_deg, elevation_deg, roll_deg))
    ahead = np.array([math.cos(azimuth) * math.cos(elevation), math.sin(azimuth) * math.cos(elevation), -math.sin(elevation)])
    right = np.array([math.sin(azimuth), -math.cos(azimuth), 0.0])
    upright = np.stack([right, np.cross(ahead, right), ahead])  # rows: the camera's axes in the object's frame
    rotation = about_axis(np.array([0.0, 0.0, 1.0]), roll) @ upright
    middle, radius = bounding_sphere(thing)
    turned = (thing.vertices - middle) @ rotation.T
    focal, centre = np.array([camera.fx, camera.fy]), np.array([camera.cx, camera.cy])
    wanted = fill * min(camera.width, camera.height)
    place = np.array([0.0, 0.0, 2.0 * radius * max(camera.fx, camera.fy) / wanted])
    nearest = -float(turned[:, 2].min())
    for _ in range(80):
        seen = (turned[:, :2] + place[:2]) / (turned[:, 2:] + place[2]) * focal + centre
        low, high = seen.min(axis=0), seen.max(axis=0)
        off = 0.5 * (low + high) - 0.5 * np.array([camera.width - 1.0, camera.height - 1.0])
        larger = float((high - low).max()) / wanted
        gap = max(place[2] - nearest, _NEAREST * radius)  # steps by the nearest depth are never too long, however deep the object
        place += (*(-off / focal * gap), nearest + gap * larger - place[2])
        if abs(larger - 1.0) < 1e-4 and np.abs(off).max() < 0.05:
            break
    return make(rotation, place - rotation @ middle)


def bounding_sphere(thing: FunctionalObject) -> tuple[Float64[np.ndarray, " 3"], float]:
    """Returns middle and radius [m] of a ball around the object, at most a few percent wider than the smallest one (Badoiu and
    Clarkson 2003: step towards the farthest point, by less each time).
    """
    middle = 0.5 * (thing.vertices.min(axis=0) + thing.vertices.max(axis=0))
    for step in range(1, 33):
        off = thing.vertices - middle
        middle = middle + off[np.einsum("nk,nk->n", off, off).argmax()] / (step + 1.0)
    return middle, float(np.linalg.norm(thing.vertices - middle, axis=1).max())


def object_from_studio(
    camera_from_object: Float64[np.ndarray, "4 4"], middle: Float64[np.ndarray, " 3"]
) -> Float64[np.ndarray, "4 4"]:
    """Returns ``object_from_studio``, the studio standing before the camera: origin in the object's ``middle``, x away from the
    camera, y to the left and z up in its picture.
    """
    return make(camera_from_object[:3, :3].T @ BODY_FROM_OPTICAL.T, middle)


def over(
    background: Color | UInt8[np.ndarray, "h w 3"], camera: PinholeCamera, light: Float32[np.ndarray, "n 3"],
    cover: Float32[np.ndarray, " n"],
) -> UInt8[np.ndarray, "h w 3"]:
    """Returns the picture of linear ``light`` (a row per pixel, already weighted by the pixel's ``cover`` 0..1) before
    ``background``; raises SizeMismatch where that is a picture of another size than the camera's.
    """
    return _mixed(_canvas(background, camera), light, cover)


def _window(
    thing: FunctionalObject, camera: PinholeCamera, camera_from_object: Float64[np.ndarray, "4 4"]
) -> tuple[int, int, int, int]:
    """Returns first and last (exclusive) column and row of the part of the image that can show the object; one pixel at least."""
    uv, _ = camera.project(transform_points(camera_from_object, thing.vertices))
    if np.isnan(uv).any():  # something reaches behind the camera: its picture has no bounds
        return 0, 0, camera.width, camera.height
    limits = np.array([camera.width, camera.height])
    first = np.clip(np.floor(uv.min(axis=0)) - 1.0, 0, limits - 1).astype(int)
    last = np.clip(np.ceil(uv.max(axis=0)) + 2.0, first + 1, limits).astype(int)
    return int(first[0]), int(first[1]), int(last[0]), int(last[1])


def _canvas(background: Color | UInt8[np.ndarray, "h w 3"], camera: PinholeCamera) -> UInt8[np.ndarray, "h w 3"]:
    shape = camera.height, camera.width, 3
    if not isinstance(background, np.ndarray):
        return np.broadcast_to(np.round(np.array(background) * 255.0).astype(np.uint8), shape).copy()
    if background.shape != shape:
        raise SizeMismatch(f"the background is {background.shape[1]}x{background.shape[0]} px, the camera's image "
                           f"{camera.width}x{camera.height} px; crop or resize it")
    return background.copy()


def _mixed(
    behind: UInt8[np.ndarray, "h w 3"], light: Float32[np.ndarray, "n 3"], cover: Float32[np.ndarray, " n"]
) -> UInt8[np.ndarray, "h w 3"]:
    """Returns the picture of ``light`` in front of ``behind``, mixed where it covers a pixel in part."""
    mixed = tone_mapped(light, _EXPOSURE) + (1.0 - cover[:, None]) * linear(behind.reshape(-1, 3).astype(np.float32) / 255.0)
    return np.where(cover[:, None] > 0.0, displayed(np.minimum(mixed, 1.0)), behind.reshape(-1, 3)).reshape(behind.shape)
