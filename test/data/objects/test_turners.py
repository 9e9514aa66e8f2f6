# SPDX-License-Identifier: Apache-2.0
"""Forks pierce with as many tines as they are given, spatulas lift with a thin blade whose front is their edge."""
import numpy as np
import pytest
from data.objects.surfaces import points_of
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.data.objects.turners import Fork, Spatula

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")

COUNT = {"two": 2, "three": 3, "four": 4}
FORKS = [(shape, shape.build()) for shape in (draw(Fork, np.random.default_rng(seed)) for seed in range(5))]
SPATULAS = [(shape, shape.build()) for shape in (draw(Spatula, np.random.default_rng(seed)) for seed in range(5))]


def pieces(thing: FunctionalObject, part: str) -> int:
    """Into how many separate patches the part falls."""
    _, compact = np.unique(thing.faces[thing.part_of_face == thing.part_names.index(part)], return_inverse=True)
    a, b, c = compact.reshape(-1, 3).T
    count = int(compact.max()) + 1
    graph = coo_matrix((np.ones(2 * len(a)), (np.concatenate([a, b]), np.concatenate([b, c]))), shape=(count, count))
    return int(connected_components(graph, directed=False)[0])


@pytest.mark.parametrize(("shape", "thing"), FORKS)
def test_a_fork_has_as_many_tips_as_tines_all_foremost(shape: Fork, thing: FunctionalObject) -> None:
    assert pieces(thing, "tip") == COUNT[shape.tines]
    tip = points_of(thing, "tip", "pierce-with")
    others = [points_of(thing, part, "pierce-with")[:, 0].max() for part in thing.part_names if part != "tip"]
    # The point is a tine's end; nothing but its rounding lies beyond, and the tips end where the tines begin.
    assert 0.0 < tip[:, 0].max() < 0.008 * shape.length + 0.002
    assert max(others) == pytest.approx(tip[:, 0].min(), abs=0.004)


@pytest.mark.parametrize("tines", COUNT)
def test_every_tip_has_room_beside_it(tines: str) -> None:
    shape = Fork(tines=tines)
    tip = points_of(shape.build(), "tip")
    y = np.sort(tip[:, 1])
    gaps = np.diff(y)
    assert (gaps > 0.002).sum() == COUNT[tines] - 1
    assert np.ptp(y) == pytest.approx(shape.head_width * shape.length, rel=0.25)


@pytest.mark.parametrize(("shape", "thing"), FORKS)
def test_a_forks_head_sags_between_its_tips_and_its_neck(shape: Fork, thing: FunctionalObject) -> None:
    tines, tip, neck = (points_of(thing, part)[:, 2] for part in ("tines", "tip", "neck"))
    assert tines.min() < tip.min() + 1e-3 and tines.mean() < neck.mean()
    lifting = thing.object_from_function("lift-with")
    assert lifting[2, 2] > 0.6 and lifting[0, 0] > 0.6
    assert points_of(thing, "handle")[:, 0].max() < points_of(thing, "head")[:, 0].min()


def test_a_carving_forks_grip_is_thick_and_a_pressed_handle_is_flat() -> None:
    thickness = {}
    for style in ("fiddle", "spade", "straight", "contoured"):
        handle = points_of(Fork(handle_style=style).build(), "handle")
        butt = handle[handle[:, 0] < handle[:, 0].min() + 0.012]
        thickness[style] = np.ptp(butt[:, 2]) / np.ptp(butt[:, 1])
    assert min(thickness["straight"], thickness["contoured"]) > 0.5 > max(thickness["fiddle"], thickness["spade"])


@pytest.mark.parametrize(("shape", "thing"), SPATULAS)
def test_a_spatulas_edge_is_its_straight_front(shape: Spatula, thing: FunctionalObject) -> None:
    edge = points_of(thing, "edge")
    cutting = thing.object_from_function("cut-with")
    assert edge[:, 0].max() == pytest.approx(thing.vertices[:, 0].max())
    assert cutting[0, 0] > 0.9 and abs(cutting[1, 1]) > 0.99
    assert points_of(thing, "handle")[:, 0].max() < points_of(thing, "blade")[:, 0].min()


@pytest.mark.parametrize(("shape", "thing"), SPATULAS)
def test_a_blade_is_as_thin_as_told_lifts_above_and_presses_below(shape: Spatula, thing: FunctionalObject) -> None:
    lifting, pressing = thing.object_from_function("lift-with"), thing.object_from_function("press-with")
    np.testing.assert_allclose(lifting[:3, 3] - pressing[:3, 3], shape.blade_thickness * lifting[:3, 2], atol=1e-6)
    assert pressing[:3, 0] @ lifting[:3, 2] < -0.999 and lifting[2, 2] > 0.9
    grip = points_of(thing, "handle", "lift-with")
    assert grip[:, 2].mean() > 0.6 * shape.crank


@pytest.mark.parametrize(("style", "holes"), [("slotted", 5), ("fish", 5), ("holes", 14), ("plain", 0), ("palette", 0)])
def test_what_runs_off_runs_through_the_slots(style: str, holes: int) -> None:
    thing = Spatula(blade_style=style).build()
    assert trimesh.Trimesh(thing.vertices, thing.faces, process=False).euler_number == 2 - 2 * holes
    # What presses or lifts does so beside the slots, on metal.
    mesh = trimesh.Trimesh(thing.vertices, thing.faces, process=False)
    frame = thing.object_from_function("lift-with")
    assert mesh.contains([frame[:3, 3] - 0.0005 * frame[:3, 2]])[0]


def test_blades_have_their_own_outlines() -> None:
    size = {}
    for style in ("plain", "palette", "fish"):
        blade = points_of(Spatula(blade_style=style, grip_style="round").build(), "blade", "lift-with")
        size[style] = np.ptp(blade, axis=0)
    assert size["palette"][0] > 1.4 * size["plain"][0] and size["palette"][1] < 0.6 * size["plain"][1]
    edge = {style: points_of(Spatula(blade_style=style).build(), "edge", "lift-with") for style in ("plain", "fish")}
    skew = {style: abs(np.corrcoef(points[:, :2].T)[0, 1]) for style, points in edge.items()}
    assert skew["fish"] > 0.3 > 0.05 > skew["plain"]
