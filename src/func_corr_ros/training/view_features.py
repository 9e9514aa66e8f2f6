# SPDX-License-Identifier: Apache-2.0
"""The frozen backbone's features of training views, computed once: a head that trains reads them instead of pictures."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from func_corr_ros.correspondence.backbone import Backbone
from func_corr_ros.provenance import hold_to, provenance, whole_file


def make_view_features(
    views: Sequence[Path], backbone: Backbone, identity: dict[str, object], out: Path, *,
    on_file: Callable[[Path], None] = lambda path: None,
) -> list[Path]:
    """Writes the features of every file of ``views`` (training_views) that has none yet, as float16 (views, channels, gh, gw),
    and returns their files, in order. ``identity`` says what the features depend on; raises BadSettings where ``out`` has others.
    """
    hold_to(out, provenance(identity, {backbone.name: backbone.weights_sha256}))
    files = [features_file(path, out) for path in views]
    for path, file in zip(views, files, strict=True):
        if not file.exists():
            with np.load(path) as arrays:
                grids = backbone.patch_features(arrays["pictures"])
            with whole_file(file) as whole:
                np.save(whole, grids.half().cpu().numpy())
        on_file(file)
    return files


def features_file(view: Path, out: Path) -> Path:
    """Returns where the features of a file of training views lie."""
    return out / view.parent.name / f"{view.stem}.npy"
