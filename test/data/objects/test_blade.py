# SPDX-License-Identifier: Apache-2.0
"""Blades have the volume of their sections, and frames whose y runs along the edge to the point."""
import numpy as np
import pytest

from func_corr_ros.data.objects.blade import Blade, scallops, shares, stations, tapered

pytest.importorskip("manifold3d")


def straight(**values: float) -> Blade:
    x = np.linspace(0.0, 0.2, 41)
    return Blade(x, np.full_like(x, 0.01), np.full_like(x, -0.03), 0.002, **values)


def test_the_edge_frame_of_a_straight_blade() -> None:
    frame = straight().at_edge(0.25)
    assert np.allclose(frame[:3, 3], [0.05, -0.03, 0.0])
    assert np.allclose(frame[:3, :3], np.stack([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], axis=-1))


def test_the_flat_and_the_tip() -> None:
    assert np.allclose(straight().on_flat(0.5, 0.25)[:3, 3], [0.1, 0.0, 0.001])
    assert np.allclose(straight().at_tip()[:3, 3], [0.2, -0.01, 0.0])


def test_parts_lie_in_their_bands() -> None:
    vertices, faces, part, names = straight(band=0.004, tip_from=0.185).solid().mesh()
    middles = vertices[faces].mean(axis=1)
    assert names == ("blade", "edge", "spine", "tip")
    assert middles[part == names.index("edge"), 1].max() < -0.026 + 1e-9
    assert middles[part == names.index("spine"), 1].min() > 0.01 - 1.2 * 0.002 - 1e-9
    assert middles[part == names.index("tip"), 0].min() > 0.185 - 1e-9
    assert middles[part == names.index("edge"), 0].max() < 0.185


def test_a_ground_blade_has_less_material_than_a_slab() -> None:
    slab = 0.2 * 0.04 * 0.002
    assert 0.4 * slab < straight(grind=0.1).solid().volume < straight(grind=0.8).solid().volume < slab


def test_a_tapered_bar_halves_its_volume() -> None:
    s = np.linspace(0.0, 0.1, 20)
    low = np.stack([np.full(20, -0.01), np.zeros(20)], axis=-1)
    high = np.stack([np.full(20, 0.01), np.linspace(0.02, 1e-6, 20)], axis=-1)
    wedge = tapered(s, low, high, ["body"] * 21, roundness=1.0, segments=200)
    assert wedge.volume == pytest.approx(0.5 * 0.1 * np.pi * 0.01 * 0.01, rel=1e-3)  # an ellipse of half-axes 0.01 that thins out


def test_stations_and_shares_run_from_end_to_end() -> None:
    x = stations(0.03, 0.2, 50)
    assert x[0] == 0.03 and x[-1] == pytest.approx(0.23) and (np.diff(x) > 0.0).all()
    assert shares(x)[0] == 0.0 and shares(x)[-1] == 1.0
    assert scallops(np.linspace(0.0, 1.0, 11), 5) == pytest.approx([0.0, 1.0] * 5 + [0.0], abs=1e-6)
