# SPDX-License-Identifier: Apache-2.0
"""Label images, their order, and which of their objects a hint means."""
import numpy as np
import pytest

from func_corr_ros.errors import NoMask
from func_corr_ros.segmentation.segmenter import Prompts, Segmentation, box_iou, ranked

NO_POINTS, NO_BOXES = np.zeros((0, 2)), np.zeros((0, 4))


def three() -> np.ndarray:
    """Returns labels 2 (centre), 5 (left) and 9 (lower right) of 100 x 80 px."""
    labels = np.zeros((80, 100), np.int32)
    labels[30:50, 40:60], labels[35:45, 2:12], labels[70:80, 85:100] = 2, 5, 9
    return labels


def points(*uv: tuple[float, float], labels: tuple[int, ...] | None = None) -> Prompts:
    return Prompts(np.array(uv), np.array(labels or [1] * len(uv)), NO_BOXES)


def ids(found: Segmentation) -> list[int]:
    return [item.id for item in found.objects]


def test_the_score_by_hand() -> None:
    found = ranked(three())
    # label 2: 400 of 8000 px is 5 %; its centre of mass is the image centre (49.5, 39.5)
    assert found.objects[0].score == pytest.approx(1.0) and found.objects[0].box == (40, 30, 60, 50)
    # label 5: 100 px is 1.25 %, a quarter of that; its centre (6.5, 39.5) is 43 px off, half the diagonal is 64.03 px
    left = next(item for item in found.objects if item.box == (2, 35, 12, 45))
    assert left.score == pytest.approx((1.0 - 43.0 / np.hypot(50.0, 40.0)) * 0.5)
    assert [item.score for item in found.objects] == sorted((item.score for item in found.objects), reverse=True)


def test_numbers_follow_the_order_unless_they_are_names() -> None:
    found = ranked(three())
    assert ids(found) == [1, 2, 3] and found.labels.dtype == np.uint16
    np.testing.assert_array_equal(found.mask(1), three() == 2)
    named = ranked(three(), renumber=False)
    assert ids(named)[0] == 2 and set(ids(named)) == {2, 5, 9}
    np.testing.assert_array_equal(named.labels, three())


def test_qualities_replace_the_score() -> None:
    found = ranked(three(), qualities={2: 0.1, 5: 0.9, 9: 0.5})
    assert [item.score for item in found.objects] == [0.9, 0.5, 0.1]
    np.testing.assert_array_equal(found.mask(1), three() == 5)


def test_the_best_few() -> None:
    found = ranked(three(), max_objects=1)
    assert ids(found) == [1]
    np.testing.assert_array_equal(found.labels > 0, three() == 2)


def test_no_object_is_an_empty_segmentation() -> None:
    found = ranked(np.zeros((4, 5), np.int32))
    assert found.objects == () and not found.labels.any() and found.support is None


def test_a_mask_there_is_not() -> None:
    with pytest.raises(NoMask, match=r"no object 7 in this frame; there are \[1, 2, 3\]"):
        ranked(three()).mask(7)


@pytest.mark.parametrize(("prompts", "expected"), [
    (Prompts.none(), {2, 5, 9}),
    (points((49.0, 40.0)), {2}),
    (points((49.4, 40.4), (5.0, 40.0)), {2, 5}),
    (points((49.0, 40.0), labels=(0,)), {5, 9}),
    (points((49.0, 40.0), (5.0, 40.0), labels=(1, 0)), {2}),
    (points((49.0, 40.0), (400.0, -3.0)), {2}),  # a click beside the image hits nothing
    (Prompts(NO_POINTS, np.zeros(0, dtype=int), np.array([[39.0, 28.0, 62.0, 52.0]])), {2}),
    (Prompts(NO_POINTS, np.zeros(0, dtype=int), np.array([[39.0, 28.0, 62.0, 52.0], [0.0, 30.0, 15.0, 45.0]])), {2, 5}),
    (Prompts(np.array([[90.0, 75.0]]), np.array([1]), np.array([[39.0, 28.0, 62.0, 52.0]])), {2, 9}),
])
def test_what_prompts_mean(prompts: Prompts, expected: set[int]) -> None:
    found = ranked(three(), renumber=False).narrowed(prompts)
    assert set(ids(found)) == expected == set(np.unique(found.labels)) - {0}


@pytest.mark.parametrize("prompts", [
    points((25.0, 10.0)),
    points((49.0, 40.0), (5.0, 40.0), (90.0, 75.0), labels=(0, 0, 0)),
    Prompts(NO_POINTS, np.zeros(0, dtype=int), np.array([[0.0, 0.0, 100.0, 80.0]])),  # a box around everything is no object's
])
def test_prompts_that_hit_nothing_say_where_the_objects_are(prompts: Prompts) -> None:
    with pytest.raises(NoMask, match=r"none of the 3 objects; they are at .*40, 30, 60, 50"):
        ranked(three(), renumber=False).narrowed(prompts)


def test_box_iou_by_hand() -> None:
    assert box_iou((0, 0, 2, 2), (1, 1, 3, 3)) == pytest.approx(1.0 / 7.0)
    assert box_iou((0, 0, 2, 2), (0, 0, 2, 2)) == 1.0
    assert box_iou((0, 0, 1, 1), (2, 2, 3, 3)) == 0.0
    assert box_iou((1, 1, 1, 1), (1, 1, 1, 1)) == 0.0
