# SPDX-License-Identifier: Apache-2.0
"""Grips are closed, keep their measures, and a tool is put down together with all its frames."""
import numpy as np
import pytest

from func_corr_ros.data.objects.functional_object import FunctionalObject, Symmetry
from func_corr_ros.data.objects.grip import STYLES, Grip, laid
from func_corr_ros.data.objects.primitives import box, shifted

pytest.importorskip("manifold3d")


@pytest.mark.parametrize("style", STYLES)
def test_a_grip_keeps_its_measures(style: str) -> None:
    vertices, _, _, names = Grip(style, 0.12, 0.03, 0.02).solid("shaft").mesh()
    size = np.ptp(vertices, axis=0)
    assert names == ("shaft",)
    assert vertices[:, 0].min() == pytest.approx(-0.12, abs=1e-3) and vertices[:, 0].max() == pytest.approx(0.0, abs=1e-3)
    assert 0.026 < size[1] < 0.037 and 0.017 < size[2] < 0.022


def test_every_style_is_another_solid() -> None:
    volumes = [Grip(style, 0.12, 0.026, 0.026).solid().volume for style in STYLES]
    assert np.diff(np.sort(volumes)).min() > 1e-7


def test_the_middle_line_bends_towards_minus_y_at_the_butt() -> None:
    straight, bent = Grip("straight", 0.3, 0.03, 0.02), Grip("straight", 0.3, 0.03, 0.02, bend=0.04)
    assert bent.middle(-0.3)[1] - straight.middle(-0.3)[1] == pytest.approx(-0.04)
    assert bent.middle(0.0)[1] == pytest.approx(straight.middle(0.0)[1])


def test_the_gripper_comes_from_above_and_closes_across() -> None:
    frame = Grip("contoured", 0.12, 0.03, 0.02).object_from_gripper()
    assert np.allclose(frame[:3, 2], [0.0, 0.0, -1.0]) and np.allclose(np.abs(frame[:3, 1]), [0.0, 1.0, 0.0])
    assert frame[0, 3] == pytest.approx(-0.06)


def test_what_is_laid_keeps_its_frames_where_they_were_on_it() -> None:
    corner = np.array([0.3, 0.2, 0.15])
    solid = box(corner, corner + [0.2, 0.04, 0.02], "body")
    thing = FunctionalObject(
        "thing", *solid.mesh(), function_parts={"press-with": ("body",)}, functional_frames={"press-with": shifted(*corner)},
        grasp_frames={"body": shifted(*(corner + [0.1, 0.02, 0.01]))},
        symmetries={"press-with": Symmetry(2, corner, np.array([1.0, 0.0, 0.0]))},
    )
    lain = laid(thing)
    low = np.array([-0.1, -0.02, 0.0])
    assert np.allclose(lain.vertices.min(axis=0), low)
    assert np.allclose(lain.functional_frames["press-with"][:3, 3], low)
    assert np.allclose(lain.symmetries["press-with"].point, low)
    assert np.allclose(lain.grasp_frames["body"][:3, 3], [0.0, 0.0, 0.01])
