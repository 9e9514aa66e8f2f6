# SPDX-License-Identifier: Apache-2.0
"""OWLv2 (Minderer et al. 2023): open-vocabulary detection, one score per patch and phrase."""
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
class Owlv2Grounder:
    """See :class:`~func_corr_ros.grounding.grounder.Grounder`."""

    HUB = "google/owlv2-base-patch16-ensemble"
    MORE_FILES = ("*.model",)

    model: Any
    processor: Any
    name: str
    identity: dict[str, Any]
    threshold: float = 0.05

    @classmethod
    def load(cls, folder: Path, name: str, source: str, device: str) -> Owlv2Grounder:
        """Returns the grounder from a local folder."""
        tf = transformers()
        model = tf.Owlv2ForObjectDetection.from_pretrained(folder, local_files_only=True, use_safetensors=True)
        processor = tf.Owlv2Processor.from_pretrained(folder, local_files_only=True)
        return cls(model.eval().to(device), processor, name, {"weights": source})

    @torch.inference_mode()
    def ground(self, image: UInt8[np.ndarray, "h w 3"], phrases: Sequence[str]) -> list[Boxes]:
        """See Grounder.ground: one pass for all phrases."""
        size = check_image(image)
        if not phrases:
            return []
        inputs = self.processor(text=[list(phrases)], images=[image], return_tensors="pt", padding=True).to(self.model.device)
        found = self.processor.post_process_grounded_object_detection(
            self.model(**inputs), threshold=self.threshold, target_sizes=[size]
        )[0]
        boxes, scores, labels = (found[key].float().cpu().numpy() for key in ("boxes", "scores", "labels"))
        return [Boxes.of(boxes[labels == index], scores[labels == index], size) for index in range(len(phrases))]
