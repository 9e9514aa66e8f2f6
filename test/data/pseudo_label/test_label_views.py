# SPDX-License-Identifier: Apache-2.0
"""Nineteen views that together see all of a surface; a seen point lies on a pixel of its own part."""

from pathlib import Path

import numpy as np
import pytest
from data.pseudo_label.labelled_box import shape, views

from func_corr_ros.data.pseudo_label.label_views import read_label_views, write_label_views

pytest.importorskip("embreex")


def test_the_views_are_the_papers_and_see_everything() -> None:
    one = views()
    assert one.seen.shape == (19, 1024) and one.seen.any(axis=0).mean() > 0.99
    assert all(0.02 < one.mask(view).mean() < 0.7 for view in range(19))


def test_a_seen_point_lies_on_a_pixel_of_its_part() -> None:
    one, part = views(), shape().thing.part_of_face[shape().face]
    right = []
    for view in range(19):
        column, row = np.rint(one.uv[view][one.seen[view]]).astype(int).T
        right.append(one.part_index[view][row, column] == part[one.seen[view]])
    assert np.concatenate(right).mean() > 0.97  # the rest lies within half a pixel of an outline


def test_views_come_back_from_their_file(tmp_path: Path) -> None:
    write_label_views(tmp_path / "v.npz", views())
    back = read_label_views(tmp_path / "v.npz")
    for name in ("camera_from_object", "color", "part_index", "uv", "seen"):
        np.testing.assert_array_equal(getattr(back, name), getattr(views(), name))
    assert (back.part_names, back.exact, back.camera) == (views().part_names, True, views().camera)
