# SPDX-License-Identifier: Apache-2.0
"""Smoothing keeps what is constant and stays within what it was given; edges are where a box has them."""

import numpy as np
from data.pseudo_label.labelled_box import around, shape

from func_corr_ros.data.pseudo_label.neighbourhood import logistic
from func_corr_ros.data.pseudo_label.shape import HALF_SIZE


def test_a_constant_stays_and_noise_shrinks(rng: np.random.Generator) -> None:
    constant, noise = np.full(1024, 1.7), rng.standard_normal(1024)
    np.testing.assert_allclose(around().smoothed(constant, 3.0), constant)
    smooth = around().smoothed(noise, 3.0)
    assert smooth.std() < 0.6 * noise.std() and smooth.min() >= noise.min() and smooth.max() <= noise.max()
    np.testing.assert_array_equal(around().smoothed(noise, 0.0), noise)


def test_edges_are_where_faces_meet() -> None:
    one = shape()
    head = one.truth("head")
    beside = (np.abs(np.abs(one.points[:, 1:]) - 0.04 / one.metres) < 0.01).all(axis=1) & head  # the head's long edges
    middle = (np.abs(one.points[:, 1:]).min(axis=1) < 0.02) & (one.points[:, 0] > HALF_SIZE - 0.15) & head
    assert beside.sum() > 5 and middle.sum() > 5
    assert around().edge[beside].mean() > 0.3 > 3.0 * np.median(around().edge[middle])


def test_log_odds_and_probabilities_are_each_others_inverse() -> None:
    p = np.array([0.01, 0.5, 0.9])
    np.testing.assert_allclose(logistic(np.log(p / (1.0 - p))), p)
