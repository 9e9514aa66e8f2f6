# SPDX-License-Identifier: Apache-2.0
"""CogVLM grounding-generalist (Wang et al. 2023), the annotator of the paper: it writes boxes in thousandths of the picture."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8

from func_corr_ros.grounding.box_text import boxes_in_thousandths
from func_corr_ros.grounding.grounder import Boxes, check_image
from func_corr_ros.pretrained import transformers

QUESTION = "Where is the {phrase}? answer in [[x0,y0,x1,y1]] format."


@dataclass
class CogvlmGrounder:
    """See :class:`~func_corr_ros.grounding.grounder.Grounder`; it gives no scores.

    Its network is Python code that lies beside its weights: loading it runs that code, as its authors intend.
    """

    HUB = "THUDM/cogvlm-grounding-generalist-hf"
    MORE_FILES = ("*.py", "*.model")

    model: Any
    tokenizer: Any
    name: str
    identity: dict[str, Any]

    @classmethod
    def load(cls, folder: Path, name: str, source: str, device: str) -> CogvlmGrounder:
        """Returns the grounder from a local folder, in half precision on a GPU; the tokenizer (Vicuna) lies there too."""
        tf = transformers()
        dtype = torch.float32 if device == "cpu" else torch.bfloat16
        model = tf.AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=True, dtype=dtype
        )
        tokenizer = tf.AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=True)
        return cls(model.eval().to(device), tokenizer, name, {"weights": source})

    @torch.inference_mode()
    def ground(self, image: UInt8[np.ndarray, "h w 3"], phrases: Sequence[str]) -> list[Boxes]:
        """See Grounder.ground."""
        size = check_image(image)
        return [self._one(image, phrase, size) for phrase in phrases]

    def _one(self, image: np.ndarray, phrase: str, size: tuple[int, int]) -> Boxes:
        from PIL import Image

        device, dtype = self.model.device, self.model.dtype
        asked = self.model.build_conversation_input_ids(
            self.tokenizer, query=QUESTION.format(phrase=phrase), history=[], images=[Image.fromarray(image)]
        )
        inputs = {key: asked[key][None].to(device) for key in ("input_ids", "token_type_ids", "attention_mask")}
        inputs["images"] = [[asked["images"][0].to(device=device, dtype=dtype)]]
        tokens = self.model.generate(**inputs, max_new_tokens=128, do_sample=False)
        answer = self.tokenizer.decode(tokens[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        boxes = boxes_in_thousandths(answer, size)
        return Boxes.of(boxes, np.full(len(boxes), np.nan), size)
