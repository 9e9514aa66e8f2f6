# SPDX-License-Identifier: Apache-2.0
"""Work for engines to do, in a module that workers can import."""

import os
import signal
import time
from pathlib import Path

from func_corr_ros.errors import BadAsset, NoSpace
from func_corr_ros.provenance import whole_file


def made(folder: Path, value: int, path: Path) -> None:
    """Writes a file, and a line to a log; the worker of item 3 is killed in the middle of its file, once."""
    with whole_file(path) as file:
        file.write(bytes([value]))
        if value == 3 and not (folder / "killed").exists():
            (folder / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
    with (folder / "log").open("a") as log:
        log.write(f"{value}\n")
    if value == 5:
        path.unlink()
        raise BadAsset("broken")


def full(value: int, path: Path) -> None:
    raise NoSpace("full")


def waited(value: int) -> tuple[float, float]:
    """Waits, as for an answer, and returns when it began and ended."""
    began = time.time()
    time.sleep(1.0)
    return began, time.time()
