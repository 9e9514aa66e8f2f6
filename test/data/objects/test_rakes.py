# SPDX-License-Identifier: Apache-2.0
"""Rakes and hoes hang across the end of a shaft: as many teeth as asked for, or one edge, towards the ground."""
import numpy as np
import pytest
from data.objects.surfaces import points_of
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.data.objects.rakes import Hoe, Rake

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")

RAKES = [(shape, shape.build()) for shape in (draw(Rake, np.random.default_rng(seed)) for seed in range(5))]
HOES = [(shape, shape.build()) for shape in (draw(Hoe, np.random.default_rng(seed)) for seed in range(5))]


def run_of_the_shaft(thing: FunctionalObject) -> np.ndarray:
    """The shaft's direction, away from the grip."""
    shaft = points_of(thing, "shaft")
    run = np.linalg.svd(shaft - shaft.mean(axis=0), full_matrices=False)[2][0]
    return run * np.sign(run[0])


def teeth_cut(thing: FunctionalObject, behind: float) -> int:
    """How many separate teeth the plane ``behind`` the tip, square to the way it scrapes, cuts."""
    inside = np.linalg.inv(thing.object_from_function("scrape-with"))
    side = (thing.vertices @ inside[0, :3] + inside[0, 3] > -behind)[thing.faces]
    cut = thing.faces[side.any(axis=1) & ~side.all(axis=1) & (thing.part_of_face == thing.part_names.index("tines"))]
    _, compact = np.unique(cut, return_inverse=True)
    a, b, c = compact.reshape(-1, 3).T
    count = int(compact.max()) + 1
    graph = coo_matrix((np.ones(2 * len(a)), (np.concatenate([a, b]), np.concatenate([b, c]))), shape=(count, count))
    return int(connected_components(graph, directed=False)[0])


@pytest.mark.parametrize("style", ["level", "bow"])
@pytest.mark.parametrize(("width", "pitch"), [(0.3, 0.03), (0.45, 0.024)])
def test_a_rake_has_an_odd_number_of_teeth_that_fill_its_width(style: str, width: float, pitch: float) -> None:
    shape = Rake(head_style=style, head_width=width, pitch=pitch)
    thing = shape.build()
    count = teeth_cut(thing, 0.4 * shape.tine_length)
    assert count % 2 == 1 and abs(count * pitch - width) < 2.0 * pitch
    tips = points_of(thing, "tines", "scrape-with")
    assert np.ptp(tips[:, 1]) == pytest.approx((count - 1) * pitch, abs=2.5 * shape.tine_radius)


def test_a_leaf_rakes_tines_fan_out_from_its_shaft() -> None:
    shape = Rake(head_style="leaf")
    thing = shape.build()
    assert teeth_cut(thing, 0.3 * shape.tine_length) >= 13
    tines = points_of(thing, "tines") @ run_of_the_shaft(thing)
    near, far = (np.ptp(points_of(thing, "tines")[mask, 1]) for mask in (
        tines < tines.min() + 0.05, tines > tines.max() - 0.05))
    assert far > 2.5 * near and np.ptp(tines) > 1.8 * shape.reach


@pytest.mark.parametrize(("shape", "thing"), RAKES)
def test_a_rakes_teeth_point_across_its_shaft_all_equally_far(shape: Rake, thing: FunctionalObject) -> None:
    scraping = thing.object_from_function("scrape-with")
    assert abs(scraping[:3, 0] @ run_of_the_shaft(thing)) < 0.6 and scraping[2, 0] < -0.3
    assert scraping[:3, 2] @ run_of_the_shaft(thing) > 0.8  # z away from the grip
    tips = points_of(thing, "tines", "scrape-with")
    assert tips[:, 0].max() == pytest.approx(0.0, abs=5e-4)
    assert points_of(thing, "shaft")[:, 0].max() < points_of(thing, "head")[:, 0].max()
    held = np.concatenate([points_of(thing, part)[:, 0] for part in ("shaft", "handle") if part in thing.part_names])
    assert shape.length - 0.08 < np.ptp(held) < shape.length + 0.02  # its last 3 to 6 cm are in the socket
    assert ("handle" in thing.part_names) == (shape.shaft_style == "sleeve")


def test_a_bow_holds_the_bar_by_its_ends_and_leaves_a_hole() -> None:
    holes = {}
    for style in ("level", "bow"):
        thing = Rake(head_style=style).build()
        holes[style] = 1 - trimesh.Trimesh(thing.vertices, thing.faces, process=False).euler_number // 2
    assert holes == {"level": 0, "bow": 1}


@pytest.mark.parametrize(("shape", "thing"), HOES)
def test_a_hoes_edge_is_the_end_of_its_blade(shape: Hoe, thing: FunctionalObject) -> None:
    digging, scraping = thing.object_from_function("dig-with"), thing.object_from_function("scrape-with")
    assert max(points_of(thing, part, "dig-with")[:, 0].max() for part in ("blade", "edge", "face")) < 1e-3
    np.testing.assert_allclose(digging[:3, 0], scraping[:3, 0])
    np.testing.assert_allclose(digging[:3, 2], -scraping[:3, 2], atol=1e-12)
    run = run_of_the_shaft(thing)
    assert digging[:3, 0] @ run == pytest.approx(-np.sin(np.radians(shape.blade_lean_deg)), abs=0.03)
    assert scraping[:3, 2] @ run > 0.8


@pytest.mark.parametrize(("shape", "thing"), HOES)
def test_a_hoe_pulls_with_the_side_to_the_shaft_and_presses_with_the_other(shape: Hoe, thing: FunctionalObject) -> None:
    pulling, pressing = thing.object_from_function("pull-with"), thing.object_from_function("press-with")
    np.testing.assert_allclose(pulling[:3, 0], -pressing[:3, 0], atol=1e-9)
    assert pulling[:3, 0] @ run_of_the_shaft(thing) < -0.8
    assert np.linalg.norm(pulling[:3, 3] - pressing[:3, 3]) == pytest.approx(shape.blade_thickness, rel=1e-3)
    assert (points_of(thing, "shaft", "pull-with")[:, 0] > 0.0).all()  # the one who pulls stands on that side


def test_hoes_have_their_own_edges() -> None:
    width = {}
    for style in ("field", "heart", "half-moon", "onion"):
        edge = points_of(Hoe(blade_style=style).build(), "edge", "scrape-with")
        width[style] = np.ptp(edge[edge[:, 0] > -0.012][:, 1])
    assert width["heart"] < 0.5 * width["field"] and width["half-moon"] < 0.8 * width["field"]
    assert width["onion"] > 1.1 * width["field"]
    size = {style: Hoe(blade_style=style).sheet().section.bounds()[2] for style in ("field", "heart", "onion")}
    assert size["onion"] < 0.8 * size["field"] < 0.95 * size["heart"]
