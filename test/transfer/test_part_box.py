# SPDX-License-Identifier: Apache-2.0
"""A place on a part keeps its rank in the part's box: tips stay tips, middles middles."""
from __future__ import annotations

import numpy as np
import pytest
from transfer.sticks import UP, laid_out, stick

from func_corr_ros.geometry.se3 import about_axis
from func_corr_ros.transfer.part_box import boxed_place, boxed_points
from func_corr_ros.transfer.turn import believed_turn


@pytest.mark.parametrize("longer", [0.5, 1.0, 2.0])
def test_the_tip_of_a_longer_part_is_its_tip(longer: float) -> None:
    belief = believed_turn(*laid_out(stick(0.4, longer=longer)))
    turn = about_axis(UP, 0.4)
    for x in (0.15, 0.1125):
        place = boxed_place(np.array([x, 0.0, 0.01]), belief)
        expected = turn @ np.array([0.075 + longer * (x - 0.075), 0.0, 0.01])
        assert np.linalg.norm(place - expected) < 0.006


def test_two_equal_objects_lie_upon_each_other() -> None:
    shown, seen, diagonal = boxed_points(believed_turn(*laid_out(stick(1.0))))
    assert diagonal == pytest.approx(0.28, abs=0.02)
    nearest = np.linalg.norm(shown[:, None] - seen[None], axis=2).min(axis=1)
    assert np.median(nearest) < 0.01


def test_a_single_stray_pixel_does_not_stretch_the_box() -> None:
    lifted = stick(0.0)
    belief = believed_turn(*laid_out(lifted))
    before = boxed_place(np.array([0.15, 0.0, 0.01]), belief)
    lifted.live[np.flatnonzero(lifted.part[:, 0] > 0.9)[0]] = [0.5, 0.0, 0.01]
    after = boxed_place(np.array([0.15, 0.0, 0.01]), believed_turn(*laid_out(lifted)))
    assert np.linalg.norm(after - before) < 0.01
