# SPDX-License-Identifier: Apache-2.0
"""Heads: the two halves are the whole, descriptors are unit vectors, and what is not the object does not speak."""
from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import normalize, relu

from func_corr_ros.correspondence.head import ContextHead, ContextHeadSettings, PaperHead, PaperHeadSettings
from func_corr_ros.correspondence.patch_grid import sample_grid

SMALL = ContextHeadSettings(width=24, blocks=2, heads=3, channels=8)


def inputs(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(2, 3 * 6, 5, 5, generator=generator)
    coverage = torch.zeros(2, 1, 5, 5)
    coverage[:, :, 1:4, 1:4] = 1.0
    return features, coverage, normalize(torch.randn(2, 7, generator=generator), dim=1)


def test_the_papers_linear_half_on_the_grid_is_the_dense_evaluation() -> None:
    torch.manual_seed(0)
    head = PaperHead(3, 6, 7, PaperHeadSettings(image_channels=10, hidden=12, channels=5))
    features, coverage, text = inputs()
    uv = torch.rand(200, 2) * 69.0
    descriptors, logits = head.finish(sample_grid(head.grid(features, coverage, text)[0], uv))
    weights = head.layer_weights.softmax(0)
    layers = features[0].reshape(3, 6, 5, 5)
    grid = normalize(head.project(torch.einsum("l,lchw->hwc", weights, layers)), dim=-1).permute(2, 0, 1)
    pixels = sample_grid(grid, uv)
    hidden = relu(head.first_image(pixels) + head.first_text(text[0]))
    dense = normalize(head.third(relu(head.second(hidden))), dim=1)
    torch.testing.assert_close(descriptors, dense, atol=1e-6, rtol=1e-5)
    assert head.region is not None
    torch.testing.assert_close(logits, head.region(dense)[:, 0], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("finer", [1, 2])
def test_descriptors_are_unit_vectors_on_the_finer_grid(finer: int) -> None:
    torch.manual_seed(0)
    head = ContextHead(3, 6, 7, ContextHeadSettings(width=24, blocks=1, heads=3, channels=8, finer=finer))
    grid = head.grid(*inputs())
    assert grid.shape == (2, 9, 5 * finer, 5 * finer)
    descriptors, logits = head.finish(grid.flatten(2).transpose(1, 2))
    torch.testing.assert_close(descriptors.norm(dim=-1), torch.ones(2, 25 * finer**2))
    assert logits.shape == (2, 25 * finer**2)


def test_patches_beside_the_object_are_not_listened_to() -> None:
    torch.manual_seed(0)
    head = ContextHead(3, 6, 7, SMALL)
    features, coverage, text = inputs()
    changed = torch.where(coverage.expand(-1, 18, -1, -1) > 0, features, torch.randn_like(features))
    one, other = head.grid(features, coverage, text), head.grid(changed, coverage, text)
    torch.testing.assert_close(one[:, :, 4:6, 4:6], other[:, :, 4:6, 4:6])  # the middle: no smoothing across the border
    assert not torch.allclose(one, other)


def test_an_object_smaller_than_a_patch_has_descriptors_too() -> None:
    head = ContextHead(3, 6, 7, SMALL)
    features, coverage, text = inputs()
    assert torch.isfinite(head.grid(features, torch.zeros_like(coverage), text)).all()


def test_the_function_steers_or_does_not() -> None:
    torch.manual_seed(0)
    features, coverage, text = inputs()
    for wanted in (True, False):
        head = ContextHead(3, 6, 7, ContextHeadSettings(width=24, blocks=1, heads=3, channels=8, function=wanted))
        torch.nn.init.normal_(head.blocks[0].steer.weight)
        same = torch.allclose(head.grid(features, coverage, text), head.grid(features, coverage, -text), atol=1e-6)
        assert same != wanted


def test_both_halves_have_gradients() -> None:
    torch.manual_seed(0)
    for head in (ContextHead(3, 6, 7, SMALL), PaperHead(3, 6, 7, PaperHeadSettings(10, 12, 5))):
        descriptors, logits = head.finish(head.grid(*inputs()).flatten(2).transpose(1, 2))
        (descriptors[..., 0].square().mean() + logits.square().mean()).backward()
        without = [name for name, value in head.named_parameters() if value.grad is None]
        assert not without


def test_what_training_hides_is_seen_when_it_is_used() -> None:
    torch.manual_seed(0)
    head = ContextHead(3, 6, 7, replace(SMALL, dropped=0.3))
    whole = ContextHead(3, 6, 7, SMALL)
    whole.load_state_dict(head.state_dict())
    assert (head.grid(*inputs()) - head.grid(*inputs())).abs().max() > 1e-3
    torch.testing.assert_close(head.eval().grid(*inputs()), whole.grid(*inputs()))
