# SPDX-License-Identifier: Apache-2.0
"""Writes THIRD_PARTY_NOTICES.md from what is installed: ``python tools/third_party.py`` in the environment of `make setup`."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "THIRD_PARTY_NOTICES.md"
SECTIONS = {
    "torch": "torch",
    "packages": "The library and the command line",
    "no-deps": "Weights and optional parts",
    "dev": "Tests, documentation and tools",
    "build": "Building the workspace",
    "ros": "ROS 2 as wheels (none where a ROS 2 is sourced)",
}
# Distributions whose licence stands in a file only, which was read: what it is.
READ = {
    "embreex": "BSD-2-Clause",
    "ros-fastcdr": "Apache-2.0",
    "ros-fastdds": "Apache-2.0",
    "segment-anything": "Apache-2.0",
    "setuptools": "MIT",
}
# What of others lies in this repository: where, from whom, under what.
OURS = (
    ("`test/data/demonstrations/red_mug_pour`; pictures of it and of other mugs in `docs/images`",
     "demo data of jsll/pytorch_6dof-graspnet", "MIT"),
    ("pictures of a pitcher in `docs/images`", "demo images of yuxng/PoseCNN (YCB-Video)", "MIT"),
    ("pictures of a cardboard mug in `docs/images`", "demo data of ivalab/KGN", "MIT"),
    ("`config/taxonomy.yaml`", "facts of the taxonomy of arXiv 2509.03893, without its part descriptions", "facts"),
    ("`models/func-corr-s.safetensors`",
     "this project; trained on features of DINOv2 ViT-S/14 (Meta AI, Apache-2.0) and words of all-MiniLM-L6-v2 (Apache-2.0), "
     "whose weights are not in the file", "Apache-2.0"),
)
HEAD = """# Third-party notices

Written by `python tools/third_party.py` from the metadata of the distributions that `requirements.lock` pins; a test holds the
two
together. **None of them is part of this repository**, nor of its wheel or sdist: `make setup` and pip install them, each under
its own
licence, whose text it brings along. A licence is given as its maker states it.

## What lies in this repository and comes from others

| what | from | licence |
|---|---|---|
{ours}
"""


def sections() -> dict[str, list[tuple[str, str]]]:
    """Returns (name, version) of every pinned distribution by section of the lock file."""
    parts = re.split(r"^# \[(\S+)\].*\n", (ROOT / "requirements.lock").read_text(), flags=re.M)
    pinned = dict(zip(parts[1::2], parts[2::2], strict=True))
    return {name: [tuple(line.split("==")) for line in pinned[name].split()] for name in SECTIONS}  # type: ignore[misc]


def licence(name: str) -> str:
    """Returns the licence of an installed distribution as its metadata states it: expression, classifiers, or a short line; of
    a package of ROS, as its package.xml does."""
    found = metadata.metadata(name)
    if name in READ:
        return READ[name]
    if expression := found.get("License-Expression"):
        return str(expression)
    classified = [line.rsplit(" :: ", 1)[1] for line in found.get_all("Classifier", []) if line.startswith("License :: ")]
    classified = [line for line in classified if line != "OSI Approved"]
    lines = str(found.get("License") or "").strip().splitlines()
    short = lines[0].strip() if lines and len(lines[0]) < 60 else ""
    return "; ".join(classified) or short or "; ".join(ros_licences(name)) or "not stated"


def ros_licences(name: str) -> list[str]:
    """Returns what the package.xml of a ROS package says, none where the distribution has no such file."""
    manifests = [file for file in metadata.distribution(name).files or [] if file.name == "package.xml"]
    roots = [ElementTree.parse(file.locate()).getroot() for file in manifests[:1]]
    return [str(line.text).strip() for root in roots for line in root.iter("license")]


def home(name: str) -> str:
    """Returns where an installed distribution says it comes from, or nothing."""
    found = metadata.metadata(name)
    named = dict(line.split(", ", 1) for line in found.get_all("Project-URL", []) if ", " in line)
    lowered = {key.lower(): url for key, url in named.items() if "pypi" not in url}
    wanted = ("source", "repository", "source code", "github", "homepage", "home")
    return next((lowered[key] for key in wanted if key in lowered), str(found.get("Home-page") or ""))


def row(name: str, version: str) -> str:
    """Returns the line of one distribution."""
    return f"| {name} | {version} | {licence(name)} | {home(name)} |"


def page() -> str:
    """Returns the page; raises PackageNotFoundError where a pinned distribution is not installed."""
    parts = [HEAD.format(ours="\n".join(f"| {' | '.join(row)} |" for row in OURS))]
    for section, pinned in sections().items():
        head = f"## {SECTIONS[section]}\n\n| distribution | version | licence | where it comes from |\n|---|---|---|---|\n"
        parts.append(head + "\n".join(row(name, version) for name, version in pinned) + "\n")
    return "\n".join(parts)


def main() -> int:
    """Writes the page; returns 1, and names them, where distributions do not state a licence."""
    PAGE.write_text(page())
    silent = [line.split(" | ")[0][2:] for line in PAGE.read_text().splitlines() if "| not stated |" in line]
    if silent:
        print("no licence stated by:", ", ".join(silent), file=sys.stderr)
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
