# SPDX-License-Identifier: Apache-2.0
"""The plane that objects stand on is told from those that are larger, steeper, or made of objects."""
import numpy as np
import pytest

from func_corr_ros.errors import NoMask
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.segmentation.support_plane import SIGMA_FROM_MAD, Support, find_support, heights_above

# A camera that looks down by 45 deg on a table 0.7 m away, all in its own frame.
NORMAL = np.array([0.0, -1.0, -1.0]) / np.sqrt(2.0)
TABLE = Plane.through(np.array([0.0, 0.0, 0.7]), NORMAL)
ACROSS, ALONG = np.array([1.0, 0.0, 0.0]), np.cross(NORMAL, [1.0, 0.0, 0.0])
OPTIONS = {"tolerance_m": 0.01, "min_share": 0.1, "planes": 3, "seed": 0}


def patch(rng: np.random.Generator, n: int, width: float, length: float, height: float = 0.0, noise: float = 0.0) -> np.ndarray:
    """Returns points of a rectangle parallel to the table, its centre ``height`` above the table's."""
    x, y = rng.uniform(-0.5, 0.5, (2, n)) * np.array([[width], [length]])
    z = height + rng.normal(size=n) * noise
    return np.array([0.0, 0.0, 0.7]) + x[:, None] * ACROSS + y[:, None] * ALONG + z[:, None] * NORMAL


def angle_deg(support: Support) -> float:
    return float(np.degrees(np.arccos(np.clip(support.plane.normal @ NORMAL, -1.0, 1.0))))


@pytest.mark.parametrize("noise", [0.0, 0.001, 0.003])
def test_a_table_with_its_noise(rng: np.random.Generator, noise: float) -> None:
    table, book = patch(rng, 4000, 0.6, 0.5, noise=noise), patch(rng, 500, 0.1, 0.1, height=0.08)
    support = find_support(np.concatenate([table, book]), **OPTIONS)
    assert angle_deg(support) < 0.3 and abs(support.plane.offset - TABLE.offset) < 1e-3
    assert support.plane.offset > 0.0, "the camera, at the origin, is above"
    assert support.share == pytest.approx(4000 / 4500, abs=0.01)
    assert support.noise_m == pytest.approx(noise, rel=0.15, abs=1e-9)
    # 4 standard deviations, or what was asked for
    assert support.threshold_m(0.004) == pytest.approx(max(0.004, 4.0 * support.noise_m))


def test_noise_is_a_standard_deviation() -> None:
    assert SIGMA_FROM_MAD == pytest.approx(1.0 / 0.674490, rel=1e-4)  # the normal distribution's upper quartile


def test_carries_is_the_outline_with_its_margin(rng: np.random.Generator) -> None:
    support = find_support(patch(rng, 20000, 0.6, 0.4), **OPTIONS)
    at = [(0.0, 0.0), (0.29, 0.19), (0.31, 0.0), (0.33, 0.0), (0.0, 0.21), (0.0, -0.23)]
    points = np.array([[0.0, 0.0, 0.7] + x * ACROSS + y * ALONG + 0.1 * NORMAL for x, y in at])
    assert support.carries(points).tolist() == [True, True, True, False, True, False]
    assert support.carries(points, 0.05).all()
    assert support.carries(points.astype(np.float32)).tolist() == [True, True, True, False, True, False]
    # footprints are lengths along the plane
    shift = support.footprints(points[1:2]) - support.footprints(points[:1])
    assert np.linalg.norm(shift) == pytest.approx(np.hypot(0.29, 0.19))


def test_the_outline_is_of_one_patch(rng: np.random.Generator) -> None:
    beside = patch(rng, 300, 0.1, 0.1) + 0.6 * ACROSS  # a chair as high as the table
    support = find_support(np.concatenate([patch(rng, 5000, 0.4, 0.4), beside]), **OPTIONS)
    between = np.array([0.0, 0.0, 0.7]) + 0.4 * ACROSS + 0.05 * NORMAL
    assert not support.carries(between[None])[0]


def test_a_larger_floor_further_away_is_not_it(rng: np.random.Generator) -> None:
    floor = patch(rng, 9000, 3.0, 3.0, height=-0.7)
    floor = floor[floor[:, 2] > 1.2]  # what the image shows of it
    assert len(floor) > 3 * 1500
    mug = patch(rng, 150, 0.08, 0.08, height=0.03)
    support = find_support(np.concatenate([patch(rng, 1500, 0.4, 0.3), mug, floor]), **OPTIONS)
    assert abs(support.plane.offset - TABLE.offset) < 1e-3


def test_the_top_of_a_large_box_is_not_it(rng: np.random.Generator) -> None:
    lid = patch(rng, 3000, 0.3, 0.3, height=0.12)
    front = patch(rng, 600, 0.3, 0.01, height=0.06) + rng.uniform(-0.06, 0.06, (600, 1)) * NORMAL - 0.15 * ALONG
    table = patch(rng, 6000, 0.8, 0.7)
    from_table = (table - np.array([0.0, 0.0, 0.7])) @ np.stack([ACROSS, ALONG]).T
    seen = table[(np.abs(from_table) > 0.15).any(axis=1)]
    support = find_support(np.concatenate([lid, front, seen]), **OPTIONS)
    assert abs(support.plane.offset - TABLE.offset) < 1e-3


def test_known_objects_are_no_plane_but_tell_of_one(rng: np.random.Generator) -> None:
    floor, desk = patch(rng, 9000, 3.0, 3.0, height=-0.7), patch(rng, 900, 0.3, 0.25)
    floor = floor[floor[:, 2] > 1.2]
    box = patch(rng, 900, 0.2, 0.2, height=0.03)
    support = find_support(np.concatenate([desk, floor]), box, **OPTIONS)
    assert abs(support.plane.offset - TABLE.offset) < 1e-3
    assert support.share == pytest.approx(900 / (900 + len(floor)), abs=0.01), "the object is not counted among the points"


def test_too_small_a_plane_is_refused_with_its_share(rng: np.random.Generator) -> None:
    cloud = rng.uniform(-0.5, 0.5, (4000, 3)) + np.array([0.0, 0.0, 1.0])
    with pytest.raises(NoMask, match=r"largest plane holds \d\.\d% of 4000 points within 10 mm .*at least 10% are needed"):
        find_support(cloud, **OPTIONS)
    with pytest.raises(NoMask, match=r"holds 0\.0% of 2 points"):
        find_support(cloud[:2], **OPTIONS)
    with pytest.raises(NoMask, match=r"holds 0\.0% of 100 points"):  # on one line
        find_support(np.linspace([0.0, 0.0, 0.5], [0.1, 0.2, 0.9], 100), **OPTIONS)


def test_heights_are_the_plane_s_distances(rng: np.random.Generator) -> None:
    camera = PinholeCamera(fx=90.0, fy=110.0, cx=21.0, cy=14.5, width=40, height=30)
    depth = rng.uniform(0.3, 2.0, (30, 40)).astype(np.float32)
    depth[3, 4] = np.nan
    heights = heights_above(TABLE, depth, camera)
    v, u = np.mgrid[:30, :40]
    points = camera.unproject(np.stack([u, v], axis=-1).astype(np.float64), depth.astype(np.float64))
    np.testing.assert_allclose(heights, TABLE.signed_distance(points), atol=1e-6)  # float32
    assert np.isnan(heights[3, 4]) and np.isnan(heights).sum() == 1
