# SPDX-License-Identifier: Apache-2.0
"""Anyone's meshes that a person labelled: parts by where their faces lie, and the frame of each function, in one YAML file."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from jaxtyping import Bool, Float64, Int64
from scipy.spatial import cKDTree

from func_corr_ros.data.assets import UNITS, read_asset
from func_corr_ros.data.colored_surface import GREY
from func_corr_ros.data.materials import Color, Material
from func_corr_ros.data.objects import FUNCTIONS, FunctionalObject
from func_corr_ros.data.objects.functional_object import ANY_ANGLE, Symmetry
from func_corr_ros.errors import BadSettings, FuncCorrError
from func_corr_ros.geometry.frames import frame_from_axes
from func_corr_ros.geometry.se3 import make, transform_points

_BODY = "body"
_LIMITS = ("x", "y", "z", "normal_x", "normal_y", "normal_z")
_NAMED = {sign + name: scale * axis for sign, scale in (("", 1.0), ("+", 1.0), ("-", -1.0))
          for name, axis in zip("xyz", np.eye(3), strict=True)}
# A line is walked in steps of this many metres.
_LINE_STEP = 2e-4


@dataclass(frozen=True)
class Region:
    """Where a face's middle (x, y, z in metres) and outward normal lie: between ``least`` and ``most``, and, where there is a
    ``line`` (its corners), no further from it than ``within`` metres.
    """

    least: Float64[np.ndarray, " 6"]
    most: Float64[np.ndarray, " 6"]
    line: Float64[np.ndarray, "n 3"] | None = None
    within: float = np.inf

    def holds(self, places: Float64[np.ndarray, "f 6"]) -> Bool[np.ndarray, " f"]:
        """Returns which faces, of which ``places`` has middle and normal, lie in it."""
        inside = np.all((places >= self.least) & (places <= self.most), axis=1)
        if self.line is not None:
            ends = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(self.line, axis=0), axis=1))])
            along = np.linspace(0.0, ends[-1], int(ends[-1] / _LINE_STEP) + 2)
            walked = np.stack([np.interp(along, ends, values) for values in self.line.T], axis=-1)
            inside &= cKDTree(walked).query(places[:, :3])[0] <= self.within
        return inside


@dataclass(frozen=True)
class ServedFunction:
    """The parts that serve a function, the frame in which it is performed (``functions.FUNCTIONS``), and its symmetry if any."""

    parts: tuple[str, ...]
    object_from_function: Float64[np.ndarray, "4 4"]
    symmetry: Symmetry | None = None


@dataclass(frozen=True)
class LabelledMesh:
    """What a person says of one mesh. Its frame is ours: held at -x, working end at +x, z up. The rows of ``turned_from_file``
    are the file's directions that become our x, y and z; in the turned frame ``middle`` (x, y in metres) is shifted to the
    origin, and the lowest point to z = 0. A face is of the first of ``parts`` that has a region around it, else of "body".
    """

    name: str
    file: Path
    source: str
    category: str
    unit: str
    turned_from_file: Float64[np.ndarray, "3 3"]
    middle: tuple[float, float]
    color: Color | None
    parts: Mapping[str, tuple[Region, ...]]
    functions: Mapping[str, ServedFunction]

    def built(self) -> tuple[FunctionalObject, dict[str, Material]]:
        """Returns the object and its look: the file's own, or ``color`` where the file has none.

        Raises BadSettings naming object and field where the file is not there or a part has no faces, and what read_asset raises.
        """
        if not self.file.is_file():
            where = f"; it is from {self.source}" if self.source else ""
            raise BadSettings(f"{self.name}: file {self.file} is not there{where}; --root is the folder that paths begin in")
        asset = read_asset(self.file, self.unit)
        lowest = float((asset.object.vertices @ self.turned_from_file[2]).min())
        ours_from_file = make(self.turned_from_file, -np.array([*self.middle, lowest]))
        uncoloured = type(asset.material) is Material and np.allclose(asset.material.color, GREY, atol=0.01)
        look = Material(self.color) if self.color and uncoloured else asset.material.moved(ours_from_file)
        vertices, faces = transform_points(ours_from_file, asset.object.vertices), asset.object.faces
        return FunctionalObject(
            self.category, vertices, faces, self._part_of_face(vertices, faces), (_BODY, *self.parts),
            function_parts={name: one.parts for name, one in self.functions.items()},
            functional_frames={name: one.object_from_function for name, one in self.functions.items()},
            symmetries={name: one.symmetry for name, one in self.functions.items() if one.symmetry},
        ), {"": look}

    def _part_of_face(self, vertices: Float64[np.ndarray, "v 3"], faces: Int64[np.ndarray, "f 3"]) -> Int64[np.ndarray, " f"]:
        a, b, c = vertices[faces].transpose(1, 0, 2)
        across = np.cross(b - a, c - a)
        normals = across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-30)
        places = np.hstack([(a + b + c) / 3.0, normals])
        part = np.zeros(len(faces), dtype=np.int64)
        for number, regions in reversed(list(enumerate(self.parts.values(), 1))):
            part[np.any([region.holds(places) for region in regions], axis=0)] = number
        empty = [name for number, name in enumerate(self.parts, 1) if not (part == number).any()]
        if empty:
            low, high = (value.round(4).tolist() for value in (vertices.min(axis=0), vertices.max(axis=0)))
            raise BadSettings(f"{self.name}: parts: {', '.join(empty)}: no face of the mesh, which goes from {low} to {high} m, "
                              "has its middle there (a face is of the first part that it lies in)")
        return part


def read_labelled_meshes(path: Path, root: Path | None = None) -> dict[str, LabelledMesh]:
    """Returns the meshes labelled in YAML file ``path`` by their names; their files lie below ``root`` (else beside ``path``).
    docs/evaluation.md has the format. No mesh is read.

    Raises BadSettings, by object and field, for what does not fit.
    """
    path = Path(path)
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise BadSettings(f"{path}: not a readable YAML file ({type(error).__name__}: {error})") from error
    objects = _keys(content, str(path))
    if wrong := [str(name) for name in objects if not re.fullmatch(r"[\w .+-]+", str(name))]:
        raise BadSettings(f"{path}: {', '.join(wrong)}: views are files called after it; valid: letters, digits, spaces, . _ + -")
    return {str(name): _mesh(str(name), said, f"{path}: {name}", root or path.parent) for name, said in objects.items()}


def _mesh(name: str, content: Any, at: str, root: Path) -> LabelledMesh:
    said = _keys(content, at, {"file", "category", "parts", "functions"}, {"from", "unit", "axes", "middle", "color"})
    unit = said.get("unit", "m")
    if unit not in UNITS:
        raise BadSettings(f"{at}: unit is {unit!r}; valid: {', '.join(UNITS)}")
    x, y = _numbers(said.get("middle", [0, 0]), 2, f"{at}: middle")
    color: Color | None = None
    if "color" in said:
        red, green, blue = _numbers(said["color"], 3, f"{at}: color")
        color = red, green, blue
    parts = {str(part): _regions(one, f"{at}: parts: {part}") for part, one in _keys(said["parts"], f"{at}: parts").items()}
    functions = {str(function): _function(one, f"{at}: functions: {function}", parts)
                 for function, one in _keys(said["functions"], f"{at}: functions", optional=set(FUNCTIONS)).items()}
    turned = _turned(said.get("axes", ["x", "y", "z"]), f"{at}: axes")
    source, category = str(said.get("from", "")), str(said["category"])
    return LabelledMesh(name, root / str(said["file"]), source, category, unit, turned, (x, y), color, parts, functions)


def _turned(axes: Any, at: str) -> Float64[np.ndarray, "3 3"]:
    if not isinstance(axes, list) or len(axes) != 3:
        raise BadSettings(f"{at} is {axes!r}; three are needed: the file's directions that become our x, y and z")
    rows = np.array([_NAMED[one] if isinstance(one, str) and one in _NAMED else _numbers(one, 3, at) for one in axes])
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-30)
    if not np.allclose(rows @ rows.T, np.eye(3), atol=1e-3) or np.linalg.det(rows) < 0.0:
        raise BadSettings(f"{at} is {axes!r}; names (x, -y, ...) or vectors are needed, square to each other and right-handed")
    return frame_from_axes(np.zeros(3), rows[2], rows[0])[:3, :3].T


def _regions(content: Any, at: str) -> tuple[Region, ...]:
    if not isinstance(content, list) or not content:
        raise BadSettings(f"{at} is {content!r}; a list of regions is needed")
    return tuple(_region(_keys(one, at, optional={*_LIMITS, "near"}), at) for one in content)


def _region(said: Mapping[str, Any], at: str) -> Region:
    limits = np.tile([-np.inf, np.inf], (len(_LIMITS), 1))
    for number, key in enumerate(_LIMITS):
        value = said.get(key, [None, None])
        if not isinstance(value, list) or len(value) != 2:
            raise BadSettings(f"{at}: {key} is {value!r}; [least, most] is needed, null where there is none")
        for side, limit in enumerate(value):
            if limit is not None:
                limits[number, side] = _numbers([limit], 1, f"{at}: {key}")[0]
    if "near" not in said:
        return Region(limits[:, 0], limits[:, 1])
    near = _keys(said["near"], f"{at}: near", {"line", "within"})
    if not isinstance(near["line"], list) or len(near["line"]) < 2:
        raise BadSettings(f"{at}: near: line is {near['line']!r}; two corners or more are needed")
    line = np.array([_numbers(corner, 3, f"{at}: near: line") for corner in near["line"]])
    return Region(limits[:, 0], limits[:, 1], line, _numbers([near["within"]], 1, f"{at}: near: within")[0])


def _function(content: Any, at: str, parts: Mapping[str, Any]) -> ServedFunction:
    said = _keys(content, at, {"parts", "origin", "x", "z"}, {"symmetry"})
    names = said["parts"]
    if not isinstance(names, list) or not names or not {str(name) for name in names} <= set(parts):
        raise BadSettings(f"{at}: parts is {names!r}; a list is needed, of some of {', '.join(parts)}")
    origin, x, z = (np.array(_numbers(said[key], 3, f"{at}: {key}")) for key in ("origin", "x", "z"))
    try:
        frame = frame_from_axes(origin, z, x)
    except FuncCorrError as error:
        raise BadSettings(f"{at}: x and z: {error}") from error
    symmetry = _symmetry(said["symmetry"], frame, f"{at}: symmetry") if "symmetry" in said else None
    return ServedFunction(tuple(str(name) for name in names), frame, symmetry)


def _symmetry(content: Any, frame: Float64[np.ndarray, "4 4"], at: str) -> Symmetry:
    """Returns the symmetry; its axis is the x axis of the function's frame where nothing else is said."""
    said = _keys(content, at, {"order"}, {"point", "direction"})
    order = said["order"]
    if order != "any" and (not isinstance(order, int) or order < 2):
        raise BadSettings(f"{at}: order is {order!r}; a whole number of turns from 2 on is needed, or any")
    point, direction = (np.array(_numbers(said.get(key, default.tolist()), 3, f"{at}: {key}"))
                        for key, default in (("point", frame[:3, 3]), ("direction", frame[:3, 0])))
    return Symmetry(ANY_ANGLE if order == "any" else order, point, direction / np.maximum(np.linalg.norm(direction), 1e-30))


def _keys(content: Any, at: str, needed: Set[str] = frozenset(), optional: Set[str] = frozenset()) -> dict[str, Any]:
    """Returns a mapping of the file that has all ``needed`` keys, and others only of ``optional`` ones; without either, any."""
    if not isinstance(content, dict) or not content:
        raise BadSettings(f"{at} is {content!r}; a mapping is needed")
    if missing := needed - set(content):
        raise BadSettings(f"{at}: {', '.join(sorted(missing))} is missing")
    valid = needed | optional
    if valid and (unknown := {str(key) for key in content} - valid):
        raise BadSettings(f"{at}: {', '.join(sorted(unknown))} is unknown; valid: {', '.join(sorted(valid))}")
    return dict(content)


def _numbers(value: Any, count: int, at: str) -> list[float]:
    if not isinstance(value, Sequence) or len(value) != count or not all(
            isinstance(one, int | float) and np.isfinite(one) for one in value):
        raise BadSettings(f"{at} is {value!r}; {count} finite numbers are needed")
    return [float(one) for one in value]
