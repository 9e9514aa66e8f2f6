# SPDX-License-Identifier: Apache-2.0
"""Tufts stand in staggered, symmetric rows within the head's outline."""
import numpy as np
import pytest

from func_corr_ros.data.objects.primitives import box
from func_corr_ros.data.objects.tufts import field, skin, slab, standing, superellipse


@pytest.mark.parametrize("power", [0.4, 0.7, 1.0])
def test_a_field_is_symmetric_within_its_outline_and_no_denser_than_its_step(power: float) -> None:
    half, step = np.array([0.05, 0.02]), 0.005
    grid = field(half, power, step)
    assert ((np.abs(grid) / half) ** (2.0 / power)).sum(axis=1).max() <= 1.0
    for mirror in ([-1.0, 1.0], [1.0, -1.0]):
        assert {tuple(p) for p in (grid * mirror).round(9) + 0.0} == {tuple(p) for p in grid.round(9) + 0.0}
    apart = np.linalg.norm(grid[:, None] - grid, axis=-1) + np.eye(len(grid))
    assert apart.min() == pytest.approx(step, rel=0.01)
    assert np.linalg.norm(grid, axis=1).min() == 0.0  # one in the very middle: the frame stands on it
    assert len(grid) * step**2 > 0.5 * 4.0 * half.prod() * (np.pi / 4.0)


def test_an_outline_is_an_ellipse_or_nearly_a_box() -> None:
    half = np.array([3.0, 2.0])
    ellipse = superellipse(half, 1.0, 40) / half
    np.testing.assert_allclose(np.linalg.norm(ellipse, axis=1), 1.0)
    assert np.linalg.norm(superellipse(half, 0.2, 40) / half, axis=1).max() > 1.3


def test_tips_lean_outwards_but_the_middle_one_stands_upright() -> None:
    roots = field(np.array([0.03, 0.03]), 1.0, 0.006)
    low, tips = standing(roots, 0.01, 0.04, 0.005, 0.001)
    middle = np.linalg.norm(roots, axis=1).argmin()
    np.testing.assert_allclose(tips[middle], [0.0, 0.0, 0.04], atol=1e-12)
    assert (low[:, 2] == 0.01).all() and np.abs(tips[:, 2] - 0.04).max() <= 0.001
    outer = np.linalg.norm(roots, axis=1) > 0.02
    assert (np.linalg.norm(tips[outer, :2], axis=1) > np.linalg.norm(roots[outer], axis=1)).all()
    again = standing(roots, 0.01, 0.04, 0.005, 0.001)[1]
    np.testing.assert_array_equal(tips, again)


def test_a_slab_is_as_large_as_its_outline_and_knows_its_back() -> None:
    pytest.importorskip("manifold3d")
    half = np.array([0.05, 0.03])
    body = slab(half, 1.0, [(0.002, 0.0), (0.0, 0.002), (0.0, 0.01)], ["back", "back", "head", "head"])
    vertices, faces, part, names = body.mesh()
    assert names == ("back", "head") and vertices[:, 2].max() == pytest.approx(0.01)
    assert body.volume == pytest.approx(np.pi * half.prod() * 0.01, rel=0.03)
    back = vertices[np.unique(faces[part == 0])]
    assert back[:, 2].max() == pytest.approx(0.002)


def test_hollows_inside_are_filled() -> None:
    pytest.importorskip("manifold3d")
    shell = box(-np.ones(3), np.ones(3), "body") - box(-0.5 * np.ones(3), 0.5 * np.ones(3), "body")
    assert shell.volume == pytest.approx(7.0) and skin(shell).volume == pytest.approx(8.0)
