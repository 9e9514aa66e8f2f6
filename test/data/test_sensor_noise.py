# SPDX-License-Identifier: Apache-2.0
"""The noise has the statistics it promises, holes appear where sensors have them, and all of it is the seed's."""
from dataclasses import replace

import numpy as np
import pytest

from func_corr_ros.data.sensor_noise import SensorNoiseSettings, noisy_color, noisy_depth
from func_corr_ros.geometry.camera import PinholeCamera

CAMERA = PinholeCamera(600.0, 600.0, 159.5, 119.5, 320, 240)
SHAPE = (240, 320)
FACING = np.broadcast_to(np.float32([0.0, 0.0, -1.0]), (*SHAPE, 3)).copy()
NONE = SensorNoiseSettings(disparity_sigma=0.0, quantum=0.0, edge_width=0.0, blobs=0.0, color_sigma=0.0, color_blur=0.0)


def flat(z: float) -> np.ndarray:
    return np.full(SHAPE, z, dtype=np.float32)


def test_without_faults_nothing_changes(rng: np.random.Generator) -> None:
    depth = rng.uniform(0.5, 0.51, SHAPE).astype(np.float32)
    np.testing.assert_array_equal(noisy_depth(depth, FACING, CAMERA, NONE, rng), depth)
    color = rng.integers(0, 256, (*SHAPE, 3), dtype=np.uint8)
    np.testing.assert_array_equal(noisy_color(color, NONE, rng), color)


@pytest.mark.parametrize("z", [0.5, 1.0, 2.0])
def test_axial_noise_grows_with_the_square_of_the_distance(z: float, rng: np.random.Generator) -> None:
    settings = replace(NONE, disparity_sigma=0.1, baseline=0.05, correlation=0.0)
    error = noisy_depth(flat(z), FACING, CAMERA, settings, rng) - z
    expected = 0.1 * z**2 / (600.0 * 0.05)
    assert error.std() == pytest.approx(expected, rel=0.02)  # 76800 samples: 0.3 % at one sigma
    assert abs(error.mean()) < 4.0 * expected / np.sqrt(error.size)


def test_correlated_noise_has_the_same_size_but_patches(rng: np.random.Generator) -> None:
    settings = replace(NONE, disparity_sigma=0.1, baseline=0.05, correlation=3.0)
    error = noisy_depth(flat(1.0), FACING, CAMERA, settings, rng) - 1.0
    assert error.std() == pytest.approx(0.1 / 30.0, rel=0.02)
    near, far = (np.corrcoef(error[:, :-k].ravel(), error[:, k:].ravel())[0, 1] for k in (1, 30))
    assert near > 0.9 and abs(far) < 0.2


def test_depth_is_a_whole_number_of_quanta(rng: np.random.Generator) -> None:
    settings = replace(NONE, disparity_sigma=0.1, quantum=0.002)
    noisy = noisy_depth(flat(0.7), FACING, CAMERA, settings, rng) / 0.002
    np.testing.assert_allclose(noisy, np.round(noisy), atol=1e-3)
    assert len(np.unique(np.round(noisy))) > 3


def test_grazing_surfaces_are_lost(rng: np.random.Generator) -> None:
    lean = np.radians(85.0)
    normals = FACING.copy()
    normals[:, 160:] = [0.0, np.sin(lean), -np.cos(lean)]
    lost = np.isnan(noisy_depth(flat(1.0), normals, CAMERA, replace(NONE, grazing_deg=70.0), rng))
    assert not lost[:, :160].any() and lost[110:130, 160:].all()


def test_holes_lie_along_depth_steps_and_nowhere_else(rng: np.random.Generator) -> None:
    depth = flat(1.0)
    depth[:, 160:] = 0.8
    lost = np.isnan(noisy_depth(depth, FACING, CAMERA, replace(NONE, edge_width=3.0), rng))
    columns = np.flatnonzero(lost.any(axis=0))
    assert columns.min() >= 140 and columns.max() <= 179
    share = lost[:, 157:163].mean()
    assert 0.3 < share < 1.0


def test_random_holes_come_as_often_as_asked() -> None:
    settings = replace(NONE, blobs=20.0, blob_radius=4.0)
    frames = [noisy_depth(flat(1.0), FACING, CAMERA, settings, np.random.default_rng(seed)) for seed in range(12)]
    shares = [np.isnan(frame).mean() for frame in frames]
    # mean area of a disc of exponential radius: pi 2 r^2; the borders take some, overlaps too
    assert np.mean(shares) == pytest.approx(20.0 * np.pi * 2.0 * 16.0 / (320 * 240), rel=0.35)


def test_what_was_invalid_stays_invalid(rng: np.random.Generator) -> None:
    depth = flat(1.0)
    depth[:20] = np.nan
    assert np.isnan(noisy_depth(depth, FACING, CAMERA, SensorNoiseSettings(), rng)[:20]).all()


def test_the_default_sensor_loses_little_and_is_off_by_a_millimetre_or_two(rng: np.random.Generator) -> None:
    noisy = noisy_depth(flat(0.7), FACING, CAMERA, SensorNoiseSettings(), rng)
    assert np.isnan(noisy).mean() < 0.05
    assert 0.0005 < np.nanstd(noisy) < 0.003


def test_colour_noise_has_its_size_and_keeps_the_mean(rng: np.random.Generator) -> None:
    grey = np.full((*SHAPE, 3), 128, dtype=np.uint8)
    noise = noisy_color(grey, replace(NONE, color_sigma=4.0), rng).astype(float) - 128.0
    assert noise.std() == pytest.approx(4.0, rel=0.05)
    assert abs(noise.mean()) < 0.05


def test_the_same_seed_gives_the_same_noise() -> None:
    first, again, other = (
        noisy_depth(flat(0.7), FACING, CAMERA, SensorNoiseSettings(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (np.nan_to_num(first) != np.nan_to_num(other)).any()
