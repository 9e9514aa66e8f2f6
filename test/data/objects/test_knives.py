# SPDX-License-Identifier: Apache-2.0
"""Knives point away from their handle, and cut with the edge that runs along the blade."""
from typing import Any

import numpy as np
import pytest

from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.data.objects.knives import Cleaver, Dagger, Knife, Scalpel

pytest.importorskip("manifold3d")
_BUILT = [draw(kind, np.random.default_rng(seed)).build() for kind in (Knife, Cleaver, Dagger, Scalpel) for seed in range(4)]


@pytest.fixture(params=_BUILT, ids=lambda thing: thing.category)
def thing(request: pytest.FixtureRequest) -> Any:
    return request.param


def points_of(thing: FunctionalObject, *parts: str) -> np.ndarray:
    wanted = [thing.part_names.index(part) for part in parts]
    return thing.vertices[np.unique(thing.faces[np.isin(thing.part_of_face, wanted)])]


def test_the_handle_lies_behind_the_blade(thing: FunctionalObject) -> None:
    assert points_of(thing, "handle")[:, 0].max() < np.median(points_of(thing, "edge")[:, 0])
    assert thing.vertices[:, 2].min() == pytest.approx(0.0, abs=1e-9)
    assert np.ptp(thing.vertices[:, 0]) > 2.0 * np.ptp(thing.vertices[:, 1])


def test_cutting_goes_out_of_the_edge_along_it(thing: FunctionalObject) -> None:
    frame = thing.object_from_function("cut-with")
    x, y, z = frame[:3, :3].T
    edge = points_of(thing, "edge")
    near = edge[np.linalg.norm(edge - frame[:3, 3], axis=1) < 0.15 * np.ptp(edge[:, 0])]
    assert y[0] > 0.8 and z[2] > 0.8
    beyond = (near - frame[:3, 3]) @ x
    assert beyond.max() < 0.15 * np.ptp(edge[:, 0])
    # The blade lies behind the edge, so nearly all of it is at negative x of the frame.
    assert np.median((points_of(thing, "blade") - frame[:3, 3]) @ x) < 0.0


def test_peeling_and_scraping_are_done_as_cutting(thing: FunctionalObject) -> None:
    for function in thing.functional_frames.keys() & {"peel-with", "scrape-with"}:
        assert np.array_equal(thing.object_from_function(function), thing.object_from_function("cut-with"))


def test_the_tip_is_the_foremost_of_all() -> None:
    for thing in _BUILT:
        if "tip" in thing.part_names:
            tip, frame = points_of(thing, "tip"), thing.object_from_function("pierce-with")
            assert tip[:, 0].max() == pytest.approx(thing.vertices[:, 0].max())
            assert frame[0, 3] == pytest.approx(thing.vertices[:, 0].max(), abs=1e-3) and frame[0, 0] > 0.9


def test_a_cleaver_pounds_with_the_back_opposite_the_edge() -> None:
    for thing in _BUILT[4:8]:
        blow, cut = thing.object_from_function("pound-with"), thing.object_from_function("cut-with")
        assert blow[:3, 0] @ cut[:3, 0] < -0.9 and (blow[:3, 3] - cut[:3, 3]) @ blow[:3, 0] > 0.05
        assert blow[0, 2] > 0.9


def test_styles_change_the_outline() -> None:
    outlines = {style: Knife(blade_style=style).blade() for style in ("chef", "santoku", "bread", "clip", "fillet")}
    areas = [float(np.trapezoid(blade.spine - blade.edge, blade.x)) for blade in outlines.values()]
    assert np.diff(np.sort(areas)).min() > 1e-5
    wavy, smooth = np.diff(outlines["bread"].edge), np.diff(outlines["chef"].edge)
    assert (np.diff(np.sign(wavy)) != 0).sum() > 20 > (np.diff(np.sign(smooth)) != 0).sum()


def test_both_edges_of_a_dagger_are_alike() -> None:
    straight = Dagger().build()
    about, edge = straight.symmetries["cut-with"], points_of(straight, "edge")
    turned = 2.0 * ((edge - about.point) @ about.direction)[:, None] * about.direction - (edge - about.point) + about.point
    gaps = np.linalg.norm(turned[:, None] - edge[None], axis=-1).min(axis=1)
    assert about.order == 2 and np.median(gaps) < 1e-4
    assert not Dagger(blade_style="wavy").build().symmetries
