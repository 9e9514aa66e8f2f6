# SPDX-License-Identifier: Apache-2.0
"""Blocked matching is exactly the plain arg max, both ways, whatever the block; cycles and soft maxima have known answers."""
from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import normalize

from func_corr_ros.correspondence.matching import (
    NearestNeighbours,
    cycle_distance,
    mutual,
    nearest_neighbours,
    soft_neighbours,
)


def _unit(count, length, seed=0):
    return normalize(torch.randn(count, length, generator=torch.Generator().manual_seed(seed)), dim=1)


@given(n=st.integers(1, 20), m=st.integers(1, 20), chunk=st.integers(3, 25), seed=st.integers(0, 1000))
def test_blocks_do_not_change_the_answer(n, m, chunk, seed):
    a, b = _unit(n, 8, seed), _unit(m, 8, seed + 1)
    similarity = a @ b.T
    found = nearest_neighbours(a, b, chunk)
    assert torch.equal(found.index_ab, similarity.argmax(dim=1)) and torch.equal(found.index_ba, similarity.argmax(dim=0))
    assert torch.allclose(found.score_ab, similarity.amax(dim=1), atol=1e-6)
    assert torch.allclose(found.score_ba, similarity.amax(dim=0), atol=1e-6)


def test_a_permutation_is_found_and_undone():
    a = _unit(500, 16)
    order = torch.randperm(500)
    found = nearest_neighbours(a, a[order], chunk=64)
    assert torch.equal(order[found.index_ab], torch.arange(500))
    assert mutual(found).all() and (cycle_distance(torch.rand(500, 2), found) == 0).all()
    assert torch.allclose(found.score_ab, torch.ones(500), atol=1e-6)


def test_swapping_the_sides_swaps_the_answer():
    a, b = _unit(70, 8), _unit(90, 8, seed=1)
    forth, back = nearest_neighbours(a, b, 32), nearest_neighbours(b, a, 32)
    assert torch.equal(forth.index_ab, back.index_ba) and torch.equal(forth.index_ba, back.index_ab)


def test_of_equal_neighbours_the_first_is_taken_across_blocks():
    a = _unit(1, 8)
    assert nearest_neighbours(a, a.repeat(10, 1), chunk=3).index_ab.tolist() == [0]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_storage_is_compared_in_float32(dtype):
    a, b = _unit(50, 64).to(dtype), _unit(60, 64, seed=1).to(dtype)
    found = nearest_neighbours(a, b, chunk=16)
    assert torch.equal(found.index_ab, (a.float() @ b.float().T).argmax(dim=1))
    assert found.score_ab.dtype == torch.float32


def test_the_similarities_never_exist_at_once(monkeypatch):
    largest = []
    monkeypatch.setattr(torch, "mm", lambda x, y, out, mm=torch.mm: largest.append(out.numel()) or mm(x, y, out=out))
    nearest_neighbours(_unit(1000, 4), _unit(700, 4), chunk=100)
    assert len(largest) == 70 and max(largest) == 100 * 100


def test_cycle_and_mutual_of_a_known_case():
    """Pixels 0 and 1 of a both go to pixel 0 of b, which goes back to pixel 1; pixel 2 goes to 1 and back."""
    nothing = torch.zeros(0)
    neighbours = NearestNeighbours(torch.tensor([0, 0, 1]), nothing.new_zeros(3), torch.tensor([1, 2]), nothing.new_zeros(2))
    uv = torch.tensor([[0.0, 0.0], [3.0, 4.0], [9.0, 9.0]])
    assert cycle_distance(uv, neighbours).tolist() == [5.0, 0.0, 0.0]
    assert mutual(neighbours).tolist() == [False, True, True]


def _lattice(width, height, stride, offset=(0.0, 0.0)):
    v, u = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([u, v], dim=-1).reshape(-1, 2) * float(stride) + torch.tensor(offset)


def _refine(query, target, uv, **options):
    return soft_neighbours(query, target, uv, **{"reach": 6.0, "temperature": 0.05, **options})


def test_a_reach_of_zero_is_the_best_place():
    uv, query, target = _lattice(6, 5, 3, offset=(40.0, 70.0)), _unit(3, 4), _unit(30, 4, 1)
    found, plain = _refine(query, target, uv, reach=0.0), nearest_neighbours(query, target)
    assert torch.equal(found.index, plain.index_ab) and torch.allclose(found.score, plain.score_ab)
    assert torch.equal(found.uv, uv[plain.index_ab])


def test_equal_features_give_the_mean_of_the_places_in_reach():
    """Of equal targets the first, at (0, 0), is the best; within 4 px of it lie (3, 0) and (0, 3), not (3, 3)."""
    target = torch.ones(81, 4) / 2
    assert torch.allclose(_refine(target[:1], target, _lattice(9, 9, 3), reach=4.0).uv, torch.tensor([[1.0, 1.0]]), atol=1e-5)


def test_holes_in_the_mask_have_no_weight():
    uv = torch.tensor([[6.0, 0.0], [0.0, 0.0], [3.0, 0.0], [12.0, 0.0], [15.0, 0.0]])  # no place at 9
    target = torch.ones(5, 4) / 2
    assert torch.allclose(_refine(target[:1], target, uv).uv, torch.tensor([[(0.0 + 3 + 6 + 12) / 4, 0.0]]), atol=1e-5)


def test_a_peak_between_two_pixels_is_found_between_them():
    """Features on a circle, one step of angle per pixel: the query's angle is that of u = 13.5, lattice pixels are 12 and 15."""
    uv = _lattice(12, 3, 3)
    angle = 0.05 * uv[:, 0]
    target = torch.stack([angle.cos(), angle.sin()], dim=1)
    query = torch.tensor([[0.675, 0.675]])
    query = torch.stack([query[:, 0].cos(), query[:, 1].sin()], dim=1)
    found = _refine(query, target, uv, reach=9.0, temperature=0.003)
    assert abs(float(uv[found.index][0, 0]) - 13.5) == pytest.approx(1.5)
    assert abs(float(found.uv[0, 0]) - 13.5) < 0.5


def test_low_temperature_is_the_peak_and_blocks_do_not_matter():
    uv, query, target = _lattice(7, 7, 3), _unit(20, 8), _unit(49, 8, 1)
    found = _refine(query, target, uv, temperature=1e-4)
    assert torch.allclose(found.uv, uv[found.index], atol=0.05)
    assert torch.allclose(_refine(query, target, uv).uv, _refine(query, target, uv, chunk=12).uv, atol=1e-5)


def test_the_soft_similarities_never_exist_at_once(monkeypatch):
    largest = []
    cdist = torch.cdist
    monkeypatch.setattr(torch, "cdist", lambda a, b: largest.append(len(a) * len(b)) or cdist(a, b))
    _refine(_unit(1000, 4), _unit(700, 4, 1), _lattice(35, 20, 3), chunk=100)
    assert len(largest) == 72 and max(largest) <= 100 * 100


def test_soft_neighbours_have_gradients():
    uv, target = _lattice(4, 4, 1).double(), _unit(16, 3, 1).double().requires_grad_()
    query = _unit(2, 3).double().requires_grad_()

    def loss(query, target):
        return soft_neighbours(query, target, uv, reach=1.5, temperature=0.5).uv

    # similarities are computed in float32: central differences of 1e-2 are good to about 1e-4 here
    assert torch.autograd.gradcheck(loss, (query, target), eps=1e-2, atol=1e-2, rtol=1e-2)


def test_no_queries_give_no_pixels():
    assert _refine(torch.zeros(0, 4), _unit(9, 4), _lattice(3, 3, 3)).uv.shape == (0, 2)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_finds_the_same_neighbours():
    a, b = _unit(3000, 64), _unit(2500, 64, 1)
    here, there = nearest_neighbours(a, b, 512), nearest_neighbours(a.cuda(), b.cuda(), 512)
    assert torch.allclose(here.score_ab, there.score_ab.cpu(), atol=1e-5)
    assert (here.index_ab == there.index_ab.cpu()).float().mean() > 0.999  # near ties may fall either way
