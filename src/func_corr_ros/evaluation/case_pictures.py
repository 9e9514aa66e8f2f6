# SPDX-License-Identifier: Apache-2.0
"""The pictures of one case: the demonstrated tool beside the transferred one, the matches, and the whole field in colour."""
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, Float64, UInt8

from func_corr_ros.errors import BadImage
from func_corr_ros.evaluation import tool_drawing
from func_corr_ros.evaluation.drawing import (
    ACCEPTED,
    REFUSED,
    Picture,
    flow_picture,
    matches_picture,
    position_colors,
    side_by_side,
    with_caption,
)
from func_corr_ros.evaluation.outcome import Outcome
from func_corr_ros.evaluation.report import ReportPicture
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.transfer.demonstration import Demonstration, Phase
from func_corr_ros.transfer.transfer import TransferredPhase


def write_case_pictures(
    folder: Path, name: str, demonstration: Demonstration, frame: RgbdFrame, outcome: Outcome, target: str,
    truth: Float64[np.ndarray, "4 4"] | None = None, marked: tuple[float, float] | None = None, words: str = "",
) -> tuple[ReportPicture, ...]:
    """Writes ``<name>_transfer.png``, ``_matches.png`` and ``_flow.png`` into ``folder``; returns them with their words.

    ``target`` is what the live object is; ``truth`` is where the outlet of the action phase truly belongs, ``marked`` the pixel
    where a person sees the outlet, each where known; ``words`` go below the title of the first picture.
    """
    pictures = {
        "transfer": (
            transfer_picture(demonstration, frame, outcome, target, truth, marked, words),
            "Gripper (blue, paler before the grasp), pour (orange), up (yellow arrow); yellow dots: keypoints as matched. "
            f"Left, the demonstration on the {demonstration.object}; right, the same tool poses on the {target}"
            + (", with the true pour frame dashed in white." if truth is not None else ".")
            + (" The white ring is where a person sees the outlet." if marked is not None else ""),
        ),
        "matches": (
            agreement_picture(demonstration, frame, outcome, target),
            "Matches between the two objects. Coloured lines agree with one motion; thin grey ones do not and were left out.",
        ),
        "flow": (
            field_picture(demonstration, frame, outcome, target),
            "Every matched place of the new object, in the colour of the place on the demonstrated object that it serves as.",
        ),
    }
    return tuple(
        ReportPicture(write_png(folder / f"{name}_{kind}.png", image), words) for kind, (image, words) in pictures.items()
    )


def transfer_picture(
    demonstration: Demonstration, frame: RgbdFrame, outcome: Outcome, target: str,
    truth: Float64[np.ndarray, "4 4"] | None = None, marked: tuple[float, float] | None = None, words: str = "",
) -> UInt8[np.ndarray, "H W 3"]:
    """Returns the demonstrated tool poses (left) and the transferred ones, or what was found before a refusal (right)."""
    mask = outcome.mask if outcome.mask is not None else np.zeros_like(frame.depth, dtype=bool)
    shown = _panel_with_tools(demonstration.frame, demonstration.mask, demonstration.phases)
    live = _panel_with_tools(frame, mask, outcome.phases)
    draw_phases(shown, demonstration.frame.camera, demonstration.phases)
    shown.keypoints({item.name: np.asarray(item.uv, dtype=np.float64) for item in demonstration.keypoints})
    if truth is not None:
        tool_drawing.draw_pour(live, frame.camera, truth, "truth", tool_drawing.TRUTH, dashed=True)
    draw_phases(live, frame.camera, outcome.phases)
    live.keypoints(outcome.keypoints)
    if marked is not None:
        live.ring(np.asarray(marked), tool_drawing.TRUTH)
    title, color = f"{demonstration.object} to {target}: transferred", ACCEPTED
    if outcome.refused:
        title, color = f"{demonstration.object} to {target}: refused", REFUSED
    return with_caption(side_by_side(shown, live), title, outcome.reason or words, color)


def draw_phases(picture: Picture, camera: PinholeCamera, phases: Iterable[Phase | TransferredPhase]) -> None:
    """Draws each phase as what its link is: a gripper (before the grasp paler), an outlet, or plain axes."""
    for phase in phases:
        if phase.tool_link == "outlet":
            name = "pour" if phase.name == "action" else phase.name
            tool_drawing.draw_pour(picture, camera, phase.camera_from_tool, name)
        elif "gripper" in phase.tool_link:
            color = tool_drawing.GRIPPER if phase.name == "grasp" else tool_drawing.PREGRASP
            tool_drawing.draw_gripper(picture, camera, phase.camera_from_tool, phase.name, color)
        else:
            tool_drawing.draw_axes(picture, camera, phase.camera_from_tool, phase.name)


def agreement_picture(
    demonstration: Demonstration, frame: RgbdFrame, outcome: Outcome, target: str
) -> UInt8[np.ndarray, "H W 3"]:
    """Returns the matches between demonstration (left) and live object (right)."""
    shown, live = _panels(demonstration, frame, outcome)
    colors = position_colors(outcome.uv_reference, demonstration.mask)
    both = matches_picture(shown, live, outcome.uv_reference, outcome.uv_live, outcome.agreeing, colors)
    words = f"{int(outcome.agreeing.sum())} of {len(outcome.agreeing)} matches agree with one motion; about 40 are drawn."
    if len(outcome.agreeing) == 0:
        words = f"No matches. {outcome.reason}"
    return with_caption(both, f"{demonstration.object} to {target}", words)


def field_picture(demonstration: Demonstration, frame: RgbdFrame, outcome: Outcome, target: str) -> UInt8[np.ndarray, "H W 3"]:
    """Returns both objects painted by position on the demonstrated one."""
    shown, live = _panels(demonstration, frame, outcome, contours=False)
    both = flow_picture(shown, live, demonstration.mask, outcome.uv_reference, outcome.uv_live, outcome.stride)
    return with_caption(both, f"{demonstration.object} to {target}", "Places of one colour serve the same purpose.")


def write_png(path: Path, image: UInt8[np.ndarray, "h w 3"]) -> Path:
    """Writes an RGB image; raises BadImage where the file cannot be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), np.ascontiguousarray(image[..., ::-1])):
        raise BadImage(f"{path} could not be written; is its folder writable and the disk not full?")
    return path


def _panel_with_tools(
    frame: RgbdFrame, mask: Bool[np.ndarray, "h w"], phases: Iterable[Phase | TransferredPhase]
) -> Picture:
    """Returns a picture of the object with room for its tools; a gripper before the grasp may leave it."""
    if not mask.any():
        return Picture.around(frame.color, mask, margin=0.0)
    v, u = np.nonzero(mask)
    inside = [np.stack([u, v], axis=1).astype(np.float64)]
    for phase in phases:
        wire = {"outlet": tool_drawing.pour_wire(), "grasp": tool_drawing.gripper_wire()}.get(
            phase.tool_link if phase.tool_link == "outlet" else phase.name
        )
        if wire is not None:
            inside.append(tool_drawing.project_segments(frame.camera, phase.camera_from_tool, wire).reshape(-1, 2))
    picture = Picture.holding(frame.color, np.concatenate(inside))
    picture.contour(mask)
    return picture


def _panels(
    demonstration: Demonstration, frame: RgbdFrame, outcome: Outcome, contours: bool = True
) -> tuple[Picture, Picture]:
    mask = outcome.mask if outcome.mask is not None else np.zeros_like(frame.depth, dtype=bool)
    shown = Picture.around(demonstration.frame.color, demonstration.mask, margin=0.15)
    live = Picture.around(frame.color, mask, margin=0.15 if mask.any() else 0.0)
    if contours:
        shown.contour(demonstration.mask)
        live.contour(mask)
    return shown, live
