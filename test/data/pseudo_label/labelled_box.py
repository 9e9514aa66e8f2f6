# SPDX-License-Identifier: Apache-2.0
"""A box on a bar: an object of two parts, small enough to be labelled in a moment, and a simulated annotator of it."""

from __future__ import annotations

from functools import cache

import numpy as np

from func_corr_ros.data.annotators.simulated import EXACT, AnnotatorNoise, SimulatedAnnotator
from func_corr_ros.data.materials import Material
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.pseudo_label.answers import Interview
from func_corr_ros.data.pseudo_label.label_views import LabelViews, LabelViewSettings, label_views
from func_corr_ros.data.pseudo_label.neighbourhood import Neighbourhood, neighbourhood
from func_corr_ros.data.pseudo_label.shape import Shape, ShapeSettings, prepared

PARTS = ("bar", "head")
_FACES = np.array(
    [
        [0, 1, 3],
        [0, 3, 2],
        [4, 6, 7],
        [4, 7, 5],
        [0, 4, 5],
        [0, 5, 1],
        [2, 3, 7],
        [2, 7, 6],
        [0, 2, 6],
        [0, 6, 4],
        [1, 5, 7],
        [1, 7, 3],
    ]
)


def box(low: tuple[float, ...], high: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and faces, normals outward, of an axis-aligned box."""
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=np.float64)
    return np.array(low) + corners * (np.array(high) - np.array(low)), _FACES


def club() -> FunctionalObject:
    bar, head = box((-0.2, -0.01, -0.01), (0.1, 0.01, 0.01)), box((0.1, -0.04, -0.04), (0.2, 0.04, 0.04))
    vertices, faces = np.concatenate([bar[0], head[0]]), np.concatenate([bar[1], head[1] + 8])
    return FunctionalObject("club", vertices, faces, np.repeat([0, 1], 12), PARTS, {"pound-with": ("head",)})


@cache
def shape() -> Shape:
    return prepared(
        "club-s000000", club(), {"": Material((0.5, 0.5, 0.5))}, exact=True, solid=True, settings=ShapeSettings(points=1024)
    )


@cache
def views() -> LabelViews:
    return label_views(shape(), LabelViewSettings(size=96, supersampling=0))


@cache
def around() -> Neighbourhood:
    return neighbourhood(shape().points, shape().normals)


def interview(noise: AnnotatorNoise = EXACT, seed: int = 0) -> Interview:
    annotator = SimulatedAnnotator(lambda _: views(), noise, seed)
    return Interview("club-s000000", views(), PARTS, ("bar of the club", "head of the club"), annotator)
