# SPDX-License-Identifier: Apache-2.0
"""Primitives have the volumes that geometry gives them, and faces keep their part through booleans."""
import numpy as np
import pytest

from func_corr_ros.data.objects.solids import Solid, circles, extrude, loft, revolve, sweep
from func_corr_ros.errors import DegenerateGeometry

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")

SQUARE = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])


def box(width: float, height: float, part: str) -> Solid:
    return extrude(SQUARE * width / 2.0, height, part)


def area_of(solid: Solid, part: str) -> float:
    vertices, faces, part_of_face, names = solid.mesh()
    a, b, c = vertices[faces[part_of_face == names.index(part)]].transpose(1, 0, 2)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2.0)


def test_extrude_is_a_prism() -> None:
    assert box(2.0, 3.0, "box").volume == pytest.approx(12.0, rel=1e-12)


def test_revolved_cylinder_has_the_area_and_volume_of_its_polygon() -> None:
    solid = revolve(np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 5.0], [0.0, 5.0]]), ["bottom", "side", "top"], segments=64)
    disc = 64 / 2 * np.sin(2 * np.pi / 64) * 4.0
    assert solid.volume == pytest.approx(disc * 5.0, rel=1e-12)
    assert area_of(solid, "top") == pytest.approx(disc, rel=1e-12)
    assert area_of(solid, "bottom") == pytest.approx(disc, rel=1e-12)
    assert area_of(solid, "side") == pytest.approx(64 * 2 * 2.0 * np.sin(np.pi / 64) * 5.0, rel=1e-12)


def test_sweep_along_a_ring_is_the_torus_of_pappus() -> None:
    angle = np.linspace(0.0, np.pi, 400)  # half a torus in the plane y = 0
    curve = np.stack([np.cos(angle), np.zeros_like(angle), np.sin(angle)], axis=-1)
    turn = 2 * np.pi * np.arange(64) / 64
    section = 0.2 * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    solid = sweep(curve, np.broadcast_to(section, (400, 64, 2)), np.array([0.0, -1.0, 0.0]), "tube")
    assert solid.volume == pytest.approx(np.pi * np.pi * 0.2**2, rel=3e-3)  # polygon against circle: 1.6e-3


def test_loft_of_two_circles_is_a_frustum() -> None:
    rings = circles(np.array([2.0, 1.0]), np.array([0.0, 3.0]), 256)
    solid = loft(rings, np.array(["bottom", "side", "top"]))
    assert solid.volume == pytest.approx(np.pi * 3.0 * (4.0 + 2.0 + 1.0) / 3.0, rel=2e-4)


def test_union_keeps_parts_and_difference_gives_the_cut_the_cutters_part() -> None:
    body, hole = box(2.0, 2.0, "body"), box(1.0, 9.0, "hole")
    lowered = Solid(hole.manifold.translate((0.0, 0.0, -3.0)), hole.part_of_id)
    pierced = body - lowered
    assert pierced.volume == pytest.approx(8.0 - 2.0, rel=1e-12)
    assert area_of(pierced, "hole") == pytest.approx(4 * 1.0 * 2.0, rel=1e-12)
    assert area_of(pierced, "body") == pytest.approx(24.0 - 2.0, rel=1e-12)
    both = body + lowered
    assert area_of(both, "hole") == pytest.approx(4 * 7.0 + 2.0, rel=1e-12)


def test_labels_survive_a_chain_of_booleans_where_they_were() -> None:
    solid = (box(2.0, 2.0, "a") + box(1.0, 4.0, "b")) - box(0.5, 8.0, "c")
    vertices, faces, part_of_face, names = solid.mesh()
    assert names == ("a", "b", "c")
    centres = vertices[faces].mean(axis=1)
    for name, inside in (("c", 0.25 + 1e-9), ("b", 0.5 + 1e-9), ("a", 1.0 + 1e-9)):
        assert (np.abs(centres[part_of_face == names.index(name), :2]).max(axis=1) <= inside).all()
    heights = centres[part_of_face == names.index("b"), 2]
    assert ((heights > 2.0 - 1e-9) | (heights == 0.0)).all()  # within a nothing of b is left; the two bottoms coincide


def test_mesh_is_closed_and_uses_every_vertex() -> None:
    vertices, faces, _, _ = (box(2.0, 2.0, "a") + box(1.0, 4.0, "b")).mesh()
    assert trimesh.Trimesh(vertices, faces, process=False).is_watertight
    assert np.array_equal(np.unique(faces), np.arange(len(vertices)))


def test_a_skin_turned_inside_out_is_refused() -> None:
    rings = circles(np.array([1.0, 1.0]), np.array([3.0, 0.0]), 16)  # from the top down: faces point inward
    with pytest.raises(DegenerateGeometry, match="bound no solid"):
        loft(rings, np.full(3, "side"))


def test_a_profile_off_the_axis_is_refused() -> None:
    with pytest.raises(DegenerateGeometry, match="radius 0; given 0.5 and 0"):
        revolve(np.array([[0.5, 0.0], [1.0, 0.0], [0.0, 1.0]]), ["a", "b"])
