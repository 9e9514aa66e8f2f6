# SPDX-License-Identifier: Apache-2.0
"""Right boxes give the part, boxes around everything say nothing, a wrong box among right ones is not believed."""

import numpy as np
import pytest
from data.pseudo_label.labelled_box import around, interview, shape, views
from hypothesis import given
from hypothesis import strategies as st

from func_corr_ros.data.pseudo_label.answers import Answers
from func_corr_ros.data.pseudo_label.box_vote import VoteSettings, likely_points, voted
from func_corr_ros.evaluation.label_quality import overlap

pytest.importorskip("embreex")
HEAD = 1


def right_answers() -> Answers:
    ask = interview()
    return ask.ask([(HEAD, view, ask.whole, 0) for view in range(19)])


def test_right_boxes_from_all_sides_give_the_part() -> None:
    vote = voted(right_answers(), views(), around(), edge=False)
    assert overlap(likely_points(vote.probability, vote.known), shape().truth("head")) > 0.9
    answered = right_answers().answered
    assert vote.trust[answered].min() > 0.5 and not vote.trust[~answered].any() and vote.confidence.max() <= 1.0


def test_boxes_of_the_whole_object_say_nothing() -> None:
    ask = right_answers()
    whole = np.array([[uv[seen].min(), 0, 0, 0] for uv, seen in zip(views().uv, views().seen, strict=True)], np.float32)
    for view in range(19):
        shown = views().uv[view][views().seen[view]]
        whole[view] = [*(shown.min(axis=0) - 1), *(shown.max(axis=0) + 1)]
    vote = voted(
        Answers(ask.parts, ask.part, ask.view, ask.window, whole), views(), around(), edge=False, settings=VoteSettings()
    )
    assert np.ptp(vote.probability) < 0.05
    np.testing.assert_allclose(vote.probability, VoteSettings().prior, atol=0.05)


def test_a_wrong_box_is_trusted_less_than_right_ones() -> None:
    ask = right_answers()
    shown = np.flatnonzero([(views().seen[view] & shape().truth("bar")).sum() > 100 for view in range(19)])
    box, wrong = ask.box.copy(), int(shown[0])
    bar = views().uv[wrong][views().seen[wrong] & shape().truth("bar")]
    box[wrong] = [*bar.min(axis=0), *bar.max(axis=0)]
    vote = voted(Answers(ask.parts, ask.part, ask.view, ask.window, box), views(), around(), edge=False)
    others = ask.answered & (np.arange(19) != wrong)
    assert vote.trust[wrong] < 0.1 < vote.trust[others].min()
    assert overlap(likely_points(vote.probability, vote.known), shape().truth("head")) > 0.85


def test_the_order_of_answers_does_not_matter() -> None:
    ask, order = right_answers(), np.random.default_rng(0).permutation(19)
    turned = Answers(ask.parts, ask.part[order], ask.view[order], ask.window[order], ask.box[order])
    one, other = (voted(answers, views(), around(), edge=False).probability for answers in (ask, turned))
    np.testing.assert_allclose(one, other, atol=1e-9)


def test_no_answer_leaves_the_prior_and_no_point() -> None:
    ask = right_answers()
    none = Answers(ask.parts, ask.part, ask.view, ask.window, np.full_like(ask.box, np.nan))
    vote = voted(none, views(), around(), edge=False)
    np.testing.assert_allclose(vote.probability, VoteSettings().prior)
    assert not vote.known.any() and not vote.confidence.any() and not likely_points(vote.probability, vote.known).any()


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=5))
def test_the_likely_points_are_those_of_the_largest_expected_overlap(values: list[float]) -> None:
    p = np.array(values)

    def expected(kept: np.ndarray) -> float:
        return float(p[kept].sum() / max(kept.sum() + p[~kept].sum(), 1e-12))

    sets = [np.array([bool(number >> bit & 1) for bit in range(len(p))]) for number in range(1, 2 ** len(p))]
    chosen = likely_points(p, np.ones(len(p), np.int64))
    assert expected(chosen) == pytest.approx(max(expected(kept) for kept in sets), abs=1e-9)
