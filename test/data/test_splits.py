# SPDX-License-Identifier: Apache-2.0
"""What is held out exists, and a pair belongs to the hardest split that it touches."""
from func_corr_ros.data.objects import CATEGORIES, FUNCTIONS
from func_corr_ros.data.splits import UNSEEN_CATEGORIES, UNSEEN_FUNCTIONS, split_of
from func_corr_ros.data.taxonomy import load_taxonomy


def test_what_is_held_out_exists() -> None:
    assert UNSEEN_CATEGORIES <= set(CATEGORIES) and len(UNSEEN_CATEGORIES) >= 10
    assert UNSEEN_CATEGORIES <= set(load_taxonomy().unseen_objects), "the paper's own unseen objects"
    assert UNSEEN_FUNCTIONS < set(FUNCTIONS) and len(UNSEEN_FUNCTIONS) == 3


def test_a_held_out_function_has_categories_that_training_sees() -> None:
    for function in UNSEEN_FUNCTIONS:
        assert len(set(load_taxonomy().objects_for(function)) & set(CATEGORIES) - UNSEEN_CATEGORIES) >= 3, function


def test_a_pair_is_as_unseen_as_its_least_seen_side() -> None:
    assert split_of("pour-with", "mug", "pitcher") == "seen"
    assert split_of("pour-with", "mug", "decanter") == split_of("pour-with", "decanter", "mug") == "unseen-category"
    assert split_of("peel-with", "knife", "dagger") == split_of("peel-with", "knife", "scalpel") == "unseen-function"
