# SPDX-License-Identifier: Apache-2.0
"""Matches and transfers as notebooks show them: the last line of a cell is a picture with its figures beneath."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

import cv2
import numpy as np
from jaxtyping import UInt8

from func_corr_ros.evaluation.case_pictures import transfer_picture
from func_corr_ros.evaluation.image_pair import Image, Mask, MatchedImages, image_pair_picture, returning
from func_corr_ros.evaluation.outcome import outcome_of
from func_corr_ros.evaluation.score_page import data_uri
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.transfer.demonstration import Demonstration
from func_corr_ros.transfer.pipeline import PipelineResult


@dataclass(frozen=True)
class Shown:
    """A picture (RGB), the words that describe it to someone who cannot see it, and figures by name. Jupyter asks it for HTML,
    other front ends for a PNG; in a terminal its words stand for it.
    """

    image: UInt8[np.ndarray, "H W 3"]
    words: str
    figures: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return "\n".join([self.words, *(f"  {name}: {value}" for name, value in self.figures.items())])

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in self.figures.items())
        return (f'<figure><img src="{data_uri(self.image)}" alt="{escape(self.words)}" style="max-width:100%">'
                f"<figcaption>{escape(self.words)}</figcaption></figure><table>{rows}</table>")

    def _repr_png_(self) -> bytes:
        _, encoded = cv2.imencode(".png", np.ascontiguousarray(self.image[..., ::-1]))
        return bytes(encoded.tobytes())


def show_matches(images: tuple[Image, Image], masks: tuple[Mask, Mask], found: MatchedImages) -> Shown:
    """Returns what :func:`match_images` found, to be looked at."""
    back, matches = returning(found), found.matches
    figures = {
        "matches": f"{len(back)}, {int(back.sum())} of which come back", "accepted": f"{matches.accepted.mean():.0%}",
        "mean confidence": f"{matches.confidence.mean():.2f}",
        "mirrored": "the first object's mirror image fits better" if found.mirrored else "no",
    }
    if np.isfinite(matches.exists):
        figures["both serve the function"] = f"probability {matches.exists:.2f}"
    return Shown(image_pair_picture(images, masks, found), f"{int(back.sum())} of {len(back)} matches come back", figures)


def show_transfer(demonstration: Demonstration, frame: RgbdFrame, result: PipelineResult, target: str = "live object") -> Shown:
    """Returns what :meth:`Pipeline.run` made of ``frame``, to be looked at: tools where they belong, or why not."""
    outcome = outcome_of(result, demonstration, frame)
    words = f"{demonstration.object} to {target}: {f'refused, {outcome.reason}' if outcome.refused else 'transferred'}"
    figures = {"matches with depth": f"{len(outcome.agreeing)}, {int(outcome.agreeing.sum())} of which agree with one motion"}
    if outcome.residual_m is not None:
        figures["residual (rms)"] = f"{1e3 * outcome.residual_m:.1f} mm"
    for phase in outcome.phases:
        x, y, z = phase.camera_from_tool[:3, 3]
        figures[f"{phase.name} of {phase.tool_link}"] = f"({x:.3f}, {y:.3f}, {z:.3f}) m"
    return Shown(transfer_picture(demonstration, frame, outcome, target), words, figures)
