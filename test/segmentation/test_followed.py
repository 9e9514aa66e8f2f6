# SPDX-License-Identifier: Apache-2.0
"""What was pointed at is the same object in every next image, and what is gone is given up once, after a while."""
from __future__ import annotations

import numpy as np
import pytest

from func_corr_ros.errors import NoMask
from func_corr_ros.segmentation.followed import FollowedObject, deepest_pixel
from func_corr_ros.segmentation.segmenter import Segmentation, ranked


def two_discs(left: tuple[float, float], right: tuple[float, float], radius: float = 20.0) -> Segmentation:
    v, u = np.mgrid[0:200, 0:300]
    labels = np.zeros((200, 300), dtype=np.int32)
    for index, (x, y) in enumerate((left, right), start=1):
        labels[(u - x) ** 2 + (v - y) ** 2 <= radius**2] = index
    return ranked(labels)


def test_nothing_is_asked_for_until_somebody_points() -> None:
    followed = FollowedObject()
    assert followed.prompts() is None and followed.missed() is False
    followed.point_at((3.0, 4.0))
    prompts = followed.prompts()
    assert prompts is not None and prompts.points.tolist() == [[3.0, 4.0]] and prompts.point_labels.tolist() == [1]
    followed.point_at(None)
    assert followed.prompts() is None


def test_one_of_two_equal_discs_is_followed_while_they_pass_each_other() -> None:
    """Each step is less than half a disc; in the end each is where the other was."""
    followed = FollowedObject()
    followed.point_at((52.0, 63.0))
    for step in range(26):
        seen = two_discs((50.0 + 8.0 * step, 60.0), (250.0 - 8.0 * step, 140.0))
        prompts = followed.prompts()
        assert prompts is not None
        followed.found(seen.narrowed(prompts))
        assert followed.uv == pytest.approx((50.0 + 8.0 * step, 60.0), abs=1.0)


def test_a_step_that_is_too_long_misses_rather_than_jumps() -> None:
    followed = FollowedObject()
    followed.point_at((50.0, 60.0))
    prompts = followed.prompts()
    assert prompts is not None
    with pytest.raises(NoMask):
        two_discs((90.0, 60.0), (250.0, 140.0)).narrowed(prompts)


def test_what_is_gone_is_given_up_once_after_the_patience() -> None:
    now = [0.0]
    followed = FollowedObject(patience=2.0, clock=lambda: now[0])
    followed.point_at((50.0, 60.0))
    now[0] = 1.9
    assert followed.missed() is False and followed.uv is not None
    prompts = followed.prompts()
    assert prompts is not None
    followed.found(two_discs((50.0, 60.0), (250.0, 140.0)).narrowed(prompts))
    now[0] = 3.8
    assert followed.missed() is False  # it was found at 1.9 s
    now[0] = 4.0
    assert followed.missed() is True and followed.uv is None
    assert followed.missed() is False


def test_the_deepest_pixel_is_inside_of_a_ring_and_away_from_the_border() -> None:
    v, u = np.mgrid[0:100, 0:100]
    distance = np.hypot(u - 50, v - 50)
    ring = ranked(((distance > 20) & (distance < 40)).astype(np.int32))
    x, y = deepest_pixel(ring, 1)
    assert np.hypot(x - 50, y - 50) == pytest.approx(30.0, abs=1.0)
    half = ranked((u < 40).astype(np.int32))
    x, y = deepest_pixel(half, 1)
    assert x == pytest.approx(19.5, abs=1.0) and 15 < y < 85
