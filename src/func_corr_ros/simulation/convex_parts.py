# SPDX-License-Identifier: Apache-2.0
"""Objects as convex parts, which a physics engine can let collide: the hollow of a vessel and the loop of a handle stay open."""
from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.optional import require
from func_corr_ros.provenance import whole_file

# One convex part: the corners of its hull, in the object's frame [m].
Parts = tuple[Float64[np.ndarray, "_ 3"], ...]


@dataclass(frozen=True)
class _Fineness:
    """How finely a mesh is cut: ``concavity`` is CoACD's threshold (Wei et al. 2022), as a share of the mesh's size. Details of
    less than ``simplified_m`` metres are smoothed away before, which costs a mug's wall 1 % of its volume and is eight times
    quicker; the search's other figures are a third of CoACD's defaults, for the same reason.
    """

    concavity: float = 0.04
    simplified_m: float = 3e-4
    iterations: int = 40
    depth: int = 2
    nodes: int = 10
    samples: int = 1000
    most_parts: int = 64
    most_corners: int = 64


FINENESS = _Fineness()


def parts_folder() -> Path:
    """Returns where decompositions are kept between runs: below FUNC_CORR_CACHE, else below the user's cache folder."""
    base = os.environ.get("FUNC_CORR_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "func_corr_ros")
    return Path(base).expanduser() / "convex_parts"


def convex_parts(
    thing: FunctionalObject, folder: Path | None = None, say: Callable[[str], None] = lambda _: None
) -> Parts:
    """Returns the convex parts of ``thing``, from ``folder`` (default: :func:`parts_folder`) where the same mesh was cut the same
    way before, else cut now, a few seconds of one core, which ``say`` is told. Raises MissingOptional without coacd or
    manifold3d, DegenerateGeometry for a surface that bounds no solid.
    """
    folder = folder or parts_folder()
    path = folder / f"{_key(thing)}.npz"
    if not path.exists():
        say(f"cutting a {thing.category} into convex parts (once)")
        found = _cut(thing)
        with whole_file(path) as file:
            np.savez_compressed(file, *found)
    with np.load(path, allow_pickle=False) as arrays:
        return tuple(arrays[name].astype(np.float64) for name in arrays.files)


def _key(thing: FunctionalObject) -> str:
    digest = hashlib.sha256(json.dumps(asdict(FINENESS), sort_keys=True).encode())
    digest.update(np.ascontiguousarray(thing.vertices, dtype=np.float64).tobytes())
    digest.update(np.ascontiguousarray(thing.faces, dtype=np.int64).tobytes())
    return digest.hexdigest()[:32]


def _cut(thing: FunctionalObject) -> list[Float64[np.ndarray, "_ 3"]]:
    coacd = require("coacd")
    coacd.set_log_level("error")
    vertices, faces = simplified(thing, FINENESS.simplified_m)
    found: list[Any] = coacd.run_coacd(
        coacd.Mesh(vertices, faces), threshold=FINENESS.concavity, preprocess_mode="off", resolution=FINENESS.samples,
        mcts_iterations=FINENESS.iterations, mcts_max_depth=FINENESS.depth, mcts_nodes=FINENESS.nodes, seed=0,
        max_convex_hull=FINENESS.most_parts, decimate=True, max_ch_vertex=FINENESS.most_corners,
    )
    return [np.asarray(corners, dtype=np.float64) for corners, _ in found]


def simplified(thing: FunctionalObject, tolerance_m: float) -> tuple[Float64[np.ndarray, "v 3"], Int64[np.ndarray, "f 3"]]:
    """Returns the surface of ``thing`` with as few faces as ``tolerance_m`` allows; raises DegenerateGeometry where it bounds no
    solid.
    """
    manifold3d = require("manifold3d")
    solid = manifold3d.Manifold(manifold3d.Mesh64(thing.vertices, thing.faces.astype(np.uint64)))
    if solid.status() != manifold3d.Error.NoError or solid.num_tri() == 0:
        raise DegenerateGeometry(f"the surface of this {thing.category} bounds no solid ({solid.status()}); "
                                 "a closed mesh is needed")
    mesh = solid.simplify(tolerance_m).to_mesh64()
    return np.asarray(mesh.vert_properties)[:, :3].astype(np.float64), np.asarray(mesh.tri_verts).astype(np.int64)
