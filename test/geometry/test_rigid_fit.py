# SPDX-License-Identifier: Apache-2.0
"""Laws, known answers, refusals and gradients of the rigid, similarity and upright fits."""
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from func_corr_ros.errors import DegenerateGeometry, SizeMismatch, TooFewPoints
from func_corr_ros.geometry import se3
from func_corr_ros.geometry.rigid_fit import Similarity, checked_pairs, fit_rigid, fit_similarity, fit_upright

UP = np.array([0.0, 0.0, 1.0])
FLIP = np.diag([1.0, -1.0, 1.0])  # a reflection through the vertical plane y = 0
FITS = {
    "rigid": fit_rigid,
    "similarity": fit_similarity,
    "upright": lambda source, target, weights=None, **kw: fit_upright(source, target, UP, UP, weights, **kw),
}


def cloud(rng: np.random.Generator, n: int = 30) -> np.ndarray:
    return rng.normal(size=(n, 3)) * [0.05, 0.04, 0.07] + [0.1, -0.2, 0.8]


def rough_pairs(rng: np.random.Generator, n: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Pairs that no map fits well, as between a mug and a pitcher."""
    source = cloud(rng, n)
    return source, source @ se3.about_axis(np.array([0.2, -0.1, 1.0]), 1.0).T + rng.normal(size=(n, 3)) * 0.03


def squared_error(fit: Similarity, source: np.ndarray, target: np.ndarray, weights: np.ndarray | float = 1.0) -> float:
    return float((weights * ((fit.apply(source) - target) ** 2).sum(axis=1)).sum())


def umeyama(source: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Umeyama 1991, eq. 38 to 43, line by line as printed."""
    mean_x, mean_y = source.mean(axis=0), target.mean(axis=0)
    variance = ((source - mean_x) ** 2).sum() / len(source)
    covariance = (target - mean_y).T @ (source - mean_x) / len(source)
    u, d, vt = np.linalg.svd(covariance)
    s = np.eye(3)
    if np.linalg.det(covariance) < 0:
        s[2, 2] = -1.0
    rotation = u @ s @ vt
    scale = np.trace(np.diag(d) @ s) / variance
    return scale, rotation, mean_y - scale * rotation @ mean_x


# ---- the map itself

def test_apply_inverse_and_matrix_agree(rng: np.random.Generator) -> None:
    points = cloud(rng)
    for rotation in (Rotation.random(random_state=rng).as_matrix(), Rotation.random(random_state=rng).as_matrix() @ FLIP):
        map_ = Similarity(1.7, rotation, np.array([0.1, 0.2, 0.3]))
        moved = map_.apply(points)
        np.testing.assert_allclose(map_.inverse().apply(moved), points, atol=1e-14)
        np.testing.assert_allclose(map_.inverse().matrix @ map_.matrix, np.eye(4), atol=1e-14)
        np.testing.assert_allclose((map_.matrix @ np.c_[points, np.ones(len(points))].T).T[:, :3], moved, atol=1e-14)
        np.testing.assert_allclose(map_.apply(points.reshape(5, 6, 3)), moved.reshape(5, 6, 3))


# ---- known answers

def test_quarter_turn_by_hand() -> None:
    source = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 2.0]])
    target = np.array([[1.0, 3.0, 1.0], [-1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 5.0]])  # 2x, quarter turn about z, +1
    for fit in (fit_similarity(source, target), fit_upright(source, target, UP, UP)):
        assert fit.scale == pytest.approx(2.0)
        np.testing.assert_allclose(fit.rotation, [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], atol=1e-15)
        np.testing.assert_allclose(fit.translation, [1.0, 1.0, 1.0], atol=1e-15)


def test_rigid_fit_is_scipys_align_vectors(rng: np.random.Generator) -> None:
    source, target, weights = cloud(rng), cloud(rng), rng.uniform(0.1, 1.0, 30)
    means = [np.average(points, axis=0, weights=weights) for points in (source, target)]
    expected, _ = Rotation.align_vectors(target - means[1], source - means[0], weights)
    np.testing.assert_allclose(fit_rigid(source, target, weights).rotation, expected.as_matrix(), atol=1e-12)


def test_similarity_fit_is_umeyamas(rng: np.random.Generator) -> None:
    source = cloud(rng)
    for target in (cloud(rng), source @ FLIP + rng.normal(size=(30, 3)) * 0.002):  # the second has a negative determinant
        scale, rotation, translation = umeyama(source, target)
        fit = fit_similarity(source, target)
        assert fit.scale == pytest.approx(scale)
        np.testing.assert_allclose(fit.rotation, rotation, atol=1e-12)
        np.testing.assert_allclose(fit.translation, translation, atol=1e-12)


@pytest.mark.parametrize("with_scale", [False, True])
@pytest.mark.parametrize("mirrored", [False, True])
def test_upright_fit_is_the_best_of_all_yaws(rng: np.random.Generator, mirrored: bool, with_scale: bool) -> None:
    """Brute force over 720 yaws, scale by least squares for each: none is better, and the best is within a step."""
    source = cloud(rng)
    source_up, target_up = rng.normal(size=(2, 3))
    source_from_level, target_from_level = (se3.look_at(np.zeros(3), up, np.ones(3))[:3, :3] for up in (source_up, target_up))
    truth = target_from_level @ se3.about_axis(UP, 2.1) @ (FLIP if mirrored else np.eye(3)) @ source_from_level.T
    target = 1.4 * source @ truth.T + 0.3 + rng.normal(size=source.shape) * 0.01
    weights = rng.uniform(0.2, 1.0, len(source))
    fit = fit_upright(source, target, source_up, target_up, weights, with_scale, mirrored=mirrored)
    p, q = source - np.average(source, axis=0, weights=weights), target - np.average(target, axis=0, weights=weights)
    rotations = [
        target_from_level @ se3.about_axis(UP, yaw) @ (FLIP if mirrored else np.eye(3)) @ source_from_level.T
        for yaw in np.linspace(0.0, 2.0 * np.pi, 720, endpoint=False)
    ]
    errors = []
    for rotation in rotations:
        turned = p @ rotation.T
        scale = (weights[:, None] * turned * q).sum() / (weights[:, None] * p * p).sum() if with_scale else 1.0
        errors.append((weights * ((scale * turned - q) ** 2).sum(axis=1)).sum())
    best = rotations[int(np.argmin(errors))]
    assert squared_error(fit, source, target, weights) <= min(errors) + 1e-15
    assert se3.rotation_angle(fit.rotation @ FLIP, best @ FLIP) < 1.01 * np.pi / 720
    ups = [up / np.linalg.norm(up) for up in (source_up, target_up)]
    np.testing.assert_allclose(fit.rotation @ ups[0], ups[1], atol=1e-14)
    assert fit.is_mirrored is mirrored and (with_scale or fit.scale == 1.0)


def test_upright_holds_tilt_better_than_a_free_fit_on_a_one_sided_view(rng: np.random.Generator) -> None:
    """Why the fit exists: a noisy half-seen object, where the free rotation tilts."""
    errors = {"similarity": [], "upright": []}
    for _ in range(50):
        side = rng.uniform([-0.04, 0.0, 0.0], [0.04, 0.01, 0.1], (25, 3))  # what a camera sees of a mug: its front
        truth = se3.about_axis(UP, rng.uniform(-3.0, 3.0))
        target = side @ truth.T + rng.normal(size=side.shape) * 0.01
        for name, found in errors.items():
            found.append(float(se3.rotation_angle(FITS[name](side, target).rotation, truth)))
    assert np.median(errors["upright"]) < 0.7 * np.median(errors["similarity"])


# ---- laws

@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("mirrored", [False, True])
@settings(max_examples=20)
@given(yaw=st.floats(-np.pi, np.pi), scale=st.floats(0.3, 3.0), seed=st.integers(0, 1000))
def test_exact_pairs_give_back_their_map(name: str, mirrored: bool, yaw: float, scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rotation = se3.about_axis(UP if name == "upright" else rng.normal(size=3), yaw) @ (FLIP if mirrored else np.eye(3))
    truth = Similarity(1.0 if name == "rigid" else scale, rotation, rng.normal(size=3))
    source = cloud(rng)
    fit = FITS[name](source, truth.apply(source), mirrored=mirrored)
    np.testing.assert_allclose(fit.matrix, truth.matrix, atol=1e-12)
    assert fit.is_mirrored is mirrored


@pytest.mark.parametrize("name", FITS)
def test_a_common_motion_of_both_sides_moves_the_fit_with_it(rng: np.random.Generator, name: str) -> None:
    source, target = rough_pairs(rng)
    turn = se3.about_axis(UP if name == "upright" else rng.normal(size=3), 0.9)
    move = Similarity(1.0, turn, np.array([0.5, -0.4, 0.2]))
    moved = FITS[name](move.apply(source), move.apply(target))
    expected = move.matrix @ FITS[name](source, target).matrix @ move.inverse().matrix
    np.testing.assert_allclose(moved.matrix, expected, atol=1e-12)


@pytest.mark.parametrize("name", FITS)
def test_the_order_of_pairs_does_not_matter(rng: np.random.Generator, name: str) -> None:
    source, target = rough_pairs(rng)
    weights, order = rng.uniform(0.0, 1.0, 30), rng.permutation(30)
    shuffled = FITS[name](source[order], target[order], weights[order])
    np.testing.assert_allclose(shuffled.matrix, FITS[name](source, target, weights).matrix, atol=1e-12)


@pytest.mark.parametrize("name", FITS)
def test_weights_count_like_repeated_pairs_and_zero_like_absence(rng: np.random.Generator, name: str) -> None:
    source, target = rough_pairs(rng)
    times = rng.integers(0, 4, 30)
    weighted = FITS[name](source, target, times.astype(np.float64))
    repeated = FITS[name](np.repeat(source, times, axis=0), np.repeat(target, times, axis=0))
    np.testing.assert_allclose(weighted.matrix, repeated.matrix, atol=1e-12)


@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("mirrored", [False, True])
def test_no_small_change_of_the_map_is_better(rng: np.random.Generator, name: str, mirrored: bool) -> None:
    source = cloud(rng)
    target = 1.2 * source @ se3.about_axis(UP, 0.7).T @ (FLIP if mirrored else np.eye(3)) + rng.normal(size=source.shape) * 0.01
    fit = FITS[name](source, target, mirrored=mirrored)
    best = squared_error(fit, source, target)
    for _ in range(100):
        axis = UP if name == "upright" else rng.normal(size=3)
        scale = fit.scale * (1.0 if name == "rigid" else 1.0 + 1e-3 * rng.normal())
        turn = se3.about_axis(axis, 1e-3 * rng.normal())
        other = Similarity(scale, turn @ fit.rotation, fit.translation + 1e-3 * rng.normal(size=3))
        assert squared_error(other, source, target) >= best


@pytest.mark.parametrize("name", FITS)
def test_coplanar_points_give_either_hand_as_asked(rng: np.random.Generator, name: str) -> None:
    source = cloud(rng)
    source[:, 1] = 0.0  # a vertical board: its mirror image through itself is itself
    for mirrored in (False, True):
        fit = FITS[name](source, source, mirrored=mirrored)
        assert np.linalg.det(fit.rotation) == pytest.approx(-1.0 if mirrored else 1.0)
        np.testing.assert_allclose(fit.apply(source), source, atol=1e-14)


@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("library", [np.asarray, torch.as_tensor])
@pytest.mark.parametrize("dtype, tolerance", [(np.float32, 2e-6), (np.float64, 1e-14)])  # metres at 1 m: some 20 roundings
def test_library_and_dtype_are_kept(rng: np.random.Generator, name: str, library, dtype, tolerance: float) -> None:
    source = cloud(rng)
    target = source @ se3.about_axis(UP, 0.7).T + 0.1
    pair = library(source.astype(dtype)), library(target.astype(dtype))
    ups = [library(UP.astype(dtype))] * 2
    fit = fit_upright(*pair, *ups) if name == "upright" else FITS[name](*pair)
    for value in (fit.rotation, fit.translation, fit.matrix, fit.apply(pair[0])):
        assert type(value) is type(pair[0]) and value.dtype == pair[0].dtype
    np.testing.assert_allclose(np.asarray(fit.apply(pair[0])), target, atol=tolerance)
    assert isinstance(fit.scale, float if library is np.asarray else torch.Tensor)


# ---- gradients

@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("name", FITS)
def test_gradients(rng: np.random.Generator, name: str, mirrored: bool) -> None:
    arrays = (*rough_pairs(rng, 4), rng.uniform(0.5, 1.0, 4))
    source, target, weights = (torch.as_tensor(array).requires_grad_() for array in arrays)
    ups = [torch.as_tensor(UP + 0.2 * tilt).requires_grad_() for tilt in rng.normal(size=(2, 3))]

    def fitted(source, target, weights, *ups):
        fit = fit_upright(source, target, *ups, weights, mirrored=mirrored) if ups else FITS[name](
            source, target, weights, mirrored=mirrored)
        return fit.scale, fit.rotation, fit.translation

    inputs = (source, target, weights, *(ups if name == "upright" else ()))
    assert torch.autograd.gradcheck(fitted, inputs)


def test_gradient_is_finite_for_a_square_whose_singular_values_are_equal() -> None:
    square = torch.tensor([[1.0, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, -1, 0]], dtype=torch.float64, requires_grad=True)
    fit = fit_rigid(square, square.detach().clone())
    (gradient,) = torch.autograd.grad(fit.rotation[0, 1], square)
    # a turn of the source by a small angle about z turns the fit back: sum of gradient . (z x p) is the derivative of R01 = +a
    turn = torch.stack([-square[:, 1], square[:, 0], torch.zeros(4)], dim=1).detach()
    assert float((gradient * turn).sum()) == pytest.approx(1.0)


# ---- refusals

LINE = np.outer(np.linspace(0.0, 1.0, 10), [0.1, 0.2, 0.3])
GOOD = cloud(np.random.default_rng(5), 10)
HOLED = np.where(np.arange(10)[:, None] < 4, np.nan, GOOD)
ENDS = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])


@pytest.mark.parametrize("source, target, weights, error, words", [
    (GOOD[:2], GOOD[:2], None, TooFewPoints, "2 point pairs .* at least 3"),
    (GOOD[:0], GOOD[:0], None, TooFewPoints, "0 point pairs"),
    (GOOD, GOOD, np.array([1.0, 1.0] + [0.0] * 8), TooFewPoints, "2 point pairs of positive weight (10 in all)"),
    (LINE, GOOD, None, DegenerateGeometry, "source points are collinear: .* 0.119, "),
    (GOOD, LINE, None, DegenerateGeometry, "target points are collinear"),
    (0.0 * GOOD + 0.3, GOOD, None, DegenerateGeometry, "source points coincide: their rms spread is "),
    (GOOD, 0.0 * GOOD, None, DegenerateGeometry, "target points coincide: their rms spread is 0 m"),
    (HOLED, GOOD, None, DegenerateGeometry, "4 of 10 pairs are not finite"),
    (GOOD, np.nan_to_num(HOLED, nan=np.inf), None, DegenerateGeometry, "4 of 10 pairs are not finite"),
    (GOOD, GOOD, np.array([np.nan] + [1.0] * 9), DegenerateGeometry, "1 of 10 pairs are not finite"),
    (GOOD, GOOD, np.array([-0.5] + [1.0] * 9), DegenerateGeometry, "lowest weight is -0.5"),
])
@pytest.mark.parametrize("fit", [fit_rigid, fit_similarity])
def test_refusals_say_the_numbers(fit, source, target, weights, error, words: str) -> None:
    for library in (np.asarray, torch.as_tensor):
        with pytest.raises(error, match=words.replace("(", r"\(").replace(")", r"\)")):
            fit(library(source), library(target), None if weights is None else library(weights))


def test_sets_of_different_size_are_refused() -> None:
    with pytest.raises(SizeMismatch, match="10 source points, 9 target points, 10 weights"):
        checked_pairs(GOOD, GOOD[:9])


@pytest.mark.parametrize("library", [np.asarray, torch.as_tensor])
def test_a_tie_between_rotations_is_refused(library) -> None:
    """The corners of a cube have no best mirror image other than itself turned: three reflections tie."""
    cube = np.array([[x, y, z] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)])
    with pytest.raises(DegenerateGeometry, match="several rotations fit equally well: the best stands out by .* allow 3 m"):
        fit_rigid(library(cube), library(cube), mirrored=True)
    swapped = np.concatenate([GOOD[:4], GOOD[:4]]), np.concatenate([GOOD[:4], -GOOD[:4]])  # every pair contradicted by another
    with pytest.raises(DegenerateGeometry, match="several rotations"):
        fit_similarity(library(swapped[0]), library(swapped[1]))


@pytest.mark.parametrize("source, target, ups, words", [
    (np.outer(np.arange(5.0), UP), GOOD[:5], (UP, UP), "source points are on one line along source_up: .* 0 m across it, 1.41 m"),
    (GOOD[:5], np.outer(np.arange(5.0), UP), (UP, UP), "target points are on one line along target_up"),
    (GOOD, GOOD, (0.0 * UP, UP), "source_up is [0.0, 0.0, 0.0]; a finite vector"),
    (GOOD, GOOD, (UP, np.nan * UP), "target_up is [nan, nan, nan]"),
    (0.0 * GOOD, GOOD, (UP, UP), "source points coincide"),
    (ENDS, ENDS * [[1.0], [1.0], [-1.0], [-1.0]], (UP, UP), "several rotations fit equally well: the best stands out by 0 m^2"),
    (GOOD, GOOD * [1.0, 1.0, -5.0], (UP, UP), "best scale is -.*upside down"),
])
def test_upright_refusals_say_the_numbers(source, target, ups, words: str) -> None:
    for library in (np.asarray, torch.as_tensor):
        with pytest.raises(DegenerateGeometry, match=re.escape(words).replace(r"\.\*", ".*")):
            fit_upright(library(source), library(target), library(ups[0]), library(ups[1]))


def test_upright_needs_two_pairs_and_takes_two() -> None:
    source = np.array([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0]])
    fit = fit_upright(source, source[:, [1, 0, 2]] * 2.0, UP, UP)
    assert fit.scale == pytest.approx(2.0)
    with pytest.raises(TooFewPoints, match="1 point pairs .* at least 2"):
        fit_upright(source[:1], source[:1], UP, UP)
