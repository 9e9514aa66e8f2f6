# SPDX-License-Identifier: Apache-2.0
"""Photo-real pictures of one object, path traced by Mitsuba 3: camera, lamps and materials are the quick renderer's."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64, UInt8

from func_corr_ros.data.lighting import Lighting, studio
from func_corr_ros.data.materials import Color, Material
from func_corr_ros.data.object_view import NEUTRAL, bounding_sphere, object_from_studio, over
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.ray_scene import PlacedObject, RayScene
from func_corr_ros.errors import BadSettings
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.se3 import inverse
from func_corr_ros.optional import require

# The CPU one that needs nothing but itself.
_VARIANT = "scalar_rgb"
# Patterns are baked at the corners of triangles no longer than this share of the object: about 1.5 px where it fills a picture of
# so many pixels. Smaller pictures show no more than triangles longer in proportion do; larger ones would take gigabytes.
_FINEST, _FINEST_PX = 1.0 / 220.0, 448
# Mitsuba's camera looks along z with x to the left and y up.
_OPTICAL_FROM_MITSUBA = np.diag([-1.0, -1.0, 1.0, 1.0])


def photo_view(
    thing: FunctionalObject, materials: Mapping[str, Material], camera: PinholeCamera,
    camera_from_object: Float64[np.ndarray, "4 4"], *, lighting: Lighting | None = None,
    background: Color | UInt8[np.ndarray, "h w 3"] = NEUTRAL, samples: int = 64, seed: int = 0,
) -> UInt8[np.ndarray, "h w 3"]:
    """Returns the picture that ``camera`` takes of ``thing``, by ``samples`` paths a pixel; its truth is that of ``view_object``
    with the same arguments.

    Unlike there, light goes from surface to surface: cavities are lit by their own walls, glossy parts mirror the others. Raises
    MissingOptional with the install command where Mitsuba is not installed, BadSettings for a camera without square pixels.
    """
    if abs(camera.fx / camera.fy - 1.0) > 1e-3:
        raise BadSettings(f"the camera has fx {camera.fx:g} and fy {camera.fy:g} px; Mitsuba needs square pixels (fx = fy)")
    mitsuba = require("mitsuba")
    mitsuba.set_variant(_VARIANT)
    middle, radius = bounding_sphere(thing)
    light = (lighting or studio(radius)).moved(object_from_studio(camera_from_object, middle))
    scene = mitsuba.load_dict({
        "type": "scene", "integrator": {"type": "path", "max_depth": 6, "hide_emitters": True},
        "sensor": _sensor(mitsuba, camera, camera_from_object, samples),
        **dict(_surfaces(mitsuba, thing, materials, _FINEST * max(1.0, _FINEST_PX / max(camera.width, camera.height)))),
        **dict(_lights(mitsuba, light)),
    })
    radiance = np.array(mitsuba.render(scene, spp=samples, seed=seed), dtype=np.float32).reshape(-1, 4)
    return over(background, camera, radiance[:, :3], radiance[:, 3])


def _sensor(mitsuba: Any, camera: PinholeCamera, camera_from_object: Float64[np.ndarray, "4 4"], samples: int) -> dict[str, Any]:
    pose = inverse(camera_from_object) @ _OPTICAL_FROM_MITSUBA
    return {
        "type": "perspective", "to_world": mitsuba.ScalarTransform4f(pose.tolist()), "fov_axis": "x",
        "fov": float(np.degrees(2.0 * np.arctan(0.5 * camera.width / camera.fx))), "near_clip": 1e-3, "far_clip": 100.0,
        # Pixel centres are whole numbers here; Mitsuba measures from the corner of the first pixel.
        "principal_point_offset_x": 0.5 - (camera.cx + 0.5) / camera.width,
        "principal_point_offset_y": 0.5 - (camera.cy + 0.5) / camera.height,
        "film": {"type": "hdrfilm", "width": camera.width, "height": camera.height, "pixel_format": "rgba",
                 "rfilter": {"type": "box"}},
        "sampler": {"type": "independent", "sample_count": samples},
    }


def _surfaces(
    mitsuba: Any, thing: FunctionalObject, materials: Mapping[str, Material], finest: float
) -> Iterator[tuple[str, Any]]:
    """Yields a mesh for each part, its pattern baked at its corners into colours, no edge longer than ``finest`` of all."""
    scene = RayScene([PlacedObject(thing, np.eye(4), materials)])
    size = float(np.ptp(thing.vertices, axis=0).max())
    for index, part in enumerate(thing.part_names):
        faces = np.flatnonzero(thing.part_of_face == index)
        if not len(faces):
            continue
        triangles, faces = _split(scene.triangles[faces], faces, finest * size)
        corners, owner = triangles.reshape(-1, 3), np.repeat(faces, 3)
        look = scene.albedo(corners, owner)
        properties = mitsuba.Properties()
        properties["mesh_bsdf"] = mitsuba.load_dict(_bsdf(float(look[0, 3]), float(look[0, 4])))
        mesh = mitsuba.Mesh(part, len(corners), len(triangles), has_vertex_normals=True, props=properties)
        mesh.add_attribute("vertex_color", 3, look[:, :3].ravel())
        values = mitsuba.traverse(mesh)
        values["vertex_positions"] = corners.astype(np.float32).ravel()
        values["vertex_normals"] = scene.smooth_normals(corners, owner).ravel()
        values["faces"] = np.arange(len(corners), dtype=np.uint32)
        values.update()
        yield f"part_{index}", mesh


def _bsdf(specular: float, roughness: float) -> dict[str, Any]:
    """Returns a principled surface (Burley 2012): up to 8 % of reflectance is a coat of varnish, more is metal."""
    return {"type": "twosided", "surface": {
        "type": "principled", "base_color": {"type": "mesh_attribute", "name": "vertex_color"}, "roughness": max(roughness, 0.05),
        "specular": min(specular / 0.08, 1.0), "metallic": float(np.clip((specular - 0.08) / 0.8, 0.0, 1.0)),
    }}


def _lights(mitsuba: Any, lighting: Lighting) -> Iterator[tuple[str, dict[str, Any]]]:
    for index, lamp in enumerate(lighting.lamps):
        radiance = (np.array(lamp.power) / lamp.radius**2).tolist()  # a ball's irradiance at distance d is its radiance (r / d)²
        yield f"lamp_{index}", {"type": "sphere", "center": list(lamp.position), "radius": lamp.radius,
                                "emitter": {"type": "area", "radiance": {"type": "rgb", "value": radiance}}}
    up = np.array(lighting.up)
    aside = np.cross(up, np.eye(3)[np.abs(up).argmin()])
    aside /= np.linalg.norm(aside)
    world_from_sky = np.eye(4)
    world_from_sky[:3, :3] = np.stack([aside, up, np.cross(aside, up)], axis=1)  # its y is up
    share = np.linspace(1.0, 0.0, 16)[:, None, None]
    sky = share * np.array(lighting.sky) + (1.0 - share) * np.array(lighting.ground)
    yield "sky", {"type": "envmap", "to_world": mitsuba.ScalarTransform4f(world_from_sky.tolist()),
                  "bitmap": mitsuba.Bitmap(np.repeat(sky, 32, axis=1).astype(np.float32))}


def _split(
    triangles: Float64[np.ndarray, "f 3 3"], faces: Int64[np.ndarray, " f"], longest: float
) -> tuple[Float64[np.ndarray, "g 3 3"], Int64[np.ndarray, " g"]]:
    """Returns the same surface in triangles without edges over ``longest``, and the original face of each: each that is too large
    becomes four, again and again. Cracks cannot be seen, for nothing moves.
    """
    done: list[tuple[np.ndarray, np.ndarray]] = []
    while len(triangles):
        edges = np.linalg.norm(triangles - np.roll(triangles, 1, axis=1), axis=2).max(axis=1)
        large = edges > longest
        done.append((triangles[~large], faces[~large]))
        a, b, c = triangles[large].transpose(1, 0, 2)
        ab, bc, ca = 0.5 * (a + b), 0.5 * (b + c), 0.5 * (c + a)
        triangles = np.stack([np.stack(one, axis=1) for one in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))], axis=1)
        triangles, faces = triangles.reshape(-1, 3, 3), np.repeat(faces[large], 4)
    return np.concatenate([one for one, _ in done]), np.concatenate([one for _, one in done])
