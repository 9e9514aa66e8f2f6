# SPDX-License-Identifier: Apache-2.0
"""An annotator that knows the truth and errs as a vision-language model does, at rates that can be set."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from func_corr_ros.data.annotators.annotator import Question
from func_corr_ros.data.pseudo_label.label_views import LabelViews
from func_corr_ros.errors import BadSettings
from func_corr_ros.grounding.grounder import Boxes
from func_corr_ros.provenance import settings_hash
from func_corr_ros.settings import as_dict, setting

# Of a part that shows fewer pixels than this nobody can say where it is.
LEAST_PIXELS = 6
# The share of a misunderstood part's answers that are mistaken in the same way.
_MISUNDERSTOOD = 0.85


@dataclass(frozen=True)
class AnnotatorNoise:
    """How often an answer is of which kind, and how far boxes are off. What is left of 1 is boxes of the right part."""

    jitter: float = setting(0.06, "standard deviation of each edge of a box, over the box's side", at_least=0.0, at_most=1.0)
    blur: float = setting(0.012, "standard deviation of each edge, over the side of the picture shown", at_least=0.0, at_most=1.0)
    miss: float = setting(0.08, "a seen part is not found", at_least=0.0, at_most=1.0)
    wrong_part: float = setting(0.10, "the box of another part", at_least=0.0, at_most=1.0)
    whole_object: float = setting(0.15, "the box of the whole object", at_least=0.0, at_most=1.0)
    swap: float = setting(0.05, "the box mirrored, left for right", at_least=0.0, at_most=1.0)
    hallucination: float = setting(0.5, "a part that is not seen is found all the same", at_least=0.0, at_most=1.0)
    persistence: float = setting(0.6, "a repeated question about one view errs as before", at_least=0.0, at_most=1.0)
    misunderstood: float = setting(
        0.05, "parts of an asset whose words the model takes for something else", at_least=0.0, at_most=1.0
    )

    def times(self, factor: float) -> AnnotatorNoise:
        """Returns the same noise with every rate but persistence ``factor`` times as high (at most 1), 0 being none at all."""
        values = {name: min(factor * value, 1.0) for name, value in as_dict(self).items() if name != "persistence"}
        return AnnotatorNoise(**values, persistence=self.persistence)


# What a grounding model at temperature 0.9 may be like on parts of renders; an assumption (the paper measured none of these).
PAPER_LIKE = AnnotatorNoise()
EXACT = PAPER_LIKE.times(0.0)


@dataclass
class SimulatedAnnotator:
    """See Annotator. ``views_of`` gives the views of an asset by its id, with their true parts. Answers depend on the
    question and ``seed`` alone, not on what was asked before.
    """

    views_of: Callable[[str], LabelViews]
    noise: AnnotatorNoise = PAPER_LIKE
    seed: int = 0
    name: str = "simulated"

    def __post_init__(self) -> None:
        self._views = lru_cache(maxsize=2)(self.views_of)
        total = self.noise.miss + self.noise.wrong_part + self.noise.whole_object + self.noise.swap
        if total > 1.0 + 1e-9:
            raise BadSettings(f"miss, wrong_part, whole_object and swap add up to {total:g}; at most 1")

    @classmethod
    def load(
        cls, name: str, *, views_of: Callable[[str], LabelViews], noise: AnnotatorNoise = PAPER_LIKE, seed: int = 0, **_: Any
    ) -> SimulatedAnnotator:
        """Returns the annotator; options of others are left aside."""
        return cls(views_of, noise, seed, name)

    @property
    def identity(self) -> Mapping[str, Any]:
        """Noise and seed."""
        return {"noise": settings_hash(self.noise), "seed": self.seed}

    def ask(self, questions: Sequence[Question]) -> list[Boxes]:
        """See Annotator.ask; raises BadSettings where nobody knows the truth of an asset."""
        return [self._answer(question) for question in questions]

    def _answer(self, question: Question) -> Boxes:
        views = self._views(question.asset)
        if not views.exact:
            raise BadSettings(f"{question.asset}: its true parts are not known; the simulated annotator cannot be asked about it")
        shown, side = _shown(question, views), question.picture.shape[0]
        rng, kind = self._kind(question)
        box = self._box(question, views, shown, kind, rng)
        if box is None:
            return Boxes.of(np.zeros((0, 4)), np.zeros(0), (side, side))
        off = np.hypot(self.noise.jitter * np.tile(box[2:] - box[:2], 2), self.noise.blur * side)
        return Boxes.of((box + off * rng.standard_normal(4))[None], np.array([np.nan]), (side, side))

    def _kind(self, question: Question) -> tuple[np.random.Generator, str]:
        """Returns a source of chance for this answer and which mistake it makes."""
        crop = int(question.window[:2] != (0, 0))
        keys = [self.seed, zlib.crc32(question.asset.encode()), zlib.crc32(question.part.encode())]
        of_part, of_view = np.random.default_rng(keys), np.random.default_rng([*keys, 1 + question.view, crop])
        rng = np.random.default_rng([*keys, 1 + question.view, crop, 1 + question.sample])
        misunderstood, habit = of_part.random() < self.noise.misunderstood, str(of_part.choice(["whole", "other"]))
        if misunderstood and rng.random() < _MISUNDERSTOOD:
            return rng, habit
        return rng, self._drawn(of_view if rng.random() < self.noise.persistence else rng)

    def _drawn(self, rng: np.random.Generator) -> str:
        noise, at = self.noise, rng.random()
        for kind, share in (
            ("miss", noise.miss),
            ("other", noise.wrong_part),
            ("whole", noise.whole_object),
            ("swap", noise.swap),
        ):
            if at < share:
                return kind
            at -= share
        return "right"

    def _box(
        self, question: Question, views: LabelViews, shown: np.ndarray, kind: str, rng: np.random.Generator
    ) -> Float64[np.ndarray, " 4"] | None:
        """Returns the box that is meant, from the picture's outer edge; None for no answer."""
        whole = edges_of(shown >= 0)
        if whole is None:
            return None
        part = views.part_names.index(question.part) if question.part in views.part_names else len(views.part_names)
        true = edges_of(shown == part)
        if true is None:
            if rng.random() >= self.noise.hallucination:
                return None
            return whole if rng.random() < 0.5 else _somewhere(whole, rng)
        if kind == "miss":
            return None
        if kind == "whole":
            return whole
        if kind == "swap":
            middle = whole[0] + whole[2]
            return np.array([middle - true[2], true[1], middle - true[0], true[3]])
        if kind == "other":
            others = [
                box
                for index in range(len(views.part_names))
                if index != part
                for box in [edges_of(shown == index)]
                if box is not None
            ]
            return others[int(rng.integers(len(others)))] if others else _somewhere(whole, rng)
        return true


def edges_of(mask: Bool[np.ndarray, "h w"]) -> Float64[np.ndarray, " 4"] | None:
    """Returns the box around ``mask``, measured from the picture's outer edge; None for one of fewer than LEAST_PIXELS pixels."""
    if int(mask.sum()) < LEAST_PIXELS:
        return None
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], dtype=np.float64)


def _somewhere(whole: Float64[np.ndarray, " 4"], rng: np.random.Generator) -> Float64[np.ndarray, " 4"]:
    size = whole[2:] - whole[:2]
    part = size * rng.uniform(0.1, 0.6, 2)
    low = whole[:2] + rng.random(2) * (size - part)
    return np.concatenate([low, low + part])


def _shown(question: Question, views: LabelViews) -> np.ndarray:
    """Returns the true parts in the pixels of the picture that is shown, which may be coarser than the view."""
    u0, v0, side = question.window
    cut, pixels = _cut(views.part_index[question.view], u0, v0, side), question.picture.shape[0]
    if pixels == side:
        return cut
    at = np.floor((np.arange(pixels) + 0.5) * side / pixels).astype(np.int64)
    return cut[at[:, None], at]


def _cut(image: np.ndarray, u0: int, v0: int, side: int) -> np.ndarray:
    """Returns the window of an index image, -1 beyond it."""
    if (u0, v0) == (0, 0) and image.shape == (side, side):
        return image
    square = np.full((side, side), -1, dtype=image.dtype)
    left, top = max(u0, 0), max(v0, 0)
    right, bottom = min(u0 + side, image.shape[1]), min(v0 + side, image.shape[0])
    if right > left and bottom > top:
        square[top - v0 : bottom - v0, left - u0 : right - u0] = image[top:bottom, left:right]
    return square
