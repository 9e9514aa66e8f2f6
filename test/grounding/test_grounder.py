# SPDX-License-Identifier: Apache-2.0
"""Boxes keep to the pixel convention; every family of grounders loads from a folder and answers, one answer per phrase."""
import numpy as np
import pytest

from func_corr_ros.errors import BadImage, BadSettings, BadWeights
from func_corr_ros.grounding import GROUNDERS
from func_corr_ros.grounding.grounder import Boxes, Grounder, load_grounder
from func_corr_ros.grounding.qwen_vl import Qwen3Grounder, Qwen25Grounder

PHRASES = ["spout of the kettle", "rim of the kettle"]


def test_boxes_are_cut_sorted_and_moved_to_pixel_centres() -> None:
    edges = np.array([[0.0, 0.0, 10.0, 20.0], [8.0, 9.0, 4.0, 5.0], [-5.0, 3.0, 500.0, 6.0], [3.0, 3.0, 3.0, 9.0]])
    boxes = Boxes.of(edges, np.array([0.1, 0.9, 0.5, 1.0]), (20, 10))
    np.testing.assert_allclose(boxes.corners, [[3.5, 4.5, 7.5, 8.5], [-0.5, 2.5, 9.5, 5.5], [-0.5, -0.5, 9.5, 19.5]])
    np.testing.assert_allclose(boxes.scores, [0.9, 0.5, 0.1])
    assert len(boxes.best(2).scores) == 2


def test_a_box_of_the_whole_image_holds_every_pixel_and_half_a_box_half() -> None:
    whole = Boxes.of(np.array([[0.0, 0.0, 8.0, 6.0]]), np.ones(1), (6, 8))
    assert whole.mask((6, 8)).all()
    half = Boxes.of(np.array([[4.0, 0.0, 8.0, 6.0]]), np.ones(1), (6, 8)).mask((6, 8))
    assert half[:, 4:].all() and not half[:, :4].any()
    assert not Boxes.of(np.zeros((0, 4)), np.zeros(0), (6, 8)).mask((6, 8)).any()


def test_numbers_that_are_none_are_left_out() -> None:
    assert len(Boxes.of(np.array([[np.nan, 0.0, 1.0, 1.0]]), np.ones(1), (5, 5)).scores) == 0


@pytest.mark.parametrize("name", ["owlv2", "grounding-dino", "florence-2", "qwen2.5-vl"])
def test_each_family_loads_and_answers_every_phrase(name: str, picture, request) -> None:
    fixture = {"owlv2": "owlv2_folder", "grounding-dino": "grounding_dino_folder", "florence-2": "florence2_folder",
               "qwen2.5-vl": "qwen_folder"}[name]
    folder = request.getfixturevalue(fixture)
    grounder = load_grounder(name, str(folder), device="cpu")
    assert isinstance(grounder, Grounder) and grounder.name == name and grounder.identity["weights"] == str(folder)
    for attribute in ("threshold",):
        if hasattr(grounder, attribute):
            grounder.threshold = 0.0  # random weights are sure of nothing
    answers = grounder.ground(picture, PHRASES)
    again = grounder.ground(picture, PHRASES)
    assert len(answers) == 2 and all(isinstance(answer, Boxes) for answer in answers)
    for answer, same in zip(answers, again, strict=True):
        np.testing.assert_array_equal(answer.corners, same.corners)
        assert (answer.corners[:, :2] >= -0.5).all() and (answer.corners[:, 2:] <= [149.5, 99.5]).all()
    if name in ("owlv2", "grounding-dino"):
        assert all(len(answer.scores) > 0 for answer in answers), "a detector scores every query"
    assert grounder.ground(picture, []) == []
    with pytest.raises(BadImage, match="empty"):
        grounder.ground(np.zeros((0, 5, 3), dtype=np.uint8), PHRASES)


def test_qwen_answers_are_taken_back_to_the_image() -> None:
    boxes = np.array([[10.0, 20.0, 30.0, 40.0]])
    np.testing.assert_allclose(Qwen25Grounder.in_image(boxes, (100, 150), (50, 300)), [[5.0, 40.0, 15.0, 80.0]])
    np.testing.assert_allclose(Qwen3Grounder.in_image(boxes, (100, 150), (50, 300)), [[1.5, 2.0, 4.5, 4.0]])


def test_an_unknown_name_and_missing_weights_are_refused(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BadSettings, match="no grounder 'dino'; valid: cogvlm, florence-2"):
        load_grounder("dino")
    for name in GROUNDERS:
        with pytest.raises(BadWeights, match="hf download .*, or give a local folder"):
            load_grounder(name)
