# SPDX-License-Identifier: Apache-2.0
"""Sample consensus: survives wrong matches, is deterministic, refuses by name."""
import numpy as np
import pytest

from func_corr_ros.errors import BadSettings, DegenerateGeometry, HighResidual, TooFewPoints
from func_corr_ros.geometry import se3
from func_corr_ros.geometry.rigid_fit import Similarity, fit_upright
from func_corr_ros.geometry.robust_fit import RobustFit, robust_fit

UP = np.array([0.0, -0.8, -0.6])  # a table's normal in a camera's frame
LIVE_UP = np.array([0.1, -0.7, -0.7])
FLIP = np.diag([1.0, -1.0, 1.0])
CASES = [(model, mirrored) for model in ("rigid", "similarity", "upright") for mirrored in (False, True)]


def scene(rng: np.random.Generator, model: str, mirrored: bool, n: int = 400, outliers: float = 0.7):
    """Points of an object of 0.1 m, their noisy (1 mm) images under a known map, and wrong matches on the live object."""
    bases = [se3.look_at(np.zeros(3), up, np.ones(3))[:3, :3] for up in (UP, LIVE_UP)]  # third column: up
    rotation = bases[1] @ se3.about_axis(np.array([0.0, 0.0, 1.0]), 1.9) @ (FLIP if mirrored else np.eye(3)) @ bases[0].T
    truth = Similarity(1.0 if model == "rigid" else 1.4, rotation, np.array([0.05, 0.1, 0.75]))
    source = rng.uniform(-0.05, 0.05, (n, 3)) + [0.0, 0.1, 0.6]
    target = truth.apply(source) + rng.normal(size=(n, 3)) * 0.001
    wrong = np.arange(n) < outliers * n
    target[wrong] = target[rng.permutation(n)][wrong] + rng.normal(size=(wrong.sum(), 3)) * 0.01
    order = rng.permutation(n)
    return truth, source[order], target[order], wrong[order]


def fitted(source: np.ndarray, target: np.ndarray, model: str, mirrored: bool = False, **keywords) -> RobustFit:
    ups = {"source_up": UP, "target_up": LIVE_UP} if model == "upright" else {}
    return robust_fit(source, target, model=model, mirrored=mirrored, **{"threshold_m": 0.005, **ups, **keywords})


def errors(fit: RobustFit, truth: Similarity, source: np.ndarray) -> tuple[float, float]:
    """Returns (degrees, metres at the object)."""
    hand = FLIP if truth.is_mirrored else np.eye(3)
    angle = float(np.degrees(se3.rotation_angle(fit.transform.rotation @ hand, truth.rotation @ hand)))
    return angle, float(np.linalg.norm(fit.transform.apply(source) - truth.apply(source), axis=1).max())


@pytest.mark.parametrize("model, mirrored", CASES)
def test_seventy_percent_wrong_matches_are_survived(rng: np.random.Generator, model: str, mirrored: bool) -> None:
    truth, source, target, wrong = scene(rng, model, mirrored)
    fit = fitted(source, target, model, mirrored)
    angle, distance = errors(fit, truth, source)
    # 120 good pairs of 1 mm noise on 0.1 m: 0.1 deg and 0.2 mm are expected, chance inliers within 5 mm add to that
    assert angle < 1.0 and distance < 0.002
    assert fit.transform.is_mirrored is mirrored
    assert fit.inliers[~wrong].mean() > 0.95 and fit.inliers[wrong].mean() < 0.1
    assert fit.inlier_ratio == fit.inliers.mean() and 0.001 < fit.rms_m < 0.003


@pytest.mark.parametrize("model, mirrored", CASES)
def test_every_seed_survives(model: str, mirrored: bool) -> None:
    for seed in range(5):
        truth, source, target, _ = scene(np.random.default_rng(seed), model, mirrored, n=200)
        assert errors(fitted(source, target, model, mirrored, seed=seed), truth, source)[1] < 0.004


@pytest.mark.parametrize("model, mirrored", CASES)
def test_exact_pairs_give_their_map(rng: np.random.Generator, model: str, mirrored: bool) -> None:
    truth, source, _, _ = scene(rng, model, mirrored)
    fit = fitted(source, truth.apply(source), model, mirrored)
    np.testing.assert_allclose(fit.transform.matrix, truth.matrix, atol=1e-12)
    assert fit.inlier_ratio == 1.0 and fit.rms_m < 1e-13


@pytest.mark.parametrize("model, mirrored", CASES)
def test_the_same_seed_gives_the_same_bits_and_another_the_same_map(rng: np.random.Generator, model: str, mirrored: bool) -> None:
    truth, source, target, _ = scene(rng, model, mirrored)
    first, again, other = (fitted(source, target, model, mirrored, seed=seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first.transform.matrix, again.transform.matrix)
    np.testing.assert_array_equal(first.inliers, again.inliers)
    np.testing.assert_allclose(first.transform.apply(source), other.transform.apply(source), atol=1e-3)


def test_the_order_of_pairs_changes_nothing_but_chance(rng: np.random.Generator) -> None:
    truth, source, target, _ = scene(rng, "similarity", False)
    order = rng.permutation(len(source))
    first, shuffled = fitted(source, target, "similarity"), fitted(source[order], target[order], "similarity")
    np.testing.assert_allclose(first.transform.apply(source), shuffled.transform.apply(source), atol=1e-3)


def test_the_answer_is_the_least_squares_fit_of_its_own_inliers(rng: np.random.Generator) -> None:
    _, source, target, _ = scene(rng, "upright", False)
    weights = rng.uniform(0.2, 1.0, len(source))
    fit = robust_fit(source, target, weights, model="upright", threshold_m=0.005, source_up=UP, target_up=LIVE_UP)
    again = fit_upright(source[fit.inliers], target[fit.inliers], UP, LIVE_UP, weights[fit.inliers])
    np.testing.assert_allclose(fit.transform.matrix, again.matrix, atol=1e-10)
    distance = np.linalg.norm(fit.transform.apply(source) - target, axis=1)
    np.testing.assert_array_equal(fit.inliers, distance < 0.005)
    assert fit.rms_m == pytest.approx(np.sqrt((distance[fit.inliers] ** 2).mean()))


def test_weights_find_a_minority_that_chance_would_not(rng: np.random.Generator) -> None:
    truth, source, target, wrong = scene(rng, "similarity", False, outliers=0.95)
    weights = np.where(wrong, 0.05, 1.0)
    fit = robust_fit(source, target, weights, model="similarity", threshold_m=0.005)
    assert errors(fit, truth, source)[1] < 0.004


def test_the_wrong_hand_explains_less(rng: np.random.Generator) -> None:
    """How a mug with its handle on the other side is told: only one hand fits."""
    _, source, target, _ = scene(rng, "upright", True, outliers=0.3)
    assert fitted(source, target, "upright", mirrored=True).inlier_ratio > 2.0 * fitted(source, target, "upright").inlier_ratio


def test_a_crowd_of_matches_on_one_target_does_not_shrink_the_object(rng: np.random.Generator) -> None:
    truth, source, target, _ = scene(rng, "similarity", False, outliers=0.0)
    crowd = np.arange(len(source)) < 280  # 70 % of the matches share one place of 1 mm
    target[crowd] = target[0] + rng.normal(size=(280, 3)) * 0.001
    assert errors(fitted(source, target, "similarity"), truth, source)[1] < 0.004
    shrunk = fitted(source, target, "similarity", scale_limits=(1e-4, 5.0))
    assert shrunk.transform.scale < 0.1 and shrunk.inlier_ratio > 0.6  # what the limits are there for


@pytest.mark.parametrize("with_scale, scale", [(False, 1.0), (True, 1.4)])
def test_upright_scale_is_free_only_if_asked(rng: np.random.Generator, with_scale: bool, scale: float) -> None:
    _, source, target, _ = scene(rng, "upright", False, outliers=0.0)
    fit = fitted(source, target, "upright", with_scale=with_scale, threshold_m=0.05)
    assert fit.transform.scale == pytest.approx(scale, abs=0.01)


def test_float32_points_give_a_float64_map(rng: np.random.Generator) -> None:
    truth, source, target, _ = scene(rng, "rigid", False)
    fit = fitted(source.astype(np.float32), target.astype(np.float32), "rigid")
    assert fit.transform.rotation.dtype == fit.transform.translation.dtype == np.float64
    assert errors(fit, truth, source)[1] < 0.002


def test_as_few_pairs_as_determine_the_map(rng: np.random.Generator) -> None:
    truth, source, _, _ = scene(rng, "upright", False, n=3)
    np.testing.assert_allclose(fitted(source, truth.apply(source), "similarity").transform.matrix, truth.matrix, atol=1e-10)
    np.testing.assert_allclose(fitted(source[:2], truth.apply(source[:2]), "upright").transform.matrix, truth.matrix, atol=1e-10)


POINTS = np.random.default_rng(1).uniform(-0.05, 0.05, (20, 3))
LINE = np.outer(np.linspace(0.0, 1.0, 20), [0.1, 0.2, 0.3])


@pytest.mark.parametrize("source, target, keywords, error, words", [
    (POINTS[:2], POINTS[:2], {}, TooFewPoints, "2 point pairs .* at least 3"),
    (POINTS[:1], POINTS[:1], {"model": "upright", "source_up": UP, "target_up": UP}, TooFewPoints, "1 point pairs .* at least 2"),
    (LINE, POINTS, {}, DegenerateGeometry, "source points are collinear"),
    (POINTS, 0.0 * POINTS, {}, DegenerateGeometry, "target points coincide"),
    (POINTS, np.where(POINTS > 0.04, np.nan, POINTS), {}, DegenerateGeometry, "of 20 pairs are not finite"),
    (POINTS, 100.0 * POINTS, {"model": "similarity"}, DegenerateGeometry, "none of 500 samples of 3 pairs .* of scale 0.2 to 5"),
    (POINTS[:3], POINTS[:3] * 3.0, {}, HighResidual, "best rigid map brings 0 of 3 pairs within 0.005 m; at least 3"),
    (POINTS, POINTS, {"model": "affine"}, BadSettings, "model is 'affine'; valid: rigid, similarity, upright"),
    (POINTS, POINTS, {"model": "upright", "source_up": UP}, BadSettings, "needs source_up and target_up"),
    (POINTS, POINTS, {"threshold_m": 0.0}, BadSettings, "threshold_m is 0.0"),
    (POINTS, POINTS, {"threshold_m": float("nan")}, BadSettings, "threshold_m is nan"),
    (POINTS, POINTS, {"iterations": 0}, BadSettings, "iterations 0"),
    (POINTS, POINTS, {"scale_limits": (2.0, 1.0)}, BadSettings, r"scale_limits are \(2.0, 1.0\)"),
])
def test_refusals_say_the_numbers(source, target, keywords: dict, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        robust_fit(source, target, **{"model": "rigid", "threshold_m": 0.005, **keywords})


def test_what_is_known_of_the_rotation_outvotes_the_matches() -> None:
    rng = np.random.default_rng(4)
    source = rng.uniform(-0.05, 0.05, (300, 3))
    right, wrong = se3.about_axis(UP, 0.3), se3.about_axis(UP, 2.8)
    target = np.where((np.arange(300) < 100)[:, None], source @ right.T, source @ wrong.T)
    keywords = {"model": "upright", "source_up": UP, "target_up": UP, "threshold_m": 0.01}
    free = robust_fit(source, target, **keywords)
    assert se3.rotation_angle(free.transform.rotation, wrong) < 0.01, "most matches say so"
    near = se3.about_axis(UP, 0.6)
    held = robust_fit(source, target, **keywords, near=near, near_angle=np.radians(40.0))
    assert se3.rotation_angle(held.transform.rotation, right) < 0.01
    with pytest.raises(DegenerateGeometry, match="within 3 deg of near"):
        robust_fit(source[:100], target[:100], **keywords, near=se3.about_axis(UP, -1.5), near_angle=np.radians(3.0))
