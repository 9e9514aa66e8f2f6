# SPDX-License-Identifier: Apache-2.0
"""Which parts of which objects serve which functions, as the paper's taxonomy has it (arXiv 2509.03893)."""
from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from func_corr_ros.errors import BadSettings, UnknownFunction
from func_corr_ros.share import shared_file


@dataclass(frozen=True)
class Taxonomy:
    """``parts_of``: function -> object -> the names of the parts that serve it; ``unseen_objects`` are held out of training.
    ``edge_parts`` and ``crop_parts``: object -> those of its parts that are an edge of the surface, and those that are found only
    from near.
    """

    parts_of: Mapping[str, Mapping[str, tuple[str, ...]]]
    unseen_objects: tuple[str, ...]
    edge_parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    crop_parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def functions(self) -> tuple[str, ...]:
        """The names of all functions."""
        return tuple(self.parts_of)

    @property
    def objects(self) -> tuple[str, ...]:
        """The names of all objects, sorted."""
        return tuple(sorted({name for objects in self.parts_of.values() for name in objects}))

    def objects_for(self, function: str) -> tuple[str, ...]:
        """Returns the objects that serve ``function``; raises UnknownFunction, naming the nearest, for another."""
        if function not in self.parts_of:
            near = difflib.get_close_matches(function, self.parts_of, n=1, cutoff=0.0)[0]
            raise UnknownFunction(f"no function {function!r}; did you mean {near!r}? valid: {', '.join(self.parts_of)}")
        return tuple(self.parts_of[function])

    def functions_of(self, name: str) -> dict[str, tuple[str, ...]]:
        """Returns function -> parts of the object called ``name``; empty for one the taxonomy does not have."""
        return {function: objects[name] for function, objects in self.parts_of.items() if name in objects}

    def parts(self, function: str, name: str) -> tuple[str, ...]:
        """Returns the parts of the object called ``name`` that serve ``function``; empty where the taxonomy has no such pair."""
        return self.parts_of.get(function, {}).get(name, ())


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """Returns the taxonomy in the YAML file at ``path``, by default the one that comes with the package.

    Raises BadSettings, naming the file and the entry, where it is not ``functions: {function: {object: [part, ...]}}``.
    """
    return _read(Path(path) if path is not None else shared_file("config/taxonomy.yaml"))


@cache
def _read(path: Path) -> Taxonomy:
    content = yaml.safe_load(path.read_text())
    functions = content.get("functions") if isinstance(content, dict) else None
    if not isinstance(functions, dict):
        raise BadSettings(f"{path}: a mapping with the key 'functions' is needed (function -> object -> list of parts)")
    parts_of = {function: _parts(path, f"functions/{function}", objects) for function, objects in functions.items()}
    edges, crops = (_parts(path, key, content.get(key, {})) for key in ("edge_parts", "crop_parts"))
    return Taxonomy(parts_of, tuple(content.get("unseen_objects", ())), edges, crops)


def _parts(path: Path, where: str, objects: Any) -> dict[str, tuple[str, ...]]:
    """Returns object -> part names; raises BadSettings, naming the entry, where it is something else."""
    for name, parts in objects.items() if isinstance(objects, dict) else [("", None)]:
        if not isinstance(parts, list) or not parts or not all(isinstance(part, str) for part in parts):
            raise BadSettings(f"{path}: {where}/{name} is {parts!r}; a list of part names is needed")
    return {name: tuple(parts) for name, parts in objects.items()}
