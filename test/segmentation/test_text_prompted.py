# SPDX-License-Identifier: Apache-2.0
"""Words become boxes, boxes objects with names; without a model for words, or without a find, the refusal says what to do."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from segmentation.ray_cast import FLOOR, TABLE, Box, View, cast, eye, mug

from func_corr_ros.errors import BadPrompt, BadSettings, ErrorCode, NoMask
from func_corr_ros.grounding.grounder import Boxes
from func_corr_ros.segmentation.segmenter import Prompts
from func_corr_ros.segmentation.tabletop import TabletopSegmenter
from func_corr_ros.segmentation.text_prompted import GroundingSettings, TextPromptedSegmenter, phrases_of
from func_corr_ros.settings import override


@pytest.fixture(scope="module")
def view() -> View:
    box = Box("box", (40, 90, 200), center=(-0.15, 0.05, 0.05), size=(0.08, 0.06, 0.1))
    return cast([FLOOR, TABLE, box, *mug(0.0, 0.0)], eye(40))


class Pointing:
    """A grounding model that knows where the mug and the box are, and how sure to be."""

    name = "pointing"

    def __init__(self, view: View) -> None:
        self.identity: dict = {}
        self.asked: list[list[str]] = []
        self._where = {name: self._box(view.mask(name)) for name in ("mug", "box")}

    @staticmethod
    def _box(mask: np.ndarray) -> np.ndarray:
        rows, columns = np.nonzero(mask)
        return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], dtype=np.float32)

    def ground(self, image: np.ndarray, phrases: Sequence[str]) -> list[Boxes]:
        self.asked.append(list(phrases))
        none = Boxes(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
        sure = {"blue mug": ("mug", 0.6), "carton": ("box", np.nan), "perhaps a mug": ("mug", 0.05)}
        return [Boxes.of(self._where[sure[one][0]][None], np.array([sure[one][1]]), image.shape[:2]) if one in sure else none
                for one in phrases]


def words(*phrases: str) -> Prompts:
    return replace(Prompts.none(), phrases=phrases)


def test_the_object_that_is_asked_for_comes_with_its_name(view: View) -> None:
    model = Pointing(view)
    found = TextPromptedSegmenter(TabletopSegmenter(), model).segment(view.frame, words("blue mug"))
    assert [item.class_name for item in found.objects] == ["blue mug"] and model.asked == [["blue mug"]]
    mask, truth = found.mask(found.objects[0].id), view.mask("mug")
    assert (mask & truth).sum() > 0.9 * truth.sum()


def test_several_phrases_are_asked_at_once_and_what_has_no_score_counts(view: View) -> None:
    model = Pointing(view)
    found = TextPromptedSegmenter(TabletopSegmenter(), model).segment(view.frame, words("blue mug", "carton", "unicorn"))
    assert sorted(item.class_name for item in found.objects) == ["blue mug", "carton"] and len(model.asked) == 1


def test_prompts_without_words_ask_no_model(view: View) -> None:
    model = Pointing(view)
    segmenter = TextPromptedSegmenter(TabletopSegmenter(), model)
    assert len(segmenter.segment(view.frame).objects) == 2
    detected = replace(Prompts.none(), boxes=Pointing(view)._where["mug"][None].astype(np.float64), box_names=("cup",))
    (item,) = segmenter.segment(view.frame, detected).objects
    assert item.class_name == "cup" and model.asked == []


def test_nothing_found_says_the_best_scores(view: View) -> None:
    segmenter = TextPromptedSegmenter(TabletopSegmenter(), Pointing(view))
    with pytest.raises(NoMask, match=r"pointing sees none of 'perhaps a mug'; .*0\.05.*min_score is 0\.1"):
        segmenter.segment(view.frame, words("perhaps a mug"))
    with pytest.raises(NoMask, match="sees none of 'unicorn'"):
        segmenter.segment(view.frame, words("unicorn"))
    bold = TextPromptedSegmenter(TabletopSegmenter(), Pointing(view), GroundingSettings(min_score=0.01))
    assert len(bold.segment(view.frame, words("perhaps a mug")).objects) == 1


def test_words_without_a_model_are_refused_with_the_remedy(view: View) -> None:
    segmenter = TextPromptedSegmenter.from_settings(TabletopSegmenter(), GroundingSettings())
    with pytest.raises(BadPrompt, match="set grounding.model to one of cogvlm, florence-2, .*owlv2") as caught:
        segmenter.segment(view.frame, words("mug"))
    assert caught.value.code == ErrorCode.BAD_PROMPT
    assert len(segmenter.segment(view.frame).objects) == 2


def test_the_model_is_loaded_once_as_the_settings_say(view: View) -> None:
    loaded: list[tuple] = []

    def load(*given: object) -> Pointing:
        loaded.append(given)
        return Pointing(view)

    settings = override(GroundingSettings(), {"model": "owlv2", "weights": "/somewhere", "device": "cpu"})
    segmenter = TextPromptedSegmenter.from_settings(TabletopSegmenter(), settings, load)
    for _ in range(2):
        segmenter.segment(view.frame, words("carton"))
    assert loaded == [("owlv2", "/somewhere", "cpu")]
    with pytest.raises(BadSettings, match="model is 'yolo'; valid: .*owlv2"):
        override(GroundingSettings(), {"model": "yolo"})


@pytest.mark.parametrize(("text", "phrases"), [
    ("", ()), (" ; ;", ()), ("red mug", ("red mug",)), ("red mug; kettle ;", ("red mug", "kettle")),
])
def test_phrases_are_parted_by_semicolons(text: str, phrases: tuple[str, ...]) -> None:
    assert phrases_of(text) == phrases


@pytest.mark.parametrize("text", ["a;" * 11, "x" * 201])
def test_too_many_or_too_long_phrases_are_refused(text: str) -> None:
    with pytest.raises(BadPrompt, match="at most 10 of 200"):
        phrases_of(text)
