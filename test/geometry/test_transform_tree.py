# SPDX-License-Identifier: Apache-2.0
"""A tree of frames: chains multiply, moments between two stamps are interpolated, what is not known is refused by name."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from func_corr_ros.errors import TransformUnavailable
from func_corr_ros.geometry.se3 import about_axis, inverse, make
from func_corr_ros.geometry.transform_tree import TransformTree, interpolated

Z = np.array([0.0, 0.0, 1.0])


def motion(x: float, turn: float) -> np.ndarray:
    return make(about_axis(Z, turn), np.array([x, 2.0 * x, -x]))


def tree() -> TransformTree:
    made = TransformTree()
    made.add("map", "base", motion(0.0, 0.0), 0)
    made.add("map", "base", motion(1.0, 0.4), 1000)
    made.add("base", "camera", motion(0.3, -0.2), 0, static=True)
    made.add("base", "wheel", motion(-0.1, 1.0), 0, static=True)
    return made


def test_a_chain_is_the_product_of_its_links() -> None:
    np.testing.assert_allclose(tree().lookup("map", "camera", 1000), motion(1.0, 0.4) @ motion(0.3, -0.2), atol=1e-12)
    siblings = inverse(motion(-0.1, 1.0)) @ motion(0.3, -0.2)
    np.testing.assert_allclose(tree().lookup("wheel", "camera", 10**12), siblings, atol=1e-12)
    np.testing.assert_array_equal(tree().lookup("x", "x", 5), np.eye(4))


@given(st.integers(0, 1000))
def test_there_and_back_is_where_one_was_and_between_stamps_is_between(stamp: int) -> None:
    forth, back = tree().lookup("map", "camera", stamp), tree().lookup("camera", "map", stamp)
    np.testing.assert_allclose(forth @ back, np.eye(4), atol=1e-12)
    share = stamp / 1000.0
    np.testing.assert_allclose(tree().lookup("map", "base", stamp), motion(share, 0.4 * share), atol=1e-12)


def test_the_shortest_arc_is_taken() -> None:
    a, b = (make(about_axis(Z, np.radians(angle)), np.zeros(3)) for angle in (170.0, -170.0))
    np.testing.assert_allclose(interpolated(a, b, 0.5)[:3, :3], about_axis(Z, np.pi), atol=1e-12)


def test_stamps_may_arrive_in_any_order_and_old_ones_are_forgotten() -> None:
    made = TransformTree(history_ns=100)
    for stamp in (50, 0, 100, 25):
        made.add("map", "base", motion(stamp, 0.0), stamp)
    np.testing.assert_allclose(made.lookup("map", "base", 12)[0, 3], 12.0)
    made.add("map", "base", motion(140.0, 0.0), 140)
    with pytest.raises(TransformUnavailable, match="'base' in 'map' is known from 50 to 140 ns, not at 12 ns"):
        made.lookup("map", "base", 12)


def test_what_is_not_joined_is_refused_with_what_there_is() -> None:
    with pytest.raises(TransformUnavailable, match="no transform joins 'moon' and 'camera'; the tree has: base in map"):
        tree().lookup("moon", "camera", 0)
    with pytest.raises(TransformUnavailable, match="not at 1001 ns"):
        tree().lookup("map", "base", 1001)


def test_a_loop_ends() -> None:
    made = TransformTree()
    made.add("a", "b", np.eye(4), 0, static=True)
    made.add("b", "a", np.eye(4), 0, static=True)
    with pytest.raises(TransformUnavailable):
        made.lookup("c", "a", 0)
