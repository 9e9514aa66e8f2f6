# SPDX-License-Identifier: Apache-2.0
"""What an annotator is: questions about pictures in, one list of boxes for each out."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from func_corr_ros.errors import BadSettings
from func_corr_ros.grounding.grounder import Boxes

# A square of a picture, (u0, v0, side) in pixels: whole ones, the first pixel's centre at (u0, v0).
Window = tuple[int, int, int]


@dataclass(frozen=True)
class Question:
    """Where is ``phrase``? ``picture`` is the part of view number ``view`` of ``asset`` that ``window`` cuts out, in as many
    pixels or fewer; ``sample`` tells repeated questions apart. ``part`` is the name of what the phrase describes.
    """

    asset: str
    part: str
    phrase: str
    view: int
    sample: int
    window: Window
    picture: UInt8[np.ndarray, "s s 3"]


@runtime_checkable
class Annotator(Protocol):
    """``identity`` is all that answers depend on, for provenance."""

    name: str
    identity: Mapping[str, Any]

    def ask(self, questions: Sequence[Question]) -> list[Boxes]:
        """Returns the boxes of each question, in pixels of its picture, best first; none where nothing is found. One
        that gives masks gives them with every answer.

        Raises EndpointUnavailable where nobody answers, BadAnswer where the answers cannot be read.
        """
        ...


def load_annotator(name: str, **options: Any) -> Annotator:
    """Returns the annotator ``name`` of ANNOTATORS, made with ``options`` (those its ``load`` takes).

    Raises BadSettings for a name there is not, and what its ``load`` raises.
    """
    from func_corr_ros.data.annotators import ANNOTATORS

    if name not in ANNOTATORS:
        raise BadSettings(f"no annotator {name!r}; valid: {', '.join(ANNOTATORS)}")
    made: Annotator = pkgutil.resolve_name(ANNOTATORS[name]).load(name, **options)
    return made
