# SPDX-License-Identifier: Apache-2.0
"""Sets the project up in one step (`make setup`): environment, pinned packages, ROS 2, workspace.

Runs on the standard library of any Python 3.8 or later. Each step is remembered with a hash of what it was made from, so a
second run is silent and immediate, and a run that was broken off goes on where it stopped.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from machine import FOREIGN, SetUpError, ask, check_tools, find_python, repair_exports, sourced_ros, working_torch

ROOT = Path(__file__).resolve().parent.parent
INSTALL = ("-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off")
BUILD = ("build", "--base-paths", ".", "--symlink-install", "--event-handlers", "console_direct+")
DISTRIBUTIONS = "import importlib.metadata as m; print(*(one.metadata['Name'] for one in m.distributions()))"
NOISE = "is ignored: it is neither a file nor a directory"  # pip, of every package that a local index lacks


def locked(lock: Path, *sections: str) -> list[str]:
    """Returns the pinned requirements of the ``[section]`` parts of the lock file."""
    parts = re.split(r"^# \[(\S+)\].*\n", lock.read_text(), flags=re.M)
    known = {parts[index]: parts[index + 1] for index in range(1, len(parts), 2)}
    return [line for section in sections for line in known[section].split()]


def digest(*items: object) -> str:
    """Returns a hash of values and of the contents of paths."""
    total = hashlib.sha256()
    for item in items:
        total.update(item.read_bytes() if isinstance(item, Path) else repr(item).encode())
    return total.hexdigest()[:16]


class SetUp:
    """One run: knows the interpreter and where ROS comes from, remembers in ``.venv/set_up.json`` which steps are done."""

    def __init__(self, root: Path) -> None:
        self.root, self.venv, self.log = root, root / ".venv", root / "build" / "setup.log"
        self.inside = str(self.venv / "bin" / "python")
        self.ros = sourced_ros(root)
        self.wheels = self.ros is None and platform.machine() == "x86_64"
        self.python = find_python(self.ros)
        self.remembered = self.venv / "set_up.json"
        self.done: dict[str, str] = json.loads(self.remembered.read_text()) if self.remembered.exists() else {}

    def steps(self) -> list[tuple[str, str, object]]:
        """Returns (name, hash of what it is made from, function) of every step, in order; each hash covers the steps before."""
        root = self.root
        made_from = [
            ("environment", (str(root), self.python, str(self.ros)), self.make_environment),
            ("torch", (self.pinned("torch"),), self.install_torch),
            ("packages", (self.pinned("packages", "no-deps", "dev"),), self.install_packages),
            ("ros", (self.pinned("build", "ros"), self.wheels), self.install_ros),
            ("project", (root / "setup.py", root / "pyproject.toml", root / "package.xml"), self.install_project),
            ("workspace", self.workspace_inputs(), self.build_workspace),
        ]
        steps, key = [], ""
        for name, inputs, function in made_from:
            key = digest(key, *inputs)
            steps.append((name, key, function))
        return steps

    def workspace_inputs(self) -> list[object]:
        """Returns what a build depends on: interfaces and build files by content, all that is installed as a link by name."""
        root = self.root
        read = [
            root / "CMakeLists.txt",
            *(path for kind in ("tools/*.in", "msg/*.msg", "srv/*.srv") for path in sorted(root.glob(kind))),
        ]
        folders = ("src/func_corr_ros", "launch", "config", "models", "rviz")
        linked = [path for folder in folders for path in (root / folder).rglob("*") if "__pycache__" not in path.parts]
        return [*read, [path.name for path in read], sorted(str(path.relative_to(root)) for path in linked if path.is_file())]

    def run(self) -> None:
        """Does every step that is not done; prints one line for each with its time, nothing when all are done."""
        todo = self.todo()
        if todo:
            check_tools(self.python)
        for name, key, function in todo:
            print(f"set-up: {name:<12}", end="", flush=True)
            started = time.monotonic()
            note = function()
            self.done[name] = key
            self.remembered.write_text(json.dumps(self.done, indent=1))
            print(f"{time.monotonic() - started:6.0f} s  {note}", flush=True)

    def todo(self) -> list[tuple[str, str, object]]:
        """The first step that is not done and all after it: what stands on a step that is done again is no longer there."""
        steps = self.steps()
        return steps[next((at for at, step in enumerate(steps) if self.done.get(step[0]) != step[1]), len(steps)) :]

    def plan(self) -> str:
        """Returns what a run would do and on what it would build."""
        ros = self.ros or ("Kilted wheels" if self.wheels else f"none: no wheels for {platform.machine()}")
        torch = working_torch(self.python) or "from the lock file"
        todo = ", ".join(name for name, _, _ in self.todo()) or "nothing"
        return f"python  {self.python}\nROS 2   {ros}\ntorch   {torch}\nto do   {todo}"

    def pinned(self, *sections: str) -> list[str]:
        return locked(self.root / "requirements.lock", *sections)

    def call(self, *command: object, **variables: str) -> None:
        """Runs a command in the environment, its output into the log; raises SetUpError with the end of that output."""
        environment = {name: value for name, value in os.environ.items() if self.ros or name not in FOREIGN}
        environment.pop(FOREIGN[0], None)
        path = f"{self.venv / 'bin'}{os.pathsep}{os.environ['PATH']}"
        environment.update(VIRTUAL_ENV=str(self.venv), PATH=path, **variables)
        words = [str(word) for word in command]
        with self.log.open("a+") as log:
            log.write("\n$ " + " ".join(words) + "\n")
            log.flush()
            start = log.tell()
            done = subprocess.run(words, cwd=self.root, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            if done.returncode == 0:
                return
            log.seek(start)
            tail = [line for line in log.read().splitlines() if NOISE not in line][-25:]
        where = f"whole log: {self.log.relative_to(self.root)}; `make setup` goes on from here"
        raise SetUpError("\n".join(["", *tail, f"failed: {' '.join(words)[:150]}", where]))

    def pip(self, *words: object) -> None:
        self.call(self.inside, *INSTALL, *words)

    def make_environment(self) -> str:
        """A base interpreter with a working torch, or a sourced ROS 2, lends its packages to the new environment."""
        lends = self.ros is not None or working_torch(self.python) is not None
        for old in (self.venv, self.root / "install", self.root / "build" / "func_corr_ros"):
            shutil.rmtree(old, ignore_errors=True)
        self.call(self.python, "-m", "venv", *(["--system-site-packages"] if lends else []), self.venv)
        return f"{self.python}{', its packages lent' if lends else ''}"

    def install_torch(self) -> str:
        there = working_torch(self.inside)
        if there is None:
            self.pip(*self.pinned("torch"), *(line for line in self.pinned("packages") if line.startswith("setuptools==")))
        return f"kept {there}" if there else str(working_torch(self.inside))

    def install_packages(self) -> str:
        """The torchvision of the lock is taken only for the torch it was built for, and where none is there yet."""
        torch = str(working_torch(self.inside)).split("+")[0].split()[0]
        there = ask(self.inside, "import importlib.metadata as m; m.version('torchvision')") is not None
        unfit = there or f"torch=={torch}" not in self.pinned("torch")
        loose = [line for line in self.pinned("no-deps") if not (unfit and line.startswith("torchvision=="))]
        pinned = self.pinned("packages", "dev")
        self.pip(*pinned)
        self.pip("--no-deps", *loose)
        return f"{len(pinned) + len(loose)} packages"

    def install_ros(self) -> str:
        """From wheels where no ROS 2 is sourced; a sourced one brings all but, perhaps, colcon and what it needs."""
        if self.wheels:
            self.pip(*self.pinned("build", "ros"))
            return f"Kilted wheels, {repair_exports(self.venv, self.inside)} CMake exports repaired"
        if self.ros is None:
            return f"left out, no wheels for {platform.machine()}: install ROS 2 Jazzy or Kilted, source it, run this again"
        there = (ask(self.inside, DISTRIBUTIONS) or "").lower().replace("_", "-").split()
        missing = [line for line in self.pinned("build") if line.split("==")[0] not in there]
        if missing:  # what the lent packages bring stays as it is: each ROS 2 has its own version of empy
            self.pip(*missing)
        return str(self.ros)

    def install_project(self) -> str:
        self.pip("--no-deps", "--no-build-isolation", "--editable", self.root)
        return "func-corr"

    def build_workspace(self) -> str:
        if self.ros is None and not self.wheels:
            return "left out: no ROS 2"
        prefix = {} if self.ros else {"AMENT_PREFIX_PATH": str(self.venv), "CMAKE_PREFIX_PATH": str(self.venv)}
        # Without this colcon asks make to wait while the machine's load is above its cores, for ever on a busy one.
        prefix["MAKEFLAGS"] = f"-j{os.cpu_count() or 1}"
        options = (f"-DPython3_EXECUTABLE={self.inside}", "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_TESTING=OFF")
        self.call("colcon", "--log-base", "build/log", *BUILD, "--cmake-args", *options, **prefix)
        for link in (self.root / "install").rglob("*"):  # sources that are gone leave links to nothing
            if link.is_symlink() and not link.exists():
                link.unlink()
        return "install/"


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--plan", action="store_true", help="say what would be done and on what, do nothing")
    parser.add_argument("--again", metavar="STEP", help="do this step again, whatever has changed (workspace, ros, ...)")
    arguments = parser.parse_args()
    (ROOT / "build").mkdir(exist_ok=True)
    try:
        with (ROOT / "build" / "setup.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two `make` at once: the second waits, then finds everything done
            set_up = SetUp(ROOT)
            set_up.done.pop(arguments.again, None)
            if arguments.plan:
                print(set_up.plan())
            else:
                set_up.run()
    except SetUpError as error:
        print(f"\nset-up: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
