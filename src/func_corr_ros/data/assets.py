# SPDX-License-Identifier: Apache-2.0
"""Meshes from files (glTF, OBJ, PLY, STL, USD) as objects without functions, to be rendered among those that know theirs."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from func_corr_ros.data import usd_file
from func_corr_ros.data.colored_surface import look_of
from func_corr_ros.data.materials import Material
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.errors import BadSettings, DegenerateGeometry
from func_corr_ros.geometry.se3 import transform_points
from func_corr_ros.optional import require

ENDINGS = (".glb", ".gltf", ".obj", ".ply", ".stl", *usd_file.ENDINGS)
# Formats that say which way is up; the others are taken to mean z.
_Y_UP = (".glb", ".gltf")
_Z_FROM_Y = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
# Metres in a unit of length.
UNITS = {"m": 1.0, "dm": 0.1, "cm": 0.01, "mm": 0.001, "inch": 0.0254}


@dataclass(frozen=True)
class Asset:
    """What a file holds: the surface as one part "body", its look (the file's pictures and colours, else grey), and what is amiss
    with it as a solid (``warnings``: it can be rendered, but has no volume to speak of).

    ``pieces`` are the names of the file's own meshes (nodes of glTF, paths of USD prims), ``piece`` is the mesh of each face;
    ``from_file`` takes the file's coordinates (units and axes) to those of ``object``. ``notes`` say what the file names and is
    not there, such as a picture, or what is in it and not read.
    """

    object: FunctionalObject
    material: Material
    warnings: tuple[str, ...]
    pieces: tuple[str, ...]
    piece: Int64[np.ndarray, " f"]
    from_file: Float64[np.ndarray, "4 4"]
    notes: tuple[str, ...] = ()


def read_asset(path: Path, unit: str = "m") -> Asset:
    """Returns what the mesh file at ``path`` holds: all of a scene's meshes, placed as the scene places them, in metres, z up.
    ``unit`` is that of the file's numbers (a USD file says its own); glTF is y up, a USD file says what is, the others are taken
    to be z up.

    Raises BadSettings for a file that is missing, of another kind or not readable, and DegenerateGeometry for one without faces,
    with vertices that are not finite, or with faces that name vertices it lacks; MissingOptional without the reader.
    """
    path = Path(path)
    if unit not in UNITS:
        raise BadSettings(f"no unit {unit!r}; valid: {', '.join(UNITS)}")
    if path.suffix.lower() not in ENDINGS:
        raise BadSettings(f"{path}: a mesh file ends in one of {', '.join(ENDINGS)}")
    if not path.is_file():
        raise BadSettings(f"{path}: there is no such file")
    if path.suffix.lower() in usd_file.ENDINGS:
        usd = usd_file.read_usd(path)
        pieces, metres, y_up, notes = usd.pieces, usd.metres, usd.up == "Y", usd.notes
    else:
        pieces, notes = _pieces(path)
        metres, y_up = UNITS[unit], path.suffix.lower() in _Y_UP
    from_file = np.diag([metres, metres, metres, 1.0]) @ (_Z_FROM_Y if y_up else np.eye(4))
    mesh = require("trimesh").util.concatenate([mesh for _, mesh in pieces])
    vertices, faces = np.array(mesh.vertices, dtype=np.float64), np.array(mesh.faces, dtype=np.int64)
    _check(path, vertices, faces)
    thing = FunctionalObject(
        path.stem, transform_points(from_file, vertices), faces, np.zeros(len(faces), dtype=np.int64), ("body",)
    )
    piece = np.repeat(np.arange(len(pieces)), [len(mesh.faces) for _, mesh in pieces])
    names = tuple(name for name, _ in pieces)
    look = look_of([mesh for _, mesh in pieces], from_file)
    return Asset(thing, look, _warnings(mesh), names, piece, from_file, notes)


def _pieces(path: Path) -> tuple[tuple[tuple[str, Any], ...], tuple[str, ...]]:
    """Returns the names and meshes (trimesh's) of the file, nothing repaired, and which files it names that are not there."""
    trimesh, gone = require("trimesh"), dict[str, None]()

    class Noting(require("trimesh.resolvers").FilePathResolver):  # type: ignore[misc]
        def get(self, name: str) -> Any:
            try:
                return super().get(name)
            except (OSError, ValueError):
                gone[str(name)] = None
                raise

    try:
        with path.open("rb") as file:
            scene = trimesh.load_scene(file, file_type=path.suffix[1:].lower(), resolver=Noting(str(path)), process=False)
        meshes = [mesh for mesh in scene.dump() if isinstance(mesh, trimesh.Trimesh)]
    except Exception as error:  # its readers raise whatever they stumble over
        raise BadSettings(f"{path}: not a readable {path.suffix[1:]} file ({type(error).__name__}: {error})") from error
    if not meshes:
        raise DegenerateGeometry(f"{path}: faces: there are none; a mesh is needed, not points or lines")
    notes = tuple(f"{name}, which it names, is not there: it has no colours of that" for name in gone)
    return tuple((str(mesh.metadata.get("node", "")), mesh) for mesh in meshes), notes


def _check(path: Path, vertices: np.ndarray, faces: np.ndarray) -> None:
    if not len(faces):
        raise DegenerateGeometry(f"{path}: faces: there are none; a mesh is needed, not points or lines")
    bad = np.flatnonzero(~np.isfinite(vertices).all(axis=1))
    if len(bad):
        raise DegenerateGeometry(f"{path}: vertices: {len(bad)} of {len(vertices)} are not finite, the first is number {bad[0]}")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise DegenerateGeometry(f"{path}: faces: one names vertex {faces.max()}, there are {len(vertices)}")
    if not np.ptp(vertices, axis=0).max() > 0.0:
        raise DegenerateGeometry(f"{path}: vertices: all are at one point")


def _warnings(mesh: Any) -> tuple[str, ...]:
    solid = mesh.copy()
    solid.merge_vertices(merge_tex=True, merge_norm=True)  # files split vertices along seams of texture
    found = []
    if not solid.is_watertight:
        found.append("not watertight: it has holes or faces that meet in threes")
    if not solid.is_winding_consistent:
        found.append("some faces are turned inside out against their neighbours")
    return tuple(found)
