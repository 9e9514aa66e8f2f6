# SPDX-License-Identifier: Apache-2.0
"""Weighted least-squares fits of rigid motions and similarities to point pairs, and their refusals."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from array_api_compat import array_namespace, is_torch_array
from jaxtyping import Float

from func_corr_ros.errors import DegenerateGeometry, SizeMismatch, TooFewPoints
from func_corr_ros.geometry import procrustes

# Points whose second spread is below this share of their first lie on a line for any depth camera (0.1 mm on 100 mm).
MIN_RELATIVE_SPREAD = 1e-3


@dataclass(frozen=True)
class Similarity:
    """The map x -> ``scale`` * ``rotation`` @ x + ``translation``.

    ``rotation`` is orthogonal. Its determinant is 1, or -1 where a mirrored fit was asked for: then the map turns a left
    hand into a right one, has no quaternion, and must not be applied to the orientation of a tool (``is_mirrored``).
    ``scale`` is a float from numpy fits and a tensor that carries a gradient from torch fits.
    """

    scale: float | Float[Any, ""]
    rotation: Float[Any, "3 3"]
    translation: Float[Any, "3"]

    def apply(self, points: Float[Any, "*batch 3"]) -> Float[Any, "*batch 3"]:
        """Returns the points mapped."""
        xp = array_namespace(points, self.rotation)
        dtype = xp.result_type(points, self.rotation)
        turned = xp.astype(points, dtype) @ xp.astype(xp.matrix_transpose(self.rotation), dtype)
        return self.scale * turned + self.translation

    @property
    def matrix(self) -> Float[Any, "4 4"]:
        """The 4x4 matrix, scale included (so its upper left block is orthogonal only for scale 1)."""
        xp = array_namespace(self.rotation)
        top = xp.concat([self.scale * self.rotation, self.translation[:, None]], axis=1)
        last = xp.concat([xp.zeros_like(top[:1, :3]), xp.ones_like(top[:1, 3:])], axis=1)
        return xp.concat([top, last], axis=0)

    @property
    def is_mirrored(self) -> bool:
        """Whether the map turns a left hand into a right one."""
        return float(array_namespace(self.rotation).linalg.det(self.rotation)) < 0.0

    def inverse(self) -> Similarity:
        """Returns the map back."""
        rotation = array_namespace(self.rotation).matrix_transpose(self.rotation)
        return Similarity(1.0 / self.scale, rotation, -(rotation @ self.translation) / self.scale)


def fit_rigid(
    source: Float[Any, "n 3"], target: Float[Any, "n 3"], weights: Float[Any, " n"] | None = None, *, mirrored: bool = False
) -> Similarity:
    """Returns the rigid motion (scale 1) that maps ``source`` to ``target`` with least weighted squared error (Kabsch 1976).

    ``mirrored`` asks for determinant -1 instead of 1. Raises TooFewPoints below 3 pairs of positive weight, and
    DegenerateGeometry for points that are not finite, coincident, collinear, or fit several rotations equally well.
    """
    return _fit(source, target, weights, mirrored, with_scale=False)


def fit_similarity(
    source: Float[Any, "n 3"], target: Float[Any, "n 3"], weights: Float[Any, " n"] | None = None, *, mirrored: bool = False
) -> Similarity:
    """Returns the similarity of least weighted squared error (Umeyama 1991); otherwise as ``fit_rigid``."""
    return _fit(source, target, weights, mirrored, with_scale=True)


def fit_upright(
    source: Float[Any, "n 3"],
    target: Float[Any, "n 3"],
    source_up: Float[Any, "3"],
    target_up: Float[Any, "3"],
    weights: Float[Any, " n"] | None = None,
    with_scale: bool = True,
    *,
    mirrored: bool = False,
) -> Similarity:
    """Returns the best map among those that take ``source_up`` to ``target_up``: yaw, translation and, if asked, scale.

    This is the fit for objects that stand on a table: tilt, which noise disturbs most, is not free. Closed form, global
    optimum. ``mirrored`` reflects the source through a vertical plane first. Two pairs of positive weight are enough.
    Raises as ``fit_rigid``, and DegenerateGeometry where the points do not determine the yaw or ask for no positive scale.
    """
    bases = upright_bases(source_up, target_up)
    weights = checked_pairs(source, target, weights, bases)
    found = procrustes.moments(source, target, weights)
    rotation, strength = procrustes.best_upright_rotation(found.covariance, *bases, mirrored)
    _check_unique(found, strength)
    return _similarity(found, rotation, with_scale)


def upright_bases(source_up: Float[Any, "3"], target_up: Float[Any, "3"]) -> tuple[Float[Any, "3 3"], Float[Any, "3 3"]]:
    """Returns orthonormal bases (columns) with the two up directions, of any length above zero, as third columns."""
    return procrustes.upright_basis(_unit(source_up, "source_up")), procrustes.upright_basis(_unit(target_up, "target_up"))


def checked_pairs(
    source: Float[Any, "n 3"],
    target: Float[Any, "m 3"],
    weights: Float[Any, " k"] | None = None,
    bases: tuple[Float[Any, "3 3"], Float[Any, "3 3"]] | None = None,
) -> Float[Any, " n"]:
    """Returns the weights (ones if None) of pairs that determine a fit, an upright one where ``bases`` are given.

    Raises SizeMismatch, TooFewPoints or DegenerateGeometry, with the numbers, for pairs that do not.
    """
    weights = _checked(source, target, weights, at_least=3 if bases is None else 2)
    for points, name, index in ((source, "source", 0), (target, "target", 1)):
        if bases is None:
            check_spread(points, weights, name)
        else:
            _check_horizontal_spread(points, weights, bases[index], name)
    return weights


def _fit(source: Any, target: Any, weights: Any, mirrored: bool, with_scale: bool) -> Similarity:
    weights = checked_pairs(source, target, weights)
    found = procrustes.moments(source, target, weights)
    rotation, strength = procrustes.best_rotation(found.covariance, mirrored)
    _check_unique(found, strength)
    if is_torch_array(rotation):
        rotation = procrustes.with_derivative(rotation, found.covariance)
    return _similarity(found, rotation, with_scale)


def _check_unique(found: procrustes.Moments, strength: Any) -> None:
    possible = _number(found.source_variance * found.target_variance) ** 0.5
    if not _number(strength) > MIN_RELATIVE_SPREAD**2 * possible:
        raise DegenerateGeometry(f"several rotations fit equally well: the best stands out by {_number(strength):.3g} m^2 where "
                                 f"the spreads would allow {possible:.3g} m^2; the pairs contradict each other or are symmetric")


def _similarity(found: procrustes.Moments, rotation: Any, with_scale: bool) -> Similarity:
    scale, translation = procrustes.scale_and_translation(found, rotation, with_scale)
    if not _number(scale) > 0.0:
        raise DegenerateGeometry(f"the best scale is {_number(scale):.3g}; it must be above 0: the pairs contradict each other "
                                 "(is source_up or target_up upside down?)")
    return Similarity(scale if is_torch_array(scale) else float(scale), rotation, translation)


def _checked(source: Any, target: Any, weights: Any, at_least: int) -> Any:
    """Returns the weights (ones if None); raises for what no fit can use."""
    xp = array_namespace(source, target)
    weights = xp.ones_like(source[:, 0]) if weights is None else weights
    if not source.shape[0] == target.shape[0] == weights.shape[0]:
        raise SizeMismatch(f"{source.shape[0]} source points, {target.shape[0]} target points, {weights.shape[0]} weights; they "
                           "must be pairs, with a weight each")
    finite = xp.all(xp.isfinite(source), axis=1) & xp.all(xp.isfinite(target), axis=1) & xp.isfinite(weights)
    if not bool(xp.all(finite)):
        bad = source.shape[0] - int(xp.sum(xp.astype(finite, xp.int64)))
        raise DegenerateGeometry(f"{bad} of {source.shape[0]} pairs are not finite; leave out pairs without depth or weight")
    if bool(xp.any(weights < 0.0)):
        raise DegenerateGeometry(f"the lowest weight is {_number(xp.min(weights)):g}; weights must be 0 or more")
    used = int(xp.sum(xp.astype(weights > 0.0, xp.int64)))
    if used < at_least:
        raise TooFewPoints(f"{used} point pairs of positive weight ({source.shape[0]} in all); at least {at_least} are needed")
    return weights


def _unit(up: Any, name: str) -> Any:
    xp = array_namespace(up)
    length = xp.sqrt(xp.sum(up * up))
    if not 0.0 < _number(length) < float("inf"):
        raise DegenerateGeometry(f"{name} is {[_number(c) for c in up]}; a finite vector of length above 0 is needed")
    return up / length


def _number(value: Any) -> float:
    """Returns the value of a scalar of either library, without its gradient."""
    return float(value.detach() if is_torch_array(value) else value)


def check_spread(points: Float[Any, "n 3"], weights: Float[Any, " n"], name: str) -> None:
    """Raises DegenerateGeometry, with the singular values, where the points are coincident or collinear."""
    xp, centred, share = _centred(points, weights, name)
    squares = xp.linalg.eigvalsh(xp.matrix_transpose(share * centred) @ centred)
    third, second, first = (max(float(square), 0.0) ** 0.5 for square in squares)
    if second < MIN_RELATIVE_SPREAD * first:
        raise DegenerateGeometry(f"the {name} points are collinear: their spreads (singular values, rms) are {first:.3g}, "
                                 f"{second:.3g}, {third:.3g} m; the second must be at least {MIN_RELATIVE_SPREAD:g} of the first")


def _check_horizontal_spread(points: Any, weights: Any, basis: Any, name: str) -> None:
    """Raises where the points are on a line along the third column of ``basis``: the yaw is not determined."""
    xp, centred, share = _centred(points, weights, name)
    squares = xp.sum(share * (centred @ xp.astype(basis, xp.float64)) ** 2, axis=0)
    horizontal, vertical = _number(squares[0] + squares[1]) ** 0.5, _number(squares[2]) ** 0.5
    if horizontal < MIN_RELATIVE_SPREAD * vertical:
        raise DegenerateGeometry(f"the {name} points are on one line along {name}_up: their rms spread is {horizontal:.3g} m "
                                 f"across it, {vertical:.3g} m along it; at least {MIN_RELATIVE_SPREAD:g} of that is needed")


def _centred(points: Any, weights: Any, name: str) -> tuple[Any, Any, Any]:
    """Returns (namespace, points about their mean, shares of weight) in float64; raises where the points coincide."""
    xp = array_namespace(points)
    if is_torch_array(points):
        points, weights = points.detach(), weights.detach()
    rounding = 10.0 * float(xp.finfo(points.dtype).eps) * float(xp.max(xp.abs(points)))
    exact, share = xp.astype(points, xp.float64), xp.astype(weights, xp.float64)[:, None]
    share = share / xp.sum(share)
    centred = exact - xp.sum(share * exact, axis=0)
    rms = float(xp.sum(share * centred * centred)) ** 0.5
    if not rms > rounding:
        raise DegenerateGeometry(f"the {name} points coincide: their rms spread is {rms:.3g} m (rounding: {rounding:.3g} m)")
    return xp, centred, share
