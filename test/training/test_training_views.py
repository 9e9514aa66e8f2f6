# SPDX-License-Identifier: Apache-2.0
"""Training views: truth lies on the object, files are whole, drawn alike again, and hold nothing that tests are made of."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.errors import BadSettings
from func_corr_ros.training.disturbance import DisturbanceSettings
from func_corr_ros.training.training_views import (
    Instance,
    TrainingViewSettings,
    instance_of,
    make_training_views,
    read_instance,
    write_instance,
)

SETTINGS = TrainingViewSettings(objects=1, views=2, rendered=224, pixels=64)
CLEAN = replace(SETTINGS, disturbance=DisturbanceSettings(mask=0.0, occlusion=0.0))


@pytest.fixture(scope="module")
def mug() -> Instance:
    return instance_of("mug", 5, CLEAN)


def test_places_lie_on_the_object(mug: Instance) -> None:
    assert sum(one.seen.sum() for one in mug.serving.values()) > 100
    for view, mask in enumerate(mug.masks):
        for one in mug.serving.values():
            if one.seen[view].sum() > 20:
                column, row = np.clip(np.rint(one.uv[view][one.seen[view]]).astype(int), 0, 223).T
                assert mask[row, column].mean() > 0.9  # a place on the outline rounds to either side
        column, row = np.rint(mug.pixels[view]).astype(int).T
        assert mask[row, column].mean() > 0.9


def test_the_places_of_pixels_agree_with_those_of_samples(mug: Instance) -> None:
    """Where many samples of the handle are seen, the pixels about them show the handle."""
    one, checked = mug.serving["hang-onto"], 0
    for view in range(len(mug.masks)):
        seen = one.uv[view][one.seen[view]]
        for uv, part in zip(mug.pixels[view], mug.part_of_pixel[view], strict=True):
            if len(seen) and np.linalg.norm(seen - uv, axis=1).min() < 1.0:
                checked += one.parts[part] == 1
                assert one.parts[part] or np.linalg.norm(seen - uv, axis=1).min() > 0.0
    assert one.seen.any() and checked > 0


def test_what_is_hidden_is_not_seen() -> None:
    settings = replace(SETTINGS, disturbance=DisturbanceSettings(mask=0.0, occlusion=1.0))
    for seed in range(3):
        bitten = instance_of("kettle", seed, settings)
        for view, mask in enumerate(bitten.masks):
            for one in bitten.serving.values():
                if one.seen[view].sum() >= 50:
                    column, row = np.clip(np.rint(one.uv[view][one.seen[view]]).astype(int), 0, 223).T
                    assert mask[row, column].mean() > 0.8


def test_a_file_holds_all_of_it(mug: Instance, tmp_path: Path) -> None:
    write_instance(tmp_path / "mug" / "000005.npz", mug)
    again = read_instance(tmp_path / "mug" / "000005.npz")
    for name in ("pictures", "masks", "camera_from_object", "pixels", "part_of_pixel"):
        assert np.array_equal(getattr(again, name), getattr(mug, name)), name
    assert list(again.serving) == list(mug.serving)
    for function, one in mug.serving.items():
        other = again.serving[function]
        assert np.array_equal(other.uv, one.uv) and np.array_equal(other.samples.points, one.samples.points)
        mine, theirs = one.samples.symmetry, other.samples.symmetry
        assert (mine is None) == (theirs is None)
        assert mine is None or theirs is None or (mine.order == theirs.order and np.array_equal(mine.direction, theirs.direction))


def test_views_are_drawn_alike_again_and_none_is_made_twice(mug: Instance, tmp_path: Path) -> None:
    settings = replace(CLEAN, first_seed=5)
    (file,) = make_training_views(tmp_path, settings, ("mug",), 1)
    assert np.array_equal(read_instance(file).pictures, mug.pictures)
    before = file.stat().st_mtime_ns
    make_training_views(tmp_path, settings, ("mug",), 1)
    assert file.stat().st_mtime_ns == before
    with pytest.raises(BadSettings, match="other settings"):
        make_training_views(tmp_path, replace(settings, size=448), ("mug",), 1)


@pytest.mark.parametrize("category, seed, word", [("hoe", 0, "hoe"), ("mug", 1_000_000 - 0, "benchmarks")])
def test_what_tests_are_made_of_is_refused(category: str, seed: int, word: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=word):
        make_training_views(tmp_path, replace(SETTINGS, first_seed=seed), (category,), 1)
