# SPDX-License-Identifier: Apache-2.0
"""Chance is seeded by the pair, stays on the object, and covers it evenly."""
import numpy as np
import pytest

from func_corr_ros.correspondence.baselines.chance import Chance, Outline
from func_corr_ros.correspondence.baselines.method import Method, MethodSettings, Subject


def outline(key: str, columns: int = 30) -> Outline:
    mask = np.zeros((40, 50), dtype=bool)
    mask[10:30, 5 : 5 + columns] = True
    return Chance().describe(Subject(np.zeros((40, 50, 3), dtype=np.uint8), mask, "cut-with", None, key))


def test_the_same_pair_has_the_same_answers_another_has_others() -> None:
    points = np.zeros((50, 2), dtype=np.float32)
    a, b, other = outline("a"), outline("b"), outline("c")
    first = Chance().transfer(a, b, points).uv
    np.testing.assert_array_equal(first, Chance().transfer(a, b, points).uv)
    reseeded = Chance(MethodSettings(seed=1))
    for method, *ends in ((Chance(), b, a), (Chance(), a, other), (reseeded, a, b)):
        assert (first != method.transfer(*ends, points).uv).any()
    np.testing.assert_array_equal(Chance().discover(a, b).uv_b, Chance().discover(a, b).uv_b)


def test_answers_cover_the_object_evenly() -> None:
    b = outline("b")
    found = Chance().transfer(outline("a"), b, np.zeros((60_000, 2), dtype=np.float32)).uv.astype(int)
    counts = np.zeros(b.mask.shape)
    np.add.at(counts, (found[:, 1], found[:, 0]), 1)
    assert (counts[~b.mask] == 0).all()
    expected = 60_000 / b.mask.sum()
    chi_squared = ((counts[b.mask] - expected) ** 2 / expected).sum() / (b.mask.sum() - 1)
    assert chi_squared == pytest.approx(1.0, abs=0.2)  # 3 standard deviations with 599 degrees of freedom are 0.17


def test_discovery_asks_every_lattice_pixel_once() -> None:
    method = Chance(MethodSettings(max_pixels=0))
    found = method.discover(outline("a"), outline("b", 7))
    assert len(np.unique(found.uv_a, axis=0)) == len(found.uv_a) == 600
    assert len(Chance(MethodSettings(max_pixels=100)).discover(outline("a"), outline("b")).uv_a) <= 100
    assert isinstance(method, Method) and method.identity["conditioned"] is False
