# SPDX-License-Identifier: Apache-2.0
"""DINOv2 as a source of dense features: pictures in, one feature vector per 14 x 14 px patch out."""
from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import nn

from func_corr_ros import pretrained
from func_corr_ros.correspondence.dinov2_onnx import read_dinov2
from func_corr_ros.correspondence.weights import StateDict, WeightsEntry, converted, load_manifest, verify
from func_corr_ros.errors import BadImage, BadSettings, BadWeights
from func_corr_ros.provenance import sha256_of_file
from func_corr_ros.settings import setting

# Statistics of ImageNet, with which DINOv2 was trained (Oquab et al. 2023).
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class BackboneSettings:
    """Which of the backbone's block outputs become the features, and how they are put together."""

    layers: tuple[int, ...] = setting((-3, -2, -1), "blocks whose outputs are used, counted from 0, or from the end with -1")
    aggregate: str = setting("mean", "how the outputs of several blocks are put together", choices=("mean", "concat"))
    final_norm: bool = setting(True, "apply the backbone's last layer norm to every output used")


@runtime_checkable
class Backbone(Protocol):
    """What the model needs of a backbone: who it is, and features per square cell of pictures."""

    name: str
    weights_sha256: str
    patch_size: int

    def patch_features(self, images: UInt8[np.ndarray, "b h w 3"]) -> Float32[torch.Tensor, "b c gh gw"]:
        """Returns one vector per cell of RGB pictures whose sides are multiples of ``patch_size``."""
        ...


class Dinov2Backbone(nn.Module):
    """A frozen DINOv2. ``name`` and ``weights_sha256`` say which; ``patch_size`` is 14 px."""

    def __init__(self, model: nn.Module, name: str, weights_sha256: str, settings: BackboneSettings = BackboneSettings()) -> None:
        super().__init__()
        self.model = model
        self.name, self.weights_sha256, self.settings = name, weights_sha256, settings
        self.patch_size = int(model.config.patch_size)
        blocks = len(model.encoder.layer)
        if not settings.layers or not all(-blocks <= layer < blocks for layer in settings.layers):
            raise BadSettings(f"layers is {settings.layers}; {name} has 0..{blocks - 1}, or -{blocks}..-1 from its end")
        self._blocks = tuple(layer % blocks for layer in settings.layers)
        self.register_buffer("_mean", 255 * torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("_std", 255 * torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)
        self.eval().requires_grad_(False)

    @property
    def channels(self) -> int:
        """Length of a feature vector."""
        return self.model.config.hidden_size * (len(self._blocks) if self.settings.aggregate == "concat" else 1)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.model.layernorm.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """What the network computes in; features leave it as float32."""
        return self.model.layernorm.weight.dtype

    @torch.no_grad()
    def patch_features(self, images: UInt8[np.ndarray, "b h w 3"]) -> Float32[torch.Tensor, "b c gh gw"]:
        """Returns the features of RGB pictures, h and w multiples of ``patch_size``; cell (i, j) covers patch row i, column j.

        The vectors are not normalised. Raises BadImage for another size.
        """
        batch, height, width = images.shape[:3]
        patch = self.patch_size
        if min(batch, height, width) == 0 or height % patch or width % patch:
            raise BadImage(f"{batch} pictures of {width}x{height} px were given; their sides must be multiples of {patch} px")
        pixels = torch.from_numpy(np.ascontiguousarray(images)).to(self.device).permute(0, 3, 1, 2).float()
        tokens = self._aggregated(((pixels - self._mean) / self._std).to(self.dtype))
        grid = tokens[:, 1:].transpose(1, 2).reshape(batch, -1, height // patch, width // patch)
        return grid.float()

    def _aggregated(self, pixels: torch.Tensor) -> torch.Tensor:
        outputs: dict[int, torch.Tensor] = {}
        hidden = self.model.embeddings(pixels)
        for index, block in enumerate(self.model.encoder.layer[: max(self._blocks) + 1]):
            hidden = block(hidden)
            if index in self._blocks:
                outputs[index] = self.model.layernorm(hidden) if self.settings.final_norm else hidden
        chosen = [outputs[index] for index in self._blocks]
        return torch.cat(chosen, dim=-1) if self.settings.aggregate == "concat" else torch.stack(chosen).mean(dim=0)

    @classmethod
    def load(
        cls, name_or_path: str, device: str, dtype: str, settings: BackboneSettings, download: bool
    ) -> Dinov2Backbone:
        """See :func:`load_backbone`."""
        entry = load_manifest().get(name_or_path)
        if entry is not None and entry.distribution is not None:
            model, sha256 = _from_distribution(entry)
        else:
            folder = Path(name_or_path)
            if not folder.is_dir():
                hub = entry.hub if entry is not None and entry.hub else name_or_path
                folder = pretrained.model_folder(hub, ["config.json", "model.safetensors"], download)
            model, sha256 = _from_folder(folder)
            verify(f"model.safetensors of {name_or_path}", sha256, entry.sha256 if entry is not None else None)
        return cls(model.to(device=device, dtype=DTYPES[dtype]), name_or_path, sha256, settings).to(device)


def load_backbone(
    name_or_path: str,
    device: str = "auto",
    dtype: str = "fp32",
    settings: BackboneSettings = BackboneSettings(),
    download: bool = False,
) -> Backbone:
    """Returns a backbone: a name of ``BACKBONES``, a Hugging Face id ("owner/name"), or a folder with config.json and
    model.safetensors. ``device`` "auto" is cuda where there is one; ``dtype`` is fp32, fp16 or bf16.

    Nothing is fetched from the network unless ``download`` is True. Raises BadWeights where the weights are missing, of
    another architecture, or not what the manifest says; BadSettings for a device or dtype there is not.
    """
    from func_corr_ros.correspondence import BACKBONES

    if dtype not in DTYPES:
        raise BadSettings(f"dtype is {dtype!r}; valid: {', '.join(DTYPES)}")
    if name_or_path not in BACKBONES and not Path(name_or_path).is_dir() and name_or_path.count("/") != 1:
        valid = ", ".join(BACKBONES)
        raise BadWeights(f"no backbone {name_or_path!r}; valid: {valid}, a folder, or a Hugging Face id (owner/name)")
    backbone = pkgutil.resolve_name(BACKBONES.get(name_or_path, "func_corr_ros.correspondence.backbone:Dinov2Backbone"))
    return backbone.load(name_or_path, chosen_device(device), dtype, settings, download)


def chosen_device(device: str) -> str:
    """Returns ``device``, "auto" resolved; raises BadSettings for one that this machine does not have."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise BadSettings(f"device is {device!r}, which cannot be used here ({str(error).splitlines()[0]}); valid: auto, cpu"
                          + (", cuda" if torch.cuda.is_available() else "")) from error
    return device


def _from_distribution(entry: WeightsEntry) -> tuple[nn.Module, str]:
    transformers = pretrained.transformers()
    tensors: StateDict = converted(entry, read_dinov2)
    with torch.device("meta"):
        model = transformers.Dinov2Model(transformers.Dinov2Config(**entry.config))
    try:
        model.load_state_dict(tensors, strict=True, assign=True)
    except RuntimeError as error:
        raise BadWeights(f"{entry.name} does not fit Dinov2Model of transformers {transformers.__version__}: {error}") from error
    return model, entry.sha256 or ""


def _from_folder(folder: Path) -> tuple[nn.Module, str]:
    transformers = pretrained.transformers()
    weights = folder / "model.safetensors"
    for path in (folder / "config.json", weights):
        if not path.is_file():
            raise BadWeights(f"{path} is missing; config.json and model.safetensors are needed (pickles are never opened)")
    config, _ = transformers.PretrainedConfig.get_config_dict(folder, local_files_only=True)
    if config.get("model_type") != "dinov2":
        raise BadWeights(f"{folder} holds a {config.get('model_type')!r} model; 'dinov2' is needed")
    with pretrained.no_progress_bar():
        try:
            model, report = transformers.Dinov2Model.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, output_loading_info=True, dtype=torch.float32
            )
        except Exception as error:  # transformers and safetensors raise many kinds for a damaged folder
            raise BadWeights(f"{folder} could not be read as a Dinov2Model: {error}") from error
    wrong = {kind: list(report[kind]) for kind in ("missing_keys", "unexpected_keys", "mismatched_keys") if report.get(kind)}
    if wrong:
        raise BadWeights(f"{weights} does not fit its config.json: {wrong}")
    return model, sha256_of_file(weights)
