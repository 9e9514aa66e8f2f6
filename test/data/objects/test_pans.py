# SPDX-License-Identifier: Apache-2.0
"""Pans hold litres, are held behind, and pour over their lip, or else opposite the handle."""
import numpy as np
import pytest
from data.objects.surfaces import points_of, surface_of

from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.data.objects.pans import Pan, Saucepan

pytest.importorskip("manifold3d")
pytest.importorskip("trimesh")

DRAWN = [(shape, shape.build()) for shape in (
    draw(kind, np.random.default_rng(seed)) for kind in (Pan, Saucepan) for seed in range(5))]
WAYS = {"none": [1.0, 0.0, 0.0], "front": [1.0, 0.0, 0.0], "left": [0.0, 1.0, 0.0], "right": [0.0, -1.0, 0.0]}


@pytest.mark.parametrize(("shape", "thing"), DRAWN)
def test_a_pan_holds_litres_within_a_thin_wall(shape: Pan | Saucepan, thing: FunctionalObject) -> None:
    shell = shape.shell()
    litres = 1e3 * shell.filling(shell.thickness).volume
    assert (0.6 < litres < 5.5) if isinstance(shape, Pan) else (0.8 < litres < 5.0)
    down = surface_of(thing).ray.intersects_location(np.array([[0.01, 0.005, 0.5]]), np.array([[0.0, 0.0, -1.0]]))[0][:, 2]
    np.testing.assert_allclose(np.sort(down), [0.0, shape.wall], atol=2e-5)


@pytest.mark.parametrize(("shape", "thing"), DRAWN)
def test_it_stands_with_its_handle_behind(shape: Pan | Saucepan, thing: FunctionalObject) -> None:
    handle, base = points_of(thing, "handle"), points_of(thing, "base")
    assert handle[:, 0].max() < -0.7 * shape.rim_radius
    assert handle[:, 0].min() < -shape.rim_radius - 0.7 * shape.handle_length
    assert base[:, 2].min() == pytest.approx(0.0, abs=1e-9) and np.abs(base[:, :2].mean(axis=0)).max() < 0.002
    assert np.abs(handle[:, 1]).max() < 0.025


@pytest.mark.parametrize("side", WAYS)
@pytest.mark.parametrize("kind", [Pan, Saucepan])
def test_it_pours_over_its_lip_or_opposite_the_handle(kind: type, side: str) -> None:
    shape = kind(lip_side=side, lip_reach=0.0125)
    thing = shape.build()
    pouring, scooping = thing.object_from_function("pour-with"), thing.object_from_function("scoop-with")
    np.testing.assert_allclose(pouring[:3, 0], WAYS[side], atol=1e-9)
    np.testing.assert_allclose(pouring[:3, 2], [0.0, 0.0, 1.0], atol=1e-9)
    reach = 0.0 if side == "none" else 0.0125
    assert np.linalg.norm(pouring[:2, 3]) == pytest.approx(shape.rim_radius + reach, abs=0.003)
    assert pouring[:2, 3] @ pouring[:2, 0] == pytest.approx(np.linalg.norm(pouring[:2, 3]))
    np.testing.assert_allclose(scooping[:3, 0], [1.0, 0.0, 0.0])
    assert ("spout" in thing.part_names) == (side != "none")
    assert thing.function_parts["pour-with"] == (("rim",) if side == "none" else ("spout",))


@pytest.mark.parametrize("wall", ["straight", "bellied", "flared"])
def test_only_the_lip_is_the_spout_not_the_belly_below_it(wall: str) -> None:
    shape = Saucepan(wall_style=wall, lip_side="right", belly=0.011, lip_reach=0.008)
    spout = points_of(shape.build(), "spout")
    off = np.arctan2(spout[:, 1], spout[:, 0]) + np.pi / 2.0
    assert np.abs(off).max() < 0.33 and spout[:, 2].min() > 0.6 * shape.depth
    # The belly is widest at half the height; what is drawn out lies outside the wall as it is without a lip.
    shell = shape.shell()
    widths = np.array([shell.radius(min(z, shape.depth)) for z in spout[:, 2]])
    assert (np.hypot(*spout[:, :2].T) > widths + 1e-3).mean() > 0.8


def test_walls_differ_in_base_and_depth() -> None:
    base = {style: np.ptp(points_of(Pan(wall_style=style).build(), "base")[:, 0]) for style in ("sloped", "straight", "wok")}
    assert base["wok"] < 0.75 * base["sloped"] < 0.75 * base["straight"]
    height = {style: Pan(wall_style=style).build().vertices[:, 2].max() for style in ("sloped", "wok")}
    rim = {style: points_of(Pan(wall_style=style).build(), "rim")[:, 2].max() for style in height}
    assert rim["wok"] == pytest.approx(1.35 * rim["sloped"], rel=0.03)


def test_a_belly_is_widest_at_half_its_height_and_a_flared_side_at_its_top() -> None:
    where, reach = {}, {}
    for style in ("straight", "bellied", "flared"):
        body = points_of(Saucepan(wall_style=style, belly=0.01).build(), "body")
        where[style], reach[style] = body[np.abs(body[:, 1]).argmax(), 2], np.abs(body[:, 1]).max()
    assert 0.03 < where["bellied"] < 0.07 < 0.09 < min(where["straight"], where["flared"])
    assert reach["bellied"] > reach["straight"] + 0.002


def test_a_strip_and_an_iron_handle_have_a_hole_to_hang_by() -> None:
    holes = {style: 1 - surface_of(Pan(handle_style=style).build()).euler_number // 2 for style in ("strip", "grip", "iron")}
    assert holes == {"strip": 1, "grip": 0, "iron": 1}


def test_a_handle_rises_as_told() -> None:
    low, high = (points_of(Pan(handle_rise=rise, handle_style="strip").build(), "handle")[:, 2].max() for rise in (0.015, 0.07))
    assert high - low == pytest.approx(0.055, abs=0.006)
