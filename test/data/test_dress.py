# SPDX-License-Identifier: Apache-2.0
"""Dressing gives every part a look, one piece one look, the same draw the same look, another draw another."""
import numpy as np
import pytest

from func_corr_ros.data.dress import SUBSTANCES, drawn_material, dress
from func_corr_ros.data.materials import PATTERNS
from func_corr_ros.data.objects.functional_object import FunctionalObject

WORDS = ("steel", "brass", "chrome", "enamel", "ceramic", "stoneware", "glass", "wood", "dark wood", "plastic", "rubber",
         "bristle", "straw", "fabric", "paper", "graphite", "wax", "stone")


def thing(*parts: str, substances: tuple = ()) -> FunctionalObject:
    corners = np.array([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0], [0.0, 0.1, 0.0]])
    faces = np.tile([[0, 1, 2]], (len(parts), 1))
    return FunctionalObject("thing", corners, faces, np.arange(len(parts)), parts, substances=substances)


def test_all_agreed_substances_are_known() -> None:
    assert set(SUBSTANCES) == set(WORDS)


@pytest.mark.parametrize("word", WORDS)
def test_a_substances_materials_are_valid_and_vary(word: str) -> None:
    looks = [drawn_material(SUBSTANCES[word], 0.2, np.random.default_rng(seed)) for seed in range(20)]
    for look in looks:
        assert look.pattern in PATTERNS and look.scale > 0.0
        assert all(0.0 <= channel <= 1.0 for channel in (*look.color, *look.accent, look.specular, look.roughness))
    assert len({look.color for look in looks}) == 20


def test_parts_of_one_piece_look_alike_and_other_pieces_do_not() -> None:
    knife = thing("blade", "edge", "handle", substances=((("blade", "edge"), ("steel",)), (("handle",), ("wood", "plastic"))))
    for seed in range(5):
        look = dress(knife, np.random.default_rng(seed))
        assert look["blade"] == look["edge"] != look["handle"]
        assert look["blade"].specular >= 0.25  # it is metal
    assert dress(knife, np.random.default_rng(1)) == dress(knife, np.random.default_rng(1))
    assert dress(knife, np.random.default_rng(1)) != dress(knife, np.random.default_rng(2))


def test_a_glazed_vessel_may_have_another_colour_inside_and_on_the_rim() -> None:
    mug = thing("body", "handle", "interior", "rim", substances=((("body", "handle", "interior", "rim"), ("ceramic",)),))
    looks = [dress(mug, np.random.default_rng(seed)) for seed in range(30)]
    assert all(look["body"] == look["handle"] and look["interior"] == look["rim"] for look in looks)
    two = sum(look["body"] != look["interior"] for look in looks)
    assert 5 < two < 25


def test_unknown_and_absent_substances_are_painted_plastic() -> None:
    strange = thing("a", "b", "c", substances=((("a",), ("unobtainium",)), (("b",), ())))
    look = dress(strange, np.random.default_rng(0))
    assert set(look) == {"a", "b", "c"}
    plastic = SUBSTANCES["plastic"]
    assert all(plastic.specular[0] <= item.specular <= plastic.specular[1] for item in look.values())
