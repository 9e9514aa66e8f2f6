# SPDX-License-Identifier: Apache-2.0
"""Brooms sweep with the ends of their bristles, squeegees with a straight rubber edge square to the handle."""
from functools import cache
from typing import Any

import numpy as np
import pytest
from data.objects.surfaces import points_of

from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, draw
from func_corr_ros.data.objects.sweepers import Broom, Squeegee

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")

STYLES = ("upright", "push", "fan", "besom")
SQUEEGEES = [draw(Squeegee, np.random.default_rng(seed)) for seed in range(5)]


@cache
def broom(style: str) -> FunctionalObject:
    return Broom(style=style, slant=0.0, tilt_deg=60.0).build()


@pytest.mark.parametrize("style", STYLES)
def test_a_broom_sweeps_out_of_the_ends_of_its_bristles(style: str) -> None:
    thing = broom(style)
    frame = thing.object_from_function("sweep-with")
    out = points_of(thing, "bristles") @ frame[:3, 0]
    assert out.max() - frame[:3, 3] @ frame[:3, 0] < 0.03
    assert np.median(out) < frame[:3, 3] @ frame[:3, 0]
    np.testing.assert_array_equal(frame, thing.object_from_function("brush-with"))


def test_a_push_brooms_bristles_stand_across_its_handle_and_the_others_along() -> None:
    for style in STYLES:
        thing = broom(style)
        handle = points_of(thing, "handle")
        run = np.linalg.svd(handle - handle.mean(axis=0))[2][0]
        run = run * np.sign(run[0])
        frame = thing.object_from_function("sweep-with")
        angle = np.degrees(np.arccos(np.clip(frame[:3, 0] @ run, -1.0, 1.0)))
        assert angle == pytest.approx(60.0 if style == "push" else 0.0, abs=0.5)
        if style == "push":
            assert frame[:3, 2] @ run > 0.8  # z points away from the grip


def test_a_broom_is_wide_along_y_and_its_ends_spread() -> None:
    for style in ("upright", "push", "fan"):
        tufts = points_of(broom(style), "bristles")
        assert 0.24 < np.ptp(tufts[:, 1]) < 0.45
    narrow, flared = (np.ptp(points_of(Broom(flare=flare).build(), "bristles")[:, 1]) for flare in (1.02, 1.35))
    assert flared > 1.2 * narrow


@pytest.mark.parametrize("style", STYLES)
def test_a_broom_is_one_closed_piece_without_hollows_inside(style: str) -> None:
    thing = broom(style)
    surface = trimesh.Trimesh(thing.vertices, thing.faces, process=False)
    assert surface.is_watertight and surface.body_count == 1 and len(thing.faces) < 25000


def test_every_drawn_broom_lies() -> None:
    """Its weight may hang over a ridge of straw or the corner of its block; it must still find what carries it."""
    rng = np.random.default_rng(3)
    for _ in range(6):
        thing = draw(Broom, rng).build()
        assert thing.vertices[:, 2].min() == pytest.approx(0.0, abs=1e-9)


def test_a_broom_is_symmetric_as_its_ends_are() -> None:
    order = {style: broom(style).symmetries["sweep-with"].order for style in STYLES}
    assert order == {"upright": 2, "push": 2, "fan": 2, "besom": ANY_ANGLE}
    assert not Broom(style="upright", slant=0.2).build().symmetries


@pytest.mark.parametrize("shape", SQUEEGEES, ids=lambda shape: shape.style)
def test_a_squeegees_edge_is_straight_along_y_and_foremost(shape: Any) -> None:
    thing = shape.build()
    from_edge = np.linalg.inv(thing.object_from_function("sweep-with"))
    blade = points_of(thing, "blade") @ from_edge[:3, :3].T + from_edge[:3, 3]
    edge = blade[blade[:, 0] > -1e-6]
    assert blade[:, 0].max() == pytest.approx(0.0, abs=1e-9)
    assert np.ptp(edge[:, 1]) == pytest.approx(shape.width + 2.0 * shape.overhang, abs=0.002)
    assert np.ptp(blade[:, 2]) == pytest.approx(shape.blade_thickness, rel=1e-6)
    others = [points_of(thing, part) @ from_edge[:3, :3].T + from_edge[:3, 3] for part in ("handle", "head")]
    assert max(points[:, 0].max() for points in others) == pytest.approx(-shape.blade_reach, abs=1e-6)


@pytest.mark.parametrize("style", ["channel", "bow", "fork"])
def test_what_holds_the_blade_has_a_hole_only_where_it_is_forked(style: str) -> None:
    thing = Squeegee(style=style).build()
    surface = trimesh.Trimesh(thing.vertices, thing.faces, process=False)
    assert surface.body_count == 1 and surface.euler_number == (0 if style == "fork" else 2)
    assert thing.symmetries["scrape-with"].order == 2
