# SPDX-License-Identifier: Apache-2.0
"""Where the files beside the code are: models/, config/, launch/ and package.xml, in whichever way the package was installed."""

from __future__ import annotations

from pathlib import Path

from func_corr_ros.errors import BadInstallation

REINSTALL = "install again: `make setup`, `colcon build` or `pip install .`"


def share_folder() -> Path:
    """Returns the folder that holds package.xml, models/, config/ and launch/.

    That is the repository where the code is imported from it, and ``<prefix>/share/func_corr_ros`` after ``colcon build`` or
    ``pip install``; the nearest to this file wins. Raises BadInstallation, naming the places looked at, where there is none.
    """
    here = Path(__file__).absolute()  # not resolved: an installed link belongs to its installation
    candidates = [folder for parent in here.parents for folder in (parent, parent / "share" / "func_corr_ros")]
    for folder in candidates:
        if (folder / "package.xml").is_file():
            return folder
    raise BadInstallation(f"no package.xml of {here.parent} in a folder above it, nor in share/func_corr_ros there; {REINSTALL}")


def shared_file(relative: str) -> Path:
    """Returns the path of a file in the share folder ("models/manifest.toml"); raises BadInstallation where it is missing."""
    path = share_folder() / relative
    if not path.exists():
        raise BadInstallation(f"{relative} is missing from {share_folder()}; {REINSTALL}")
    return path
