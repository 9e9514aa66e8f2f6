# SPDX-License-Identifier: Apache-2.0
"""Meshes of USD files (.usd, .usda, .usdc, .usdz), each read by a program of its own: what a torn file does to it, it does to
nobody else.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from func_corr_ros import errors
from func_corr_ros.errors import BadSettings
from func_corr_ros.optional import require

ENDINGS = (".usd", ".usda", ".usdc", ".usdz")
_READER = "func_corr_ros.data.usd_stage"
# A file of millions of faces takes seconds.
_PATIENCE_S = 300.0


@dataclass(frozen=True)
class UsdMeshes:
    """``pieces`` are (prim path, mesh of trimesh with a colour for each face), in units of the file; ``metres`` is the length of
    one, ``up`` the axis ("Y" or "Z") that points up. ``notes`` say what was left out.
    """

    pieces: tuple[tuple[str, Any], ...]
    metres: float
    up: str
    notes: tuple[str, ...]


def read_usd(path: Path) -> UsdMeshes:
    """Returns the meshes of the file at ``path``; what is read is said in data.usd_stage, and what is raised. Raises BadSettings
    too where the program that reads it dies, or takes minutes.
    """
    require("pxr"), require("trimesh")
    return _meshes(_arrays(path))


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """Returns what usd_stage.stage_arrays returns, from a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "arrays.npz"
        command = [sys.executable, "-m", _READER, str(path.resolve()), str(out)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_PATIENCE_S, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired as error:
            raise _unreadable(path, f"it was not read in {_PATIENCE_S:g} s") from error
        if done.returncode or not out.is_file():
            raise _told(path, done.returncode, done.stderr.decode(errors="replace"))
        with np.load(out) as file:
            return dict(file)


def _meshes(arrays: dict[str, np.ndarray]) -> UsdMeshes:
    trimesh, words = require("trimesh"), json.loads(str(arrays["words"]))
    pieces = tuple(
        (
            name,
            trimesh.Trimesh(
                arrays[f"{index}_vertices"], arrays[f"{index}_faces"], face_colors=arrays[f"{index}_colors"], process=False
            ),
        )
        for index, name in enumerate(words["paths"])
    )
    return UsdMeshes(pieces, words["metres"], words["up"], tuple(words["notes"]))


def _told(path: Path, code: int, said: str) -> errors.FuncCorrError:
    """Returns the error that the reader told, or what it died of."""
    last = (said.strip().splitlines() or [""])[-1]
    try:
        name, message = json.loads(last)
    except ValueError:
        how = f"its reader died of {signal.Signals(-code).name}" if code < 0 else f"its reader failed: {last[:200]}"
        return _unreadable(path, how)
    if name == "MemoryError":
        return _unreadable(path, "it asks for more memory than any mesh should: it is torn, or far too large")
    kind: type[errors.FuncCorrError] = getattr(errors, name)
    return kind(message.replace(str(path.resolve()), str(path)))


def _unreadable(path: Path, why: str) -> BadSettings:
    return BadSettings(f"{path}: not a readable {path.suffix[1:]} file ({why})")
