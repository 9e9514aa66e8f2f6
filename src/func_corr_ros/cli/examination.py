# SPDX-License-Identifier: Apache-2.0
"""What the doctor finds: versions, device, weights, ROS, extras, and a list of problems each with its cure."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import func_corr_ros
from func_corr_ros.errors import BadWeights, FuncCorrError
from func_corr_ros.optional import EXTRA_OF
from func_corr_ros.provenance import code_revision, package_version, sha256_of_file
from func_corr_ros.share import REINSTALL, share_folder

# What the library and the command line cannot do without: import name -> name for pip. setup.py asks for the same (a test).
CORE = {
    "numpy": "numpy",
    "scipy": "scipy",
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "yaml": "pyyaml",
    "jaxtyping": "jaxtyping",
    "array_api_compat": "array-api-compat",
    "lazy_loader": "lazy-loader",
    "rich": "rich",
    "jinja2": "jinja2",
    "torch": "torch",
    "transformers": "transformers",
    "safetensors": "safetensors",
}
# Adapters at the edge of the ROS room: import name -> what is missing without it, and the last part of its Debian package.
ROS_ADAPTERS = {
    "launch_ros.actions": ("`ros2 launch` is not to be had; the executables start by hand", "launch-ros"),
    "tf2_ros": ("poses stay in the camera's frame", "tf2-ros-py"),
}
IMPORT = "import importlib, sys; importlib.import_module(sys.argv[1])"
SETUP_AND_SOURCE = "`make setup && . tools/env.sh`"
Problem = dict[str, Any]


def examine() -> dict[str, Any]:
    """Returns all findings as plain values. ``problems`` lists {"what", "do", "core"}; ``ok`` is false where one is core."""
    problems: list[Problem] = []
    found = {
        "python": {"version": platform.python_version(), "executable": sys.executable, "platform": platform.platform()},
        "package": package(problems),
        "packages": core_packages(problems),
        "device": device(problems),
        "weights": weights(problems),
        "ros": ros(problems),
        "optional": optional(),
    }
    return {"ok": not any(problem["core"] for problem in problems), **found, "problems": problems}


def package(problems: list[Problem]) -> dict[str, Any]:
    """Returns which code runs, and whether a second, installed copy of it differs."""
    homes = [Path(home) for home in func_corr_ros.__path__]
    stale = {str(home): changed for home in homes[1:] if (changed := differing(homes[0], home))}
    for home, files in stale.items():
        what = f"{len(files)} files in {home} are not those of {homes[0]}: {', '.join(files[:3])}"
        problems.append({"what": what, "do": "`make build`, or `colcon build` again", "core": False})
    try:
        number, share = package_version(), str(share_folder())
    except FuncCorrError as error:
        number = share = None
        problems.append({"what": str(error), "do": "`make setup`", "core": True})
    return {
        "version": number,
        "revision": code_revision(),
        "homes": [str(home) for home in homes],
        "share": share,
        "stale": stale,
    }


def differing(source: Path, copy: Path) -> list[str]:
    """Returns the .py files of ``source`` that ``copy`` lacks or has otherwise; none where the copy holds messages only."""
    if not (copy / "errors.py").exists():
        return []
    names = [path.relative_to(source) for path in sorted(source.rglob("*.py"))]
    return [
        str(name) for name in names if not (copy / name).exists() or (copy / name).read_bytes() != (source / name).read_bytes()
    ]


def core_packages(problems: list[Problem]) -> dict[str, str | None]:
    """Returns the version of every package of CORE, None for one that is missing."""
    versions = {distribution: version(distribution) if there(name) else None for name, distribution in CORE.items()}
    for distribution in (name for name, found in versions.items() if found is None):
        problems.append({"what": f"{distribution} is not installed", "do": f"pip install {distribution}", "core": True})
    return versions


def device(problems: list[Problem]) -> dict[str, Any]:
    """Returns torch's version, what it is built for, the GPUs it finds and the device that "auto" takes."""
    try:
        import torch
    except Exception as error:  # a torch that is there but broken raises anything
        problems.append({"what": f"import torch fails: {error}", "do": "pip install --force-reinstall torch", "core": True})
        return {"torch": None, "cuda": None, "gpus": [], "used": None, "cpu_threads": None}
    cuda = torch.cuda.is_available()
    if torch.version.cuda and not cuda:
        what = f"torch is built for CUDA {torch.version.cuda}, but finds no GPU: everything runs on the CPU"
        problems.append({"what": what, "do": "where there is a GPU, check its driver with `nvidia-smi`", "core": False})
    return {
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "gpus": [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())] if cuda else [],
        "used": "cuda" if cuda else "cpu",
        "cpu_threads": torch.get_num_threads(),
    }


def weights(problems: list[Problem]) -> list[dict[str, Any]]:
    """Returns a row for every entry of the manifest: where it is, its hash, whether that is the manifest's, how to get it."""
    try:
        from func_corr_ros.correspondence.weights import load_manifest

        entries = load_manifest()
    except (FuncCorrError, ImportError) as error:
        problems.append({"what": f"the manifest of weights cannot be read: {error}", "do": "`make setup`", "core": True})
        return []
    rows = []
    for name, entry in entries.items():
        path, get = located(entry)
        found = None if path is None else sha256_of_file(path)
        matches = None if found is None or entry.sha256 is None else found == entry.sha256
        if matches is False:
            do = f"pip install --force-reinstall {entry.distribution}" if entry.distribution else REINSTALL
            problems.append({"what": f"{path} is not the file the manifest names", "do": do, "core": True})
        place = None if path is None else str(path)
        rows.append({"name": name, "licence": entry.licence, "path": place, "sha256": found, "matches": matches, "get": get})
    return rows


def located(entry: Any) -> tuple[Path | None, str | None]:
    """Returns the file of a manifest entry, or None and how to get it."""
    if entry.file:
        try:
            return entry.path(), None
        except BadWeights as error:
            return None, str(error).rpartition(": ")[2]
    get = f"{entry.hub} is downloaded from the hub when first used; or name a local folder"
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None, get
    cached = try_to_load_from_cache(entry.hub, "model.safetensors")
    return (Path(cached), None) if isinstance(cached, str) else (None, get)


def ros(problems: list[Problem]) -> dict[str, Any]:
    """Returns what of ROS 2 works. It is imported in other processes: a broken one shall not end this one."""
    failed = {}
    for name in ("rclpy", "func_corr_ros.msg"):
        done = subprocess.run([sys.executable, "-c", IMPORT, name], capture_output=True, text=True, timeout=120)
        failed[name] = (done.stderr.strip().splitlines() or ["no reason given"])[-1] if done.returncode else None
    distro = os.environ.get("ROS_DISTRO")
    adapters = {name: there(name) for name in ROS_ADAPTERS}
    if failed["rclpy"]:
        what = f"ROS 2 is not found ({failed['rclpy']}): the nodes cannot run, the library and the other verbs can"
        problems.append({"what": what, "do": f"source a ROS 2 (Jazzy, Kilted), or {SETUP_AND_SOURCE}", "core": False})
    elif failed["func_corr_ros.msg"]:
        what = f"the messages are not built or not sourced ({failed['func_corr_ros.msg']})"
        problems.append({"what": what, "do": f"{SETUP_AND_SOURCE}, or `colcon build && . install/setup.bash`", "core": False})
    for name in [] if failed["rclpy"] else [name for name, found in adapters.items() if not found]:
        loss, debian = ROS_ADAPTERS[name]
        do = f"with a ROS 2 from Debian packages: sudo apt install ros-{distro or '<distro>'}-{debian}"
        problems.append({"what": f"{name} is not found: {loss}", "do": do, "core": False})
    return {
        "works": failed["rclpy"] is None,
        "interfaces": failed["func_corr_ros.msg"] is None,
        "rclpy": version("rclpy"),
        "distro": distro,
        "rmw": os.environ.get("RMW_IMPLEMENTATION") or "default",
        "domain": os.environ.get("ROS_DOMAIN_ID", "0"),
        "adapters": adapters,
    }


def optional() -> list[dict[str, str | None]]:
    """Returns a row for every optional package: its version, or the command that installs it."""
    found = {name: (version(name) or "present") if there(name) else None for name in EXTRA_OF}
    return [
        {
            "name": name,
            "extra": extra,
            "version": found[name],
            "install": None if found[name] else f"pip install 'func_corr_ros[{extra}]'",
        }
        for name, extra in EXTRA_OF.items()
    ]


def there(name: str) -> bool:
    """Returns whether ``name`` could be imported, without importing it."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # the parent of a dotted name is missing, or a stand-in took its place
        return False


def version(distribution: str) -> str | None:
    """Returns the installed version of a distribution, None where it has none."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
