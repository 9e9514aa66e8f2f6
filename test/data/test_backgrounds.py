# SPDX-License-Identifier: Apache-2.0
"""Backgrounds have the camera's size, repeat with their draw, and are as quiet as they say."""
import numpy as np
import pytest

from func_corr_ros.data.backgrounds import blurred_room, paper
from func_corr_ros.geometry.camera import PinholeCamera

CAMERA = PinholeCamera(100.0, 100.0, 47.5, 31.5, 96, 64)


@pytest.mark.parametrize("background", [paper, blurred_room])
def test_size_repeat_and_change(background) -> None:
    first, again, other = (background(CAMERA, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.shape == (64, 96, 3) and first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_paper_is_nearly_neutral_and_smooth() -> None:
    for seed in range(10):
        picture = paper(CAMERA, np.random.default_rng(seed)).astype(int)
        assert np.ptp(picture, axis=-1).max() < 18 and picture.min() > 60
        assert np.abs(np.diff(picture, axis=0)).max() <= 3 and np.abs(np.diff(picture, axis=1)).max() <= 3


def test_a_blurred_room_has_colour_but_no_edges() -> None:
    pictures = [blurred_room(CAMERA, np.random.default_rng(seed)).astype(int) for seed in range(10)]
    assert np.mean([picture.std() for picture in pictures]) > 15.0
    assert max(np.abs(np.diff(picture, axis=1)).max() for picture in pictures) < 30
