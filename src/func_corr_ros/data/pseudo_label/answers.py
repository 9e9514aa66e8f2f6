# SPDX-License-Identifier: Apache-2.0
"""What an annotator answered about one asset: a row for each question, kept apart from what is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Int64, UInt8

from func_corr_ros.data.annotators.annotator import Annotator, Question, Window
from func_corr_ros.data.pseudo_label.label_views import LabelViews
from func_corr_ros.grounding.grounder import Boxes
from func_corr_ros.provenance import whole_file

# Side of the picture of a crop, at least: models see nothing in a stamp.
_LEAST_SHOWN = 64


@dataclass(frozen=True)
class Answers:
    """Rows are questions in the order in which they were asked: which of ``parts``, which view, which ``window`` of it
    (u0, v0, side). ``box`` is the best box in pixels of the whole view, NaN where there was none. ``held`` says which points of
    the cloud lie in each answer's mask (seen or not), where the annotator gives masks.
    """

    parts: tuple[str, ...]
    part: Int64[np.ndarray, " m"]
    view: Int64[np.ndarray, " m"]
    window: Int64[np.ndarray, "m 3"]
    box: Float32[np.ndarray, "m 4"]
    held: Bool[np.ndarray, "m n"] | None = None

    def of(self, part: str) -> Answers:
        """Returns the rows about ``part``."""
        return self.where(self.part == self.parts.index(part))

    def where(self, kept: Bool[np.ndarray, " m"]) -> Answers:
        """Returns the rows that are ``kept``."""
        held = None if self.held is None else self.held[kept]
        return Answers(self.parts, self.part[kept], self.view[kept], self.window[kept], self.box[kept], held)

    @property
    def answered(self) -> Bool[np.ndarray, " m"]:
        """Which questions were answered with a box."""
        return np.isfinite(self.box[:, 0])


def joined(parts: Sequence[str], answers: Sequence[Answers]) -> Answers:
    """Returns all rows of ``answers``, which name the same ``parts``."""
    if not answers:
        return Answers(
            tuple(parts), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 3), np.int64), np.zeros((0, 4), np.float32)
        )
    rows = {name: np.concatenate([getattr(one, name) for one in answers]) for name in ("part", "view", "window", "box")}
    held = [one.held for one in answers if one.held is not None and len(one.part)]
    return Answers(tuple(parts), **rows, held=np.concatenate(held) if held else None)


@dataclass(frozen=True)
class Interview:
    """One asset before one annotator: turns (part, view, window, sample) into questions and answers into rows. Whole pictures
    are shown in ``whole_px`` pixels a side (0: as they are), crops as they are.
    """

    asset: str
    views: LabelViews
    parts: tuple[str, ...]
    phrases: tuple[str, ...]
    annotator: Annotator
    whole_px: int = 0

    @property
    def whole(self) -> Window:
        """The window that is the whole picture."""
        return (0, 0, self.views.camera.width)

    def ask(self, asked: Sequence[tuple[int, int, Window, int]]) -> Answers:
        """Returns the answers to questions (number of the part, view, window, sample), in one batch."""
        questions = [
            Question(
                self.asset, self.parts[part], self.phrases[part], view, sample, window, self._shown(view, window)
            )
            for part, view, window, sample in asked
        ]
        found = self.annotator.ask(questions) if questions else []
        scale = [window[2] / question.picture.shape[0] for question, (_, _, window, _) in zip(questions, asked, strict=True)]
        box = [_best(boxes, window, one) for boxes, (_, _, window, _), one in zip(found, asked, scale, strict=True)]
        held = [
            _held(boxes.masks, self.views.uv[view], window, one)
            for boxes, (_, view, window, _), one in zip(found, asked, scale, strict=True)
            if boxes.masks is not None
        ]
        return Answers(
            self.parts,
            np.array([part for part, *_ in asked], np.int64),
            np.array([view for _, view, *_ in asked], np.int64),
            np.array([window for *_, window, _ in asked], np.int64).reshape(-1, 3),
            np.array(box, np.float32).reshape(-1, 4),
            np.stack(held) if held else None,
        )

    def _shown(self, view: int, window: Window) -> UInt8[np.ndarray, "s s 3"]:
        picture = cut_window(self.views.color[view], window)
        if window != self.whole or not 0 < self.whole_px < window[2]:
            return picture
        import cv2

        return np.asarray(cv2.resize(picture, (self.whole_px, self.whole_px), interpolation=cv2.INTER_AREA))


def cut_window(picture: np.ndarray, window: Window) -> np.ndarray:
    """Returns what ``window`` shows of ``picture``, its border repeated beyond it."""
    u0, v0, side = window
    height, width = picture.shape[:2]
    if (u0, v0, side) == (0, 0, width) and height == width:
        return picture
    rows, columns = np.clip(np.arange(v0, v0 + side), 0, height - 1), np.clip(np.arange(u0, u0 + side), 0, width - 1)
    return np.ascontiguousarray(picture[rows[:, None], columns])


def window_around(box: np.ndarray, margin: float, size: int) -> Window:
    """Returns the square of ``margin`` times the box's longer side around its middle, within a picture of ``size`` px."""
    side = int(np.clip(np.ceil(margin * max(box[2] - box[0], box[3] - box[1])), min(_LEAST_SHOWN, size), size))
    middle = 0.5 * (box[:2] + box[2:])
    u0, v0 = np.clip(np.round(middle - 0.5 * side), 0, size - side).astype(int).tolist()
    return (u0, v0, side)


def write_answers(path: Path, answers: Answers) -> None:
    """Writes ``answers`` to ``path`` (.npz), whole or not at all."""
    arrays: dict[str, Any] = {"part": answers.part, "view": answers.view, "window": answers.window, "box": answers.box}
    if answers.held is not None:
        arrays |= {"held": np.packbits(answers.held, axis=1), "points": np.array(answers.held.shape[1])}
    with whole_file(path) as file:
        np.savez_compressed(file, parts=np.array(answers.parts), **arrays)


def read_answers(path: Path) -> Answers:
    """Returns what :func:`write_answers` wrote."""
    with np.load(path) as file:
        held = np.unpackbits(file["held"], axis=1, count=int(file["points"])).astype(bool) if "held" in file else None
        return Answers(tuple(file["parts"].tolist()), file["part"], file["view"], file["window"], file["box"], held)


def _best(boxes: Boxes, window: Window, scale: float) -> Float32[np.ndarray, " 4"]:
    """Returns the best box in pixels of the view; ``scale`` is how many of them a pixel of the picture shown is wide."""
    if not len(boxes.corners):
        return np.full(4, np.nan, dtype=np.float32)
    at = (boxes.corners[0] + 0.5) * scale - 0.5 + np.array([window[0], window[1]] * 2)
    return np.asarray(at, dtype=np.float32)


def _held(
    masks: Bool[np.ndarray, "k h w"], uv: Float32[np.ndarray, "n 2"], window: Window, scale: float
) -> Bool[np.ndarray, " n"]:
    """Returns which points of the cloud the best mask shows."""
    if not len(masks):
        return np.zeros(len(uv), dtype=bool)
    place = np.nan_to_num((uv - np.array(window[:2]) + 0.5) / scale - 0.5, nan=-1.0, posinf=-1.0, neginf=-1.0)
    column, row = np.rint(np.clip(place, -1.0, max(masks.shape[1:]))).astype(np.int64).T
    inside = (column >= 0) & (row >= 0) & (column < masks.shape[2]) & (row < masks.shape[1])
    return inside & masks[0][np.where(inside, row, 0), np.where(inside, column, 0)]
