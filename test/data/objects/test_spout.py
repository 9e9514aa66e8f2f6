# SPDX-License-Identifier: Apache-2.0
"""A spout is a tube from its root to its tip, cut as level as it is asked to be."""
import numpy as np
import pytest

from func_corr_ros.data.objects.spout import Spout, rose

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")

CONTROLS = ((0.0, 0.0), (0.05, 0.0), (0.08, 0.03), (0.1, 0.1))


def spout(**how: float) -> Spout:
    return Spout(CONTROLS, ((0.0, 0.02), (1.0, 0.01)), 0.002, **how)


def mesh(solid) -> "trimesh.Trimesh":
    vertices, faces, *_ = solid.mesh()
    return trimesh.Trimesh(vertices, faces, process=False)


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_its_tip_is_cut_as_level_as_asked(level: float) -> None:
    tip = spout(level=level).tip()
    square = np.arctan2(0.07, 0.02)  # the way of the last side of the control polygon
    angle = np.arctan2(tip[2, 2], tip[0, 2])
    assert angle == pytest.approx(square + level * (np.pi / 2.0 - square), abs=0.05)
    np.testing.assert_allclose(tip[:3, 3], [0.1, 0.0, 0.1], atol=1e-12)


def test_the_bore_makes_a_tube_of_even_thickness_open_at_both_ends() -> None:
    whole = spout(level=0.5, mouth=0.012)
    tube = whole.tube() - whole.bore()
    surface = mesh(tube)
    assert tube.mesh()[3] == ("interior", "mouth", "spout")
    assert surface.is_watertight and surface.body_count == 1
    away = trimesh.proximity.closest_point(mesh(whole.tube()), whole.bore().mesh()[0])[1]
    assert np.median(away) == pytest.approx(0.002, rel=0.1)


def test_the_lip_is_the_outermost_point_of_the_edge() -> None:
    whole = spout(level=1.0)
    tube = mesh(whole.tube() - whole.bore())
    lip = whole.lip()
    assert lip[1] == pytest.approx(0.0, abs=1e-9) and lip[2] == pytest.approx(0.1, abs=1e-3)
    assert trimesh.proximity.closest_point(tube, lip[None])[1][0] < 2e-4
    assert lip[0] > 0.107


def test_a_rose_is_perforated() -> None:
    head, hollow = rose(np.eye(4), neck=0.008, face=0.03, length=0.04, thickness=0.002)
    surface = mesh(head - hollow)
    assert surface.is_watertight and surface.body_count == 1
    assert surface.euler_number == 2 - 2 * 36  # 36 holes and the neck: a ball with as many handles as holes
