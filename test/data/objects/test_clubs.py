# SPDX-License-Identifier: Apache-2.0
"""Turned bodies are round about their axis, lie on the table, and work with their thick end or side."""
import numpy as np
import pytest
from data.objects.surfaces import points_of

from func_corr_ros.data.objects.clubs import BaseballBat, Pestle, RollingPin
from func_corr_ros.data.objects.functional_object import ANY_ANGLE, FunctionalObject, draw
from func_corr_ros.data.objects.resting import middle_of_mass

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")

_BUILT = [(shape, shape.build()) for shape in (
    draw(kind, np.random.default_rng(seed)) for kind in (Pestle, RollingPin, BaseballBat) for seed in range(5))]


@pytest.fixture(params=_BUILT, ids=lambda pair: pair[1].category)
def built(request: pytest.FixtureRequest) -> tuple[Pestle | RollingPin | BaseballBat, FunctionalObject]:
    return request.param


def from_axis(thing: FunctionalObject, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance along the axis of pound-with's symmetry, and from it."""
    axis = thing.symmetries["pound-with"]
    along = (points - axis.point) @ axis.direction
    return along, np.linalg.norm(points - axis.point - along[:, None] * axis.direction, axis=1)


def test_closed_round_and_in_one_piece(built: tuple[Pestle | RollingPin | BaseballBat, FunctionalObject]) -> None:
    thing = built[1]
    surface = trimesh.Trimesh(thing.vertices, thing.faces, process=False)
    assert surface.is_watertight and surface.body_count == 1 and surface.euler_number == 2
    assert all(item.order == ANY_ANGLE for item in thing.symmetries.values())
    middle = middle_of_mass(thing.vertices, thing.faces)
    assert from_axis(thing, middle[None])[1][0] < 1e-6


def test_the_working_frame_is_at_the_working_part(built: tuple[Pestle | RollingPin | BaseballBat, FunctionalObject]) -> None:
    shape, thing = built
    frame = thing.object_from_function("pound-with")
    axis = thing.symmetries["pound-with"].direction
    if isinstance(shape, Pestle):
        np.testing.assert_allclose(frame[:3, 0], axis, atol=1e-9)  # out of the end of the head
        assert from_axis(thing, thing.vertices)[0].max() == pytest.approx(from_axis(thing, frame[None, :3, 3])[0][0], abs=1e-6)
    else:
        np.testing.assert_allclose(frame[:3, 2], axis, atol=1e-9)  # out of the side
        largest = from_axis(thing, thing.vertices)[1].max()
        assert from_axis(thing, frame[None, :3, 3])[1][0] == pytest.approx(largest, rel=0.04)


def test_all_lies_near_the_table(built: tuple[Pestle | RollingPin | BaseballBat, FunctionalObject]) -> None:
    thing = built[1]
    assert thing.vertices[:, 2].min() == pytest.approx(0.0, abs=1e-9)
    thickest = 2.0 * from_axis(thing, thing.vertices)[1].max()
    assert thing.vertices[:, 2].max() < 1.35 * thickest
    assert np.ptp(thing.vertices[:, 0]) > 3.0 * thickest


def test_a_pin_has_two_equal_handles_and_rolls_about_its_axis() -> None:
    for style in ("handled", "one piece", "tapered"):
        shape = RollingPin(style=style)
        thing = shape.build()
        handles, cylinder = points_of(thing, "handle"), points_of(thing, "cylinder")
        assert handles[:, 0].min() == pytest.approx(-handles[:, 0].max(), abs=1e-6)
        assert np.ptp(cylinder[:, 0]) == pytest.approx(shape.length, rel=0.01)
        roll = thing.object_from_function("roll-onto")
        np.testing.assert_allclose(roll[:3, 2], [1.0, 0.0, 0.0], atol=1e-6)
        np.testing.assert_allclose(roll[:3, 3], [0.0, 0.0, shape.radius], atol=3e-4)
        assert abs(roll[2, 0]) < 0.06  # it rolls along the table


def test_a_bat_is_thick_at_the_barrel_thin_at_the_handle_and_wider_at_the_knob() -> None:
    shape = BaseballBat()
    thing = shape.build()
    radius = {part: from_axis(thing, points_of(thing, part))[1] for part in ("barrel", "handle", "knob")}
    assert radius["barrel"].max() == pytest.approx(shape.barrel_radius, rel=0.01)
    assert radius["handle"].min() == pytest.approx(shape.handle_radius, rel=0.05)
    assert radius["knob"].max() == pytest.approx(shape.knob_radius, rel=0.03)


def test_a_cupped_end_is_hollow() -> None:
    depth = {}
    for style in ("domed", "cupped"):
        thing = BaseballBat(end_style=style).build()
        along, off = from_axis(thing, points_of(thing, "end"))
        depth[style] = along.max() - along[off < 1e-6].max()
    assert depth["domed"] == pytest.approx(0.0, abs=1e-9)
    assert depth["cupped"] > 0.01
