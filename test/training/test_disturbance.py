# SPDX-License-Identifier: Apache-2.0
"""Pictures change, pixels do not move; what is hidden is never in the mask."""
from __future__ import annotations

import numpy as np
import pytest

from func_corr_ros.training.disturbance import DisturbanceSettings, disturbed, disturbed_mask

NEVER = DisturbanceSettings(texture=0.0, light=0.0, blur=0.0, noise=0.0, mask=0.0, occlusion=0.0)
ALWAYS = DisturbanceSettings(texture=1.0, light=1.0, blur=1.0, noise=1.0, mask=1.0, occlusion=1.0)


def scene() -> tuple[np.ndarray, np.ndarray]:
    mask = np.zeros((96, 120), dtype=bool)
    mask[20:70, 30:100] = True
    color = np.full((96, 120, 3), 200, dtype=np.uint8)
    color[mask] = (40, 90, 60)
    return color, mask


def test_nothing_happens_where_nothing_is_asked_for() -> None:
    color, mask = scene()
    rng = np.random.default_rng(0)
    assert np.array_equal(disturbed(color, mask, NEVER, rng), color)
    given, hidden = disturbed_mask(mask, NEVER, rng)
    assert np.array_equal(given, mask) and not hidden.any()


@pytest.mark.parametrize("seed", range(12))
def test_the_object_stays_where_it_was(seed: int) -> None:
    color, mask = scene()
    picture = disturbed(color, mask, ALWAYS, np.random.default_rng(seed))
    assert picture.shape == color.shape and picture.dtype == np.uint8
    assert not np.array_equal(picture, color)
    edges = np.abs(np.diff(picture[45].astype(int).mean(axis=1)))
    assert edges[20:40].max() > 2.0 * np.median(edges) or edges[90:110].max() > 2.0 * np.median(edges)


@pytest.mark.parametrize("seed", range(30))
def test_masks_stay_near_and_leave_out_what_is_hidden(seed: int) -> None:
    _, mask = scene()
    given, hidden = disturbed_mask(mask, ALWAYS, np.random.default_rng(seed))
    assert not (given & hidden).any()
    assert (given & mask).sum() >= 0.5 * mask.sum()
    rows, columns = np.nonzero(given)
    assert rows.min() >= 16 and rows.max() <= 73 and columns.min() >= 26 and columns.max() <= 103


def test_equal_draws_give_equal_pictures() -> None:
    color, mask = scene()
    assert np.array_equal(*(disturbed(color, mask, ALWAYS, np.random.default_rng(7)) for _ in range(2)))
