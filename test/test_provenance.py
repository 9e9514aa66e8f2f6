# SPDX-License-Identifier: Apache-2.0
"""Hashes are the published ones, settings hash by value, JSON appears whole and without NaN."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from func_corr_ros import provenance as module
from func_corr_ros.provenance import code_revision, package_version, provenance, settings_hash, sha256_of_file, write_json


@dataclass(frozen=True)
class ExampleSettings:
    threshold: float = 0.5
    name: str = "plain"


def test_version_is_written_in_package_xml_only() -> None:
    root = Path(__file__).resolve().parents[1]
    assert f"<version>{package_version()}</version>" in (root / "package.xml").read_text()
    assert package_version() not in (root / "setup.py").read_text()


def test_sha256_known_answer(tmp_path: Path) -> None:
    """FIPS 180-4, the example "abc"."""
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256_of_file(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_settings_hash_is_of_values_in_any_order() -> None:
    assert settings_hash(ExampleSettings()) == settings_hash({"name": "plain", "threshold": 0.5})
    assert settings_hash(ExampleSettings()) != settings_hash(replace(ExampleSettings(), threshold=0.6))


def test_provenance_names_what_made_an_output() -> None:
    made = provenance(ExampleSettings(), {"dinov2-small": "12ab"})
    assert made["settings"] == {"threshold": 0.5, "name": "plain"}
    assert made["settings_sha256"] == settings_hash(ExampleSettings())
    assert made["sha256"] == {"dinov2-small": "12ab"}
    assert made["version"] == package_version()


def test_json_has_null_for_nan_and_numbers_for_arrays(tmp_path: Path) -> None:
    path = write_json(
        tmp_path / "new" / "result.json",
        {"a": math.nan, "b": [np.float32(0.5), math.inf], "c": np.array([1.0, np.nan]), "d": tmp_path},
    )
    assert json.loads(path.read_text(), parse_constant=pytest.fail) == {
        "a": None,
        "b": [0.5, None],
        "c": [1.0, None],
        "d": str(tmp_path),
    }


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_json(tmp_path / "result.json", {"a": 1})

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(module.os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_json(path, {"a": 2})
    assert json.loads(path.read_text()) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=tester", "-c", "user.email=tester@example.org"]
    return subprocess.run(
        ["git", "-C", str(folder), *identity, *words], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_revision_is_the_commit_and_says_dirty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = tmp_path / "provenance.py"
    code.write_text("A = 1\n")
    monkeypatch.setattr(module, "__file__", str(code))
    git(tmp_path, "init", "-q")
    assert code_revision() is None, "not of a repository that does not track it"
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert code_revision() == commit
    code.write_text("A = 2\n")
    assert code_revision() == f"{commit}-dirty"


def test_no_repository_is_no_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "__file__", str(tmp_path / "provenance.py"))
    assert code_revision() is None


def test_no_git_is_no_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent / "nowhere"))
    assert code_revision() is None
