# SPDX-License-Identifier: Apache-2.0
"""Brushes lie with their bristles up, brush out of them, and are held behind them."""
from functools import cache
from typing import Any

import numpy as np
import pytest
from data.objects.surfaces import points_of

from func_corr_ros.data.objects.brushes import Brush, Hairbrush, Paintbrush, Toothbrush
from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, draw

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")

UPWARD = [draw(kind, np.random.default_rng(seed)) for kind in (Brush, Hairbrush, Toothbrush) for seed in range(4)]
PAINT = [draw(Paintbrush, np.random.default_rng(seed)) for seed in range(6)]


@cache
def built(shape: Any) -> FunctionalObject:
    return shape.build()


@pytest.mark.parametrize("shape", UPWARD, ids=lambda shape: type(shape).__name__)
def test_bristles_stand_up_over_the_head_and_the_handle_is_behind(shape: Any) -> None:
    thing = built(shape)
    frame = thing.object_from_function("brush-with")
    up = frame[:3, 0]
    assert np.degrees(np.arccos(up[2])) < 25.0
    tufts, head = points_of(thing, "bristles"), points_of(thing, "head")
    assert (tufts @ up).max() > (head @ up).max() + 0.005
    assert (tufts @ up).max() - frame[:3, 3] @ up < 0.004
    assert thing.grasp_frames["handle"][0, 3] < points_of(thing, "bristles")[:, 0].min()
    assert points_of(thing, "handle")[:, 0].min() == pytest.approx(thing.vertices[:, 0].min())


@pytest.mark.parametrize("shape", UPWARD, ids=lambda shape: type(shape).__name__)
def test_z_points_away_from_the_grip(shape: Any) -> None:
    thing = built(shape)
    frame = thing.object_from_function("brush-with")
    away = frame[:3, 3] - thing.grasp_frames["handle"][:3, 3]
    assert frame[:3, 2] @ away > 0.9 * np.linalg.norm(away - (away @ frame[:3, 0]) * frame[:3, 0])


@pytest.mark.parametrize("shape", UPWARD + PAINT, ids=lambda shape: type(shape).__name__)
def test_it_is_one_closed_piece_of_many_tufts(shape: Any) -> None:
    thing = built(shape)
    surface = trimesh.Trimesh(thing.vertices, thing.faces, process=False)
    assert surface.is_watertight and surface.body_count == 1 and len(thing.faces) < 25000


def test_a_brush_spreads_with_its_back_up_and_stirs_along_its_handle() -> None:
    thing = Brush().build()
    brush, spread, mix, sweep = (thing.object_from_function(f"{name}-with") for name in ("brush", "spread", "mix", "sweep"))
    np.testing.assert_array_equal(brush, sweep)
    np.testing.assert_allclose(spread[:3, 2], -brush[:3, 0], atol=1e-12)
    for frame in (spread, mix):
        np.testing.assert_allclose(frame[:3, 0], brush[:3, 2], atol=1e-12)


def test_round_heads_look_the_same_all_round_and_oblong_ones_twice() -> None:
    assert Brush(style="dish").build().symmetries["sweep-with"].order == ANY_ANGLE
    assert Brush(style="bench").build().symmetries["sweep-with"].order == 2
    assert "brush-with" not in Toothbrush(trim="raised tip").build().symmetries
    orders = {style: Paintbrush(style=style).build().symmetries.get("write-with") for style in ("flat", "slanted", "round")}
    assert orders["flat"].order == 2 and orders["slanted"] is None and orders["round"].order == ANY_ANGLE


@pytest.mark.parametrize("style", ["paddle", "oval", "slim"])
def test_a_hairbrush_pounds_with_the_back_on_which_it_lies(style: str) -> None:
    thing = Hairbrush(style=style).build()
    pound, brush = thing.object_from_function("pound-with"), thing.object_from_function("brush-with")
    np.testing.assert_allclose(pound[:3, 0], -brush[:3, 0], atol=1e-12)
    np.testing.assert_allclose(pound[:3, 2], brush[:3, 2], atol=1e-12)
    assert pound[2, 3] < 0.003 and points_of(thing, "back")[:, 2].max() < points_of(thing, "pad")[:, 2].max()


def test_hairbrush_pins_stand_on_the_pad_only() -> None:
    thing = Hairbrush(style="oval").build()
    pins, pad = points_of(thing, "bristles"), points_of(thing, "pad")
    roots = pins[pins[:, 2] < pad[:, 2].max() + 1e-4]
    assert (np.abs(roots[:, :2] - pad[:, :2].mean(axis=0)) < np.ptp(pad[:, :2], axis=0) / 2.0).all()


def test_a_toothbrush_pokes_with_the_end_of_its_head() -> None:
    thing = Toothbrush().build()
    poke = thing.object_from_function("poke-with")
    assert poke[0, 3] == pytest.approx(thing.vertices[:, 0].max(), abs=2e-4)
    assert poke[0, 0] > 0.99


def test_trims_cut_the_bristles_to_different_lengths() -> None:
    spread = {}
    for trim in ("flat", "waves", "raised tip"):
        thing = Toothbrush(trim=trim, trim_depth=0.003, handle_shape="straight").build()
        frame = np.linalg.inv(thing.object_from_function("brush-with"))
        tufts = points_of(thing, "bristles")
        height = tufts @ frame[0, :3] + frame[0, 3]
        ends = height[height > height.max() - 0.006]
        spread[trim] = np.quantile(ends, 0.98) - np.quantile(ends, 0.1)
    assert spread["flat"] < 0.001 < min(spread["waves"], spread["raised tip"])


@pytest.mark.parametrize("shape", PAINT, ids=lambda shape: shape.style)
def test_a_paintbrush_runs_from_handle_through_ferrule_to_bristles(shape: Paintbrush) -> None:
    thing = built(shape)
    handle, ferrule, tufts = (points_of(thing, part)[:, 0] for part in ("handle", "ferrule", "bristles"))
    assert handle.min() < ferrule.min() < tufts.min() + 1e-3 and handle.max() < ferrule.max() < tufts.max()
    write = thing.object_from_function("write-with")
    assert tufts.max() - write[0, 3] < (0.02 if shape.style == "slanted" else 0.002)
    # Ends of round bristles run into a point, those of flat ones stay as wide as the ferrule.
    seen = points_of(thing, "bristles") @ write[:3, :3]
    ends = seen[seen[:, 0] > seen[:, 0].max() - 0.001]
    assert (np.ptp(ends[:, 1]) < 0.5 * np.ptp(seen[:, 1])) == (shape.style != "flat")
