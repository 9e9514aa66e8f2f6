# SPDX-License-Identifier: Apache-2.0
"""Mugs and pitchers are closed, hollow and thin-walled, and know where they are poured from and held."""
import numpy as np
import pytest
from data.objects.surfaces import surface_of

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, draw
from func_corr_ros.data.objects.vessels import Mug, Pitcher

pytest.importorskip("manifold3d")
pytest.importorskip("trimesh")

SEEDS = range(4)
_SHAPES = [draw(kind, np.random.default_rng(seed)) for kind in (Mug, Pitcher) for seed in SEEDS] + [Mug(), Pitcher()]
_BUILT = {id(shape): shape.build() for shape in _SHAPES}


@pytest.fixture(params=_SHAPES, ids=lambda shape: f"{type(shape).__name__}-{shape.handle_style}")
def shape(request: pytest.FixtureRequest) -> Mug | Pitcher:
    return request.param


def built(shape: Mug | Pitcher) -> FunctionalObject:
    return _BUILT[id(shape)]


def points_of(thing: FunctionalObject, *parts: str) -> np.ndarray:
    wanted = [thing.part_names.index(part) for part in parts]
    return thing.vertices[np.unique(thing.faces[np.isin(thing.part_of_face, wanted)])]


def test_closed_in_one_piece_and_standing_on_the_table(shape: Mug | Pitcher) -> None:
    surface = surface_of(built(shape))
    assert surface.is_watertight and surface.is_winding_consistent and surface.body_count == 1
    assert built(shape).vertices[:, 2].min() == pytest.approx(0.0, abs=1e-9)
    assert surface.center_mass[2] > 0.0


def test_the_handle_leaves_one_hole_to_reach_through(shape: Mug | Pitcher) -> None:
    assert surface_of(built(shape)).euler_number == 0  # a ball has 2, a body with one handle 0


def test_every_face_has_a_part_and_every_part_faces(shape: Mug | Pitcher) -> None:
    thing = built(shape)
    parts = {"base", "body", "handle", "interior", "rim"} | ({"spout", "channel"} if isinstance(shape, Pitcher) else set())
    assert set(thing.part_names) == parts
    assert np.array_equal(np.unique(thing.part_of_face), np.arange(len(parts)))
    areas = np.bincount(thing.part_of_face, surface_of(thing).area_faces)
    share = dict(zip(thing.part_names, areas / areas.sum(), strict=True))
    assert share["body"] > 0.25 and share["interior"] > 0.2 and 0.03 < share["handle"] < 0.3


def test_parts_lie_where_their_names_say(shape: Mug | Pitcher) -> None:
    thing, height = built(shape), shape.height
    assert points_of(thing, "base")[:, 2].max() <= shape.fillet + 1e-9
    assert points_of(thing, "rim")[:, 2].min() > 0.9 * height
    handle = points_of(thing, "handle")
    assert handle[:, 0].max() < 0.0 and np.abs(handle[:, 1]).max() <= 0.5 * 1.31 * shape.handle_width
    wall_radius = np.linalg.norm(points_of(thing, "interior")[:, :2], axis=1).max()
    assert np.linalg.norm(handle[:, :2], axis=1).max() > wall_radius + shape.handle_reach / 2.0


def test_it_holds_what_its_cavity_measures(shape: Mug | Pitcher) -> None:
    """A mug holds 0.1 to 0.6 l, a pitcher 0.4 to 4 l; outside minus cavity is the material."""
    wall = shape.shell()
    capacity = wall.filling(wall.thickness, above_rim=0.0).volume
    low, high = (1e-4, 6e-4) if isinstance(shape, Mug) else (4e-4, 4e-3)
    assert low < capacity < high
    material, outer = wall.solid().volume, wall.filling(0.0, above_rim=0.0).volume
    floor = np.pi * np.max(np.linalg.norm(points_of(built(shape), "base")[:, :2], axis=1)) ** 2 * wall.floor
    assert material == pytest.approx(outer + floor - capacity, rel=0.25)  # the fillets and the foot take a part of the floor


def test_looking_in_from_above_one_sees_the_floor_and_the_wall_is_thin(shape: Mug | Pitcher) -> None:
    thing, wall = surface_of(built(shape)), shape.shell()
    down, _, _ = thing.ray.intersects_location([[0.003, 0.002, 1.0]], [[0.0, 0.0, -1.0]])
    assert down[:, 2].max() == pytest.approx(wall.floor, abs=1e-6)
    sideways, _, _ = thing.ray.intersects_location([[0.0, 1e-4, shape.height / 2.0]], [[0.0, 1.0, 0.0]])
    near, far = np.sort(sideways[:, 1])
    assert far - near == pytest.approx(wall.thickness, rel=0.15)  # along the radius; the wall may lean


def test_pouring_is_over_the_rim_opposite_the_handle_and_level(shape: Mug | Pitcher) -> None:
    thing = built(shape)
    frame = thing.object_from_function("pour-with")
    outlet = frame[:3, 3]
    np.testing.assert_array_equal(frame[:3, :3], np.eye(3))  # x is away from the handle, z up
    assert outlet[1] == pytest.approx(0.0, abs=1e-12) and outlet[0] > 0.0
    serving = thing.vertices[np.unique(thing.faces[thing.serves("pour-with")])]
    assert np.linalg.norm(serving - outlet, axis=1).min() < 1e-6  # on the surface: a vertex of the crest
    lip = points_of(thing, "rim", "spout", "channel") if isinstance(shape, Pitcher) else points_of(thing, "rim")
    assert outlet[0] > lip[:, 0].max() - shape.wall  # within a wall of the outermost point
    at_front = lip[(np.abs(lip[:, 1]) < 1e-6) & (lip[:, 0] > 0.0)]
    assert outlet[2] == pytest.approx(at_front[:, 2].max(), abs=1e-9)
    assert built(shape).grasp_frames["handle"][0, 3] < 0.0


def test_they_also_press_with_the_base_and_scoop_with_the_leading_rim(shape: Mug | Pitcher) -> None:
    thing = built(shape)
    press = thing.object_from_function("press-with")
    np.testing.assert_allclose(press[:3, :3], [[0, 0, 1], [0, 1, 0], [-1, 0, 0]], atol=1e-12)  # x down, z towards the outlet
    np.testing.assert_allclose(press[:3, 3], [0.0, 0.0, shape.shell().foot], atol=1e-12)
    assert thing.symmetries["press-with"].order == ANY_ANGLE
    np.testing.assert_array_equal(thing.object_from_function("scoop-with"), thing.object_from_function("pour-with"))
    assert not {"pour-with", "scoop-with"} & set(thing.symmetries)  # the handle says which point of the rim leads
    assert set(thing.function_parts) == set(thing.functional_frames)


def test_only_a_mug_rolls_about_its_axis(shape: Mug | Pitcher) -> None:
    functions = built(shape).functional_frames
    assert ("roll-onto" in functions) == isinstance(shape, Mug)
    if isinstance(shape, Mug):
        np.testing.assert_allclose(functions["roll-onto"][:3, 3], [0.0, 0.0, shape.height / 2.0], atol=1e-12)


def test_a_spouts_tip_reaches_and_rises_as_far_as_it_should() -> None:
    shape = Pitcher(spout_reach=0.03, spout_rise=0.012)
    outlet = shape.build().object_from_function("pour-with")[:3, 3]
    rim = shape.rim_ratio * shape.belly_radius
    np.testing.assert_allclose(outlet, [rim + 0.03 - shape.wall / 2.0, 0.0, shape.height + 0.012], atol=1e-7)


def test_a_gripper_closes_around_the_bar_and_goes_through_the_hole(shape: Mug | Pitcher) -> None:
    thing = built(shape)
    grasp = thing.grasp_frames["handle"]
    np.testing.assert_allclose(grasp[:3, :3], np.array([[0, 0, 1], [0, -1, 0], [1, 0, 0]]), atol=1e-12)
    surface = surface_of(thing)
    origin, closing = grasp[:3, 3], grasp[:3, 1]
    for side in (1.0, -1.0):  # from each finger inward, the bar is met at half its width
        hit, _, _ = surface.ray.intersects_location([origin + side * 0.1 * closing], [-side * closing])
        nearest = np.linalg.norm(hit - origin, axis=1).max()
        assert nearest == pytest.approx(shape.handle_width / 2.0, rel=0.2)
    assert surface.contains([origin])[0]


def test_a_rim_grasp_closes_across_the_wall_from_inside_it(shape: Mug | Pitcher) -> None:
    thing = built(shape)
    grasp = thing.grasp_frames["rim"]
    assert surface_of(thing).contains([grasp[:3, 3]])[0] and 0.002 < shape.height - grasp[2, 3] < 0.006
    np.testing.assert_allclose(grasp[:3, 2], [0.0, 0.0, -1.0], atol=1e-12)
    radial = grasp[:3, 3] * np.array([1.0, 1.0, 0.0])
    assert abs(grasp[:3, 1] @ radial) == pytest.approx(np.linalg.norm(radial), rel=1e-9)


def test_the_same_parameters_build_the_same_mesh() -> None:
    first, second = Mug(handle_style="ear").build(), Mug(handle_style="ear").build()
    np.testing.assert_array_equal(first.vertices, second.vertices)
    np.testing.assert_array_equal(first.faces, second.faces)
    np.testing.assert_array_equal(first.part_of_face, second.part_of_face)


def test_styles_and_numbers_change_the_shape() -> None:
    assert len(Mug(foot_style="ring").build().faces) != len(Mug().build().faces)
    square, ear = (Mug(handle_style=style).build().vertices.min(axis=0) for style in ("square", "ear"))
    assert not np.allclose(square, ear)
    assert Mug(height=0.11).build().vertices[:, 2].max() == pytest.approx(0.11, abs=1e-9)
