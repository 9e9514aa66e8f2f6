# SPDX-License-Identifier: Apache-2.0
"""What every method that is scored must do: describe one object in one image, carry points over, and find matches unasked."""
from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from func_corr_ros.errors import BadSettings
from func_corr_ros.settings import setting


@dataclass(frozen=True)
class Subject:
    """One object in one image, and what it shall serve for.

    ``part`` is the true functional part, for the rows of a table that are told it; every other method must not look.
    ``key`` names the view, equal for equal images and masks: chance is drawn from it. ``object`` ("kettle") and the names of the
    functional ``parts`` ("spout", "mouth") are for methods that ask a language model, empty where they are not known.
    """

    image: UInt8[np.ndarray, "h w 3"]
    mask: Bool[np.ndarray, "h w"]
    function: str
    part: Bool[np.ndarray, "h w"] | None
    key: str
    object: str = ""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class PointMatches:
    """Where the pixels of a that were asked for belong in b's image: ``uv``, NaN where the method has no answer; ``confidence``
    0..1, a probability only where the method says so, NaN where it cannot tell.
    """

    uv: Float32[np.ndarray, "n 2"]
    confidence: Float32[np.ndarray, " n"]


@dataclass(frozen=True)
class Discovery:
    """Matches from pixels of a (whole ones of its mask) to pixels of b; a higher ``score`` is more certain.

    ``in_part`` says which matches join the functional parts that the method itself predicts: they rank before all others.
    ``exists`` scores that the two objects have a correspondence for this function at all, NaN where the method cannot tell.
    """

    uv_a: Float32[np.ndarray, "n 2"]
    uv_b: Float32[np.ndarray, "n 2"]
    score: Float32[np.ndarray, " n"]
    in_part: Bool[np.ndarray, " n"] | None = None
    exists: float = float("nan")


@dataclass(frozen=True)
class MethodSettings:
    """What a run asks of any method."""

    max_pixels: int = setting(
        4096, "most pixels of one object in discovery; 0 is all, the exact protocol", unit="px", at_least=0, at_most=1 << 20
    )
    device: str = setting("auto", "where networks run: cpu, cuda, or auto")
    seed: int = setting(0, "where chance starts", at_least=0)


@runtime_checkable
class Method(Protocol):
    """A way to find functional correspondences.

    ``identity`` holds plain values that say everything the answers depend on: weights, their SHA-256, settings; where
    ``identity["conditioned"]`` is False a description is the same for every function, and is made once per view. What
    ``describe`` returns is handed back as ``a`` and ``b``; it may carry ``region`` (the predicted functional part, a bool
    h x w mask) and ``fallback`` (True where that prediction was empty and the object's mask took its place).
    """

    name: str
    identity: Mapping[str, Any]

    def describe(self, subject: Subject) -> Any:
        """Returns what the method needs to know of one object; the expensive half, kept by the caller."""
        ...

    def transfer(self, a: Any, b: Any, points: Float32[np.ndarray, "n 2"]) -> PointMatches:
        """Returns where pixels (u, v) of a's image belong in b's image."""
        ...

    def discover(self, a: Any, b: Any) -> Discovery:
        """Returns matches from a to b without being asked for any point."""
        ...


def load_method(name: str, settings: MethodSettings = MethodSettings()) -> Method:
    """Returns the method called ``name`` in ``METHODS``; raises BadSettings that lists the names for any other."""
    from func_corr_ros.correspondence.baselines import HEADS, METHODS

    if name in METHODS:
        return pkgutil.resolve_name(METHODS[name])(settings)
    if name in HEADS or Path(name).exists():
        from func_corr_ros.correspondence.baselines.trained import trained_method

        return trained_method(name, settings)
    raise BadSettings(f"method is {name!r}; valid: {', '.join([*HEADS, *METHODS])}, or the file of a trained head")
