# SPDX-License-Identifier: Apache-2.0
"""Masks tell more than the boxes they were made from; a picture is embedded once; a tiny random SAM is loaded and asked."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from data.pseudo_label.labelled_box import around, interview, shape, views

from func_corr_ros.data.annotators import load_annotator
from func_corr_ros.data.annotators.annotator import Question
from func_corr_ros.data.annotators.sam_refined import SamRefinedAnnotator
from func_corr_ros.data.pseudo_label.answers import Interview, joined, read_answers, write_answers
from func_corr_ros.data.pseudo_label.box_vote import voted
from func_corr_ros.errors import BadSettings
from func_corr_ros.grounding.grounder import Boxes

pytest.importorskip("embreex")
VIEWS = range(0, 19, 3)


class Knowing:
    """A network that knows which pixels are of the bar, and leaks: it takes the picture's border for it too."""

    def __init__(self) -> None:
        self.pictures, self.mask = 0, np.zeros((96, 96), dtype=bool)

    def set_image(self, image: np.ndarray) -> None:
        self.pictures += 1
        view = next(view for view in range(19) if image is views().color[view] or np.shares_memory(image, views().color[view]))
        self.mask = views().part_index[view] == 0
        self.mask[:2] = True

    def predict(self, *, box: np.ndarray, **_: object) -> tuple[np.ndarray, np.ndarray, None]:
        return self.mask[None], np.ones(1, np.float32), None


def masked(network: object) -> Interview:
    plain = interview()
    return Interview(plain.asset, plain.views, plain.parts, plain.phrases, SamRefinedAnnotator(plain.annotator, network, "none"))


def test_masks_hold_what_is_meant_and_boxes_more(tmp_path: Path) -> None:
    network, bar = Knowing(), shape().truth("bar")
    answers = masked(network).ask([(0, view, (0, 0, 96), 0) for view in VIEWS])
    assert network.pictures == len(VIEWS) and answers.held is not None
    box, uv, seen = answers.box[:, None], views().uv[list(VIEWS)], views().seen[list(VIEWS)]
    boxed = seen & (uv >= box[..., :2]).all(axis=2) & (uv <= box[..., 2:]).all(axis=2)
    assert (answers.held & seen & ~bar).sum() < 0.6 * (boxed & ~bar).sum()
    assert (answers.held & seen & bar).sum() > 0.9 * (boxed & bar).sum()
    write_answers(tmp_path / "a.npz", joined(("bar", "head"), [answers, answers.where(answers.part == 1)]))
    np.testing.assert_array_equal(read_answers(tmp_path / "a.npz").held, answers.held)


def test_the_vote_goes_by_masks_where_there_are_any() -> None:
    asked, bar = interview(), shape().truth("bar")
    answers = asked.ask([(0, view, asked.whole, 0) for view in VIEWS])
    half = np.tile(bar & (shape().points[:, 0] < 0.0), (len(VIEWS), 1))
    for held, most in ((None, 1.0), (half, 0.75), (half & False, 0.1)):
        vote = voted(replace(answers, held=held), views(), around(), edge=False)
        sure = vote.probability[bar & (vote.known > 0)] > 0.5
        assert most - 0.35 < sure.mean() <= most


def test_a_mask_is_cut_at_its_box_and_none_is_the_box() -> None:
    class Filled:
        value = True

        def set_image(self, image: np.ndarray) -> None:
            pass

        def predict(self, **_: object) -> tuple[np.ndarray, np.ndarray, None]:
            return np.full((1, 96, 96), self.value), np.ones(1, np.float32), None

    network = Filled()
    for network.value in (True, False):
        ((plain,), (refined,)) = (
            one.annotator.ask([Question(one.asset, "bar", "bar", 3, 0, one.whole, views().color[3])])
            for one in (interview(), masked(network))
        )
        assert refined.masks is not None and np.array_equal(refined.masks[0], plain.mask((96, 96)))
        assert np.abs(refined.corners - plain.corners).max() < 0.51
    assert Boxes(plain.corners, plain.scores, refined.masks).best(0).masks.shape == (0, 96, 96)


def test_a_tiny_segment_anything_is_loaded_and_asked(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from segmentation.test_sam_folder import tiny_sam

    torch.manual_seed(0)
    tiny_sam(tmp_path)
    made = load_annotator("sam-refined", boxes="simulated", sam=str(tmp_path), views_of=lambda _: views())
    assert made.identity["boxes"] == "simulated" and len(made.identity["sam"]) == 64
    plain = interview()
    answers = Interview(plain.asset, plain.views, plain.parts, plain.phrases, made).ask(
        [(0, 3, plain.whole, 0), (1, 3, plain.whole, 0)]
    )
    assert answers.held is not None and answers.held.shape == (2, len(shape().points)) and answers.answered.any()
    with pytest.raises(BadSettings, match="another annotator is needed"):
        load_annotator("sam-refined", boxes="sam-refined", sam=str(tmp_path))
