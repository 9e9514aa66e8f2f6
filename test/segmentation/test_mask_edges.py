# SPDX-License-Identifier: Apache-2.0
"""Holes that are no view of the table are closed, and edges go to where the colour changes."""
import numpy as np
import pytest
from segmentation.ray_cast import iou

from func_corr_ros.segmentation.mask_edges import color_refined, filled

SIZE = (120, 160)
OPTIONS = {"threshold_m": 0.004, "band_px": 4, "reach_px": 14}


def disc(u: float, v: float, radius: float) -> np.ndarray:
    rows, columns = np.indices(SIZE)
    return np.hypot(columns - u, rows - v) <= radius


def pictured(true: np.ndarray, rng: np.random.Generator, own: tuple = (180, 40, 50), table: tuple = (120, 90, 60)) -> np.ndarray:
    color = np.where(true[..., None], np.array(own, dtype=np.float64), np.array(table, dtype=np.float64))
    return np.clip(color + rng.normal(scale=4.0, size=(*SIZE, 3)), 0, 255).astype(np.uint8)


def refined(color: np.ndarray, heights: np.ndarray, mask: np.ndarray, loose: np.ndarray | None = None,
            others: np.ndarray | None = None) -> np.ndarray:
    loose, others = (np.zeros(SIZE, bool) if given is None else given for given in (loose, others))
    return color_refined(color, heights.astype(np.float32), mask, loose, others, **OPTIONS)


def test_small_holes_are_filled_unless_the_table_is_seen_through_them() -> None:
    mask, low = disc(80, 60, 40), np.zeros(SIZE, np.float32)
    glint, loop, shallow = disc(60, 60, 6), disc(95, 60, 9), disc(80, 85, 5)
    holed, heights = mask & ~glint & ~loop & ~shallow, low.copy()
    heights[glint], heights[shallow] = np.nan, 0.003  # no depth; too low for an object's, too high for the table's
    np.testing.assert_array_equal(filled(holed, heights, 0.004), mask & ~loop)
    np.testing.assert_array_equal(filled(mask & ~glint, low, 0.004), mask & ~glint)
    # what is as large as a loop stays open whatever is seen through it
    heights[loop] = np.nan
    np.testing.assert_array_equal(filled(mask & ~loop, heights, 0.004), mask & ~loop)
    speck = mask.copy()
    speck[60, 80:83] = False
    np.testing.assert_array_equal(filled(speck, low, 0.004), mask)


def test_what_reaches_the_border_is_no_hole() -> None:
    mask = np.ones(SIZE, bool)
    mask[:, 70:75] = False
    mask[:3, 10:13] = False
    np.testing.assert_array_equal(filled(mask, np.full(SIZE, np.nan, np.float32), 0.004), mask)


@pytest.mark.parametrize("error_px", [-3, -2, 2, 3])
def test_the_edge_goes_to_the_colour(rng: np.random.Generator, error_px: int) -> None:
    true = disc(80, 60, 30)
    mask = disc(80, 60, 30 + error_px)
    result = refined(pictured(true, rng), np.where(mask, 0.05, 0.0), mask)
    assert iou(mask, true) < 0.9 and iou(result, true) > 0.95  # two thirds of a pixel all around


def test_blind_pixels_go_where_their_colour_is(rng: np.random.Generator) -> None:
    true = disc(80, 60, 30)
    rim = true & ~disc(80, 64, 27)  # dark rim, no depth
    shadow = disc(50, 60, 24) & ~true  # stereo shadow on the table beside it
    heights = np.where(true, 0.05, 0.0)
    heights[rim | shadow] = np.nan
    result = refined(pictured(true, rng), heights, true & ~rim)
    assert (result & rim).sum() / rim.sum() > 0.9 and (result & shadow).sum() / shadow.sum() < 0.03


def test_loose_pixels_of_the_table_s_colour_are_given_back(rng: np.random.Generator) -> None:
    true = disc(80, 60, 25)
    smear = disc(58, 66, 12) & ~true  # a blur that depth takes for the object
    heights = np.where(true | smear, 0.05, 0.0)
    kept = refined(pictured(true, rng), heights, true | smear)
    given = refined(pictured(true, rng), heights, true | smear, loose=smear)
    assert (given & smear).sum() < 0.1 * smear.sum() < (kept & smear).sum()
    assert iou(given, true) > 0.97


def test_without_contrast_the_edge_stays_near_depth_s(rng: np.random.Generator) -> None:
    true = disc(80, 60, 30)
    result = refined(pictured(true, rng, own=(120, 90, 60)), np.where(true, 0.05, 0.0), true)
    assert iou(result, true) > 0.97


def test_far_pixels_and_those_of_others_are_untouched(rng: np.random.Generator) -> None:
    true, twin, far = disc(70, 60, 25), disc(100, 60, 12), disc(140, 20, 12)
    mask = true & ~twin
    result = refined(pictured(true | twin | far, rng), np.where(true | twin, 0.05, 0.0), mask, others=twin)
    assert not (result & twin).any() and not (result & far).any()
    assert iou(result, mask) > 0.97


def test_a_thin_handle_survives(rng: np.random.Generator) -> None:
    cup = disc(60, 60, 25)
    handle = disc(92, 60, 20) & ~disc(92, 60, 14) & ~cup  # 6 px wide, narrower than twice the band
    true = cup | handle
    result = refined(pictured(true, rng), np.where(true, 0.05, 0.0), true)
    assert (result & handle).sum() / handle.sum() > 0.93 and iou(result, true) > 0.97


def test_colour_alone_grows_no_whiskers(rng: np.random.Generator) -> None:
    true = disc(80, 60, 30)
    color = pictured(true, rng)
    color[59:61, 110:135] = (180, 40, 50)  # a line of the object's colour on the table, without depth
    heights = np.where(true, 0.05, 0.0)
    heights[50:70, 111:135] = np.nan
    result = refined(color, heights, true)
    assert (result & ~true).sum() < 12
