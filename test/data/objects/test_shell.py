# SPDX-License-Identifier: Apache-2.0
"""A shell is as thick as it should be everywhere, hollow, and its curves keep to their polygons."""
import numpy as np
import pytest

from func_corr_ros.data.objects.shell import Shell, fluted, lip, ring, rounded, spline
from func_corr_ros.errors import DegenerateGeometry

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")

BEAKER = Shell(rounded([(0.0, 0.0), (0.04, 0.0), (0.04, 0.1)], [0.008]), (("base", 0.008), ("side", 0.095), ("rim", 1.0)), 0.003)
DRUM = Shell(rounded([(0.0, 0.0), (0.04, 0.0), (0.04, 0.1), (0.0, 0.1)], [0.008, 0.008]), (("base", 0.005), ("body", 1.0)), 0.003)


def mesh(solid) -> "trimesh.Trimesh":
    vertices, faces, *_ = solid.mesh()
    return trimesh.Trimesh(vertices, faces, process=False)


def test_an_open_shell_is_a_beaker() -> None:
    solid = BEAKER.solid()
    assert solid.mesh()[3] == ("base", "interior", "rim", "side")
    assert mesh(solid).is_watertight and mesh(solid).euler_number == 2
    assert BEAKER.filling(0.003).volume == pytest.approx(np.pi * 0.037**2 * 0.097, rel=0.02)  # the corner is round
    assert BEAKER.filling(0.003, above=0.05).volume == pytest.approx(np.pi * 0.037**2 * 0.147, rel=0.02)


def test_a_closed_shell_has_a_cavity_of_its_own() -> None:
    surface = mesh(DRUM.solid())
    assert DRUM.closed and not BEAKER.closed and surface.is_watertight and surface.body_count == 2
    assert surface.volume == pytest.approx(DRUM.filling(0.0003).volume - DRUM.filling(0.003).volume, rel=0.12)


@pytest.mark.parametrize("shell", [BEAKER, DRUM])
def test_the_wall_is_as_thick_as_it_should_be(shell: Shell) -> None:
    surface = mesh(shell.solid())
    inner = shell.filling(shell.thickness)
    away = trimesh.proximity.closest_point(mesh(shell.filling(1e-5)), inner.mesh()[0])[1]
    below_rim = inner.mesh()[0][:, 2] < 0.09
    assert away[below_rim].min() > 0.97 * shell.thickness and surface.contains([[0.0385, 0.0, 0.05], [0.0, 0.0, 0.0015]]).all()


def test_a_foot_ring_leaves_no_mark_in_the_cavity() -> None:
    foot = [(0.0, 0.003), (0.02, 0.003), (0.021, 0.0), (0.024, 0.0)]
    wall = spline([(0.025, 0.003), (0.05, 0.003), (0.05, 0.05), (0.05, 0.08)], 20)
    shell = Shell(np.concatenate([foot, wall]), (("base", 0.003), ("body", 0.075), ("rim", 1.0)), 0.004)
    floor = shell.filling(0.004).mesh()[0]
    assert floor[:, 2].min() == pytest.approx(0.007, abs=5e-4)
    under = (np.linalg.norm(floor[:, :2], axis=1) < 0.024) & (floor[:, 2] < 0.02)
    assert np.ptp(floor[under, 2]) < 1e-3


def test_the_crest_is_the_highest_point_at_its_angle() -> None:
    np.testing.assert_allclose(BEAKER.crest(0.0), [0.0385, 0.0, 0.1015], atol=1e-6)
    np.testing.assert_allclose(BEAKER.crest(np.pi / 2.0), [0.0, 0.0385, 0.1015], atol=1e-6)
    assert mesh(BEAKER.solid()).contains([BEAKER.in_wall(0.004, 0.3)])[0]


def test_radius_is_the_outer_one_and_heights_beside_the_shell_are_refused() -> None:
    assert BEAKER.radius(0.05) == pytest.approx(0.04)
    with pytest.raises(DegenerateGeometry, match="reaches from 0 to 0.1 m"):
        BEAKER.radius(0.2)
    with pytest.raises(DegenerateGeometry, match="begins on the axis"):
        Shell(np.array([[0.01, 0.0], [0.02, 0.1]]), (("body", 1.0),), 0.001)


def test_rounded_corners_keep_their_radius() -> None:
    path = rounded([(0.0, 0.0), (0.04, 0.0), (0.04, 0.1)], [0.008])
    corner = path[(path[:, 0] > 0.0321) & (path[:, 1] < 0.0079)]
    np.testing.assert_allclose(np.linalg.norm(corner - [0.032, 0.008], axis=1), 0.008, atol=1e-9)
    assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() <= 0.01 + 1e-12


def test_a_spline_begins_and_ends_in_its_polygon_and_stays_in_its_hull() -> None:
    path = spline([(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)], 33)
    np.testing.assert_allclose(path[[0, -1]], [[0.0, 0.0], [1.0, 0.0]], atol=1e-12)
    np.testing.assert_allclose(path[16], [0.5, 0.75], atol=1e-12)  # the Bezier curve of four controls
    assert path.min() >= 0.0 and path.max() <= 1.0


def test_a_lip_reaches_out_at_the_front_only() -> None:
    warp = lip(0.01, 0.002, 0.5, 0.05, 0.1)
    points = np.array([[[0.04, 0.0, 0.1], [-0.04, 0.0, 0.1], [0.04, 0.0, 0.04]]])
    np.testing.assert_allclose(warp(points)[0], [[0.05, 0.0, 0.102], [-0.04, 0.0, 0.1], [0.04, 0.0, 0.04]], atol=1e-12)


def test_facets_are_flat() -> None:
    turn = np.linspace(-np.pi / 6.0, np.pi / 6.0, 15)
    face = np.stack([np.cos(turn), np.sin(turn), np.full_like(turn, 0.5)], axis=-1)[None]
    flat = fluted(6, 1.0 - float(np.cos(np.pi / 6.0)), 0.0, 1.0, sharp=1.0)(face)[0]
    np.testing.assert_allclose(flat[:, 0], np.cos(np.pi / 6.0), atol=1e-9)


def test_a_ring_stays_outside() -> None:
    bead = ring(0.04, 0.05, (0.003, 0.004), "bead", BEAKER.filling(0.0015))
    radii = np.linalg.norm(bead.mesh()[0][:, :2], axis=1)
    assert radii.max() == pytest.approx(0.043, abs=1e-9) and radii.min() > 0.038
