# SPDX-License-Identifier: Apache-2.0
"""Which settings help plain DINOv2-S on real objects: one setting changed at a time, judged by hand-marked keypoints.

    python benchmarks/feature_choices.py [--frames FOLDER]

Where the patch grid falls on an object moves PCK by several points, more than most settings do; so every row is the mean over
crops a little larger and smaller. Needs real frames (../shared/data/rgbd beside the repository). The table of
docs/correspondence.md comes from here.
"""
from __future__ import annotations

import argparse
import platform
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from func_corr_ros.correspondence import CorrespondenceSettings, FunctionalCorrespondence, load_backbone
from func_corr_ros.evaluation.marked_keypoints import MarkedObject, errors_by_side, load_marked_object, pck
from func_corr_ros.provenance import code_revision, write_json
from func_corr_ros.settings import override

ROOT = Path(__file__).resolve().parents[1]
CHANGES: list[dict[str, Any]] = [
    {},
    {"backbone.layers": (-1,)},
    {"backbone.layers": (-2,)},
    {"backbone.layers": (-3,)},
    {"backbone.layers": (-4, -3, -2, -1)},
    {"backbone.aggregate": "concat"},
    {"backbone.final_norm": False},
    {"backbone.layers": (-1,), "backbone.final_norm": False},
    {"crop.background": "white"},
    {"crop.background": "original"},
    {"crop.margin": 1.05},
    {"crop.margin": 1.4},
    {"crop.margin": 1.6},
    {"max_pixels": 300},
    {"max_pixels": 12000},
    {"refine_reach": 0.03},
    {"refine_reach": 0.094},
    {"crop.size": 336},
    {"crop.size": 448},
]


# A crop of 16 patches shifts its outer ones by almost one patch over this range.
PLACEMENTS = (0.95, 0.97, 0.99, 1.01, 1.03, 1.05)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--frames", type=Path, default=ROOT.parent / "shared" / "data" / "rgbd")
    frames = arguments.parse_args().frames
    if not frames.is_dir():
        print(f"no real frames in {frames}: nothing to measure")
        return
    torch.set_num_threads(2)
    objects = [load_marked_object(path, frames) for path in sorted((ROOT / "test/data/keypoints").glob("*.yaml"))]
    rows = []
    for change in CHANGES:
        row = scores(override(CorrespondenceSettings(), change), objects)
        if not rows:
            print(f"{'PCK@0.05 / @0.1 / mean error':46}" + "".join(f"{group:>24}" for group in row))
        name = ", ".join(f"{key} {value}" for key, value in change.items()) or "defaults"
        print(f"{name:46}" + "".join(f"{'{:.2f} / {:.2f} / {:.3f}'.format(*row[group]):>24}" for group in row), flush=True)
        rows.append({"change": change, **row})
    stamp = time.strftime("%Y%m%d_%H%M%S")
    result = {"date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": platform.node(), "revision": code_revision(), "rows": rows}
    print("written to", write_json(ROOT / "build/benchmarks" / f"feature_choices_{stamp}_{platform.node()}.json", result))


def scores(settings: CorrespondenceSettings, objects: list[MarkedObject]) -> dict[str, tuple[float, float, float]]:
    """Returns PCK at 5 % and 10 % of the object and the mean error, for each group of pairs, over all placements."""
    backbone = load_backbone("dinov2-small", "cpu", settings=settings.backbone)
    errors: dict[str, list[float]] = {}
    for placement in PLACEMENTS:
        crop = replace(settings.crop, margin=placement * settings.crop.margin)
        model = FunctionalCorrespondence(backbone, replace(settings, crop=crop))
        for name, found in errors_by_side(model, objects, "pour-with").items():
            errors.setdefault(name, []).extend(found)
    return {name: (pck(found, 0.05), pck(found, 0.1), float(np.mean(found))) for name, found in errors.items()}


if __name__ == "__main__":
    main()
