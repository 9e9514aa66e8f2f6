# SPDX-License-Identifier: Apache-2.0
"""Segment Anything of the library transformers, from a folder: SAM (Kirillov 2023), SAM 2 (Ravi 2024), EdgeTAM (Zhou 2025)."""
from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, UInt8

from func_corr_ros.errors import BadWeights
from func_corr_ros.pretrained import no_progress_bar, transformers
from func_corr_ros.segmentation.sam_network import WHERE_FROM, checked_hash, placed

# model_type in config.json -> the classes of model and processor. A video model's folder holds the image model, too.
KINDS = {
    "sam": ("SamModel", "SamProcessor"),
    "sam2": ("Sam2Model", "Sam2Processor"),
    "sam2_video": ("Sam2Model", "Sam2Processor"),
    "edgetam": ("EdgeTamModel", "Sam2Processor"),
    "edgetam_video": ("EdgeTamModel", "Sam2Processor"),
}
# What a processor adds to the pixels of an image, for its prompts and masks to find their way back.
SIZES = ("original_sizes", "reshaped_input_sizes")


class FolderNetwork:
    """Has the face of segment_anything's SamPredictor. Make it by :meth:`load`."""

    def __init__(self, model: Any, processor: Any) -> None:
        self._model, self._processor = model, processor
        self._embedding: Any = None
        self._sizes: dict[str, Any] = {}
        self._given: dict[str, Any] = {}

    @classmethod
    def load(cls, folder: Path, device: str, sha256: str) -> tuple[FolderNetwork, str]:
        """Returns the network of a folder, and the SHA-256 of its weights (of several files: of their hashes, by name).

        Raises BadWeights where it holds no safetensors or another kind of model, BadSettings for a device there is not.
        """
        about, files = folder / "config.json", sorted(folder.glob("*.safetensors"))
        if not about.is_file() or not files:
            raise BadWeights(f"{folder} holds {'no config.json' if files else 'no *.safetensors'}; {WHERE_FROM}")
        kind = json.loads(about.read_text()).get("model_type", "")
        if kind not in KINDS:
            raise BadWeights(f"{folder} holds a {kind or 'model of no type'}; valid: {', '.join(KINDS)}")
        if len(files) == 1:
            found = checked_hash(files[0], sha256)
        else:
            found = hashlib.sha256("".join(checked_hash(path, "") for path in files).encode()).hexdigest()
            if sha256 not in ("", found):
                raise BadWeights(f"the files of {folder} have the SHA-256 {found} together, sam.sha256 asks for {sha256}")
        library = transformers()
        model_class, processor_class = (getattr(library, name) for name in KINDS[kind])
        try:
            with no_progress_bar():
                model, told = model_class.from_pretrained(
                    folder, local_files_only=True, use_safetensors=True, output_loading_info=True)
                processor = processor_class.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            why = " ".join(str(error).split())[:300]
            raise BadWeights(f"{folder} cannot be read as {model_class.__name__}: {why}") from error
        if told["missing_keys"]:  # transformers fills them with random numbers and goes on
            raise BadWeights(f"{folder} lacks {len(told['missing_keys'])} tensors of {model_class.__name__}: "
                             f"{', '.join(sorted(told['missing_keys'])[:3])} ...")
        return cls(placed(model, device), processor), found

    def set_image(self, image: UInt8[np.ndarray, "h w 3"]) -> None:
        """Embeds an RGB image; prompts are about it until the next one."""
        import torch

        self._embedding = None
        given = self._processor(images=[image], return_tensors="pt")
        with torch.inference_mode():
            self._embedding = self._model.get_image_embeddings(given["pixel_values"].to(self._model.device))
        self._sizes = {name: given[name] for name in SIZES if name in given}
        # SAM's processor places prompts by the image, SAM 2's by its size
        self._given = {"original_sizes": self._sizes["original_sizes"]} if "reshaped_input_sizes" not in given else {
            "images": [image]}

    def predict(
        self, *, point_coords: Float[np.ndarray, "p 2"] | None, point_labels: Int[np.ndarray, " p"] | None,
        box: Float[np.ndarray, " 4"] | None, multimask_output: bool,
    ) -> tuple[Bool[np.ndarray, "m h w"], Float32[np.ndarray, " m"], None]:
        """Returns masks of one object (three, or one), and the quality (predicted IoU) of each."""
        import torch

        prompts: dict[str, Any] = {}
        if point_coords is not None and point_labels is not None:
            prompts = {"input_points": [[point_coords.tolist()]], "input_labels": [[point_labels.tolist()]]}
        if box is not None:
            prompts["input_boxes"] = [[box.tolist()]]
        placed_prompts = self._processor(**self._given, **prompts, return_tensors="pt")
        device = self._model.device
        tensors = {name: placed_prompts[name].to(device) for name in prompts}
        for name in ("input_points", "input_boxes"):
            if name in tensors:
                tensors[name] = tensors[name].to(self._model.dtype)
        with torch.inference_mode():
            found = self._model(image_embeddings=self._embedding, **tensors, multimask_output=multimask_output)
        (masks,) = self._processor.post_process_masks(found.pred_masks.float().cpu(), **self._sizes)
        return masks[0].numpy().astype(bool), found.iou_scores[0, 0].float().cpu().numpy(), None
