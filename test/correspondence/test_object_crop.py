# SPDX-License-Identifier: Apache-2.0
"""A crop shows the object centred, the rest as background, and its pixels map to the image's and back exactly."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from func_corr_ros.correspondence.object_crop import BACKGROUNDS, CropSettings, CropWindow, crop_object, crop_window
from func_corr_ros.errors import NoMask


def _mask(left, top, right, bottom, width=160, height=120):
    mask = np.zeros((height, width), dtype=bool)
    mask[top:bottom, left:right] = True
    return mask


@pytest.fixture
def ramp():
    """Red rises with u, green with v, one step per pixel: a colour tells the pixel it comes from."""
    image = np.zeros((120, 160, 3), dtype=np.uint8)
    image[..., 0], image[..., 1], image[..., 2] = np.arange(160), np.arange(120)[:, None], 200
    return image


@given(
    u0=st.integers(-200, 200), v0=st.integers(-200, 200), side=st.integers(1, 900), size=st.sampled_from([14, 224, 448]),
    u=st.floats(-500, 500), v=st.floats(-500, 500),
)
def test_there_and_back_is_the_same_pixel(u0, v0, side, size, u, v):
    window = CropWindow(u0, v0, side, size)
    uv = np.array([[u, v]])
    assert np.allclose(window.image_from_crop(window.crop_from_image(uv)), uv, atol=1e-6)
    assert window.crop_from_image(uv.astype(np.float32)).dtype == np.float32


def test_edges_of_the_window_are_edges_of_the_crop():
    """An image of width W spans [-0.5, W - 0.5]."""
    window = CropWindow(30, 10, 50, 224)
    edges = window.crop_from_image(np.array([[29.5, 9.5], [79.5, 59.5]]))
    assert np.allclose(edges, [[-0.5, -0.5], [223.5, 223.5]])


@pytest.mark.parametrize("size", [14, 28, 56, 112, 448])
@pytest.mark.parametrize("box", [(40, 30, 110, 90), (0, 0, 50, 120), (100, 60, 160, 120)])
def test_what_a_crop_shows_is_what_the_mapping_says(ramp, size, box):
    """Shrunk and enlarged, at the image's border too: the colour of a crop pixel names the image pixel it stands for."""
    mask = _mask(*box)
    crop, window = crop_object(ramp, mask, CropSettings(size=size, margin=1.2))
    v, u = np.mgrid[:size, :size]
    image_uv = window.image_from_crop(np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float64))
    # Away from the mask's edge, where object and background mix: cubic reaches two image pixels, averaging half a crop pixel.
    reach = max(2.5, 0.6 / window.scale)
    inner = ((image_uv > np.array(box[:2]) - 0.5 + reach) & (image_uv < np.array(box[2:]) - 0.5 - reach)).all(axis=1)
    assert inner.any()
    shown = crop.reshape(-1, 3)[inner, :2].astype(float)
    assert np.abs(shown - image_uv[inner]).max() <= 1.0  # rounding of 8-bit colour, and of cubic weights


@pytest.mark.parametrize("background", ["white", "mean"])
def test_everything_but_the_object_is_background(ramp, background):
    crop, window = crop_object(ramp, _mask(0, 0, 60, 60), CropSettings(size=72, margin=1.2, background=background))
    assert window.side == 72 and window.u0 == window.v0 == -6
    assert (crop[:6] == BACKGROUNDS[background]).all() and (crop[:, 66:] == BACKGROUNDS[background]).all()
    assert (crop[6:66, 6:66] == ramp[:60, :60]).all()


def test_original_background_is_the_picture_and_goes_on_beyond_its_border(ramp):
    crop, _ = crop_object(ramp, _mask(0, 20, 60, 80), CropSettings(size=72, margin=1.2, background="original"))
    assert (crop[:, 6:] == ramp[14:86, :66]).all()
    assert (crop[:, :6] == ramp[14:86, :1]).all()


def test_mean_background_is_zero_to_the_backbone():
    from func_corr_ros.correspondence.backbone import IMAGENET_MEAN

    assert np.abs(np.array(BACKGROUNDS["mean"]) / 255 - IMAGENET_MEAN).max() < 0.5 / 255


@given(
    left=st.integers(0, 150), top=st.integers(0, 110), width=st.integers(1, 160), height=st.integers(1, 120),
    margin=st.floats(1.0, 4.0),
)
def test_the_window_is_centred_on_the_box_and_holds_it(left, top, width, height, margin):
    mask = _mask(left, top, left + width, top + height)
    right, bottom = min(left + width, 160), min(top + height, 120)
    window = crop_window(mask, CropSettings(margin=margin))
    longer = max(right - left, bottom - top)
    assert margin * longer <= window.side < margin * longer + 1
    assert abs(2 * window.u0 + window.side - left - right) <= 1 and abs(2 * window.v0 + window.side - top - bottom) <= 1
    assert window.u0 <= left and window.u0 + window.side >= right


def test_one_pixel_is_an_object(ramp):
    crop, _ = crop_object(ramp, _mask(80, 50, 81, 51), CropSettings(size=28, margin=1.0))
    assert (crop == ramp[50, 80]).all()


def test_an_empty_mask_is_refused():
    with pytest.raises(NoMask, match="160x120"):
        crop_window(np.zeros((120, 160), dtype=bool), CropSettings())
