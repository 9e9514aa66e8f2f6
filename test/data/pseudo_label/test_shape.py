# SPDX-License-Identifier: Apache-2.0
"""Every asset has one size, its cloud lies on it, and what cannot be labelled is refused."""

from pathlib import Path

import numpy as np
import pytest
from data.pseudo_label.labelled_box import PARTS, club, shape

from func_corr_ros.data.colored_surface import ColoredSurface
from func_corr_ros.data.materials import Material
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.pseudo_label.shape import HALF_SIZE, ShapeSettings, prepared, read_shape, write_shape
from func_corr_ros.data.surface_samples import even_points
from func_corr_ros.errors import BadAsset

LOOK = {"": Material((0.5, 0.5, 0.5), scale=0.02)}


def test_the_largest_coordinate_is_half_and_metres_bring_it_back() -> None:
    one = shape()
    assert np.abs(one.thing.vertices).max() == pytest.approx(HALF_SIZE)
    np.testing.assert_allclose(one.thing.vertices * one.metres + one.middle, club().vertices, atol=1e-12)
    assert one.metres == pytest.approx(0.4)
    scaled = prepared("x", club(), LOOK, exact=True, solid=True, settings=ShapeSettings(points=64))
    assert scaled.materials[""].scale == pytest.approx(0.02 / 0.4)


def test_the_cloud_is_even_over_the_area_and_knows_its_parts() -> None:
    one = shape()
    bar, head = (np.array([0.3, 0.02, 0.02]), np.array([0.1, 0.08, 0.08]))
    areas = [2.0 * float(e[0] * e[1] + e[1] * e[2] + e[0] * e[2]) for e in (bar, head)]
    assert one.truth("head").mean() == pytest.approx(areas[1] / sum(areas), abs=2e-3)
    assert one.truth("spout") is None and one.thing.part_names == PARTS
    corner = one.thing.vertices[one.thing.faces[one.face, 0]]
    assert np.abs(np.einsum("nk,nk->n", one.points - corner, one.normals)).max() < 1e-12
    assert np.linalg.norm(one.normals, axis=1) == pytest.approx(1.0)


def test_faces_without_area_are_dropped_and_a_surface_without_any_is_refused() -> None:
    flat = FunctionalObject(
        "x", club().vertices, np.vstack([club().faces, [[0, 0, 1]]]), np.append(club().part_of_face, 0), PARTS
    )
    assert len(prepared("x", flat, LOOK, exact=True, solid=True).thing.faces) == len(club().faces)
    line = FunctionalObject(
        "x", np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]]), np.array([[0, 1, 2]]), np.zeros(1, np.int64), ("body",)
    )
    with pytest.raises(BadAsset, match="none of its 1 faces has an area"):
        prepared("x", line, LOOK, exact=False, solid=False)


def test_a_scan_is_thinned_and_keeps_its_place() -> None:
    steps = np.linspace(-1.0, 1.0, 120)
    x, y = np.meshgrid(steps, steps)
    vertices = np.stack([x.ravel(), y.ravel(), 0.1 * np.sin(3.0 * x).ravel()], axis=1)
    at = np.arange(119 * 120).reshape(119, 120)[:, :-1].ravel()
    faces = np.concatenate([np.stack([at, at + 1, at + 121], 1), np.stack([at, at + 121, at + 120], 1)])
    scan = FunctionalObject("x", vertices, faces, np.zeros(len(faces), np.int64), ("body",))
    thin = prepared("x", scan, LOOK, exact=False, solid=False, settings=ShapeSettings(points=256, most_faces=3000))
    assert 500 < len(thin.thing.faces) <= 3000
    wave = 0.05 * np.sin(6.0 * thin.points[:, 0])
    assert np.abs(thin.points[:, 2] - wave).max() < 0.02 and np.ptp(thin.points[:, 0]) > 0.95


@pytest.mark.slow
def test_a_scan_of_five_million_faces_is_thinned_within_memory() -> None:
    import resource

    rows, columns = 1250, 2001
    at, up = np.meshgrid(np.linspace(0.0, 2.0 * np.pi, columns), np.linspace(0.01, np.pi - 0.01, rows))
    vertices = np.stack([np.cos(at) * np.sin(up), np.sin(at) * np.sin(up), 1.5 * np.cos(up)], axis=-1).reshape(-1, 3)
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).reshape(-1, 1)
    faces = np.concatenate([corner + [0, columns, 1], corner + [1, columns, columns + 1]])
    scan = FunctionalObject("scan", vertices, faces, np.zeros(len(faces), np.int64), ("body",))
    assert len(scan.faces) > 4_990_000
    shape = prepared("scan", scan, {"": Material((0.5, 0.5, 0.5))}, exact=False, solid=True)
    assert 10_000 < len(shape.thing.faces) <= 400_000
    radius = np.linalg.norm(shape.points / [1.0, 1.0, 1.5], axis=1) * shape.metres
    np.testing.assert_allclose(radius, 1.0, atol=0.01)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 8e6  # KiB


def test_a_shape_comes_back_from_its_file(tmp_path: Path) -> None:
    write_shape(tmp_path / "a.npz", shape())
    back = read_shape(tmp_path / "a.npz")
    np.testing.assert_array_equal(back.points, shape().points)
    assert back.materials == shape().materials and back.thing.function_parts == {"pound-with": ("head",)}
    assert (back.exact, back.solid, back.metres, back.name) == (True, True, shape().metres, "club-s000000")


def test_colours_come_back_from_the_file_where_they_were(tmp_path: Path) -> None:
    points, _, _ = even_points(club().vertices, club().faces, 3000)
    colors = np.random.default_rng(0).integers(0, 256, (3000, 3)).astype(np.uint8)
    look = ColoredSurface((0.5, 0.5, 0.5), points=points.astype(np.float32), colors=colors)
    made = prepared("club", club(), {"": look}, exact=False, solid=True, settings=ShapeSettings(points=64))
    write_shape(tmp_path / "a.npz", made)
    back = read_shape(tmp_path / "a.npz").materials[""]
    assert isinstance(back, ColoredSurface)
    moved = (points - made.middle) / made.metres
    np.testing.assert_array_equal(back.albedo(moved), look.albedo(points))
