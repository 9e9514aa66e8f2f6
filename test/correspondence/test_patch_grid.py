# SPDX-License-Identifier: Apache-2.0
"""Cell centres lie where the convention puts them, sampling is exact there, linear between, and constant beyond the border."""
from __future__ import annotations

import pytest
import torch

from func_corr_ros.correspondence.patch_grid import cell_centres, sample_grid


def _coordinate_grid(height, width, stride):
    """A grid whose two channels are the pixel coordinates of the cells' centres."""
    v, u = torch.meshgrid(cell_centres(height, stride), cell_centres(width, stride), indexing="ij")
    return torch.stack([u, v])


def test_the_first_centre_of_stride_14_is_pixel_six_and_a_half():
    assert cell_centres(3, 14).tolist() == [6.5, 20.5, 34.5]


@pytest.mark.parametrize("stride", [1, 7, 14, 12.5])
def test_sampling_coordinates_gives_the_coordinates(stride):
    """Bilinear interpolation is exact for linear functions, so this pins half-pixel shifts and swapped axes at once."""
    grid = _coordinate_grid(5, 7, stride)
    uv = torch.rand(200, 2) * (torch.tensor([6.0, 4.0]) * stride) + (stride - 1) / 2
    assert torch.allclose(sample_grid(grid, uv, stride), uv, atol=1e-4)


def test_beyond_the_outermost_centres_the_border_goes_on():
    grid = _coordinate_grid(5, 7, 14)
    uv = torch.tensor([[-100.0, 20.5], [-0.5, 34.5], [300.0, 20.5], [20.5, 500.0]])
    assert torch.allclose(sample_grid(grid, uv), torch.tensor([[6.5, 20.5], [6.5, 34.5], [90.5, 20.5], [20.5, 62.5]]), atol=1e-4)


def test_mirroring_the_grid_is_mirroring_the_pixels():
    grid = torch.randn(3, 4, 6)
    uv = torch.rand(50, 2) * 84
    mirrored = torch.stack([6 * 14 - 1 - uv[:, 0], uv[:, 1]], dim=1)
    assert torch.allclose(sample_grid(grid.flip(-1), uv), sample_grid(grid, mirrored), atol=1e-5)


def test_dtype_is_kept_and_gradients_are_right():
    grid = torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True)
    uv = (torch.rand(5, 2, dtype=torch.float64) * 20 + 8).requires_grad_()
    assert sample_grid(grid, uv).dtype == torch.float64
    assert torch.autograd.gradcheck(sample_grid, (grid, uv))


def test_no_pixels_give_no_features():
    assert sample_grid(torch.randn(5, 2, 2), torch.zeros(0, 2)).shape == (0, 5)
