# SPDX-License-Identifier: Apache-2.0
"""Protocol A: known answers (perfect, constant offset, chance, one point, nothing), permutations, refusals."""
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from func_corr_ros.errors import NoMask, SizeMismatch, TooFewPoints
from func_corr_ros.evaluation.label_transfer import MISSING_PX, THRESHOLDS, frame_scale, score_label_transfer


def disc(size: int = 120, radius: float = 40.0) -> np.ndarray:
    v, u = np.mgrid[:size, :size]
    return np.hypot(u - 60, v - 55) <= radius


def pixels(mask: np.ndarray) -> np.ndarray:
    return np.argwhere(mask)[:, ::-1].astype(np.float32)


def test_a_perfect_prediction_is_0_1_1_1_1(rng: np.random.Generator) -> None:
    truth = rng.uniform(0, 448, (50, 2)).astype(np.float32)
    score = score_label_transfer(truth, truth, scale=0.6)
    assert score.normalised_distance == 0.0 and score.missing == 0
    assert [score.pck(t) for t in THRESHOLDS] == [1.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("offset", "right"), [(4.0, 4), (5.0, 4), (5.01, 3), (10.0, 3), (10.01, 2), (15.01, 1), (23.0, 1), (23.01, 0)]
)
def test_a_constant_offset_is_its_share_of_223_and_the_right_step(rng: np.random.Generator, offset: float, right: int) -> None:
    truth = np.rint(rng.uniform(0, 448, (50, 2)))
    score = score_label_transfer(truth + [0.0, offset / 2.0], truth, scale=2.0)  # 2 px of the frame per pixel of the image
    assert score.normalised_distance == pytest.approx(offset / 223.0, rel=1e-9)
    assert sum(score.pck(t) for t in THRESHOLDS) == right


def test_the_frame_is_a_fifth_larger_than_the_object_and_224_px_wide() -> None:
    mask = np.zeros((300, 400), dtype=bool)
    mask[10:70, 100:150] = True  # 60 px high: 72 px become 224
    assert frame_scale(mask) == pytest.approx(224.0 / 72.0)
    assert frame_scale(mask.T) == frame_scale(mask)
    assert frame_scale(np.kron(mask, np.ones((3, 3))) > 0) == pytest.approx(frame_scale(mask) / 3.0)
    with pytest.raises(NoMask, match="400x300"):
        frame_scale(np.zeros_like(mask))


def test_the_same_picture_enlarged_scores_the_same(rng: np.random.Generator) -> None:
    mask = disc()
    truth, predicted = (pixels(mask)[rng.integers(0, mask.sum(), 30)] for _ in range(2))
    small = score_label_transfer(predicted, truth, frame_scale(mask))
    large = score_label_transfer(4 * predicted, 4 * truth, frame_scale(np.kron(mask, np.ones((4, 4))) > 0))
    np.testing.assert_allclose(large.distance_px, small.distance_px, rtol=1e-9)


def test_chance_is_what_it_must_be(rng: np.random.Generator) -> None:
    """Uniform over the mask: the expectation is a sum over its pixels, known exactly; 3 standard errors are allowed."""
    mask = disc()
    candidates, truth, scale, draws = pixels(mask), np.array([30.0, 41.0]), frame_scale(disc()), 20_000
    distance = scale * np.linalg.norm(candidates - truth, axis=1)
    score = score_label_transfer(candidates[rng.integers(0, len(candidates), draws)], np.tile(truth, (draws, 1)), scale)
    assert abs(score.normalised_distance - distance.mean() / 223.0) < 3.0 * distance.std() / 223.0 / math.sqrt(draws)
    for t in THRESHOLDS:
        share = float((distance <= t).mean())
        assert 0.0 < share < 1.0
        assert abs(score.pck(t) - share) < 3.0 * math.sqrt(share * (1.0 - share) / draws)


def test_one_point() -> None:
    score = score_label_transfer(np.array([[3.0, 4.0]]), np.array([[0.0, 0.0]]), 1.0)
    assert score.normalised_distance == pytest.approx(5.0 / 223.0) and score.pck(5) == 1.0


def test_silence_is_the_worst_answer(rng: np.random.Generator) -> None:
    truth = rng.uniform(0, 224, (10, 2))
    silent = truth.copy()
    silent[:4] = np.nan
    silent[4, 0] = np.inf
    score = score_label_transfer(silent, truth, 1.0)
    assert score.missing == 5 and score.pck(23) == 0.5
    assert score.normalised_distance == pytest.approx(0.5 * math.sqrt(2.0))
    nothing = score_label_transfer(np.full_like(truth, np.nan), truth, 1.0)
    assert nothing.missing == 10 and nothing.pck(23) == 0.0 and set(nothing.distance_px) == {MISSING_PX}


@given(seed=st.integers(0, 1000))
def test_the_order_of_the_points_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    predicted, truth = rng.uniform(0, 224, (2, 20, 2))
    order = rng.permutation(20)
    one, other = score_label_transfer(predicted, truth, 1.0), score_label_transfer(predicted[order], truth[order], 1.0)
    np.testing.assert_array_equal(one.distance_px[order], other.distance_px)


def test_of_equally_valid_orders_the_best_counts(rng: np.random.Generator) -> None:
    truth = rng.uniform(0, 224, (8, 2))
    turned = np.roll(np.arange(8), 3)
    predicted = truth[turned]
    assert score_label_transfer(predicted, truth, 1.0).normalised_distance > 0.0
    orders = np.stack([rng.permutation(8), turned])
    assert score_label_transfer(predicted, truth, 1.0, orders).normalised_distance == 0.0
    assert score_label_transfer(truth, truth, 1.0, orders).normalised_distance == 0.0, "the order as written is valid, too"


def test_nothing_to_score_is_refused() -> None:
    with pytest.raises(TooFewPoints, match="no truth"):
        score_label_transfer(np.zeros((0, 2)), np.zeros((0, 2)), 1.0)
    with pytest.raises(SizeMismatch, match="3 points are predicted for 2"):
        score_label_transfer(np.zeros((3, 2)), np.zeros((2, 2)), 1.0)
