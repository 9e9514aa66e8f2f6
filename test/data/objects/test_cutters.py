# SPDX-License-Identifier: Apache-2.0
"""Box cutters, peelers and pizza cutters: where the edge is, and which way it cuts."""
import numpy as np
import pytest
from data.objects.surfaces import points_of

from func_corr_ros.data.objects import cutters
from func_corr_ros.data.objects.cutters import BoxCutter, Peeler, PizzaCutter
from func_corr_ros.data.objects.functional_object import ANY_ANGLE, draw

pytest.importorskip("manifold3d")


def test_the_file_has_all_its_categories() -> None:
    assert {"BoxCutter", "Peeler", "PizzaCutter", "Saw", "Scissors"} == set(cutters.__all__)


@pytest.mark.parametrize("style", ("slim", "heavy", "pen", "sleeve"))
def test_the_blade_of_a_box_cutter_stands_out_as_far_as_it_says(style: str) -> None:
    thing = BoxCutter(body_style=style, out=0.03).build()
    out = thing.vertices[:, 0].max() - points_of(thing, "handle")[:, 0].max()
    assert 0.02 < out <= 0.031
    assert thing.object_from_function("pierce-with")[0, 3] == pytest.approx(thing.vertices[:, 0].max(), abs=1e-3)
    assert points_of(thing, "slider")[:, 2].max() == pytest.approx(thing.vertices[:, 2].max(), abs=2e-3)


@pytest.mark.parametrize("seed", range(4))
def test_the_edge_of_a_box_cutter_points_to_the_side(seed: int) -> None:
    frame = draw(BoxCutter, np.random.default_rng(seed)).build().object_from_function("cut-with")
    assert frame[1, 0] < -0.9 and frame[0, 1] > 0.9


@pytest.mark.parametrize(("style", "across"), [("Y", True), ("straight", False), ("bow", False)])
def test_the_edge_of_a_peeler_runs_across_a_y_and_along_the_others(style: str, across: bool) -> None:
    thing = Peeler(frame_style=style).build()
    frame, edge = thing.object_from_function("peel-with"), points_of(thing, "edge")
    long = int(np.ptp(edge, axis=0).argmax())
    assert long == (1 if across else 0) and abs(frame[long, 1]) > 0.9
    assert np.allclose(frame, thing.object_from_function("scrape-with"))
    # The rim that cuts looks into the slot, towards the other rim.
    assert (edge.mean(axis=0) - frame[:3, 3]) @ frame[:3, 0] > 0.0


@pytest.mark.parametrize("style", ("fork", "arm", "palm", "guard"))
def test_a_pizza_cutter_has_a_round_edge_about_its_axle(style: str) -> None:
    thing = PizzaCutter(holder_style=style, radius=0.04).build()
    about, edge = thing.symmetries["cut-with"], points_of(thing, "edge")
    along = (edge - about.point) @ about.direction
    radius = np.linalg.norm(edge - about.point - along[:, None] * about.direction, axis=1)
    assert about.order == ANY_ANGLE and radius.max() == pytest.approx(0.04, abs=1e-6) and radius.min() > 0.035
    frame = thing.object_from_function("cut-with")
    assert (frame[:3, 3] - about.point) @ frame[:3, 0] == pytest.approx(0.04, abs=1e-6)
    assert ("frame" in thing.part_names) == (style != "palm")
