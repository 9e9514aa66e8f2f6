# SPDX-License-Identifier: Apache-2.0
"""Plane algebra, and a plane fit that finds the table under clutter."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from func_corr_ros.errors import BadSettings, DegenerateGeometry, TooFewPoints
from func_corr_ros.geometry import se3
from func_corr_ros.geometry.plane import Plane, fit_plane

NORMAL = np.array([0.1, -0.8, -0.6]) / np.linalg.norm([0.1, -0.8, -0.6])
TABLE = Plane.through(np.array([0.0, 0.2, 0.9]), NORMAL)  # in a camera's frame, facing the camera


def on_table(rng: np.random.Generator, n: int, noise: float = 0.0) -> np.ndarray:
    across = np.linalg.svd(NORMAL[None])[2][1:]
    return -TABLE.offset * NORMAL + rng.uniform(-0.5, 0.5, (n, 2)) @ across + rng.normal(size=(n, 1)) * noise * NORMAL


def angle_deg(a: Plane, b: Plane) -> float:
    return float(np.degrees(np.arccos(np.clip(a.normal @ b.normal, -1.0, 1.0))))


def test_signed_distance_by_hand() -> None:
    plane = Plane(np.array([0.0, 0.0, 1.0]), -2.0)  # z = 2
    points = np.array([[5.0, 5.0, 2.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(plane.signed_distance(points), [0.0, 1.0, -2.0])


def test_signed_distance_keeps_dtype_and_shape() -> None:
    distance = TABLE.signed_distance(np.zeros((2, 3, 3), dtype=np.float32))
    assert distance.dtype == np.float32 and distance.shape == (2, 3)


@given(seed=st.integers(0, 1000))
def test_distances_do_not_change_when_plane_and_points_move_together(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(20, 3))
    b_from_a = se3.make(se3.about_axis(rng.normal(size=3), float(rng.uniform(-3, 3))), rng.normal(size=3))
    moved = TABLE.transformed(b_from_a)
    distance = moved.signed_distance(se3.transform_points(b_from_a, points))
    np.testing.assert_allclose(distance, TABLE.signed_distance(points), atol=1e-13)
    back = moved.transformed(se3.inverse(b_from_a))
    np.testing.assert_allclose(np.r_[back.normal, back.offset], np.r_[TABLE.normal, TABLE.offset], atol=1e-13)


def test_facing_turns_the_normal_to_the_point_and_keeps_the_plane() -> None:
    for point in (np.zeros(3), np.array([0.0, 0.0, 5.0])):
        facing = TABLE.facing(point)
        assert facing.signed_distance(point) > 0.0
        np.testing.assert_allclose(abs(facing.signed_distance(np.ones((1, 3)))), abs(TABLE.signed_distance(np.ones((1, 3)))))


def test_exact_points_give_their_plane(rng: np.random.Generator) -> None:
    plane, inliers = fit_plane(on_table(rng, 100), threshold_m=0.001)
    np.testing.assert_allclose(np.r_[plane.normal, plane.offset], np.r_[TABLE.normal, TABLE.offset], atol=1e-12)
    assert inliers.all()


def test_three_points_are_enough() -> None:
    plane, inliers = fit_plane(np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]), threshold_m=0.01)
    np.testing.assert_allclose(np.r_[plane.normal, plane.offset], [0.0, 0.0, -1.0, 1.0], atol=1e-15)  # towards the origin
    assert inliers.all()


def test_a_table_is_found_under_clutter_and_noise(rng: np.random.Generator) -> None:
    """40 % table with 2 mm noise, the rest a box of objects above it."""
    table = on_table(rng, 4000, noise=0.002)
    objects = on_table(rng, 6000) + rng.uniform(0.02, 0.4, (6000, 1)) * NORMAL
    plane, inliers = fit_plane(np.concatenate([table, objects]), threshold_m=0.006)
    # 4000 points of 2 mm over 1 m determine it to some 0.01 deg; 2 % of the objects' points lie within the threshold
    assert angle_deg(plane, TABLE) < 0.2 and abs(plane.offset - TABLE.offset) < 0.001
    assert inliers[:4000].mean() > 0.99 and inliers[4000:].mean() < 0.02


def test_the_same_seed_gives_the_same_plane_and_another_nearly_so(rng: np.random.Generator) -> None:
    points = np.concatenate([on_table(rng, 6000, noise=0.002), rng.uniform(-0.5, 0.5, (4000, 3)) + [0.0, 0.0, 0.8]])
    first, again, other = (fit_plane(points, threshold_m=0.006, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first[0].normal, again[0].normal)
    np.testing.assert_array_equal(first[1], again[1])
    assert angle_deg(first[0], other[0]) < 0.1


def test_a_common_motion_moves_the_fit(rng: np.random.Generator) -> None:
    points = on_table(rng, 500, noise=0.002)
    b_from_a = se3.make(se3.about_axis(rng.normal(size=3), 0.3), np.array([0.0, 0.1, 0.2]))
    plane, _ = fit_plane(points, threshold_m=0.01)
    moved, _ = fit_plane(se3.transform_points(b_from_a, points), threshold_m=0.01)
    expected = plane.transformed(b_from_a).facing(np.zeros(3))
    np.testing.assert_allclose(np.r_[moved.normal, moved.offset], np.r_[expected.normal, expected.offset], atol=1e-10)


LINE = np.outer(np.linspace(0.0, 1.0, 9), [0.3, 0.2, 0.1])


@pytest.mark.parametrize("points, threshold_m, error, words", [
    (LINE[:2], 0.01, TooFewPoints, "2 points; a plane needs at least 3"),
    (LINE, 0.01, DegenerateGeometry, "plane's points are collinear: .* 0.121, "),
    (0.0 * LINE + 1.0, 0.01, DegenerateGeometry, "plane's points coincide"),
    (np.where(LINE > 0.25, np.nan, LINE), 0.01, DegenerateGeometry, "2 of 9 points are not finite"),
    (LINE, 0.0, BadSettings, "threshold_m is 0.0"),
])
def test_refusals_say_the_numbers(points: np.ndarray, threshold_m: float, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        fit_plane(points, threshold_m=threshold_m)


@pytest.mark.parametrize("call, words", [
    (lambda: Plane(np.array([0.0, 0.0, 2.0]), 1.0), "of length 2, offset 1"),
    (lambda: Plane(np.array([0.0, 0.0, 1.0]), float("nan")), "offset nan"),
    (lambda: Plane(np.full(3, np.nan), 0.0), "of length nan"),
    (lambda: Plane.through(np.zeros(3), np.zeros(3)), "plane's normal .* has no direction"),
])
def test_impossible_planes_are_refused(call, words: str) -> None:
    with pytest.raises(DegenerateGeometry, match=words):
        call()
