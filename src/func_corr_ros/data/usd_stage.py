# SPDX-License-Identifier: Apache-2.0
"""What a USD stage holds, by the reference implementation (OpenUSD's ``pxr``): the program that data.usd_file runs for each file.

Read is every visible Mesh of purpose default or render, instances too, at the earliest time of the file and placed as the stage
places it; polygons as fans of triangles, subdivision surfaces as their cage; and the colour of each face: the base colour of its
UsdPreviewSurface, a number or a picture over its UVs, else displayColor. Other shaders, shapes that are not meshes and point
instancers are left out, and said.
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64, UInt8

from func_corr_ros.errors import BadSettings, DegenerateGeometry, FuncCorrError
from func_corr_ros.optional import require

# Corners of the faces of all instances together that are still read.
MOST_CORNERS = 30_000_000
# A torn file may name a size that it does not have; OpenUSD asks for the memory. So much it may have in all.
MOST_BYTES = 8 << 30
_GREY = (153, 153, 153)
_SHOWN = ("default", "render")


def stage_arrays(path: Path) -> dict[str, Any]:
    """Returns the meshes of the file at ``path``: ``words`` (JSON: the prim ``paths``, ``metres`` in a unit, the ``up`` axis, "Y"
    or "Z", and ``notes`` of what was left out), and for mesh number i ``{i}_vertices`` (v, 3) float64 in units of the file,
    ``{i}_faces`` (f, 3) int64, ``{i}_colors`` (f, 3) uint8 sRGB.

    Raises MissingOptional without ``pxr``, BadSettings for a file that OpenUSD cannot read or that has more than MOST_CORNERS,
    DegenerateGeometry for one without a mesh and for a mesh that does not hold together.
    """
    usd, geom, tf = (require(f"pxr.{name}") for name in ("Usd", "UsdGeom", "Tf"))
    try:
        stage = usd.Stage.Open(str(path))
        return _arrays(path, stage, usd, geom)
    except tf.ErrorException as error:
        raise BadSettings(f"{path}: not a readable {path.suffix[1:]} file ({_said(error)})") from error


def _said(error: Any) -> str:
    """Returns what OpenUSD says is wrong, without the places in its own code."""
    try:
        lines = [" ".join(str(one).split()) for one in error.args]
    except UnicodeDecodeError:  # it quotes the file
        return "it holds bytes that are no text"
    return "; ".join(re.sub(r"^Error in '.*?' at line \d+ in file \S+ : ", "", line).strip("'") for line in lines)[:300]


def _arrays(path: Path, stage: Any, usd: Any, geom: Any) -> dict[str, Any]:
    gone = [str(error) for error in stage.GetCompositionErrors()]
    prims, other = _meshes(stage, usd, geom)
    if not prims:
        why = "; ".join([f"it holds {count} {kind}" for kind, count in other.items()] + gone) or "it is empty"
        raise DegenerateGeometry(f"{path}: faces: there are none; a visible Mesh is needed, {why}")
    time = usd.TimeCode.EarliestTime()
    corners = sum(len(geom.Mesh(prim).GetFaceVertexIndicesAttr().Get(time) or ()) for prim in prims)
    if corners > MOST_CORNERS:
        raise BadSettings(f"{path}: its meshes have {corners} corners; at most {MOST_CORNERS} are read: thin or divide it")
    lost: dict[str, None] = {}
    placed, arrays = geom.XformCache(time), {}
    for index, prim in enumerate(prims):
        arrays |= {f"{index}_{name}": value for name, value in _mesh(path, prim, placed, time, lost).items()}
    notes = [f"{count} {kind} left out: only Mesh is read" for kind, count in other.items()] + gone
    notes += [f"{name}, which it names, is no picture that can be read: it has no colours of that" for name in lost]
    words = {
        "paths": [str(prim.GetPath()) for prim in prims],
        "metres": float(geom.GetStageMetersPerUnit(stage)),
        "up": str(geom.GetStageUpAxis(stage)),
        "notes": notes,
    }
    return {"words": np.array(json.dumps(words)), **arrays}


def _meshes(stage: Any, usd: Any, geom: Any) -> tuple[list[Any], Counter[str]]:
    """Returns the prims that are meshes, and how many other shapes there are of each kind."""
    found, other = [], Counter[str]()
    prims = iter(usd.PrimRange(stage.GetPseudoRoot(), usd.TraverseInstanceProxies(usd.PrimDefaultPredicate)))
    for prim in prims:
        if prim.IsA(geom.PointInstancer):
            other["PointInstancer"] += 1
            prims.PruneChildren()
        elif prim.IsA(geom.Gprim) and _shown(geom.Imageable(prim)):
            if prim.IsA(geom.Mesh):
                found.append(prim)
            else:
                other[str(prim.GetTypeName())] += 1
    return found, other


def _shown(prim: Any) -> bool:
    return prim.ComputePurpose() in _SHOWN and prim.ComputeVisibility() != "invisible"


def _mesh(path: Path, prim: Any, placed: Any, time: Any, gone: dict[str, None]) -> dict[str, np.ndarray]:
    geom = require("pxr.UsdGeom")
    mesh, where = geom.Mesh(prim), f"{path}: {prim.GetPath()}"
    points = _values(mesh.GetPointsAttr(), time, np.float64).reshape(-1, 3)
    counts, corners = (_values(one, time, np.int64) for one in (mesh.GetFaceVertexCountsAttr(), mesh.GetFaceVertexIndicesAttr()))
    if counts.sum() != len(corners) or (counts < 0).any():
        raise DegenerateGeometry(f"{where}: faces: {counts.sum()} corners by faceVertexCounts, {len(corners)} by their indices")
    if len(corners) and not 0 <= corners.min() <= corners.max() < len(points):
        raise DegenerateGeometry(f"{where}: faces: one names vertex {corners.max()}, there are {len(points)}")
    three, of_face = fans(counts)
    world = np.array(placed.GetLocalToWorldTransform(prim), dtype=np.float64)  # acts on rows
    inside_out = (np.linalg.det(world[:3, :3]) < 0.0) != (mesh.GetOrientationAttr().Get() == geom.Tokens.leftHanded)
    color = _colors(prim, counts, corners, time, gone)[of_face]
    faces = corners[three[:, ::-1] if inside_out else three]
    return {"vertices": points @ world[:3, :3] + world[3, :3], "faces": faces, "colors": color}


def fans(counts: Int64[np.ndarray, " f"]) -> tuple[Int64[np.ndarray, "t 3"], Int64[np.ndarray, " t"]]:
    """Returns for polygons of ``counts`` corners, listed one after the other, triangles about each one's first corner (numbers of
    corners in the list), and the polygon of each triangle.
    """
    number = np.maximum(counts - 2, 0)
    of_face = np.repeat(np.arange(len(counts)), number)
    first = (np.cumsum(counts) - counts)[of_face]
    step = np.arange(len(of_face)) - np.repeat(np.cumsum(number) - number, number)
    return np.stack([first, first + step + 1, first + step + 2], axis=1), of_face


def _values(attribute: Any, time: Any, kind: Any) -> np.ndarray:
    value = attribute.Get(time)
    return np.zeros(0, kind) if value is None else np.array(value, dtype=kind)


def _colors(
    prim: Any, counts: Int64[np.ndarray, " f"], corners: Int64[np.ndarray, " c"], time: Any, gone: dict[str, None]
) -> UInt8[np.ndarray, "f 3"]:
    """Returns the sRGB colour of each polygon: of the subset of faces it is in, or of the whole mesh; adds to ``gone`` the
    pictures that cannot be read.
    """
    geom, shade = require("pxr.UsdGeom"), require("pxr.UsdShade")
    color = _displayed(geom.Gprim(prim), counts, corners, time)
    everywhere = np.arange(len(counts))
    subsets = [
        (one.GetPrim(), _values(one.GetIndicesAttr(), time, np.int64))
        for one in shade.MaterialBindingAPI(prim).GetMaterialBindSubsets()
    ]
    for bound, faces in [(prim, everywhere), *subsets]:
        material, _ = shade.MaterialBindingAPI(bound).ComputeBoundMaterial()
        if not material:
            continue
        faces = faces[(faces >= 0) & (faces < len(counts))]
        for look in _looks(material, prim, counts, corners, time, gone):
            color[faces] = look[faces] if look.ndim == 2 else look
    return color


def _looks(
    material: Any, prim: Any, counts: np.ndarray, corners: np.ndarray, time: Any, gone: dict[str, None]
) -> Iterator[np.ndarray]:
    """Yields the base colour of the material, if it says one that can be read: one for all (3,), or one for each polygon."""
    shader, *_ = material.ComputeSurfaceSource()
    if not shader or shader.GetIdAttr().Get() != "UsdPreviewSurface":
        return
    value = shader.GetInput("diffuseColor")
    if not value:
        return
    sources, _ = value.GetConnectedSources()
    if not sources:
        if (plain := value.Get(time)) is not None:
            yield _srgb(np.array(plain, dtype=np.float64))
        return
    texture = require("pxr.UsdShade").Shader(sources[0].source.GetPrim())
    if texture.GetIdAttr().Get() == "UsdUVTexture" and texture.GetInput("file"):
        file = texture.GetInput("file").Get(time)
        picture, uv = _picture(file), _uv(prim, counts, corners, time)
        if picture is None and file:
            gone[str(file.path)] = None
        if picture is not None and uv is not None:
            height, width = picture.shape[:2]
            column = np.clip((uv[:, 0] % 1.0) * width, 0, width - 1).astype(np.int64)
            row = np.clip((1.0 - uv[:, 1] % 1.0) * height, 0, height - 1).astype(np.int64)
            yield picture[row, column]


def _uv(prim: Any, counts: np.ndarray, corners: np.ndarray, time: Any) -> Float64[np.ndarray, "f 2"] | None:
    """Returns the mean of the corners' UVs for each polygon; None where the mesh has none."""
    for one in require("pxr.UsdGeom").PrimvarsAPI(prim).GetPrimvarsWithValues():
        if one.GetTypeName().role == "TextureCoordinate" or one.GetPrimvarName() == "st":
            return _of_polygons(one, 2, counts, corners, time)
    return None


def _displayed(gprim: Any, counts: np.ndarray, corners: np.ndarray, time: Any) -> UInt8[np.ndarray, "f 3"]:
    value = _of_polygons(gprim.GetDisplayColorPrimvar(), 3, counts, corners, time)
    return np.tile(np.array(_GREY, np.uint8), (len(counts), 1)) if value is None else _srgb(value)


def _of_polygons(
    primvar: Any, width: int, counts: np.ndarray, corners: np.ndarray, time: Any
) -> Float64[np.ndarray, "f w"] | None:
    """Returns the values of ``primvar`` as one for each polygon, the mean of its corners; None where there are none that fit."""
    flat = primvar.ComputeFlattened(time) if primvar and primvar.HasValue() else None
    if flat is None:
        return None
    value = np.array(flat, dtype=np.float64).reshape(-1, width)
    kind, first = primvar.GetInterpolation(), np.cumsum(counts) - counts
    if kind == "constant" and len(value):
        return np.tile(value[0], (len(counts), 1))
    if kind == "uniform":
        return value if len(value) == len(counts) else None
    at_corner = value if kind == "faceVarying" else value[corners] if len(value) > corners.max(initial=-1) else value[:0]
    if len(at_corner) != len(corners) or not (counts > 0).all():
        return None
    return np.add.reduceat(at_corner, first, axis=0) / counts[:, None] if len(counts) else np.zeros((0, width))


def _picture(asset: Any) -> UInt8[np.ndarray, "h w 3"] | None:
    """Returns the picture of an asset path, which may lie inside a .usdz; None where it is not there or no picture."""
    from PIL import Image

    ar = require("pxr.Ar")
    held = ar.GetResolver().OpenAsset(ar.ResolvedPath(asset.resolvedPath)) if asset and asset.resolvedPath else None
    if held is None:
        return None
    try:
        with Image.open(io.BytesIO(bytes(held.GetBuffer()))) as image:
            return np.array(image.convert("RGB"))
    except (OSError, ValueError, Image.DecompressionBombError):
        return None


def _srgb(linear: Float64[np.ndarray, "*s 3"]) -> UInt8[np.ndarray, "*s 3"]:
    """Returns bytes of sRGB for light as USD stores it (IEC 61966-2-1)."""
    value = np.clip(np.nan_to_num(linear), 0.0, 1.0)
    return np.round(255.0 * np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1.0 / 2.4) - 0.055)).astype(np.uint8)


def main() -> int:
    """Writes the arrays of the file named first to the .npz named second, or why there are none to standard error, as JSON."""
    source, out = map(Path, sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    try:
        arrays = stage_arrays(source)
    except (FuncCorrError, MemoryError) as error:
        print("\n" + json.dumps([type(error).__name__, str(error)]), file=sys.stderr)
        return 1
    np.savez(out, **arrays)
    return 0


if __name__ == "__main__":
    sys.exit(main())
