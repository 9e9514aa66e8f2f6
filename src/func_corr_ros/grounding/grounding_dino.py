# SPDX-License-Identifier: Apache-2.0
"""Grounding DINO (Liu et al. 2023): a detector whose queries attend to the words of a phrase."""
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


@dataclass
class GroundingDinoGrounder:
    """See :class:`~func_corr_ros.grounding.grounder.Grounder`. Each phrase is asked on its own, so that no words mix."""

    HUB = "IDEA-Research/grounding-dino-tiny"
    MORE_FILES = ()

    model: Any
    processor: Any
    name: str
    identity: dict[str, Any]
    threshold: float = 0.1

    @classmethod
    def load(cls, folder: Path, name: str, source: str, device: str) -> GroundingDinoGrounder:
        """Returns the grounder from a local folder."""
        tf = transformers()
        model = tf.GroundingDinoForObjectDetection.from_pretrained(folder, local_files_only=True, use_safetensors=True)
        processor = tf.GroundingDinoProcessor.from_pretrained(folder, local_files_only=True)
        return cls(model.eval().to(device), processor, name, {"weights": source})

    @torch.inference_mode()
    def ground(self, image: UInt8[np.ndarray, "h w 3"], phrases: Sequence[str]) -> list[Boxes]:
        """See Grounder.ground."""
        size = check_image(image)
        return [self._one(image, phrase, size) for phrase in phrases]

    def _one(self, image: np.ndarray, phrase: str, size: tuple[int, int]) -> Boxes:
        text = phrase.lower().rstrip(". ") + "."  # the form it was trained with
        inputs = self.processor(images=image, text=text, return_tensors="pt").to(self.model.device)
        found = self.processor.post_process_grounded_object_detection(
            self.model(**inputs), inputs.input_ids, threshold=self.threshold, text_threshold=0.0, target_sizes=[size]
        )[0]
        return Boxes.of(found["boxes"].float().cpu().numpy(), found["scores"].float().cpu().numpy(), size)
