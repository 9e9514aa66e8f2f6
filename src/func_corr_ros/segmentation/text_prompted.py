# SPDX-License-Identifier: Apache-2.0
"""Objects asked for in words: a grounding model makes boxes of them, and any segmenter masks of the boxes."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from func_corr_ros.errors import BadPrompt, NoMask
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.grounding import GROUNDERS
from func_corr_ros.grounding.grounder import Grounder, load_grounder
from func_corr_ros.segmentation.segmenter import Prompts, Segmentation, Segmenter
from func_corr_ros.settings import setting

# A request may bring so many phrases of so many letters; each costs a pass of the model, or a part of it.
MAX_PHRASES, MAX_LETTERS = 10, 200


@dataclass(frozen=True)
class GroundingSettings:
    """Which model knows where in a picture "the red mug" is."""

    model: str = setting("", "who makes boxes of words; empty: nobody, and words are refused", choices=("", *GROUNDERS))
    weights: str = setting("", "its weights: a folder, or a Hugging Face id that is in the cache; empty: its usual ones")
    device: str = setting("auto", "where it runs: auto, cpu, cuda, cuda:1 ...")
    min_score: float = setting(0.1, "boxes that it rates lower are left out; without a rating, none", at_least=0.0, at_most=1.0)
    boxes: int = setting(3, "at most so many boxes of a phrase, best first", at_least=1, at_most=50)


class TextPromptedSegmenter:
    """Turns phrases into boxes and hands these to ``inner``; objects are called what their box was asked for as.

    Prompts without phrases go through as they are. Raises BadPrompt for words where there is no grounding model, NoMask where it
    finds nothing, and what ``inner`` raises.
    """

    def __init__(self, inner: Segmenter, grounder: Grounder | None, settings: GroundingSettings | None = None) -> None:
        self._inner, self._grounder, self._settings = inner, grounder, settings or GroundingSettings()

    @classmethod
    def from_settings(
        cls, inner: Segmenter, settings: GroundingSettings, load: Callable[..., Grounder] = load_grounder
    ) -> TextPromptedSegmenter:
        """Returns ``inner`` with the model that ``settings`` name, loaded; raises BadWeights where its weights are missing."""
        grounder = load(settings.model, settings.weights or None, settings.device) if settings.model else None
        return cls(inner, grounder, settings)

    def segment(self, frame: RgbdFrame, prompts: Prompts | None = None) -> Segmentation:
        """Returns the objects of ``frame`` that the prompts ask for, with their names."""
        if prompts is None:
            return self._inner.segment(frame)
        if prompts.phrases:
            prompts = self._with_boxes(frame, prompts)
        return self._inner.segment(frame, prompts).named(prompts)

    def _with_boxes(self, frame: RgbdFrame, prompts: Prompts) -> Prompts:
        if self._grounder is None:
            raise BadPrompt(f"{', '.join(map(repr, prompts.phrases))}: no model here understands words; set grounding.model to "
                            f"one of {', '.join(GROUNDERS)}, or give clicks or boxes")
        corners, names = [prompts.boxes], list(prompts.box_names or ("",) * len(prompts.boxes))
        best: dict[str, float] = {}
        for phrase, found in zip(prompts.phrases, self._grounder.ground(frame.color, list(prompts.phrases)), strict=True):
            best[phrase] = float(found.scores[0]) if len(found.scores) else float("nan")
            # not "above": what has no score is kept
            kept = found.corners[~(found.scores < self._settings.min_score)][: self._settings.boxes]
            corners.append(kept.astype(np.float64))
            names += [phrase] * len(kept)
        boxes = np.concatenate(corners).reshape(-1, 4)
        if not len(boxes):
            raise NoMask(f"{self._grounder.name} sees none of {', '.join(map(repr, prompts.phrases))}; its best scores are "
                         f"{ {phrase: round(score, 3) for phrase, score in best.items()} }, grounding.min_score is "
                         f"{self._settings.min_score:g}")
        return replace(prompts, boxes=boxes, box_names=tuple(names), phrases=())


def phrases_of(text: str) -> tuple[str, ...]:
    """Returns the phrases of a text ("red mug; kettle"), parted by semicolons; raises BadPrompt for too many or long ones."""
    phrases = tuple(filter(None, (part.strip() for part in text.split(";"))))
    longest = max(map(len, phrases), default=0)
    if len(phrases) > MAX_PHRASES or longest > MAX_LETTERS:
        raise BadPrompt(f"{len(phrases)} phrases, the longest of {longest} letters; at most {MAX_PHRASES} of {MAX_LETTERS}")
    return phrases
