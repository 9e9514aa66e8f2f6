# SPDX-License-Identifier: Apache-2.0
"""An object that knows itself: its surface, its parts, and for every function the frame in which it is performed."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64

from func_corr_ros.errors import BadSettings, UnknownFunction
from func_corr_ros.settings import leaves, override

ANY_ANGLE = -1


@dataclass(frozen=True)
class Symmetry:
    """Turns that leave what serves a function as it is: about the line through ``point`` along the unit ``direction`` (both in
    the object's frame) by whole multiples of 360 deg / ``order``, or by ANY_ANGLE.
    """

    order: int
    point: Float64[np.ndarray, " 3"]
    direction: Float64[np.ndarray, " 3"]


@dataclass(frozen=True)
class FunctionalObject:
    """A closed surface in metres, resting on z = 0 with z up, its origin under the middle of its body; what it is held by is
    at -x, what it works with at +x.

    ``part_of_face`` indexes ``part_names``. ``function_parts`` names the parts that serve a function, and
    ``functional_frames`` gives its ``object_from_function`` by the conventions of ``functions.FUNCTIONS``; ``symmetries`` holds
    the functions whose parts have one. ``grasp_frames`` gives ``object_from_gripper`` of a parallel gripper: origin between the
    finger tips, z the approach direction, y the closing direction. ``substances`` groups parts made of one piece and says what
    that may be made of (``dress.SUBSTANCES``). Arrays are not to be written to.
    """

    category: str
    vertices: Float64[np.ndarray, "v 3"]
    faces: Int64[np.ndarray, "f 3"]
    part_of_face: Int64[np.ndarray, " f"]
    part_names: tuple[str, ...]
    function_parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    functional_frames: Mapping[str, Float64[np.ndarray, "4 4"]] = field(default_factory=dict)
    grasp_frames: Mapping[str, Float64[np.ndarray, "4 4"]] = field(default_factory=dict)
    symmetries: Mapping[str, Symmetry] = field(default_factory=dict)
    substances: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()

    def object_from_function(self, function: str) -> Float64[np.ndarray, "4 4"]:
        """Returns the frame in which ``function`` is performed; raises UnknownFunction, listing those there are."""
        self._check_function(function)
        return self.functional_frames[function]

    def serves(self, function: str) -> Bool[np.ndarray, " f"]:
        """Returns the faces of the parts that serve ``function``; raises UnknownFunction, listing those there are."""
        self._check_function(function)
        wanted = [self.part_names.index(name) for name in self.function_parts[function]]
        return np.isin(self.part_of_face, wanted)

    def _check_function(self, function: str) -> None:
        if function not in self.functional_frames:
            there = ", ".join(sorted(self.functional_frames)) or "none"
            raise UnknownFunction(f"a {self.category} has no function {function!r}; it has: {there}")


def draw(category: type[Any], rng: np.random.Generator) -> Any:
    """Returns parameters of ``category`` drawn at random: numbers uniformly between their limits, styles from their choices."""
    values: dict[str, Any] = {}
    for info in leaves(category):
        if info.choices:
            values[info.name] = str(rng.choice(info.choices))
        elif info.at_least is None or info.at_most is None:
            raise BadSettings(f"{category.__name__}.{info.name} has no limits to draw between; declare at_least and at_most")
        else:
            values[info.name] = float(rng.uniform(info.at_least, info.at_most))
    return override(category(), values, source=category.__name__)
