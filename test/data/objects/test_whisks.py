# SPDX-License-Identifier: Apache-2.0
"""Whisks beat with as many wires as they are given, about the line of their handle."""
import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.data.objects.whisks import Whisk

pytest.importorskip("manifold3d")

STYLES = ("balloon", "french", "ball", "flat")
DRAWN = [(shape, shape.build()) for shape in (draw(Whisk, np.random.default_rng(seed)) for seed in range(5))]


def in_frame(thing: FunctionalObject) -> np.ndarray:
    """All points in the frame of mixing: x along the handle, 0 at the whisk's end."""
    inside = np.linalg.inv(thing.object_from_function("mix-with"))
    return thing.vertices @ inside[:3, :3].T + inside[:3, 3]


def wires_cut(thing: FunctionalObject, x: float) -> int:
    """How many separate pieces the plane at ``x`` of the frame cuts."""
    side = (in_frame(thing)[:, 0] > x)[thing.faces]
    cut = thing.faces[side.any(axis=1) & ~side.all(axis=1)]
    _, compact = np.unique(cut, return_inverse=True)
    a, b, c = compact.reshape(-1, 3).T
    count = int(compact.max()) + 1
    graph = coo_matrix((np.ones(2 * len(a)), (np.concatenate([a, b]), np.concatenate([b, c]))), shape=(count, count))
    return int(connected_components(graph, directed=False)[0])


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("count", [4.0, 6.0])
def test_every_loop_passes_twice(style: str, count: float) -> None:
    shape = Whisk(head_style=style, count=count, root=0.5)
    assert wires_cut(shape.build(), -0.35 * shape.head_length) == 2 * count + (style == "ball")


@pytest.mark.parametrize(("shape", "thing"), DRAWN)
def test_the_wires_go_on_from_the_handle_and_end_at_the_frame(shape: Whisk, thing: FunctionalObject) -> None:
    points = in_frame(thing)
    wire = thing.part_names.index("wires")
    wires, handle = (points[np.unique(thing.faces[thing.part_of_face == part])] for part in (wire, 1 - wire))
    assert 0.0 <= wires[:, 0].max() < 0.004
    assert handle[:, 0].max() < -0.9 * shape.head_length and handle[:, 0].min() < -shape.head_length - 0.9 * shape.handle_length
    assert np.hypot(*wires[:, 1:].T).max() > 1.4 * shape.handle_radius


def test_the_widest_place_is_as_wide_as_told_but_a_french_whisk_is_slim() -> None:
    width = {}
    for style in STYLES:
        shape = Whisk(head_style=style)
        width[style] = np.hypot(*in_frame(shape.build())[:, 1:].T).max()
    assert width["balloon"] == pytest.approx(shape.head_radius + shape.wire, rel=0.03)
    assert width["flat"] == pytest.approx(width["balloon"], rel=0.02)
    assert width["french"] < 0.8 * width["balloon"] and width["ball"] > width["balloon"]


def test_only_a_flat_whisk_is_flat() -> None:
    for style in STYLES:
        shape = Whisk(head_style=style)
        points = in_frame(shape.build())
        thick = np.ptp(points[points[:, 0] > -0.8 * shape.head_length], axis=0)[1:].min()
        assert (thick < 3.0 * shape.wire) == (style == "flat")


def test_it_looks_alike_after_a_turn_from_wire_to_wire() -> None:
    orders = {style: Whisk(head_style=style, count=5.2).build().symmetries["mix-with"].order for style in STYLES}
    assert orders == {"balloon": 10, "french": 10, "ball": 10, "flat": 2}
