# SPDX-License-Identifier: Apache-2.0
"""Kettles, teapots and watering cans are hollow from the belly to the tip of the spout, which is opposite the handle."""
import numpy as np
import pytest
from data.objects.surfaces import points_of, surface_of

from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.data.objects.spouted import Kettle, Teapot, WateringCan

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")

_SHAPES = [draw(kind, np.random.default_rng(seed)) for kind in (Kettle, Teapot, WateringCan) for seed in range(4)]
_SHAPES += [Kettle(), Teapot(), WateringCan()]
_BUILT = {id(shape): shape.build() for shape in _SHAPES}


@pytest.fixture(params=_SHAPES, ids=lambda shape: f"{type(shape).__name__}-{shape.body_style}-{shape.handle_style}")
def shape(request: pytest.FixtureRequest):
    return request.param


def built(shape) -> FunctionalObject:
    return _BUILT[id(shape)]


def test_it_is_one_closed_surface_so_that_the_bore_reaches_the_cavity(shape) -> None:
    """A cavity without an opening would be a second surface."""
    surface = surface_of(built(shape))
    assert surface.is_watertight and surface.body_count == 1 and surface.volume > 0.0
    assert built(shape).vertices[:, 2].min() == pytest.approx(0.0, abs=1e-9)


def test_the_bore_is_free_along_its_whole_way(shape) -> None:
    vertices, faces, *_ = shape.spout().bore().mesh()
    within = trimesh.sample.volume_mesh(trimesh.Trimesh(vertices, faces), 2000)
    assert len(within) > 100 and not surface_of(built(shape)).contains(within[:60]).any()


def test_pouring_is_at_the_spouts_tip_away_from_the_handle(shape) -> None:
    thing = built(shape)
    frame = thing.object_from_function("pour-with")
    np.testing.assert_array_equal(frame[:3, :3], np.eye(3))
    assert frame[1, 3] == pytest.approx(0.0, abs=1e-9)
    assert frame[0, 3] > 1.3 * shape.radius
    handle = points_of(thing, "handle")
    assert handle[:, 0].min() < -0.5 * shape.radius or shape.handle_style in ("arched", "bail")
    assert thing.vertices[:, 0].max() - frame[0, 3] < 0.05


def test_the_tip_is_not_much_lower_than_the_lid_so_that_it_fills(shape) -> None:
    tip = built(shape).object_from_function("pour-with")[2, 3]
    assert 0.75 * shape.height < tip < 1.5 * shape.height


def test_what_it_holds_is_plausible(shape) -> None:
    litres = 1e3 * shape.shell().filling(shape.wall).volume
    low, high = {Kettle: (1.0, 6.0), Teapot: (0.3, 2.5), WateringCan: (0.6, 6.0)}[type(shape)]
    assert low < litres < high


def test_the_handle_can_be_reached_around(shape) -> None:
    """One hole is between handle and vessel; each opening of the cavity after the first makes one more."""
    openings = (36 if getattr(shape, "tip_style", "") == "rose" else 1) + isinstance(shape, WateringCan)
    assert surface_of(built(shape)).euler_number == 2 - 2 * openings


def test_a_gripper_holds_the_bar(shape) -> None:
    grasp = built(shape).grasp_frames["handle"]
    assert surface_of(built(shape)).contains([grasp[:3, 3]])[0]
    np.testing.assert_allclose(np.abs(grasp[:3, 1]), [0.0, 1.0, 0.0], atol=1e-9)
    approach = [0.0, 0.0, -1.0] if shape.handle_style in ("arched", "bail") else [1.0, 0.0, 0.0]
    np.testing.assert_allclose(grasp[:3, 2], approach, atol=1e-9)


def test_lid_and_knob_are_on_top() -> None:
    for shape in (Kettle(), Teapot()):
        thing = shape.build()
        assert points_of(thing, "lid")[:, 2].min() > 0.99 * shape.height
        assert points_of(thing, "knob")[:, 2].min() > points_of(thing, "lid")[:, 2].max() - 0.003


def test_styles_change_the_shape() -> None:
    side, arched = (Kettle(handle_style=style).build().vertices for style in ("side", "arched"))
    assert arched[:, 2].max() > side[:, 2].max() + 0.03
    assert "rose" in WateringCan(tip_style="rose").build().part_names
    assert "rose" not in WateringCan(tip_style="open").build().part_names
