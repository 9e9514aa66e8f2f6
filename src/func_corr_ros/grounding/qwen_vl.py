# SPDX-License-Identifier: Apache-2.0
"""Qwen2.5-VL and Qwen3-VL: chat models that answer with boxes in JSON, the former in pixels of the picture it was shown, the
latter in thousandths of it (the models' own documentation)."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64, UInt8

from func_corr_ros.grounding.box_text import boxes_in_json
from func_corr_ros.grounding.grounder import Boxes, check_image
from func_corr_ros.pretrained import transformers

QUESTION = ('Locate the {phrase}. Answer with a JSON list only, one object with the keys "bbox_2d" '
            '([left, top, right, bottom]) and "label" for each place; [] if it is not visible.')


@dataclass
class Qwen25Grounder:
    """See :class:`~func_corr_ros.grounding.grounder.Grounder`; it gives no scores."""

    HUB = "Qwen/Qwen2.5-VL-3B-Instruct"
    MORE_FILES = ()
    MODEL, PROCESSOR = "Qwen2_5_VLForConditionalGeneration", "Qwen2_5_VLProcessor"

    model: Any
    processor: Any
    name: str
    identity: dict[str, Any]
    max_new_tokens: int = 256

    @classmethod
    def load(cls, folder: Path, name: str, source: str, device: str) -> Qwen25Grounder:
        """Returns the grounder from a local folder, in half precision on a GPU."""
        tf = transformers()
        dtype = torch.float32 if device == "cpu" else torch.bfloat16
        model = getattr(tf, cls.MODEL).from_pretrained(folder, local_files_only=True, use_safetensors=True, dtype=dtype)
        processor = getattr(tf, cls.PROCESSOR).from_pretrained(folder, local_files_only=True)
        return cls(model.eval().to(device), processor, name, {"weights": source})

    @torch.inference_mode()
    def ground(self, image: UInt8[np.ndarray, "h w 3"], phrases: Sequence[str]) -> list[Boxes]:
        """See Grounder.ground."""
        size = check_image(image)
        return [self._one(image, phrase, size) for phrase in phrases]

    def _one(self, image: np.ndarray, phrase: str, size: tuple[int, int]) -> Boxes:
        asked = [{"type": "image"}, {"type": "text", "text": QUESTION.format(phrase=phrase)}]
        text = self.processor.apply_chat_template([{"role": "user", "content": asked}], add_generation_prompt=True)
        inputs = self.processor(text=[text], images=[image], return_tensors="pt").to(self.model.device)
        tokens = self.model.generate(**inputs, max_new_tokens=self.max_new_tokens, do_sample=False)
        answer = self.processor.batch_decode(tokens[:, inputs.input_ids.shape[1] :], skip_special_tokens=True)[0]
        patch = self.processor.image_processor.patch_size
        _, rows, columns = inputs.image_grid_thw[0].tolist()
        boxes = self.in_image(boxes_in_json(answer), size, (rows * patch, columns * patch))
        return Boxes.of(boxes, np.full(len(boxes), np.nan), size)

    @staticmethod
    def in_image(
        boxes: Float64[np.ndarray, "n 4"], size: tuple[int, int], shown: tuple[int, int]
    ) -> Float64[np.ndarray, "n 4"]:
        """Returns corners in pixels of the image of ``size`` from corners in the resized picture of size ``shown`` (both height,
        width).
        """
        return boxes * np.array([size[1] / shown[1], size[0] / shown[0]] * 2)


@dataclass
class Qwen3Grounder(Qwen25Grounder):
    """As Qwen25Grounder, with answers in thousandths of the picture."""

    HUB = "Qwen/Qwen3-VL-4B-Instruct"
    MODEL, PROCESSOR = "Qwen3VLForConditionalGeneration", "Qwen3VLProcessor"

    @staticmethod
    def in_image(
        boxes: Float64[np.ndarray, "n 4"], size: tuple[int, int], shown: tuple[int, int]
    ) -> Float64[np.ndarray, "n 4"]:
        """Returns corners in pixels from corners in thousandths."""
        return boxes / 1000.0 * np.array([size[1], size[0]] * 2)
