# SPDX-License-Identifier: Apache-2.0
"""Colanders, strainers and baskets hold what is large and let through what is small."""
from dataclasses import replace

import numpy as np
import pytest
from data.objects.surfaces import points_of, surface_of

from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.data.objects.sieves import Basket, Colander, Strainer

pytest.importorskip("manifold3d")
pytest.importorskip("trimesh")

COLANDERS, STRAINERS, BASKETS = (
    [(shape, shape.build()) for shape in (draw(kind, np.random.default_rng(seed)) for seed in range(3))]
    for kind in (Colander, Strainer, Basket))


def open_share(thing: FunctionalObject, within: float) -> float:
    """The share of drops that fall through, along -z of the sifting frame, within a radius about its origin."""
    sifting = thing.object_from_function("sift-with")
    rng = np.random.default_rng(0)
    turn, out = rng.uniform(0.0, 2.0 * np.pi, 400), within * np.sqrt(rng.uniform(0.0, 1.0, 400))
    drops = np.stack([out * np.cos(turn), out * np.sin(turn), np.full(400, 1.0)], axis=-1)
    falling = np.broadcast_to(-sifting[:3, 2], drops.shape)
    return 1.0 - float(surface_of(thing).ray.intersects_any(drops @ sifting[:3, :3].T + sifting[:3, 3], falling).mean())


@pytest.mark.parametrize(("shape", "thing"), [*COLANDERS, *STRAINERS, *BASKETS])
def test_something_falls_through_and_something_stays(
    shape: Colander | Strainer | Basket, thing: FunctionalObject
) -> None:
    if isinstance(shape, Strainer):
        assert 0.5 < open_share(thing, 0.7 * shape.radius) < 0.9
    else:
        assert 0.01 < open_share(thing, 0.5 * shape.rim_radius) < 0.45


def test_a_colander_has_many_holes_and_the_more_the_closer() -> None:
    def holes(shape: Colander) -> int:
        return 1 - surface_of(shape.build()).euler_number // 2 - 2  # its two handles are no sieve

    close, wide = (holes(Colander(hole_pitch=pitch)) for pitch in (0.0185, 0.0235))
    assert close > 1.25 * wide > 1.25 * 50
    assert holes(Colander(hole_style="slots")) < 0.5 * holes(Colander(hole_style="rings"))


@pytest.mark.parametrize(("shape", "thing"), COLANDERS)
def test_a_colander_stands_on_its_foot_below_its_holes(shape: Colander, thing: FunctionalObject) -> None:
    assert points_of(thing, "foot")[:, 2].min() == pytest.approx(0.0, abs=1e-9)
    assert points_of(thing, "holes")[:, 2].min() == pytest.approx(shape.foot_height, abs=0.003)
    assert points_of(thing, "holes")[:, 2].max() < points_of(thing, "rim")[:, 2].min()
    assert 1.0 < 1e3 * shape.shell().filling(shape.wall).volume < 8.0  # litres
    handle = np.abs(points_of(thing, "handle")[:, 0])
    assert handle.max() == pytest.approx(shape.rim_radius + shape.handle_reach, abs=0.012)


def test_feet_are_three_and_a_ring_is_one() -> None:
    for style, standing in (("ring", 1), ("feet", 3)):
        foot = points_of(Colander(foot_style=style).build(), "foot")
        below = np.sort(np.degrees(np.arctan2(*foot[foot[:, 2] < 1e-6][:, 1::-1].T)))
        around = np.diff(np.concatenate([below, below[:1] + 360.0]))
        assert (around > 40.0).sum() == (standing if standing > 1 else 0)


@pytest.mark.parametrize(("shape", "thing"), STRAINERS)
def test_a_strainers_mesh_hangs_in_its_hoop_between_handle_and_rest(shape: Strainer, thing: FunctionalObject) -> None:
    sifting = thing.object_from_function("sift-with")
    inside = np.linalg.inv(sifting)
    mesh, rim, handle, rest = (
        points_of(thing, part) @ inside[:3, :3].T + inside[:3, 3] for part in ("mesh", "rim", "handle", "rest"))
    assert mesh[:, 2].min() == pytest.approx(-2.0 * shape.wire, abs=0.002)
    assert rim[:, 2].mean() == pytest.approx(shape.depth * shape.radius, rel=0.1)
    assert handle[:, 0].max() < -0.9 * shape.radius and rest[:, 0].min() > 0.9 * shape.radius
    assert np.hypot(*rim[:, :2].T).max() == pytest.approx(shape.radius, abs=2.0 * shape.hoop)
    # Wide enough for tea to stay and water to go: openings of 3 to 15 mm.
    assert 0.003 < shape.pitch * shape.radius - 2.0 * shape.wire < 0.015


def test_a_pointed_mesh_is_emptier_than_a_round_one() -> None:
    height = []
    for cone in (0.0, 0.5):
        thing = Strainer(cone=cone).build()
        inside = np.linalg.inv(thing.object_from_function("sift-with"))
        mesh = points_of(thing, "mesh") @ inside[:3, :3].T + inside[:3, 3]
        halfway = np.abs(np.hypot(*mesh[:, :2].T) - 0.5 * Strainer().radius) < 0.004
        height.append(mesh[halfway, 2].mean())  # above the bottom
    assert height[1] > height[0] + 0.004


@pytest.mark.parametrize(("shape", "thing"), BASKETS)
def test_a_basket_is_oval_as_told_and_open_above(shape: Basket, thing: FunctionalObject) -> None:
    rim = points_of(thing, "rim")
    assert np.ptp(rim[:, 1]) / np.ptp(rim[:, 0]) == pytest.approx(shape.aspect, rel=0.02)
    assert rim[:, 2].max() == pytest.approx(shape.height, abs=0.003)
    up = np.array([[0.3 * shape.rim_radius, 0.02, 0.02]])
    assert not surface_of(thing).ray.intersects_any(up, np.array([[0.0, 0.0, 1.0]]))[0] or shape.handle_style == "hoop"


def test_a_basket_is_carried_by_a_hoop_by_ears_or_by_its_rim() -> None:
    top = {}
    for style in ("hoop", "ears", "none"):
        thing = Basket(handle_style=style).build()
        top[style] = thing.vertices[:, 2].max() - points_of(thing, "rim")[:, 2].max()
        assert ("handle" in thing.part_names) == (style != "none") and "rim" in thing.grasp_frames
    assert top["hoop"] == pytest.approx(0.7 * 0.15, abs=0.012) and 0.01 < top["ears"] < 0.06 and top["none"] == 0.0


def test_slats_are_denser_than_a_weave_and_that_than_wires() -> None:
    share = {}
    for style in ("woven", "slatted", "wire"):
        shape = replace(Basket(), wall_style=style, handle_style="none")
        turn = np.random.default_rng(0).uniform(0.0, 2.0 * np.pi, 400)
        ways = np.stack([np.cos(turn), np.sin(turn), np.zeros(400)], axis=-1)
        height = np.random.default_rng(1).uniform(0.3 * shape.height, 0.8 * shape.height, 400)
        start = np.stack([np.zeros(400), np.zeros(400), height], axis=-1)
        share[style] = surface_of(shape.build()).ray.intersects_any(start, ways).mean()
    assert 0.1 < share["wire"] < 0.75 * share["woven"] < 0.62 * share["slatted"] < 0.56
