# SPDX-License-Identifier: Apache-2.0
"""Six mesh files as a stranger might have made them, of objects that the library does not have: loose pieces that pass
through each other, other units, other axes, no parts. What each piece is lies beside them, for those who want to score labels.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from func_corr_ros.data.pseudo_label.sources import OBJECTS_FILE, TRUTH_ENDING
from func_corr_ros.optional import require
from func_corr_ros.provenance import whole_file

_POINTS = 6000
Pieces = list[tuple[str, Any]]


def write_sample_files(folder: Path) -> list[Path]:
    """Writes the files, ``objects.yaml`` and the parts into ``folder`` and returns the mesh files. The same bytes every time."""
    written, told = [], {}
    for name, ending, pieces in _drawn(require("trimesh")):
        path = folder / f"{name.replace(' ', '_')}_{ending}.{ending}"
        with whole_file(path) as file:
            file.write(_exported(pieces, ending))
        _write_truth(path, pieces)
        told[path.name] = {"object": name, "licence": "cc0", "maker": "func_corr_ros"}
        written.append(path)
    with whole_file(folder / OBJECTS_FILE) as file:
        file.write(yaml.safe_dump(told, sort_keys=True).encode())
    return written


def _drawn(tm: Any) -> list[tuple[str, str, Pieces]]:
    """Returns object, file ending, and its pieces, each with the name of its part ("" for one that serves nothing)."""
    shape, move = tm.creation, tm.transformations.translation_matrix
    turn = tm.transformations.rotation_matrix

    def rod(radius: float, length: float, at: Sequence[int | float], axis: int = 2) -> Any:
        mesh = shape.cylinder(radius, length, sections=48)
        if axis != 2:
            mesh.apply_transform(turn(np.pi / 2, [0, 1, 0] if axis == 0 else [1, 0, 0]))
        return mesh.apply_transform(move(at))

    def ball(radius: float, at: Sequence[int | float]) -> Any:
        return shape.icosphere(subdivisions=4, radius=radius).apply_transform(move(at))

    def box(size: Sequence[int | float], at: Sequence[int | float]) -> Any:
        return shape.box(size).subdivide().subdivide().subdivide().apply_transform(move(at))

    point = shape.cone(2.2, 14.0, sections=48).apply_transform(move((0.0, 0.0, 96.0)))
    bend = box((26.0, 2.4, 7.0), (13.0, 0.0, 3.5))
    return [
        (
            "dumbbell",
            "glb",
            [("end", ball(0.06, (-0.11, 0, 0))), ("end", ball(0.06, (0.11, 0, 0))), ("", rod(0.016, 0.2, (0, 0, 0), 0))],
        ),
        ("gavel", "obj", [("head", rod(2.6, 9.0, (0, 0, 24.0), 0)), ("", rod(0.9, 25.0, (0, 0, 12.0)))]),  # centimetres
        (
            "candle holder",
            "ply",
            [
                ("base", rod(0.05, 0.012, (0, 0, 0.006))),
                ("body", rod(0.01, 0.16, (0, 0, 0.09))),
                ("plate", rod(0.036, 0.008, (0, 0, 0.17))),
            ],
        ),
        ("spear", "stl", [("tip", point), ("", rod(1.1, 96.0, (0, 0, 48.0)))]),
        (
            "flashlight",
            "glb",
            [
                ("end", rod(0.032, 0.05, (0, 0.13, 0), 1)),
                ("body", rod(0.02, 0.22, (0, 0, 0), 1)),
                ("", box((0.012, 0.02, 0.008), (0, 0.03, 0.021))),
            ],
        ),
        ("hockey stick", "obj", [("blade", bend), ("shaft", rod(1.4, 110.0, (0.0, 0.0, 57.0)))]),
    ]


def _exported(pieces: Pieces, ending: str) -> bytes:
    trimesh = require("trimesh")
    if ending == "glb":
        scene = trimesh.Scene()
        for index, (_, mesh) in enumerate(pieces):
            scene.add_geometry(mesh, node_name=f"object_{index}", geom_name=f"mesh_{index}")
        return bytes(scene.export(file_type="glb"))
    whole = trimesh.util.concatenate([mesh for _, mesh in pieces])
    content = whole.export(file_type=ending, **({"include_color": False, "header": ""} if ending == "obj" else {}))
    return content.encode() if isinstance(content, str) else bytes(content)


def _write_truth(path: Path, pieces: Pieces) -> None:
    names = tuple(dict.fromkeys(name or "rest" for name, _ in pieces))
    corners = [mesh.triangles[mesh.area_faces.argsort()[::-1]] for _, mesh in pieces]
    points = [each.mean(axis=1)[:_POINTS] for each in corners]
    part = np.concatenate(
        [np.full(len(each), names.index(name or "rest")) for each, (name, _) in zip(points, pieces, strict=True)]
    )
    held = io.BytesIO()
    np.savez_compressed(held, points=np.concatenate(points), part=part, names=np.array(names))
    with whole_file(path.with_name(path.stem + TRUTH_ENDING)) as file:
        file.write(held.getvalue())
