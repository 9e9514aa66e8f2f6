# SPDX-License-Identifier: Apache-2.0
"""Shovels, trowels and dustpans go with their front under what they carry on their upper side."""
from dataclasses import replace

import numpy as np
import pytest
from data.objects.surfaces import points_of, surface_of

from func_corr_ros.data.objects.diggers import Dustpan, Shovel, Trowel
from func_corr_ros.data.objects.functional_object import FunctionalObject, draw

pytest.importorskip("manifold3d")
pytest.importorskip("trimesh")

BLADED = [(shape, shape.build()) for shape in (
    draw(kind, np.random.default_rng(seed)) for kind in (Shovel, Trowel) for seed in range(4))]
DUSTPANS = [(shape, shape.build()) for shape in (draw(Dustpan, np.random.default_rng(seed)) for seed in range(4))]


@pytest.mark.parametrize(("shape", "thing"), BLADED)
def test_the_tip_is_foremost_and_digs_ahead(shape: Shovel | Trowel, thing: FunctionalObject) -> None:
    digging = thing.object_from_function("dig-with")
    assert points_of(thing, "tip")[:, 0].max() == pytest.approx(thing.vertices[:, 0].max())
    assert digging[0, 0] > 0.85 and digging[2, 2] > 0.85
    assert thing.vertices[:, 0].max() - digging[0, 3] < 0.004
    assert points_of(thing, "handle")[:, 0].max() < points_of(thing, "blade")[:, 0].min()


@pytest.mark.parametrize(("shape", "thing"), BLADED)
def test_a_blade_carries_above_its_back(shape: Shovel | Trowel, thing: FunctionalObject) -> None:
    lifting = thing.object_from_function("lift-with")
    below = thing.object_from_function("pound-with" if isinstance(shape, Shovel) else "spread-with")
    np.testing.assert_allclose(lifting[:3, 3] - below[:3, 3], shape.blade_thickness * lifting[:3, 2], atol=1e-6)
    assert points_of(thing, "back", "lift-with")[:, 2].mean() < points_of(thing, "blade", "lift-with")[:, 2].mean()
    assert points_of(thing, "handle", "lift-with")[:, 2].mean() > 0.015  # the hand stays off the ground


def test_the_sides_of_a_hollow_blade_rise_and_a_masons_do_not() -> None:
    def rise(shape: Shovel | Trowel) -> float:
        blade = points_of(shape.build(), "blade", "lift-with")
        across = blade[np.abs(blade[:, 0]) < 0.2 * shape.blade_length]
        sides = np.abs(across[:, 1]) > 0.85 * np.abs(across[:, 1]).max()
        return float(across[sides, 2].mean() - across[np.abs(across[:, 1]) < 0.004, 2].mean())

    assert rise(Shovel(hollow=0.04)) > 1.5 * rise(Shovel(hollow=0.02)) > 0.008
    assert rise(Trowel(blade_style="garden", hollow=0.5)) > 0.006
    assert max(abs(rise(Trowel(blade_style=style))) for style in ("brick", "margin")) < 0.002


@pytest.mark.parametrize(("shape", "thing"), BLADED[:4])
def test_a_shovel_is_as_long_as_told(shape: Shovel, thing: FunctionalObject) -> None:
    assert np.ptp(thing.vertices[:, 0]) == pytest.approx(shape.length, rel=0.06)
    assert np.ptp(points_of(thing, "blade")[:, 1]) == pytest.approx(shape.blade_width, rel=0.15)


def test_a_shovel_ends_in_a_knob_a_cross_bar_or_a_hole_for_the_hand() -> None:
    ends = {style: Shovel(handle_style=style).build() for style in ("knob", "T", "D")}
    assert {style: surface_of(thing).euler_number for style, thing in ends.items()} == {"knob": 2, "T": 2, "D": 0}
    width = {style: np.ptp(points_of(thing, "handle")[:, 1]) for style, thing in ends.items()}
    assert width["knob"] < 0.05 < 0.1 < min(width["T"], width["D"])


def test_blades_have_their_own_fronts() -> None:
    """A square front is as wide as the blade, a point is a point; so it is with a mason's trowels."""
    def front(shape: Shovel | Trowel) -> float:
        section = shape.sheet().section
        _, _, last, _ = section.bounds()
        (left, right) = np.concatenate([ring[ring[:, 0] > last - 0.012] for ring in section.to_polygons()])[:, 1][[0, -1]]
        return abs(float(right - left)) / shape.blade_width

    widths = {style: front(Shovel(blade_style=style)) for style in ("point", "round", "square")}
    assert widths["point"] < 0.5 < 0.8 < widths["square"] and widths["point"] < widths["round"] < widths["square"]
    assert front(Trowel(blade_style="brick")) < 0.4 < front(Trowel(blade_style="margin"))


@pytest.mark.parametrize(("shape", "thing"), DUSTPANS)
def test_a_dustpans_lip_is_its_front_on_the_ground_and_thin(shape: Dustpan, thing: FunctionalObject) -> None:
    lip = points_of(thing, "lip", "scoop-with")
    assert lip[:, 0].max() == pytest.approx(0.0, abs=1e-6) and lip[:, 0].min() > -0.015
    assert points_of(thing, "lip")[:, 2].min() < 1e-3
    assert np.ptp(lip[:, 1]) == pytest.approx(shape.width, rel=0.01)
    hits, _, _ = surface_of(thing).ray.intersects_location(
        thing.object_from_function("scoop-with")[None, :3, 3] + [[-0.001, 0.02, 0.1]], [[0.0, 0.0, -1.0]], multiple_hits=False)
    assert hits[0, 2] < 0.75 * shape.wall  # thinner in front than the floor is


@pytest.mark.parametrize(("shape", "thing"), DUSTPANS)
def test_a_dustpan_is_open_in_front_and_closed_on_its_other_sides(shape: Dustpan, thing: FunctionalObject) -> None:
    middle = thing.object_from_function("lift-with")[:3, 3] + [-0.25 * shape.length, 0.0, 0.012]
    ways = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, -1.0, 0.0]])
    hits, rays, _ = surface_of(thing).ray.intersects_location(np.tile(middle, (4, 1)), ways, multiple_hits=False)
    assert sorted(rays) == [1, 2, 3]
    reach = np.linalg.norm(hits - middle, axis=1)
    assert (reach < 0.6 * shape.width).all()


def test_a_hood_roofs_the_rear_only() -> None:
    for style in ("open", "stepped", "hooded"):
        shape = replace(Dustpan(), pan_style=style)
        thing = shape.build()
        floor = thing.object_from_function("lift-with")[:3, 3]
        above = np.stack([floor + [share * shape.length, 0.0, 0.5] for share in (-0.4, 0.3)])
        hits, rays, _ = surface_of(thing).ray.intersects_location(above, np.tile([0.0, 0.0, -1.0], (2, 1)), multiple_hits=False)
        rear, front = hits[np.argsort(rays), 2] - floor[2]
        assert front < 0.003
        assert (rear > 0.7 * shape.wall_height) == (style == "hooded")


def test_a_dustpans_handle_rises_as_told() -> None:
    flat, steep = (points_of(Dustpan(handle_rise=rise).build(), "handle", "lift-with")[:, 2].max() for rise in (0.05, 0.45))
    assert steep - flat == pytest.approx(0.4 * 0.13, rel=0.35)
