# SPDX-License-Identifier: Apache-2.0
"""Spoons and ladles hold a swig in a hollow that opens upward, at the end of a handle."""
from dataclasses import replace

import numpy as np
import pytest
from data.objects.surfaces import points_of

from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.data.objects.spoons import Ladle, Spoon

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")

SPOONS = [(shape, shape.build()) for shape in (draw(Spoon, np.random.default_rng(seed)) for seed in range(5))]
LADLES = [(shape, shape.build()) for shape in (draw(Ladle, np.random.default_rng(seed)) for seed in range(5))]


def euler_number(thing: FunctionalObject) -> int:
    return trimesh.Trimesh(thing.vertices, thing.faces, process=False).euler_number


def swig(thing: FunctionalObject) -> float:
    """What the bowl holds up to the height of its tip, cubic metres: columns on a grid of 1 mm."""
    carrying = thing.object_from_function("lift-with")
    mesh = trimesh.Trimesh(thing.vertices, thing.faces, process=False).apply_transform(np.linalg.inv(carrying))
    bowl = points_of(thing, "bowl", "lift-with")
    x, y = (np.arange(low, high, 1e-3) for low, high in zip(bowl[:, :2].min(axis=0), bowl[:, :2].max(axis=0), strict=True))
    above = np.stack([*np.meshgrid(x, y), np.full((len(y), len(x)), 0.1)], axis=-1).reshape(-1, 3)
    hits, _, _ = mesh.ray.intersects_location(above, np.tile([0.0, 0.0, -1.0], (len(above), 1)), multiple_hits=False)
    brim = points_of(thing, "tip", "lift-with")[:, 2].max()
    return float(np.maximum(brim - hits[:, 2], 0.0).sum() * 1e-6)


@pytest.mark.parametrize(("shape", "thing"), SPOONS[:3])
def test_a_spoon_holds_a_swig_in_proportion_to_its_length(shape: Spoon, thing: FunctionalObject) -> None:
    assert 4e-4 * shape.length**3 < swig(thing) < 5e-3 * shape.length**3


def test_a_deeper_spoon_holds_more() -> None:
    shallow, deep = (swig(Spoon(depth=depth).build()) for depth in (0.25, 0.5))
    assert deep > 1.6 * shallow
    assert 4e-6 < shallow < deep < 35e-6  # between a tea spoon's and a serving spoon's


@pytest.mark.parametrize(("shape", "thing"), SPOONS)
def test_a_spoons_hollow_is_above_its_back_and_the_tip_ahead(shape: Spoon, thing: FunctionalObject) -> None:
    assert points_of(thing, "handle")[:, 0].max() < points_of(thing, "bowl")[:, 0].mean()
    assert points_of(thing, "tip")[:, 0].max() == pytest.approx(thing.vertices[:, 0].max())
    bowl, half_width = points_of(thing, "bowl", "lift-with"), shape.bowl_aspect * shape.bowl_share * shape.length / 2.0
    assert bowl[:, 2].min() > -1e-3 and bowl[:, 2].max() > 0.5 * shape.depth * half_width
    lifting, spreading = thing.object_from_function("lift-with"), thing.object_from_function("spread-with")
    sheet = shape.thickness * shape.length * (1.6 if shape.handle_style == "stick" else 1.0)
    np.testing.assert_allclose(lifting[:3, 3] - spreading[:3, 3], sheet * lifting[:3, 2], atol=1e-6)
    assert thing.object_from_function("press-with")[:3, 0] @ lifting[:3, 2] < -0.999
    assert thing.object_from_function("scoop-with")[0, 0] > 0.9


def test_a_spoons_styles_make_it_wider_behind_or_in_front() -> None:
    lean = {}
    for style in ("egg", "pear", "oval"):
        spoon = Spoon(bowl_style=style, taper=0.2).build()
        rim = np.abs(points_of(spoon, "rim", "lift-with"))
        ahead = points_of(spoon, "rim", "lift-with")[:, 0] > 0.0
        lean[style] = rim[ahead, 1].mean() - rim[~ahead & (rim[:, 0] < 0.03), 1].mean()
    assert np.diff([lean["egg"], lean["oval"], lean["pear"]]).min() > 5e-4
    oval, square = (Spoon(bowl_style=style, taper=0.04).sheet().section.area() for style in ("oval", "square"))
    assert square > 1.02 * oval


def test_a_stick_is_round_where_pressed_handles_are_flat() -> None:
    flatness = {}
    for style in ("fiddle", "spade", "stick"):
        handle = points_of(Spoon(handle_style=style, arch=0.02).build(), "handle")
        end = handle[handle[:, 0] < handle[:, 0].min() + 0.02]
        flatness[style] = np.ptp(end[:, 2]) / np.ptp(end[:, 1])
    assert flatness["stick"] > 0.7 > 0.5 > max(flatness["fiddle"], flatness["spade"])


@pytest.mark.parametrize(("shape", "thing"), LADLES)
def test_a_ladle_holds_a_portion_and_pours_away_from_its_handle(shape: Ladle, thing: FunctionalObject) -> None:
    shell = shape.shell()
    assert 0.04 < 1e3 * shell.filling(shell.thickness).volume < 0.4
    pouring = points_of(thing, "handle", "pour-with")
    assert pouring[:, 0].max() < -shape.bowl_radius  # all of the handle is behind, on the far side of the bowl
    assert pouring[:, 2].max() > 0.1 * shape.handle_length  # and it rises above the rim
    below = points_of(thing, "bowl", "pour-with")
    assert below[:, 2].min() == pytest.approx(-shape.bowl_depth * shape.bowl_radius, abs=0.005)
    np.testing.assert_array_equal(thing.object_from_function("scoop-with"), thing.object_from_function("pour-with"))


def test_a_lip_stands_out_of_the_rim_as_told() -> None:
    plain, lipped = (Ladle(rim_style=style, lip_reach=0.012).build() for style in ("round", "lipped"))
    reach = [np.linalg.norm(thing.object_from_function("pour-with")[:3, 3] - thing.object_from_function("mix-with")[:3, 3])
             for thing in (plain, lipped)]
    assert reach[1] - reach[0] == pytest.approx(0.012, abs=0.003)


def test_a_ladle_ends_in_a_hook_an_eye_or_a_grip() -> None:
    ends = {}
    for style in ("hook", "eye", "grip"):
        thing = replace(Ladle(end_size=0.02), end_style=style).build()
        handle = points_of(thing, "handle", "pour-with")
        middle = handle[(handle[:, 0] < -0.15) & (handle[:, 0] > -0.22)]
        slope = np.polyfit(middle[:, 0], middle[:, 2], 1)
        end = handle[handle[:, 0] < handle[:, 0].min() + 0.04]
        ends[style] = (end[:, 2] - np.polyval(slope, end[:, 0])).min()  # how far the end reaches below the handle's line
        assert euler_number(thing) == (0 if style == "eye" else 2)
    assert ends["hook"] < -0.03 and min(ends["eye"], ends["grip"]) > -0.02
