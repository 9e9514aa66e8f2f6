# SPDX-License-Identifier: Apache-2.0
"""Plates, trays and cutting boards carry on their upper side and press with their lower one."""
from typing import Any

import numpy as np
import pytest
from data.objects.surfaces import points_of

from func_corr_ros.data.objects import sheets
from func_corr_ros.data.objects.functional_object import ANY_ANGLE, draw
from func_corr_ros.data.objects.sheets import CuttingBoard, Plate, Tray

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")


def test_the_file_has_all_its_categories() -> None:
    assert {"CreditCard", "CuttingBoard", "Plate", "Ruler", "Tray"} == set(sheets.__all__)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", (Plate, Tray, CuttingBoard))
def test_it_lifts_upward_and_presses_downward(kind: type[Any], seed: int) -> None:
    thing = draw(kind, np.random.default_rng(seed)).build()
    lift, press = thing.object_from_function("lift-with"), thing.object_from_function("press-with")
    assert np.allclose(lift[:3, 2], [0.0, 0.0, 1.0]) and np.allclose(lift[:3, 0], [1.0, 0.0, 0.0])
    assert np.allclose(press[:3, 0], [0.0, 0.0, -1.0]) and np.allclose(press[:3, 2], [1.0, 0.0, 0.0])
    assert 0.003 < lift[2, 3] - press[2, 3] < 0.04
    assert points_of(thing, "base")[:, 2].min() == pytest.approx(0.0, abs=1e-9)


def test_a_plate_is_a_thin_wall_whose_volume_is_its_area_times_its_thickness() -> None:
    shape = Plate()
    thing = shape.build()
    volume = trimesh.Trimesh(thing.vertices, thing.faces, process=False).volume
    assert volume == pytest.approx(np.pi * shape.radius**2 * shape.wall, rel=0.1)
    assert points_of(thing, "rim")[:, 2].min() > points_of(thing, "surface")[:, 2].min() + 0.5 * shape.depth


@pytest.mark.parametrize(("style", "order"), [("rimmed", ANY_ANGLE), ("coupe", ANY_ANGLE), ("square", 4), ("oval", 2)])
def test_a_plate_looks_the_same_after_its_turns(style: str, order: int) -> None:
    thing = Plate(style=style).build()
    assert thing.symmetries["lift-with"].order == order
    width = np.ptp(thing.vertices[:, 1]) / np.ptp(thing.vertices[:, 0])
    assert (width < 0.85) == (style == "oval")


@pytest.mark.parametrize("style", ("cutout", "bars", "lugs", "round"))
def test_a_tray_has_a_wall_all_round_and_two_handles_unless_round(style: str) -> None:
    shape = Tray(style=style)
    thing = shape.build()
    assert points_of(thing, "rim")[:, 2].max() >= shape.height - 1e-9
    holes = {"cutout": 2, "bars": 2, "lugs": 2, "round": 0}[style]
    surface = trimesh.Trimesh(thing.vertices, thing.faces, process=False)
    assert surface.euler_number == 2 - 2 * holes
    assert ("handle" in thing.part_names) == (style != "round")


@pytest.mark.parametrize(("style", "holes"), [("paddle", 1), ("slot", 1), ("groove", 0), ("round", 1)])
def test_a_board_has_the_hole_or_the_groove_of_its_style(style: str, holes: int) -> None:
    thing = CuttingBoard(style=style).build()
    surface = trimesh.Trimesh(thing.vertices, thing.faces, process=False)
    assert surface.euler_number == 2 - 2 * holes
    assert ("groove" in thing.part_names) == (style == "groove")
    assert np.ptp(thing.vertices[:, 2]) == pytest.approx(CuttingBoard().thickness)
