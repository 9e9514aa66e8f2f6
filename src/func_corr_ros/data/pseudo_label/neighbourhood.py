# SPDX-License-Identifier: Apache-2.0
"""Which points of a cloud are neighbours on the surface, how smooth it is between them, and where its edges are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64
from scipy.spatial import cKDTree

NEIGHBOURS = 8
# Neighbours within this reach, in asset sizes, tell an edge.
_EDGE_REACH = 0.03
_EDGE_NEIGHBOURS = 24
# Mean cosine between normals at which a place is as much an edge as not, and how sharply that turns.
_EDGE_AT, _EDGE_WIDTH = 0.7, 0.1
_ROUNDS = 10
_LIMIT = 30.0


@dataclass(frozen=True)
class Neighbourhood:
    """``index`` are each point's nearest others, ``weight`` how much they count, 1 on average: less across a crease or a gap.
    ``edge`` is the probability that a point lies at an edge of the surface.
    """

    index: Int64[np.ndarray, "n k"]
    weight: Float64[np.ndarray, "n k"]
    edge: Float64[np.ndarray, " n"]

    def smoothed(self, logit: Float64[np.ndarray, " n"], strength: float) -> Float64[np.ndarray, " n"]:
        """Returns log odds that are near to ``logit`` and to their neighbours': of all x the least sum of (x - logit)² and
        ``strength`` times the weighted squared differences of neighbours, approached in a few steps.
        """
        total = self.weight.sum(axis=1)
        value = logit
        for _ in range(_ROUNDS if strength > 0.0 else 0):
            value = (logit + strength * (self.weight * value[self.index]).sum(axis=1)) / (1.0 + strength * total)
        return value


def neighbourhood(points: Float64[np.ndarray, "n 3"], normals: Float64[np.ndarray, "n 3"]) -> Neighbourhood:
    """Returns the neighbourhood of a cloud; a thin sheet's two sides are not neighbours."""
    spacing = float(np.median(cKDTree(points).query(points, 2)[0][:, 1])) + 1e-12
    places = np.hstack([points, 2.0 * spacing * normals])
    distance, index = cKDTree(places).query(places, NEIGHBOURS + 1)
    distance, index = distance[:, 1:], index[:, 1:].astype(np.int64)
    cosine = np.einsum("nk,nik->ni", normals, normals[index])
    weight = np.exp(-np.square(distance / (3.0 * spacing)) - 2.0 * (1.0 - cosine))
    return Neighbourhood(index, weight / max(float(weight.sum(axis=1).mean()), 1e-12), edge_probability(points, normals))


def edge_probability(points: Float64[np.ndarray, "n 3"], normals: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, " n"]:
    """Returns how likely each point lies at an edge: the normals about it look to different sides, as those of a blade's two
    faces do where they meet, or of a rim's inside and outside.
    """
    size = float(np.ptp(points, axis=0).max())
    distance, index = cKDTree(points).query(points, min(_EDGE_NEIGHBOURS, len(points)))
    near = distance < _EDGE_REACH * size
    near[:, 0] = True
    mean = (normals[index] * near[..., None]).sum(axis=1) / near.sum(axis=1, keepdims=True)
    return logistic((_EDGE_AT - np.linalg.norm(mean, axis=1)) / _EDGE_WIDTH)


def logistic(value: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """Returns the probabilities of log odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(value, -_LIMIT, _LIMIT))))
