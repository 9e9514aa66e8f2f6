# SPDX-License-Identifier: Apache-2.0
"""Why a recording cannot be read, in words, and the command that saves what is in it."""
from __future__ import annotations

import re
import shlex
from pathlib import Path

_BEGINS = {".mcap": b"\x89MCAP0\r\n", ".db3": b"SQLite format 3\x00", ".bag": b"#ROSBAG V2.0"}
SUFFIXES = tuple(_BEGINS)


def files_of(path: Path, endings: tuple[str, ...] = SUFFIXES) -> list[Path]:
    """Returns the files that hold a recording's messages: those in a folder whose names end so, in the order in which they were
    recorded (_10 comes after _9), or ``path`` itself.
    """
    if not path.is_dir():
        return [path]
    found = [item for item in path.iterdir() if item.name.endswith(endings) and item.is_file()]
    return sorted(found, key=lambda file: [(len(word), word) for word in re.split(r"(\d+)", file.name)])


def why_unreadable(path: Path, error: Exception) -> str:
    """Returns why ``path``, of which the reader said ``error``, is no recording, and what to do."""
    said, files = f"{path} cannot be opened as a recording", files_of(path)
    if not files:
        return (f"{said}: the folder holds no {', '.join(SUFFIXES)} file that can be read; name the folder that "
                "`ros2 bag record -o` made, or a file in it")
    for file in files:
        if file.stat().st_size == 0:
            return f"{said}: {file} is empty (0 bytes); nothing was recorded, or the disk was full, and nothing can be saved"
        begins = _BEGINS.get(file.suffix)
        if begins is None:
            return f"{said}: what ends in {file.suffix or 'nothing'} is not read; valid: a folder, {', '.join(SUFFIXES)}"
        with file.open("rb") as content:
            if content.read(len(begins)) != begins:
                return (f"{said}: {file} does not begin as a {file.suffix} file does. Is it another file, or one of which the "
                        "copying was broken off?")
    return f"{said} ({type(error).__name__}: {error}). {_saved(path)}"


def why_broken_off(paths: list[Path], error: Exception) -> str:
    """Returns why reading stopped in the middle of a recording of ``paths``, and what saves what lies before."""
    whole = paths[0] if len(paths) == 1 else paths[0].parent
    return f"the recording breaks off or is damaged ({type(error).__name__}: {error}). {_saved(whole)}"


def _saved(path: Path) -> str:
    return f"What is whole of it is saved by: func-corr recover {shlex.quote(str(path))} --out build/recovered"
