# SPDX-License-Identifier: Apache-2.0
"""VLM + X: a language model is asked in words where the functional part is, and dense features match within its boxes."""
from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from func_corr_ros.correspondence.backbone import chosen_device
from func_corr_ros.correspondence.baselines.dense import DenseMethod, Described, pixels_of
from func_corr_ros.correspondence.baselines.method import MethodSettings, Subject
from func_corr_ros.correspondence.baselines.plain import PUBLISHED_CROP, PUBLISHED_FEATURES, plain_features
from func_corr_ros.correspondence.object_crop import crop_object
from func_corr_ros.errors import BadBenchmark, BadSettings
from func_corr_ros.grounding.grounder import Grounder, load_grounder

# Side of the picture that a grounder is shown: CogVLM's own, and enough for the others.
SHOWN_PX = 490
# What is asked for: each functional part by its name (as the paper asks CogVLM), or by what it does (as it asks ManipVQA).
PROMPTS = ("part", "function")


def phrases_of(subject: Subject, prompt: str) -> list[str]:
    """Returns what to ask a grounder for; raises BadBenchmark where the view does not say what it shows."""
    if not subject.object or (prompt == "part" and not subject.parts):
        raise BadBenchmark(f"view {subject.key!r}: the names of its object ({subject.object!r}) and of the parts for "
                           f"{subject.function} ({', '.join(subject.parts) or 'none'}) are needed to ask a grounder")
    if prompt == "part":
        return [f"{part} of the {subject.object}" for part in subject.parts]
    return [f"part of the {subject.object} that is used to {doing(subject.function)}"]


def doing(function: str) -> str:
    """Returns a function's name as words: "pour with" of "pour-with"."""
    return function.replace("-", " ")


class Grounded(DenseMethod):
    """A dense method whose candidates are the object's pixels inside the boxes of a grounder."""

    def __init__(self, name: str, grounder: Grounder, features: DenseMethod, prompt: str, boxes: int = 1) -> None:
        if prompt not in PROMPTS:
            raise BadSettings(f"prompt is {prompt!r}; valid: {', '.join(PROMPTS)}")
        asked = {"grounder": grounder.name, **grounder.identity, "prompt": prompt, "boxes": boxes, "conditioned": True}
        super().__init__(name, {**features.identity, **asked}, self._restricted, features.max_pixels)
        self._grounder, self._features, self._prompt, self._boxes = grounder, features, prompt, boxes

    def _restricted(self, subject: Subject) -> Described:
        picture, window = crop_object(subject.image, subject.mask, replace(PUBLISHED_CROP, size=SHOWN_PX))
        uv = pixels_of(subject.mask)
        inside = np.zeros(len(uv), dtype=bool)
        for found in self._grounder.ground(picture, phrases_of(subject, self._prompt)):
            inside |= found.best(self._boxes).contain(window.crop_from_image(uv))
        region = np.zeros_like(subject.mask)
        region[subject.mask] = inside
        return replace(self._features.describe(subject), region=region)


def grounded(grounder: str, prompt: str, settings: MethodSettings) -> Grounded:
    """Returns the published DINO baseline within the boxes of ``grounder``; raises BadWeights without its weights."""
    asked = load_grounder(grounder, device=chosen_device(settings.device))
    features = DenseMethod("dino-224", *plain_features(PUBLISHED_FEATURES, PUBLISHED_CROP, settings), settings.max_pixels)
    suffix = "" if prompt == "part" else f"-{prompt}"
    return Grounded(f"{grounder}{suffix}+dino", asked, features, prompt)


cogvlm, cogvlm_function = (partial(grounded, "cogvlm", prompt) for prompt in PROMPTS)
florence_2, florence_2_function = (partial(grounded, "florence-2", prompt) for prompt in PROMPTS)
grounding_dino, grounding_dino_function = (partial(grounded, "grounding-dino", prompt) for prompt in PROMPTS)
owlv2, owlv2_function = (partial(grounded, "owlv2", prompt) for prompt in PROMPTS)
qwen25_vl, qwen25_vl_function = (partial(grounded, "qwen2.5-vl", prompt) for prompt in PROMPTS)
qwen3_vl, qwen3_vl_function = (partial(grounded, "qwen3-vl", prompt) for prompt in PROMPTS)
