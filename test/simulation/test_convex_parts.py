# SPDX-License-Identifier: Apache-2.0
"""Convex parts fill the solid, leave its hollow open, and are cut once."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import ConvexHull, Delaunay

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.primitives import box
from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.simulation.convex_parts import convex_parts, parts_folder, simplified

pytest.importorskip("coacd", reason="the extra [sim] is not here")


def tray() -> FunctionalObject:
    """An open box of 10 x 6 x 4 cm with walls of 5 mm."""
    outer = box(np.array([-0.05, -0.03, 0.0]), np.array([0.05, 0.03, 0.04]), "body")
    inner = box(np.array([-0.045, -0.025, 0.005]), np.array([0.045, 0.025, 0.1]), "body")
    return FunctionalObject("tray", *(outer - inner).mesh())


def test_parts_fill_the_solid_and_leave_the_hollow_open(tmp_path: Path) -> None:
    parts = convex_parts(tray(), tmp_path)
    volume = sum(ConvexHull(corners).volume for corners in parts)
    true_volume = 0.1 * 0.06 * 0.04 - 0.09 * 0.05 * 0.035
    assert volume == pytest.approx(true_volume, rel=0.08)
    inside = np.array([[x, y, z] for x in (-0.03, 0.0, 0.03) for y in (-0.015, 0.015) for z in (0.015, 0.035)])
    walls = np.array([[0.0475, 0.0, 0.02], [0.0, -0.0275, 0.02], [0.0, 0.0, 0.0025]])
    solids = [Delaunay(corners) for corners in parts]
    assert not any((solid.find_simplex(inside) >= 0).any() for solid in solids)
    assert all(any(solid.find_simplex(place) >= 0 for solid in solids) for place in walls)


def test_the_same_mesh_is_cut_once_and_another_anew(tmp_path: Path) -> None:
    thing, told = tray(), []
    first, again = (convex_parts(thing, tmp_path, told.append) for _ in range(2))
    assert len(told) == 1 and "tray" in told[0]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    wider = replace(thing, vertices=thing.vertices * np.array([1.2, 1.0, 1.0]))
    convex_parts(wider, tmp_path, told.append)
    assert len(told) == 2 and len(list(tmp_path.glob("*.npz"))) == 2


def test_an_open_surface_is_refused(tmp_path: Path) -> None:
    thing = tray()
    with pytest.raises(DegenerateGeometry, match="bounds no solid"):
        convex_parts(replace(thing, faces=thing.faces[:-2], part_of_face=thing.part_of_face[:-2]), tmp_path)
    assert list(tmp_path.glob("*.npz")) == []


def test_simplifying_keeps_the_surface_within_its_tolerance() -> None:
    from func_corr_ros.data.objects.primitives import ball

    one = FunctionalObject("ball", *ball(np.zeros(3), 0.05, "body").mesh())
    vertices, faces = simplified(one, 5e-4)
    assert len(faces) < len(one.faces)
    assert np.abs(np.linalg.norm(vertices, axis=1) - 0.05).max() < 5e-4


def test_where_parts_are_kept_can_be_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FUNC_CORR_CACHE", str(tmp_path))
    assert parts_folder() == tmp_path / "convex_parts"
