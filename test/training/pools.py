# SPDX-License-Identifier: Apache-2.0
"""A few views of a few objects, with features drawn at random: enough to draw pairs from, in seconds."""
from __future__ import annotations

from pathlib import Path

import numpy as np

from func_corr_ros.training.batches import ViewPool
from func_corr_ros.training.training_views import TrainingViewSettings, make_training_views

CHANNELS = 6


def small_pool(folder: Path, samples: int = 64) -> ViewPool:
    """Returns two views of two mugs, kettles, cups and hammers."""
    settings = TrainingViewSettings(objects=2, views=2, rendered=224, pixels=64)
    views = make_training_views(folder, settings, ("mug", "kettle", "cup", "hammer"), 1)
    features = []
    for number in range(len(views)):
        features.append(folder / f"{number}.npy")
        if not features[-1].exists():
            values = np.random.default_rng(number).normal(size=(2, CHANNELS, 16, 16))
            np.save(features[-1], values.astype(np.float16))
    return ViewPool(views, features, samples)
