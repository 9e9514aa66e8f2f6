# SPDX-License-Identifier: Apache-2.0
"""Negative pairs are drawn from what is there: alike every time, evenly over categories, and only where there is nothing."""
from collections import Counter

from func_corr_ros.data.negatives import PLAINLY_NOT
from func_corr_ros.evaluation.benchmark_negatives import negatives_of

# Views of what pours, and of what does and does not.
SERVING = [f"{name}-{i}" for name in ("mug", "decanter", "kettle") for i in range(4)]
OTHERS = [f"{name}-{i}" for name in ("hammer", "broom", "pen", "spoon", "bowl", "pestle") for i in range(3)]
CATEGORIES = {view: view.rpartition("-")[0] for view in (*SERVING, *OTHERS)}


def test_a_serves_and_b_plainly_does_not() -> None:
    found = negatives_of("pour-with", SERVING, CATEGORIES, 20)
    assert len({(one["a"], one["b"]) for one in found}) == len({one["id"] for one in found}) == len(found) == 20
    for one in found:
        assert one["function"] == "pour-with" and one["a"] in SERVING
        assert one["categories"] == [CATEGORIES[one["a"]], CATEGORIES[one["b"]]]
        assert one["categories"][1] in PLAINLY_NOT["pour-with"], "neither a bowl nor a spoon, which may hold a liquid"
        unseen = {"decanter", "pestle"} & set(one["categories"])
        assert one["split"] == ("unseen-category" if unseen else "seen")
    assert all(one["split"] == "unseen-function" for one in negatives_of("lift-with", OTHERS, CATEGORIES, 5))


def test_no_category_says_much_about_the_pair() -> None:
    found = negatives_of("pour-with", SERVING, CATEGORIES, 24)
    for end, kinds in ((0, 3), (1, 4)):
        times = Counter(one["categories"][end] for one in found)
        assert len(times) == kinds and max(times.values()) - min(times.values()) <= 2
        views = Counter(one["ab"[end]] for one in found)
        assert max(views.values()) <= 3


def test_the_same_views_give_the_same_pairs_and_more_are_added_at_the_end() -> None:
    found = negatives_of("pour-with", SERVING, CATEGORIES, 12)
    assert found == negatives_of("pour-with", SERVING, CATEGORIES, 12) == negatives_of("pour-with", SERVING, CATEGORIES, 30)[:12]


def test_there_are_no_more_than_the_views_allow() -> None:
    few = {"mug-0": "mug", "mug-1": "mug", "hammer-0": "hammer", "bowl-0": "bowl"}
    assert {(one["a"], one["b"]) for one in negatives_of("pour-with", ["mug-0", "mug-1"], few, 20)} == {
        ("mug-0", "hammer-0"), ("mug-1", "hammer-0")
    }
    assert negatives_of("pour-with", ["mug-0"], {"mug-0": "mug"}, 20) == negatives_of("pour-with", [], few, 20) == []
