# SPDX-License-Identifier: Apache-2.0
"""Vessels are those of the library that have an inside to hold a liquid; nothing is said of what the library does not have."""
import pytest

from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.evaluation.kinds import KINDS, kind_of


def test_pairs_are_of_one_kind_or_mixed() -> None:
    assert [kind_of(*pair) for pair in (("hammer", "saw"), ("mug", "pitcher"), ("ladle", "spoon"), ("spoon", "ladle"))] == [
        "tools", "vessels", "mixed", "mixed"
    ]
    assert {kind_of(one, "hammer") for one in CATEGORIES} | {kind_of("mug", "mug")} == set(KINDS)


def test_of_unknown_objects_nothing_is_said() -> None:
    assert kind_of("board", "mug") is kind_of("mug", "board") is None


def test_a_vessel_has_an_interior() -> None:
    pytest.importorskip("manifold3d")
    from data.drawn_objects import drawn

    inside = {name for name in CATEGORIES if "interior" in drawn(name, 0).part_names}
    assert {name for name in CATEGORIES if kind_of(name) == "vessels"} == inside
