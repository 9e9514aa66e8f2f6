# SPDX-License-Identifier: Apache-2.0
"""Views of anyone's labelled meshes, for a benchmark of them: the library's single views of objects that it does not have."""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from func_corr_ros.data.labelled_meshes import read_labelled_meshes
from func_corr_ros.data.object_view import ObjectStage
from func_corr_ros.data.splits import FIRST_BENCHMARK_SEED
from func_corr_ros.evaluation.benchmark_views import SingleView, anywhere_around
from func_corr_ros.provenance import sha256_of_file


@dataclass(frozen=True)
class MeshView(SingleView):
    """One labelled mesh, alone, from anywhere around it. ``category`` is its name in the file ``labels``, whose paths begin in
    ``root``; ``seed`` draws camera and light.
    """

    labels: str
    root: str

    @property
    def object_name(self) -> str:
        return _stage(self.labels, self.root, self.category).thing.category

    def stage(self, dressed: bool) -> ObjectStage:
        return _stage(self.labels, self.root, self.category)

    def description(self) -> dict[str, Any]:
        told = {key: value for key, value in super().description().items() if key not in ("labels", "root")}
        return {**told, "asset": self.category, "category": self.object_name}


@dataclass(frozen=True)
class MeshViews:
    """Draws views of the meshes in ``labels``, as a class of views draws those of the library."""

    draws: ClassVar[int] = 100
    any_side: ClassVar[bool] = False  # what a mesh calls a part may lie inside it
    first_seed: ClassVar[int] = FIRST_BENCHMARK_SEED

    labels: str
    root: str

    def drawn(self, category: str, seed: int, rng: np.random.Generator) -> MeshView:
        """Returns a view of the mesh called ``category``."""
        pose = anywhere_around(_stage(self.labels, self.root, category).thing, rng)
        return MeshView(f"{category.replace(' ', '-')}-{seed}", category, seed, *pose, self.labels, self.root)

    def __call__(self, **view: Any) -> MeshView:
        return MeshView(**view)

    def served(self) -> dict[str, tuple[str, ...]]:
        """Returns the functions of each mesh; raises BadSettings where one cannot be made."""
        meshes = read_labelled_meshes(Path(self.labels), Path(self.root))
        for name in meshes:
            _stage(self.labels, self.root, name)
        return {name: tuple(mesh.functions) for name, mesh in meshes.items()}

    def hashes(self) -> dict[str, str]:
        """Returns the SHA-256 of each mesh's file; what its file names besides, such as pictures, is not in it."""
        meshes = read_labelled_meshes(Path(self.labels), Path(self.root))
        return {name: sha256_of_file(mesh.file) for name, mesh in meshes.items()}


@lru_cache(maxsize=64)
def _stage(labels: str, root: str, name: str) -> ObjectStage:
    return ObjectStage(*read_labelled_meshes(Path(labels), Path(root))[name].built())
