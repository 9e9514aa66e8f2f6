# SPDX-License-Identifier: Apache-2.0
"""The paper asks 76 times, and as often again about crops; ours asks no more than it may, and less where there is no doubt."""

from dataclasses import replace

import numpy as np
import pytest
from data.pseudo_label.labelled_box import around, interview, shape, views

from func_corr_ros.data.annotators.annotator import Question
from func_corr_ros.data.annotators.simulated import PAPER_LIKE
from func_corr_ros.data.pseudo_label.answers import joined, read_answers, window_around, write_answers
from func_corr_ros.data.pseudo_label.asking import (
    AskSettings,
    active_answers,
    asked,
    asked_all,
    calls_in,
    first_views,
    latest,
    paper_answers,
)
from func_corr_ros.data.pseudo_label.box_vote import likely_points, voted
from func_corr_ros.errors import BadSettings
from func_corr_ros.evaluation.label_quality import overlap
from func_corr_ros.grounding.grounder import Boxes

pytest.importorskip("embreex")
FEW = AskSettings()


def test_the_papers_scheme_asks_as_often_as_the_paper() -> None:
    plain, closer = (paper_answers(interview(), 1, crop=crop) for crop in (False, True))
    answered = set(plain.view[plain.answered].tolist())  # from behind the bar the head is not seen
    assert len(plain.view) == 76 and 16 <= len(answered) < 19 and len(closer.view) == 76 + 4 * len(answered)
    kept = latest(closer)
    cropped = kept.window[:, 2] < 96
    assert len(kept.view) == 76 and set(kept.view[cropped].tolist()) == answered and not kept.answered[~cropped].any()
    assert len(latest(plain).view) == 76


def test_ours_asks_within_its_limits_and_finds_the_part() -> None:
    answers = active_answers(interview(), 1, around(), edge=False, settings=FEW)
    assert FEW.first <= len(answers.view) <= FEW.most and len(set(answers.view.tolist())) == len(answers.view)
    vote = voted(answers, views(), around(), edge=False, settings=FEW.vote)
    assert overlap(likely_points(vote.probability, vote.known), shape().truth("head")) > 0.7
    content = active_answers(interview(), 1, around(), edge=False, settings=replace(FEW, enough=100.0))
    assert len(content.view) == FEW.first
    with pytest.raises(BadSettings, match="first is 4, most 3"):
        active_answers(interview(), 1, around(), edge=False, settings=replace(FEW, most=3))


def test_parts_asked_together_are_answered_alike_in_fewer_calls() -> None:
    apart, together = (
        asked_all(interview(PAPER_LIKE), around(), [False, False], [False, False], replace(FEW, together=flag))
        for flag in (False, True)
    )
    assert len(apart.view) == len(together.view)
    for part in apart.parts:
        one, other = apart.of(part), together.of(part)
        np.testing.assert_array_equal(one.view, other.view)
        np.testing.assert_array_equal(one.box, other.box)
    assert calls_in(apart, FEW) == len(apart.view)
    assert calls_in(together, replace(FEW, together=True)) == len(apart.view) - FEW.first


def test_whole_pictures_may_be_coarse_and_crops_are_not() -> None:
    fine = interview()
    coarse = replace(fine, whole_px=32)
    shown: list[int] = []

    class Seen:
        name, identity = "seen", {}

        def ask(self, questions: list[Question]) -> list[Boxes]:
            shown.extend(one.picture.shape[0] for one in questions)
            return fine.annotator.ask(questions)

    boxes = [
        replace(one, annotator=Seen()).ask([(1, view, one.whole, 0) for view in range(19)]).box for one in (fine, coarse)
    ]
    both = np.isfinite(boxes[0]).all(axis=1) & np.isfinite(boxes[1]).all(axis=1)
    assert set(shown) == {96, 32} and both.sum() > 10
    assert np.abs(boxes[0] - boxes[1])[both].max() <= 3.0  # a coarse pixel is three fine ones
    shown.clear()
    replace(coarse, annotator=Seen()).ask([(1, 3, (10, 10, 64), 0)])
    assert shown == [64]


def test_the_first_views_see_the_surface() -> None:
    chosen = first_views(interview(), 4)
    alone = max(views().seen[view].mean() for view in range(19))
    assert len(set(chosen)) == 4 and views().seen[chosen].any(axis=0).mean() > max(0.8, 1.3 * alone)


def test_answers_depend_on_the_question_not_on_what_came_before() -> None:
    alone = interview(PAPER_LIKE).ask([(1, 5, (0, 0, 96), 0)])
    among = interview(PAPER_LIKE).ask([(0, 2, (0, 0, 96), 0), (1, 5, (0, 0, 96), 0)])
    np.testing.assert_array_equal(alone.box[0], among.box[1])
    one, other = (asked(interview(PAPER_LIKE), 1, around(), edge=False, crop=False, settings=FEW) for _ in range(2))
    np.testing.assert_array_equal(one.box, other.box)


def test_answers_come_back_from_their_file(tmp_path: object) -> None:
    answers = interview(PAPER_LIKE).ask([(part, view, (0, 0, 96), 0) for part in (0, 1) for view in range(3)])
    write_answers(tmp_path / "a.npz", answers)
    back = read_answers(tmp_path / "a.npz")
    np.testing.assert_array_equal(back.box, answers.box)
    assert len(back.of("head").view) == 3 and len(joined(back.parts, [back, back]).view) == 12
    assert joined(("bar",), []).box.shape == (0, 4)


def test_a_window_is_square_holds_its_box_and_stays_in_the_picture() -> None:
    assert window_around(np.array([40.0, 40.0, 50.0, 45.0]), 1.5, 200) == (13, 10, 64)
    assert window_around(np.array([0.0, 0.0, 100.0, 20.0]), 1.5, 200) == (0, 0, 150)
    assert window_around(np.array([0.0, 0.0, 199.0, 199.0]), 2.5, 200) == (0, 0, 200)
