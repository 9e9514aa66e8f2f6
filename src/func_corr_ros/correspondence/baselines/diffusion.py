# SPDX-License-Identifier: Apache-2.0
"""What a latent diffusion model sees: activations of its decoder while it removes a little noise from a picture
(Tang et al. 2023; layers and time step as in Zhang et al., "A Tale of Two Features", NeurIPS 2023)."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor

from func_corr_ros.errors import BadWeights
from func_corr_ros.optional import require
from func_corr_ros.pretrained import model_folder, transformers

HUB = "stable-diffusion-v1-5/stable-diffusion-v1-5"
FOLDERS = ("vae", "unet", "text_encoder", "tokenizer", "scheduler")


@dataclass(frozen=True)
class DiffusionSettings:
    """``timestep`` of 1000: how much noise; ``blocks``: which of the decoder's up blocks are read; ``size`` px of the picture."""

    size: int = 512
    timestep: int = 100
    blocks: tuple[int, ...] = (0, 1, 2)
    seed: int = 0


class DiffusionFeatures:
    """A frozen Stable Diffusion 1.x or 2.x, read layer by layer with an empty prompt."""

    def __init__(self, parts: dict[str, Any], name: str, settings: DiffusionSettings = DiffusionSettings()) -> None:
        self.name, self.settings = name, settings
        self._vae, self._unet, self._scheduler = parts["vae"], parts["unet"], parts["scheduler"]
        self._seen: dict[int, Tensor] = {}
        for index in settings.blocks:
            self._unet.up_blocks[index].register_forward_hook(self._keeper(index))
        tokenizer, encoder = parts["tokenizer"], parts["text_encoder"]
        words = tokenizer("", padding="max_length", max_length=tokenizer.model_max_length, return_tensors="pt")
        with torch.inference_mode():
            self._prompt = encoder(words.input_ids.to(encoder.device))[0]

    @classmethod
    def load(
        cls, folder_or_hub_id: str = HUB, device: str = "cpu", download: bool = False,
        settings: DiffusionSettings = DiffusionSettings(),
    ) -> DiffusionFeatures:
        """Returns the features of a folder in diffusers' layout, or of a Hugging Face id. Raises MissingOptional without
        diffusers, BadWeights where the weights are missing or incomplete.
        """
        diffusers, tf = require("diffusers"), transformers()
        files = [f"{part}/*.{kind}" for part in FOLDERS for kind in ("json", "safetensors", "txt")]
        folder = model_folder(folder_or_hub_id, files, download)
        missing = [part for part in FOLDERS if not (folder / part).is_dir()]
        if missing:
            raise BadWeights(f"{folder} lacks {', '.join(missing)}; diffusers' layout is needed: {', '.join(FOLDERS)}")
        kinds = {"vae": diffusers.AutoencoderKL, "unet": diffusers.UNet2DConditionModel, "text_encoder": tf.CLIPTextModel,
                 "tokenizer": tf.CLIPTokenizer, "scheduler": diffusers.DDIMScheduler}
        parts = {part: _opened(kinds[part], folder / part, device) for part in FOLDERS}
        return cls(parts, folder_or_hub_id, settings)

    @torch.inference_mode()
    def layers(self, picture: UInt8[np.ndarray, "s s 3"]) -> list[Float32[Tensor, "_ _ _"]]:
        """Returns the activations (channels, rows, columns) of the chosen blocks, deepest first; each covers the picture. The
        noise is the same for every picture.
        """
        unet = self._unet
        pixels = torch.from_numpy(np.ascontiguousarray(picture)).to(unet.device, unet.dtype).permute(2, 0, 1)[None] / 127.5 - 1.0
        latent = self._vae.encode(pixels).latent_dist.mean * self._vae.config.scaling_factor
        noise = torch.randn(latent.shape, generator=torch.Generator().manual_seed(self.settings.seed)).to(latent)
        step = torch.tensor([self.settings.timestep], device=unet.device)
        unet(self._scheduler.add_noise(latent, noise, step), step, encoder_hidden_states=self._prompt)
        return [self._seen[index][0].float() for index in self.settings.blocks]

    def _keeper(self, index: int) -> Any:
        def keep(_module: Any, _inputs: Any, output: Tensor) -> None:
            self._seen[index] = output

        return keep


def _opened(kind: Any, folder: Path, device: str) -> Any:
    try:
        made = kind.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise BadWeights(f"{folder} could not be read as {kind.__name__}: {error}") from error
    return made.eval().requires_grad_(False).to(device) if isinstance(made, torch.nn.Module) else made
