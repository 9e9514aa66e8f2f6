# SPDX-License-Identifier: Apache-2.0
"""Which way the functional part lies from the middle of its object: a witness of the turn that needs no single match to be right.

Matches of two objects that differ in shape, or of one seen from the other side, often agree on a turn that is wrong. Where the
part is, the features know much better than which of its points is which (docs/transfer.md has the figures).
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from func_corr_ros.geometry.plane import Plane
from func_corr_ros.transfer.lift import LiftedMatches

# Where the part's middle is nearer to the object's than this share of the object's size, it says nothing of a turn.
MIN_LEVER = 0.13
# Pixels that are surely of the part count: at this power of the probability, half as sure counts a sixteenth.
SURENESS = 4.0


@dataclass(frozen=True)
class Headings:
    """Horizontal unit directions, on the reference and on the live object, from its middle to its functional part; ``lever``
    is how far that is where it is less, as a share of the object's size. Both ups are unit.
    """

    reference: Float64[np.ndarray, "3"]
    live: Float64[np.ndarray, "3"]
    reference_up: Float64[np.ndarray, "3"]
    live_up: Float64[np.ndarray, "3"]
    lever: float

    def live_from_reference(self, mirrored: bool) -> Float64[np.ndarray, "3 3"]:
        """Returns the turn that lays heading on heading and up on up; ``mirrored`` turns the object's sides round besides."""
        sides = np.diag([1.0, -1.0 if mirrored else 1.0, 1.0])
        return _basis(self.live, self.live_up) @ sides @ _basis(self.reference, self.reference_up).T


def headings(lifted: LiftedMatches, reference_support: Plane, live_support: Plane, sizes: tuple[float, float]) -> Headings | None:
    """Returns the headings of both objects, None where the part is unknown or so near to the middle that none can be told.
    ``sizes`` [m] are those of the reference and of the live object.
    """
    if lifted.part is None:
        return None
    found = []
    for points, part, support, size in (
        (lifted.reference, lifted.part[:, 1], reference_support, sizes[0]),
        (lifted.live, lifted.part[:, 0], live_support, sizes[1]),
    ):
        sure = part**SURENESS
        if not sure.sum() > 0.0:
            return None
        off = sure @ points / sure.sum() - points.mean(axis=0)
        off = off - support.normal * (off @ support.normal)
        length = float(np.linalg.norm(off))
        if length < MIN_LEVER * size:
            return None
        found.append((off / length, length / size))
    (of_reference, lever), (of_live, other) = found
    return Headings(of_reference, of_live, reference_support.normal, live_support.normal, min(lever, other))


def _basis(heading: Float64[np.ndarray, "3"], up: Float64[np.ndarray, "3"]) -> Float64[np.ndarray, "3 3"]:
    return np.stack([heading, np.cross(up, heading), up], axis=1)
