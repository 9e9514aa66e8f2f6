# SPDX-License-Identifier: Apache-2.0
"""Samples lie evenly on the serving parts, and pieces that lie apart belong to the ends of the object."""
from __future__ import annotations

from dataclasses import replace
from pkgutil import resolve_name

import numpy as np
import pytest
from scipy.spatial import cKDTree

from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.vessels import Mug
from func_corr_ros.data.surface_samples import OF_NO_END, SAMPLES, even_points, serving_samples, surface_samples
from func_corr_ros.errors import UnknownFunction

pytest.importorskip("manifold3d")


def built(category: str) -> FunctionalObject:
    return resolve_name(CATEGORIES[category])().build()


def test_samples_lie_on_the_serving_parts_evenly() -> None:
    mug = Mug().build()
    points, normals, faces = surface_samples(mug, "pour-with", 400)
    assert mug.serves("pour-with")[faces].all()
    corners = mug.vertices[mug.faces[faces]]
    np.testing.assert_allclose(np.einsum("nk,nk->n", points - corners[:, 0], normals), 0.0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0)
    gaps = cKDTree(points).query(points, 2)[0][:, 1]
    random = points[np.random.default_rng(0).integers(0, 400, 400)] + 1e-9
    assert gaps.min() > 0.4 * np.median(gaps), "no two samples crowd together"
    assert np.std(gaps) / np.mean(gaps) < 0.3 < np.std(cKDTree(random).query(random, 2)[0][:, 1]) / np.mean(gaps)


def test_samples_are_the_same_each_time_and_grow_with_the_object() -> None:
    mug = Mug().build()
    first, second = (surface_samples(mug, "pour-with", 200)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    larger = surface_samples(replace(mug, vertices=2.0 * mug.vertices), "pour-with", 200)[0]
    np.testing.assert_allclose(larger, 2.0 * first, rtol=1e-12)
    assert not np.array_equal(surface_samples(mug, "pour-with", 200, seed=1)[0], first)


@pytest.mark.parametrize(("category", "function", "ends"), [
    ("ruler", "dig-with", 2), ("mallet", "pound-with", 2), ("chopsticks", "pierce-with", 2), ("scissors", "cut-with", 2),
    ("bucket", "pour-with", 1), ("mug", "pour-with", 1), ("knife", "cut-with", 1), ("cutting board", "lift-with", 1),
])
def test_parts_that_fall_apart_have_ends_and_a_rim_has_none(category: str, function: str, ends: int) -> None:
    thing = built(category)
    samples = serving_samples(thing, function)
    np.testing.assert_array_equal(samples.ends[0], thing.object_from_function(function)[:3, 3])
    assert len(samples.ends) == ends
    counts = [(samples.of_end == end).sum() for end in range(ends)]
    assert counts == pytest.approx([SAMPLES / ends] * ends, rel=0.1), "symmetric ends are as large"
    for end in range(ends):
        far = np.linalg.norm(samples.points[samples.of_end == end, None] - samples.ends, axis=2)
        assert (far.argmin(axis=1) == end).mean() > 0.9


def test_a_piece_between_two_ends_is_of_neither() -> None:
    samples = serving_samples(built("credit card"), "scrape-with")
    assert len(samples.ends) == 2 and set(samples.of_end) == {0, 1, OF_NO_END}
    between, along = samples.points[samples.of_end == OF_NO_END], samples.ends[1] - samples.ends[0]
    offs = (between - samples.ends.mean(axis=0)) @ along / (along @ along)
    assert np.abs(offs).max() < 0.5 and abs(offs.mean()) < 0.05, "the long edges"


def test_the_same_object_is_sampled_once() -> None:
    mug = Mug().build()
    assert serving_samples(mug, "pour-with") is serving_samples(mug, "pour-with") is not serving_samples(mug, "hang-onto")


def test_a_function_that_it_has_not_is_refused() -> None:
    with pytest.raises(UnknownFunction, match="cut-with"):
        surface_samples(Mug().build(), "cut-with")


def test_each_equal_share_of_an_area_has_one_point() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 2], [3, 0, 2], [0, 1, 2]], dtype=np.float64)
    faces = np.array([[0, 1, 2], [3, 4, 5]])  # of areas 1/2 and 3/2
    points, normals, face = even_points(vertices, faces, 400, seed=3)
    assert abs(int((face == 0).sum()) - 100) <= 1
    np.testing.assert_allclose(points[:, 2], 2.0 * face, atol=1e-12)
    np.testing.assert_array_equal(normals, np.tile([0.0, 0.0, 1.0], (400, 1)))
    np.testing.assert_array_equal(points, even_points(vertices, faces, 400, seed=3)[0])
