# SPDX-License-Identifier: Apache-2.0
"""A vase's axis and profile are found from one side, whatever handle it has; a box is told apart."""
from __future__ import annotations

import numpy as np
import pytest

from func_corr_ros.errors import DegenerateGeometry, TooFewPoints
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.revolution import fit_revolution
from func_corr_ros.geometry.se3 import about_axis, make, transform_points

# The vase stands at (0.2, 0.1) on z = 0; its radius grows from 30 to 50 mm over 120 mm.
FOOT, HEIGHT = np.array([0.2, 0.1, 0.0]), 0.12
TABLE = Plane(np.array([0.0, 0.0, 1.0]), 0.0)


def _radius(height):
    return 0.03 + 0.02 * height / HEIGHT


def _vase(count=2500, noise=0.0005, visible=np.pi, seed=0):
    """Points of the wall over ``visible`` radians of azimuth."""
    rng = np.random.default_rng(seed)
    height, azimuth = rng.uniform(0.0, HEIGHT, count), rng.uniform(-visible / 2, visible / 2, count)
    radius = _radius(height) + rng.normal(0.0, noise, count)
    return FOOT + np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), height], axis=1)


def _handle(count=300, seed=1):
    """Points 70 to 80 mm from the axis, at an azimuth of 90 degrees."""
    rng = np.random.default_rng(seed)
    radius, azimuth = rng.uniform(0.07, 0.08, count), np.pi / 2 + rng.uniform(-0.1, 0.1, count)
    return FOOT + np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), rng.uniform(0.03, 0.09, count)], axis=1)


@pytest.mark.parametrize("visible_deg", [120, 180, 360])
def test_axis_and_profile_from_a_part_of_the_wall(visible_deg):
    body = fit_revolution(np.concatenate([_vase(visible=np.radians(visible_deg)), _handle()]), TABLE, tolerance_m=0.003)
    assert np.linalg.norm(body.foot - FOOT) < 0.002
    np.testing.assert_allclose(body.radius_at(np.array([0.02, 0.06, 0.1])), _radius(np.array([0.02, 0.06, 0.1])), atol=0.002)
    assert body.ratio == pytest.approx(2500 / 2800, abs=0.04)


def test_handles_protrude_and_walls_do_not():
    body = fit_revolution(np.concatenate([_vase(), _handle()]), TABLE, tolerance_m=0.003)
    assert body.protrudes(_handle(seed=5), 0.01).all()
    assert not body.protrudes(_vase(seed=6), 0.01).any()


def test_cylindrical_coordinates_are_the_points():
    body, points = fit_revolution(_vase(), TABLE, tolerance_m=0.003), _handle()
    radius, azimuth, height = body.cylindrical(points)
    local = np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), height], axis=1)
    np.testing.assert_allclose(body.foot + local @ body.basis.T, points, atol=1e-12)
    np.testing.assert_allclose(height, points[:, 2], atol=1e-12)


def test_moves_with_the_object():
    motion = make(about_axis(np.array([0.3, -0.9, 0.2]), 0.8), np.array([0.1, -0.4, 0.9]))
    points = np.concatenate([_vase(visible=2 * np.pi), _handle()])
    here, there = (
        fit_revolution(p, plane, tolerance_m=0.003)
        for p, plane in ((points, TABLE), (transform_points(motion, points), TABLE.transformed(motion)))
    )
    # The draw of the search differs by rounding, so the refined axis does by a fraction of the noise.
    np.testing.assert_allclose(there.foot, transform_points(motion, here.foot[None])[0], atol=3e-4)
    assert there.ratio == pytest.approx(here.ratio, abs=0.02)


def test_scales_with_the_object():
    body = fit_revolution(2.0 * _vase(), TABLE, tolerance_m=0.006)
    assert np.linalg.norm(body.foot - 2.0 * FOOT) < 0.004
    assert body.radii.max() == pytest.approx(0.1, abs=0.004)


def test_a_box_is_no_body_of_revolution():
    rng = np.random.default_rng(2)
    side = rng.integers(0, 2, 2000)
    along, height = rng.uniform(-0.1, 0.1, 2000), rng.uniform(0.0, 0.2, 2000)
    box = np.where(
        side[:, None] == 0,
        np.stack([along, np.full(2000, -0.03), height], axis=1),
        np.stack([np.full(2000, 0.1), 0.3 * along, height], axis=1),
    )
    assert fit_revolution(box, TABLE, tolerance_m=0.004).ratio < 0.6


def test_the_same_points_give_the_same_axis():
    one, other = (fit_revolution(_vase(), TABLE, tolerance_m=0.003, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.foot, other.foot)


def test_too_few_points_are_refused():
    with pytest.raises(TooFewPoints, match="20 points"):
        fit_revolution(_vase(20), TABLE, tolerance_m=0.003)


def test_points_on_a_line_are_refused():
    line = np.stack([np.linspace(0, 1, 200), np.zeros(200), np.zeros(200)], axis=1)
    with pytest.raises(DegenerateGeometry, match="circle"):
        fit_revolution(line, TABLE, tolerance_m=0.003)
