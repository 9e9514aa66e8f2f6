# SPDX-License-Identifier: Apache-2.0
"""What an annotator answered about one asset: a row for each question, kept apart from what is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Int64

from func_corr_ros.data.annotators.annotator import Annotator, Question, Window
from func_corr_ros.data.pseudo_label.label_views import LabelViews
from func_corr_ros.grounding.grounder import Boxes
from func_corr_ros.provenance import whole_file

# Side of the picture of a crop, at least: models see nothing in a stamp.
_LEAST_SHOWN = 64


@dataclass(frozen=True)
class Answers:
    """Rows are questions in the order in which they were asked: which of ``parts``, which view, which ``window`` of it
    (u0, v0, side). ``box`` is the best box in pixels of the whole view, NaN where there was none.
    """

    parts: tuple[str, ...]
    part: Int64[np.ndarray, " m"]
    view: Int64[np.ndarray, " m"]
    window: Int64[np.ndarray, "m 3"]
    box: Float32[np.ndarray, "m 4"]

    def of(self, part: str) -> Answers:
        """Returns the rows about ``part``."""
        return self._where(self.part == self.parts.index(part))

    def _where(self, kept: Bool[np.ndarray, " m"]) -> Answers:
        return Answers(self.parts, self.part[kept], self.view[kept], self.window[kept], self.box[kept])

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
    return Answers(tuple(parts), **rows)


@dataclass(frozen=True)
class Interview:
    """One asset before one annotator: turns (part, view, window, sample) into questions and answers into rows."""

    asset: str
    views: LabelViews
    parts: tuple[str, ...]
    phrases: tuple[str, ...]
    annotator: Annotator

    @property
    def whole(self) -> Window:
        """The window that is the whole picture."""
        return (0, 0, self.views.camera.width)

    def ask(self, asked: Sequence[tuple[int, int, Window, int]]) -> Answers:
        """Returns the answers to questions (number of the part, view, window, sample), in one batch."""
        questions = [
            Question(
                self.asset, self.parts[part], self.phrases[part], view, sample, window, cut_window(self.views.color[view], window)
            )
            for part, view, window, sample in asked
        ]
        found = self.annotator.ask(questions) if questions else []
        box = [_best(boxes, window) for boxes, (_, _, window, _) in zip(found, asked, strict=True)]
        return Answers(
            self.parts,
            np.array([part for part, *_ in asked], np.int64),
            np.array([view for _, view, *_ in asked], np.int64),
            np.array([window for *_, window, _ in asked], np.int64).reshape(-1, 3),
            np.array(box, np.float32).reshape(-1, 4),
        )


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
    with whole_file(path) as file:
        np.savez_compressed(
            file, parts=np.array(answers.parts), part=answers.part, view=answers.view, window=answers.window, box=answers.box
        )


def read_answers(path: Path) -> Answers:
    """Returns what :func:`write_answers` wrote."""
    with np.load(path) as file:
        return Answers(tuple(file["parts"].tolist()), file["part"], file["view"], file["window"], file["box"])


def _best(boxes: Boxes, window: Window) -> np.ndarray:
    if not len(boxes.corners):
        return np.full(4, np.nan, dtype=np.float32)
    return boxes.corners[0] + np.array([window[0], window[1]] * 2, dtype=np.float32)
