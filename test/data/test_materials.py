# SPDX-License-Identifier: Apache-2.0
"""Colours convert both ways, patterns mix within bounds and vary, and unknown ones are named."""
import numpy as np
import pytest

from func_corr_ros.data.materials import PATTERNS, Material, encoded, linear, value_noise
from func_corr_ros.errors import BadSettings


def test_srgb_round_trip_and_known_values() -> None:
    srgb = np.linspace(0.0, 1.0, 256, dtype=np.float32)
    np.testing.assert_allclose(encoded(linear(srgb)), srgb, atol=2e-6)  # float32 powers
    np.testing.assert_allclose(linear(np.array([0.0, 0.5, 1.0], dtype=np.float32)), [0.0, 0.21404, 1.0], atol=1e-5)


@pytest.mark.parametrize("pattern", sorted(PATTERNS))
def test_patterns_mix_between_the_two_colours(pattern: str, rng: np.random.Generator) -> None:
    material = Material((0.2, 0.5, 0.1), (0.8, 0.6, 0.9), pattern, scale=0.02)
    points = rng.uniform(-0.1, 0.1, (20000, 3))
    albedo = material.albedo(points)
    assert albedo.dtype == np.float32
    low, high = linear(np.array(material.color, dtype=np.float32)), linear(np.array(material.accent, dtype=np.float32))
    assert (albedo >= low - 1e-6).all() and (albedo <= high + 1e-6).all()
    assert (np.ptp(albedo[:, 0]) > 0.1) == (pattern != "plain")
    np.testing.assert_array_equal(albedo, material.albedo(points))


def test_stripes_are_level_and_repeat() -> None:
    material = Material((0.0, 0.0, 0.0), pattern="stripes", scale=0.03)
    z = np.linspace(0.0, 0.1, 50)
    column = np.stack([np.full(50, 0.04), np.zeros(50), z], axis=-1)
    elsewhere = np.stack([np.zeros(50), np.full(50, 0.03), z + 0.03], axis=-1)
    np.testing.assert_allclose(material.albedo(column), material.albedo(elsewhere), atol=1e-3)


def test_noise_is_smooth_bounded_and_repeats_after_its_lattice(rng: np.random.Generator) -> None:
    points = rng.uniform(0.0, 30.0, (5000, 3)).astype(np.float32)
    noise = value_noise(points, 4)
    assert noise.min() >= 0.0 and noise.max() <= 1.0 and noise.std() > 0.1
    assert np.abs(value_noise(points + np.float32(1e-3), 4) - noise).max() < 0.02
    np.testing.assert_allclose(value_noise(points + np.float32(32.0), 4), noise, atol=1e-3)
    assert np.abs(value_noise(points, 5) - noise).mean() > 0.1


def test_an_unknown_pattern_lists_the_valid_ones() -> None:
    with pytest.raises(BadSettings, match="no pattern 'paisley'; valid: brushed, checks, dots"):
        Material((1.0, 1.0, 1.0), pattern="paisley")
