# SPDX-License-Identifier: Apache-2.0
"""Surfaces are cut where they break, and pieces of one thing find each other."""
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree
from segmentation.ray_cast import TABLE, Balls, Box, Cylinder, Solid, View, cast, eye, mug

from func_corr_ros.segmentation.clusters import fragments, grouped, is_open_inside
from func_corr_ros.segmentation.support_plane import heights_above
from func_corr_ros.segmentation.surface import Surface
from func_corr_ros.segmentation.tabletop import TabletopSegmenter

CUT = {"max_slope": 1.9, "noise_m": 0.0}
BOWL = Cylinder("bowl", (230, 230, 225), radius=0.08, height=0.05, inner=0.076)
JOIN = {"min_points": 25, "gap_m": 0.015, "low_m": 0.008}


def surface_of(solids: list[Solid], elevation: float = 40.0, hidden: np.ndarray | None = None) -> tuple[View, Surface]:
    view = cast([TABLE, *solids], eye(elevation))
    support = TabletopSegmenter().support(view.frame)
    heights = heights_above(support.plane, view.frame.depth, view.frame.camera)
    above = heights > 0.004
    if hidden is not None:
        above &= ~hidden
    return view, Surface.sampled(view.frame.depth, heights, above, view.frame.camera, support, 2)


def labels_of(view: View, labels: np.ndarray, name: str) -> set[int]:
    return set(labels[view.mask(name)[::2, ::2] & (labels > 0)].tolist())


def without_rim(bowl: Cylinder) -> tuple[View, Surface]:
    """Returns a bowl as stereo sees it: nothing along the edges, so that wall and inside are apart."""
    view = cast([TABLE, bowl], eye(40))
    step = np.abs(np.gradient(view.frame.depth, axis=0)) > 0.01
    return surface_of([bowl], hidden=np.any([np.roll(step, shift, axis=0) for shift in range(-4, 5)], axis=0))


def test_what_is_apart_is_no_piece() -> None:
    boxes = [Box(name, (200, 0, 0), center=(x, 0.0, 0.05), size=(0.08, 0.06, 0.1)) for name, x in (("a", -0.1), ("b", 0.1))]
    view, surface = surface_of(boxes)
    labels = fragments(surface, **CUT)
    np.testing.assert_array_equal(labels > 0, surface.above)
    assert labels_of(view, labels, "a").isdisjoint(labels_of(view, labels, "b"))
    for name in ("a", "b"):  # front and top are one piece; the side that is seen edge-on may be another
        sizes = np.bincount(labels[view.mask(name)[::2, ::2] & surface.above])
        assert sizes.max() > 0.9 * sizes.sum()


def test_what_is_hidden_behind_is_another_piece() -> None:
    view, surface = surface_of([Cylinder("near", (200, 0, 0), base=(0.0, -0.06, 0.0), height=0.12),
                                Box("far", (0, 0, 200), center=(0.0, 0.08, 0.09), size=(0.2, 0.04, 0.18))], elevation=25)
    labels = fragments(surface, **CUT)
    assert labels_of(view, labels, "near").isdisjoint(labels_of(view, labels, "far"))


def test_noise_alone_cuts_nothing(rng: np.random.Generator) -> None:
    _, surface = surface_of([Box("a", (200, 0, 0), center=(0.0, 0.0, 0.05), size=(0.2, 0.1, 0.1))])
    noisy = replace(surface, depth=(surface.depth + rng.normal(size=surface.depth.shape) * 0.003).astype(np.float32))
    _, sizes = np.unique(fragments(noisy, max_slope=1.9, noise_m=0.003)[surface.above], return_counts=True)
    assert sizes.max() > 0.95 * surface.above.sum()


@pytest.mark.parametrize("elevation", [30.0, 60.0, 75.0])
def test_an_upright_wall_is_one_piece_however_steep_the_view(elevation: float) -> None:
    view, surface = surface_of([Box("a", (200, 0, 0), center=(0.0, 0.0, 0.08), size=(0.15, 0.1, 0.16))], elevation)
    _, sizes = np.unique(fragments(surface, **CUT)[surface.above], return_counts=True)
    assert sizes.max() > 0.97 * surface.above.sum()


@pytest.mark.parametrize("azimuth", [0.0, 0.7, -0.9, -1.57, 3.1])
def test_handles_join_their_mug(azimuth: float) -> None:
    _, surface = surface_of(mug(0.0, 0.0, azimuth))
    labels, _ = grouped(surface, fragments(surface, **CUT), **JOIN)
    assert set(labels[surface.above].tolist()) == {1}


def test_objects_a_finger_apart_stay_two() -> None:
    boxes = [Box(name, (200, 0, 0), center=(x, 0.0, 0.05), size=(0.08, 0.06, 0.1)) for name, x in (("a", -0.05), ("b", 0.05))]
    view, surface = surface_of(boxes)  # 20 mm between them
    labels, _ = grouped(surface, fragments(surface, **CUT), **JOIN)
    assert len(labels_of(view, labels, "a")) == len(labels_of(view, labels, "b")) == 1
    assert labels_of(view, labels, "a") != labels_of(view, labels, "b")


def test_the_inside_of_a_bowl_finds_its_wall() -> None:
    _, surface = without_rim(BOWL)
    pieces = fragments(surface, **CUT)
    assert (np.unique(pieces[surface.above], return_counts=True)[1] > 200).sum() == 2
    labels, _ = grouped(surface, pieces, **JOIN)
    assert set(labels[surface.above].tolist()) == {1}


def test_a_deep_pan_whose_foot_is_not_seen_is_one_vessel() -> None:
    """The front wall ends above the table, and is further than 5 cm from what is seen of the inside."""
    _, surface = without_rim(replace(BOWL, height=0.12, inner=0.078))
    keep = surface.heights[surface.above] > 0.016
    above = surface.above & (surface.heights > 0.016)
    pan = replace(surface, above=above, points=surface.points[keep], footprints=surface.footprints[keep])
    pieces = fragments(pan, **CUT)
    large = [name for name, size in zip(*np.unique(pieces[pan.above], return_counts=True), strict=True) if size > 200]
    of_piece = [pan.points[pieces[pan.above] == name] for name in large]
    assert len(large) == 2 and cKDTree(of_piece[0]).query(of_piece[1])[0].min() > 0.05
    labels, _ = grouped(pan, pieces, **JOIN)
    assert set(labels[np.isin(pieces, large)].tolist()) == {1}


HEAD = Box("head", (150, 110, 70), center=(0.0, 0.0, 0.035), size=(0.1, 0.06, 0.07))


def gap(surface: Surface, pieces: np.ndarray, view: View, names: tuple[str, str]) -> float:
    """Returns the distance of what is seen of two solids [m]."""
    one, other = (surface.points[view.mask(name)[::2, ::2][surface.above] & (pieces[surface.above] > 0)] for name in names)
    return float(cKDTree(one).query(other)[0].min())


def test_what_hangs_in_the_air_is_of_what_hides_its_joint() -> None:
    """A mallet on its side: the handle touches the table nowhere, and where it enters the head is hidden behind that."""
    handle = Box("handle", (150, 110, 70), center=(0.08, 0.12, 0.035), size=(0.24, 0.03, 0.03), yaw=0.9)
    view, surface = surface_of([HEAD, handle])
    pieces = fragments(surface, **CUT)
    assert gap(surface, pieces, view, ("head", "handle")) > 1.3 * JOIN["gap_m"]
    labels, _ = grouped(surface, pieces, **JOIN)
    assert labels_of(view, labels, "head") == labels_of(view, labels, "handle") and len(labels_of(view, labels, "head")) == 1


def test_what_stands_with_hidden_feet_stays_an_object_of_its_own() -> None:
    can = Cylinder("can", (0, 0, 200), base=(0.0, 0.09, 0.0), radius=0.035, height=0.14)
    view, surface = surface_of([HEAD, can], elevation=35)
    pieces = fragments(surface, **CUT)
    heights = surface.heights[view.mask("can")[::2, ::2] & surface.above]
    assert np.percentile(heights, 2) > JOIN["low_m"] and gap(surface, pieces, view, ("head", "can")) < 0.05
    labels, _ = grouped(surface, pieces, **JOIN)
    assert labels_of(view, labels, "head").isdisjoint(labels_of(view, labels, "can"))


def test_pieces_that_float_together_are_of_what_stands_beside_them() -> None:
    """A hammer on its side: the shaft floats and touches the middle of the head, which floats; its face stands on the table."""
    shaft = Box("shaft", (150, 110, 70), center=(-0.14, 0.0, 0.03), size=(0.2, 0.02, 0.02))
    middle = Box("middle", (90, 90, 90), center=(-0.015, 0.0, 0.03), size=(0.04, 0.028, 0.02))
    face = Box("face", (90, 90, 90), center=(-0.015, -0.042, 0.018), size=(0.04, 0.03, 0.036))
    view, surface = surface_of([shaft, middle, face])
    pieces = fragments(surface, **CUT)
    labels, _ = grouped(surface, pieces, **JOIN)
    assert len(labels_of(view, pieces, "face") | labels_of(view, pieces, "shaft") | labels_of(view, pieces, "middle")) > 1
    assert labels_of(view, labels, "shaft") == labels_of(view, labels, "face") == labels_of(view, labels, "middle")


def test_a_bottom_as_low_as_the_table_is_filled_in() -> None:
    _, surface = without_rim(BOWL)
    bottom = surface.above & (surface.heights < 0.0065)
    deep = replace(surface, above=surface.above & ~bottom, points=surface.points[~bottom[surface.above]],
                   footprints=surface.footprints[~bottom[surface.above]])
    labels, loose = grouped(deep, fragments(deep, **CUT), **JOIN)
    rows, _ = np.nonzero(bottom)
    back = bottom & (np.arange(len(bottom))[:, None] < np.median(rows))  # the half that the back wall embraces
    assert back.sum() > 200 and (labels[back] == 1).mean() > 0.95 and not loose[back & (labels == 1)].any()


@pytest.mark.parametrize(("solid", "expected"), [
    (Cylinder("can", (0, 0, 0), radius=0.04, height=0.1), False),
    (Box("box", (0, 0, 0), center=(0.0, 0.0, 0.05), size=(0.1, 0.08, 0.1), yaw=0.6), False),
    (Balls("ball", (0, 0, 0), centers=((0.0, 0.0, 0.05),), radius=0.05), False),
    (mug(0.0, 0.0)[1], False),  # a handle: one sees through, not into
    (BOWL, True),
])
def test_only_hollows_are_open_inside(solid: Solid, expected: bool) -> None:
    _, surface = without_rim(solid) if solid is BOWL else surface_of([solid])
    pieces = fragments(surface, **CUT)[surface.above]
    names, sizes = np.unique(pieces, return_counts=True)
    large = [np.flatnonzero(pieces == name) for name in names[sizes >= 60]]
    assert [is_open_inside(surface, piece) for piece in large].count(True) == int(expected)


def test_specks_are_loose_and_follow_the_nearest() -> None:
    view, surface = surface_of([Box("a", (200, 0, 0), center=(0.0, 0.0, 0.05), size=(0.08, 0.06, 0.1))])
    pieces = fragments(surface, **CUT)
    rows, columns = np.nonzero(surface.above)
    pieces[rows[len(rows) // 2], columns[len(rows) // 2]] = pieces.max() + 1  # one point torn out
    labels, loose = grouped(surface, pieces, **JOIN)
    assert set(labels[surface.above].tolist()) == {1}
    high = surface.above & (surface.heights >= JOIN["low_m"])
    assert loose[high].sum() == 1 and loose[surface.above & ~high].all()


def test_nothing_gives_nothing() -> None:
    _, surface = surface_of([Box("a", (200, 0, 0), center=(0.0, 0.0, 0.05), size=(0.08, 0.06, 0.1))])
    labels, loose = grouped(surface, np.zeros_like(fragments(surface, **CUT)), **JOIN)
    assert not labels.any() and not loose.any()
