# SPDX-License-Identifier: Apache-2.0
"""Rows of the ablation are recipes that exist, each different from the whole, and mistakes in their names are told."""
from __future__ import annotations

from dataclasses import replace

import pytest
from correspondence.heads import small_head

from func_corr_ros.correspondence.trained_head import Decoding
from func_corr_ros.errors import BadSettings
from func_corr_ros.training.ablation import VARIANTS, Variant, variants
from func_corr_ros.training.recipe import OURS, RECIPES


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_every_row_changes_what_it_says_and_nothing_else(variant: Variant) -> None:
    recipe = variant.settings(seed=2, steps=7)
    assert (recipe.train.seed, recipe.train.steps) == (2, 7)
    whole = Variant("whole", "", variant.recipe).settings(seed=2, steps=7)
    assert (recipe == whole) == (not variant.changes)
    assert recipe.views == OURS.views and set(recipe.layers) <= set(recipe.kept_layers)  # all rows learn from the same data


def test_as_many_steps_as_the_recipe_says() -> None:
    assert VARIANTS[0].settings(0, 0).train.steps == RECIPES["ours"].train.steps


def test_rows_that_only_read_bring_the_heads_they_read() -> None:
    assert [one.name for one in variants("no-plain")] == ["ours", "no-plain"]
    assert len({one.name for one in VARIANTS}) == len(VARIANTS) == len(variants(""))
    assert all(one.seeds <= next(row.seeds for row in VARIANTS if row.name == one.reads) for one in VARIANTS if one.reads)


def test_rows_that_read_change_how_a_head_is_read_and_no_weight() -> None:
    head = small_head(decoding=Decoding(plain=0.3, refine_reach=0.2))
    rows = {one.name: one.read(head) for one in variants("", reading="mine")}
    assert "ours" in rows and "paper" not in rows and "paper-our-reading" not in rows
    confused = rows.pop("confused")
    assert {name: vector is head.functions[other] for (name, vector), other in zip(
        confused.functions.items(), ("pour-with", "cut-with"), strict=True)} == {"cut-with": True, "pour-with": True}
    assert all(row.network is head.network and row.functions == head.functions for row in rows.values())
    assert rows["ours"].spec == head.spec
    assert rows["size-336"].spec == replace(head.spec, crop=replace(head.spec.crop, size=336))
    assert rows["no-plain"].spec == replace(head.spec, decoding=Decoding(plain=0.0, refine_reach=0.2))
    assert rows["nearest"].spec.decoding == Decoding(plain=0.0, refine_reach=0.0)


def test_a_head_that_is_read_stands_in_for_ours() -> None:
    assert [(one.name, one.about) for one in variants("size-448", reading="mine")][0] == ("ours", "mine, as it is")
    with pytest.raises(BadSettings, match="ablation row words is unknown; valid: ours, nearest"):
        variants("words", reading="mine")


def test_unknown_rows_are_named() -> None:
    with pytest.raises(BadSettings, match="no-plane is unknown; valid: ours, paper"):
        variants("ours,no-plane")
