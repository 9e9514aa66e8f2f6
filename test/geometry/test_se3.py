# SPDX-License-Identifier: Apache-2.0
"""Group laws of rigid motions, and agreement with scipy."""
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from func_corr_ros.errors import DegenerateGeometry
from func_corr_ros.geometry import se3

ANGLES = st.floats(-np.pi, np.pi)


def any_transform(rng: np.random.Generator) -> np.ndarray:
    return se3.make(Rotation.random(random_state=rng).as_matrix(), rng.normal(size=3))


def test_inverse_undoes(rng: np.random.Generator) -> None:
    transform = any_transform(rng)
    np.testing.assert_allclose(se3.inverse(transform) @ transform, np.eye(4), atol=1e-14)


def test_transforms_compose(rng: np.random.Generator) -> None:
    a_from_b, b_from_c, points = any_transform(rng), any_transform(rng), rng.normal(size=(7, 3))
    step_by_step = se3.transform_points(a_from_b, se3.transform_points(b_from_c, points))
    np.testing.assert_allclose(se3.transform_points(a_from_b @ b_from_c, points), step_by_step, atol=1e-13)


def test_batches_and_torch_agree_with_single_numpy(rng: np.random.Generator) -> None:
    transforms = np.stack([any_transform(rng) for _ in range(6)])
    batch = torch.as_tensor(transforms).reshape(2, 3, 4, 4)
    inverse = se3.inverse(batch)
    assert isinstance(inverse, torch.Tensor) and inverse.dtype == torch.float64
    np.testing.assert_allclose(inverse.reshape(6, 4, 4), [se3.inverse(transform) for transform in transforms], atol=1e-14)
    angles = se3.rotation_angle(batch[..., :3, :3], batch[:1, :1, :3, :3].expand(2, 3, 3, 3))
    singles = [se3.rotation_angle(transform[:3, :3], transforms[0, :3, :3]) for transform in transforms]
    np.testing.assert_allclose(angles.reshape(6), singles, atol=1e-12)


@pytest.mark.parametrize("library", [np.asarray, torch.as_tensor])
def test_float32_points_under_a_float64_transform_become_float64(rng: np.random.Generator, library) -> None:
    moved = se3.transform_points(library(any_transform(rng)), library(np.ones((2, 3), dtype=np.float32)))
    assert str(moved.dtype).endswith("float64")


@given(x=ANGLES, y=ANGLES, z=ANGLES)
def test_quaternion_round_trip(x: float, y: float, z: float) -> None:
    rotation = Rotation.from_euler("xyz", [x, y, z]).as_matrix()
    quaternion = se3.quaternion_xyzw(rotation)
    assert quaternion[3] >= 0.0
    back = se3.from_quaternion_xyzw(quaternion, np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(back[:3, :3], rotation, atol=1e-12)
    np.testing.assert_array_equal(back[:, 3], [1.0, 2.0, 3.0, 1.0])


def test_quaternions_are_in_the_order_of_ros() -> None:
    half = np.sqrt(0.5)
    quarter_about_z = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    np.testing.assert_allclose(se3.quaternion_xyzw(quarter_about_z), [0.0, 0.0, half, half], atol=1e-15)


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-4, 1.0, np.pi - 1e-6, np.pi])
def test_rotation_angle_is_accurate_everywhere(angle: float) -> None:
    start = Rotation.from_euler("xyz", [0.3, -0.8, 2.0]).as_matrix()
    turned = start @ se3.about_axis(np.array([1.0, -2.0, 0.5]), angle)
    assert se3.rotation_angle(start, turned) == pytest.approx(angle, abs=1e-14 + 1e-12 * angle)
    assert se3.rotation_angle(turned, start) == pytest.approx(angle, abs=1e-14 + 1e-12 * angle)


@given(angle=ANGLES)
def test_about_axis_is_scipys_rotation_vector(angle: float) -> None:
    axis = np.array([2.0, -1.0, 0.4])
    expected = Rotation.from_rotvec(angle * axis / np.linalg.norm(axis)).as_matrix()
    np.testing.assert_allclose(se3.about_axis(axis, angle), expected, atol=1e-14)


def test_look_at_known_answer() -> None:
    """A camera one metre behind the origin, looking forward (x), in a z-up world: right is -y, down is -z."""
    world_from_camera = se3.look_at(np.array([-1.0, 0.0, 0.0]), np.zeros(3), np.array([0.0, 0.0, 1.0]))
    expected = np.array([[0.0, 0.0, 1.0, -1.0], [-1.0, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    np.testing.assert_allclose(world_from_camera, expected, atol=1e-15)


def test_look_at_puts_the_target_on_the_axis_and_up_upwards(rng: np.random.Generator) -> None:
    eye, target, up = rng.normal(size=(3, 3))
    world_from_camera = se3.look_at(eye, target, up)
    seen = se3.transform_points(se3.inverse(world_from_camera), np.stack([target, target + 0.1 * up]))
    np.testing.assert_allclose(seen[0], [0.0, 0.0, np.linalg.norm(target - eye)], atol=1e-12)
    assert seen[1, 1] < 0.0 and abs(seen[1, 0]) < 1e-12  # y is down, so up is negative, and not sideways
    assert np.linalg.det(world_from_camera[:3, :3]) == pytest.approx(1.0)


def test_gradient_of_transform_and_angle(rng: np.random.Generator) -> None:
    transform = torch.as_tensor(any_transform(rng)).requires_grad_()
    points = torch.as_tensor(rng.normal(size=(4, 3))).requires_grad_()
    assert torch.autograd.gradcheck(se3.transform_points, (transform, points))
    assert torch.autograd.gradcheck(se3.inverse, (transform,))
    other = torch.as_tensor(any_transform(rng)[:3, :3]).requires_grad_()
    assert torch.autograd.gradcheck(se3.rotation_angle, (transform.detach()[:3, :3], other))


@pytest.mark.parametrize("call, words", [
    (lambda: se3.quaternion_xyzw(np.diag([1.0, 1.0, -1.0])), "determinant is -1"),
    (lambda: se3.quaternion_xyzw(1.3 * np.eye(3)), "off the identity by 0.69"),
    (lambda: se3.quaternion_xyzw(np.full((3, 3), np.nan)), "determinant is nan"),
    (lambda: se3.from_quaternion_xyzw(np.zeros(4), np.zeros(3)), "length 0, not 1"),
    (lambda: se3.from_quaternion_xyzw(np.array([0.0, 0.0, 0.0, np.nan]), np.zeros(3)), "length nan"),
    (lambda: se3.about_axis(np.zeros(3), 1.0), "the axis .* has no direction"),
    (lambda: se3.look_at(np.ones(3), np.ones(3), np.ones(3)), "line of sight .* has no direction"),
    (lambda: se3.look_at(np.zeros(3), np.ones(3), np.ones(3)), "along the line of sight"),
])
def test_what_has_no_rotation_is_refused_with_its_numbers(call, words: str) -> None:
    with pytest.raises(DegenerateGeometry, match=words):
        call()
