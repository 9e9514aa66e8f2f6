# SPDX-License-Identifier: Apache-2.0
"""What set-up finds out about a machine: its Python, its torch, a sourced ROS 2, what is missing and the cure."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import machine
import pytest


def interpreter(folder: Path, name: str, answers: str) -> str:
    """A stand-in for a Python that prints ``answers``, or fails where that is empty."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{answers}'\n" if answers else "#!/bin/sh\nexit 1\n")
    path.chmod(0o755)
    return str(path)


def ros_prefix(folder: Path, version: str) -> Path:
    (folder / f"lib/python{version}/site-packages/rclpy").mkdir(parents=True)
    return folder


def test_a_sourced_ros_is_found_and_our_own_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    own, other = ros_prefix(project / ".venv", "3.11"), ros_prefix(tmp_path / "ros", "3.12")
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)
    assert machine.sourced_ros(project) is None
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{own}{os.pathsep}{project / 'nowhere'}")
    assert machine.sourced_ros(project) is None
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{own}{os.pathsep}{other}")
    assert machine.sourced_ros(project) == other


def test_the_interpreter_is_that_of_the_sourced_ros(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ros = ros_prefix(tmp_path / "ros", "3.19")
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(machine.SetUpError, match="Python 3.19 is needed.*apt install"):
        machine.find_python(ros)
    interpreter(tmp_path / "bin", "python3.19", "/the/real/python3.19")
    assert machine.find_python(ros) == "/the/real/python3.19"


def test_an_unfit_caller_looks_for_a_fitting_python_that_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.sys, "version_info", (3, 9))
    monkeypatch.setenv("PATH", str(tmp_path))
    interpreter(tmp_path, "python3.11", "")  # a shim that is there but cannot start
    interpreter(tmp_path, "python3.12", "/the/real/python3.12")
    assert machine.find_python(None) == "/the/real/python3.12"


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        ("2.13.0+cpu cpu", "2.13.0+cpu cpu"),
        ("2.9.0a0+nv25 13.0", "2.9.0a0+nv25 13.0"),
        ("2.1.0 12.1", "2.1.0 12.1"),  # old, but it drives the GPU: never replaced
        ("2.1.0 cpu", None),
        ("", None),
    ],
)
def test_a_working_torch_is_kept(answers: str, kept: str | None, tmp_path: Path) -> None:
    assert machine.working_torch(interpreter(tmp_path, "python", answers)) == kept


def test_missing_tools_are_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        machine.SetUpError, match=r"missing: git, cmake, make, a C\+\+ compiler.*sudo apt install git cmake make g\+\+"
    ):
        machine.check_tools(sys.executable)


def test_cmake_exports_get_this_interpreters_folders(tmp_path: Path) -> None:
    folder = tmp_path / "share" / "std_msgs" / "cmake"
    folder.mkdir(parents=True)
    builder = "/opt/python/cp311-cp311"
    text = 'INTERFACE "${_IMPORT_PREFIX}/include;%s/include/python3.11;%s/lib/python3.11/site-packages/numpy/_core/include"\n'
    (folder / "Export.cmake").write_text(text % (builder, builder))
    (folder / "Other.cmake").write_text("nothing to repair\n")
    assert machine.repair_exports(tmp_path, sys.executable) == 1
    repaired = (folder / "Export.cmake").read_text()
    assert "/opt/python" not in repaired and repaired.startswith('INTERFACE "${_IMPORT_PREFIX}/include;')
    assert all(Path(part).is_dir() for part in repaired.strip().strip('"').split(";")[1:])
    assert machine.repair_exports(tmp_path, sys.executable) == 0
