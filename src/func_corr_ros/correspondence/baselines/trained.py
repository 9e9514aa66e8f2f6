# SPDX-License-Identifier: Apache-2.0
"""Trained heads as a method that is scored: the calls of the nodes, nothing else."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from func_corr_ros.correspondence.baselines.method import Discovery, MethodSettings, PointMatches, Subject
from func_corr_ros.correspondence.embedding import Embedding
from func_corr_ros.correspondence.functional_region import functional_region
from func_corr_ros.correspondence.match_groups import PART
from func_corr_ros.correspondence.model import CorrespondenceSettings, FunctionalCorrespondence
from func_corr_ros.settings import as_dict


@dataclass(frozen=True)
class TrainedSubject:
    """One object's embedding, and its functional part as the head sees it."""

    embedding: Embedding
    region: Bool[np.ndarray, "h w"]
    fallback: bool


class TrainedMethod:
    """A trained head behind the interface of all methods."""

    def __init__(self, name: str, model: FunctionalCorrespondence) -> None:
        self.name, self.model = name, model
        told = {"settings": as_dict(model.settings), "max_pixels": model.settings.max_pixels}
        calibration = None if model.head is None else model.head.spec.calibration
        thresholds = {} if calibration is None else {
            "confidence_threshold": calibration.accept_match, "exists_threshold": calibration.accept_serving
        }
        self.identity: Mapping[str, Any] = {**model.identity, **told, **thresholds}

    def describe(self, subject: Subject) -> TrainedSubject:
        """See :class:`Method`."""
        (embedding,) = self.model.embed(subject.image, [subject.mask], subject.function)
        region = functional_region(embedding, subject.mask)
        return TrainedSubject(embedding, region.mask, region.fallback)

    def transfer(self, a: TrainedSubject, b: TrainedSubject, points: Float32[np.ndarray, "n 2"]) -> PointMatches:
        """See :class:`Method`."""
        found = self.model.match(a.embedding, b.embedding, points)
        return PointMatches(found.uv_target, found.confidence)

    def discover(self, a: TrainedSubject, b: TrainedSubject) -> Discovery:
        """Returns the matches of all lattice pixels of a, scored by their confidence."""
        found = self.model.match(a.embedding, b.embedding)
        in_part = None if found.part is None else found.part[:, 0] > PART
        return Discovery(found.uv_query, found.uv_target, found.confidence, in_part, found.exists)


def trained_method(name_or_path: str, settings: MethodSettings) -> TrainedMethod:
    """Returns the trained head ``name_or_path`` as a method; raises BadWeights where there is none."""
    asked = CorrespondenceSettings(max_pixels=settings.max_pixels or 1 << 20)
    model = FunctionalCorrespondence.from_pretrained(name_or_path, asked, settings.device)
    return TrainedMethod(str(model.identity["name"]), model)
