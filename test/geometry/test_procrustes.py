# SPDX-License-Identifier: Apache-2.0
"""The closed forms in batches: each equals its single case, and they are optimal."""
import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from func_corr_ros.geometry import procrustes

FLIP = np.diag([1.0, -1.0, 1.0])


def test_moments_of_a_known_cross() -> None:
    source = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, -2.0, 0.0]])
    found = procrustes.moments(source, source + 1.0, np.array([1.0, 1.0, 3.0, 3.0]))
    np.testing.assert_allclose(found.target_mean, [1.0, 1.0, 1.0])
    np.testing.assert_allclose(found.covariance, np.diag([0.25, 3.0, 0.0]))
    assert float(found.source_variance) == pytest.approx(3.25) == pytest.approx(float(found.target_variance))


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_batch_is_its_single_cases(rng: np.random.Generator, mirrored: bool) -> None:
    covariances, bases = rng.normal(size=(2, 5, 3, 3)), [procrustes.upright_basis(up) for up in np.eye(3)[[2, 0]]]
    for solve in (
        lambda covariance: procrustes.best_rotation(covariance, mirrored),
        lambda covariance: procrustes.best_upright_rotation(covariance, *bases, mirrored),
    ):
        rotations, strengths = solve(covariances)
        assert rotations.shape == (2, 5, 3, 3) and strengths.shape == (2, 5)
        for index in np.ndindex(2, 5):
            rotation, strength = solve(covariances[index])
            np.testing.assert_allclose(rotations[index], rotation, atol=1e-14)
            np.testing.assert_allclose(strengths[index], strength, atol=1e-14)


@pytest.mark.parametrize("mirrored", [False, True])
def test_no_other_rotation_has_a_larger_trace(rng: np.random.Generator, mirrored: bool) -> None:
    others = Rotation.random(2000, random_state=rng).as_matrix() @ (FLIP if mirrored else np.eye(3))
    for covariance in rng.normal(size=(20, 3, 3)):
        rotation, _ = procrustes.best_rotation(covariance, mirrored)
        assert np.linalg.det(rotation) == pytest.approx(-1.0 if mirrored else 1.0)
        np.testing.assert_allclose(rotation.T @ rotation, np.eye(3), atol=1e-14)
        assert np.einsum("nij,ij->n", others, covariance).max() <= (rotation * covariance).sum() + 1e-12


def test_strength_is_zero_where_rotations_tie() -> None:
    assert procrustes.best_rotation(np.diag([1.0, 0.0, 0.0]))[1] == 0.0  # a line
    assert procrustes.best_rotation(np.eye(3), mirrored=True)[1] == 0.0  # a sphere has no best mirror image
    bases = [np.eye(3), np.eye(3)]
    assert procrustes.best_upright_rotation(np.diag([0.0, 0.0, 1.0]), *bases)[1] == 0.0
    assert procrustes.best_upright_rotation(np.diag([1.0, 1.0, 0.0]), *bases, mirrored=True)[1] == 0.0


@pytest.mark.parametrize("up", [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.6, -0.8, 0.0], [0.48, 0.6, 0.64]])
def test_an_upright_basis_is_right_handed_with_up_last(up: list[float]) -> None:
    basis = procrustes.upright_basis(np.array(up))
    np.testing.assert_allclose(basis.T @ basis, np.eye(3), atol=1e-15)
    assert np.linalg.det(basis) == pytest.approx(1.0)
    np.testing.assert_array_equal(basis[:, 2], up)


def test_the_derivative_is_finite_and_right_where_singular_values_are_equal() -> None:
    """For H = I, R(H + E) is I + (E - E^T) / 4 to first order; the SVD's own derivative is infinite there."""
    covariance = torch.eye(3, dtype=torch.float64, requires_grad=True)
    rotation, _ = procrustes.best_rotation(covariance)
    (gradient,) = torch.autograd.grad(procrustes.with_derivative(rotation, covariance)[1, 0], covariance)
    expected = np.zeros((3, 3))
    expected[1, 0], expected[0, 1] = 0.5, -0.5
    np.testing.assert_allclose(gradient, expected, atol=1e-15)


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_derivative_agrees_with_finite_differences(rng: np.random.Generator, mirrored: bool) -> None:
    covariance = rng.normal(size=(3, 3))
    tensor = torch.as_tensor(covariance).requires_grad_()
    rotation, _ = procrustes.best_rotation(tensor, mirrored)
    np.testing.assert_allclose(procrustes.with_derivative(rotation, tensor).detach(), rotation, atol=1e-14)
    jacobian = torch.autograd.functional.jacobian(
        lambda h: procrustes.with_derivative(procrustes.best_rotation(h, mirrored)[0], h), tensor
    )
    change, step = rng.normal(size=(3, 3)), 1e-6
    ahead, behind = (procrustes.best_rotation(covariance + sign * step * change, mirrored)[0] for sign in (1.0, -1.0))
    measured = (ahead - behind) / (2.0 * step)
    np.testing.assert_allclose(np.einsum("ijkl,kl->ij", jacobian, change), measured, atol=1e-7)  # eps / step is 2e-10
