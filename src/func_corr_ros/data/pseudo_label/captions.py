# SPDX-License-Identifier: Apache-2.0
"""What is said about assets, to be matched with objects, and small pictures of them to look at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from jaxtyping import UInt8

from func_corr_ros.data.assets import ENDINGS
from func_corr_ros.data.object_view import STANDARD_CAMERA, ObjectStage, orbit
from func_corr_ros.data.pseudo_label.shape import ShapeSettings
from func_corr_ros.data.pseudo_label.sources import AssetSource, shape_of
from func_corr_ros.errors import BadSettings
from func_corr_ros.optional import require

CAPTIONS_FILE = "captions.yaml"
# From where an asset is looked at: azimuth and elevation in degrees.
_LOOKS = ((125.0, 30.0), (-55.0, 10.0))


def folder_captions(folder: Path) -> dict[str, str]:
    """Returns path below ``folder`` -> caption of each mesh file: that of ``captions.yaml`` there, or the words of its own name
    and its folder's. Raises BadSettings where there is no such folder or the YAML is no mapping of words.
    """
    if not folder.is_dir():
        raise BadSettings(f"{folder}: there is no such folder")
    file = folder / CAPTIONS_FILE
    told: Any = yaml.safe_load(file.read_text()) if file.is_file() else {}
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        raise BadSettings(f"{file}: a mapping of file names to captions is needed")
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS):
        name = path.relative_to(folder).as_posix()
        spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name.rpartition(".")[0])  # CoffeeMug
        found[name] = told.get(name) or " ".join(re.findall(r"[A-Za-z]+", spaced))
    return found


def objaverse_captions(uids: Sequence[str]) -> dict[str, str]:
    """Returns uid -> name, tags and categories of those of ``uids`` that Objaverse has. Goes online; raises MissingOptional."""
    objaverse: Any = require("objaverse")
    found = {}
    for uid, about in objaverse.load_annotations(list(uids)).items():
        words = [about.get("name", ""), *(one.get("name", "") for key in ("tags", "categories") for one in about.get(key) or [])]
        found[str(uid)] = " ".join(str(word) for word in words[:8] if word)
    return found


def asset_picture(source: AssetSource, side: int = 160) -> UInt8[np.ndarray, "h w 3"]:
    """Returns the asset from two sides, next to each other; raises what shape_of raises."""
    shape = shape_of(source, ShapeSettings(points=64))
    stage, camera = ObjectStage(shape.thing, shape.materials), STANDARD_CAMERA.resized(side, side)
    views = [stage.view(camera, orbit(shape.thing, camera, *look, fill=0.86), supersampling=2).color for look in _LOOKS]
    return np.concatenate(views, axis=1)
