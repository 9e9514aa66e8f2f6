# SPDX-License-Identifier: Apache-2.0
"""Protocol B against a literal reading of its definition, and known answers."""
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from func_corr_ros.errors import BadSettings, SizeMismatch, TooFewPoints
from func_corr_ros.evaluation import discovery
from func_corr_ros.evaluation.discovery import DiscoveryScore, ranking, score_discovery
from func_corr_ros.evaluation.label_transfer import THRESHOLDS


def literal(uv_a, uv_b, truth_a, truth_b, t, tops):
    """Best F1 and AP point by point, as design and paper put it in words; as slow as it looks."""
    correct, recovered = [], {}
    for rank, (p, q) in enumerate(zip(uv_a, uv_b, strict=True)):
        hit = False
        for i, (a, b) in enumerate(zip(truth_a, truth_b, strict=True)):
            if math.dist(p, a) <= t and math.dist(q, b) <= t:
                hit = True
                recovered.setdefault(i, rank)
        correct.append(hit)
    best_f1 = ap = recall_before = 0.0
    for top in tops:
        precision = sum(correct[:top]) / top
        recall = sum(rank < top for rank in recovered.values()) / len(truth_a)
        if precision + recall > 0.0:
            best_f1 = max(best_f1, 2.0 * precision * recall / (precision + recall))
        ap += (recall - recall_before) * precision
        recall_before = recall
    return best_f1, ap


def some_matches(rng: np.random.Generator, count: int, truths: int, noise: float = 8.0) -> tuple[np.ndarray, ...]:
    """Matches of which about half follow the truth (b is a, moved), the other half go anywhere."""
    truth_a = rng.uniform(0, 100, (truths, 2))
    truth_b = truth_a + [20.0, -5.0]
    uv_a = truth_a[rng.integers(0, truths, count)] + rng.normal(scale=noise, size=(count, 2))
    uv_b = np.where(rng.random((count, 1)) < 0.5, uv_a + [20.0, -5.0] + rng.normal(scale=noise, size=(count, 2)),
                    rng.uniform(0, 120, (count, 2)))
    return uv_a, uv_b, truth_a, truth_b


@pytest.mark.parametrize("mode", ["compat", "strict"])
@pytest.mark.parametrize(("count", "truths"), [(1, 1), (7, 3), (99, 12), (100, 40), (101, 5), (363, 31)])
def test_agrees_with_the_literal_definition(rng: np.random.Generator, mode: str, count: int, truths: int) -> None:
    matches = some_matches(rng, count, truths)
    score = score_discovery(*matches, mode=mode)
    tops = [math.ceil(k * count / 100) for k in range(1, 101)] if mode == "compat" else range(1, count + 1)
    for row, t in enumerate(THRESHOLDS):
        best_f1, ap = literal(*matches, t, tops)
        assert score.best_f1[row] == pytest.approx(best_f1, abs=1e-9)
        assert score.ap[row] == pytest.approx(ap, abs=1e-9)


def test_blocks_do_not_show(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    matches = some_matches(rng, 500, 37)
    whole = score_discovery(*matches)
    monkeypatch.setattr(discovery, "BLOCK", 37 * 11)
    assert_equal(score_discovery(*matches), whole)


def assert_equal(one: DiscoveryScore, other: DiscoveryScore) -> None:
    for name in ("best_f1", "ap", "precision", "recall"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@pytest.mark.parametrize("mode", ["compat", "strict"])
def test_a_perfect_method_scores_1(rng: np.random.Generator, mode: str) -> None:
    truth_a, truth_b = rng.uniform(0, 200, (2, 250, 2))
    score = score_discovery(truth_a, truth_b, truth_a, truth_b, (0.7, 1.3), mode=mode)
    np.testing.assert_allclose(score.best_f1, 1.0)
    np.testing.assert_allclose(score.ap, 1.0)


def test_a_constant_offset_is_right_above_its_threshold_only(rng: np.random.Generator) -> None:
    """Truths 100 px apart, each match 12 px off in b's frame (6 px of its image): right at 23 and 15, wrong at 10 and 5."""
    truth = 100.0 * np.argwhere(np.ones((6, 6)))
    score = score_discovery(truth, truth + [0.0, 6.0], truth, truth, (1.0, 2.0))
    np.testing.assert_allclose(score.ap, [1.0, 1.0, 0.0, 0.0])
    np.testing.assert_allclose(score.best_f1, [1.0, 1.0, 0.0, 0.0])


def test_both_ends_must_belong_to_one_truth() -> None:
    truth_a, truth_b = np.array([[0.0, 0.0], [100.0, 0.0]]), np.array([[0.0, 50.0], [100.0, 50.0]])
    crossed = score_discovery(truth_a, truth_b[::-1].copy(), truth_a, truth_b)
    assert crossed.ap.max() == 0.0, "each end is near a truth, but not of the same pair"


def test_chance_is_what_it_must_be(rng: np.random.Generator) -> None:
    """p on a lattice, q uniform over b: each p's chance to be right is known by counting; 3 standard errors are allowed."""
    side = np.arange(60.0)
    candidates = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    truth_a, truth_b = rng.uniform(0, 60, (2, 25, 2))
    uv_a = np.repeat(candidates[::7], 10, axis=0)
    score = score_discovery(uv_a, candidates[rng.integers(0, len(candidates), len(uv_a))], truth_a, truth_b)
    for row, t in enumerate(THRESHOLDS):
        near_a, near_b = (np.linalg.norm(candidates[:, None] - truth, axis=2) <= t for truth in (truth_a, truth_b))
        chance = np.array([near_b[:, own].any(axis=1).mean() for own in near_a[::7]])
        error = math.sqrt(float((chance * (1.0 - chance)).sum()) * 10.0) / len(uv_a)
        assert abs(score.precision[row, -1] - chance.mean()) < 3.0 * error


def test_a_random_order_has_the_ap_of_its_precision(rng: np.random.Generator) -> None:
    """Every truth is found by one match of its own, n wrong ones between: AP is close to the share of right matches."""
    truth = 100.0 * np.argwhere(np.ones((30, 30)))
    wrong = truth + [50.0, 50.0]
    order = rng.permutation(1800)
    uv_a, uv_b = np.concatenate([truth, wrong])[order], np.concatenate([truth, wrong])[order]
    score = score_discovery(uv_a, uv_b, truth, truth, mode="strict")
    np.testing.assert_allclose(score.ap, 0.5, atol=3.0 / math.sqrt(1800))
    assert score.best_f1[0] == pytest.approx(2.0 / 3.0, abs=0.03)  # precision 1/2 at full recall


def test_the_first_match_of_a_truth_counts_once(rng: np.random.Generator) -> None:
    truth = np.array([[0.0, 0.0], [100.0, 100.0]])
    uv = np.array([[0.0, 0.0], [1.0, 0.0], [100.0, 100.0], [50.0, 50.0]])
    score = score_discovery(uv, uv, truth, truth, mode="strict")
    np.testing.assert_allclose(score.ap, 0.5 * 1.0 + 0.5 * 1.0)
    np.testing.assert_allclose(score.best_f1, 1.0)
    backwards = score_discovery(uv[::-1].copy(), uv[::-1].copy(), truth, truth, mode="strict")
    np.testing.assert_allclose(backwards.ap, 0.5 * 0.5 + 0.5 * 2.0 / 3.0)


@given(seed=st.integers(0, 1000))
def test_swapping_the_images_changes_nothing(seed: int) -> None:
    uv_a, uv_b, truth_a, truth_b = some_matches(np.random.default_rng(seed), 150, 9)
    forth, back = (uv_a, uv_b, truth_a, truth_b, (0.9, 0.5)), (uv_b, uv_a, truth_b, truth_a, (0.5, 0.9))
    assert_equal(score_discovery(*back), score_discovery(*forth))


@given(seed=st.integers(0, 1000))
def test_the_order_of_the_truth_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    uv_a, uv_b, truth_a, truth_b = some_matches(rng, 150, 9)
    order = rng.permutation(9)
    one, other = score_discovery(uv_a, uv_b, truth_a, truth_b), score_discovery(uv_a, uv_b, truth_a[order], truth_b[order])
    assert_equal(one, other)


@given(seed=st.integers(0, 1000))
def test_figures_are_shares_and_grow_with_the_threshold(seed: int) -> None:
    score = score_discovery(*some_matches(np.random.default_rng(seed), 200, 20))
    for figure in (score.best_f1, score.ap, score.precision, score.recall):
        assert (figure >= 0.0).all() and (figure <= 1.0 + 1e-12).all()
    for figure in (score.best_f1, score.precision, score.recall):  # AP need not: a truth may be found earlier, among wrong ones
        assert (np.diff(figure, axis=0) <= 1e-12).all()
    assert (np.diff(score.recall, axis=1) >= 0.0).all()


def test_one_match() -> None:
    point = np.array([[10.0, 10.0]])
    score = score_discovery(point, point, point, point)
    assert score.matches == 1 and score.ap.tolist() == [1.0] * 4 and score.best_f1.tolist() == [1.0] * 4


@pytest.mark.parametrize("mode", ["compat", "strict"])
def test_no_match_and_no_finite_match_score_0(rng: np.random.Generator, mode: str) -> None:
    truth = rng.uniform(0, 200, (20, 2))
    none = score_discovery(np.zeros((0, 2)), np.zeros((0, 2)), truth, truth, mode=mode)
    missing = score_discovery(truth, np.full_like(truth, np.nan), truth, truth, mode=mode)
    for score in (none, missing):
        assert score.ap.tolist() == [0.0] * 4 and score.best_f1.tolist() == [0.0] * 4


def test_of_equally_valid_orders_the_best_counts(rng: np.random.Generator) -> None:
    truth_a, truth_b = rng.uniform(0, 200, (2, 30, 2))
    turned = np.roll(np.arange(30), 7)
    matches = truth_a, truth_b[turned], truth_a, truth_b
    assert score_discovery(*matches).ap[-1] < 0.5
    np.testing.assert_allclose(score_discovery(*matches, permutations=np.stack([rng.permutation(30), turned])).ap, 1.0)


def test_the_part_ranks_first_then_the_score_then_the_index() -> None:
    score = np.array([0.1, 0.9, 0.5, 0.9, np.nan, 0.5], dtype=np.float32)
    assert ranking(score).tolist() == [1, 3, 2, 5, 0, 4]
    assert ranking(score, np.array([True, False, True, False, False, False])).tolist() == [2, 0, 1, 3, 5, 4]
    assert ranking(np.full(5, 0.3, dtype=np.float32)).tolist() == [0, 1, 2, 3, 4]


def test_what_cannot_be_scored_is_refused() -> None:
    point = np.zeros((1, 2))
    with pytest.raises(TooFewPoints, match="no truth"):
        score_discovery(point, point, np.zeros((0, 2)), np.zeros((0, 2)))
    with pytest.raises(SizeMismatch, match="1 and 2 pixels"):
        score_discovery(point, np.zeros((2, 2)), point, point)
    with pytest.raises(BadSettings, match="compat, strict"):
        score_discovery(point, point, point, point, mode="lenient")


def test_memory_does_not_grow_with_the_product_of_the_counts(rng: np.random.Generator) -> None:
    """40,000 x 500 distances would be 76 MiB for one of the two images alone."""
    matches, truth = rng.uniform(0, 187, (2, 40_000, 2)).astype(np.float32), rng.uniform(0, 187, (2, 500, 2)).astype(np.float32)
    tracemalloc.start()
    try:
        score_discovery(*matches, *truth)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
