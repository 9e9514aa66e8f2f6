# SPDX-License-Identifier: Apache-2.0
"""Things that stand about on tables and serve no function here: distractors and occluders."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.objects.solids import extrude, revolve
from func_corr_ros.settings import setting


@dataclass(frozen=True)
class Can:
    """A closed tin can."""

    height: float = setting(0.11, "height", unit="m", at_least=0.04, at_most=0.16)
    radius: float = setting(0.034, "radius", unit="m", at_least=0.025, at_most=0.05)
    seam: float = setting(0.0025, "height of the seams at both ends", unit="m", at_least=0.0015, at_most=0.004)

    def build(self) -> FunctionalObject:
        """Returns the can: parts body (the label's side) and lid (both ends with their seams)."""
        r, h, s = self.radius, self.height, self.seam
        profile = [(0.0, s), (r - s, s), (r - s, 0.0), (r, 0.0), (r, s), (r - s / 2, 1.5 * s), (r - s / 2, h - 1.5 * s),
                   (r, h - s), (r, h), (r - s, h), (r - s, h - s), (0.0, h - s)]
        parts = ["body" if i == 5 else "lid" for i in range(len(profile) - 1)]
        return FunctionalObject("can", *revolve(np.array(profile), parts).mesh())


@dataclass(frozen=True)
class Carton:
    """A cardboard box."""

    width: float = setting(0.06, "size along x", unit="m", at_least=0.03, at_most=0.1)
    length: float = setting(0.09, "size along y", unit="m", at_least=0.05, at_most=0.16)
    height: float = setting(0.13, "height", unit="m", at_least=0.03, at_most=0.22)

    def build(self) -> FunctionalObject:
        """Returns the carton, all of it part "body"."""
        x, y = self.width / 2.0, self.length / 2.0
        outline = np.array([[-x, -y], [x, -y], [x, y], [-x, y]])
        return FunctionalObject("carton", *extrude(outline, self.height, "body").mesh())
