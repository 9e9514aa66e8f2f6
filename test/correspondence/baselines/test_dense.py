# SPDX-License-Identifier: Apache-2.0
"""The short way to the best pixel against the long one, discovery by its definition, regions and their fallback."""
import numpy as np
import pytest
import torch

from func_corr_ros.correspondence.baselines.dense import DenseMethod, Described, discovered, minmax, pixels_of, rank_score
from func_corr_ros.correspondence.baselines.method import Method
from func_corr_ros.correspondence.object_crop import CropWindow

SHAPE = (90, 110)


def ellipse(u: float, v: float, a: float, b: float) -> np.ndarray:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return np.hypot((x - u) / a, (y - v) / b) <= 1.0


def described(seed: int, region: np.ndarray | None = None, mask: np.ndarray | None = None) -> Described:
    grid = torch.from_numpy(np.random.default_rng(seed).normal(size=(12, 6, 6)).astype(np.float32))
    return Described(grid, CropWindow(12, 8, 84, 224), ellipse(52, 48, 30, 18) if mask is None else mask, region)


def half(left: bool) -> np.ndarray:
    columns = np.arange(SHAPE[1])[None] < 52
    return np.broadcast_to(columns if left else ~columns, SHAPE).copy()


def test_the_best_pixel_is_that_of_all_cosines(rng: np.random.Generator) -> None:
    a, b = described(0), described(1)
    queries, uv = a.features_at(rng.uniform(20, 80, (40, 2)).astype(np.float32)), pixels_of(b.mask)
    cosine = queries @ b.features_at(uv).T
    found = b.best(queries, uv)
    chosen = [np.flatnonzero((uv == one).all(axis=1))[0] for one in found.uv]
    np.testing.assert_allclose(cosine.numpy()[np.arange(40), chosen], cosine.max(dim=1).values, atol=1e-6)
    np.testing.assert_allclose(found.confidence, cosine.max(dim=1).values.clamp(0.0, 1.0), atol=1e-6)


def test_blocks_of_queries_do_not_show(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = described(0), described(1)
    queries, uv = a.features_at(rng.uniform(20, 80, (40, 2)).astype(np.float32)), pixels_of(b.mask)
    whole = b.best(queries, uv)
    monkeypatch.setattr("func_corr_ros.correspondence.baselines.dense._BLOCK", 3 * len(uv))
    np.testing.assert_array_equal(b.best(queries, uv).uv, whole.uv)
    assert b.best(queries[:0], uv).uv.shape == (0, 2)


def test_discovery_is_what_is_defined() -> None:
    a, b = described(0), described(1)
    found = discovered(a, b, 400)
    uv_b = np.unique(np.concatenate([found.uv_b, discovered(b, a, 400).uv_a]), axis=0)  # b's lattice
    cosine = (a.features_at(found.uv_a) @ b.features_at(uv_b).T).numpy()
    best = cosine.argmax(axis=1)
    np.testing.assert_array_equal(found.uv_b, uv_b[best])
    cycle = np.linalg.norm(found.uv_a[cosine.argmax(axis=0)[best]] - found.uv_a, axis=1)
    similarity = cosine.max(axis=1)
    expected = (1 - cycle / cycle.max()) * (similarity - similarity.min()) / np.ptp(similarity)
    np.testing.assert_allclose(found.score, expected, atol=1e-5)
    assert found.in_part is None and 150 < len(found.score) <= 400


def test_0_pixels_are_all_pixels() -> None:
    a, b = described(0), described(1)
    assert len(discovered(a, b, 0).uv_a) == a.mask.sum() > len(discovered(a, b, 400).uv_a)


def test_an_object_against_itself_is_perfect() -> None:
    a = described(0)
    method = DenseMethod("x", {}, lambda subject: a, 300)
    points = pixels_of(a.mask)[::17]
    np.testing.assert_allclose(method.transfer(a, a, points).uv, points, atol=1.5)
    found = method.discover(a, a)
    np.testing.assert_array_equal(found.uv_a, found.uv_b)
    assert isinstance(method, Method) and method.identity == {"max_pixels": 300}


@pytest.mark.parametrize("regions", [(False, False), (True, True)])
def test_the_way_back_is_what_it_would_be_alone(regions: tuple[bool, bool]) -> None:
    a, b = (described(seed, half(seed == 0) if told else None) for seed, told in enumerate(regions))
    method, fresh = (DenseMethod("x", {}, lambda subject: a, 300) for _ in range(2))
    forth, back = method.discover(a, b), method.discover(b, a)
    for kept, alone in ((back, fresh.discover(b, a)), (forth, method.discover(a, b))):
        np.testing.assert_array_equal(kept.uv_a, alone.uv_a)
        np.testing.assert_array_equal(kept.uv_b, alone.uv_b)
        np.testing.assert_allclose(kept.score, alone.score, atol=1e-6)
        np.testing.assert_array_equal(kept.in_part, alone.in_part)


def test_part_is_matched_with_part_and_rest_with_rest() -> None:
    a, b = described(0, half(True)), described(1, half(False))
    found = discovered(a, b, 400)
    in_a, in_b = found.uv_a[:, 0] < 52, found.uv_b[:, 0] >= 52
    np.testing.assert_array_equal(found.in_part, in_a)
    np.testing.assert_array_equal(in_a, in_b)
    assert 0 < found.in_part.sum() < len(found.in_part) == len(discovered(described(0), b, 400).uv_a)
    method = DenseMethod("x", {}, lambda subject: a, 300)
    assert (method.transfer(a, b, pixels_of(a.mask)[::9]).uv[:, 0] >= 52).all()


def test_a_region_that_is_too_small_is_not_searched_alone() -> None:
    """Of under 16 px: the matches go to the whole object, and none claims to be in the part. Transfer still believes it."""
    spot = np.zeros(SHAPE, dtype=bool)
    spot[40:43, 40:44] = True
    a, b = described(0, half(True)), described(1, spot)
    found = discovered(a, b, 0)
    assert not found.in_part.any() and len(found.uv_a) == a.mask.sum()
    np.testing.assert_array_equal(b.candidates, spot)


def test_an_empty_region_falls_back_to_the_object_and_says_so() -> None:
    outside = np.zeros(SHAPE, dtype=bool)
    outside[0, 0] = True
    for region in (np.zeros(SHAPE, dtype=bool), outside):
        empty = described(1, region)
        assert empty.fallback
        np.testing.assert_array_equal(empty.candidates, empty.mask)
        assert not discovered(described(0, half(True)), empty, 300).in_part.any()
        assert len(discovered(empty, described(0, half(True)), 300).uv_a) > 0
    assert not described(1).fallback and not described(1, half(True)).fallback


def test_a_region_of_the_whole_object_leaves_no_rest() -> None:
    everything = np.ones(SHAPE, dtype=bool)
    found = discovered(described(0, everything), described(1, everything), 300)
    assert found.in_part.all()
    plain = discovered(described(0), described(1), 300)
    np.testing.assert_array_equal(found.uv_b, plain.uv_b)


def test_one_pixel() -> None:
    spot = np.zeros(SHAPE, dtype=bool)
    spot[30, 40] = True
    found = discovered(described(0, mask=spot), described(1, mask=spot), 100)
    assert found.uv_a.tolist() == found.uv_b.tolist() == [[40.0, 30.0]] and found.score.tolist() == [1.0]


def test_constant_scores_leave_the_other_factor() -> None:
    falling = np.array([3.0, 2.0, 1.0], dtype=np.float32)
    same = np.full(3, 0.7, dtype=np.float32)
    np.testing.assert_allclose(rank_score(falling, same), [1.0, 0.5, 0.0])
    np.testing.assert_allclose(rank_score(same, falling), [0.0, 0.5, 1.0])
    np.testing.assert_allclose(rank_score(same, same), 1.0)
    assert len(minmax(np.zeros(0, dtype=np.float32), 0.0)) == 0
