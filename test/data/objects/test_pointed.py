# SPDX-License-Identifier: Apache-2.0
"""What works with its point has one frame for all that the point does, and its handle is as long and thick as asked for."""
import numpy as np
import pytest

from func_corr_ros.data.objects.functional_object import ANY_ANGLE
from func_corr_ros.data.objects.pointed import knob, pointed
from func_corr_ros.data.objects.primitives import rod

pytest.importorskip("manifold3d")
WOOD = ((("shaft",), ("wood",)),)


@pytest.mark.parametrize("style", ["fluted", "ball", "lobed", "pear", "mushroom", "octagon"])
def test_a_knob_ends_at_the_origin_and_is_as_thick_as_its_lobes_make_it(style: str) -> None:
    vertices, _, _, names = knob(style, 0.1, 0.015).mesh()
    assert names == ("handle",)
    assert vertices[:, 0].min() == pytest.approx(-0.1) and vertices[:, 0].max() == pytest.approx(0.0, abs=1e-12)
    assert 0.95 * 0.015 < np.linalg.norm(vertices[:, 1:], axis=1).max() < 1.08 * 0.015


def stick(order: int | None = ANY_ANGLE, rolls: tuple[str, float] | None = None):  # noqa: ANN201
    whole = rod(np.zeros(3), np.array([0.1, 0.0, 0.0]), 0.004, "shaft", segments=8)
    return pointed("stick", whole, 0.1, 0.04, {"poke-with": ("shaft",), "mix-with": ("shaft",)}, WOOD, order, rolls)


def test_all_it_does_with_its_tip_has_one_frame_out_of_it() -> None:
    thing = stick()
    poke, mix = (thing.object_from_function(name) for name in ("poke-with", "mix-with"))
    np.testing.assert_array_equal(poke, mix)
    np.testing.assert_allclose(poke[:3, 0], [1.0, 0.0, 0.0], atol=1e-9)
    assert poke[0, 3] == pytest.approx(0.05) and poke[0, 3] == pytest.approx(thing.vertices[:, 0].max())
    assert thing.grasp_frames["middle"][0, 3] == pytest.approx(-0.01)
    assert len(thing.faces) >= 2000


def test_symmetry_is_about_the_tool_or_there_is_none() -> None:
    for name, symmetry in stick(order=2).symmetries.items():
        assert symmetry.order == 2, name
        np.testing.assert_allclose(symmetry.direction, [1.0, 0.0, 0.0], atol=1e-9)
    assert not stick(order=None).symmetries


def test_what_rolls_does_so_about_its_axis() -> None:
    thing = stick(order=None, rolls=("shaft", 0.05))
    frame = thing.object_from_function("roll-onto")
    np.testing.assert_allclose(frame[:3, 2], [1.0, 0.0, 0.0], atol=1e-9)
    assert abs(frame[2, 0]) < 0.4  # to the side, but for half of one of its eight sides
    assert frame[0, 3] == pytest.approx(0.0, abs=1e-9)
    assert thing.symmetries["roll-onto"].order == ANY_ANGLE and thing.function_parts["roll-onto"] == ("shaft",)
