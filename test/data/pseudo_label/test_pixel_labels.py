# SPDX-License-Identifier: Apache-2.0
"""A pixel takes the label of the nearest point that is seen; true points give true pixels."""

import numpy as np
import pytest
from data.pseudo_label.labelled_box import shape, views

from func_corr_ros.data.pseudo_label.pixel_labels import nearest_points, part_pixels
from func_corr_ros.evaluation.label_quality import overlap

pytest.importorskip("embreex")


def test_the_nearest_seen_point_counts() -> None:
    uv = np.array([[0.0, 0.0], [5.0, 0.0], [5.4, 0.0]], np.float32)
    pixels = np.array([[1.0, 0.0], [5.3, 0.0]], np.float32)
    assert nearest_points(uv, np.array([True, True, False]), pixels).tolist() == [0, 1]
    assert nearest_points(uv, np.zeros(3, bool), pixels).tolist() == [-1, -1]


def test_true_points_give_true_pixels() -> None:
    shown = [part_pixels(shape().truth("head"), views().uv[v], views().seen[v], views().mask(v)) for v in range(19)]
    assert overlap(np.stack(shown), views().part_index == 1) > 0.9
    assert not part_pixels(np.zeros(1024, bool), views().uv[0], views().seen[0], views().mask(0)).any()
