# SPDX-License-Identifier: Apache-2.0
"""Pictures: what is drawn lies where it belongs, to the pixel."""
from __future__ import annotations

import numpy as np
import pytest

from func_corr_ros.evaluation.drawing import (
    FAINT,
    INK,
    Picture,
    flow_picture,
    matches_picture,
    position_colors,
    spread_out,
    with_caption,
)

GREY = np.full((60, 80, 3), 90, dtype=np.uint8)
RED = (255, 0, 0)


def box_mask(u0: int = 20, v0: int = 10, u1: int = 60, v1: int = 50) -> np.ndarray:
    mask = np.zeros((60, 80), dtype=bool)
    mask[v0:v1, u0:u1] = True
    return mask


def centre_of(image: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Returns the mean (x, y) of the pixels of exactly this colour."""
    v, u = np.nonzero((image == np.asarray(color)).all(axis=-1))
    return np.array([u.mean(), v.mean()])


def test_a_pixel_lands_where_the_resize_convention_says() -> None:
    picture = Picture.whole(GREY, width=160)
    assert picture.scale == 2.0
    np.testing.assert_allclose(picture.at(np.array([[0.0, 0.0], [79.0, 59.0]])), [[0.5, 0.5], [158.5, 118.5]])


def test_the_enlarged_picture_shows_the_pixel_where_at_says_it_is() -> None:
    image = np.zeros((60, 80, 3), dtype=np.uint8)
    image[20, 30] = 255
    for picture in (Picture.whole(image, 320), Picture.around(image, box_mask(), side=400)):
        bright = picture.rgb[..., 0].astype(float)
        v, u = np.mgrid[: bright.shape[0], : bright.shape[1]]
        seen = np.array([(u * bright).sum(), (v * bright).sum()]) / bright.sum()
        np.testing.assert_allclose(seen, picture.at(np.array([30.0, 20.0])), atol=0.2)  # cubic weights are rounded to 1/32 px


def test_a_cut_holds_the_object_in_its_middle_with_its_margin() -> None:
    picture = Picture.around(GREY, box_mask(), side=560, margin=0.2)
    np.testing.assert_allclose(picture.at(np.array([39.5, 29.5])), [279.5, 279.5])
    np.testing.assert_allclose(picture.at(np.array([19.5, 9.5])), [79.5, 79.5])  # 0.2 of 40 px at 10 per pixel, half a pixel less
    assert picture.rgb.shape == (560, 560, 3)


def test_a_cut_around_nothing_is_the_whole_picture() -> None:
    picture = Picture.around(GREY, np.zeros((60, 80), dtype=bool), side=400, margin=0.0)
    assert picture.scale == 5.0


def test_a_dot_is_centred_on_its_pixel() -> None:
    picture = Picture.whole(GREY, 320)
    picture.dot(np.array([33.3, 21.7]), RED)
    np.testing.assert_allclose(centre_of(picture.rgb, RED), picture.at(np.array([33.3, 21.7])), atol=0.5)


def test_a_line_covers_its_pixels_and_no_others() -> None:
    picture = Picture.whole(GREY, 320)
    picture.lines(np.array([[[10.0, 30.0], [60.0, 30.0]]]), RED, width=3)
    row = round(picture.at(np.array([10.0, 30.0]))[1])
    drawn = np.flatnonzero((picture.rgb[row] == RED).all(axis=-1))
    assert abs(drawn.min() - 41.5) <= 3.0 and abs(drawn.max() - 241.5) <= 3.0  # round ends reach half a width further
    assert (picture.rgb[:100] == 90).all() and (picture.rgb[140:] == 90).all()


def test_lines_far_outside_do_no_harm() -> None:
    picture = Picture.whole(GREY, 320)
    picture.lines(np.array([[[-1e12, 5.0], [1e12, 5.0]]]), RED)
    assert (picture.rgb == RED).all(axis=-1).any()


def test_the_contour_follows_the_mask() -> None:
    picture = Picture.whole(GREY, 320)
    picture.contour(box_mask(), RED, width=2)
    v, u = np.nonzero((picture.rgb == RED).all(axis=-1))
    low, high = picture.at(np.array([[19.5, 9.5], [59.5, 49.5]]))
    assert abs(u.min() - low[0]) <= 1.5 and abs(u.max() - high[0]) <= 1.5
    assert abs(v.min() - low[1]) <= 1.5 and abs(v.max() - high[1]) <= 1.5
    inside = picture.rgb[60:180, 100:220]
    assert (inside == 90).all()


def test_labels_stay_inside_and_apart() -> None:
    picture = Picture.whole(np.full((300, 400, 3), 255, dtype=np.uint8), 400)
    for uv in ((399.0, 0.0), (399.0, 2.0), (0.0, 299.0)):
        picture.label(np.array(uv), "outlet")
    (xa, ya, width), (xb, yb, _), (_, yc, _) = picture._labels
    assert xa == xb and yb - ya >= 20
    assert xa + width <= 400 and 0 < ya and yc <= 300


def test_keypoints_that_were_not_found_are_left_out() -> None:
    picture = Picture.whole(GREY, 320)
    picture.keypoints({"outlet": np.array([np.nan, np.nan])})
    assert (picture.rgb == 90).all()
    picture.keypoints({"outlet": np.array([40.0, 30.0])}, RED)
    np.testing.assert_allclose(picture.rgb[122, 162], RED)


def test_position_colors_differ_at_the_corners_and_change_slowly() -> None:
    mask = box_mask()
    corners = position_colors(np.array([[20.0, 10.0], [59.0, 10.0], [20.0, 49.0], [59.0, 49.0]]), mask)
    assert len({tuple(color) for color in corners}) == 4
    row = position_colors(np.stack([np.arange(20.0, 60.0), np.full(40, 30.0)], axis=1), mask).astype(int)
    assert np.abs(np.diff(row, axis=0)).max() <= 10
    np.testing.assert_array_equal(position_colors(np.array([[-500.0, -500.0]]), mask)[0], corners[0])


def test_spread_out_covers_the_set(rng: np.random.Generator) -> None:
    uv = rng.uniform(0.0, 100.0, (500, 2))
    chosen = spread_out(uv, 40)
    assert len(set(chosen)) == 40
    nearest = np.linalg.norm(uv[:, None] - uv[chosen][None], axis=2).min(axis=1)
    assert nearest.max() < 20.0  # 40 evenly spread discs of radius 16 px just cover a square of 100 px
    assert spread_out(uv[:0], 5) == [] and spread_out(np.zeros((4, 2)), 3) == [0]


def test_matches_join_the_right_places() -> None:
    left, right = Picture.whole(GREY, 320), Picture.whole(GREY, 320)
    uv = np.array([[10.0, 10.0], [60.0, 40.0]])
    both = matches_picture(left, right, uv, uv[::-1].copy(), np.array([True, True]), np.array([RED, (0, 255, 0)], dtype=np.uint8))
    assert both.shape == (240, 320 + 24 + 320, 3)
    at = np.rint(left.at(uv)).astype(int)
    for color, start, end in ((RED, at[0], at[1]), ((0, 255, 0), at[1], at[0])):
        assert tuple(both[start[1], start[0]]) == color
        assert tuple(both[end[1], end[0] + 344]) == color
        crossing = both[:, 332]  # the gap between the panels: the line is half way there
        v = np.flatnonzero((crossing == color).all(axis=-1))
        share = (332 - start[0]) / (end[0] + 344 - start[0])
        assert len(v) and abs(v.mean() - (start[1] + share * (end[1] - start[1]))) <= 1.5


def test_matches_that_do_not_agree_are_faint_and_few() -> None:
    def grey_pixels(inlier: bool) -> int:
        left, right = Picture.whole(GREY, 320), Picture.whole(GREY, 320)
        uv = np.array([[10.0, 10.0]])
        both = matches_picture(left, right, uv, uv, np.array([inlier]), np.array([RED], dtype=np.uint8))
        assert (both == RED).all(axis=-1).any() == inlier
        return int((both[:, 320:344] != INK).any(axis=-1).sum())

    assert 0 < grey_pixels(False) < grey_pixels(True)
    left, right = Picture.whole(GREY, 320), Picture.whole(GREY, 320)
    uv = np.array([[10.0, 10.0]])
    both = matches_picture(left, right, uv, uv, np.array([False]), np.array([RED], dtype=np.uint8))
    assert both[:, 320:344].max() < max(FAINT)  # half transparent


def test_no_matches_at_all_still_give_both_panels() -> None:
    none = np.zeros((0, 2))
    both = matches_picture(Picture.whole(GREY, 320), Picture.whole(GREY, 320), none, none, np.zeros(0, dtype=bool),
                           np.zeros((0, 3), dtype=np.uint8))
    assert (both[:, :320] == 90).all() and (both[:, 344:] == 90).all()


def test_flow_paints_like_places_alike() -> None:
    mask = box_mask()
    uv = np.array([[25.0, 15.0]])
    both = flow_picture(Picture.whole(GREY, 320), Picture.whole(GREY, 320), mask, uv, np.array([[50.0, 30.0]]), 2.0)
    demonstrated, live = both[15 * 4 + 2, 25 * 4 + 2], both[30 * 4 + 2, 344 + 50 * 4 + 2]
    np.testing.assert_array_equal(demonstrated, live)
    expected = 0.75 * position_colors(uv, mask)[0] + 0.25 * 90
    np.testing.assert_allclose(live, expected, atol=1.0)
    assert (both[:20, 344:] == 90).all()


@pytest.mark.parametrize("words", ["", "short", "a refusal with its numbers " * 12])
def test_a_caption_adds_a_bar_and_keeps_the_picture(words: str) -> None:
    image = np.full((50, 600, 3), 200, dtype=np.uint8)
    captioned = with_caption(image, "Refused", words, RED)
    bar = captioned[: len(captioned) - 50]
    np.testing.assert_array_equal(captioned[-50:], image)
    assert (bar == RED).all(axis=-1).any()
    assert (bar[:, -10:] == INK).all()  # wrapped: nothing runs out of the bar
    assert len(bar) == 20 + 32 * (1 + {"": 0, "short": 1}.get(words, (len(bar) - 52) // 32))


def test_a_caption_wraps_by_width() -> None:
    words = "a refusal with its numbers " * 6
    narrow, wide = (with_caption(np.zeros((10, width, 3), dtype=np.uint8), "Refused", words) for width in (400, 1200))
    assert len(narrow) > len(wide) > len(with_caption(np.zeros((10, 1200, 3), dtype=np.uint8), "Refused"))
