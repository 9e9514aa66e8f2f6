# SPDX-License-Identifier: Apache-2.0
"""The right object is chosen, which way round it stands is told, and its pixels and keypoints are found."""
from __future__ import annotations

import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from nodes.color_backbone import load

from func_corr_ros.correspondence.correspond import MAX_OBJECTS, affordance, correspond
from func_corr_ros.correspondence.reference import make_reference
from func_corr_ros.errors import NoMask

correspond_file = sys.modules[correspond.__module__]  # the room's own name for it is the function
SIZE = (160, 200)
KEYPOINT = (70.0, 60.0)


def _picture(left, top, width, height, *, mirrored=False, colors=(0, 1)):
    """A picture of one object whose colour says how far right and how far down on it a pixel is; and the object's mask."""
    across, down = np.meshgrid(np.linspace(0.1, 0.9, width), np.linspace(0.1, 0.9, height))
    patch = np.full((height, width, 3), 128.0)
    patch[..., colors[0]], patch[..., colors[1]] = 255 * (across[:, ::-1] if mirrored else across), 255 * down
    image, mask = np.full((*SIZE, 3), 255, np.uint8), np.zeros(SIZE, bool)
    image[top : top + height, left : left + width] = patch.astype(np.uint8)
    mask[top : top + height, left : left + width] = True
    return image, mask


@pytest.fixture(scope="module")
def model():
    return load()


@pytest.fixture(scope="module")
def reference(model):
    image, mask = _picture(30, 40, 80, 50)
    return make_reference(model, "shown", "pour-with", image, mask, {"corner": KEYPOINT})


def test_pixels_go_to_their_places_on_the_reference(model, reference):
    found = correspond(model, reference, *_objects(_picture(90, 60, 60, 40)))
    # One lattice step on either side: the live object is 60 px wide, the reference 80.
    expected = (found.matches.uv_query - [90, 60]) * [79 / 59, 49 / 39] + [30, 40]
    assert np.median(np.linalg.norm(found.matches.uv_target - expected, axis=1)) < 2.0
    assert not found.mirrored and found.object_id == 1 and found.score > 0.8
    assert found.stride == 2


def test_keypoints_are_found_with_their_confidence(model, reference):
    found = correspond(model, reference, *_objects(_picture(90, 60, 60, 40))).keypoints["corner"]
    expected = (np.array(KEYPOINT) - [30, 40]) * [59 / 79, 39 / 49] + [90, 60]
    assert np.linalg.norm(np.array(found.uv) - expected) < 2.5
    assert found.confidence > 0.8


def test_an_object_that_stands_the_other_way_round_is_mirrored(model, reference):
    image, mask = (np.ascontiguousarray(side[:, ::-1]) for side in _picture(30, 40, 80, 50))
    found = correspond(model, reference, image, {7: mask})
    assert found.mirrored and found.object_id == 7
    u = found.matches.uv_query[:, 0]
    assert np.median(np.abs((SIZE[1] - 1 - u) - found.matches.uv_target[:, 0])) < 2.0


def test_of_several_objects_the_one_that_matches_is_chosen(model, reference):
    image, mask = _picture(90, 60, 60, 40)
    other, other_mask = _picture(10, 10, 60, 40, colors=(2, 0))
    image[other_mask] = other[other_mask]
    found = correspond(model, reference, image, {1: other_mask, 2: mask})
    assert found.object_id == 2
    assert set(found.object_scores) == {1, 2} and found.object_scores[2] > 2 * found.object_scores[1]


def test_of_two_that_match_the_one_that_affords_the_function_is_chosen(model, reference, monkeypatch):
    image, mask = _picture(90, 60, 60, 40)
    other, other_mask = _picture(10, 10, 60, 40)
    image[other_mask] = other[other_mask]
    sure = iter([0.1, 0.1, 0.9, 0.9])  # each plain and mirrored
    monkeypatch.setattr(correspond_file, "affordance", lambda live: next(sure))
    found = correspond(model, reference, image, {1: mask, 2: other_mask})
    assert found.object_id == 2 and found.object_scores[2] > 5 * found.object_scores[1]
    assert found.score > 0.8, "what is told of the match itself is left as it is"


def test_an_object_affords_a_function_by_its_surest_twentieth(model):
    image, mask = _picture(90, 60, 60, 40)
    (live,) = model.embed(image, [mask], "pour-with")
    assert affordance(live) == 1.0, "without a head nothing is known of parts"
    part = torch.full((len(live.uv),), 0.1)
    part[: len(part) // 100] = 1.0
    assert affordance(replace(live, part=part)) == pytest.approx(0.1), "a hundredth is no part"
    part[: len(part) // 10] = 0.8
    assert affordance(replace(live, part=part)) == pytest.approx(0.8)


def test_only_the_likeliest_objects_are_compared(model, reference):
    image, mask = _picture(90, 60, 60, 40)
    found = correspond(model, reference, image, {number: mask for number in range(1, MAX_OBJECTS + 4)})
    assert sorted(found.object_scores) == list(range(1, MAX_OBJECTS + 1))


def test_a_resized_picture_scores_alike(model, reference):
    image, mask = _picture(90, 60, 60, 40)
    large = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    big_mask = cv2.resize(mask.astype(np.uint8), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST) > 0
    small, big = (correspond(model, reference, *_objects(pair)) for pair in ((image, mask), (large, big_mask)))
    assert big.score == pytest.approx(small.score, abs=0.1)


def test_no_object_is_refused(model, reference):
    with pytest.raises(NoMask, match="no object"):
        correspond(model, reference, np.zeros((*SIZE, 3), np.uint8), {})


def _objects(picture):
    image, mask = picture
    return image, {1: mask}
