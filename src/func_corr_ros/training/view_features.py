# SPDX-License-Identifier: Apache-2.0
"""The frozen backbone's features of training views, computed once: a head that trains reads them instead of pictures."""
from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float16

from func_corr_ros.correspondence.backbone import Backbone
from func_corr_ros.errors import BadSettings
from func_corr_ros.provenance import provenance, write_json

MADE_WITH = "provenance.json"


def make_view_features(
    views: Sequence[Path], backbone: Backbone, identity: dict[str, object], out: Path, *,
    on_file: Callable[[Path], None] = lambda path: None,
) -> list[Path]:
    """Writes the features of every file of ``views`` (training_views) that has none yet, as float16 (views, channels, gh, gw),
    and returns their files, in order. ``identity`` says what the features depend on; raises BadSettings where ``out`` has others.
    """
    made_with = json.loads(json.dumps(provenance(identity, {backbone.name: backbone.weights_sha256})))  # tuples become lists
    beside = out / MADE_WITH
    if beside.exists():
        found = json.loads(beside.read_text())
        if any(found[key] != made_with[key] for key in ("settings", "sha256")):
            raise BadSettings(f"{out} holds other features ({found['settings']}); empty it, or choose another folder")
    else:
        write_json(beside, made_with)
    files = [features_file(path, out) for path in views]
    for path, file in zip(views, files, strict=True):
        if not file.exists():
            with np.load(path) as arrays:
                grids = backbone.patch_features(arrays["pictures"])
            _write(grids.half().cpu().numpy(), file)
        on_file(file)
    return files


def features_file(view: Path, out: Path) -> Path:
    """Returns where the features of a file of training views lie."""
    return out / view.parent.name / f"{view.stem}.npy"


def _write(features: Float16[np.ndarray, "v c gh gw"], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{os.getpid()}_{path.name}")
    try:
        np.save(partial, features)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
