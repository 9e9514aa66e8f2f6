# SPDX-License-Identifier: Apache-2.0
"""Pictures of a case: the transferred tool is drawn where the pose projects, and a refusal is told in words."""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from func_corr_ros.errors import ErrorCode
from func_corr_ros.evaluation import case_pictures, tool_drawing
from func_corr_ros.evaluation.case_pictures import transfer_picture, write_case_pictures
from func_corr_ros.evaluation.drawing import ACCEPTED, REFUSED
from func_corr_ros.evaluation.outcome import Outcome
from func_corr_ros.geometry.se3 import make
from func_corr_ros.transfer.demonstration import Demonstration
from func_corr_ros.transfer.transfer import TransferredPhase

MOVED = np.array([0.24, -0.06, 0.0])


def accepted(demonstration: Demonstration, target) -> Outcome:
    uv = np.array([[60.0, 100.0], [100.0, 140.0]])
    phases = tuple(
        TransferredPhase(p.name, p.tool_link, make(p.camera_from_tool[:3, :3], p.camera_from_tool[:3, 3] + MOVED))
        for p in demonstration.phases
    )
    keypoints = {"outlet": np.array([235.0, 65.0])}
    return Outcome(uv, uv + [120.0, -30.0], np.array([True, False]), 2.0, target.mask, keypoints, phases, 0.001)


def has(image: np.ndarray, color: tuple[int, int, int]) -> bool:
    return bool((image == np.asarray(color)).all(axis=-1).any())


def test_the_pour_is_drawn_where_it_was_carried(demonstration: Demonstration, target) -> None:
    outcome = accepted(demonstration, target)
    drawn = transfer_picture(demonstration, target.frame, outcome, "another board", None)
    bar = len(drawn) - 720
    assert has(drawn[:bar], ACCEPTED) and not has(drawn[:bar], REFUSED)
    live = drawn[bar:, 720 + 24 :]
    panel = case_pictures._panel_with_tools(target.frame, target.mask, outcome.phases)
    at = panel.at(np.array([235.0, 65.0]))
    rows = slice(int(at[1]) - 5, int(at[1]) + 6)  # the shaft, without the label
    _, u = np.nonzero((live[rows] == tool_drawing.POUR).all(axis=-1))
    # The arrow starts at the outlet and goes right by 7 cm, which is 35 px of the frame.
    assert abs(u.min() - at[0]) < 12
    assert abs((u.max() - u.min()) - 35.0 * panel.scale) < 16
    assert has(live, tool_drawing.GRIPPER)


def test_the_truth_is_dashed_white(demonstration: Demonstration, target) -> None:
    outcome = accepted(demonstration, target)
    without = transfer_picture(demonstration, target.frame, outcome, "board", None)
    truth = make(np.eye(3), outcome.phases[-1].camera_from_tool[:3, 3] + [0.0, 0.03, 0.0])
    with_truth = transfer_picture(demonstration, target.frame, outcome, "board", truth)
    changed = (without != with_truth).any(axis=-1)
    assert changed[:, 744:].any() and not changed[:, :720].any()


def test_every_tool_point_is_in_the_picture(demonstration: Demonstration, target) -> None:
    outcome = accepted(demonstration, target)
    panel = case_pictures._panel_with_tools(target.frame, target.mask, outcome.phases)
    for phase, wire in zip(outcome.phases, (tool_drawing.gripper_wire(), tool_drawing.pour_wire()), strict=True):
        ends = panel.at(tool_drawing.project_segments(target.frame.camera, phase.camera_from_tool, wire).reshape(-1, 2))
        assert (ends > 0.0).all() and (ends < 720.0).all()


def test_a_refusal_draws_no_tool_and_says_why(demonstration: Demonstration, target) -> None:
    none = np.zeros((0, 2))
    reason = "HighResidual: rms residual 30 mm"
    refused = Outcome(none, none, np.zeros(0, dtype=bool), 1.0, None, {}, (), None, int(ErrorCode.HIGH_RESIDUAL), reason)
    drawn = transfer_picture(demonstration, target.frame, refused, "a wall", None)
    assert has(drawn[: len(drawn) - 720], REFUSED)
    assert not has(drawn[-720:, 744:], tool_drawing.GRIPPER) and not has(drawn[-720:, 744:], tool_drawing.POUR)


def test_three_pictures_are_written_with_words(demonstration: Demonstration, target, tmp_path: Path) -> None:
    outcome = accepted(demonstration, target)
    pictures = write_case_pictures(tmp_path, "board", demonstration, target.frame, outcome, "another board")
    assert [picture.path.name for picture in pictures] == ["board_transfer.png", "board_matches.png", "board_flow.png"]
    for picture in pictures:
        image = cv2.imread(str(picture.path))
        assert image.shape[1] == 1464 and image.shape[0] > 720 and image.std() > 10
        assert len(picture.words) > 30
