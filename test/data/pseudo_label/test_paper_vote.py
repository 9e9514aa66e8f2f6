# SPDX-License-Identifier: Apache-2.0
"""Counts by hand, Otsu's threshold between two heaps, and pixels where the heat is."""

import numpy as np
import pytest
from data.pseudo_label.labelled_box import interview, shape, views

from func_corr_ros.data.pseudo_label.answers import Answers
from func_corr_ros.data.pseudo_label.asking import paper_answers
from func_corr_ros.data.pseudo_label.paper_vote import otsu, paper_heat, paper_pixels, paper_points
from func_corr_ros.evaluation.label_quality import overlap

pytest.importorskip("embreex")


def everywhere(view: list[int]) -> Answers:
    rows = len(view)
    return Answers(
        ("head",),
        np.zeros(rows, np.int64),
        np.array(view),
        np.zeros((rows, 3), np.int64),
        np.tile(np.array([-1.0, -1.0, 97.0, 97.0], np.float32), (rows, 1)),
    )


def test_heat_counts_boxes_in_views_that_have_three() -> None:
    heat = paper_heat(everywhere([0, 0, 0, 7, 7, 7, 7, 3, 3]), views(), None)
    count = 3.0 * views().seen[0] + 4.0 * views().seen[7]
    np.testing.assert_allclose(heat, (count - count.min()) / np.ptp(count))
    assert not paper_heat(everywhere([0, 0]), views(), None).any()


def test_an_edge_prior_multiplies(rng: np.random.Generator) -> None:
    edge = rng.random(1024)
    heat = paper_heat(everywhere([0, 0, 0]), views(), edge)
    expected = views().seen[0] * edge
    np.testing.assert_allclose(heat, expected / expected.max())


def test_otsu_parts_two_heaps() -> None:
    assert 0.2 <= otsu(np.array([0.1] * 50 + [0.2] * 50 + [0.8] * 20 + [0.9] * 20)) < 0.8
    assert otsu(np.full(9, 0.7)) == pytest.approx(128 / 255) == otsu(np.zeros(0))


def test_right_boxes_give_points_and_pixels_of_the_part() -> None:
    heat = paper_heat(paper_answers(interview(), 1, crop=False), views(), None)
    assert overlap(paper_points(heat), shape().truth("head")) > 0.5
    view = int(np.argmax([(views().part_index[v] == 1).sum() for v in range(19)]))
    found = paper_pixels(heat, views().uv[view], views().seen[view], views().mask(view))
    assert overlap(found, views().part_index[view] == 1) > 0.5 and not (found & ~views().mask(view)).any()
