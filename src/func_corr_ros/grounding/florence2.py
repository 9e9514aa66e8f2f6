# SPDX-License-Identifier: Apache-2.0
"""Florence-2 (Xiao et al. 2023): a small model that writes the places of a phrase as location tokens."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8

from func_corr_ros.grounding.grounder import Boxes, check_image
from func_corr_ros.pretrained import transformers

TASK = "<CAPTION_TO_PHRASE_GROUNDING>"


@dataclass
class Florence2Grounder:
    """See :class:`~func_corr_ros.grounding.grounder.Grounder`; it gives no scores."""

    HUB = "florence-community/Florence-2-large"
    MORE_FILES = ()

    model: Any
    processor: Any
    name: str
    identity: dict[str, Any]

    @classmethod
    def load(cls, folder: Path, name: str, source: str, device: str) -> Florence2Grounder:
        """Returns the grounder from a local folder."""
        tf = transformers()
        model = tf.Florence2ForConditionalGeneration.from_pretrained(folder, local_files_only=True, use_safetensors=True)
        processor = tf.Florence2Processor.from_pretrained(folder, local_files_only=True)
        return cls(model.eval().to(device), processor, name, {"weights": source})

    @torch.inference_mode()
    def ground(self, image: UInt8[np.ndarray, "h w 3"], phrases: Sequence[str]) -> list[Boxes]:
        """See Grounder.ground."""
        size = check_image(image)
        return [self._one(image, phrase, size) for phrase in phrases]

    def _one(self, image: np.ndarray, phrase: str, size: tuple[int, int]) -> Boxes:
        inputs = self.processor(text=TASK + phrase, images=image, return_tensors="pt").to(self.model.device)
        tokens = self.model.generate(**inputs, max_new_tokens=256, num_beams=3, do_sample=False)
        written = self.processor.batch_decode(tokens, skip_special_tokens=False)[0]
        found = self.processor.post_process_generation(written, task=TASK, image_size=(size[1], size[0]))[TASK]
        boxes = np.array(found["bboxes"], dtype=np.float64).reshape(-1, 4)
        return Boxes.of(boxes, np.full(len(boxes), np.nan), size)
