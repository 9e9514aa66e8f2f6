# SPDX-License-Identifier: Apache-2.0
"""What a method says of negative pairs, on which there is nothing to find; each answer is written once, beside those of pairs."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from func_corr_ros.correspondence.baselines.method import Method
from func_corr_ros.evaluation.benchmark import Benchmark, NegativePair
from func_corr_ros.evaluation.benchmark_files import read_arrays
from func_corr_ros.evaluation.predictions import FOLDER, Descriptions, claim, made_with, path_of
from func_corr_ros.provenance import whole_file


def predict_negatives(
    benchmark: Benchmark, method: Method, out: Path, negatives: Sequence[NegativePair], *, made: Mapping[str, Any] | None = None,
    on_pair: Callable[[NegativePair], None] = lambda pair: None,
) -> Mapping[str, float]:
    """Returns ``Discovery.exists`` from a to b of each of ``negatives`` by id, and writes those that are not there yet into the
    folder of :func:`predict`, which comes first and has the same ``made``. The method is not told where the parts are: b has
    none. ``on_pair`` is called after each of them, old answers too.

    Raises BadSettings where others were made by other code and some are missing.
    """
    folder = Path(out) / FOLDER
    answered = {pair.id: read_exists(path_of(folder, pair), pair) for pair in negatives}
    claim(Path(out), made or made_with(benchmark, method), unfinished=None in answered.values(), overwrite=False)
    described = Descriptions(benchmark, method)
    for pair in negatives:
        if answered[pair.id] is None:
            a, b = (described.of(view, pair.function) for view in (pair.a, pair.b))
            answered[pair.id] = write_exists(path_of(folder, pair), pair, method.discover(a, b).exists)
        on_pair(pair)
    return {pair_id: exists for pair_id, exists in answered.items() if exists is not None}


def write_exists(path: Path, pair: NegativePair, exists: float) -> float:
    """Writes the answer to ``pair``, and what was asked, whole or not at all; returns the answer as it is read back."""
    value = np.array(exists, dtype=np.float32)
    with whole_file(path) as file:
        np.savez(file, asked=_asked(pair), exists=value)
    return float(value)


def read_exists(path: Path, pair: NegativePair) -> float | None:
    """Returns the answer to ``pair``; None where it was not asked, or another pair was by this id (its benchmark's views are the
    same, its negatives may have changed).
    """
    if not path.is_file():
        return None
    arrays = read_arrays(path)
    same = "exists" in arrays and np.array_equal(arrays.get("asked", ()), _asked(pair))
    return float(arrays["exists"]) if same else None


def _asked(pair: NegativePair) -> np.ndarray:
    return np.array([pair.function, pair.a, pair.b])
