# SPDX-License-Identifier: Apache-2.0
"""An object answers for its functions, and parameters are drawn within their limits."""
from dataclasses import dataclass

import numpy as np
import pytest
from data.drawn_objects import drawn

from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.data.objects.vessels import Mug
from func_corr_ros.errors import BadSettings, UnknownFunction
from func_corr_ros.settings import leaves, setting


def wedge() -> FunctionalObject:
    vertices = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    functions = {"wedge-with": ("edge",), "lift-with": ("edge", "grip")}
    return FunctionalObject("wedge", vertices, faces, np.array([0, 1, 1, 2]), ("back", "edge", "grip"), functions,
                            {name: np.eye(4) for name in functions})


def test_serves_is_the_union_of_the_parts() -> None:
    assert wedge().serves("wedge-with").tolist() == [False, True, True, False]
    assert wedge().serves("lift-with").tolist() == [False, True, True, True]


def test_an_unknown_function_lists_those_there_are() -> None:
    with pytest.raises(UnknownFunction, match="'pour-with'; it has: lift-with, wedge-with"):
        wedge().object_from_function("pour-with")


def test_draws_lie_within_limits_and_differ() -> None:
    rng = np.random.default_rng(0)
    first, second = draw(Mug, rng), draw(Mug, rng)
    assert first != second
    for info in leaves(first):
        if not info.choices:
            assert info.at_least <= info.default <= info.at_most


def test_the_same_seed_draws_the_same_and_every_style_comes_up() -> None:
    assert draw(Mug, np.random.default_rng(3)) == draw(Mug, np.random.default_rng(3))
    rng = np.random.default_rng(0)
    assert {draw(Mug, rng).handle_style for _ in range(40)} == {"round", "square", "ear"}


def test_a_parameter_without_limits_is_refused() -> None:
    @dataclass(frozen=True)
    class Endless:
        size: float = setting(1.0, "size", unit="m", at_least=0.0)

    with pytest.raises(BadSettings, match="Endless.size has no limits"):
        draw(Endless, np.random.default_rng(0))


@pytest.mark.parametrize("name", sorted(CATEGORIES))
def test_every_category_of_the_library_builds_what_it_is_called(name: str) -> None:
    pytest.importorskip("manifold3d")
    thing = drawn(name, 0)
    assert thing.category == name
    assert set(thing.function_parts) == set(thing.functional_frames)
    for function, parts in thing.function_parts.items():
        assert set(parts) <= set(thing.part_names) and thing.serves(function).any()
    for frame in (*thing.functional_frames.values(), *thing.grasp_frames.values()):
        np.testing.assert_allclose(frame[:3, :3] @ frame[:3, :3].T, np.eye(3), atol=1e-12)
        assert np.linalg.det(frame[:3, :3]) > 0.0
