# SPDX-License-Identifier: Apache-2.0
"""The whole way without ROS: one frame and one demonstration give poses or a refusal, and the time of every stage."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from jaxtyping import Float64

from func_corr_ros.correspondence.correspond import Correspondence, correspond
from func_corr_ros.correspondence.model import FunctionalCorrespondence
from func_corr_ros.correspondence.reference import Reference, make_reference
from func_corr_ros.errors import FuncCorrError
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.segmentation.segmenter import Segmentation, Segmenter
from func_corr_ros.transfer.demonstration import Demonstration
from func_corr_ros.transfer.lift import LiftedKeypoint, LiftedMatches, lift_matches
from func_corr_ros.transfer.transfer import Refusal, Transfer, TransferSettings, transfer_demonstration

Anchors = Mapping[str, Float64[np.ndarray, "4 4"]]


@dataclass(frozen=True)
class PipelineResult:
    """What came of one frame; the parts that were not reached are None. ``timings`` are seconds by stage."""

    outcome: Transfer | Refusal
    segmentation: Segmentation | None
    correspondence: Correspondence | None
    lifted: LiftedMatches | None
    timings: dict[str, float] = field(default_factory=dict)


class Pipeline:
    """Segmentation, correspondence and transfer around one demonstration; the ROS nodes chain the same three calls."""

    def __init__(
        self,
        segmenter: Segmenter,
        model: FunctionalCorrespondence,
        demonstration: Demonstration,
        settings: TransferSettings = TransferSettings(),
        anchors: Anchors = MappingProxyType({}),
    ) -> None:
        self.segmenter, self.model, self.settings = segmenter, model, settings
        self.demonstration, self.anchors = demonstration, anchors
        self.reference = reference_of(model, demonstration)

    def run(self, frame: RgbdFrame) -> PipelineResult:
        """Returns the demonstration's poses on the object in ``frame``; a mistake becomes a Refusal, never an exception."""
        timings: dict[str, float] = {}
        segmentation = correspondence = None
        try:
            with _timed(timings, "segmentation"):
                segmentation = self.segmenter.segment(frame)
            with _timed(timings, "correspondence"):
                correspondence = correspond(self.model, self.reference, frame.color, segmentation.masks())
        except FuncCorrError as error:
            return PipelineResult(Refusal(error), segmentation, correspondence, None, timings)
        return transfer_matches(self.demonstration, frame, segmentation, correspondence, self.settings, timings, self.anchors)


def transfer_matches(
    demonstration: Demonstration,
    frame: RgbdFrame,
    segmentation: Segmentation,
    correspondence: Correspondence,
    settings: TransferSettings = TransferSettings(),
    timings: dict[str, float] | None = None,
    anchors: Anchors = MappingProxyType({}),
) -> PipelineResult:
    """Returns what becomes of ``demonstration`` with matches found, by whatever method: the pipeline's second half. ``anchors``
    are those of :func:`transfer_demonstration`.
    """
    timings, lifted = {} if timings is None else timings, None
    try:
        with _timed(timings, "lift"):
            lifted = lift(demonstration, correspondence, frame)
        with _timed(timings, "transfer"):
            outcome: Transfer | Refusal = transfer_demonstration(
                demonstration, lifted, segmentation.support, settings, anchors
            )
    except FuncCorrError as error:
        outcome = Refusal(error)
    return PipelineResult(outcome, segmentation, correspondence, lifted, timings)


def reference_of(model: FunctionalCorrespondence, demonstration: Demonstration) -> Reference:
    """Returns the reference that a demonstration's picture makes."""
    keypoints = {item.name: item.uv for item in demonstration.keypoints}
    return make_reference(
        model, demonstration.id, demonstration.function, demonstration.frame.color, demonstration.mask, keypoints
    )


def lift(demonstration: Demonstration, correspondence: Correspondence, frame: RgbdFrame) -> LiftedMatches:
    """Returns the correspondence's matches as pairs of surface points."""
    live_points, _ = frame.points_at(correspondence.matches.uv_query)
    names = list(correspondence.keypoints)
    keypoint_uv = np.array([correspondence.keypoints[name].uv for name in names], dtype=np.float32).reshape(-1, 2)
    keypoint_points, seen = frame.points_at(keypoint_uv)
    keypoints = {
        name: LiftedKeypoint(point, correspondence.keypoints[name].confidence)
        for name, point, has_depth in zip(names, keypoint_points, seen, strict=True)
        if has_depth
    }
    return lift_matches(
        demonstration.frame,
        correspondence.matches.uv_target,
        live_points,
        correspondence.confidence,
        correspondence.mirrored,
        keypoints,
        correspondence.matches.part,
    )


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    start = time.monotonic()
    try:
        yield
    finally:
        timings[stage] = time.monotonic() - start
