# SPDX-License-Identifier: Apache-2.0
"""A benchmark of one pair whose pictures differ in size, whose objects differ in shape, and of which two points are known."""
from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

# Height and width of each picture, and left, top, width and height of what lies in it [px].
SIZES = {"a": (90, 140), "b": (200, 110)}
OBJECTS = {"a": (30, 20, 60, 48), "b": (10, 70, 44, 90)}
POINTS = {"a": [[40.0, 30.0], [80.25, 60.5]], "b": [[17.0, 85.5], [48.0, 150.0]]}


def picture(view: str) -> np.ndarray:
    height, width = SIZES[view]
    left, top, w, h = OBJECTS[view]
    image = np.full((height, width, 3), 90, dtype=np.uint8)
    across, down = np.meshgrid(np.linspace(20.0, 235.0, w), np.linspace(20.0, 235.0, h))
    image[top : top + h, left : left + w] = np.stack([across, down, np.full((h, w), 128.0)], axis=-1)
    return image


def mask(view: str) -> np.ndarray:
    left, top, w, h = OBJECTS[view]
    inside = np.zeros(SIZES[view], dtype=bool)
    inside[top : top + h, left : left + w] = True
    return inside


def write_unequal_benchmark(folder: Path) -> Path:
    """Writes the pair "p" of the views "a" and "b" for pour-with: of ``a.png``, ``a_mask.png``, ``a.json`` (its points) ..."""
    folder.mkdir(parents=True)
    views = {}
    for view, size in SIZES.items():
        cv2.imwrite(str(folder / f"{view}.png"), picture(view)[..., ::-1])
        cv2.imwrite(str(folder / f"{view}_mask.png"), mask(view).astype(np.uint8) * 255)
        (folder / f"{view}.json").write_text(json.dumps(POINTS[view]))
        views[view] = {"asset": view, "object": "thing", "image": f"{view}.png", "mask": f"{view}_mask.png", "image_size": size}
    np.savez(folder / "p.npz", **{view: np.array(points, dtype=np.float32) for view, points in POINTS.items()})
    pair = {"id": "p", "function": "pour-with", "a": "a", "b": "b", "within_category": False, "split": "seen", "truth": "p.npz"}
    head = {"name": "unequal", "version": "1", "image_size": None, "functions": ["pour-with"], "unit": "object"}
    for name, value in (("benchmark", head), ("views", views), ("pairs", [pair])):
        (folder / f"{name}.json").write_text(json.dumps(value))
    return folder
