# SPDX-License-Identifier: Apache-2.0
"""A notebook gets the picture and the figures, a terminal the words; both say what was found."""
from __future__ import annotations

import base64
import re

import cv2
import numpy as np

from func_corr_ros.evaluation.image_pair import image_pair_picture, match_images, returning
from func_corr_ros.evaluation.shown import Shown, show_matches, show_transfer


def test_matches_are_shown_with_their_counts(color_model, demonstration, target) -> None:
    images, masks = (demonstration.frame.color, target.frame.color), (demonstration.mask, target.mask)
    found = match_images(color_model, images, masks, "pour-with")
    shown = show_matches(images, masks, found)
    back = int(returning(found).sum())
    assert back > 0 and f"{back} of {len(found.uv_a)} matches come back" in repr(shown)
    assert shown.figures["matches"] == f"{len(found.uv_a)}, {back} of which come back" and "both serve" not in repr(shown)
    png = cv2.imdecode(np.frombuffer(shown._repr_png_(), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    np.testing.assert_array_equal(png, image_pair_picture(images, masks, found))


def test_transfers_and_refusals_are_shown(pipeline, target) -> None:
    shown = show_transfer(pipeline.demonstration, target.frame, pipeline.run(target.frame), "blue <board>")
    position = pipeline.run(target.frame).outcome.phase("grasp").camera_from_tool[:3, 3]
    assert shown.figures["grasp of gripper_tcp"] == "({:.3f}, {:.3f}, {:.3f}) m".format(*position)
    page = shown._repr_html_()
    assert "blue &lt;board&gt;: transferred" in page and "blue <board>" not in page
    jpeg = base64.b64decode(re.search(r"base64,([^\"]+)", page)[1])
    assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == shown.image.shape
    blind = target.frame.without_depth()
    refused = show_transfer(pipeline.demonstration, blind, pipeline.run(blind))
    assert "refused, NoDepth" in repr(refused) and "grasp of gripper_tcp" not in refused.figures


def test_words_stand_for_the_picture_in_a_terminal() -> None:
    assert repr(Shown(np.zeros((2, 2, 3), np.uint8), "two", {"a": "1"})) == "two\n  a: 1"
