# SPDX-License-Identifier: Apache-2.0
"""Boxes are read from what language models write, and nothing is read where nothing stands."""
import numpy as np
import pytest

from func_corr_ros.grounding.box_text import boxes_in_json, boxes_in_thousandths


def test_thousandths_become_pixels_of_the_image() -> None:
    boxes = boxes_in_thousandths("The spout is here [[100,200,500,1000]].", (50, 200))
    np.testing.assert_allclose(boxes, [[20.0, 10.0, 100.0, 50.0]])


@pytest.mark.parametrize("text", ["[[000,100,200,300;400,500,600,700]]", "[[0,100,200,300],[400,500,600,700]]",
                                  "a [[0, 100, 200, 300]] b [[400, 500, 600, 700]]"])
def test_several_boxes_in_any_of_their_forms(text: str) -> None:
    np.testing.assert_allclose(boxes_in_thousandths(text, (1000, 1000)), [[0, 100, 200, 300], [400, 500, 600, 700]])


@pytest.mark.parametrize("text", ["", "It is not visible.", "[[1,2,3]]", "[]"])
def test_no_box_gives_none(text: str) -> None:
    assert boxes_in_thousandths(text, (10, 10)).shape == (0, 4)
    assert boxes_in_json(text).shape == (0, 4)


@pytest.mark.parametrize("text", [
    '[{"bbox_2d": [1, 2, 3, 4], "label": "spout"}, {"bbox_2d": [5, 6, 7.5, 8], "label": "spout"}]',
    '```json\n[\n{"bbox_2d": [1, 2, 3, 4], "label": "a"},\n{"bbox_2d": [5, 6, 7.5, 8], "label": "b"}\n]\n```',
    'Sure: [{"bbox_2d": [1, 2, 3, 4], "label": "a"}, {"bbox_2d": [5, 6, 7.5, 8], "lab',
])
def test_json_is_read_plain_fenced_and_broken_off(text: str) -> None:
    np.testing.assert_allclose(boxes_in_json(text), [[1, 2, 3, 4], [5, 6, 7.5, 8]])


def test_json_of_another_form_is_left_out() -> None:
    assert boxes_in_json('[{"bbox_2d": [1, 2, 3]}, {"point": [1, 2]}, 7]').shape == (0, 4)
