# SPDX-License-Identifier: Apache-2.0
"""Plates have the volume and thickness of what they are cut from, with soft edges; loops are tori."""
import numpy as np
import pytest

from func_corr_ros.data.objects.plate import disc, loop, plate, polygon, softened, stroke
from func_corr_ros.data.objects.solids import Solid
from func_corr_ros.errors import DegenerateGeometry

pytest.importorskip("manifold3d")
trimesh = pytest.importorskip("trimesh")

SQUARE = np.array([[-0.05, -0.05], [0.05, -0.05], [0.05, 0.05], [-0.05, 0.05]])


def mesh(solid: Solid) -> "trimesh.Trimesh":
    vertices, faces, _, _ = solid.mesh()
    return trimesh.Trimesh(vertices, faces, process=False)


def test_a_round_plate_is_a_cylinder_less_its_edge() -> None:
    """Pappus: of each edge, (1 - pi / 4) r^2 is rounded away, whose middle lies 0.2234 r from the faces of the corner."""
    radius, thickness, r = 0.03, 0.008, 0.002
    lost = (1.0 - np.pi / 4.0) * r**2 * 2.0 * np.pi * (radius - 0.2234 * r)
    made = plate(disc((0.0, 0.0), radius), thickness, "disc", r)
    assert made.volume == pytest.approx(np.pi * radius**2 * thickness - 2.0 * lost, rel=3e-3)
    np.testing.assert_allclose(mesh(made).bounds, [[-radius, -radius, -0.004], [radius, radius, 0.004]], atol=3e-5)


@pytest.mark.parametrize("holes", [0, 1, 2, 3])
def test_holes_go_through(holes: int) -> None:
    outline = polygon(SQUARE)
    for i in range(holes):
        outline = outline - disc((0.03 * (i - 1), 0.0), 0.01)
    surface = mesh(plate(outline, 0.006, "plate", 0.001))
    assert surface.is_watertight and surface.body_count == 1
    assert surface.euler_number == 2 - 2 * holes


def test_a_smaller_rounding_leaves_more() -> None:
    outline = softened(polygon(SQUARE) - disc((0.05, 0.0), 0.02), 0.004)
    volumes = [plate(outline, 0.006, "plate", r).volume for r in (0.0025, 0.001, 0.0004)]
    assert volumes[0] < volumes[1] < volumes[2] < outline.area() * 0.006


def test_softening_rounds_corners_inside_and_out_and_keeps_straight_edges() -> None:
    r = 0.01
    soft = softened(polygon(SQUARE), r)
    assert soft.area() == pytest.approx(0.01 - (4.0 - np.pi) * r**2, rel=1e-3)
    assert soft.bounds() == pytest.approx((-0.05, -0.05, 0.05, 0.05), abs=1e-5)


def test_a_stroke_is_a_stadium() -> None:
    line = np.stack([np.linspace(0.0, 0.1, 5), np.zeros(5)], axis=-1)
    assert stroke(line, 0.01).area() == pytest.approx(0.1 * 0.02 + np.pi * 0.01**2, rel=2e-3)


def test_a_circular_loop_is_the_torus_of_pappus() -> None:
    turn = 2.0 * np.pi * np.arange(200) / 200
    circle = 0.03 * np.stack([np.cos(turn), np.sin(turn), np.zeros(200)], axis=-1)
    ring = loop(circle, np.broadcast_to(np.array([0.004, 0.002]), (200, 2)), "ring", segments=64)
    assert ring.volume == pytest.approx(2.0 * np.pi * 0.03 * np.pi * 0.004 * 0.002, rel=3e-3)
    assert mesh(ring).euler_number == 0
    assert mesh(ring).bounds[1] == pytest.approx([0.034, 0.034, 0.002], rel=1e-3)


def test_an_outline_narrower_than_its_edge_is_refused() -> None:
    with pytest.raises(DegenerateGeometry, match="narrower than the rounding"):
        plate(disc((0.0, 0.0), 0.001), 0.006, "pin", 0.002)
