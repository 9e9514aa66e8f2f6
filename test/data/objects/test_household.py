# SPDX-License-Identifier: Apache-2.0
"""Cans are open and pour at the front; cartons have their size and no function."""
import numpy as np
import pytest
from data.objects.surfaces import surface_of

from func_corr_ros.data.objects.functional_object import FunctionalObject, draw
from func_corr_ros.data.objects.household import Can, Carton

pytest.importorskip("manifold3d")
pytest.importorskip("trimesh")

CANS = [Can(), Can(style="drinks"), *(draw(Can, np.random.default_rng(seed)) for seed in range(4))]


def down(thing: FunctionalObject, x: float, y: float) -> float:
    """Height at which a ray from above first meets the object."""
    hits, _, _ = surface_of(thing).ray.intersects_location([[x, y, 1.0]], [[0.0, 0.0, -1.0]])
    return float(hits[:, 2].max())


@pytest.mark.parametrize("can", CANS, ids=lambda can: can.style)
def test_a_can_is_closed_in_one_piece_and_its_mouth_opens_on_its_floor(can: Can) -> None:
    thing = can.build()
    surface = surface_of(thing)
    assert surface.is_watertight and surface.body_count == 1 and thing.vertices[:, 2].min() == pytest.approx(0.0, abs=1e-9)
    pour = thing.object_from_function("pour-with")
    np.testing.assert_array_equal(pour[:3, :3], np.eye(3))
    assert pour[0, 3] > 0.4 * can.radius and pour[1, 3] == pytest.approx(0.0, abs=1e-9)
    inside = 0.006 if can.style == "drinks" else 0.02
    assert down(thing, pour[0, 3] - inside, 1e-4) < 0.5 * can.height  # beside the lip one looks down into the can


@pytest.mark.parametrize("can", CANS, ids=lambda can: can.style)
def test_a_can_pounds_and_rolls_with_its_side(can: Can) -> None:
    thing = can.build()
    pound, roll = thing.object_from_function("pound-with"), thing.object_from_function("roll-onto")
    np.testing.assert_allclose(pound[:3, 0], [1.0, 0.0, 0.0], atol=1e-12)
    assert pound[0, 3] == pytest.approx(can.radius, abs=can.ribs + 1e-6)
    np.testing.assert_allclose(roll[:3, 2], [0.0, 0.0, 1.0], atol=1e-12)


def test_styles_of_cans_have_their_own_parts() -> None:
    assert Can(style="tin").build().part_names == ("base", "body", "interior", "lid", "rim")
    assert Can(style="drinks").build().part_names == ("base", "body", "interior", "lid", "mouth", "rim", "tab")


def test_a_drinks_can_has_its_size() -> None:
    can = Can(style="drinks", height=0.12, radius=0.033).build()
    np.testing.assert_allclose(np.ptp(can.vertices, axis=0), [0.066, 0.066, 0.12], atol=1e-3)


@pytest.mark.parametrize("style", ["box", "gable", "brick"])
def test_a_carton_has_its_size_and_no_function(style: str) -> None:
    carton = Carton(width=0.06, length=0.09, height=0.13, style=style).build()
    np.testing.assert_allclose(np.ptp(carton.vertices, axis=0)[:2], [0.06, 0.09], atol=0.0015)
    top = {"box": 0.1307, "gable": 0.13 + 0.62 * 0.03 + 0.014, "brick": 0.143}[style]
    assert carton.vertices[:, 2].max() == pytest.approx(top, abs=1e-6)
    assert not carton.function_parts and set(carton.grasp_frames) == {"body"}


@pytest.mark.parametrize("kind", [Can, Carton])
def test_draws_are_closed(kind: type) -> None:
    for seed in range(5):
        thing = draw(kind, np.random.default_rng(seed)).build()
        surface = surface_of(thing)
        assert surface.is_watertight and surface.volume > 0.0 and surface.body_count == 1
        assert thing.vertices[:, 2].min() == pytest.approx(0.0, abs=1e-12)
