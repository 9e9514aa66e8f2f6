# SPDX-License-Identifier: Apache-2.0
"""Of several demonstrations of one function, the one whose object's features match the live object best."""
from __future__ import annotations

from collections.abc import Sequence

from func_corr_ros.errors import BadSettings
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.transfer.pipeline import Pipeline, PipelineResult


def nearest(pipelines: Sequence[Pipeline], frame: RgbdFrame) -> tuple[Pipeline, PipelineResult]:
    """Returns the pipeline whose demonstration matches the object in ``frame`` best, by the confidence per pixel that moves
    together (``Correspondence.score``), and its result; of equal ones, or where none sees an object, the first. Every pipeline is
    run, which costs its time. Raises BadSettings for none, or for demonstrations of several functions.
    """
    functions = sorted({pipeline.demonstration.function for pipeline in pipelines})
    if len(functions) != 1:
        raise BadSettings(f"the demonstrations are of {', '.join(functions) or 'no function at all'}; one function is needed to "
                          "choose among them")
    results = [pipeline.run(frame) for pipeline in pipelines]
    scores = [-1.0 if result.correspondence is None else result.correspondence.score for result in results]
    best = scores.index(max(scores))
    return pipelines[best], results[best]
