# SPDX-License-Identifier: Apache-2.0
"""The surface of one asset made ready to be labelled: cleaned, of one size, with an even cloud of points that labels are for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64, UInt8, UInt16

from func_corr_ros.data.colored_surface import ColoredSurface
from func_corr_ros.data.materials import Material
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.surface_samples import even_points
from func_corr_ros.errors import BadAsset
from func_corr_ros.provenance import whole_file
from func_corr_ros.settings import setting

# Half the size of every asset (the paper's): the largest absolute coordinate.
HALF_SIZE = 0.5
# Faces of less area than this, of an asset of unit size, are seen by nobody and have no normal.
_LEAST_AREA = 1e-14
# Places of colours are written in whole steps of this part of an asset's size.
_STEPS = 65535


@dataclass(frozen=True)
class ShapeSettings:
    """How a mesh is cleaned and sampled."""

    points: int = setting(8192, "points of the cloud, even over the area (the paper: 100000)", at_least=64)
    most_faces: int = setting(400_000, "meshes of more faces, such as scans, are thinned until they have fewer", at_least=100)


@dataclass(frozen=True)
class Shape:
    """An asset in the frame of its labels: centred, the largest absolute coordinate HALF_SIZE; ``metres`` is the length of one
    unit, ``middle`` (metres) where its centre was. ``thing`` has the parts of the truth, or one part "body" where ``exact`` is
    False: nobody knows them. The cloud lies on the surface, ``normals`` outward where ``solid``, ``face`` is the face of each
    point. ``notes`` are the asset's: what it names and is not there.
    """

    name: str
    thing: FunctionalObject
    materials: Mapping[str, Material]
    exact: bool
    solid: bool
    metres: float
    middle: Float64[np.ndarray, " 3"]
    points: Float64[np.ndarray, "n 3"]
    normals: Float64[np.ndarray, "n 3"]
    face: Int64[np.ndarray, " n"]
    notes: tuple[str, ...] = ()

    def truth(self, part: str) -> Bool[np.ndarray, " n"] | None:
        """Returns which points of the cloud are of ``part``; None where nobody knows, or the object has no such part."""
        if not self.exact or part not in self.thing.part_names:
            return None
        return self.thing.part_of_face[self.face] == self.thing.part_names.index(part)


def prepared(
    name: str,
    thing: FunctionalObject,
    materials: Mapping[str, Material],
    *,
    exact: bool,
    solid: bool,
    settings: ShapeSettings = ShapeSettings(),
) -> Shape:
    """Returns ``thing`` (metres) cleaned, normalised and sampled. Faces without area are dropped, and a mesh of too many faces is
    thinned by merging vertices that share a cell of a grid. Raises BadAsset where no face is left.
    """
    middle = 0.5 * (thing.vertices.min(axis=0) + thing.vertices.max(axis=0))
    reach = float(np.abs(thing.vertices - middle).max())
    if not (np.isfinite(reach) and reach > 0.0):
        raise BadAsset(f"{name}: its vertices reach {reach} from their middle; a surface of finite size is needed")
    scale = HALF_SIZE / reach
    vertices, faces, parts = _cleaned(name, (thing.vertices - middle) * scale, thing.faces, thing.part_of_face, settings)
    clean = FunctionalObject(thing.category, vertices, faces, parts, thing.part_names, thing.function_parts)
    unit_from_metres = np.diag([scale, scale, scale, 1.0])
    unit_from_metres[:3, 3] = -scale * middle
    look = {part: one.moved(unit_from_metres) for part, one in materials.items()}
    points, normals, face = even_points(vertices, faces, settings.points)
    return Shape(name, clean, look, exact, solid, 1.0 / scale, middle, points, normals, face)


def write_shape(path: Path, shape: Shape) -> None:
    """Writes ``shape`` to ``path`` (.npz), whole or not at all."""
    words = {
        "name": shape.name,
        "category": shape.thing.category,
        "part_names": shape.thing.part_names,
        "function_parts": shape.thing.function_parts,
        "exact": shape.exact,
        "solid": shape.solid,
        "metres": shape.metres,
        "notes": shape.notes,
        "materials": {part: {one.name: getattr(look, one.name) for one in fields(Material)}
                      for part, look in shape.materials.items()},
    }
    colors: dict[str, Any] = {}
    for part, look in shape.materials.items():
        if isinstance(look, ColoredSurface):
            colors[f"colors of {part}"] = look.colors
            colors[f"places of {part}"] = np.round((look.points + HALF_SIZE) * _STEPS).astype(np.uint16)
    with whole_file(path) as file:
        np.savez_compressed(
            file,
            words=np.array(json.dumps(words)),
            vertices=shape.thing.vertices,
            faces=shape.thing.faces,
            part_of_face=shape.thing.part_of_face,
            middle=shape.middle,
            points=shape.points,
            normals=shape.normals,
            face=shape.face,
            **colors,
        )


def read_shape(path: Path) -> Shape:
    """Returns what :func:`write_shape` wrote."""
    with np.load(path) as file:
        arrays = dict(file)
    words = json.loads(str(arrays["words"]))
    functions = {function: tuple(parts) for function, parts in words["function_parts"].items()}
    thing = FunctionalObject(
        words["category"], arrays["vertices"], arrays["faces"], arrays["part_of_face"], tuple(words["part_names"]), functions
    )
    return Shape(
        words["name"],
        thing,
        {part: _material(one, arrays.get(f"places of {part}"), arrays.get(f"colors of {part}"))
         for part, one in words["materials"].items()},
        words["exact"],
        words["solid"],
        words["metres"],
        arrays["middle"],
        arrays["points"],
        arrays["normals"],
        arrays["face"],
        tuple(words.get("notes", ())),
    )


def notes_of(path: Path) -> tuple[str, ...]:
    """Returns the notes of the shape in the file at ``path``."""
    with np.load(path) as file:
        return tuple(json.loads(str(file["words"])).get("notes", ()))


def _material(
    values: dict[str, Any], places: UInt16[np.ndarray, "n 3"] | None, colors: UInt8[np.ndarray, "n 3"] | None
) -> Material:
    red, green, blue = values["color"]
    values = {**values, "color": (red, green, blue), "accent": tuple(values["accent"])}
    if places is None or colors is None:
        return Material(**values)
    return ColoredSurface(**values, points=(places / np.float32(_STEPS) - np.float32(HALF_SIZE)), colors=colors)


def _cleaned(
    name: str,
    vertices: Float64[np.ndarray, "v 3"],
    faces: Int64[np.ndarray, "f 3"],
    parts: Int64[np.ndarray, " f"],
    settings: ShapeSettings,
) -> tuple[Float64[np.ndarray, "w 3"], Int64[np.ndarray, "g 3"], Int64[np.ndarray, " g"]]:
    cells = 1024
    while len(faces) > settings.most_faces:
        vertices, faces, parts = _thinned(vertices, faces, parts, cells)
        cells //= 2
    a, b, c = vertices[faces].transpose(1, 0, 2)
    kept = np.linalg.norm(np.cross(b - a, c - a), axis=1) > _LEAST_AREA
    if not kept.any():
        raise BadAsset(f"{name}: none of its {len(faces)} faces has an area; a surface is needed")
    used, faces = np.unique(faces[kept], return_inverse=True)
    return vertices[used], faces.reshape(-1, 3), parts[kept]


def _thinned(
    vertices: Float64[np.ndarray, "v 3"], faces: Int64[np.ndarray, "f 3"], parts: Int64[np.ndarray, " f"], cells: int
) -> tuple[Float64[np.ndarray, "w 3"], Int64[np.ndarray, "g 3"], Int64[np.ndarray, " g"]]:
    """Returns the mesh with all vertices of a cell at their mean, and without the faces and copies of faces that this leaves flat
    (vertex clustering, Rossignac and Borrel 1993).
    """
    at = np.floor((vertices + HALF_SIZE) * cells).astype(np.int64)
    _, cell = np.unique((at[:, 0] * (cells + 1) + at[:, 1]) * (cells + 1) + at[:, 2], return_inverse=True)
    count = np.bincount(cell)
    merged = np.stack([np.bincount(cell, vertices[:, axis]) for axis in range(3)], axis=1) / count[:, None]
    faces = cell[faces]
    there = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    faces, parts = faces[there], parts[there]
    turned = np.take_along_axis(faces, (faces.argmin(axis=1)[:, None] + np.arange(3)) % 3, axis=1)  # least vertex first
    _, first = np.unique(turned, axis=0, return_index=True)
    first = np.sort(first)
    return merged, faces[first], parts[first]
