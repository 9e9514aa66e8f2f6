# SPDX-License-Identifier: Apache-2.0
"""A box that is sampled is found again, wherever it stands and however it is turned; too few points are refused."""
from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from func_corr_ros.errors import TooFewPoints
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.se3 import make
from func_corr_ros.geometry.upright_box import UprightBox

SIZE = np.array([0.2, 0.12, 0.3])


def sampled(frame_from_table: np.ndarray, turn_deg: float, size: np.ndarray = SIZE) -> tuple[np.ndarray, Plane, np.ndarray]:
    """Points all over a box that stands on the table's origin, the table, and the box's frame."""
    corner = np.random.default_rng(0).uniform(-0.5, 0.5, (4000, 3)) * size
    side = np.arange(4000) % 3
    corner[np.arange(4000), side] = np.where(corner[np.arange(4000), side] > 0, 0.5, -0.5) * size[side]
    turned = Rotation.from_euler("z", turn_deg, degrees=True).as_matrix()
    frame_from_box = frame_from_table @ make(turned, np.array([0.3, -0.1, 0.5 * size[2]]))
    points = corner @ frame_from_box[:3, :3].T + frame_from_box[:3, 3]
    return points, Plane.through(frame_from_table[:3, 3], frame_from_table[:3, 2]), frame_from_box


@pytest.mark.parametrize("turn_deg", [-80.0, -31.0, 0.0, 12.0, 44.0, 89.0, 130.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_box_is_found_in_millimetres(turn_deg: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, plane, truth = sampled(make(Rotation.random(random_state=seed).as_matrix(), rng.normal(size=3)), turn_deg)
    found = UprightBox.around(points, plane)
    np.testing.assert_allclose(found.size, SIZE, atol=0.003)
    np.testing.assert_allclose(found.frame_from_box[:3, 3], truth[:3, 3], atol=0.002)
    np.testing.assert_allclose(found.frame_from_box[:3, 2], plane.normal, atol=1e-9)
    assert abs(found.frame_from_box[:3, 0] @ truth[:3, 0]) > 0.999, "its longer side, either way"
    assert np.linalg.det(found.frame_from_box[:3, :3]) == pytest.approx(1.0)


def test_one_flying_pixel_makes_no_larger_box() -> None:
    points, plane, _ = sampled(np.eye(4), 20.0)
    stray = np.vstack([points, [[5.0, 5.0, 5.0], [np.nan, 0.0, 0.0]]])
    np.testing.assert_allclose(UprightBox.around(stray, plane).size[2], SIZE[2], atol=0.003)


def test_too_few_points_are_refused_with_their_number() -> None:
    points, plane, _ = sampled(np.eye(4), 0.0)
    points[9:] = np.nan
    with pytest.raises(TooFewPoints, match="9 points have a depth; a box needs 10"):
        UprightBox.around(points, plane)
