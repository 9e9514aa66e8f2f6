# SPDX-License-Identifier: Apache-2.0
"""A grounder is asked once for all phrases of a picture, and answers come back in the questions' order."""

from collections.abc import Sequence
from pkgutil import resolve_name

import numpy as np

from func_corr_ros.data.annotators import ANNOTATORS
from func_corr_ros.data.annotators.annotator import Question
from func_corr_ros.data.annotators.grounder import GrounderAnnotator
from func_corr_ros.grounding import GROUNDERS
from func_corr_ros.grounding.grounder import Boxes


class Painted:
    """A grounder whose box tells the picture's colour and the phrase's number."""

    name, identity = "painted", {"weights": "none"}

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def ground(self, image: np.ndarray, phrases: Sequence[str]) -> list[Boxes]:
        self.asked.append(list(phrases))
        return [
            Boxes.of(np.array([[0.0, 0.0, float(image[0, 0, 0]), float(phrase)]]), np.ones(1), (99, 99)) for phrase in phrases
        ]


def test_questions_about_one_picture_go_together() -> None:
    model = Painted()
    pictures = [np.full((9, 9, 3), value, np.uint8) for value in (3, 5)]
    questions = [
        Question("a", "p", phrase, view, 0, (0, 0, 9), pictures[view]) for view, phrase in ((0, "1"), (0, "2"), (1, "4"))
    ]
    found = GrounderAnnotator(model, "painted").ask(questions)
    assert model.asked == [["1", "2"], ["4"]]
    assert [tuple((boxes.corners[0, 2:] + 0.5).tolist()) for boxes in found] == [(3.0, 1.0), (3.0, 2.0), (5.0, 4.0)]
    assert GrounderAnnotator(model, "painted").identity == {"weights": "none"}


def test_every_grounder_is_an_annotator_and_every_name_is_there() -> None:
    assert set(GROUNDERS) <= set(ANNOTATORS)
    assert all(callable(resolve_name(target).load) for target in ANNOTATORS.values())
