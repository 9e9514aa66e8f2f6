# SPDX-License-Identifier: Apache-2.0
"""Bowls, cups, glasses and buckets are open at the rim, which is pinched, poured over and scooped with."""
import numpy as np
import pytest
from data.objects.surfaces import surface_of

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, draw
from func_corr_ros.data.objects.open_vessels import Bowl, Bucket, Cup, Glass

pytest.importorskip("manifold3d")
pytest.importorskip("trimesh")

_SHAPES = [Glass(style=style) for style in ("tumbler", "faceted", "beer", "wine")]
_SHAPES += [Cup(style=style) for style in ("tea", "handleless", "paper")]
_SHAPES += [draw(kind, np.random.default_rng(seed)) for kind in (Bowl, Cup, Glass, Bucket) for seed in range(4)]
_BUILT = {id(shape): shape.build() for shape in _SHAPES}


@pytest.fixture(params=_SHAPES, ids=lambda shape: f"{type(shape).__name__}-{shape.style}")
def shape(request: pytest.FixtureRequest):
    return request.param


def built(shape) -> FunctionalObject:
    return _BUILT[id(shape)]


def test_looking_in_one_sees_the_floor(shape) -> None:
    surface = surface_of(built(shape))
    assert surface.is_watertight and surface.body_count == 1
    floor = shape.shell().filling(shape.shell().thickness).mesh()[0][:, 2].min()
    hits, _, _ = surface.ray.intersects_location([[1e-3, 0.01, 1e-3 + floor + 0.02]], [[0.0, 0.0, -1.0]])
    assert hits[:, 2].max() == pytest.approx(floor, abs=2e-3)


def test_what_it_holds_is_plausible(shape) -> None:
    litres = 1e3 * shape.shell().filling(shape.shell().thickness).volume
    low, high = {Bowl: (0.1, 4.0), Cup: (0.08, 0.7), Glass: (0.1, 0.9), Bucket: (2.0, 25.0)}[type(shape)]
    assert low < litres < high


def test_it_pours_and_scoops_with_the_rim_at_the_front(shape) -> None:
    thing = built(shape)
    pour = thing.object_from_function("pour-with")
    np.testing.assert_array_equal(pour, thing.object_from_function("scoop-with"))
    np.testing.assert_array_equal(pour[:3, :3], np.eye(3))
    assert pour[0, 3] > 0.8 * shape.rim_radius and thing.function_parts["pour-with"] == ("rim",)


def test_it_presses_with_the_underside_of_its_base(shape) -> None:
    press = built(shape).object_from_function("press-with")
    np.testing.assert_allclose(press[:3, 0], [0.0, 0.0, -1.0], atol=1e-12)
    np.testing.assert_allclose(press[:3, 2], [1.0, 0.0, 0.0], atol=1e-12)
    assert 0.0 <= press[2, 3] < 0.005


def test_a_gripper_pinches_the_wall_at_the_rim(shape) -> None:
    grasp = built(shape).grasp_frames["rim"]
    assert surface_of(built(shape)).contains([grasp[:3, 3]])[0]
    np.testing.assert_allclose(grasp[:3, 2], [0.0, 0.0, -1.0], atol=1e-12)
    assert grasp[1, 3] > 0.8 * shape.rim_radius


def test_only_without_a_handle_the_pouring_side_is_free() -> None:
    assert "pour-with" not in Cup(style="tea").build().symmetries
    assert Cup(style="paper").build().symmetries["pour-with"].order == ANY_ANGLE
    assert Bucket(style="tin", bail_style="up").build().symmetries["pour-with"].order == 2
    assert "pour-with" not in Bucket(style="plastic", bail_style="up").build().symmetries
    assert Glass(style="faceted").build().symmetries["roll-onto"].order == 9


def test_a_wine_glass_stands_on_a_stem_that_is_not_hollow() -> None:
    shape = Glass(style="wine")
    thing = shape.build()
    stem = thing.vertices[np.unique(thing.faces[thing.part_of_face == thing.part_names.index("stem")])]
    assert np.linalg.norm(stem[:, :2], axis=1).min() == pytest.approx(shape.stem_radius, rel=0.05)
    assert surface_of(thing).contains([[0.0, 0.0, stem[:, 2].mean()]])[0]


@pytest.mark.parametrize("style", ["tin", "plastic"])
@pytest.mark.parametrize("bail_style", ["up", "down"])
def test_a_bail_is_free_of_the_bucket_but_for_its_ears(style: str, bail_style: str) -> None:
    shape = Bucket(style=style, bail_style=bail_style)
    surface = surface_of(shape.build())
    assert surface.euler_number == 0  # one hole to reach through: between bail and bucket
    grasp = shape.build().grasp_frames["handle"]
    assert surface.contains([grasp[:3, 3]])[0]
    assert (grasp[2, 3] > 1.5 * shape.rim_radius * shape.height_ratio) == (bail_style == "up")
