# SPDX-License-Identifier: Apache-2.0
"""Bottles, jars and decanters are hollow to the mouth and know how they pour, press, roll and pound."""
import numpy as np
import pytest
from data.objects.surfaces import surface_of

from func_corr_ros.data.objects.bottles import Bottle, Decanter, Jar
from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, draw

pytest.importorskip("manifold3d")
pytest.importorskip("trimesh")

_SHAPES = [Bottle(style=style) for style in ("wine", "beer", "flask", "water")]
_SHAPES += [Jar(style=style) for style in ("preserving", "bellied", "faceted")]
_SHAPES += [Decanter(style=style) for style in ("globe", "captain", "slender")]
_SHAPES += [draw(kind, np.random.default_rng(seed)) for kind in (Bottle, Jar, Decanter) for seed in range(3)]
_BUILT = {id(shape): shape.build() for shape in _SHAPES}


@pytest.fixture(params=_SHAPES, ids=lambda shape: f"{type(shape).__name__}-{shape.style}")
def shape(request: pytest.FixtureRequest):
    return request.param


def built(shape) -> FunctionalObject:
    return _BUILT[id(shape)]


def test_looking_into_the_mouth_one_sees_the_floor(shape) -> None:
    surface = surface_of(built(shape))
    assert surface.is_watertight and surface.body_count == 1 and surface.euler_number == 2
    hits, _, _ = surface.ray.intersects_location([[1e-3, 2e-3, 1.0]], [[0.0, 0.0, -1.0]])
    assert hits[:, 2].max() < 0.1 * shape.height


def test_what_it_holds_is_plausible(shape) -> None:
    litres = 1e3 * shape.shell().filling(shape.wall).volume
    low, high = {Bottle: (0.2, 1.4), Jar: (0.15, 2.0), Decanter: (0.5, 4.0)}[type(shape)]
    assert low < litres < high


def test_it_pours_at_the_front_of_its_mouth(shape) -> None:
    frame = built(shape).object_from_function("pour-with")
    np.testing.assert_array_equal(frame[:3, :3], np.eye(3))
    assert frame[0, 3] > 0.0 and frame[1, 3] == pytest.approx(0.0, abs=1e-12)
    assert frame[2, 3] == pytest.approx(built(shape).vertices[:, 2].max(), abs=1e-6)


def test_a_round_mouth_pours_anywhere_and_a_drawn_lip_only_at_the_front() -> None:
    assert Decanter(lip_style="round").build().symmetries["pour-with"].order == ANY_ANGLE
    assert "pour-with" not in Decanter(lip_style="drawn").build().symmetries
    plain, drawn = (Decanter(lip_style=style).build().object_from_function("pour-with")[:3, 3] for style in ("round", "drawn"))
    assert drawn[0] - plain[0] == pytest.approx(0.01, abs=2e-3)


@pytest.mark.parametrize("kind", [Bottle, Jar])
def test_it_pounds_with_its_side_and_rolls_about_its_axis(kind: type) -> None:
    for seed in range(4):
        thing = draw(kind, np.random.default_rng(seed)).build()
        pound, roll, press = (thing.object_from_function(name) for name in ("pound-with", "roll-onto", "press-with"))
        np.testing.assert_allclose(pound[:3, 0], [1.0, 0.0, 0.0], atol=1e-12)
        np.testing.assert_allclose(pound[:3, 2], [0.0, 0.0, -1.0], atol=1e-12)  # away from the neck by which it is held
        np.testing.assert_allclose(roll[:3, 2], [0.0, 0.0, 1.0], atol=1e-12)
        np.testing.assert_allclose(press[:3, 0], [0.0, 0.0, -1.0], atol=1e-12)
        assert np.linalg.norm(roll[:2, 3]) == 0.0 and 0.0 < roll[2, 3] < pound[2, 3] + 0.1


def test_a_faceted_jar_looks_the_same_after_a_tenth_of_a_turn() -> None:
    assert Jar(style="faceted").build().symmetries["roll-onto"].order == 10
    assert Jar(style="preserving").build().symmetries["roll-onto"].order == ANY_ANGLE


def test_the_neck_is_narrower_than_the_body(shape) -> None:
    thing = built(shape)
    radius = np.linalg.norm(thing.vertices[:, :2], axis=1)
    part = {name: radius[np.unique(thing.faces[thing.part_of_face == i])] for i, name in enumerate(thing.part_names)}
    assert part["neck"].min() < 0.9 * part["body"].max()
