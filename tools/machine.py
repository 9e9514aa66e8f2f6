# SPDX-License-Identifier: Apache-2.0
"""What this machine brings: a Python, a torch, a sourced ROS 2, the programs a build needs. Looks only, changes nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

PYTHON_VERSIONS = ("3.11", "3.12")
OLDEST_TORCH = (2, 4)  # what transformers 5 asks for
APT_PYTHON = "sudo apt install python3 python3-venv python3-dev"
# Variables of another environment that would leak into ours; the first one stops the ROS wheels from setting their library path.
FOREIGN = (
    "_ROS_WHEELS_BOOTSTRAP_COMPLETE",
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "AMENT_PREFIX_PATH",
    "CMAKE_PREFIX_PATH",
    "COLCON_PREFIX_PATH",
    "LD_LIBRARY_PATH",
)
BASE_PYTHON = "import os, sys; print(os.path.realpath(getattr(sys, '_base_executable', sys.executable)))"
TORCH = "import torch; print(torch.__version__, torch.version.cuda if torch.cuda.is_available() else 'cpu')"


class SetUpError(Exception):
    """What is missing or went wrong, with the command that cures it."""


def ask(python: str, code: str) -> str | None:
    """Returns what ``code`` prints under another interpreter, None when it fails."""
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN or name == "LD_LIBRARY_PATH"}
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, env=environment, timeout=300)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def sourced_ros(root: Path) -> Path | None:
    """Returns the prefix of a ROS 2 that the calling shell has sourced, None without one; folders below ``root`` do not count."""
    for entry in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        if entry and root not in Path(entry).resolve().parents and list(Path(entry).glob("lib/python3*/*-packages/rclpy")):
            return Path(entry).resolve()
    return None


def find_python(ros: Path | None) -> str:
    """Returns the interpreter to build on: the caller's own where its version fits; a sourced ROS 2 decides the version."""
    fits = PYTHON_VERSIONS
    if ros is not None:
        fits = tuple(sorted(re.findall(r"python(3\.\d+)", " ".join(map(str, ros.glob("lib/python3*/*-packages/rclpy"))))))
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if own in fits:
        return os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    for version in fits:
        found = ask(f"python{version}", BASE_PYTHON)
        if found:
            return found
    raise SetUpError(f"Python {' or '.join(fits)} is needed, this is {own}: {APT_PYTHON}")


def check_tools(python: str) -> None:
    """Raises SetUpError that names every missing program and the command that installs it."""
    missing = {tool: tool for tool in ("git", "cmake", "make") if not shutil.which(tool)}
    if not (shutil.which("c++") or shutil.which("g++")):
        missing["a C++ compiler"] = "g++"
    header = ask(python, "import sysconfig; print(sysconfig.get_path('include') + '/Python.h')")
    if header is None or not Path(header).exists():
        missing["Python.h"] = "python3-dev"
    if ask(python, "import venv, ensurepip") is None:
        missing["venv"] = "python3-venv"
    if missing:
        raise SetUpError(f"missing: {', '.join(missing)}. Install with: sudo apt install {' '.join(missing.values())}")


def working_torch(python: str) -> str | None:
    """Returns "version cuda" of a torch this interpreter imports and that is recent enough or drives a GPU, else None."""
    told = ask(python, TORCH)
    if not told:
        return None
    version, device = told.split()[-2:]
    recent = tuple(int(part) for part in re.findall(r"\d+", version)[:2]) >= OLDEST_TORCH
    return f"{version} {device}" if recent or device != "cpu" else None


def repair_exports(prefix: Path, python: str) -> int:
    """Puts this interpreter's include folders where the CMake exports of the ROS wheels name those of the machine that built
    them; returns how many files were changed."""
    include = ask(python, "import sysconfig; print(sysconfig.get_path('include'))")
    numpy = ask(python, "import numpy; print(numpy.get_include())")
    changed = 0
    for export in prefix.glob("share/*/cmake/*.cmake"):
        text = export.read_text()
        repaired = re.sub(r"/opt/python/[^/;\"]+/lib/python3\.\d+/site-packages/numpy/_?core/include", str(numpy), text)
        repaired = re.sub(r"/opt/python/[^/;\"]+/include/python3\.\d+", str(include), repaired)
        if repaired != text:
            export.write_text(repaired)
            changed += 1
    return changed
