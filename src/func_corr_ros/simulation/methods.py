# SPDX-License-Identifier: Apache-2.0
"""Who says where the tool belongs: the pipeline with one weights or another, and the two ends of the scale, truth and chance."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64

from func_corr_ros.correspondence.baselines.plain import PUBLISHED_CROP, PUBLISHED_FEATURES, WEIGHTS
from func_corr_ros.correspondence.model import CorrespondenceSettings, FunctionalCorrespondence
from func_corr_ros.errors import BadSettings, FuncCorrError, NoDepth
from func_corr_ros.geometry.se3 import about_axis, make
from func_corr_ros.segmentation.segmenter import Segmenter
from func_corr_ros.segmentation.tabletop import TabletopSegmenter
from func_corr_ros.simulation.staging import KEYPOINT, PHASE, Trial, true_pose
from func_corr_ros.simulation.suite import Suite
from func_corr_ros.transfer.pipeline import Pipeline, PipelineResult
from func_corr_ros.transfer.transfer import Transfer, TransferSettings


@dataclass(frozen=True)
class Answer:
    """Where the tool belongs in the live camera's frame; None, with the ``reason``, where the method refuses. ``result`` is what
    the pipeline came by on its way, None for methods that have none.
    """

    camera_from_tool: Float64[np.ndarray, "4 4"] | None
    reason: str = ""
    result: PipelineResult | None = None


@runtime_checkable
class SimulatedMethod(Protocol):
    """Answers trials. ``weights`` gives SHA-256 by name of what was learned, empty where nothing was."""

    name: str
    weights: Mapping[str, str]

    def answer(self, trial: Trial, suite: Suite) -> Answer:
        """Returns where the tool belongs, or a refusal."""
        ...


class Oracle:
    """Knows the true frame: what the physics, and nothing else, makes fail."""

    name = "oracle"

    def __init__(self) -> None:
        self.weights: Mapping[str, str] = {}

    def answer(self, trial: Trial, suite: Suite) -> Answer:
        """Returns the truth."""
        return Answer(true_pose(trial, suite))


class Chance:
    """Finds the object as the pipeline does, then takes any seen place of it and any turn about the vertical. It never refuses
    what is seen.
    """

    name = "chance"

    def __init__(self) -> None:
        self.weights: Mapping[str, str] = {}
        self._segmenter = TabletopSegmenter()

    def answer(self, trial: Trial, suite: Suite) -> Answer:
        """Returns the demonstrated pose, moved to a random place and turned at random."""
        frame, demonstration = trial.view.frame, trial.demonstration
        rng = np.random.default_rng([11, trial.number])
        try:
            segmentation = self._segmenter.segment(frame)
            mask = next(iter(segmentation.masks().values()), np.zeros_like(frame.depth, dtype=bool))
            rows, columns = np.nonzero(mask & np.isfinite(frame.depth))
            if not len(rows):
                raise NoDepth("no object with depth was found")
        except FuncCorrError as error:
            return Answer(None, f"{type(error).__name__}: {error}")
        chosen = int(rng.integers(len(rows)))
        place = frame.points_at(np.array([[columns[chosen], rows[chosen]]], dtype=np.float32))[0][0]
        up = np.array([0.0, -1.0, 0.0]) if segmentation.support is None else segmentation.support.normal
        turn = about_axis(up, float(rng.uniform(0.0, 2.0 * np.pi)))
        shown = demonstration.phases[0].camera_from_tool
        offset = shown[:3, 3] - demonstration.keypoint(KEYPOINT).point
        return Answer(make(turn @ shown[:3, :3], place + turn @ offset))


class Transferred:
    """The whole pipeline, as nodes and replay run it: segmentation, correspondence, transfer."""

    def __init__(
        self, name: str, model: FunctionalCorrespondence, settings: TransferSettings = TransferSettings(),
        segmenter: Callable[[], Segmenter] = TabletopSegmenter,
    ) -> None:
        self.name, self.model, self.settings, self._segmenter = name, model, settings, segmenter
        self.weights: Mapping[str, str] = {str(model.identity["name"]): str(model.identity["sha256"])}

    def answer(self, trial: Trial, suite: Suite) -> Answer:
        """Returns the transferred pose, or the pipeline's refusal."""
        result = self.pipeline(trial, self._segmenter()).run(trial.view.frame)
        if isinstance(result.outcome, Transfer):
            return Answer(result.outcome.phase(PHASE).camera_from_tool, result=result)
        error = result.outcome.error
        return Answer(None, f"{type(error).__name__}: {error}", result)

    def pipeline(self, trial: Trial, segmenter: Segmenter) -> Pipeline:
        """Returns the pipeline around the trial's demonstration, with another ``segmenter`` where one asks what if."""
        return Pipeline(segmenter, self.model, trial.demonstration, self.settings)


def load_simulated(name: str, device: str = "auto") -> SimulatedMethod:
    """Returns the method called ``name``: "oracle", "chance", "func-corr-s", "dino-448" (the published baseline's features at
    448 px) or the file of a trained head; raises BadSettings for another.
    """
    if name == "oracle":
        return Oracle()
    if name == "chance":
        return Chance()
    if name == "dino-448":
        crop = replace(PUBLISHED_CROP, size=448)
        return Transferred(name, FunctionalCorrespondence.from_pretrained(
            WEIGHTS, CorrespondenceSettings(backbone=PUBLISHED_FEATURES, crop=crop), device
        ))
    if name == "func-corr-s" or name.endswith(".safetensors"):
        return Transferred(name, FunctionalCorrespondence.from_pretrained(name, device=device))
    raise BadSettings(f"method is {name!r}; valid: func-corr-s, dino-448, oracle, chance, or the file of a trained head")
