# SPDX-License-Identifier: Apache-2.0
"""Closed forms of the best rotation, for any batch and any array library, without checks (``rigid_fit`` has those).

Everything follows from the cross covariance H = sum w (q - q_mean)(p - p_mean)^T of source p and target q: the best
rotation R maximises trace(R^T H), whatever the scale.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from array_api_compat import array_namespace, is_torch_array
from jaxtyping import Float


@dataclass(frozen=True)
class Moments:
    """Weighted means, cross covariance (target times source transposed) and variances (over all axes) of point pairs."""

    source_mean: Float[Any, "*batch 3"]
    target_mean: Float[Any, "*batch 3"]
    covariance: Float[Any, "*batch 3 3"]
    source_variance: Float[Any, "*batch"]
    target_variance: Float[Any, "*batch"]


def moments(source: Float[Any, "*batch n 3"], target: Float[Any, "*batch n 3"], weights: Float[Any, "*batch n"]) -> Moments:
    """Returns the moments under ``weights`` of any positive sum."""
    xp = array_namespace(source, target, weights)
    share = (weights / xp.sum(weights, axis=-1, keepdims=True))[..., None]
    source_mean, target_mean = xp.sum(share * source, axis=-2), xp.sum(share * target, axis=-2)
    p, q = source - source_mean[..., None, :], target - target_mean[..., None, :]
    covariance = xp.matrix_transpose(share * q) @ p
    variances = [xp.sum(share * centred * centred, axis=(-2, -1)) for centred in (p, q)]
    return Moments(source_mean, target_mean, covariance, *variances)


def best_rotation(
    covariance: Float[Any, "*batch 3 3"], mirrored: bool = False
) -> tuple[Float[Any, "*batch 3 3"], Float[Any, "*batch"]]:
    """Returns the rotation R (determinant 1; -1 if ``mirrored``) that maximises trace(R^T covariance), and how strongly
    the points ask for it: the sum of the two lowest signed singular values, 0 where several rotations are equally good.

    Kabsch 1976 with the determinant of Umeyama 1991. Carries no gradient: ``with_derivative`` adds it.
    """
    xp = array_namespace(covariance)
    u, d, vt = xp.linalg.svd(covariance.detach() if is_torch_array(covariance) else covariance, full_matrices=False)
    sign = xp.sign(xp.linalg.det(u @ vt)) * (-1.0 if mirrored else 1.0)
    signed = xp.concat([u[..., :, :2], u[..., :, 2:] * sign[..., None, None]], axis=-1)
    return signed @ vt, d[..., 1] + sign * d[..., 2]


def best_upright_rotation(
    covariance: Float[Any, "*batch 3 3"],
    source_basis: Float[Any, "3 3"],
    target_basis: Float[Any, "3 3"],
    mirrored: bool = False,
) -> tuple[Float[Any, "*batch 3 3"], Float[Any, "*batch"]]:
    """Returns the best rotation among those that map the third column of ``source_basis`` (orthonormal) onto that of
    ``target_basis``, and how strongly the points ask for its yaw (the horizontal correlation; 0 means not at all).

    In the two bases the rotation is a yaw, and trace(R^T H) is A cos(yaw) + B sin(yaw) + constant. ``mirrored`` flips
    the source's second horizontal axis first: a reflection through a vertical plane.
    """
    xp = array_namespace(covariance, source_basis, target_basis)
    k = xp.matrix_transpose(target_basis) @ covariance @ source_basis
    flip = -1.0 if mirrored else 1.0
    a = k[..., 0, 0] + flip * k[..., 1, 1]
    b = k[..., 1, 0] - flip * k[..., 0, 1]
    strength = xp.sqrt(a * a + b * b)
    known = xp.where(strength > 0.0, strength, xp.ones_like(strength))
    cos, sin, zero = a / known, b / known, xp.zeros_like(a)
    rows = [
        xp.stack([cos, -flip * sin, zero], axis=-1),
        xp.stack([sin, flip * cos, zero], axis=-1),
        xp.stack([zero, zero, xp.ones_like(a)], axis=-1),
    ]
    return target_basis @ xp.stack(rows, axis=-2) @ xp.matrix_transpose(source_basis), strength


def upright_basis(up: Float[Any, "3"]) -> Float[Any, "3 3"]:
    """Returns a right-handed orthonormal basis (columns) whose third column is ``up``, a unit vector."""
    xp = array_namespace(up)
    hint = xp.eye(3, dtype=up.dtype, device=up.device)[int(xp.argmin(xp.abs(up)))]
    first = hint - xp.sum(hint * up) * up
    first = first / xp.sqrt(xp.sum(first * first))
    return xp.stack([first, xp.linalg.cross(up, first), up], axis=-1)


def scale_and_translation(
    found: Moments, rotation: Float[Any, "*batch 3 3"], with_scale: bool
) -> tuple[Float[Any, "*batch"], Float[Any, "*batch 3"]]:
    """Returns the scale (1 unless ``with_scale``) and translation that go with the best rotation (Umeyama 1991, eq. 41-42)."""
    xp = array_namespace(found.covariance)
    if with_scale:
        scale = xp.sum(rotation * found.covariance, axis=(-2, -1)) / found.source_variance
    else:
        scale = xp.ones_like(found.source_variance)
    turned = (rotation @ found.source_mean[..., None])[..., 0]
    return scale, found.target_mean - scale[..., None] * turned


def with_derivative(rotation: Float[Any, "*batch 3 3"], covariance: Float[Any, "*batch 3 3"]) -> Float[Any, "*batch 3 3"]:
    """Returns ``rotation``, the unique optimum for ``covariance`` (``best_rotation``), with its first derivative.

    At the optimum M = R^T H is symmetric. The step d that restores this after a change of H solves
    (trace(M) I - M) d = vee(M - M^T); it is zero in value and carries the derivative (implicit function theorem). This
    stays finite for equal singular values (a square, a sphere), where the derivative of the SVD itself does not.
    """
    xp = array_namespace(rotation, covariance)
    m = xp.matrix_transpose(rotation) @ covariance
    symmetric = (m + xp.matrix_transpose(m)) / 2.0
    trace = m[..., 0, 0] + m[..., 1, 1] + m[..., 2, 2]
    system = trace[..., None, None] * xp.eye(3, dtype=m.dtype, device=m.device) - symmetric
    skew = xp.stack([m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]], axis=-1)
    step = xp.linalg.solve(system, skew[..., None])[..., 0]
    x, y, z, zero = step[..., 0], step[..., 1], step[..., 2], xp.zeros_like(step[..., 0])
    cross = xp.stack([xp.stack([zero, -z, y], -1), xp.stack([z, zero, -x], -1), xp.stack([-y, x, zero], -1)], axis=-2)
    return rotation + rotation @ cross
