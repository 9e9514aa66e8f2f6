# SPDX-License-Identifier: Apache-2.0
"""A transferred pour carried out in the physics engine, filmed for a report."""
from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float64

from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.evaluation.report import ReportPicture
from func_corr_ros.geometry.se3 import inverse
from func_corr_ros.simulation.film import write_film
from func_corr_ros.simulation.pour import FUNCTION, judge_pour


def filmed_pour(
    thing: FunctionalObject, camera_from_outlet: Float64[np.ndarray, "4 4"], truth: Float64[np.ndarray, "4 4"], path: Path
) -> ReportPicture:
    """Returns the film, written to ``path`` as a GIF, of pouring from ``thing`` where ``camera_from_outlet`` was transferred to
    and its outlet truly is at ``truth`` in the same camera, and what came of it in words. Raises MissingOptional without the
    physics engine, DegenerateGeometry for what cannot be filled.
    """
    believed = thing.object_from_function(FUNCTION) @ inverse(truth) @ camera_from_outlet
    judgement = judge_pour(thing, believed)
    landed, spilled = judgement.measures["landed"], judgement.measures["spilled"]
    words = (f"The pour at the transferred pose, carried out in a physics engine: {landed:.0%} of the grains land in the bowl, "
             f"{spilled:.0%} beside it.")
    return ReportPicture(write_film(path, judgement), words)
