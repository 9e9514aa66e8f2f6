# SPDX-License-Identifier: Apache-2.0
"""What the constants of transfers are fitted on: cases drawn and matched once, then judged by whatever the code is now."""
from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64

from func_corr_ros.correspondence.correspond import correspond
from func_corr_ros.correspondence.model import FunctionalCorrespondence
from func_corr_ros.data.library_demonstration import OBJECT
from func_corr_ros.errors import FuncCorrError
from func_corr_ros.evaluation.pose_error import WRONG_ANGLE_DEG, PoseError, free_turns, pose_error
from func_corr_ros.evaluation.transfer_cases import TransferCase
from func_corr_ros.evaluation.transfer_fit import TurnCase
from func_corr_ros.geometry.plane import Plane
from func_corr_ros.geometry.se3 import about_axis, rotation_angle
from func_corr_ros.segmentation.given_mask import GivenMaskSegmenter
from func_corr_ros.segmentation.tabletop import TabletopSettings
from func_corr_ros.transfer.demonstration import Demonstration
from func_corr_ros.transfer.lift import LiftedMatches
from func_corr_ros.transfer.pipeline import lift, reference_of
from func_corr_ros.transfer.transfer import DECIDING_PHASE, Refusal, TransferSettings, evidence_of, transfer_demonstration
from func_corr_ros.transfer.turn import TURNS, WEIGHTS, TurnBelief, witnesses

UNREFUSED = TransferSettings(min_probability=0.0)


@dataclass(frozen=True)
class MatchedCase:
    """A case with its matches in 3D, and all that tells whether a transfer of it is right: the ``true`` pose of the function's
    frame in the live camera's frame, the ``turns`` that leave the function performed, the live object's longest side ``size``
    [m]. ``lifted`` is None where there are no matches.
    """

    id: str
    within_category: bool
    demonstration: Demonstration
    support: Plane | None
    lifted: LiftedMatches | None
    true: Float64[np.ndarray, "4 4"]
    turns: Float64[np.ndarray, "k 4 4"]
    size: float


@dataclass(frozen=True)
class Judged:
    """What became of a case where nothing improbable is refused: the evidence (None: no transfer), whether it is right, and what
    the turn's witnesses said (None: nothing).
    """

    id: str
    within_category: bool
    measured: dict[str, float] | None = None
    error: PoseError | None = None
    turn: TurnCase | None = field(default=None, repr=False)

    @property
    def right(self) -> bool:
        """Whether there is a transfer and it is right."""
        return self.error is not None and not self.error.wrong


def matched(case: TransferCase, model: FunctionalCorrespondence, tables: TabletopSettings) -> MatchedCase:
    """Returns ``case`` with the matches of ``model``, by the exact mask."""
    demonstration, frame, mask = case.demonstration(), case.live.frame, case.live.mask(OBJECT)
    shown, live = case.things
    in_camera = case.live.camera_from_object(OBJECT)
    support = GivenMaskSegmenter(mask, settings=tables).segment(frame).support
    try:
        found = correspond(model, reference_of(model, demonstration), frame.color, {1: mask})
        lifted = lift(demonstration, found, frame)
    except FuncCorrError:
        lifted = None
    return MatchedCase(
        case.id, case.within_category, demonstration, support, lifted,
        case.live.camera_from_function(OBJECT, case.function),
        in_camera @ free_turns(shown, live, case.function) @ np.linalg.inv(in_camera),
        float(np.ptp(live.vertices, axis=0).max()),
    )


def judged(case: MatchedCase) -> Judged:
    """Returns what the transfer as it is now makes of ``case``."""
    if case.lifted is None:
        return Judged(case.id, case.within_category)
    outcome = transfer_demonstration(case.demonstration, case.lifted, case.support, UNREFUSED)
    belief = None if outcome.alignment is None else outcome.alignment.belief
    turn = None if belief is None else turn_case(case, belief)
    if isinstance(outcome, Refusal):
        return Judged(case.id, case.within_category, turn=turn)
    measured = evidence_of(case.demonstration, case.lifted, outcome.alignment, outcome.keypoints)
    error = pose_error(outcome.phase(DECIDING_PHASE).camera_from_tool, case.true, case.turns, case.size)
    return Judged(case.id, case.within_category, measured, error, turn)


def turn_case(case: MatchedCase, belief: TurnBelief) -> TurnCase:
    """Returns what each witness says of the turn, and which turns leave the tool within WRONG_ANGLE_DEG of a true one."""
    said = witnesses(belief.reference, belief.live)
    shown = next(phase for phase in case.demonstration.phases if phase.name == DECIDING_PHASE).camera_from_tool[:3, :3]
    up = np.array([0.0, 0.0, 1.0])
    turned = np.stack([belief.live.basis @ about_axis(up, float(turn)) @ belief.reference.basis.T @ shown for turn in TURNS])
    true = (case.turns @ case.true)[:, :3, :3]
    shape = (len(TURNS), len(true), 3, 3)
    angles = rotation_angle(np.broadcast_to(turned[:, None], shape), np.broadcast_to(true[None], shape))
    right = np.degrees(np.asarray(angles)).min(axis=1) < WRONG_ANGLE_DEG
    return TurnCase(np.stack([said[name].belief(1.0) for name in WEIGHTS]), right)
