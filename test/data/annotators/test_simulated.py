# SPDX-License-Identifier: Apache-2.0
"""Without noise the answers are exact; every kind of mistake comes as often as it is set to."""

from dataclasses import replace

import numpy as np
import pytest
from data.pseudo_label.labelled_box import interview, views

from func_corr_ros.data.annotators import ANNOTATORS, load_annotator
from func_corr_ros.data.annotators.simulated import EXACT, PAPER_LIKE, AnnotatorNoise, SimulatedAnnotator, edges_of
from func_corr_ros.errors import BadSettings

pytest.importorskip("embreex")
WHOLE = (0, 0, 96)


def front() -> int:
    return int(np.argmin([abs((views().part_index[v] == 1).sum() - 500) for v in range(19)]))


def answers(noise: AnnotatorNoise, samples: int = 400) -> np.ndarray:
    return interview(noise).ask([(1, front(), WHOLE, sample) for sample in range(samples)]).box


def near(box: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.abs(box - (edges - 0.5)).max(axis=1) < 0.51


def test_without_noise_boxes_are_exact_and_what_is_not_seen_is_not_found() -> None:
    for view in range(19):
        box = interview().ask([(1, view, WHOLE, 0)]).box[0]
        true = edges_of(views().part_index[view] == 1)
        assert np.isnan(box).all() if true is None else np.array_equal(box, (true - 0.5).astype(np.float32))


def test_each_mistake_comes_as_often_as_it_is_set() -> None:
    alone = replace(EXACT, persistence=0.0)
    head, bar, whole = (
        edges_of(views().part_index[front()] == 1),
        edges_of(views().part_index[front()] == 0),
        edges_of(views().part_index[front()] >= 0),
    )
    for name, expected in (("miss", None), ("wrong_part", bar), ("whole_object", whole)):
        box = answers(replace(alone, **{name: 0.3}))
        hit = np.isnan(box[:, 0]) if expected is None else near(box, expected)
        assert hit.mean() == pytest.approx(0.3, abs=0.08) and (hit | near(box, head)).all(), name
    turned = np.array([whole[0] + whole[2] - head[2], head[1], whole[0] + whole[2] - head[0], head[3]])
    assert near(answers(replace(alone, swap=0.3)), turned).mean() == pytest.approx(0.3, abs=0.08)


def test_jitter_has_its_deviation() -> None:
    head = edges_of(views().part_index[front()] == 1)
    off = answers(replace(EXACT, jitter=0.1)) - (head - 0.5)
    np.testing.assert_allclose(off.std(axis=0), 0.1 * np.tile(head[2:] - head[:2], 2), rtol=0.2)


def test_errors_persist_within_a_view() -> None:
    alike = answers(replace(EXACT, miss=0.5, persistence=1.0), 20)
    assert len({bool(one) for one in np.isnan(alike[:, 0])}) == 1


def test_what_is_not_seen_is_made_up() -> None:
    hidden = [v for v in range(19) if edges_of(views().part_index[v] == 1) is None]
    box = interview(replace(EXACT, hallucination=1.0)).ask([(1, hidden[0], WHOLE, sample) for sample in range(10)]).box
    assert np.isfinite(box).all()


def test_a_crop_is_answered_in_its_own_pixels() -> None:
    left, top, right, bottom = edges_of(views().part_index[front()] == 1).astype(int).tolist()
    side = max(right - left, bottom - top) + 8
    window = (left - 4, top - 4, side)
    box = interview().ask([(1, front(), window, 0)]).box[0]
    np.testing.assert_array_equal(box, np.array([left, top, right, bottom], np.float32) - np.float32(0.5))


def test_rates_that_cannot_be_are_refused() -> None:
    with pytest.raises(BadSettings, match="add up to 1.2"):
        SimulatedAnnotator(lambda _: views(), AnnotatorNoise(miss=0.6, whole_object=0.6, wrong_part=0.0, swap=0.0))
    assert PAPER_LIKE.times(0.5).whole_object == PAPER_LIKE.whole_object / 2 and PAPER_LIKE.times(9.0).hallucination == 1.0
    with pytest.raises(BadSettings, match="no annotator 'gpt'; valid: simulated, endpoint"):
        load_annotator("gpt")
    assert load_annotator("simulated", views_of=lambda _: views(), url="of another").name == "simulated" and len(ANNOTATORS) == 9
