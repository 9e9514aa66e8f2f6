# SPDX-License-Identifier: Apache-2.0
"""Saws have the number of teeth their pitch says, pointing away from the blade."""
import numpy as np
import pytest
from data.objects.surfaces import points_of

from func_corr_ros.data.objects.functional_object import draw
from func_corr_ros.data.objects.saws import Saw

pytest.importorskip("manifold3d")
STYLES = ("hand", "back", "pruning", "bow")


@pytest.mark.parametrize("style", STYLES)
def test_it_saws_out_of_its_teeth(style: str) -> None:
    thing = Saw(style=style).build()
    frame, teeth = thing.object_from_function("cut-with"), points_of(thing, "teeth")
    assert frame[1, 0] < -0.9 and frame[0, 1] > 0.9
    assert teeth[:, 1].mean() < points_of(thing, "blade")[:, 1].mean()
    assert points_of(thing, "handle")[:, 0].max() < 0.0 and teeth[:, 0].max() == pytest.approx(
        thing.vertices[:, 0].max(), abs=0.01)


def test_its_teeth_can_be_counted() -> None:
    thing = Saw(style="back", length=0.3, pitch=0.006).build()
    teeth = points_of(thing, "teeth")
    lowest = teeth[teeth[:, 1] < teeth[:, 1].min() + 2e-4]
    assert len(np.unique(lowest[:, 0].round(4))) == pytest.approx(49, abs=1)  # the handle hides one or two of fifty


@pytest.mark.parametrize("seed", range(4))
def test_a_stiff_back_or_a_bow_is_a_frame(seed: int) -> None:
    shape = draw(Saw, np.random.default_rng(seed))
    assert ("frame" in shape.build().part_names) == (shape.style in ("back", "bow"))


def test_a_closed_handle_leaves_a_hole_to_hold_it_by() -> None:
    trimesh = pytest.importorskip("trimesh")
    thing = Saw(style="hand").build()
    assert trimesh.Trimesh(thing.vertices, thing.faces, process=False).euler_number == 0
