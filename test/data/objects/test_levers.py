# SPDX-License-Identifier: Apache-2.0
"""Crowbars, bottle openers and wrenches lie flat and act away from what they are held by."""
import numpy as np
import pytest
from data.objects.surfaces import points_of, surface_of

from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.data.objects.levers import BottleOpener, Crowbar, Wrench

pytest.importorskip("manifold3d")
pytest.importorskip("trimesh")

_BUILT = [(shape, shape.build()) for shape in (
    draw(kind, np.random.default_rng(seed)) for kind in (Crowbar, BottleOpener, Wrench) for seed in range(5))]


@pytest.fixture(params=_BUILT, ids=lambda pair: pair[1].category)
def built(request: pytest.FixtureRequest) -> tuple[Crowbar | BottleOpener | Wrench, FunctionalObject]:
    return request.param


def test_closed_in_one_piece_and_flat(built: tuple[Crowbar | BottleOpener | Wrench, FunctionalObject]) -> None:
    surface = surface_of(built[1])
    assert surface.is_watertight and surface.body_count == 1 and surface.volume > 0.0
    size = np.ptp(built[1].vertices, axis=0)
    assert size[2] < 0.35 * size[0] and size[1] < 0.6 * size[0]


def test_prying_goes_in_where_there_is_nothing_behind(built: tuple[Crowbar | BottleOpener | Wrench, FunctionalObject]) -> None:
    """From the tip on there is free way into the gap for half a centimetre at least, and material just behind it."""
    thing = built[1]
    frame = thing.object_from_function("pry-with")
    tip, x = frame[:3, 3], frame[:3, 0]
    assert not surface_of(thing).contains([tip + step * x for step in (0.003, 0.005)]).any()
    assert surface_of(thing).contains([tip - 0.004 * x])[0]


def test_a_crowbars_two_ends_are_on_its_ends_and_the_claw_pulls_back() -> None:
    for _, thing in [pair for pair in _BUILT if isinstance(pair[0], Crowbar)]:
        assert points_of(thing, "chisel end")[:, 0].max() < points_of(thing, "curve")[:, 0].min()
        pry, pull, pound = (thing.object_from_function(f"{name}-with") for name in ("pry", "pull", "pound"))
        assert pry[0, 0] < -0.8 and pull[0, 0] < -0.95 and pound[0, 2] > 0.5
        towards_shaft = 0.002 * pull[:3, 1]
        near = surface_of(thing).contains([pull[:3, 3] + towards_shaft, pull[:3, 3] - towards_shaft])
        assert near.tolist() == [False, True]  # on the skin that faces the shaft
        assert not surface_of(thing).contains([pound[:3, 3] + 0.003 * pound[:3, 0]])[0]
        assert surface_of(thing).contains([pound[:3, 3] - 0.003 * pound[:3, 0]])[0]


def test_the_claw_is_forked() -> None:
    thing = Crowbar(turn=180.0).build()
    claw = points_of(thing, "claw")
    pull = thing.object_from_function("pull-with")
    last = (claw - pull[:3, 3])[(claw[:, 0] < claw[:, 0].min() + 0.002)] @ pull[:3, 2]
    assert (last > 0.004).any() and (last < -0.004).any() and np.abs(last).min() > 0.003


def test_sections_differ() -> None:
    volumes = {style: surface_of(Crowbar(section=style).build()).volume for style in ("hexagon", "round", "flat")}
    assert volumes["hexagon"] == pytest.approx(volumes["round"] * 3.0 * np.sqrt(3.0) / 2.0 / np.pi, rel=0.06)
    assert len({round(volume, 9) for volume in volumes.values()}) == 3


@pytest.mark.parametrize("mouth", ["round", "bell"])
def test_a_flat_opener_has_a_mouth_and_a_hole_to_hang_it_by(mouth: str) -> None:
    shape = BottleOpener(style="flat bar", mouth_style=mouth)
    surface = surface_of(shape.build())
    assert surface.euler_number == -2  # two holes
    assert np.ptp(surface.vertices, axis=0)[[0, 2]] == pytest.approx([shape.length, shape.thickness], rel=1e-3)


def test_the_openers_blade_stands_in_its_mouth() -> None:
    for shape, thing in [pair for pair in _BUILT if isinstance(pair[0], BottleOpener)]:
        blade, head = points_of(thing, "blade"), points_of(thing, "head")
        assert np.ptp(blade[:, 1]) < 1.25 * shape.blade_width + 2e-3
        assert head[:, 0].min() < blade[:, 0].min() and head[:, 0].max() > blade[:, 0].max() + 0.5 * shape.mouth_radius
        front = head[:, 0].max() - thing.object_from_function("pry-with")[0, 3]
        expected = shape.mouth_radius * (2.0 - shape.blade_reach) + shape.ring
        assert front == pytest.approx(expected, rel=0.15)


def test_a_nut_fits_between_a_wrenchs_jaws() -> None:
    for shape, thing in [pair for pair in _BUILT if isinstance(pair[0], Wrench)]:
        frame = thing.object_from_function("apply torque-with")
        assert frame[2, 2] > 0.999  # the head is thicker than the handle
        both_ways = [frame[:3, 1], -frame[:3, 1]]
        hits, _, _ = surface_of(thing).ray.intersects_location([frame[:3, 3]] * 2, both_ways, multiple_hits=False)
        assert len(hits) == 2
        assert np.linalg.norm(hits[0] - hits[1]) == pytest.approx(shape.opening, rel=0.03)
        assert np.degrees(np.arctan2(frame[1, 0], frame[0, 0])) == pytest.approx(shape.offset, abs=0.2)
        ahead, _, _ = surface_of(thing).ray.intersects_location([frame[:3, 3]], [frame[:3, 0]])
        assert len(ahead) == 0  # open in front


def test_a_wrench_strikes_with_the_back_of_its_head() -> None:
    for _, thing in [pair for pair in _BUILT if isinstance(pair[0], Wrench)]:
        frame = thing.object_from_function("pound-with")
        assert frame[0, 2] > 0.85 and abs(frame[2, 0]) < 0.05  # z along the handle, the blow in the plane of the wrench
        assert surface_of(thing).contains([frame[:3, 3] - 0.003 * frame[:3, 0]])[0]


def test_a_combination_wrench_alone_has_a_ring() -> None:
    parts = {style: set(Wrench(style=style).build().part_names) for style in ("combination", "single", "adjustable")}
    assert parts["combination"] == {"handle", "head", "jaw", "ring"}
    assert parts["single"] == parts["adjustable"] == {"handle", "head", "jaw"}
    assert not Wrench(style="adjustable").build().symmetries
