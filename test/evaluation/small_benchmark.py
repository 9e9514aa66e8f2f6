# SPDX-License-Identifier: Apache-2.0
"""The smallest benchmark there is: two views of 20 x 30 pixels, one pair of three points."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from func_corr_ros.evaluation.benchmark import Truth
from func_corr_ros.evaluation.benchmark_writer import BenchmarkWriter

A = np.array([[5.0, 6.0], [10.25, 6.5], [12.0, 9.0]], dtype=np.float32)
B = A + np.array([4.0, 2.0], dtype=np.float32)
POINTS = np.arange(9, dtype=np.float32).reshape(3, 3)
HEAD = {"name": "small", "version": "1", "image_size": [20, 30], "functions": ["pour-with"], "unit": "m", "notes": "for tests"}
K = np.array([[40.0, 0.0, 15.0], [0.0, 40.0, 10.0], [0.0, 0.0, 1.0]])


def mask_of(view: str) -> np.ndarray:
    mask = np.zeros((20, 30), dtype=bool)
    mask[5:12, 4:14] = view == "a"
    mask[7:14, 8:18] |= view == "b"
    return mask


def write_small_benchmark(out: Path, negatives: Sequence[dict[str, Any]] = (), **settings: Any) -> Path:
    """Writes the benchmark to ``out`` and returns it."""
    writer = BenchmarkWriter(out, settings)
    image = np.arange(1800, dtype=np.uint32).reshape(20, 30, 3).astype(np.uint8)
    views, parts = {}, {}
    for view in ("a", "b"):
        depth = np.where(mask_of(view), np.float32(0.5), np.float32(np.nan))
        described = {"asset": view, "object": "mug", "seed": 7}
        views[view] = writer.write_view(view, image, mask_of(view), depth, K, np.eye(4), described)
        parts[f"part_{view}"] = writer.write_part(view, "pour-with", mask_of(view))
    pair = {"id": "p", "function": "pour-with", "a": "a", "b": "b", "within_category": True, "split": "seen", "upright": True,
            "truth": writer.write_truth("p", Truth(A, B, POINTS)), **parts}
    return writer.finish(HEAD, views, [pair], negatives)
