# SPDX-License-Identifier: Apache-2.0
"""What made an output (version, code revision, settings, hashes), written beside it; files that appear whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, BinaryIO

from func_corr_ros.errors import BadSettings
from func_corr_ros.settings import as_dict
from func_corr_ros.share import share_folder


def package_version() -> str:
    """Returns the version of this package; it is written in package.xml and nowhere else."""
    return str(ElementTree.parse(share_folder() / "package.xml").getroot().findtext("version"))


def code_revision() -> str | None:
    """Returns the git commit this code runs from, with "-dirty" when tracked files differ from it; None outside a repository."""
    folder = Path(__file__).resolve().parent
    command = ["git", "-C", str(folder), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        # A copy that lies inside some other repository (a virtual environment in it, say) is not of that repository.
        tracked = subprocess.run(
            ["git", "-C", str(folder), "ls-files", "--error-unmatch", __file__], capture_output=True, timeout=10
        )
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if tracked.returncode == 0 and done.returncode == 0 else None


def sha256_of_file(path: Path) -> str:
    """Returns the SHA-256 of a file's content in hexadecimal, read in pieces."""
    total = hashlib.sha256()
    with Path(path).open("rb") as file:
        while piece := file.read(1 << 20):
            total.update(piece)
    return total.hexdigest()


def settings_hash(settings: Any) -> str:
    """Returns a SHA-256 of a settings dataclass or mapping; the order of keys does not matter."""
    return hashlib.sha256(json.dumps(_plain(settings), sort_keys=True, default=str).encode()).hexdigest()


def provenance(settings: Any, hashes: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Returns what to lay beside an output: version, revision, ``settings`` and their hash, ``hashes`` of weights and data."""
    return {
        "package": "func_corr_ros",
        "version": package_version(),
        "revision": code_revision(),
        "settings": _plain(settings),
        "settings_sha256": settings_hash(settings),
        "sha256": dict(hashes or {}),
    }


def write_json(path: Path, value: Any) -> Path:
    """Writes ``value`` as JSON, NaN as null, and returns ``path``; a reader finds the old file or the whole new one."""
    path = Path(path)
    with whole_file(path) as file:
        file.write((json.dumps(_finite(value), indent=2, default=str) + "\n").encode())
    return path


def hold_to(folder: Path, made_with: Mapping[str, Any]) -> None:
    """Lays ``made_with`` (see :func:`provenance`) into ``folder`` as provenance.json, for a stage that goes on where it was
    broken off; raises BadSettings where what lies there already was made with other settings, weights or data.
    """
    beside, wanted = folder / "provenance.json", json.loads(json.dumps(made_with, default=str))  # tuples become lists
    if not beside.exists():
        write_json(beside, made_with)
        return
    found = json.loads(beside.read_text())
    if any(found.get(key) != wanted[key] for key in ("settings", "sha256")):
        raise BadSettings(f"{folder} was filled with other settings or weights ({found.get('settings')}, now "
                          f"{wanted['settings']}); empty it, or choose another folder")


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Opens a file that takes the place of ``path`` once it is closed without an error: nobody ever reads half of it. Folders
    above it are made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("wb") as file:
            yield file
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _plain(settings: Any) -> Any:
    return as_dict(settings) if is_dataclass(settings) else dict(settings)


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity; every other reader stumbles over Python's."""
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if hasattr(value, "tolist"):  # arrays and numbers of numpy and torch
        return _finite(value.tolist())
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
