# SPDX-License-Identifier: Apache-2.0
"""Demonstrated tool poses on an object never seen before, or a refusal with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from jaxtyping import Float64

from func_corr_ros.errors import DegenerateGeometry, FuncCorrError, HighResidual, LowConfidence, NoReference
from func_corr_ros.geometry.depth_image import back_project
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.revolution import Revolution
from func_corr_ros.geometry.se3 import make
from func_corr_ros.settings import setting
from func_corr_ros.transfer.align import MIN_SIZE, Alignment, AlignSettings, align_objects
from func_corr_ros.transfer.bar import Bars, bar_turn, gripped_bars
from func_corr_ros.transfer.carry import carried_keypoint, is_of_part
from func_corr_ros.transfer.demonstration import Demonstration, Phase
from func_corr_ros.transfer.handle_place import MIN_PROTRUSION_POINTS, beside_on_protrusion
from func_corr_ros.transfer.layout import layouts
from func_corr_ros.transfer.lift import OF_PART, LiftedMatches
from func_corr_ros.transfer.protrusion import protrudes
from func_corr_ros.transfer.revolved import align_revolved, body_of
from func_corr_ros.transfer.trust import evidence, probability
from func_corr_ros.transfer.turn import TurnBelief, believed_turn

# The phase whose place must not be in doubt.
DECIDING_PHASE = "action"
# A mirrored pose is made a rotation again by turning the tool's mirror axis round (see Phase).
TURN_MIRROR_AXIS = np.diag([1.0, -1.0, 1.0])


@dataclass(frozen=True)
class TransferSettings:
    """What a transfer must show before a robot may use it."""

    align: AlignSettings = field(default_factory=AlignSettings)
    min_inlier_ratio: float = setting(
        0.55,
        "smallest share of the matches' confidence that one motion must explain, where features do not know the functional part",
        at_least=0.0,
        at_most=1.0,
        live=True,
    )
    min_probability: float = setting(
        0.8,
        "smallest probability of being right, where features know the functional part; lower acts, and errs, more often",
        at_least=0.0,
        at_most=1.0,
        live=True,
    )
    max_residual: float = setting(
        0.1, "largest rms residual of the inliers, as a share of the object's size", at_least=0.0, at_most=1.0, live=True
    )


@dataclass(frozen=True)
class TransferredPhase:
    """A demonstrated phase on the live object; ``camera_from_tool`` is in the live optical frame."""

    name: str
    tool_link: str
    camera_from_tool: Float64[np.ndarray, "4 4"]


@dataclass(frozen=True)
class Transfer:
    """An accepted transfer. ``keypoints`` are the demonstration's, on the live object [m]; ``score`` is the probability of being
    right (:mod:`trust`) where features know the functional part, else the share of the confidence that the motion explains."""

    demonstration: str
    function: str
    phases: tuple[TransferredPhase, ...]
    keypoints: dict[str, Float64[np.ndarray, "3"]]
    alignment: Alignment
    score: float
    mirrored: bool

    def phase(self, name: str) -> TransferredPhase:
        """Returns the phase called ``name``; raises KeyError that lists those there are."""
        for phase in self.phases:
            if phase.name == name:
                return phase
        raise KeyError(f"no phase {name!r}; there are {[item.name for item in self.phases]}")


@dataclass(frozen=True)
class Refusal:
    """Why there is no transfer: an error with its numbers, the alignment where one was reached, and ``score``, the probability of
    being right, where that was too low.
    """

    error: FuncCorrError
    alignment: Alignment | None = None
    score: float | None = None


def transfer_demonstration(
    demonstration: Demonstration,
    lifted: LiftedMatches,
    live_support: Plane | None,
    settings: TransferSettings = TransferSettings(),
    anchors: Mapping[str, Float64[np.ndarray, "4 4"]] = MappingProxyType({}),
) -> Transfer | Refusal:
    """Returns the demonstration's phases on the live object, or why not.

    Each phase keeps its offset to the keypoint it is about: grippers and outlets do not scale with the object. Phases that are
    relative to something else go with that: ``anchors`` holds, by name, the rigid motion from the demonstration's camera frame to
    the live one's under which it stayed as it was ("world": the identity for a camera that did not move). An anchor that a phase
    needs and that is not there is a refusal (NoReference).
    """
    missing = [name for name in demonstration.anchor_names if name not in anchors]
    if missing:
        return Refusal(NoReference(f"{demonstration.id}: phases are relative to {', '.join(missing)}, where that is now is not "
                                   f"known; given: {', '.join(sorted(anchors)) or 'nothing'} (anchors)"))
    try:
        alignment = _aligned(demonstration, lifted, live_support, settings.align)
    except FuncCorrError as error:
        return Refusal(error)
    doubt = _doubt(alignment, settings)
    if doubt is not None:
        return Refusal(doubt, alignment)
    shown = _shown_points(demonstration)
    keypoints = {item.name: carried_keypoint(item, lifted, alignment, settings.align, shown) for item in demonstration.keypoints}
    unseen = _unseen_part(demonstration, alignment, keypoints, lifted)
    if unseen is not None:
        return Refusal(unseen, alignment)
    measured = evidence_of(demonstration, lifted, alignment, keypoints)
    score = None if measured is None else probability(measured)
    if score is not None and score < settings.min_probability:
        return Refusal(LowConfidence(
            f"the transfer is right with a probability of {int(100.0 * score)}%; at least "
            f"{settings.min_probability:.0%} is asked for (min_probability). One motion explains "
            f"{alignment.inlier_ratio:.0%} of the matches' confidence"
        ), alignment, score)
    bars = {item.name: gripped_bars(item, keypoints[item.name], shown, lifted, alignment) for item in demonstration.keypoints}
    phases = tuple(
        TransferredPhase(phase.name, phase.tool_link, anchors[phase.anchor] @ phase.camera_from_tool) if phase.anchor
        else _carried_phase(phase, demonstration, keypoints, alignment, bars[phase.relative_to], live_support)
        for phase in demonstration.phases
    )
    return Transfer(
        demonstration.id, demonstration.function, phases, keypoints, alignment,
        alignment.inlier_ratio if score is None else score, alignment.live_from_reference.is_mirrored,
    )


def evidence_of(
    demonstration: Demonstration, lifted: LiftedMatches, alignment: Alignment, keypoints: Mapping[str, Float64[np.ndarray, "3"]]
) -> dict[str, float] | None:
    """Returns what is measured (:func:`trust.evidence`) of the deciding phase, with ``keypoints`` [m] where ``alignment`` carries
    them; None where features do not know the functional part, or nothing of the demonstration is about the object.
    """
    if alignment.belief is None or not demonstration.keypoints:
        return None
    about = [phase for phase in demonstration.phases if not phase.anchor]
    names = [phase.relative_to for phase in about if phase.name == DECIDING_PHASE] or [phase.relative_to for phase in about]
    name = (names or [demonstration.keypoints[0].name])[0]
    return evidence(lifted, alignment, alignment.belief, demonstration.keypoint(name), keypoints[name])


def _aligned(
    demonstration: Demonstration, lifted: LiftedMatches, live_support: Plane | None, settings: AlignSettings
) -> Alignment:
    shown_body = _shown_body(demonstration, settings)
    # Bodies count only where both are; the search for one is half of a transfer's time.
    bodies = shown_body, None if shown_body is None else body_of(lifted.live, live_support, settings)
    belief = _believed(demonstration, lifted, live_support, bodies)
    if bodies[0] is not None and bodies[1] is not None:
        return align_revolved(lifted, bodies[0], bodies[1], settings, belief)
    return align_objects(lifted, demonstration.support, live_support, settings, belief)


def _believed(
    demonstration: Demonstration, lifted: LiftedMatches, live_support: Plane | None,
    bodies: tuple[Revolution | None, Revolution | None],
) -> TurnBelief | None:
    """Returns what the functional part says of the turn, None where the part or a support is unknown."""
    if demonstration.support is None or live_support is None:
        return None
    sizes = lifted.reference_extent, lifted.live_extent
    if min(sizes) < MIN_SIZE:
        return None
    known = layouts(_shown_points(demonstration), lifted, (demonstration.support, live_support), sizes, bodies)
    return None if known is None else believed_turn(*known)


@lru_cache(maxsize=8)
def _shown_body(demonstration: Demonstration, settings: AlignSettings) -> Revolution | None:
    """Returns the demonstrated object's body of revolution; the same for every frame, so found once."""
    return body_of(_shown_points(demonstration), demonstration.support, settings)


@lru_cache(maxsize=8)
def _shown_points(demonstration: Demonstration) -> Float64[np.ndarray, "n 3"]:
    """Returns the points of the demonstrated object that the camera saw [m]."""
    return back_project(demonstration.frame.depth, demonstration.frame.camera, demonstration.mask)[0]


def _carried_phase(
    phase: Phase, demonstration: Demonstration, keypoints: Mapping[str, Float64[np.ndarray, "3"]], alignment: Alignment,
    bars: Bars | None, live_support: Plane | None,
) -> TransferredPhase:
    motion = alignment.live_from_reference.rotation
    keypoint, place = demonstration.keypoint(phase.relative_to), keypoints[phase.relative_to]
    offset = motion @ (phase.camera_from_tool[:3, 3] - keypoint.point)
    rotation = motion @ phase.camera_from_tool[:3, :3]
    if np.linalg.det(motion) < 0:
        rotation = rotation @ TURN_MIRROR_AXIS
    if bars is not None:
        turn = bar_turn(bars, rotation[:, 2], None if live_support is None else live_support.normal)
        rotation, offset = turn @ rotation, turn @ offset
    return TransferredPhase(phase.name, phase.tool_link, make(rotation, place + offset))


def _unseen_part(
    demonstration: Demonstration, alignment: Alignment, keypoints: Mapping[str, Float64[np.ndarray, "3"]], lifted: LiftedMatches
) -> DegenerateGeometry | None:
    """Returns a refusal where a phase is about something that sticks out, and no turn is known, or it is no functional part (of
    which a rim may do what a spout does) and nothing of its kind is seen there on the live object.
    """
    bodies = alignment.bodies
    if bodies is None:
        return None
    for phase in demonstration.phases:
        if phase.anchor:
            continue
        keypoint = demonstration.keypoint(phase.relative_to)
        if not protrudes(bodies.reference, keypoint.point[None])[0]:
            continue
        beside = beside_on_protrusion(bodies.live, keypoints[keypoint.name], lifted.live)
        if lifted.part is not None:  # a spout is no handle
            beside &= lifted.part[:, 0] <= OF_PART
        hidden = not is_of_part(keypoint, lifted, bodies) and beside.sum() < MIN_PROTRUSION_POINTS
        if bodies.turn_is_free or hidden:
            return DegenerateGeometry(
                f"phase {phase.name!r} is about the {keypoint.name}, which sticks out of the demonstrated object; nothing like "
                "it was found there on the live one. Is it hidden? Another view may show it"
            )
    return None


def _doubt(alignment: Alignment, settings: TransferSettings) -> HighResidual | None:
    if alignment.belief is None and alignment.inlier_ratio < settings.min_inlier_ratio:
        return HighResidual(
            f"one motion explains {alignment.inlier_ratio:.0%} of the matches' confidence ({int(alignment.inliers.sum())} of "
            f"{len(alignment.inliers)} matches); at least {settings.min_inlier_ratio:.0%} is needed (min_inlier_ratio)"
        )
    if alignment.rms > settings.max_residual * alignment.size:
        return HighResidual(
            f"rms residual {1e3 * alignment.rms:.1f} mm on an object of {1e3 * alignment.size:.0f} mm; at most "
            f"{1e3 * settings.max_residual * alignment.size:.1f} mm is accepted (max_residual)"
        )
    return None
