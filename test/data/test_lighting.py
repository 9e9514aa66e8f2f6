# SPDX-License-Identifier: Apache-2.0
"""Light falls off with distance and angle, shadows are dark, open places get all of the ambient light."""
import numpy as np
import pytest

from func_corr_ros.data.lighting import Lamp, Lighting, shade, tone_mapped
from func_corr_ros.data.materials import Material, linear
from func_corr_ros.data.ray_scene import RayScene

UP = np.float32([[0.0, 0.0, 1.0]])
DARK = (0.0, 0.0, 0.0)


def light_at(placed: list, point: tuple[float, float, float], lighting: Lighting) -> np.ndarray:
    """Light towards a viewer straight above ``point``, mean of 400 samples."""
    scene = RayScene(placed)
    points = np.broadcast_to(np.array(point), (400, 3)).copy()
    faces = scene.first_hit(points + np.array([0.0, 0.0, 1e-3]), np.broadcast_to([0.0, 0.0, -1.0], (400, 3)))
    return shade(scene, points, faces, np.broadcast_to(UP, (400, 3)).copy(), lighting, np.random.default_rng(0)).mean(axis=0)


def lamp(height: float, sideways: float = 0.0) -> Lighting:
    return Lighting((Lamp((sideways, 0.0, height), (1.0, 1.0, 1.0), 0.0, 1),), DARK, DARK)


def test_a_lamp_above_a_matt_plate_gives_albedo_over_distance_squared(plate) -> None:
    white = linear(np.float32([0.9]))[0]
    for height in (1.0, 2.0):
        light = light_at([plate()], (0.0, 0.0, 0.0), lamp(height))
        np.testing.assert_allclose(light, white / height**2, rtol=1e-3)  # shadow rays begin 0.2 mm above the plate


def test_light_from_the_side_falls_with_the_cosine(plate) -> None:
    straight, slanted = (light_at([plate()], (0.0, 0.0, 0.0), lamp(1.0, x))[0] for x in (0.0, 1.0))
    assert slanted / straight == pytest.approx(np.cos(np.pi / 4.0) / 2.0, rel=1e-3)


def test_a_ball_between_lamp_and_plate_casts_a_shadow_whose_edge_is_soft(plate, ball) -> None:
    wide = Lighting((Lamp((0.0, 0.0, 2.0), (1.0, 1.0, 1.0), 0.4, 1),), DARK, DARK)
    things = [plate(), ball(radius=0.1, at=(0.0, 0.0, 0.3))]
    under, edge, outside = (light_at(things, (x, 0.0, 0.0), wide)[0] for x in (0.0, 0.12, 0.9))
    assert under < 0.02 * outside
    assert 0.2 * outside < edge < 0.8 * outside


def test_ambient_light_is_all_of_the_sky_in_the_open_and_less_beneath_something(plate, ball) -> None:
    sky = Lighting((), (0.5, 0.5, 0.5), DARK)
    white = linear(np.float32([0.9]))[0]
    np.testing.assert_allclose(light_at([plate()], (0.0, 0.0, 0.0), sky), 0.5 * white, rtol=1e-5)
    hidden = light_at([plate(), ball(radius=0.1, at=(0.0, 0.0, 0.11))], (0.0, 0.0, 0.0), sky)
    assert hidden[0] < 0.9 * 0.5 * white


def test_gloss_adds_light_and_mirrors_more_at_grazing_angles(plate) -> None:
    matt = light_at([plate()], (0.0, 0.0, 0.0), lamp(1.0))
    glossy = light_at([plate(material=Material((0.9, 0.9, 0.9), specular=0.04, roughness=0.2))], (0.0, 0.0, 0.0), lamp(1.0))
    assert (glossy > matt + 0.1).all()  # the lamp is right in the mirror direction


def test_tone_mapping_keeps_order_and_range_and_is_straight_in_the_dark() -> None:
    light = np.linspace(0.0, 50.0, 2000, dtype=np.float32)[:, None] * np.ones((1, 3), dtype=np.float32)
    shown = tone_mapped(light, 1.0)
    assert (np.diff(shown[:, 0]) >= 0.0).all() and shown.max() <= 1.0
    dark = light[:, 0] < 0.5
    np.testing.assert_allclose(shown[dark], light[dark], rtol=1e-4)
